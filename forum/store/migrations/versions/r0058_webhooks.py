"""Adds webhooks, the messages to them, and the sites that may show a commission's results."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    """There are none yet."""
    op.create_table(
        "webhook",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        *_words("id", "commission", "url"),
        sa.Column("events", sa.JSON(), nullable=False),
        *_words("by", "created_at", "failing_since", "stopped_at"),
        sa.ForeignKeyConstraint(["commission"], ["commission.id"], name=op.f("fk_webhook_commission_commission")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_webhook")),
        sa.UniqueConstraint("id", name=op.f("uq_webhook_id")),
    )
    op.create_index(op.f("ix_webhook_commission"), "webhook", ["commission"])
    op.create_table(
        "hook_message",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        *_words("id", "webhook", "event", "at"),
        sa.Column("facts", sa.JSON(), nullable=False),
        *_words("state"),
        sa.Column("tries", sa.Integer(), nullable=False),
        *_words("not_before", "tried_at", "heard", "claim", "claim_until"),
        sa.ForeignKeyConstraint(["webhook"], ["webhook.id"], name=op.f("fk_hook_message_webhook_webhook")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_hook_message")),
        sa.UniqueConstraint("id", name=op.f("uq_hook_message_id")),
    )
    op.create_index(op.f("ix_hook_message_webhook"), "hook_message", ["webhook"])
    op.create_index("ix_hook_message_state_not_before", "hook_message", ["state", "not_before"])
    op.create_table(
        "embedder",
        *_words("commission"),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["commission"], ["commission.id"], name=op.f("fk_embedder_commission_commission")),
        sa.PrimaryKeyConstraint("commission", name=op.f("pk_embedder")),
    )
