"""The organisation behind this installation: each change of what it says of itself, and its logo."""

from __future__ import annotations

import sqlalchemy as sa

from forum.store.tables.schema import Words, json, metadata, reference, words

organisation = sa.Table(
    "organisation",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    words("at"),
    reference("by", "person.id", nullable=True),
    json("changed"),
    json("said"),
    words("logo"),
)

# Apart, since it is read once for each browser, and the rest in every process again and again.
logo = sa.Table(
    "logo",
    metadata,
    sa.Column("sha256", Words, primary_key=True),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
