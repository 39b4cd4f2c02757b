"""Adds to tokens the commission and role that each stands for, the day on which it ends, and that of its last use."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tokens of before stand for their maker and do not end by themselves."""
    for name in ("commission", "role", "expires_on", "used_on"):
        op.add_column("token", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))
