"""Tables: one schema for SQLite and PostgreSQL. `migrations/` builds it; a test checks that the two agree.

Tables whose rows are listed in the order they were made have `seq`, a counter that never leaves the database;
everything else refers to rows by their random `id`. Times are strings (UTC, ISO 8601, milliseconds, Z), which sort as
they are. Values that are only read and written whole are in one JSON column.
"""

from __future__ import annotations

import sqlalchemy as sa


def storable(words: str) -> str:
    """Returns the text as both databases can hold it: U+0000 and lone surrogates become replacement characters."""
    if "\0" in words:
        words = words.replace("\0", "\N{REPLACEMENT CHARACTER}")
    try:
        words.encode()
    except UnicodeEncodeError:
        return words.encode("utf-8", "replace").decode()
    return words


class Words(sa.types.TypeDecorator[str]):
    """Text column that takes any Python string, so that one bad character does not make a transaction fail."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Makes a value storable; called by SQLAlchemy for every value on its way in."""
        return None if value is None else storable(value)


metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _seq() -> sa.Column[int]:
    return sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True)


def _id() -> sa.Column[str]:
    return sa.Column("id", Words, nullable=False, unique=True)


def _words(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, Words, nullable=nullable)


def _json(name: str, *, nullable: bool = False) -> sa.Column[object]:
    # Stores None as SQL's NULL, not as JSON's null.
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _of(name: str, target: str, *, nullable: bool = False, index: bool = True) -> sa.Column[str]:
    return sa.Column(name, Words, sa.ForeignKey(target), nullable=nullable, index=index)


person = sa.Table(
    "person",
    metadata,
    _seq(),
    _id(),
    _words("login"),
    sa.Column("login_key", Words, nullable=False, unique=True),  # the login as it is compared: without case
    _words("name"),
    _json("roles"),
    _words("password"),
    _words("created_at"),
)

sign_in = sa.Table(
    "sign_in",
    metadata,
    sa.Column("token", Words, primary_key=True),
    _of("person", "person.id"),
    _words("at"),
    _words("until"),
)

# The link with which the first administrator sets a password: at most one row, since `only` is always 1.
first_link = sa.Table(
    "first_link",
    metadata,
    sa.Column("only", sa.Integer, primary_key=True, autoincrement=False),
    _words("token"),
    _words("until"),
)

token = sa.Table(
    "token",
    metadata,
    _seq(),
    _id(),
    _of("person", "person.id"),
    _words("label"),
    sa.Column("secret", Words, nullable=False, unique=True),
    _words("created_at"),
    _words("revoked_at"),
)

commission = sa.Table(
    "commission",
    metadata,
    _seq(),
    _id(),
    _words("title"),
    _words("question"),
    _words("stage"),
    _json("power"),
    _json("groups"),
    sa.Column("threshold", sa.Integer, nullable=False),
    _json("support"),
    _flag("demonstration"),
    _flag("rehearsal"),
    _words("created_at"),
)

