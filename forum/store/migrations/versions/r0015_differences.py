"""A version of a story may be kept as its difference to the one before it; those that are there stay whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One column more."""
    op.add_column("version", sa.Column("leans", sa.Boolean(), nullable=False, server_default=sa.false()))
