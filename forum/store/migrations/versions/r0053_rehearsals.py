"""Adds dress rehearsals that this server plays, with their reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table; nobody has rehearsed from the console yet."""
    op.create_table(
        "rehearsal",
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("of", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("slow", sa.Boolean(), nullable=False),
        sa.Column("dropping", sa.Boolean(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("pace", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name=op.f("fk_rehearsal_session_session")),
        sa.ForeignKeyConstraint(["of"], ["session.id"], name=op.f("fk_rehearsal_of_session")),
        sa.PrimaryKeyConstraint("session", name=op.f("pk_rehearsal")),
    )
    op.create_index(op.f("ix_rehearsal_of"), "rehearsal", ["of"])
