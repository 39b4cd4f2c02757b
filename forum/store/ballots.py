"""Ballots as they are read: all of a round, counted by the database, or somebody's."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from forum.store.ballot_statements import statements
from forum.store.base import Area, Batch, Link, Row
from forum.store.tables import ballot, storable
from forum.voting.ballot import Ballot
from forum.voting.suppression import GroupId

_PIECE = 500  # ballots converted before the event loop gets a turn


class SqlBallots(Area):
    """The part of the contract of ports.voting.Rounds that reads ballots."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._statements = statements(postgresql=link.postgresql)

    async def voted(self, rounds: Sequence[str]) -> dict[str, int]:
        """Returns how many ballots each of these rounds has, by round id."""
        rows = await self._quick(self._statements.voted, [(storable(one),) for one in rounds])
        counts = {round_id: int(count) for round_id, count in rows}
        return {one: counts.get(one, 0) for one in rounds}

    async def choices(self, round_id: str) -> dict[str, int]:
        """Returns how many ballots of a round have each choice; choices that nobody made are left out."""
        wanted = sa.select(ballot.c.choice, sa.func.count().label("times")).where(ballot.c.round == round_id)
        return {row["choice"]: row["times"] for row in await self._link.rows(wanted.group_by(ballot.c.choice))}

    async def by_group(self, round_id: str) -> dict[GroupId, int]:
        """Returns how many ballots of a round come from each group; groups without one are left out."""
        wanted = sa.select(ballot.c.group_id, sa.func.count().label("times")).where(ballot.c.round == round_id)
        return {row["group_id"]: row["times"] for row in await self._link.rows(wanted.group_by(ballot.c.group_id))}

    async def ballots(self, round_id: str) -> list[Ballot]:
        """Returns every ballot of a round in the order of their random ids, which does not show who came first."""
        rows = await self._quick(self._statements.whole, [(storable(round_id),)])
        converted: list[Ballot] = []
        for start in range(0, len(rows), _PIECE):
            # By place: by name it would take twice as long.
            converted += [Ballot(*(*row[:9], bool(row[9]))) for row in rows[start : start + _PIECE]]
            await asyncio.sleep(0)  # converting thousands at once would delay a live room
        return converted

    async def ballots_with_words(self, round_id: str) -> list[Ballot]:
        """Returns the ballots of a round that say why, or on which condition; see ports.voting.Rounds."""
        words = (ballot.c.reason != "") | (ballot.c.condition != "")
        wanted = sa.select(ballot).where(ballot.c.round == round_id, words).order_by(ballot.c.ballot)
        return [_ballot(row) for row in await self._link.rows(wanted)]

    async def given(self, round_id: str) -> list[tuple[GroupId, str]]:
        """Returns the group and the choice of every ballot of a round; see ports.voting.Rounds.given."""
        rows = await self._quick(self._statements.given, [(storable(round_id),)])
        return [one for group, choice, times in rows for one in [(group, choice)] * times]

    async def choices_by(self, round_id: str) -> dict[str, str]:
        """Returns who chose what in a round; see ports.voting.Rounds.choices_by."""
        rows = await self._quick(self._statements.choices_by, [(storable(round_id),)])
        return {who: choice for who, choice in rows}  # noqa: C416  # rows are sequences of any length

    async def ballots_after(self, round_id: str, participant: str, most: int) -> list[Ballot]:
        """Returns the next ballots of a round, `most` at most; see ports.voting.Rounds.ballots_after."""
        wanted = sa.select(ballot).where(ballot.c.round == round_id, ballot.c.participant > participant)
        return [_ballot(row) for row in await self._link.rows(wanted.order_by(ballot.c.participant).limit(most))]

    async def origins(self, round_id: str) -> dict[tuple[GroupId, bool], int]:
        """Returns how many ballots of a round come from each group (None: not said), on paper (True) and not."""
        wanted = sa.select(ballot.c.group_id, ballot.c.paper, sa.func.count().label("times"))
        rows = await self._link.rows(
            wanted.where(ballot.c.round == round_id).group_by(ballot.c.group_id, ballot.c.paper)
        )
        return {(row["group_id"], bool(row["paper"])): row["times"] for row in rows}

    async def ballots_by(self, participant: str, rounds: Sequence[str]) -> list[Ballot]:
        """Returns the ballots that a participant cast in these rounds."""
        wanted = sa.select(ballot).where(ballot.c.participant == participant, self._link.among(ballot.c.round, rounds))
        return [_ballot(row) for row in await self._link.rows(wanted)]

    async def _quick(self, over: Batch, rows: Collection[tuple[str, ...]]) -> Sequence[Sequence[Any]]:
        # In order, so that rows that lie beside each other are written together.
        return await self._link.quick(over, sorted(rows)) if rows else []


def _ballot(row: Row) -> Ballot:
    return Ballot(
        round=row["round"],
        participant=row["participant"],
        choice=row["choice"],
        reason=row["reason"],
        group=row["group_id"],
        ballot=row["ballot"],
        salt=row["salt"],
        group_salt=row["group_salt"],
        paper=bool(row["paper"]),
        condition=row["condition"],
    )
