"""Adds the day of a decision, what is told beside its reasons, and the answers to what it differs from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Decisions that are here already have none of these."""
    for column in (
        sa.Column("decided_on", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("told", sa.JSON(), nullable=True),
        sa.Column("differences", sa.JSON(), nullable=True),
    ):
        op.add_column("decision", column)
