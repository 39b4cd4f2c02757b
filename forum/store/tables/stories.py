"""Stories with their drafts and versions, suggestions, moderation, the library, evidence, and mail about them."""

from __future__ import annotations

import sqlalchemy as sa

from forum.store.tables.schema import Words, flag, identity, json, metadata, reference, seq, words

story = sa.Table(
    "story",
    metadata,
    seq(),
    identity(),
    reference("commission", "commission.id"),
    words("title"),
    words("twee"),
    words("status"),
    words("told_by", nullable=True),
    words("link"),
    words("because"),
    words("submitted_at"),
    words("moderated_at"),
    # The columns below were added by migrations: their defaults fill the rows that existed before.
    sa.Column("may_perform", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("may_publish", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("may_quote", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("published_at", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("withdrawn_at", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("revision", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("revised_at", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("to_shape", sa.Boolean, nullable=False, server_default=sa.false()),
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
# `step` is the page on which its writer was last.
draft = sa.Table(
    "draft",
    metadata,
    sa.Column("story", Words, sa.ForeignKey("story.id"), primary_key=True),
    json("words"),
    sa.Column("build", Words, nullable=False, index=True),
    words("changed_at"),
    sa.Column("step", Words, nullable=False, server_default=sa.text("''")),
)

# `words` hold a whole draft, or, where `leans`, its difference (draft_delta.py) to the version before it.
version = sa.Table(
    "version",
    metadata,
    sa.Column("story", Words, sa.ForeignKey("story.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    words("at"),
    words("kind"),
    json("words"),
    words("by"),
    sa.Column("leans", sa.Boolean, nullable=False, server_default=sa.false()),
)

# A browser is looked for by its marks, which say nothing of it but to itself.
sa.Index("ix_version_by", version.c.by, version.c.story)

suggestion = sa.Table(
    "suggestion",
    metadata,
    seq(),
    identity(),
    reference("story", "story.id"),
    words("kind"),
    words("words"),
    words("at"),
    words("place"),
    words("seen"),
    words("title"),
    words("url"),
    words("group_id", nullable=True),
    words("name"),
    words("by"),
    words("outcome"),
    words("because"),
    words("answered_at"),
    sa.Column("staff", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("agreed", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("agreed_by", Words, nullable=False, server_default=sa.text("''")),
)
sa.Index("ix_suggestion_by", suggestion.c.by, suggestion.c.story)

# Moderators' acts. `by` is not a foreign key: an act stays when its account is deleted.
moderation = sa.Table(
    "moderation",
    metadata,
    seq(),
    identity(),
    reference("story", "story.id"),
    words("action"),
    words("before"),
    words("because"),
    flag("public"),
    words("by"),
    words("read"),
    words("sent_at"),
    words("at"),
    sa.Column("entry", sa.Integer),
)

# Appeals against acts: the unique constraint on `act` allows one for each.
appeal = sa.Table(
    "appeal",
    metadata,
    seq(),
    identity(),
    reference("story", "story.id"),
    sa.Column("act", Words, sa.ForeignKey("moderation.id"), nullable=False, unique=True),
    words("words"),
    words("at"),
    words("outcome"),
    words("because"),
    words("by"),
    words("answered_at"),
)

report = sa.Table(
    "report",
    metadata,
    seq(),
    identity(),
    reference("story", "story.id"),
    words("words"),
    words("at"),
    words("answer"),
    words("answered_at"),
)

# The values that the library filters accepted stories by; `told_by` is the group's label, "" for none. The full-text
# index, library_words, differs between the databases and is made by the migration.
library = sa.Table(
    "library",
    metadata,
    sa.Column("story", Words, sa.ForeignKey("story.id"), primary_key=True),
    words("told_by"),
    sa.Column("told_by_key", Words, nullable=False, index=True),
)

library_note = sa.Table(
    "library_note",
    metadata,
    sa.Column("story", Words, sa.ForeignKey("story.id"), primary_key=True),
    sa.Column("key", Words, primary_key=True),
    words("note"),
)

evidence = sa.Table(
    "evidence",
    metadata,
    seq(),
    identity(),
    reference("story", "story.id"),
    words("kind"),
    words("title"),
    words("url"),
    sa.Column("size", sa.Integer, nullable=False),
    words("added_at"),
    words("shown_at"),
    words("declined_at"),
    words("because"),
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
    identity(),
    words("address"),
    sa.Column("key", Words, nullable=False, unique=True),
    words("state"),
    words("asked_at"),
    words("until"),
    words("told_until"),
    words("not_before"),
    words("look_at"),
    sa.Column("seen", sa.Integer, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
)
