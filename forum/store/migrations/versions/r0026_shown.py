"""Adds whether a proposal's words, and both texts of an amendment, were on the screens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of those that are here already nobody wrote it down: exports have the ones that were put to the vote."""
    for table in ("proposal", "amendment"):
        op.add_column(table, sa.Column("shown", sa.Boolean(), nullable=False, server_default=sa.false()))
