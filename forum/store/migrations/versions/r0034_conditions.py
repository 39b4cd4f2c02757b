"""Adds the conditions that a decision answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Decisions that are here already were not asked about conditions."""
    op.add_column("decision", sa.Column("conditions", sa.JSON(), nullable=True))
