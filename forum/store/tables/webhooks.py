"""Webhooks, the messages to them, and the sites that may show a commission's results in their own pages."""

from __future__ import annotations

import sqlalchemy as sa

from forum.store.tables.schema import Words, identity, json, metadata, reference, seq, words

webhook = sa.Table(
    "webhook",
    metadata,
    seq(),
    identity(),
    reference("commission", "commission.id"),
    words("url"),
    json("events"),
    words("by"),
    words("created_at"),
    words("failing_since"),
    words("stopped_at"),
)

hook_message = sa.Table(
    "hook_message",
    metadata,
    seq(),
    identity(),
    reference("webhook", "webhook.id"),
    words("event"),
    words("at"),
    json("facts"),
    words("state"),
    sa.Column("tries", sa.Integer, nullable=False),
    words("not_before"),
    words("tried_at"),
    words("heard"),
    words("claim"),
    words("claim_until"),
    sa.Index("ix_hook_message_state_not_before", "state", "not_before"),
)

embedder = sa.Table(
    "embedder",
    metadata,
    sa.Column("commission", Words, sa.ForeignKey("commission.id"), primary_key=True),
    json("addresses"),
)
