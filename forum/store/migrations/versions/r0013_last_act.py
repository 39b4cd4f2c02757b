"""The facilitator's last act in each session, to undo it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table, empty: what was done before cannot be undone."""
    op.create_table(
        "last_act",
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("changes", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name="fk_last_act_session"),
        sa.PrimaryKeyConstraint("session", name="pk_last_act"),
    )
