"""Adds when and why a planned session was called off."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No session was called off yet."""
    for name in ("called_off_at", "called_off_because"):
        op.add_column("session", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))
