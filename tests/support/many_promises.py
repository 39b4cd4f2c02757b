"""Thousands of promises with their entries, copied in bulk from one decision: one by one they would take minutes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from forum.record.verify.merkle_tree import leaf_hash
from forum.services import commitments, decisions
from forum.services.commitments import UpdateForm
from forum.services.decision_form import DecisionForm, Promise
from forum.store import SqlStore, tables
from forum.voting.decision import Decision
from support.app import House
from support.decided import ANSWERS
from support.factories import CLOCK, new_id
from support.voted_session import COMMISSIONER, a_vote

# What each copied decision promises: late, done, not done, and still to come, with words of every length.
PROMISES = (
    *(Promise("Police liaison", f"A number to ring, {n}", f"2020-01-{n + 10}", "Nobody answers.") for n in range(4)),
    *(Promise("Head of nights", "Two nurses on every night. " * 8, "2020-06-30") for _ in range(3)),
    *(Promise("The trust", f"Somebody who rings back, {n}", "2099-03-31") for n in range(3)),
)
_NEWS = {4: UpdateForm(state="done", said="They are there."), 5: UpdateForm(state="not done", because="No money.")}


async def decided(house: House) -> Decision:
    """Makes a decision with PROMISES, and says what became of two of them."""
    voted = await a_vote(house.store, threshold=5)
    form = DecisionForm(
        voted.rounds, outcome="adopted", response="r1", rationale="It is near.", answers=ANSWERS, promises=PROMISES
    )
    made = await decisions.decide(house.store, CLOCK, COMMISSIONER, form)
    for place, news in _NEWS.items():
        await commitments.update(house.store, CLOCK, COMMISSIONER, made.commitments[place].id, news)
    async with house.store.read() as work:
        return await work.decisions.get_decision(made.id)


async def copied(house: House, made: Decision, times: int) -> None:
    """Adds so many copies of a decision of `decided`, with its commitments, updates and entries."""
    assert isinstance(house.store, SqlStore)
    its = [one.id for one in made.commitments]
    own = [made.id, *its, *(news.id for one in made.commitments for news in one.updates)]
    async with house.store.writer.begin() as connection:

        async def of(table: sa.Table, *where: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
            order = list(table.primary_key)
            rows = (await connection.execute(sa.select(table).where(*where).order_by(*order))).mappings().all()
            return [{name: row[name] for name in row if name != "seq"} for row in rows]

        rows = {
            tables.decision: await of(tables.decision, tables.decision.c.id == made.id),
            tables.commitment: await of(tables.commitment, tables.commitment.c.decision == made.id),
            tables.commitment_update: await of(
                tables.commitment_update, tables.commitment_update.c.commitment.in_(its)
            ),
        }
        every = await of(tables.entry)
        about = [one for one in every if made.id.encode() in one["body"] or any(i.encode() in one["body"] for i in its)]
        size = len(every)
        new: dict[sa.Table, list[dict[str, Any]]] = {table: [] for table in (*rows, tables.entry)}
        for _ in range(times):
            names = {one: new_id() for one in own}
            for entry in about:
                body = entry["body"]
                for old, other in names.items():
                    body = body.replace(old.encode(), other.encode())
                new[tables.entry].append(entry | {"position": size, "body": body, "leaf_hash": leaf_hash(body)})
                if entry["position"] == made.entry:
                    at = size
                size += 1
            for table, there in rows.items():
                for row in there:
                    copy = {k: names.get(v, v) if isinstance(v, str) else v for k, v in row.items()}
                    new[table].append(copy | ({"entry": at} if table is tables.decision else {}))
        for table, added in new.items():
            await connection.execute(sa.insert(table), added)
