"""Adds which account is bound to which identity at a provider of single sign-on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table; nobody is bound yet."""
    op.create_table(
        "binding",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("sub", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_binding_person_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_binding")),
        sa.UniqueConstraint("issuer", "sub", name=op.f("uq_binding_issuer_sub")),
    )
