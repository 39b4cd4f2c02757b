"""Commissions with their stages, decisions, their commitments, and the updates of these."""

from __future__ import annotations

import sqlalchemy as sa

from forum.store.tables.schema import Words, flag, identity, json, metadata, reference, seq, words

commission = sa.Table(
    "commission",
    metadata,
    seq(),
    identity(),
    words("title"),
    words("question"),
    words("stage"),
    json("power"),
    json("groups"),
    sa.Column("threshold", sa.Integer, nullable=False),
    json("support"),
    sa.Column("small_numbers", sa.Boolean, nullable=False, server_default=sa.false()),
    flag("demonstration"),
    flag("rehearsal"),
    words("created_at"),
    sa.Column("closed_at", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("second_reader", Words, nullable=False, server_default=sa.text("'none'")),
    sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
    sa.Column("draft", sa.Boolean, nullable=False, server_default=sa.false()),
)

# The terms of every version of a commission (voting.commission.TERMS); a draft has none yet.
commission_version = sa.Table(
    "commission_version",
    metadata,
    sa.Column("commission", Words, sa.ForeignKey("commission.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    json("terms"),
    words("because"),
    words("at"),
    sa.Column("entry", sa.Integer),
)

stage_move = sa.Table(
    "stage_move",
    metadata,
    seq(),
    identity(),
    reference("commission", "commission.id"),
    words("came_from"),
    words("went_to"),
    words("learnt"),
    words("better"),
    words("took_part"),
    words("at"),
    sa.Column("entry", sa.Integer),
)

stage_note = sa.Table(
    "stage_note",
    metadata,
    seq(),
    identity(),
    reference("commission", "commission.id"),
    words("stage"),
    words("question"),
    words("words"),
    words("at"),
    reference("decision", "decision.id", nullable=True, index=False),
    sa.Column("entry", sa.Integer),
)

# `because`, `reopened_at` and `reopening` (the index of that entry) are filled in when the commission is reopened.
closing = sa.Table(
    "closing",
    metadata,
    seq(),
    identity(),
    reference("commission", "commission.id"),
    words("words"),
    json("groups"),
    words("at"),
    sa.Column("entry", sa.Integer),
    words("because"),
    words("reopened_at"),
    sa.Column("reopening", sa.Integer),
)

decision = sa.Table(
    "decision",
    metadata,
    seq(),
    identity(),
    reference("commission", "commission.id"),
    json("rounds"),
    words("outcome"),
    words("response", nullable=True),
    words("rationale"),
    words("why"),
    words("dissent"),
    sa.Column("earlier", Words, nullable=False, server_default=sa.text("''")),
    json("votes", nullable=True),
    sa.Column("until", Words, nullable=False, server_default=sa.text("''")),
    words("decided_at"),
    sa.Column("decided_on", Words, nullable=False, server_default=sa.text("''")),
    json("told", nullable=True),
    json("differences", nullable=True),
    json("conditions", nullable=True),
    words("second_reader", nullable=True),
    sa.Column("entry", sa.Integer),
)

decision_draft = sa.Table(
    "decision_draft",
    metadata,
    seq(),
    identity(),
    reference("commission", "commission.id"),
    json("rounds"),
    json("form"),
    json("writers"),
    words("state"),
    words("because"),
    sa.Column("version", sa.Integer, nullable=False),
    words("saved_at"),
)

answer_move = sa.Table(
    "answer_move",
    metadata,
    seq(),
    identity(),
    reference("round", "round.id"),
    words("came_from"),
    words("went_to"),
    words("because"),
    words("at"),
    sa.Column("entry", sa.Integer),
)

decision_correction = sa.Table(
    "decision_correction",
    metadata,
    seq(),
    identity(),
    reference("decision", "decision.id"),
    words("because"),
    words("words"),
    words("replaced_by"),
    words("at"),
    sa.Column("entry", sa.Integer),
)

commitment = sa.Table(
    "commitment",
    metadata,
    seq(),
    identity(),
    reference("decision", "decision.id"),
    words("role"),
    words("what"),
    words("by"),
    sa.Column("answers", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("noticed", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("at", Words, nullable=False, server_default=sa.text("''")),
)

# Neither a session nor a participant stands in it, and its rows are not counted: when somebody offered help would tell
# who was in the room then.
help_pledge = sa.Table(
    "help_pledge",
    metadata,
    sa.Column("id", Words, primary_key=True),
    reference("commission", "commission.id"),
    words("words"),
    words("name"),
    sa.Column("key", Words, nullable=False, unique=True),
    words("day"),
    words("state"),
    sa.Column("entry", sa.Integer),
    sqlite_with_rowid=False,
)

# Sealed until a decision on a vote of its session opens it; nobody but those who decide reads the words until then.
prediction = sa.Table(
    "prediction",
    metadata,
    sa.Column("session", Words, sa.ForeignKey("session.id"), primary_key=True),
    words("id"),
    words("expect"),
    words("minds"),
    words("expect_salt"),
    words("minds_salt"),
    words("sealed_at"),
    words("decision"),
    sa.Column("entry", sa.Integer),
    sa.Column("opening", sa.Integer),
)

owner_link = sa.Table(
    "owner_link",
    metadata,
    seq(),
    identity(),
    reference("commitment", "commitment.id"),
    sa.Column("key", Words, nullable=False, unique=True),
    words("made_at"),
    words("revoked_at"),
)

group_link = sa.Table(
    "group_link",
    metadata,
    seq(),
    identity(),
    reference("decision", "decision.id"),
    words("group_label"),
    sa.Column("key", Words, nullable=False, unique=True),
    words("made_at"),
    words("revoked_at"),
)

minority_statement = sa.Table(
    "minority_statement",
    metadata,
    seq(),
    identity(),
    reference("decision", "decision.id"),
    words("group_label"),
    words("words"),
    words("state"),
    words("sent_at"),
    words("because"),
    words("moderated_at"),
    sa.Column("entry", sa.Integer),
)

commitment_update = sa.Table(
    "commitment_update",
    metadata,
    seq(),
    identity(),
    reference("commitment", "commitment.id"),
    words("state"),
    words("at"),
    words("said"),
    words("because"),
    words("handed_to"),
    words("given_by"),
)

# The picture or PDF beside an update. Its content stands last, and no list reads it.
update_file = sa.Table(
    "update_file",
    metadata,
    sa.Column("id", Words, sa.ForeignKey("commitment_update.id"), primary_key=True),
    reference("commitment", "commitment.id"),
    words("shows"),
    words("media"),
    sa.Column("size", sa.Integer, nullable=False),
    words("sha256"),
    words("withdrawn_at"),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
