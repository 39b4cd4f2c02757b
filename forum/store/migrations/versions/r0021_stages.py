"""Adds the acts that move a commission through its stages: moves, answers to the questions of a stage, closings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Sessions that are here already were made in the stage of their commission: none could be moved before."""
    op.add_column("commission", sa.Column("closed_at", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("session", sa.Column("stage", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.execute("UPDATE session SET stage = (SELECT stage FROM commission WHERE commission.id = session.commission)")
    _table("stage_move", *_texts("came_from", "went_to", "learnt", "better", "took_part", "at"), _index("entry"))
    _table(
        "stage_note",
        *_texts("stage", "question", "words", "at"),
        sa.Column("decision", sa.Text(), nullable=True),
        _index("entry"),
        sa.ForeignKeyConstraint(["decision"], ["decision.id"], name="fk_stage_note_decision"),
    )
    _table(
        "closing",
        *_texts("words"),
        sa.Column("groups", sa.JSON(), nullable=False),
        *_texts("at"),
        _index("entry"),
        *_texts("because", "reopened_at"),
        _index("reopening"),
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _index(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=True)


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    """Makes a table of rows that belong to a commission."""
    op.create_table(
        name,
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        *_texts("id", "commission"),
        *parts,
        sa.ForeignKeyConstraint(["commission"], ["commission.id"], name=f"fk_{name}_commission"),
        sa.PrimaryKeyConstraint("seq", name=f"pk_{name}"),
        sa.UniqueConstraint("id", name=f"uq_{name}_id"),
    )
    op.create_index(f"ix_{name}_commission", name, ["commission"], unique=False)
