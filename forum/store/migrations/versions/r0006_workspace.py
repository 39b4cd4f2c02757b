"""Stories while they are being written: drafts, their versions, what others suggest; new versions of public stories."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three tables, empty; and two columns of the story, empty too."""
    for name in ("revision", "revised_at"):
        op.add_column("story", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))
    # Of a form that was sent twice at once there may be two stories; the link goes on leading to the first.
    op.execute(
        "UPDATE story SET link = '' WHERE link <> '' AND seq NOT IN"
        " (SELECT min(seq) FROM story WHERE link <> '' GROUP BY link)"
    )
    op.drop_index("ix_story_link", table_name="story")
    linked = sa.text("link <> ''")
    op.create_index("uq_story_link", "story", ["link"], unique=True, sqlite_where=linked, postgresql_where=linked)
    op.create_table(
        "draft",
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("build", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name="fk_draft_story"),
        sa.PrimaryKeyConstraint("story", name="pk_draft"),
    )
    op.create_index("ix_draft_build", "draft", ["build"], unique=False)
    op.create_table(
        "version",
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name="fk_version_story"),
        sa.PrimaryKeyConstraint("story", "number", name="pk_version"),
    )
    text = ("kind", "words", "at", "place", "seen", "title", "url")
    op.create_table(
        "suggestion",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in text),
        sa.Column("group_id", sa.Text(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "by", "outcome", "because", "answered_at")),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name="fk_suggestion_story"),
        sa.PrimaryKeyConstraint("seq", name="pk_suggestion"),
        sa.UniqueConstraint("id", name="uq_suggestion_id"),
    )
    op.create_index("ix_suggestion_story", "suggestion", ["story"], unique=False)
