"""Undoing the facilitator's last act.

Around each act of the console, in the same unit of work, stands what facilitators can change: before it and after it.
What differs is kept as the session's last act, for everybody on the console. What an act did to a vote that has been
opened, closed, shown or annulled, or to the record, is final: then there is nothing to undo.

Undoing puts back what that act changed, and nothing else; where something of it has been changed since, nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import msgspec

from forum.errors import IllegalMove
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.services.sessions import guard
from forum.services.sessions.acts import Desk, Outcome, nothing_open, playable
from forum.sessions.proposal import DROPPED, OFF, WITHDRAWN
from forum.sessions.session import BREAK, Cue, LastAct, LiveSession
from forum.sessions.stop import HIDDEN, WAITING
from forum.voting.round import DRAFT

# For so long a session that was ended can be opened again.
REOPEN = timedelta(hours=1)

_GONE_ON = "Something else was done since, or this was undone already. Look at what is on screen now."
_CHANGED = "What this did was changed since, so it cannot be undone any more."
_OVER = "This session ended more than an hour ago. It cannot be opened again."
_CODE = "Another session has this join code by now, so this one cannot be opened again."

_OF_STOP = ("state", "taken_at", "tried", "verdict", "magic", "response", "entered")
_OF_DRAFT = ("responses", "method", "quorum", "quorum_each", "live", "versions")

# What can be put back, by what it is: "cue", "paused", "stop ID", "round ID" and so on.
State: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class _Seen:
    """What facilitators can change in a session: what can be put back, and what is final."""

    state: State
    votes: Mapping[str, tuple[str, bool]]
    held: tuple[str, ...]


class Remembering:
    """ports.Store for one act of the console: each unit of work keeps what undoes it."""

    def __init__(self, store: Store, clock: Clock, session: str, act: str) -> None:
        self._store = store
        self._clock = clock
        self._session = session
        self._act = act

    def begin(self, *, first: bool = False) -> AbstractAsyncContextManager[Work]:
        """One unit of work, in which the session is locked from the start."""
        return self._unit(first=first)

    def read(self) -> AbstractAsyncContextManager[Work]:
        """A snapshot to read from."""
        return self._store.read()

    async def scrub(self) -> None:
        """Passed on."""
        await self._store.scrub()

    async def close(self) -> None:
        """Passed on."""
        await self._store.close()

    @asynccontextmanager
    async def _unit(self, *, first: bool) -> AsyncIterator[Work]:
        async with self._store.begin(first=first) as work:
            before = await _seen(work, await work.sessions.get_session(self._session, lock=True))
            yield work
            after = await _seen(work, await work.sessions.get_session(self._session))
            await self._keep(work, before, after)

    async def _keep(self, work: Work, before: _Seen, after: _Seen) -> None:
        changes = _changes(before.state, after.state)
        lifted = before.held != after.held
        if "ended" in changes:
            if lifted:
                # Results by group are in the record now: badges stay on.
                del changes["badges_off"]
        elif lifted or any(after.votes.get(id_) != vote for id_, vote in before.votes.items()):
            await work.last_acts.forget_last_act(self._session)
            return
        if changes:
            act = LastAct(secrets.token_hex(16), self._session, self._act, self._clock.now(), changes)
            await work.last_acts.put_last_act(act)


async def undo_act(desk: Desk, session: str, id_: str) -> Outcome:
    """Puts back what the act with this id did.

    Raises IllegalMove where it is no longer the last act, where something that it did was changed since, or where it
    cannot be as it was.
    """
    async with desk.store.begin() as work:
        live = await guard.of_kind(work, session, desk.kind, lock=True)
        last = await work.last_acts.get_last_act(session)
        if last is None or last.id != id_:
            raise IllegalMove(_GONE_ON)
        if live.ended and "ended" not in last.changes:
            raise IllegalMove(guard.ENDED)
        now = (await _seen(work, live)).state
        if any(now.get(name) != after for name, (_before, after) in last.changes.items()):
            raise IllegalMove(_CHANGED)
        await _possible(desk, work, live, last)
        for name, (before, after) in last.changes.items():
            await _put_back(work, live, name, before, after)
        await work.last_acts.forget_last_act(session)
        after_it = _back(live, last.changes)
        await work.sessions.save_session(after_it)
        return Outcome(after_it)


async def _possible(desk: Desk, work: Work, live: LiveSession, last: LastAct) -> None:
    if "ended" in last.changes:
        if datetime.fromisoformat(desk.clock.now()) - datetime.fromisoformat(last.at) > REOPEN:
            raise IllegalMove(_OVER)
        if (await work.sessions.session_by_code(live.code)).id != live.id:
            raise IllegalMove(_CODE)
    if "cue" in last.changes:
        before = _cue(last.changes["cue"][0])
        if before.scenario is not None:
            await playable(work, before.scenario)
        if (before.kind, before.round, before.showing) != (live.cue.kind, live.cue.round, live.cue.showing):
            await nothing_open(work, live)


async def _seen(work: Work, live: LiveSession) -> _Seen:
    state: State = {"cue": live.cue, "paused": live.paused, "badges_off": live.badges_off, "ended": live.ended}
    rounds = await work.rounds.list_rounds(live.id)
    for round_ in rounds:
        if round_.state == DRAFT:
            state[f"round {round_.id}"] = {name: getattr(round_, name) for name in _OF_DRAFT}
    for stop in await work.stops.list_stops(live.id):
        state[f"stop {stop.id}"] = {name: getattr(stop, name) for name in _OF_STOP}
    for proposal in await work.proposals.list_proposals(live.id):
        state[f"proposal {proposal.id}"] = {"state": proposal.state, "words": proposal.words}
    for amendment in await work.proposals.amendments(live.id):
        state[f"amendment {amendment.id}"] = amendment.state
    for pledge in await work.proposals.pledges(live.id):
        state[f"pledge {pledge.id}"] = pledge.state
    if live.cue.round is not None:
        state |= {f"reason {reason.id}": reason.state for reason in await work.reasons.list_reasons(live.cue.round)}
    asked = (await work.care.list_asked(live.id)).get((BREAK, ""))
    state["breaks"] = asked.seen if asked is not None else 0
    # As it comes back from the database.
    plain: State = msgspec.json.decode(msgspec.json.encode(state))
    return _Seen(plain, {r.id: (r.state, r.closing_soon) for r in rounds}, live.held)


def _changes(before: State, after: State) -> dict[str, tuple[Any, Any]]:
    """What differs. What is new was nothing before; a new draft harms nobody, reasons come and go by themselves, and a
    stop that waits was pressed by somebody in the audience at this moment."""
    found = {}
    for name, value in after.items():
        new = name not in before
        kind = name.partition(" ")[0]
        if new and (kind in {"round", "reason"} or (kind == "stop" and value["state"] == WAITING)):
            continue
        if new or before[name] != value:
            found[name] = (None if new else before[name], value)
    return found


async def _put_back(work: Work, live: LiveSession, name: str, before: Any, after: Any) -> None:
    """One thing as it was; what was nothing before is put aside."""
    kind, _, id_ = name.partition(" ")
    if kind == "stop":
        stop = await work.stops.get_stop(id_)
        await work.stops.save_stop(replace(stop, **(before or {"state": HIDDEN})))
    elif kind == "round":
        draft = await work.rounds.get_round(id_, lock=True)
        await work.rounds.save_round(msgspec.convert(msgspec.to_builtins(draft) | before, type(draft)))
    elif kind == "proposal":
        proposal = await work.proposals.get_proposal(id_)
        await work.proposals.save_proposal(replace(proposal, **(before or {"state": OFF})))
    elif kind == "amendment":
        [amendment] = [a for a in await work.proposals.amendments(live.id) if a.id == id_]
        await work.proposals.close_amendment(replace(amendment, state=before or DROPPED))
    elif kind == "pledge":
        [pledge] = [p for p in await work.proposals.pledges(live.id) if p.id == id_]
        await work.proposals.save_pledge(replace(pledge, state=before or WITHDRAWN))
    elif kind == "reason":
        await work.reasons.move_reason(id_, before)
    elif kind == "breaks":
        await work.care.see(live.id, BREAK, before)


def _back(live: LiveSession, changes: Mapping[str, tuple[Any, Any]]) -> LiveSession:
    """The session as it was, with something to show to its screens."""
    was = {name: changes[name][0] for name in ("paused", "badges_off", "ended") if name in changes}
    cue = _cue(changes["cue"][0]) if "cue" in changes else live.cue
    ended_at = "" if "ended" in was else live.ended_at
    return replace(live, cue=cue, ended_at=ended_at, **was).changed()


def _cue(plain: Mapping[str, Any]) -> Cue:
    return msgspec.convert(plain, Cue)
