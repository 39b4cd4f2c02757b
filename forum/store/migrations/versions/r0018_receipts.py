"""Adds to a session whether people may keep receipts of their ballots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """In sessions that are here already people may: nothing else was declared before their votes."""
    op.add_column("session", sa.Column("no_receipts", sa.Boolean(), nullable=False, server_default=sa.false()))
