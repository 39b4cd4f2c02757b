"""The second run: stops, reasons that others may read, proposals with their amendments and pledges."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _seq() -> sa.Column[int]:
    return sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False)


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _perhaps(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=True)


def _listed(name: str, *parts: sa.schema.SchemaItem, of: dict[str, str], indexed: tuple[str, ...] = ()) -> None:
    """A table with `seq` and `id`; `of` names what its columns refer to."""
    op.create_table(
        name,
        _seq(),
        *_words("id"),
        *parts,
        *(sa.ForeignKeyConstraint([c], [f"{t}.id"], name=f"fk_{name}_{c}") for c, t in of.items()),
        sa.PrimaryKeyConstraint("seq", name=f"pk_{name}"),
        sa.UniqueConstraint("id", name=f"uq_{name}_id"),
    )
    for column in indexed:
        op.create_index(f"ix_{name}_{column}", name, [column], unique=False)


def upgrade() -> None:
    """Six tables, empty. In sessions that are here already reasons stay with the facilitator and those who decide."""
    _listed(
        "stop",
        *_words("session", "showing", "since", "scenario", "scene", "at"),
        _perhaps("participant"),
        _perhaps("group_id"),
        *_words("character", "how", "state", "taken_at", "tried", "verdict"),
        _perhaps("magic"),
        *_words("response"),
        _perhaps("entered"),
        sa.UniqueConstraint("participant", "showing", name="uq_stop_participant_showing"),
        of={"session": "session", "participant": "participant", "magic": "round", "entered": "round"},
        indexed=("session",),
    )
    op.create_table(
        "reason",
        *_words("id", "round", "participant"),
        _perhaps("group_id"),
        *_words("choice", "words", "condition", "at", "state", "due_at"),
        sa.ForeignKeyConstraint(["round"], ["round.id"], name="fk_reason_round"),
        sa.ForeignKeyConstraint(["participant"], ["participant.id"], name="fk_reason_participant"),
        sa.PrimaryKeyConstraint("round", "participant", name="pk_reason"),
        sa.UniqueConstraint("id", name="uq_reason_id"),
    )
    op.create_table(
        "me_too",
        *_words("reason", "participant"),
        sa.ForeignKeyConstraint(["reason"], ["reason.id"], name="fk_me_too_reason"),
        sa.ForeignKeyConstraint(["participant"], ["participant.id"], name="fk_me_too_participant"),
        sa.PrimaryKeyConstraint("reason", "participant", name="pk_me_too"),
    )
    _listed(
        "proposal",
        *_words("session", "words", "at"),
        _perhaps("stop"),
        _perhaps("scenario"),
        *_words("state"),
        _perhaps("round"),
        of={"session": "session", "stop": "stop", "round": "round"},
        indexed=("session",),
    )
    _listed(
        "amendment",
        *_words("proposal", "before", "after", "at", "state"),
        of={"proposal": "proposal"},
        indexed=("proposal",),
    )
    in_flight = sa.text("state = 'in flight'")
    op.create_index(
        "uq_amendment_in_flight",
        "amendment",
        ["proposal"],
        unique=True,
        sqlite_where=in_flight,
        postgresql_where=in_flight,
    )
    _listed(
        "pledge",
        *_words("session", "round", "role", "what", "by", "at", "state"),
        _perhaps("decision"),
        of={"session": "session", "round": "round", "decision": "decision"},
        indexed=("session", "round"),
    )
    op.add_column("session", sa.Column("reasons", sa.Text(), nullable=False, server_default="kept"))
    op.add_column("ballot", sa.Column("condition", sa.Text(), nullable=False, server_default=sa.text("''")))
