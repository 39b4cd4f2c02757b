"""The programme of a session, tickets, papers counted by hand, and tablets that are passed on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three tables, empty. Sessions that are here already were open by code, and every ballot came from a phone."""
    op.create_table(
        "programme",
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("plan", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name="fk_programme_session"),
        sa.PrimaryKeyConstraint("session", "number", name="pk_programme"),
    )
    op.create_table(
        "ticket",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.Text(), nullable=False),
        sa.Column("used_at", sa.Text(), nullable=False),
        sa.Column("participant", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.Text(), nullable=False),
        sa.Column("replaces", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name="fk_ticket_session"),
        sa.ForeignKeyConstraint(["participant"], ["participant.id"], name="fk_ticket_participant"),
        sa.PrimaryKeyConstraint("seq", name="pk_ticket"),
        sa.UniqueConstraint("id", name="uq_ticket_id"),
        sa.UniqueConstraint("session", "number", name="uq_ticket_session_number"),
        sa.UniqueConstraint("session", "code", name="uq_ticket_session_code"),
    )
    op.create_table(
        "paper",
        sa.Column("round", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("counts", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("handed_out", sa.Integer(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["round"], ["round.id"], name="fk_paper_round"),
        sa.PrimaryKeyConstraint("round", name="pk_paper"),
    )
    op.add_column("session", sa.Column("entrance", sa.Text(), nullable=False, server_default="open code"))
    op.add_column("session", sa.Column("tablet", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("participant", sa.Column("passing", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("ballot", sa.Column("paper", sa.Boolean(), nullable=False, server_default=sa.false()))
