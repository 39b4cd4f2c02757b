"""Adds the step at which a story's writer was last, where its private link brings them back to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of stories that are being written nobody knows the step: their link opens their page, as before."""
    op.add_column("draft", sa.Column("step", sa.Text(), nullable=False, server_default=sa.text("''")))
