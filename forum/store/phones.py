"""Many phones at once: they join, and ask who they are and what is their own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from forum.errors import NotFound
from forum.ports.phones import Own, Sent
from forum.sessions.session import LiveSession, Participant
from forum.store.ballot_statements import batch_of, values
from forum.store.base import Area, Link, Quick
from forum.store.device_digest import salted
from forum.store.sessions import SqlSessions
from forum.store.tables import ballot, me_too, participant, reason, stop, storable

JOINING = ("id", "session", "device", "group_id", "joined_at", "passing", "observer")


@dataclass(frozen=True)
class _Statements:
    join: Quick
    here: Quick
    groups: Quick
    ballots: Quick
    stops: Quick
    reasons: Quick
    too: Quick


@cache
def _statements(*, of_postgresql: bool) -> _Statements:
    def among(column: sa.Column[Any], name: str) -> sa.ColumnElement[bool]:
        """Returns the condition that a column has one of the texts in a parameter, however many there are."""
        if of_postgresql:
            return column == sa.any_(sa.bindparam(name, type_=postgresql.ARRAY(sa.Text)))
        return column.in_(sa.select(sa.func.json_each(sa.bindparam(name)).table_valued("value").c.value))

    def columns(table: sa.Table, *names: str) -> sa.Select[Any]:
        return sa.select(*(table.c[name] for name in names))

    of_round = sa.select(reason.c.id).where(reason.c.round == sa.bindparam("round"))
    joining = batch_of(JOINING, of_postgresql=of_postgresql)
    # Without a WHERE, SQLite reads the ON of "ON CONFLICT" as a join's.
    those = sa.select(*(sa.cast(joining.c[name], participant.c[name].type) for name in JOINING)).where(sa.true())
    insert = (postgresql if of_postgresql else sqlite).insert(participant)
    return _Statements(
        join=insert.from_select(JOINING, those).on_conflict_do_nothing().returning(participant.c.id),
        here=columns(participant, "device", "id", "group_id", "joined_at", "passing", "observer").where(
            participant.c.session == sa.bindparam("session"), among(participant.c.device, "these")
        ),
        groups=columns(participant, "id", "group_id").where(among(participant.c.id, "these")),
        ballots=columns(ballot, "participant", "round", "choice", "reason", "condition").where(
            among(ballot.c.round, "rounds"), among(ballot.c.participant, "these")
        ),
        stops=columns(stop, "participant", "character", "how").where(
            stop.c.showing == sa.bindparam("showing"), among(stop.c.participant, "these")
        ),
        reasons=columns(reason, "participant", "words", "condition").where(
            reason.c.round == sa.bindparam("round"), among(reason.c.participant, "these")
        ),
        too=columns(me_too, "participant", "reason").where(
            me_too.c.reason.in_(of_round), among(me_too.c.participant, "these")
        ),
    )


class SqlPhones(Area):
    """The database's phones. The contract is ports.phones.Phones."""

    def __init__(self, link: Link, sessions: SqlSessions) -> None:
        super().__init__(link)
        self._sessions = sessions
        self._statements = _statements(of_postgresql=link.postgresql)

    async def join(self, joining: Sequence[tuple[Participant, str]]) -> list[Participant]:
        """Adds participants with their devices; see ports.phones.Phones."""
        # What PostgreSQL reads out of texts, SQLite reads out of JSON.
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
        batch = values(postgresql=self._link.postgresql, columns=JOINING, rows=rows)
        added = {row[0] for row in await self._link.quick(self._statements.join, batch)}
        return [who if who.id in added else await self._sessions.here(who.session, device) for who, device in joining]

    async def known(self, asked: Sequence[tuple[str, str]]) -> list[tuple[LiveSession | None, Participant | None]]:
        """Returns the session of each code and the participant of each device in it; see ports.phones.Phones."""
        sessions = {code: await self._session(code) for code in {code: None for code, _ in asked}}
        wanted: dict[str, set[str]] = {}
        for code, device in asked:
            session = sessions[code]
            if session is not None and device:
                wanted.setdefault(session.id, set()).add(salted(session.id, device))
        here: dict[tuple[str, str], Participant] = {}
        for session_id, devices in wanted.items():
            those = {"session": session_id, "these": self._texts(devices)}
            for device, id_, group, at, *flags in await self._link.quick(self._statements.here, those):
                here[session_id, device] = Participant(id_, session_id, group, at, *map(bool, flags))
        return [
            (session, here.get((session.id, salted(session.id, device))) if session is not None and device else None)
            for code, device in asked
            for session in [sessions[code]]
        ]

    async def own(
        self, participants: Collection[str], rounds: Collection[str], showing: str, shown: str
    ) -> dict[str, Own]:
        """Returns what each of these participants has; see ports.phones.Phones."""
        own = {storable(one): Own([], set()) for one in participants}
        sql, these = self._statements, self._texts(own)
        for id_, group in await self._link.quick(sql.groups, {"these": these}):
            own[id_].group = group
        if rounds:
            for id_, *sent in await self._link.quick(sql.ballots, {"these": these, "rounds": self._texts(rounds)}):
                own[id_].ballots.append(Sent(*sent))
        if showing:
            for id_, *pressed in await self._link.quick(sql.stops, {"these": these, "showing": showing}):
                own[id_].stop = (pressed[0], pressed[1])
        if shown:
            for id_, *words in await self._link.quick(sql.reasons, {"these": these, "round": shown}):
                own[id_].reason = (words[0], words[1])
            for id_, said in await self._link.quick(sql.too, {"these": these, "round": shown}):
                own[id_].too.add(said)
        return own

    async def _session(self, code: str) -> LiveSession | None:
        try:
            return await self._sessions.session_by_code(code)
        except NotFound:
            return None

    def _texts(self, texts: Iterable[str]) -> object:
        return list(texts) if self._link.postgresql else msgspec.json.encode(list(texts)).decode()
