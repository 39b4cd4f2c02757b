"""Takes the stops of the audience: gathered while the last commit runs, one transaction, then answered.

A room full of people presses at once, and nobody may be told "the facilitator sees it" before it is on disk. A stop
whose transaction fails is answered "stop_not_stored"; sent again it is the same stop.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import structlog

from forum.errors import StoreUnavailable
from forum.ports import Store, Work
from forum.session import LiveSession
from forum.stop import MOST_HOW, Stop

MOST_WAITING = 5_000


@dataclass(frozen=True)
class Press:
    """A stop on its way: whose, in which session and showing, and what was said with it."""

    session: str
    participant: str
    showing: str
    character: str
    how: str
    at: str


Answer: TypeAlias = Callable[[str], None]
Pressed: TypeAlias = Callable[[str], None]

log = structlog.get_logger()


def refusal(press: Press, characters: Iterable[str]) -> str:
    """The code of wire.REFUSALS for what can be told from the stop itself; "" for nothing."""
    if len(press.how) > MOST_HOW:
        return "how_too_long"
    return "" if not press.character or press.character in characters else "unknown_character"


class Stopping:
    """Takes presses from everywhere in this process. `pressed` is called with every session that has a new one."""

    def __init__(self, store: Store, pressed: Pressed) -> None:
        self._store = store
        self._pressed = pressed
        self._waiting: list[tuple[Press, Answer]] = []
        self._task: asyncio.Task[None] | None = None

    def press(self, press: Press, answer: Answer) -> None:
        """Takes a press and returns at once; `answer` is called exactly once, with a refusal's code or ""."""
        if len(self._waiting) >= MOST_WAITING:
            answer("stop_not_stored")
            return
        self._waiting.append((press, answer))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def press_and_wait(self, press: Press) -> str:
        """The same for a caller that can wait, as a form post can."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.press(press, lambda code: None if future.done() else future.set_result(code))
        return await future

    async def drain(self) -> None:
        """Returns when everything taken so far has been answered. For closing down."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._commit(batch)
        finally:
            self._task = None

    async def _commit(self, batch: list[tuple[Press, Answer]]) -> None:
        codes: list[str]
        try:
            async with self._store.begin() as work:
                sessions = {id_: await work.sessions.get(id_) for id_ in {press.session for press, _ in batch}}
                codes = [await _kept(work, sessions[press.session], press) for press, _ in batch]
        except StoreUnavailable as error:
            log.warning("stops not stored", stops=len(batch), error=str(error))
            codes = ["stop_not_stored"] * len(batch)
        except Exception:
            # A bug, not a full disk: whoever waits must still be told, and the next batch must still be tried.
            log.exception("stops not stored", stops=len(batch))
            codes = ["stop_not_stored"] * len(batch)
        for session in {press.session for (press, _), code in zip(batch, codes, strict=True) if not code}:
            self._pressed(session)
        for (_, answer), code in zip(batch, codes, strict=True):
            answer(code)


async def _kept(work: Work, live: LiveSession, press: Press) -> str:
    """Keeps one press; the code of its refusal, or ""."""
    cue = live.cue
    if live.ended or not cue.showing or cue.showing != press.showing or cue.scenario is None or cue.scene is None:
        return "scene_over"
    stop = Stop(
        id=secrets.token_hex(16),
        session=live.id,
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
