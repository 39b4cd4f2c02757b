"""Adds corrections of decisions, and decisions in the place of others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was corrected yet."""
    op.create_table(
        "decision_correction",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("id", "decision", "because", "words", "replaced_by", "at")
        ),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["decision"], ["decision.id"], name=op.f("fk_decision_correction_decision_decision")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_decision_correction")),
        sa.UniqueConstraint("id", name=op.f("uq_decision_correction_id")),
    )
    op.create_index(op.f("ix_decision_correction_decision"), "decision_correction", ["decision"])
