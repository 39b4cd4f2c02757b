"""Adds which organiser made a helper's link."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of links of before nobody knows who made them; they end within a day."""
    op.add_column("helper_link", sa.Column("made_by", sa.Text(), nullable=False, server_default=sa.text("''")))
