"""Many decisions with their votes, promises and drafts, stored as rows all at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from forum.store import SqlStore
from forum.store.base import plain
from forum.store.tables import commitment, commitment_update, decision, decision_draft, round_
from forum.voting.commitment import Commitment, CommitmentState, Update
from forum.voting.decision import Decision, DecisionOutcome, DecisionState
from forum.voting.decision_draft import DecisionDraft
from support.factories import CLOCK, new_id
from support.voted_session import Voted

DAYS = ("2026-01-31", "2126-01-31")  # of promises
APART = {"commitments", "corrections", "replaces", "updates", "replaced_at"}  # what is no column


async def add_decisions(store: SqlStore, voted: Voted, number: int) -> None:
    """Adds to a session so many decided votes, each with a promise and an update of it. Every other promise is late;
    for every tenth vote there is one that waits, and a draft, every other of which has a reader."""
    async with store.read() as work:
        like = await work.rounds.get_round(voted.rounds[0])
    now, rows = CLOCK.now(), dict[sa.Table, list[dict[str, Any]]]()

    def add(table: sa.Table, thing: object) -> None:
        values = {name: value for name, value in plain(thing).items() if name not in APART}
        rows.setdefault(table, []).append(values)

    for count in range(number):
        decided = replace(like, id=new_id(), question=f"Question {count}?")
        made = Decision(
            new_id(),
            voted.live.commission,
            (decided.id,),
            DecisionOutcome.ADOPTED,
            "r1",
            "Because",
            votes=(decided.id,),
            decided_at=now,
        )
        promise = Commitment(new_id(), made.id, "The trust", f"Promise {count}", DAYS[count % 2], at=now)
        add(round_, decided)
        add(decision, made)
        add(commitment, promise)
        add(commitment_update, Update(new_id(), promise.id, CommitmentState.PARTLY, now, "Half of it"))
        if count % 10 == 0:
            waits = replace(like, id=new_id(), question=f"Question {count}, which waits?")
            draft = DecisionDraft(new_id(), made.commission, (waits.id,), {}, (new_id(),), saved_at=now)
            add(round_, waits)
            add(decision_draft, replace(draft, state=DecisionState.WITH_READER) if count % 20 else draft)
    async with store.writer.begin() as connection:
        for table, values in rows.items():
            await connection.execute(sa.insert(table), values)
