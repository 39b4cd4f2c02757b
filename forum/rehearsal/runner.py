"""A rehearsal: an audience of made-up or replayed phones plays a day against a running server, and everything is
checked.

The organiser uses the API for machines, the phones what a browser has (forum/rehearsal/phone.py). The rehearsal
survives restarts of the server: a command whose answer was lost is sent again, and phones reconnect by themselves.
After a round has closed, and after its result is shown, every screen is compared with the truth.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from forum.ports import Store
from forum.rehearsal.api_client import AT_ONCE, Organiser
from forum.rehearsal.crowd_plan import RehearsalFailed
from forum.rehearsal.facilitator import Facilitator
from forum.rehearsal.network import Network
from forum.rehearsal.phone import Counters, Phone
from forum.rehearsal.report import STRANGER, Played, Report, percentile, reckon
from forum.rehearsal.screen_check import SETTLE, ScreenCheck, Truth
from forum.rehearsal.script import (
    Act,
    Badges,
    Next,
    Offer,
    Pause,
    Promise,
    Proposal,
    Script,
    Section,
    Step,
    Stops,
    Vote,
)
from forum.rehearsal.setup import Progress, as_phone, join_all, set_up, watchers
from forum.services.keys import digest

_ALONE: Final = "papers: they need a second organiser (--second), who confirms the count"
_FEW: Final = "results of votes in which too few voted: nobody is shown one, and no ballot is opened"


async def rehearse(
    script: Script,
    base: str,
    token: str,
    *,
    record: bool,
    progress: Progress,
    store: Store | None = None,
    second: str = "",
    network: Network | None = None,
    tickets: bool = False,
    settle: float = SETTLE,
) -> Report:
    """Plays a script against the server at `base`, with an organiser's token, and returns the report.

    `store` is the server's database where the rehearsal owns it: ballots are then checked phone by phone. `second` is
    the token of another organiser, who confirms papers. `network` says which phones are slow and which are cut off
    when; with `tickets` everybody joins by ticket. Screens have `settle` seconds to show the truth. Raises
    RehearsalFailed where the rehearsal could not be carried out.
    """
    start = time.monotonic()
    organisers = [Organiser(base, token), *[Organiser(base, second)] * bool(second)]
    try:
        await organisers[0].get("/")
        play = _Play(script, organisers, store, network or Network(), progress, settle)
        await play.prepare(record=record, tickets=tickets)
        async with asyncio.TaskGroup() as group:
            doors = asyncio.Semaphore(AT_ONCE)
            stays = [group.create_task(screen.stay(doors)) for screen in play.screens]
            await play.perform()
            await asyncio.gather(*(screen.leave() for screen in play.screens))
            await asyncio.gather(*stays)
        await play.facilitator.act("end")
        report = await play.report()
    except* RehearsalFailed as failures:
        raise _first(failures) from failures
    finally:
        await asyncio.gather(*(organiser.close() for organiser in organisers))
    report.seconds = round(time.monotonic() - start, 1)
    return report


def _first(failures: BaseExceptionGroup[RehearsalFailed]) -> RehearsalFailed:
    inner = failures.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


class _Play:
    """One rehearsal while it runs."""

    def __init__(
        self,
        script: Script,
        organisers: Sequence[Organiser],
        store: Store | None,
        network: Network,
        progress: Progress,
        settle: float,
    ) -> None:
        self.phones: list[Phone] = []
        self._script = script
        self._organiser = organisers[0]
        self._second = organisers[1] if len(organisers) > 1 else None
        self._store = store
        self._network = network
        self._progress = progress
        self._settle = settle
        self._counters = Counters()
        self._played: list[Played] = []
        self._who: dict[str, int] = {}
        self._voted, self._votes = 0, sum(len(act.votes) for act in script.acts)

    async def prepare(self, *, record: bool, tickets: bool) -> None:
        """Makes the commission, the session and its programme, and lets every phone join."""
        self._stage = await set_up(self._script, self._organiser, record=record, tickets=tickets)
        self.phones = await join_all(
            self._script, self._organiser, self._stage, self._network, self._counters, self._progress
        )
        others = watchers(self._organiser, self._stage)
        self.screens = [*self.phones, *others]
        self._check = ScreenCheck(self.phones, others, self._version, self._settle)
        console = next(screen for screen in others if screen.kind == "console")
        self.facilitator = Facilitator(self._stage, self._organiser, self._second, console, self.phones)
        if self._store is not None:
            async with self._store.read() as work:
                for n, phone in enumerate(self.phones):
                    device = digest(phone.cookie)
                    participant = await work.sessions.participant(self._stage.session, device)
                    if participant is not None:
                        self._who[participant.id] = n

    async def perform(self) -> None:
        """Waits until every screen is connected, then plays step by step."""
        for number, screen in enumerate(self.screens, 1):
            await screen.ready.wait()
            self._progress("Screens connect", number, len(self.screens))
        for step in self._script.steps:
            if isinstance(step, Act):
                await self._round(step)
            else:
                await self._step(step)

    async def _step(self, step: Step) -> None:
        """Plays a step without a vote, then compares every screen."""
        facilitator = self.facilitator
        if isinstance(step, Next):
            await facilitator.next(self._stage.cues[step.cue])
        elif isinstance(step, Stops):
            await facilitator.stops(step)
        elif isinstance(step, Offer):
            await facilitator.offer(step)
        elif isinstance(step, Badges):
            await facilitator.badges(step)
        elif isinstance(step, Proposal):
            await facilitator.proposal(step)
        elif isinstance(step, Promise):
            await facilitator.promise(step)
        elif isinstance(step, Pause):
            await facilitator.act("pause")
            await self._check.compare("pause", Truth(0, paused=True))
            await facilitator.act("resume")
        if not isinstance(step, Section):
            await self._check.compare(type(step).__name__.lower(), Truth(0))

    # ------------------------------------------------------------------ one round

    async def _round(self, act: Act) -> None:
        """Asks, opens, lets everybody vote, waits for every answer, closes and reveals; compares every screen after
        both.
        """
        number = len(self._played)
        late, facilitator = self._network.late(number), self.facilitator
        if self._second is None:
            act = replace(act, papers=())
        round_id = await facilitator.put(act)
        of_round = ("round", round_id)
        await facilitator.act("open", of_round)
        tardy = await self._vote(act, round_id, self._network.of(number))
        await facilitator.papers(round_id, act.papers)
        await facilitator.tablet(round_id, act.tablet)
        closed = await facilitator.act("close", of_round)
        for phone in late:
            self.phones[phone].come_back()
        await asyncio.gather(*tardy)
        truth = Truth(0, round=round_id, state="closed", voted=int(closed["count"]))
        truth = replace(truth, choices=await self._choices(round_id))
        compared, differing = self._check.compared.screens, len(self._check.compared.differences)
        await self._check.compare(f"{act.question} (closed)", truth)
        result = (await facilitator.act("reveal", of_round))["result"]
        shown = result if isinstance(result, dict) else None
        await self._check.compare(f"{act.question} (shown)", replace(truth, state="revealed", result=shown))
        self._played.append(
            Played(
                act,
                round_id,
                shown["counts"] if shown else None,
                dropped=len(self._network.of(number)),
                late=late,
                compared=self._check.compared.screens - compared,
                differing=len(self._check.compared.differences) - differing,
            )
        )
        if act.heard:
            await facilitator.hear(act, round_id, late)

    async def _vote(self, act: Act, round_id: str, drops: Mapping[int, str]) -> list[asyncio.Task[None]]:
        """Lets all phones vote at once, each with its own casts one after the other, in the order of the script.

        Returns when all are answered, except those that stay disconnected until the round has closed: it returns their
        tasks.
        """
        casts: dict[int, list[Vote]] = {}
        for vote in act.votes:
            casts.setdefault(vote.phone, []).append(vote)
        late = self._network.late(len(self._played))

        async def cast_all(phone: Phone, mine: Sequence[Vote], drop: str) -> None:
            for vote in mine:
                await phone.vote(round_id, vote, drop if vote is mine[-1] else "")
                self._voted += 1
                self._progress("Phones vote", self._voted, self._votes)

        tasks = {
            number: asyncio.create_task(cast_all(self.phones[number], mine, drops.get(number, "")))
            for number, mine in casts.items()
        }
        try:
            await asyncio.gather(*(task for number, task in tasks.items() if number not in late))
            for number in late:
                await _either(self.phones[number].stranded.wait(), tasks[number])
        except BaseException:
            for task in tasks.values():
                task.cancel()
            raise
        return [tasks[number] for number in late]

    async def _choices(self, round_id: str) -> dict[int, str]:
        """Returns the counted choice of each phone: from the database, else as the API tells the phone."""
        if self._store is not None:
            async with self._store.read() as work:
                ballots = await work.rounds.ballots(round_id)
            return {self._who[b.participant]: b.choice for b in ballots if b.participant in self._who}
        doors = asyncio.Semaphore(AT_ONCE)

        async def of(number: int, phone: Phone) -> tuple[int, list[str]]:
            async with doors:
                facts = await self._now(phone)
            return number, [str(yours["choice"]) for yours in facts["yours"] if yours["round"] == round_id]

        answers = await asyncio.gather(*(of(number, phone) for number, phone in enumerate(self.phones)))
        return {number: choices[0] for number, choices in answers if choices}

    async def _now(self, phone: Phone) -> dict[str, Any]:
        headers = as_phone(self._organiser, phone.cookie)
        return await self._organiser.get_as(f"/s/{self._stage.code}/now", headers)

    async def _version(self) -> int:
        if self._store is None:
            return int((await self._now(self.phones[0]))["v"])
        async with self._store.read() as work:
            return (await work.sessions.get_session(self._stage.session)).version

    # ------------------------------------------------------------------ the report

    async def report(self) -> Report:
        """Returns the report: the opened ballots of every round compared with the script and, if it may be read, the
        database.
        """
        counters, phones = self._counters, self.phones
        acts = self._script.acts
        spoken = Counter(self.facilitator.said)
        spoken["reasons with a vote"] = sum(bool(vote.reason) for act in acts for vote in act.votes)
        spoken["conditions"] = sum(bool(vote.condition) for act in acts for vote in act.votes)
        spoken["stops"], spoken["stops with words"] = counters.stops, counters.stops_said
        report = Report(
            phones=len(phones),
            session=self._stage.session,
            cast=counters.cast,
            counted=counters.counted,
            changed=counters.changed,
            refused=counters.refused,
            dropped=sum(phone.dropped for phone in phones),
            reconnected=sum(phone.reconnected for phone in phones),
            resent=counters.resent,
            arrived=counters.arrived,
            slow=len(self._network.slow),
            observers=len(self._script.observers),
            tickets=len(self._stage.tickets),
            refusals=counters.refusals,
            untold=counters.untold,
            said=dict(spoken),
            screens=dict(Counter(screen.kind for screen in self.screens)),
            compared=self._check.compared.screens,
            differing=[{"when": when} | asdict(difference) for when, difference in self._check.compared.differences],
            left_out=[_ALONE] * (self._second is None and any(act.papers for act in acts)),
            source_totals_wrong=list(self._script.source_totals_wrong),
            ack_ms={f"p{p}": round(percentile(counters.ack_ms, p), 1) for p in (50, 95, 99)},
        )
        for number, played in enumerate(self._played, 1):
            acknowledged = {
                n: p.acknowledged[played.round] for n, p in enumerate(phones) if played.round in p.acknowledged
            }
            opened = await self._opened(played)
            if opened is None and _FEW not in report.left_out:
                report.left_out.append(_FEW)
            reckon(report, played, acknowledged, opened, await self._stored(played.round))
            self._progress("Ballots are compared", number, len(self._played))
        return report

    async def _opened(self, played: Played) -> Counter[str] | None:
        """Returns the choices in the opened ballots of a round; None where too few voted for any to be opened."""
        if played.shown is not None and not played.shown:
            return None
        round_id = played.round
        answer = await self._organiser.get_as_organiser(f"/rounds/{round_id}/ballots.jsonl")
        leaves = [json.loads(line)["leaf"] for line in answer.text.split("\n") if line]
        if any(leaf["round"] != round_id for leaf in leaves):
            raise RehearsalFailed("The opened ballots of a round hold another round's.")
        return Counter(str(leaf["choice"]) for leaf in leaves)

    async def _stored(self, round_id: str) -> dict[int, list[str]] | None:
        """Returns the choices that the database holds for each phone, and for STRANGER; None where it is not the
        rehearsal's.
        """
        if self._store is None:
            return None
        stored: dict[int, list[str]] = {}
        async with self._store.read() as work:
            for ballot in await work.rounds.ballots(round_id):
                stored.setdefault(self._who.get(ballot.participant, STRANGER), []).append(ballot.choice)
        return stored


async def _either(waiting: Any, task: asyncio.Task[None]) -> None:
    """Returns when one of the two is done; raises an exception of the task."""
    other = asyncio.ensure_future(waiting)
    await asyncio.wait({other, task}, return_when=asyncio.FIRST_COMPLETED)
    other.cancel()
    if task.done():
        task.result()
