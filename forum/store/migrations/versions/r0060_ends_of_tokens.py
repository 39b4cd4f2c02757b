"""Adds how many wrong codes were tried in a row, and the day on which tokens of before end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

_TOKEN = sa.table("token", *map(sa.column, ("role", "expires_on")))
_DAYS = 365


def upgrade() -> None:
    """Adds the column; no wrong code has been tried yet. Tokens that had no end have one a year from now, so that no
    program stops on the day of a new version."""
    op.add_column("second_step", sa.Column("wrong", sa.Integer(), nullable=False, server_default=sa.text("0")))
    ends = (datetime.now(UTC) + timedelta(days=_DAYS)).date().isoformat()
    without = (_TOKEN.c.role == "", _TOKEN.c.expires_on == "")
    op.get_bind().execute(sa.update(_TOKEN).where(*without).values(expires_on=ends))