story = sa.Table(
    "story",
    metadata,
    _seq(),
    _id(),
    _of("commission", "commission.id"),
    _words("title"),
    _words("twee"),
    _words("status"),
    _words("told_by", nullable=True),
    _words("link"),
    _words("because"),
    _words("submitted_at"),
    _words("moderated_at"),
    # The columns below were added by migrations: their defaults fill the rows that existed before.
    sa.Column("may_perform", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("may_publish", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("may_quote", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("published_at", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("withdrawn_at", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("revision", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("revised_at", Words, nullable=False, server_default=sa.text("''")),
)

# A private link belongs to one story; "" is no link.
sa.Index(
    "uq_story_link",
    story.c.link,
    unique=True,
    sqlite_where=sa.text("link <> ''"),
    postgresql_where=sa.text("link <> ''"),
)

# A story while it is being written. `build` is the key of the link for those who build along. It is stored in plain
# text, so that it can be shown again, and opens nothing beyond this row and the versions and suggestions beside it.
draft = sa.Table(
    "draft",
    metadata,
    sa.Column("story", Words, sa.ForeignKey("story.id"), primary_key=True),
    _json("words"),
    sa.Column("build", Words, nullable=False, index=True),
    _words("changed_at"),
)

# `words` hold a whole draft, or, where `leans`, its difference (draft_delta.py) to the version before it.
version = sa.Table(
    "version",
    metadata,
    sa.Column("story", Words, sa.ForeignKey("story.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    _words("at"),
    _words("kind"),
    _json("words"),
    _words("by"),
    sa.Column("leans", sa.Boolean, nullable=False, server_default=sa.false()),
)

suggestion = sa.Table(
    "suggestion",
    metadata,
    _seq(),
    _id(),
    _of("story", "story.id"),
    _words("kind"),
    _words("words"),
    _words("at"),
    _words("place"),
    _words("seen"),
    _words("title"),
    _words("url"),
    _words("group_id", nullable=True),
    _words("name"),
    _words("by"),
    _words("outcome"),
    _words("because"),
    _words("answered_at"),
)

# Moderators' acts. `by` is not a foreign key: an act stays when its account is deleted.
moderation = sa.Table(
    "moderation",
    metadata,
    _seq(),
    _id(),
    _of("story", "story.id"),
    _words("action"),
    _words("before"),
    _words("because"),
    _flag("public"),
    _words("by"),
    _words("read"),
    _words("sent_at"),
    _words("at"),
    sa.Column("entry", sa.Integer),
)

# Appeals against acts: the unique constraint on `act` allows one for each.
appeal = sa.Table(
    "appeal",
    metadata,
    _seq(),
    _id(),
    _of("story", "story.id"),
    sa.Column("act", Words, sa.ForeignKey("moderation.id"), nullable=False, unique=True),
    _words("words"),
    _words("at"),
    _words("outcome"),
    _words("because"),
    _words("by"),
    _words("answered_at"),
)

report = sa.Table(
    "report",
    metadata,
    _seq(),
    _id(),
    _of("story", "story.id"),
    _words("words"),
    _words("at"),
    _words("answer"),
    _words("answered_at"),
)

# The values that the library filters accepted stories by; `told_by` is the group's label, "" for none. The full-text
# index, library_words, differs between the databases and is made by the migration.
library = sa.Table(
    "library",
    metadata,
    sa.Column("story", Words, sa.ForeignKey("story.id"), primary_key=True),
    _words("told_by"),
    sa.Column("told_by_key", Words, nullable=False, index=True),
)

library_note = sa.Table(
    "library_note",
    metadata,
    sa.Column("story", Words, sa.ForeignKey("story.id"), primary_key=True),
    sa.Column("key", Words, primary_key=True),
    _words("note"),
)

evidence = sa.Table(
    "evidence",
    metadata,
    _seq(),
    _id(),
    _of("story", "story.id"),
    _words("kind"),
    _words("title"),
    _words("url"),
    sa.Column("size", sa.Integer, nullable=False),
    _words("added_at"),
    _words("shown_at"),
    _words("declined_at"),
    _words("because"),
)

evidence_file = sa.Table(
    "evidence_file",
    metadata,
    sa.Column("evidence", Words, sa.ForeignKey("evidence.id"), primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

# Subscriptions to news of a story by e-mail. `key` can only confirm and stop, so it is stored in plain text.
mail = sa.Table(
    "mail",
    metadata,
    sa.Column("story", Words, sa.ForeignKey("story.id"), primary_key=True),
    _id(),
    _words("address"),
    sa.Column("key", Words, nullable=False, unique=True),
    _words("state"),
    _words("asked_at"),
    _words("until"),
    _words("told_until"),
    _words("not_before"),
    _words("look_at"),
    sa.Column("seen", sa.Integer, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
)

session = sa.Table(
    "session",
    metadata,
    _seq(),
    _id(),
    _of("commission", "commission.id"),
    _words("title"),
    _words("code"),
    sa.Column("projector", Words, nullable=False, unique=True),
    _json("scenarios"),
    _json("cue"),
    sa.Column("version", sa.Integer, nullable=False),
    _flag("paused"),
    _flag("ended"),
    _flag("rehearsal"),
    _flag("recorded"),
    _json("partition", nullable=True),
    sa.Column("badges_off", sa.Boolean, nullable=False, server_default=sa.false()),
    _json("held", nullable=True),
    _words("opened_at"),
    sa.Column("kind", Words, nullable=False, server_default=sa.text("'room'")),
    sa.Column("entrance", Words, nullable=False, server_default="open code"),
    sa.Column("tablet", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("reasons", Words, nullable=False, server_default="kept"),
    sa.Column("ended_at", Words, nullable=False, server_default=sa.text("''")),
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
    _of("session", "session.id", index=False),
    _words("device"),
    _words("group_id", nullable=True),
    _words("joined_at"),
    sa.Column("observer", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("passing", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("session", "device"),
)

# Tickets, each with a single-use code; `code` is its SHA-256. Number and code are unique in a session.
ticket = sa.Table(
    "ticket",
    metadata,
    _seq(),
    _id(),
    _of("session", "session.id", index=False),
    sa.Column("number", sa.Integer, nullable=False),
    _words("group_id", nullable=True),
    _words("code"),
    _words("issued_at"),
    _words("used_at"),
    _of("participant", "participant.id", nullable=True, index=False),
    _words("revoked_at"),
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
    _words("id"),
    _words("act"),
    _words("at"),
    _json("changes"),
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
    _json("plan"),
    _words("what"),
    _words("name"),
    _words("at"),
)

round_ = sa.Table(
    "round",
    metadata,
    _seq(),
    _id(),
    _of("session", "session.id"),
    _words("question"),
    _json("responses"),
    _words("scenario", nullable=True),
    _words("scene", nullable=True),
    _words("method"),
    _words("kind"),
    _of("second_of", "round.id", nullable=True, index=False),
    _words("state"),
    _flag("closing_soon"),
    _words("created_at"),
    _words("opened_at"),
    _words("closed_at"),
    _words("revealed_at"),
    _words("annulled_at"),
    _words("annulled_because"),
    sa.Column("closes_at", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("extended_at", Words, nullable=False, server_default=sa.text("''")),
    _json("versions", nullable=True),
    sa.Column("quorum", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("quorum_each", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("live", sa.Boolean, nullable=False, server_default=sa.false()),
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
    _of("round", "round.id", index=False),
    _of("participant", "participant.id", index=False),
    _words("choice"),
    _words("reason"),
    _words("group_id", nullable=True),
    _words("ballot"),
    _words("salt"),
    _words("group_salt"),
    _words("at"),
    sa.Column("paper", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("condition", Words, nullable=False, server_default=sa.text("''")),
    sa.PrimaryKeyConstraint("round", "participant"),
    sqlite_with_rowid=False,
)

# Papers counted by hand: the primary key allows one count a round. Its ballots are added when it is confirmed.
paper = sa.Table(
    "paper",
    metadata,
    sa.Column("round", Words, sa.ForeignKey("round.id"), primary_key=True),
    _words("id"),
    _json("counts"),
    sa.Column("handed_out", sa.Integer, nullable=False),
    _words("entered_by"),
    _words("entered_at"),
    _words("confirmed_by"),
    _words("confirmed_at"),
)

# Stops called while a scene is played again: one a participant and showing. A shouted stop has no participant.
stop = sa.Table(
    "stop",
    metadata,
    _seq(),
    _id(),
    _of("session", "session.id"),
    _words("showing"),
    _words("since"),
    _words("scenario"),
    _words("scene"),
    _words("at"),
    _of("participant", "participant.id", nullable=True, index=False),
    _words("group_id", nullable=True),
    _words("character"),
    _words("how"),
    _words("state"),
    _words("taken_at"),
    _words("tried"),
    _words("verdict"),
    _of("magic", "round.id", nullable=True, index=False),
    _words("response"),
    _of("entered", "round.id", nullable=True, index=False),
    sa.UniqueConstraint("participant", "showing"),
)

# Reasons of a round, from the reveal on; until then they are columns of the ballots.
reason = sa.Table(
    "reason",
    metadata,
    _id(),
    _of("round", "round.id", index=False),
    _of("participant", "participant.id", index=False),
    _words("group_id", nullable=True),
    _words("choice"),
    _words("words"),
    _words("condition"),
    _words("at"),
    _words("state"),
    _words("due_at"),
    sa.PrimaryKeyConstraint("round", "participant"),
)

me_too = sa.Table(
    "me_too",
    metadata,
    _of("reason", "reason.id", index=False),
    _of("participant", "participant.id", index=False),
    sa.PrimaryKeyConstraint("reason", "participant"),
)

proposal = sa.Table(
    "proposal",
    metadata,
    _seq(),
    _id(),
    _of("session", "session.id"),
    _words("words"),
    _words("at"),
    _of("stop", "stop.id", nullable=True, index=False),
    _words("scenario", nullable=True),
    _words("state"),
    _of("round", "round.id", nullable=True, index=False),
)

amendment = sa.Table(
    "amendment",
    metadata,
    _seq(),
    _id(),
    _of("proposal", "proposal.id"),
    _words("before"),
    _words("after"),
    _words("at"),
    _words("state"),
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
    _seq(),
    _id(),
    _of("session", "session.id"),
    _of("round", "round.id"),
    _words("role"),
    _words("what"),
    _words("by"),
    _words("at"),
    _words("state"),
    _of("decision", "decision.id", nullable=True, index=False),
)

decision = sa.Table(
    "decision",
    metadata,
    _seq(),
    _id(),
    _of("commission", "commission.id"),
    _json("rounds"),
    _words("outcome"),
    _words("response", nullable=True),
    _words("rationale"),
    _words("why"),
    _words("dissent"),
    _words("decided_at"),
    sa.Column("entry", sa.Integer),
)

commitment = sa.Table(
    "commitment",
    metadata,
    _seq(),
    _id(),
    _of("decision", "decision.id"),
    _words("role"),
    _words("what"),
    _words("by"),
)

# Entries of the record. Triggers made by the first migration refuse UPDATE and DELETE.
entry = sa.Table(
    "entry",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    _words("commission"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
)

disclosure = sa.Table(
    "disclosure",
    metadata,
    sa.Column("digest", Words, primary_key=True),
    sa.Column("entry", sa.Integer, nullable=False),
    sa.Column("commission", Words, nullable=False, index=True),
    _words("encoded", nullable=True),
    _words("withdrawn_at"),
)

fact = sa.Table(
    "fact",
    metadata,
    sa.Column("name", Words, primary_key=True),
    _words("value"),
)
