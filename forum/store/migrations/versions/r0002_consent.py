"""Adds the permissions of a story's writer, and the times of publication and withdrawal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Stories that are here already were told that they may be published and played; nobody asked about quoting."""
    for name in ("may_perform", "may_publish", "may_quote"):
        op.add_column("story", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in ("published_at", "withdrawn_at"):
        op.add_column("story", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))
    story = sa.table(
        "story",
        sa.column("may_perform", sa.Boolean()),
        sa.column("may_publish", sa.Boolean()),
        sa.column("published_at", sa.Text()),
        sa.column("moderated_at", sa.Text()),
        sa.column("status", sa.Text()),
    )
    op.execute(sa.update(story).values(may_perform=True, may_publish=True))
    op.execute(sa.update(story).where(story.c.status == "accepted").values(published_at=story.c.moderated_at))
