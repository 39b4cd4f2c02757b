"""Adds minority statements, and the links with which groups write them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_LINK = ("id", "decision", "group_label", "key", "made_at", "revoked_at")
_STATEMENT = ("id", "decision", "group_label", "words", "state", "sent_at", "because", "moderated_at")


def upgrade() -> None:
    """Nobody has such a link yet."""
    for table, names, unique in (("group_link", _LINK, "key"), ("minority_statement", _STATEMENT, "")):
        op.create_table(
            table,
            sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
            *(sa.Column(name, sa.Text(), nullable=False) for name in names),
            *([] if unique else [sa.Column("entry", sa.Integer(), nullable=True)]),
            sa.ForeignKeyConstraint(["decision"], ["decision.id"], name=op.f(f"fk_{table}_decision_decision")),
            sa.PrimaryKeyConstraint("seq", name=op.f(f"pk_{table}")),
            sa.UniqueConstraint("id", name=op.f(f"uq_{table}_id")),
            *([sa.UniqueConstraint(unique, name=op.f(f"uq_{table}_{unique}"))] if unique else []),
        )
        op.create_index(op.f(f"ix_{table}_decision"), table, ["decision"])
