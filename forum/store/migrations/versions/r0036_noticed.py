"""Adds the answers to whether people have noticed what was promised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody was asked yet."""
    op.create_table(
        "noticed_answer",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("key", "commitment", "asking", "who", "said")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_noticed_answer")),
        sqlite_with_rowid=False,
    )
