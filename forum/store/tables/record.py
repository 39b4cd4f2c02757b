"""The record with its disclosures, and facts about the database."""

from __future__ import annotations

import sqlalchemy as sa

from forum.store.tables.schema import Words, metadata, words

# Entries of the record. Triggers made by the first migration refuse UPDATE and DELETE.
entry = sa.Table(
    "entry",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    words("commission"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
)

disclosure = sa.Table(
    "disclosure",
    metadata,
    sa.Column("digest", Words, primary_key=True),
    sa.Column("entry", sa.Integer, nullable=False),
    sa.Column("commission", Words, nullable=False, index=True),
    words("encoded", nullable=True),
    words("withdrawn_at"),
)

# Every checkpoint that was signed; `root` is in hex.
checkpoint = sa.Table(
    "checkpoint",
    metadata,
    sa.Column("size", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("root", Words, primary_key=True),
    words("note"),
    words("signed_at"),
)

cosignature = sa.Table(
    "cosignature",
    metadata,
    sa.Column("size", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("root", Words, primary_key=True),
    sa.Column("witness", Words, primary_key=True, index=True),
    words("at"),
    words("line"),
)

fact = sa.Table(
    "fact",
    metadata,
    sa.Column("name", Words, primary_key=True),
    words("value"),
)
