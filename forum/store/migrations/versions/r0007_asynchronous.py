"""Asynchronous sessions, and the closing time of their rounds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every session that is here already was in a room, and no round had a closing time."""
    op.add_column("session", sa.Column("kind", sa.Text(), nullable=False, server_default=sa.text("'room'")))
    for name in ("closes_at", "extended_at"):
        op.add_column("round", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))
