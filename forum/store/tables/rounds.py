"""Rounds with their ballots and reasons."""

from __future__ import annotations

import sqlalchemy as sa

from forum.store.tables.schema import Words, flag, identity, json, metadata, reference, seq, words

round_ = sa.Table(
    "round",
    metadata,
    seq(),
    identity(),
    reference("session", "session.id"),
    words("question"),
    json("responses"),
    words("scenario", nullable=True),
    words("scene", nullable=True),
    words("method"),
    words("kind"),
    reference("second_of", "round.id", nullable=True, index=False),
    words("state"),
    flag("closing_soon"),
    words("created_at"),
    words("opened_at"),
    words("closed_at"),
    words("revealed_at"),
    words("annulled_at"),
    words("annulled_because"),
    sa.Column("closes_at", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("extended_at", Words, nullable=False, server_default=sa.text("''")),
    json("versions", nullable=True),
    sa.Column("quorum", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("quorum_each", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("live", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("leaf_edition", sa.Integer, nullable=False, server_default=sa.text("1")),
    sa.Column("asks_about", Words, nullable=False, server_default=sa.text("''"), index=True),
)

# Ids of the casts that were counted, so that a cast sent again is recognised. No choices, and no foreign keys: the only
# statement that inserts rows, in ballot_statements.py, has looked up round and participant, and a second check costs
# time.
casting = sa.Table(
    "casting",
    metadata,
    sa.Column("round", Words, primary_key=True),
    sa.Column("participant", Words, primary_key=True),
    sa.Column("cast", Words, primary_key=True),
    sqlite_with_rowid=False,
)

# Ballots: the primary key allows one a participant and round.
ballot = sa.Table(
    "ballot",
    metadata,
    reference("round", "round.id", index=False),
    reference("participant", "participant.id", index=False),
    words("choice"),
    words("reason"),
    words("group_id", nullable=True),
    words("ballot"),
    words("salt"),
    words("group_salt"),
    words("at"),
    sa.Column("paper", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("condition", Words, nullable=False, server_default=sa.text("''")),
    sa.PrimaryKeyConstraint("round", "participant"),
    sqlite_with_rowid=False,
)

# Reasons of a round, from the reveal on; until then they are columns of the ballots.
reason = sa.Table(
    "reason",
    metadata,
    identity(),
    reference("round", "round.id", index=False),
    reference("participant", "participant.id", index=False),
    words("group_id", nullable=True),
    words("choice"),
    words("words"),
    words("condition"),
    words("at"),
    words("state"),
    words("due_at"),
    sa.PrimaryKeyConstraint("round", "participant"),
)

me_too = sa.Table(
    "me_too",
    metadata,
    reference("reason", "reason.id", index=False),
    reference("participant", "participant.id", index=False),
    sa.PrimaryKeyConstraint("reason", "participant"),
)
