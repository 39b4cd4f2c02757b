"""Adds rounds in which those who voted say whether they were understood, and the marks of those who may."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody was asked yet, and of sessions that are over nobody knows who voted."""
    op.add_column("round", sa.Column("asks_about", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.create_index(op.f("ix_round_asks_about"), "round", ["asks_about"])
    op.create_table(
        "voter",
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=True),
        sa.Column("at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name=op.f("fk_voter_session_session")),
        sa.PrimaryKeyConstraint("session", "mark", name=op.f("pk_voter")),
        sqlite_with_rowid=False,
    )
