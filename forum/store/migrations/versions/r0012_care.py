"""Care: what people ask for without a name, badges, observers, further groups, questions in other words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables, empty. Sessions that are here already wore badges, everybody took part, questions had one wording."""
    op.create_table(
        "asked",
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name="fk_asked_session"),
        sa.PrimaryKeyConstraint("session", "kind", "about", name="pk_asked"),
    )
    op.create_table(
        "also",
        sa.Column("participant", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["participant"], ["participant.id"], name="fk_also_participant"),
        sa.PrimaryKeyConstraint("participant", "group_id", name="pk_also"),
    )
    op.add_column("session", sa.Column("badges_off", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("session", sa.Column("held", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("participant", sa.Column("observer", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("round", sa.Column("versions", sa.JSON(none_as_null=True), nullable=True))
