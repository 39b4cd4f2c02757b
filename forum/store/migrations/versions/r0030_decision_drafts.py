"""Adds drafts of decisions, and how each decision was read before it was published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing is drafted yet; of the decisions that are here already nobody said who read them."""
    op.add_column("decision", sa.Column("second_reader", sa.Text(), nullable=True))
    op.create_table(
        "decision_draft",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "commission")),
        *(sa.Column(name, sa.JSON(none_as_null=True), nullable=False) for name in ("rounds", "form", "writers")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("state", "because")),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commission"], ["commission.id"], name=op.f("fk_decision_draft_commission_commission")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_decision_draft")),
        sa.UniqueConstraint("id", name=op.f("uq_decision_draft_id")),
    )
    op.create_index(op.f("ix_decision_draft_commission"), "decision_draft", ["commission"])
