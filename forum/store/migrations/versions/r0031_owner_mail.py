"""Adds the addresses that owners' links are mailed to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_TEXTS = ("id", "address", "key", "state", "written_at", "not_before", "told", "link")


def upgrade() -> None:
    """No link was mailed yet."""
    op.create_table(
        "owner_mail",
        sa.Column("commitment", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.Column("reminders", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["commitment"], ["commitment.id"], name=op.f("fk_owner_mail_commitment_commitment")),
        sa.PrimaryKeyConstraint("commitment", name=op.f("pk_owner_mail")),
        sa.UniqueConstraint("id", name=op.f("uq_owner_mail_id")),
        sa.UniqueConstraint("key", name=op.f("uq_owner_mail_key")),
        sqlite_with_rowid=False,
    )
