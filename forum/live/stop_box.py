"""The stops of the audience: gathered while the last commit runs, one transaction, then answered.

A room full of people presses at once, and nobody may be told "the facilitator sees it" before it is on disk. A stop
whose transaction fails is answered "stop_not_stored"; sent again it is the same stop.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import msgspec

from forum.live.group_commit import Committed, GroupCommit
from forum.live.messages import StopMessage
from forum.ports import Store, Work
from forum.sessions.session import LiveSession
from forum.sessions.stop import MOST_HOW, Stop
from forum.stories.visible_text import upright

MOST_WAITING = 5_000
# Each takes two statements of its own: of a hall that presses at once some wait, and ballots go before them.
BATCH = 200


class Press(msgspec.Struct, frozen=True):
    """A stop on its way: whose, in which session and showing, and what was said with it."""

    session: str
    participant: str
    showing: str
    character: str
    how: str
    at: str


Answer: TypeAlias = Callable[[str], None]
Pressed: TypeAlias = Callable[[str], None]


def press_of(message: StopMessage, participant: str, session: str, at: str) -> Press:
    """Makes the stop in a message."""
    return Press(session, participant, message.showing, upright(message.character), upright(message.how), at)


def refusal(press: Press, characters: Iterable[str]) -> str:
    """Returns the code of messages.REFUSALS for what can be told from the stop itself; "" for nothing."""
    if len(press.how) > MOST_HOW:
        return "how_too_long"
    return "" if not press.character or press.character in characters else "unknown_character"


class Stopping:
    """Takes presses from everywhere in this process. `pressed` is called with every session that has a new one."""

    def __init__(self, store: Store, pressed: Pressed) -> None:
        self._pressed = pressed
        self._presses = GroupCommit(store, self._commit, _not_stored, most_waiting=MOST_WAITING, batch=BATCH)

    def press(self, press: Press, answer: Answer) -> None:
        """Takes a press and returns at once; `answer` is called exactly once, with a refusal's code or ""."""
        self._presses.put(press, answer)

    async def press_and_wait(self, press: Press) -> str:
        """Takes a press and returns its refusal's code or "", for a caller that can wait, as a form post can."""
        return await self._presses.put_and_wait(press)

    async def drain(self) -> None:
        """Returns when everything taken so far has been answered. For closing down."""
        await self._presses.drain()

    async def _commit(self, work: Work, presses: Sequence[Press]) -> Committed[str]:
        sessions = {id_: await work.sessions.get_session(id_) for id_ in {press.session for press in presses}}
        codes = [await _kept(work, sessions[press.session], press) for press in presses]
        new = {press.session for press, code in zip(presses, codes, strict=True) if not code}
        return codes, lambda: self._tell(new)

    def _tell(self, sessions: Iterable[str]) -> None:
        for session in sessions:
            self._pressed(session)


def _not_stored(press: Press) -> str:
    return "stop_not_stored"


async def _kept(work: Work, session: LiveSession, press: Press) -> str:
    """Keeps one press; returns the code of its refusal, or ""."""
    cue = session.cue
    if session.ended or not cue.showing or cue.showing != press.showing or cue.scenario is None or cue.scene is None:
        return "scene_over"
    stop = Stop(
        id=secrets.token_hex(16),
        session=session.id,
        showing=cue.showing,
        since=cue.since,
        scenario=cue.scenario,
        scene=cue.scene,
        at=press.at,
        participant=press.participant,
        character=press.character,
        how=press.how,
    )
    kept = await work.stops.press(stop)
    if kept is None:
        return "cannot_stop"
    changed = (kept.character, kept.how) != (press.character, press.how)
    return "stop_taken" if kept.fixed and changed else ""
