"""Adds moderators' acts, appeals, and readers' reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three tables; what was moderated before has no acts, and its story's status still says what came of it."""
    op.create_table(
        "moderation",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("read", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name="fk_moderation_story"),
        sa.PrimaryKeyConstraint("seq", name="pk_moderation"),
        sa.UniqueConstraint("id", name="uq_moderation_id"),
    )
    op.create_index("ix_moderation_story", "moderation", ["story"], unique=False)
    op.create_table(
        "appeal",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["act"], ["moderation.id"], name="fk_appeal_act"),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name="fk_appeal_story"),
        sa.PrimaryKeyConstraint("seq", name="pk_appeal"),
        sa.UniqueConstraint("act", name="uq_appeal_act"),
        sa.UniqueConstraint("id", name="uq_appeal_id"),
    )
    op.create_index("ix_appeal_story", "appeal", ["story"], unique=False)
    op.create_table(
        "report",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name="fk_report_story"),
        sa.PrimaryKeyConstraint("seq", name="pk_report"),
        sa.UniqueConstraint("id", name="uq_report_id"),
    )
    op.create_index("ix_report_story", "report", ["story"], unique=False)
