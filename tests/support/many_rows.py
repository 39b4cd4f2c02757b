"""A large house in seconds: thousands of stories, votes, entries and people, stored as rows in bulk."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from forum.record.verify.encoding import canonical
from forum.record.verify.merkle_tree import leaf_hash
from forum.store import SqlStore
from forum.store.base import plain
from forum.store.library import INDEX
from forum.store.tables import ballot, entry, library, library_note, participant, round_, session, story
from forum.stories import search_terms
from forum.stories.submission import StoryStatus, Submission
from forum.voting.round import Round
from support.factories import CLOCK, a_session, new_id
from support.many_decisions import add_decisions
from support.voted_session import Voted

A_DAY = 25  # votes of one session
VOICES = 12  # ballots of a vote


@dataclass(frozen=True)
class Sizes:
    """Numbers of what there is beside what a house begins with."""

    rounds: int
    stories: int
    queue: int
    entries: int
    decisions: int

    def times(self, share: float) -> Sizes:
        """Returns the same house at another size."""
        return Sizes(*(int(share * number) for number in vars(self).values()))


LARGE = Sizes(rounds=500, stories=5_000, queue=2_000, entries=100_000, decisions=1_000)


async def add_rows(store: SqlStore, rows: dict[sa.Table, list[dict[str, Any]]]) -> None:
    """Adds rows in bulk, in one transaction."""
    async with store.writer.begin() as connection:
        for table, values in rows.items():
            if values:
                await connection.execute(sa.insert(table), values)


async def fill(store: SqlStore, voted: Voted, shown: Submission, waiting: Submission, sizes: Sizes) -> None:
    """Adds so much of everything to a house with a vote, a story that is shown and one that waits to be read."""
    await add_rounds(store, voted, sizes.rounds)
    await add_stories(store, shown, sizes.stories)
    await add_stories(store, waiting, sizes.queue)
    await add_entries(store, voted.live.commission, sizes.entries)
    await add_decisions(store, voted, sizes.decisions)


async def add_rounds(store: SqlStore, voted: Voted, number: int) -> None:
    """Adds so many shown votes to a commission, in sessions of A_DAY, with VOICES ballots each."""
    async with store.read() as work:
        commission = await work.commissions.get_commission(voted.live.commission)
        like = await work.rounds.get_round(voted.rounds[0])
        live = await work.sessions.get_session(voted.live.id)
        cast = (await work.rounds.ballots(like.id))[:VOICES]
    rows: dict[sa.Table, list[dict[str, Any]]] = {session: [], participant: [], round_: [], ballot: []}
    people: list[str] = []
    for count in range(number):
        if count % A_DAY == 0:
            own = a_session(commission)
            day = replace(
                live, id=own.id, code=f"n{own.id[:10]}", projector=own.projector, title=f"Day {count // A_DAY}"
            )
            rows[session].append(plain(day))
            people = [new_id() for _ in cast]
            at = {"session": day.id, "joined_at": CLOCK.now()}
            rows[participant] += [
                {"id": who, "device": new_id() * 2, "group_id": one.group} | at
                for who, one in zip(people, cast, strict=True)
            ]
        vote = replace(like, id=new_id(), session=rows[session][-1]["id"], question=f"Question {count}?")
        rows[round_].append(plain(vote))
        rows[ballot] += [_ballot(vote, who, one.choice, one.group) for who, one in zip(people, cast, strict=True)]
    await add_rows(store, rows)


def _ballot(vote: Round, who: str, choice: str, group: str | None) -> dict[str, Any]:
    randoms = {"ballot": new_id(), "salt": new_id(), "group_salt": new_id()}
    said = {"round": vote.id, "participant": who, "choice": choice, "reason": "", "group_id": group}
    return said | randoms | {"at": CLOCK.now()}


async def add_stories(store: SqlStore, like: Submission, number: int) -> None:
    """Adds so many stories as this one; accepted ones to the library too."""
    async with store.writer.begin() as connection:
        first = (await connection.execute(sa.select(sa.func.coalesce(sa.func.max(story.c.seq), 0)))).scalar_one()
        told = (await connection.execute(sa.select(story).where(story.c.id == like.id))).mappings().one()
        rows = [
            dict(told) | {"seq": first + n, "id": new_id(), "link": new_id(), "title": f"Story {first + n}"}
            for n in range(1, number + 1)
        ]
        if rows:
            await connection.execute(sa.insert(story), rows)
        if rows and like.status == StoryStatus.ACCEPTED:
            shelf = (await connection.execute(sa.select(library).where(library.c.story == like.id))).mappings().one()
            notes = (
                await connection.execute(sa.select(library_note).where(library_note.c.story == like.id))
            ).mappings()
            noted = [dict(note) for note in notes]
            await connection.execute(sa.insert(library), [dict(shelf) | {"story": row["id"]} for row in rows])
            await connection.execute(sa.insert(library_note), [n | {"story": row["id"]} for row in rows for n in noted])
            words = sa.text(f"INSERT INTO {INDEX} (rowid, title, setting, body) VALUES (:seq, :title, 'hall', :title)")
            await connection.execute(
                words,
                [{"seq": row["seq"], "title": " ".join(search_terms.tokens(str(row["title"])))} for row in rows],
            )


async def add_entries(store: SqlStore, commission: str, number: int) -> None:
    """Adds so many entries of no meaning to the record."""
    async with store.writer.begin() as connection:
        start = (
            await connection.execute(sa.select(sa.func.coalesce(sa.func.max(entry.c.position) + 1, 0)))
        ).scalar_one()
        bodies = [
            canonical({"type": "a test", "at": CLOCK.now(), "commission": commission, "number": start + n})
            for n in range(number)
        ]
        rows = [
            {"position": start + n, "commission": commission, "body": body, "leaf_hash": leaf_hash(body)}
            for n, body in enumerate(bodies)
        ]
        if rows:
            await connection.execute(sa.insert(entry), rows)
