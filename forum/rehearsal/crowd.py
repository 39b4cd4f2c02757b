"""A crowd of made-up people who follow a room: they vote on whatever is asked, press STOP in replays, drop and return.

They have what a browser has: the join code, a cookie each, a websocket.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from forum.live.messages import RoundNow
from forum.rehearsal.api_client import AT_ONCE, Organiser
from forum.rehearsal.audience import ADVICE, Room, a_room_of, votes_on
from forum.rehearsal.crowd_plan import Plan, RehearsalFailed
from forum.rehearsal.network import LATE, Network, cut_off
from forum.rehearsal.phone import Counters, Phone, showing_in
from forum.rehearsal.report import percentile
from forum.rehearsal.screen_check import SETTLE, ScreenCheck, Truth
from forum.rehearsal.screen_client import Watcher, jitter
from forum.rehearsal.script import Press, Script, Vote
from forum.rehearsal.setup import Stage, join_all
from forum.services.keys import digest
from forum.voting.methods import METHODS
from forum.voting.round import RoundState

_SHOUTS, _MOST_SHOUTS = 0.15, 12
_MOST_NAMED: Final = 30

Tell = Callable[[dict[str, Any]], None]


@dataclass
class _Asked:
    """One round as the crowd lived it: everybody's tasks, when each cut-off phone loses its connection."""

    drops: dict[int, str]
    tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    compared: int = 0
    differing: int = 0


