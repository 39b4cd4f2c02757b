"""Adds the links with which the owners of commitments say what became of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has such a link yet."""
    op.create_table(
        "owner_link",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "commitment", "key", "made_at", "revoked_at")),
        sa.ForeignKeyConstraint(["commitment"], ["commitment.id"], name=op.f("fk_owner_link_commitment_commitment")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_owner_link")),
        sa.UniqueConstraint("id", name=op.f("uq_owner_link_id")),
        sa.UniqueConstraint("key", name=op.f("uq_owner_link_key")),
    )
    op.create_index(op.f("ix_owner_link_commitment"), "owner_link", ["commitment"])
