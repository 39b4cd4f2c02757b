"""Adds the links with which helpers open one screen of a session."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_WORDS = ("id", "session", "helper", "label", "key", "made_at", "until", "revoked_at")


def upgrade() -> None:
    """Nobody has such a link yet."""
    op.create_table(
        "helper_link",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _WORDS),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name=op.f("fk_helper_link_session_session")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_helper_link")),
        sa.UniqueConstraint("id", name=op.f("uq_helper_link_id")),
        sa.UniqueConstraint("key", name=op.f("uq_helper_link_key")),
    )
    op.create_index(op.f("ix_helper_link_session"), "helper_link", ["session"])
