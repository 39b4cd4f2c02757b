"""Adds stories that are sent without a question, for somebody else to propose one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody was asked for a question yet: what was sent without one is read as it is, as before."""
    op.add_column("story", sa.Column("to_shape", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("suggestion", sa.Column("staff", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("suggestion", sa.Column("agreed", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("suggestion", sa.Column("agreed_by", sa.Text(), nullable=False, server_default=sa.text("''")))
