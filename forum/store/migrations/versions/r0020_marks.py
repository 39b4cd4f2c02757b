"""Adds indexes on the marks of browsers beside versions and suggestions."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing that is stored changes."""
    op.create_index("ix_version_by", "version", ["by", "story"])
    op.create_index("ix_suggestion_by", "suggestion", ["by", "story"])
