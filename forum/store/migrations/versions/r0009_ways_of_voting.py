"""Adds the quorums of a vote, and whether its count is shown while it is open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Votes that are here already were declared with neither."""
    for name in ("quorum", "quorum_each"):
        op.add_column("round", sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("round", sa.Column("live", sa.Boolean(), nullable=False, server_default=sa.false()))