class Crowd:
    """A crowd in one session. `tell` takes what it says, `truth` asks for what screens must show."""

    def __init__(self, plan: Plan, tell: Tell, truth: Callable[[], Awaitable[Truth]]) -> None:
        self._plan = plan
        self._tell = tell
        self._truth = truth
        self._rng = random.Random(plan.seed)
        self._room: Room = a_room_of(len(plan.groups), plan.people, self._rng)
        # the first phone never drops and is never slow: what is on it is what the crowd reacts to
        others = range(1, plan.people)
        self._network = Network(frozenset(self._rng.sample(others, round(plan.slow * plan.people))))
        self._counters = Counters()
        self._phones: list[Phone] = []
        self._rounds: dict[str, _Asked] = {}
        self._before: dict[str, dict[int, str]] = {}
        self._presses: set[asyncio.Task[bool]] = set()
        self._missed = 0
        self._over = asyncio.Event()
        self._screens: list[Watcher] = []
        self._check = ScreenCheck((), (), self._version, SETTLE)
        self._start = time.monotonic()

    def end(self) -> None:
        """Lets the crowd go home: `play` returns soon."""
        self._over.set()

    async def play(self) -> None:
        """Joins, follows the room until `end`, and tells its report. Raises RehearsalFailed."""
        server = Organiser(self._plan.base, "")
        try:
            await self._join(server)
            async with asyncio.TaskGroup() as group:
                doors = asyncio.Semaphore(AT_ONCE)
                stays = [group.create_task(screen.stay(doors)) for screen in self._screens]
                following = group.create_task(self._follow())
                telling = group.create_task(self._say_often())
                await self._over.wait()
                for task in (following, telling, *self._presses, *self._voting()):
                    task.cancel()
                await asyncio.gather(following, telling, *self._presses, *self._voting(), return_exceptions=True)
                await asyncio.gather(*(screen.leave() for screen in self._screens))
                for stay in stays:
                    stay.cancel()
        finally:
            await server.close()
        self._tell(self._report())

    async def _join(self, server: Organiser) -> None:
        plan = self._plan
        script = Script("", "", plan.groups, self._room.seats, (), self._room.observers)
        stage = Stage(plan.session, plan.code, plan.projector, plan.groups)

        def progress(_what: str, done: int, _total: int) -> None:
            self._tell({"t": "joined", "number": done})

        self._phones = await join_all(script, server, stage, self._network, self._counters, progress)
        self._tell({"t": "devices", "devices": [digest(phone.cookie) for phone in self._phones]})
        projector = Watcher(plan.base, f"{plan.projector}/socket", "projector")
        self._screens = [*self._phones, projector]
        self._check = ScreenCheck(self._phones, [projector], self._version, SETTLE)

    async def _version(self) -> int:
        return (await self._truth()).version

    # ------------------------------------------------------------------ following

    async def _follow(self) -> None:
        """Reacts to everything that is put on screen, until it is cancelled."""
        for screen in self._screens:
            await screen.ready.wait()
        self._tell({"t": "ready"})
        leader, seen = self._phones[0], ("", "", "", False)
        while True:
            now = leader.on_screen
            round_ = now.round if now is not None else None
            if now is not None:
                key = (now.cue, round_.id if round_ else "", round_.state if round_ else "", now.paused)
                if key != seen:
                    seen = key
                    await self._react(round_, showing_in(now.html))
                    continue
            await leader.news()

    async def _react(self, round_: RoundNow | None, showing: str | None) -> None:
        if round_ is not None and round_.state == RoundState.OPEN:
            if round_.id not in self._rounds:
                self._ask(round_)
            return
        if round_ is not None and round_.id in self._rounds:
            await self._close(round_)
        elif showing is not None:
            self._shout()
        await self._compare(round_)
        if round_ is not None:
            self._tell({"t": "settled", "round": round_.id, "state": round_.state})

    def _ask(self, round_: RoundNow) -> None:
        """Lets everybody vote, each in their own time."""
        first = round_.question not in self._before
        votes = votes_on(
            self._room, METHODS[round_.method], [r.id for r in round_.responses], self._before.get(round_.question)
        )
        mine: dict[int, list[Vote]] = {}
        for vote in votes:
            mine.setdefault(vote.phone, []).append(vote)
        drops = cut_off(sorted(set(mine) - {0}), self._plan.drop, self._rng)
        asked = self._rounds[round_.id] = _Asked(drops)
        for number, casts in mine.items():
            asked.tasks[number] = asyncio.create_task(self._cast(round_.id, number, casts, drops.get(number, "")))
        if first:
            self._before[round_.question] = {number: casts[-1].choice for number, casts in mine.items()}
        prompt = [task for number, task in asked.tasks.items() if drops.get(number) != LATE]
        waiting = asyncio.gather(*prompt, return_exceptions=True)
        waiting.add_done_callback(lambda _: self._tell({"t": "answered", "round": round_.id}))

    async def _cast(self, round_id: str, number: int, casts: list[Vote], drop: str) -> None:
        phone = self._phones[number]
        await asyncio.sleep(jitter.uniform(0, self._plan.spread))
        for vote in casts:
            now = phone.on_screen
            if now is None or now.round is None or (now.round.id, now.round.state) != (round_id, RoundState.OPEN):
                self._missed += 1  # the vote was closed before this one got to it
                return
            await phone.vote(round_id, vote, drop if vote is casts[-1] else "", anyway=True)

    async def _close(self, round_: RoundNow) -> None:
        """Lets those come back who lost their connection until the vote was over, and waits for everybody's answer."""
        asked = self._rounds[round_.id]
        for number in asked.drops:
            self._phones[number].come_back()
        for result in await asyncio.gather(*asked.tasks.values(), return_exceptions=True):
            if isinstance(result, RehearsalFailed):
                raise result

    def _shout(self) -> None:
        """Lets some press STOP in the scene that is played again."""
        shouters = self._rng.sample(self._room.voters, max(1, round(_SHOUTS * len(self._room.voters))))
        for number in shouters[:_MOST_SHOUTS]:
            task = asyncio.create_task(self._press(number))
            self._presses.add(task)
            task.add_done_callback(self._presses.discard)

    async def _press(self, number: int) -> bool:
        await asyncio.sleep(jitter.uniform(0, self._plan.spread / 2))
        with suppress(RehearsalFailed):  # the scene may be over by now
            return await self._phones[number].press(Press(number, "", self._rng.choice(ADVICE)))
        return False

    async def _compare(self, round_: RoundNow | None) -> None:
        state = f"{round_.id} {round_.state}" if round_ is not None else ""
        done, wrong = self._check.compared.screens, len(self._check.compared.differences)
        await self._check.follow(state, self._truth)
        if round_ is not None and (asked := self._rounds.get(round_.id)) is not None:
            asked.compared += self._check.compared.screens - done
            asked.differing += len(self._check.compared.differences) - wrong

    def _voting(self) -> list[asyncio.Task[None]]:
        return [task for asked in self._rounds.values() for task in asked.tasks.values()]

    # ------------------------------------------------------------------ what it says

    async def _say_often(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            connected = sum(phone.connected for phone in self._phones)
            self._tell({"t": "now", "counted": self._counters.counted, "connected": connected})

    def _report(self) -> dict[str, Any]:
        counters, phones = self._counters, self._phones
        told: dict[str, dict[int, str]] = {}
        for number, phone in enumerate(phones):
            for round_id, choice in phone.acknowledged.items():
                told.setdefault(round_id, {})[number] = choice
        compared = self._check.compared
        return {
            "t": "report",
            "told": told,
            "rounds": {
                id_: {
                    "dropped": len(asked.drops),
                    "late": sum(when == LATE for when in asked.drops.values()),
                    "compared": asked.compared,
                    "differing": asked.differing,
                }
                for id_, asked in self._rounds.items()
            },
            "figures": {
                "phones": len(phones),
                "observers": len(self._room.observers),
                "slow": len(self._network.slow),
                "cast": counters.cast,
                "counted": counters.counted,
                "changed": counters.changed,
                "refused": counters.refused,
                "refusals": counters.refusals,
                "untold": len(counters.untold),
                "missed": self._missed,
                "dropped": sum(phone.dropped for phone in phones),
                "reconnected": sum(phone.reconnected for phone in phones),
                "resent": counters.resent,
                "arrived": counters.arrived,
                "stops": counters.stops,
                "compared": compared.screens,
                "differing": len(compared.differences),
                "screens": dict(Counter(screen.kind for screen in self._screens)),
                "ack_ms": {f"p{p}": round(percentile(counters.ack_ms, p), 1) for p in (50, 95, 99)},
                "seconds": round(time.monotonic() - self._start, 1),
            },
            "differences": [{"when": when} | asdict(one) for when, one in compared.differences[:_MOST_NAMED]],
        }
