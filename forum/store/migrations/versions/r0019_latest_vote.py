"""Adds the reason for which a decision does not rest on the latest vote on its question."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Decisions that are here already say nothing of it."""
    op.add_column("decision", sa.Column("earlier", sa.Text(), nullable=False, server_default=sa.text("''")))
