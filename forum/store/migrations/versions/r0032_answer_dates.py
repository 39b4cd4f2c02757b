"""Adds the new date of a deferred decision, the votes on its question, and moves of the days of answers."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_PIECE = 500


def upgrade() -> None:
    """Decisions that are here already have no new date; the votes on their questions stand in their entries."""
    op.add_column("decision", sa.Column("until", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("decision", sa.Column("votes", sa.JSON(), nullable=True))
    op.create_table(
        "answer_move",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("id", "round", "came_from", "went_to", "because", "at")
        ),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["round"], ["round.id"], name=op.f("fk_answer_move_round_round")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_answer_move")),
        sa.UniqueConstraint("id", name=op.f("uq_answer_move_id")),
    )
    op.create_index(op.f("ix_answer_move_round"), "answer_move", ["round"])
    _take_votes_from_entries(op.get_bind())


def _take_votes_from_entries(connection: sa.Connection) -> None:
    decision = sa.table("decision", sa.column("id"), sa.column("entry"), sa.column("votes", sa.JSON()))
    entry = sa.table("entry", sa.column("position"), sa.column("body", sa.LargeBinary()))
    of = dict(connection.execute(sa.select(decision.c.entry, decision.c.id).where(decision.c.entry.is_not(None))).all())
    numbers = sorted(of)
    for start in range(0, len(numbers), _PIECE):
        wanted = sa.select(entry).where(entry.c.position.in_(numbers[start : start + _PIECE]))
        for position, body in connection.execute(wanted).all():
            votes = json.loads(body).get("votes")
            if votes is not None:
                connection.execute(sa.update(decision).where(decision.c.id == of[position]).values(votes=votes))
