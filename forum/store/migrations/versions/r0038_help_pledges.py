"""Adds pledges of help."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_TEXTS = ("words", "name", "key", "day", "state")


def upgrade() -> None:
    """Nobody has pledged anything yet."""
    op.create_table(
        "help_pledge",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("commission", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.Column("entry", sa.Integer()),
        sa.ForeignKeyConstraint(["commission"], ["commission.id"], name=op.f("fk_help_pledge_commission_commission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_pledge")),
        sa.UniqueConstraint("key", name=op.f("uq_help_pledge_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_help_pledge_commission"), "help_pledge", ["commission"])
