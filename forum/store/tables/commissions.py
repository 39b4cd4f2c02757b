"""Commissions, decisions and their commitments."""

from __future__ import annotations

import sqlalchemy as sa

from forum.store.tables.schema import Words, flag, identity, json, metadata, reference, seq, words

commission = sa.Table(
    "commission",
    metadata,
    seq(),
    identity(),
    words("title"),
    words("question"),
    words("stage"),
    json("power"),
    json("groups"),
    sa.Column("threshold", sa.Integer, nullable=False),
    json("support"),
    flag("demonstration"),
    flag("rehearsal"),
    words("created_at"),
)

decision = sa.Table(
    "decision",
    metadata,
    seq(),
    identity(),
    reference("commission", "commission.id"),
    json("rounds"),
    words("outcome"),
    words("response", nullable=True),
    words("rationale"),
    words("why"),
    words("dissent"),
    sa.Column("earlier", Words, nullable=False, server_default=sa.text("''")),
    words("decided_at"),
    sa.Column("entry", sa.Integer),
)

commitment = sa.Table(
    "commitment",
    metadata,
    seq(),
    identity(),
    reference("decision", "decision.id"),
    words("role"),
    words("what"),
    words("by"),
)
