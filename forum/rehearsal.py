"""A rehearsal: an audience of made-up or replayed phones plays against a running server; then all is counted.

The organiser's part goes through the API for machines, the phones through what a browser has (forum/phones.py).
The rehearsal outlives the server: a command whose answer was lost is sent again, and phones come back by
themselves.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from forum.apiclient import AT_ONCE, Organiser
from forum.audience import Act, Script
from forum.phones import Counters, Phone, RehearsalFailed, cookie_in
from forum.ports import Store

_STRANGER: Final = -1

Progress = Callable[[str, int, int], None]  # what is going on, how much of it is done, how much there is


@dataclass(frozen=True)
class RoundReport:
    """One round after the fact, by label: `tally` is that of the opened ballots, `expected` is last-vote-wins."""

    question: str
    tally: dict[str, int]
    expected: dict[str, int]
    equal: bool


@dataclass
class Report:
    """What came of a rehearsal.

    `lost` are casts that were acknowledged, but that the tally does not hold as they were last acknowledged;
    `doubled` are ballots beyond one a phone. `ack_ms` holds p50, p95 and p99 in milliseconds.
    """

    phones: int
    session: str = ""
    cast: int = 0
    counted: int = 0
    changed: int = 0
    refused: int = 0
    reconnected: int = 0
    lost: int = 0
    doubled: int = 0
    ack_ms: dict[str, float] = field(default_factory=dict)
    rounds: list[RoundReport] = field(default_factory=list)
    source_totals_wrong: list[dict[str, Any]] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def well(self) -> bool:
        """Whether nothing was lost, nothing counted twice, and every tally is what it must be."""
        return not self.lost and not self.doubled and all(r.equal for r in self.rounds)


async def rehearse(
    script: Script, base: str, token: str, *, record: bool, progress: Progress, store: Store | None = None
) -> Report:
    """Plays a script against the server at `base`, with an organiser's token.

    `store` is the server's database where the rehearsal owns it: ballots are then checked phone by phone.
    Raises RehearsalFailed where it could not be carried out.
    """
    start = time.monotonic()
    organiser = Organiser(base, token)
    try:
        await organiser.get("/")
        play = _Play(script, organiser, progress)
        await play.prepare(record)
        async with asyncio.TaskGroup() as group:
            doors = asyncio.Semaphore(AT_ONCE)
            stays = [group.create_task(phone.stay(doors)) for phone in play.phones]
            await play.perform()
            await asyncio.gather(*(phone.leave() for phone in play.phones))
            await asyncio.gather(*stays)
        await play.end()
        report = await play.report(store)
    except* RehearsalFailed as failures:
        raise _first(failures) from failures
    finally:
        await organiser.close()
    report.seconds = round(time.monotonic() - start, 1)
    return report


def _first(failures: BaseExceptionGroup[RehearsalFailed]) -> RehearsalFailed:
    inner = failures.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


class _Play:
    """One rehearsal on its way."""

    def __init__(self, script: Script, organiser: Organiser, progress: Progress) -> None:
        self.phones: list[Phone] = []
        self._script = script
        self._organiser = organiser
        self._progress = progress
        self._counters = Counters()
        self._session = ""
        self._rounds: list[tuple[str, dict[str, int] | None]] = []

    async def prepare(self, record: bool) -> None:
        """Makes the commission and the session, and lets every phone join."""
        script = self._script
        fields = [
            ("title", script.title),
            ("question", script.question),
            ("stage", "plan"),
            ("level", "consultation"),
            ("decides", "Nobody: this is a rehearsal"),
            ("can_change", "Nothing: the audience is made up"),
            ("cannot_change", "Everything"),
            ("threshold", "5"),
            ("rehearsal", "1"),
            ("support_name", "This is a rehearsal: nobody is in the room"),
            ("support_contact", "999 in danger"),
        ]
        for label in script.groups:
            fields += [("group", label), ("invited", "")]
        commission = await self._organiser.post("/organise/commissions", fields)
        group_ids = {group["label"]: str(group["id"]) for group in commission["groups"]}
        asked = [("commission", str(commission["id"])), ("title", script.title), ("rehearsal", "1")]
        session = await self._organiser.post("/organise/sessions", asked + [("record", "1")] * record)
        self._session = str(session["id"])
        await self._join_all(str(session["code"]), [group_ids[label] for label in script.groups])

    async def _join_all(self, code: str, group_ids: Sequence[str]) -> None:
        doors, total = asyncio.Semaphore(AT_ONCE), len(self._script.phones)

        async def join(group: int | None) -> Phone:
            async with doors:
                cookie = cookie_in((await self._organiser.get(f"/s/{code}")).headers.get_list("set-cookie"))
                if not cookie:
                    raise RehearsalFailed("The join page gave a phone no cookie.")
                headers = {"Cookie": f"forum_device={cookie}", "Origin": self._organiser.base}
                chosen = "" if group is None else group_ids[group]
                await self._organiser.post(f"/s/{code}/join", [("group", chosen)], headers)
            phone = Phone(self._organiser.base, code, cookie, self._counters)
            self.phones.append(phone)
            self._progress("Phones join", len(self.phones), total)
            return phone

        async with asyncio.TaskGroup() as group:
            joins = [group.create_task(join(index)) for index in self._script.phones]
        self.phones = [task.result() for task in joins]

    async def perform(self) -> None:
        """Asks, opens, lets everybody vote, waits for every answer, closes and reveals: act by act."""
        for number, phone in enumerate(self.phones, 1):
            await phone.ready.wait()
            self._progress("Phones connect", number, len(self.phones))
        first = ""
        votes_in_all, done = sum(len(act.votes) for act in self._script.acts), 0
        console = f"/console/{self._session}"
        for act in self._script.acts:
            if act.again:
                asked = await self._organiser.post(f"{console}/second", [("round", first)])
            else:
                fields = [("question", act.question), ("none", "1" if act.none else "0")]
                asked = await self._organiser.post(
                    f"{console}/ask", fields + [("response", label) for label in act.responses]
                )
            round_id = str(asked["round"])
            first = first if act.again else round_id
            of_round = [("round", round_id)]
            await self._organiser.post(f"{console}/open", of_round)

            def one_more() -> None:
                nonlocal done
                done += 1
                self._progress("Phones vote", done, votes_in_all)

            await self._vote(act, round_id, one_more)
            await self._organiser.post(f"{console}/close", of_round)
            shown = (await self._organiser.post(f"{console}/reveal", of_round)).get("result")
            self._rounds.append((round_id, shown["counts"] if isinstance(shown, dict) else None))

    async def end(self) -> None:
        """Ends the session."""
        await self._organiser.post(f"/console/{self._session}/end", [])

    async def _vote(self, act: Act, round_id: str, one_more: Callable[[], None]) -> None:
        """All phones at once, each its own casts one after the other, in the order of the script."""
        casts: dict[int, list[tuple[str, str]]] = {}
        for vote in act.votes:
            casts.setdefault(vote.phone, []).append((vote.choice, vote.reason))

        async def cast_all(phone: Phone, mine: Sequence[tuple[str, str]]) -> None:
            for choice, reason in mine:
                await phone.vote(round_id, choice, reason)
                one_more()

        async with asyncio.TaskGroup() as group:
            for number, mine in casts.items():
                group.create_task(cast_all(self.phones[number], mine))

    async def report(self, store: Store | None) -> Report:
        """Counts the opened ballots of every round and, where it may, those in the database, phone by phone."""
        counters = self._counters
        report = Report(
            phones=len(self.phones),
            session=self._session,
            cast=counters.cast,
            counted=counters.counted,
            changed=counters.changed,
            refused=counters.refused,
            reconnected=counters.reconnected,
            refusals=counters.refusals,
            source_totals_wrong=list(self._script.source_totals_wrong),
            ack_ms={f"p{p}": round(percentile(counters.ack_ms, p), 1) for p in (50, 95, 99)},
        )
        who = await self._who(store) if store is not None else {}
        played = zip(self._script.acts, self._rounds, strict=True)
        for number, (act, (round_id, shown)) in enumerate(played, 1):
            opened = Counter(await self._opened(round_id))
            held = await _stored(store, round_id, who) if store is not None else None
            self._compare(report, act, round_id, opened=opened, stored=held, shown=shown)
            self._progress("Ballots are compared", number, len(self._rounds))
        return report

    def _compare(
        self,
        report: Report,
        act: Act,
        round_id: str,
        *,
        opened: Counter[str],
        stored: dict[int, list[str]] | None,
        shown: dict[str, int] | None,
    ) -> None:
        """Adds one round to the report: what phones were told, what was opened, and what the database holds."""
        told = {n: p.acknowledged[round_id] for n, p in enumerate(self.phones) if round_id in p.acknowledged}
        lost = (Counter(told.values()) - opened).total()
        doubled = max(0, opened.total() - len(act.last_votes()))
        if stored is not None:
            lost = max(lost, sum(choice not in stored.get(n, []) for n, choice in told.items()))
            extra = sum(len(choices) - (n != _STRANGER) for n, choices in stored.items())
            doubled = max(doubled, extra)
        labels, expected = act.labels(), act.expected()
        report.lost += lost
        report.doubled += doubled
        report.rounds.append(
            RoundReport(
                act.question,
                {label: opened[id_] for id_, label in labels.items()},
                {label: expected[id_] for id_, label in labels.items()},
                # counters compare without regard to zeros; a choice that was never on offer is no zero
                equal=opened == Counter(expected) and shown in (None, expected),
            )
        )

    async def _opened(self, round_id: str) -> list[str]:
        """The choices in the opened ballots of a round."""
        answer = await self._organiser.get_as_organiser(f"/rounds/{round_id}/ballots.jsonl")
        leaves = [json.loads(line)["leaf"] for line in answer.text.splitlines()]
        if any(leaf["round"] != round_id for leaf in leaves):
            raise RehearsalFailed("The opened ballots of a round hold another round's.")
        return [str(leaf["choice"]) for leaf in leaves]

    async def _who(self, store: Store) -> dict[str, int]:
        """Which phone each participant is, by the SHA-256 of its cookie, which the database keeps."""
        async with store.read() as work:
            devices = [hashlib.sha256(phone.cookie.encode()).hexdigest() for phone in self.phones]
            found = [await work.sessions.participant(self._session, device) for device in devices]
        return {participant.id: n for n, participant in enumerate(found) if participant is not None}


async def _stored(store: Store, round_id: str, who: dict[str, int]) -> dict[int, list[str]]:
    """The choices that the database holds of each phone, and of strangers."""
    stored: dict[int, list[str]] = {}
    async with store.read() as work:
        for ballot in await work.rounds.ballots(round_id):
            stored.setdefault(who.get(ballot.participant, _STRANGER), []).append(ballot.choice)
    return stored


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that `percent` in a hundred do not exceed (nearest rank); 0 for no values."""
    ordered = sorted(values)
    return ordered[math.ceil(percent * len(ordered) / 100) - 1] if ordered else 0.0
