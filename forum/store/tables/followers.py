"""Addresses of followers, and of whoever has to keep a promise.

Neither table refers to a ballot, a browser or a person, and neither counts its rows: in what order people began to
follow would tell who did what that moment.
"""

from __future__ import annotations

import sqlalchemy as sa

from forum.store.tables.schema import Words, flag, metadata, words

# `about` is the id of a commission, a decision or a promise. `key` can only confirm and stop, so it is stored in plain
# text.
follower = sa.Table(
    "follower",
    metadata,
    sa.Column("id", Words, primary_key=True),
    words("kind"),
    words("about"),
    words("address"),
    sa.Column("key", Words, nullable=False, unique=True),
    words("state"),
    words("asked_at"),
    words("until"),
    words("told_until"),
    words("not_before"),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.UniqueConstraint("kind", "about", "address"),
    sqlite_with_rowid=False,
)

# `key` can only stop; `link` is the digest of the link that was mailed last.
owner_mail = sa.Table(
    "owner_mail",
    metadata,
    sa.Column("commitment", Words, sa.ForeignKey("commitment.id"), primary_key=True),
    sa.Column("id", Words, nullable=False, unique=True),
    words("address"),
    sa.Column("key", Words, nullable=False, unique=True),
    words("state"),
    flag("reminders"),
    words("written_at"),
    words("not_before"),
    words("told"),
    words("link"),
    sa.Column("tries", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

# `key` is the digest of a link that is kept nowhere. The row has no time, no order, and refers to nothing but what was
# promised. It is deleted when the answers are counted.
noticed_answer = sa.Table(
    "noticed_answer",
    metadata,
    sa.Column("key", Words, primary_key=True),
    words("commitment"),
    words("asking"),
    words("who"),
    words("said"),
    sqlite_with_rowid=False,
)
