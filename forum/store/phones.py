"""Many phones at once: they join, and ask who they are and what is their own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from itertools import product
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from forum.errors import NotFound
from forum.ports.phones import Own, Sent
from forum.sessions.session import LiveSession, Participant
from forum.store.base import Area, Batch, Link
from forum.store.device_digest import salted
from forum.store.sessions import SqlSessions
from forum.store.tables import ballot, me_too, participant, reason, stop, storable

JOINING = ("id", "session", "device", "group_id", "joined_at", "passing", "observer")


class _Statements(msgspec.Struct, frozen=True):
    join: Batch
    here: Batch
    groups: Batch
    ballots: Batch
    stops: Batch
    reasons: Batch
    too: Batch


@cache
def _statements(*, of_postgresql: bool) -> _Statements:
    joining = Batch.of(JOINING, of_postgresql=of_postgresql)
    # Without a WHERE, SQLite reads the ON of "ON CONFLICT" as a join's.
    those = sa.select(*(sa.cast(joining.c[name], participant.c[name].type) for name in JOINING)).where(sa.true())
    insert = (postgresql if of_postgresql else sqlite).insert(participant)
    join = insert.from_select(JOINING, those).on_conflict_do_nothing().returning(participant.c.id)

    def looked_up(table: sa.Table, key: tuple[str, ...], *wanted: str) -> Batch:
        """Returns a statement that gives each row of a batch of keys with what the table has there, NULL for nothing.

        In subqueries, never in a join, for the reason that ballot_statements.py gives.
        """
        batch = Batch.of(key, of_postgresql=of_postgresql)
        its = [table.c[name] == batch.c[name] for name in key]
        found = (sa.select(table.c[name]).where(*its).scalar_subquery() for name in wanted)
        return Batch(sa.select(*batch.c, *found), key)

    return _Statements(
        join=Batch(join, JOINING),
        here=looked_up(participant, ("session", "device"), "id", "group_id", "joined_at", "passing", "observer"),
        groups=looked_up(participant, ("id",), "group_id"),
        ballots=looked_up(ballot, ("round", "participant"), "choice", "reason", "condition"),
        stops=looked_up(stop, ("participant", "showing"), "character", "how"),
        reasons=looked_up(reason, ("round", "participant"), "words", "condition"),
        too=looked_up(me_too, ("reason", "participant"), "reason"),
    )


class SqlPhones(Area):
    """The database's phones. The contract is ports.phones.Phones."""

    def __init__(self, link: Link, sessions: SqlSessions) -> None:
        super().__init__(link)
        self._sessions = sessions
        self._statements = _statements(of_postgresql=link.postgresql)

    async def join(self, joining: Sequence[tuple[Participant, str]]) -> list[Participant]:
        """Adds participants with their devices; see ports.phones.Phones."""
        # What PostgreSQL reads out of a text, SQLite has as a number.
        flag: Callable[[bool], object] = (lambda is_: str(is_).lower()) if self._link.postgresql else int
        rows = [
            (
                who.id,
                who.session,
                salted(who.session, device),
                who.group,
                who.joined_at,
                flag(who.passing),
                flag(who.observer),
            )
            for who, device in joining
        ]
        # In the order of devices, so that two processes that add the same ones do not wait for each other in a circle.
        rows.sort(key=lambda row: row[1:3])
        added = {row[0] for row in await self._link.quick(self._statements.join, rows)}
        return [who if who.id in added else await self._sessions.here(who.session, device) for who, device in joining]

    async def known(self, asked: Sequence[tuple[str, str]]) -> list[tuple[LiveSession | None, Participant | None]]:
        """Returns the session of each code and the participant of each device in it; see ports.phones.Phones."""
        sessions = {code: await self._session(code) for code in {code: None for code, _ in asked}}
        keys = [
            (session.id, salted(session.id, device)) if session is not None and device else None
            for code, device in asked
            for session in [sessions[code]]
        ]
        here = {}
        for session_id, device, id_, group, at, *flags in await self._quick(self._statements.here, keys):
            if id_ is not None:
                here[session_id, device] = Participant(id_, session_id, group, at, *map(bool, flags))
        return [(sessions[code], here.get(key) if key else None) for (code, _), key in zip(asked, keys, strict=True)]

    async def own(
        self, participants: Collection[str], rounds: Collection[str], showing: str, shown: str, listed: Collection[str]
    ) -> dict[str, Own]:
        """Returns what each of these participants has; see ports.phones.Phones."""
        own = {storable(one): Own([], set()) for one in participants}
        sql = self._statements
        for id_, group in await self._quick(sql.groups, ((one,) for one in own)):
            own[id_].group = group
        for round_id, id_, *sent in await self._quick(sql.ballots, product(rounds, own)):
            if sent[0] is not None:
                own[id_].ballots.append(Sent(round_id, *sent))
        if showing:
            for id_, _, character, how in await self._quick(sql.stops, product(own, [showing])):
                own[id_].stop = None if character is None else (character, how)
        if shown:
            for _, id_, words, condition in await self._quick(sql.reasons, product([shown], own)):
                own[id_].reason = None if words is None else (words, condition)
        for reason_id, id_, said in await self._quick(sql.too, product(listed, own)):
            if said is not None:
                own[id_].too.add(reason_id)
        return own

    async def _session(self, code: str) -> LiveSession | None:
        try:
            return await self._sessions.session_by_code(code)
        except NotFound:
            return None

    async def _quick(self, over: Batch, rows: Iterable[tuple[str, ...] | None]) -> Sequence[Sequence[Any]]:
        """Runs a statement over the rows that there are; over none it does not."""
        there = [row for row in dict.fromkeys(rows) if row is not None]
        return await self._link.quick(over, there) if there else []
