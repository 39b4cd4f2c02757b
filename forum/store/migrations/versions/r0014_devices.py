"""A browser is known by another digest in each session, and by none in a session that has ended."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_SESSION = sa.table("session", sa.column("id", sa.Text), sa.column("ended", sa.Boolean), sa.column("kind", sa.Text))
_ROUND = sa.table(
    "round", sa.column("session", sa.Text), sa.column("revealed_at", sa.Text), sa.column("annulled_at", sa.Text)
)
_PARTICIPANT = sa.table(
    "participant", sa.column("id", sa.Text), sa.column("session", sa.Text), sa.column("device", sa.Text)
)
_LAST_ACT = sa.table("last_act", sa.column("session", sa.Text))


def upgrade() -> None:
    """Forgets devices of sessions that are over, and how to undo their end; the others get their salt on top of the
    digest that they have, so that nobody who is in one is taken for somebody new."""
    op.add_column("session", sa.Column("ended_at", sa.Text(), nullable=False, server_default=sa.text("''")))
    link = op.get_bind()
    shown = sa.exists().where(
        _ROUND.c.session == _SESSION.c.id, (_ROUND.c.revealed_at != "") | (_ROUND.c.annulled_at != "")
    )
    over = sa.select(_SESSION.c.id).where(_SESSION.c.ended | ((_SESSION.c.kind == "asynchronous") & shown))
    gone = sa.literal("gone ") + _PARTICIPANT.c.id
    link.execute(sa.update(_PARTICIPANT).where(_PARTICIPANT.c.session.in_(over)).values(device=gone))
    link.execute(sa.delete(_LAST_ACT).where(_LAST_ACT.c.session.in_(over)))
    known = link.execute(sa.select(_PARTICIPANT).where(_PARTICIPANT.c.session.not_in(over))).mappings().all()
    salted = [
        {"of": row["id"], "salted": hashlib.sha256(f"{row['session']} {row['device']}".encode()).hexdigest()}
        for row in known
    ]
    if salted:
        one = sa.update(_PARTICIPANT).where(_PARTICIPANT.c.id == sa.bindparam("of"))
        link.execute(one.values(device=sa.bindparam("salted")), salted)
