"""Live and asynchronous sessions: participants, tickets, care, programme, papers, stops, proposals and pledges."""

from __future__ import annotations

import sqlalchemy as sa

from forum.store.tables.schema import Words, flag, identity, json, metadata, reference, seq, words

session = sa.Table(
    "session",
    metadata,
    seq(),
    identity(),
    reference("commission", "commission.id"),
    words("title"),
    words("code"),
    sa.Column("projector", Words, nullable=False, unique=True),
    json("scenarios"),
    json("cue"),
    sa.Column("version", sa.Integer, nullable=False),
    flag("paused"),
    flag("ended"),
    flag("rehearsal"),
    flag("recorded"),
    json("partition", nullable=True),
    sa.Column("badges_off", sa.Boolean, nullable=False, server_default=sa.false()),
    json("held", nullable=True),
    words("opened_at"),
    sa.Column("kind", Words, nullable=False, server_default=sa.text("'room'")),
    sa.Column("entrance", Words, nullable=False, server_default="open code"),
    sa.Column("tablet", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("reasons", Words, nullable=False, server_default="kept"),
    sa.Column("ended_at", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("no_receipts", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("stage", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("terms", sa.Integer, nullable=False, server_default=sa.text("1")),
    sa.Column("called_off_at", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("called_off_because", Words, nullable=False, server_default=sa.text("''")),
)
# A code of six digits is free again when its session has ended.
sa.Index(
    "uq_session_code_live",
    session.c.code,
    unique=True,
    sqlite_where=sa.text("NOT ended"),
    postgresql_where=sa.text("NOT ended"),
)
sa.Index("ix_session_code", session.c.code)

# `device` is a digest of the session's id and the browser's, so it differs from session to session. Some time after
# the session it becomes "gone" and the participant's id (store/device_digest.py).
participant = sa.Table(
    "participant",
    metadata,
    sa.Column("id", Words, primary_key=True),
    reference("session", "session.id", index=False),
    words("device"),
    words("group_id", nullable=True),
    words("joined_at"),
    sa.Column("observer", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("passing", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("session", "device"),
)

# Browsers that voted in a session that is over. `mark` is a digest of the participant's device, which is gone by then:
# no row leads to a participant, and rows are added in the order of their marks.
voter = sa.Table(
    "voter",
    metadata,
    sa.Column("session", Words, sa.ForeignKey("session.id"), primary_key=True),
    sa.Column("mark", Words, primary_key=True),
    words("group_id", nullable=True),
    words("at"),
    sqlite_with_rowid=False,
)

# Tickets, each with a single-use code; `code` is its SHA-256. Number and code are unique in a session.
ticket = sa.Table(
    "ticket",
    metadata,
    seq(),
    identity(),
    reference("session", "session.id", index=False),
    sa.Column("number", sa.Integer, nullable=False),
    words("group_id", nullable=True),
    words("code"),
    words("issued_at"),
    words("used_at"),
    reference("participant", "participant.id", nullable=True, index=False),
    words("revoked_at"),
    sa.Column("replaces", sa.Integer),
    sa.UniqueConstraint("session", "number"),
    sa.UniqueConstraint("session", "code"),
)

# Anonymous requests for help: how many of each kind and subject, and how many of them were seen.
asked = sa.Table(
    "asked",
    metadata,
    sa.Column("session", Words, sa.ForeignKey("session.id"), primary_key=True),
    sa.Column("kind", Words, primary_key=True),
    sa.Column("about", Words, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("seen", sa.Integer, nullable=False),
)

# The changes that undo the facilitator's last act: at most one row a session.
last_act = sa.Table(
    "last_act",
    metadata,
    sa.Column("session", Words, sa.ForeignKey("session.id"), primary_key=True),
    words("id"),
    words("act"),
    words("at"),
    json("changes"),
)

# Groups that participants belong to besides the one they speak from. Nothing else refers to this table.
also = sa.Table(
    "also",
    metadata,
    sa.Column("participant", Words, sa.ForeignKey("participant.id"), primary_key=True),
    sa.Column("group_id", Words, primary_key=True),
)

# States of a session's programme, so that a change can be undone. `what` and `name` describe the change.
programme = sa.Table(
    "programme",
    metadata,
    sa.Column("session", Words, sa.ForeignKey("session.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    json("plan"),
    words("what"),
    words("name"),
    words("at"),
)

# Papers counted by hand: the primary key allows one count a round. Its ballots are added when it is confirmed.
helper_link = sa.Table(
    "helper_link",
    metadata,
    seq(),
    identity(),
    reference("session", "session.id"),
    words("helper"),
    words("label"),
    sa.Column("key", Words, nullable=False, unique=True),
    words("made_at"),
    words("until"),
    words("revoked_at"),
    sa.Column("made_by", Words, nullable=False, server_default=sa.text("''")),
)

paper = sa.Table(
    "paper",
    metadata,
    sa.Column("round", Words, sa.ForeignKey("round.id"), primary_key=True),
    words("id"),
    json("counts"),
    sa.Column("handed_out", sa.Integer, nullable=False),
    words("entered_by"),
    words("entered_at"),
    words("confirmed_by"),
    words("confirmed_at"),
)

# Stops called while a scene is played again: one a participant and showing. A shouted stop has no participant.
stop = sa.Table(
    "stop",
    metadata,
    seq(),
    identity(),
    reference("session", "session.id"),
    words("showing"),
    words("since"),
    words("scenario"),
    words("scene"),
    words("at"),
    reference("participant", "participant.id", nullable=True, index=False),
    words("group_id", nullable=True),
    words("character"),
    words("how"),
    words("state"),
    words("taken_at"),
    words("tried"),
    words("verdict"),
    reference("magic", "round.id", nullable=True, index=False),
    words("response"),
    reference("entered", "round.id", nullable=True, index=False),
    sa.UniqueConstraint("participant", "showing"),
)

proposal = sa.Table(
    "proposal",
    metadata,
    seq(),
    identity(),
    reference("session", "session.id"),
    words("words"),
    words("at"),
    reference("stop", "stop.id", nullable=True, index=False),
    words("scenario", nullable=True),
    words("state"),
    reference("round", "round.id", nullable=True, index=False),
    sa.Column("shown", sa.Boolean, nullable=False, server_default=sa.false()),
)

amendment = sa.Table(
    "amendment",
    metadata,
    seq(),
    identity(),
    reference("proposal", "proposal.id"),
    words("before"),
    words("after"),
    words("at"),
    words("state"),
    sa.Column("shown", sa.Boolean, nullable=False, server_default=sa.false()),
)
# The index allows one open amendment a proposal.
sa.Index(
    "uq_amendment_in_flight",
    amendment.c.proposal,
    unique=True,
    sqlite_where=sa.text("state = 'in flight'"),
    postgresql_where=sa.text("state = 'in flight'"),
)

pledge = sa.Table(
    "pledge",
    metadata,
    seq(),
    identity(),
    reference("session", "session.id"),
    reference("round", "round.id"),
    words("role"),
    words("what"),
    words("by"),
    words("at"),
    words("state"),
    reference("decision", "decision.id", nullable=True, index=False),
)

# Dress rehearsals: `session` is the copy that is played, `of` the session that it is a copy of.
rehearsal = sa.Table(
    "rehearsal",
    metadata,
    sa.Column("session", Words, sa.ForeignKey("session.id"), primary_key=True),
    reference("of", "session.id"),
    sa.Column("people", sa.Integer, nullable=False),
    flag("slow"),
    flag("dropping"),
    flag("by_hand"),
    words("pace"),
    words("started_at"),
    words("state"),
    words("ended_at"),
    words("why"),
    json("report", nullable=True),
)
