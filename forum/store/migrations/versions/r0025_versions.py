"""Adds the versions of a commission's terms, and to a session the one that it was made under."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_TERMS = ("title", "question", "power", "groups", "threshold", "small_numbers")


def upgrade() -> None:
    """Commissions that are here already have their first version: none could be changed before."""
    for column in (
        sa.Column("second_reader", sa.Text(), nullable=False, server_default=sa.text("'none'")),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("draft", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("commission", column)
    op.add_column("session", sa.Column("terms", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.create_table(
        "commission_version",
        sa.Column("commission", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["commission"], ["commission.id"], name="fk_commission_version_commission"),
        sa.PrimaryKeyConstraint("commission", "number", name="pk_commission_version"),
    )
    known = sa.table(
        "commission",
        *map(sa.column, ("id", "created_at")),
        *map(sa.column, ("title", "question")),
        *(sa.column(name, sa.JSON()) for name in ("power", "groups")),
        sa.column("threshold", sa.Integer()),
        sa.column("small_numbers", sa.Boolean()),
    )
    made = sa.table(
        "commission_version",
        *map(sa.column, ("commission", "number", "because", "at")),
        sa.column("terms", sa.JSON()),
    )
    for row in op.get_bind().execute(sa.select(known)).mappings().all():
        terms = {name: row[name] for name in _TERMS}
        values = {"commission": row["id"], "number": 1, "terms": terms, "because": "", "at": row["created_at"]}
        op.get_bind().execute(sa.insert(made).values(values))
