"""Adds subscriptions to news of a story by e-mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table, empty."""
    words = ("address", "key", "state", "asked_at", "until", "told_until", "not_before", "look_at")
    op.create_table(
        "mail",
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in words),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name="fk_mail_story"),
        sa.PrimaryKeyConstraint("story", name="pk_mail"),
        sa.UniqueConstraint("id", name="uq_mail_id"),
        sa.UniqueConstraint("key", name="uq_mail_key"),
    )
