"""Keeps every checkpoint that is signed from now on, with the cosignatures of witnesses."""

from __future__ import annotations

import base64

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_FACT = sa.table("fact", sa.column("name", sa.Text), sa.column("value", sa.Text))


def upgrade() -> None:
    """The one checkpoint that is known of before is kept too; when it was signed was not written down."""
    table = op.create_table(
        "checkpoint",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", "root", name=op.f("pk_checkpoint")),
    )
    op.create_table(
        "cosignature",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("witness", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", "root", "witness", name=op.f("pk_cosignature")),
    )
    op.create_index(op.f("ix_cosignature_witness"), "cosignature", ["witness"])
    link = op.get_bind()
    for note in link.execute(sa.select(_FACT.c.value).where(_FACT.c.name == "last_checkpoint")).scalars():
        try:
            _, size, root = note.split("\n")[:3]
            row = {"size": int(size), "root": base64.b64decode(root, validate=True).hex(), "note": note}
        except ValueError:
            continue  # a damaged row, of which the check of the record tells
        link.execute(sa.insert(table).values(row | {"signed_at": ""}))
