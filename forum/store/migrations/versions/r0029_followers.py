"""Adds those who follow a commission, a decision or a promise by e-mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_TEXTS = ("kind", "about", "address", "key", "state", "asked_at", "until", "told_until", "not_before")


def upgrade() -> None:
    """Nobody follows anything yet."""
    op.create_table(
        "follower",
        sa.Column("id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follower")),
        sa.UniqueConstraint("key", name=op.f("uq_follower_key")),
        sa.UniqueConstraint("kind", "about", "address", name=op.f("uq_follower_kind_about_address")),
        sqlite_with_rowid=False,
    )
