"""Adds sealed predictions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0038"
branch_labels = None
depends_on = None

_TEXTS = ("id", "expect", "minds", "expect_salt", "minds_salt", "sealed_at", "decision")


def upgrade() -> None:
    """Nobody has predicted anything yet."""
    op.create_table(
        "prediction",
        sa.Column("session", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.Column("entry", sa.Integer()),
        sa.Column("opening", sa.Integer()),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name=op.f("fk_prediction_session_session")),
        sa.PrimaryKeyConstraint("session", name=op.f("pk_prediction")),
    )
