"""Adds to a commission whether what leaves the room keeps to small-number rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Commissions that are here already do not: nothing of the kind was declared before their votes."""
    op.add_column("commission", sa.Column("small_numbers", sa.Boolean(), nullable=False, server_default=sa.false()))
