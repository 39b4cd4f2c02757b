"""The library of accepted stories, with its full-text index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from forum.store.library import shelved

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_STORY = sa.table("story", *map(sa.column, ("seq", "id", "commission", "title", "twee", "status", "told_by")))
_COMMISSION = sa.table("commission", sa.column("id"), sa.column("groups", sa.JSON()))


def upgrade() -> None:
    """The tables and the index; stories accepted already are put in, as the program of today does it."""
    op.create_table(
        "library",
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("told_by", sa.Text(), nullable=False),
        sa.Column("told_by_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name="fk_library_story"),
        sa.PrimaryKeyConstraint("story", name="pk_library"),
    )
    op.create_index("ix_library_told_by_key", "library", ["told_by_key"], unique=False)
    op.create_table(
        "library_note",
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name="fk_library_note_story"),
        sa.PrimaryKeyConstraint("story", "key", name="pk_library_note"),
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.create_table(
            "library_words",
            sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
            sa.Column("words", TSVECTOR(), nullable=False),
            sa.ForeignKeyConstraint(["seq"], ["story.seq"], name="fk_library_words_seq"),
            sa.PrimaryKeyConstraint("seq", name="pk_library_words"),
        )
        op.create_index("ix_library_words_words", "library_words", ["words"], postgresql_using="gin")
    else:
        op.execute(
            "CREATE VIRTUAL TABLE library_words USING fts5(title, setting, body, "
            "tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* Co Mc'\")"
        )
    found = op.get_bind().execute(
        sa.select(_STORY.c.seq, _STORY.c.id, _STORY.c.title, _STORY.c.twee, _STORY.c.told_by, _COMMISSION.c.groups)
        .join_from(_STORY, _COMMISSION, _STORY.c.commission == _COMMISSION.c.id)
        .where(_STORY.c.status == "accepted")
    )
    for seq, story, title, twee, told_by, groups in found.all():
        group = next((group["label"] for group in groups if group["id"] == told_by), None)
        for statement, values in shelved(seq, story, title, twee, group, postgresql=postgresql):
            op.get_bind().execute(statement, values)
