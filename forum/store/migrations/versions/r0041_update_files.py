"""Adds files beside updates of commitments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No update has a file yet."""
    op.create_table(
        "update_file",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("shows", sa.Text(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["commitment_update.id"], name=op.f("fk_update_file_id_commitment_update")),
        sa.ForeignKeyConstraint(["commitment"], ["commitment.id"], name=op.f("fk_update_file_commitment_commitment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_update_file")),
    )
    op.create_index(op.f("ix_update_file_commitment"), "update_file", ["commitment"])
