"""Adds what a commitment answers, how it would be noticed and when it was made, and the table of updates."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_ADDED = ("answers", "noticed", "at")
_COMMITMENT = sa.table("commitment", sa.column("id"), sa.column("decision"), sa.column("at"))
_DECISION = sa.table("decision", sa.column("id"), sa.column("decided_at"))
_ENTRY = sa.table("entry", sa.column("position"), sa.column("body", sa.LargeBinary()))


def upgrade() -> None:
    """Commitments that are here already say nothing of a need; each was made when its entry says, or, where it has
    none, with its decision."""
    for name in _ADDED:
        op.add_column("commitment", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))
    op.create_table(
        "commitment_update",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("state", "at", "said", "because", "handed_to")),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commitment"], ["commitment.id"], name=op.f("fk_commitment_update_commitment_commitment")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_commitment_update")),
        sa.UniqueConstraint("id", name=op.f("uq_commitment_update_id")),
    )
    op.create_index(op.f("ix_commitment_update_commitment"), "commitment_update", ["commitment"])
    connection = op.get_bind()
    says = '"type":"commitment"'
    if connection.dialect.name == "postgresql":
        told = sa.func.strpos(sa.func.convert_from(_ENTRY.c.body, "UTF8"), says) > 0
    else:
        told = sa.func.instr(_ENTRY.c.body, says.encode()) > 0
    decided = sa.select(_DECISION.c.decided_at).where(_DECISION.c.id == _COMMITMENT.c.decision).scalar_subquery()
    connection.execute(sa.update(_COMMITMENT).values(at=decided))
    for body in connection.execute(sa.select(_ENTRY.c.body).where(told)).scalars().all():
        entry = json.loads(body)
        own = _COMMITMENT.c.id == entry["commitment"]
        connection.execute(sa.update(_COMMITMENT).where(own).values(at=entry["at"]))
