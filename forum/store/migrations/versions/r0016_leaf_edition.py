"""Adds the edition of the rules by which the leaves of a vote's ballots are made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Votes that are here already keep the first rules: their ballots roots may stand in the record."""
    op.add_column("round", sa.Column("leaf_edition", sa.Integer(), nullable=False, server_default=sa.text("1")))
