"""Adds the roles that count in one commission alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has any until an administrator gives them."""
    op.add_column("person", sa.Column("roles_in", sa.JSON(), nullable=True))
