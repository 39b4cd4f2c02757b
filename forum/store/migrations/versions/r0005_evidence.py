"""Evidence beside stories: links, and files with their content."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables, empty."""
    op.create_table(
        "evidence",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.Text(), nullable=False),
        sa.Column("shown_at", sa.Text(), nullable=False),
        sa.Column("declined_at", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["story"], ["story.id"], name="fk_evidence_story"),
        sa.PrimaryKeyConstraint("seq", name="pk_evidence"),
        sa.UniqueConstraint("id", name="uq_evidence_id"),
    )
    op.create_index("ix_evidence_story", "evidence", ["story"], unique=False)
    op.create_table(
        "evidence_file",
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["evidence"], ["evidence.id"], name="fk_evidence_file_evidence"),
        sa.PrimaryKeyConstraint("evidence", name="pk_evidence_file"),
    )
