"""The facilitator of a rehearsal: the acts between and around everybody's votes, sent over the API for machines.

Ids made by the server (of a stop, a reason, a proposal) are read from a console's screen, as a person would.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from forum.rehearsal.api_client import Fields, Organiser
from forum.rehearsal.crowd_plan import RehearsalFailed
from forum.rehearsal.phone import Phone
from forum.rehearsal.screen_client import Watcher
from forum.rehearsal.script import (
    CHARACTERS,
    CUE,
    MAGIC,
    NONE_LABEL,
    POLICY,
    Act,
    Badges,
    Heap,
    Offer,
    Promise,
    Proposal,
    Stops,
    Vote,
)
from forum.rehearsal.setup import Stage, as_phone

_SHOWN, _LATER, _TOO = 3, 3, 8  # reasons shown, reasons given after the reveal, phones that say "me too"
_LEFT_OVER: Final = 2  # papers handed out that did not come back

_STOP = re.compile(r'/take-stop"[^>]*>\s*<input type="hidden" name="stop" value="([0-9a-f]+)"')
_REASON = re.compile(
    r'/hear"[^>]*>\s*<input type="hidden" name="reason" value="([0-9a-f]+)">'
    r'<input type="hidden" name="state" value="shown"><input type="hidden" name="before" value="(\w+)"'
)
_PROPOSAL = re.compile(r'/policy-vote"[^>]*>\s*<input type="hidden" name="proposal" value="([0-9a-f]+)"')
_AMENDMENT = re.compile(r'/settle"[^>]*>\s*<input type="hidden" name="amendment" value="([0-9a-f]+)"')
_COUNT = re.compile(r'name="id" value="([0-9a-f]+)"')

Found = TypeVar("Found")


@dataclass
class Facilitator:
    """The facilitator of one rehearsal. `second` is the organiser who confirms papers, if there is one.

    `said` counts everything said besides votes, by kind.
    """

    stage: Stage
    organiser: Organiser
    second: Organiser | None
    console: Watcher
    phones: Sequence[Phone]
    said: Counter[str] = field(default_factory=Counter)
    _at: str = ""
    _stop: str = ""
    _proposal: str = ""
    _first: str = ""
    _shown: str = ""

    async def act(self, name: str, *fields: tuple[str, str]) -> dict[str, Any]:
        """Sends an act of the console and returns its JSON answer."""
        return await self.organiser.post(f"/console/{self.stage.session}/{name}", fields)

    async def next(self, item: str) -> dict[str, Any]:
        """Shows the next cue of the programme."""
        answer = await self.act("item", ("item", item), ("after", self._at))
        self._at = item
        return answer

    async def put(self, act: Act) -> str:
        """Puts a question to everybody and returns its round's id. Raises RehearsalFailed where the server asks a
        different one.
        """
        if act.put == CUE and act.cue is not None:
            asked = await self.next(self.stage.cues[act.cue])
        elif act.put == MAGIC:
            asked = await self.act("ask-room", ("stop", self._stop))
        elif act.put == CHARACTERS and act.cue is not None:
            asked = await self.act("characters", ("scenario", self.stage.stories[act.cue.story]))
        elif act.put == POLICY:
            asked = await self.act("policy-vote", ("proposal", self._proposal))
        elif act.again:
            asked = await self.act("second", ("round", self._first))
        else:
            fields = [("question", act.question), ("method", act.method), ("none", "1" if act.none else "0")]
            asked = await self.act("ask", *fields, *(("response", label) for label in act.responses))
        offered = [(r["id"], r["label"]) for r in asked["responses"]]
        labels = (*act.responses, *((NONE_LABEL,) if act.none else ()))
        if offered != list(zip(act.ids, labels, strict=True)):
            raise RehearsalFailed("The server's question is not the script's: is it another version of Forum?")
        self._shown = str(asked["round"])
        self._first = self._first if act.again else self._shown
        return self._shown

    async def stops(self, step: Stops) -> None:
        """Lets phones press STOP; takes one stop, hides one, defers one; records what was tried, and judges it."""
        pressed = await asyncio.gather(*(self.phones[press.phone].press(press) for press in step.presses))
        waiting = min(_SHOWN, sum(pressed))
        stops = await self.console.until(lambda now: _at_least(waiting, _STOP.findall(now.html)))
        self._stop = stops[0]
        await self.act("take-stop", ("stop", self._stop))
        for name, stop in zip(("hide-stop", "defer-stop"), stops[1:], strict=False):
            await self.act(name, ("stop", stop))
        await self.act("tried", ("stop", self._stop), ("tried", step.tried))
        await self.act("judge", ("stop", self._stop), ("verdict", step.verdict))
        self.said["stops taken"] += 1

    async def offer(self, step: Offer) -> None:
        """Returns to the stop, makes what was tried a response, and goes on with the scene."""
        await self.act("take-stop", ("stop", self._stop))
        await self.act("offer", ("stop", self._stop), ("words", step.words))
        await self.act("finish-stop", ("stop", self._stop))

    async def badges(self, step: Badges) -> None:
        """Turns badges off or on."""
        await self.act("badges", ("off", "1" if step.off else "0"))

    async def proposal(self, step: Proposal) -> None:
        """Makes a proposal, amends it with both texts on the screens, and takes the amendment."""
        await self.act("proposals")
        await self.act("propose", ("words", step.words))
        self._proposal = (await self.console.until(lambda now: _at_least(1, _PROPOSAL.findall(now.html))))[0]
        await self.act("amend", ("proposal", self._proposal), ("before", step.words), ("after", step.amended))
        amendment = (await self.console.until(lambda now: _at_least(1, _AMENDMENT.findall(now.html))))[0]
        await self.act("settle", ("amendment", amendment), ("state", "taken"))

    async def promise(self, step: Promise) -> None:
        """Records a promise on the round that was shown last."""
        fields = [("role", step.role), ("what", step.what), ("by", step.by)]
        fields += [("rationale", step.rationale), ("why", step.why)]
        await self.act("promise", ("round", self._shown), *fields)
        self.said["promises"] += 1

    async def papers(self, round_id: str, heaps: Sequence[Heap]) -> None:
        """Enters the count of papers as one organiser and confirms it as the second; does nothing without a
        second one.
        """
        if not heaps or self.second is None:
            return
        path = f"/organise/sessions/{self.stage.session}/papers/{round_id}"
        fields = [(f"n:{self.stage.group(heap.group)}:{heap.choice}", str(heap.count)) for heap in heaps]
        papers = sum(heap.count for heap in heaps)
        await self.organiser.post(path, [("act", "enter"), ("handed_out", str(papers + _LEFT_OVER)), *fields])
        count = _COUNT.search((await self.second.get_as_organiser(path)).text)
        if count is None:
            raise RehearsalFailed("The count of papers is not on its page.")
        await self.second.post(path, [("act", "confirm"), ("id", count[1])])

    async def tablet(self, round_id: str, heaps: Sequence[Heap]) -> None:
        """Votes on the shared tablet once for each person, each as somebody new (with a ticket of their own where there
        are any).
        """
        for n, heap in enumerate(each for each in heaps for _ in range(each.count)):
            tickets = self.stage.passing.get(heap.group)
            who = ("ticket", tickets.pop()) if tickets else ("group", self.stage.group(heap.group))
            person = ("person", f"{round_id[:24]}{n:08x}")
            ballot = [("round", round_id), ("choice", heap.choice), ("cast", secrets.token_hex(16)), person, who]
            await self.organiser.post(f"{self.stage.tablet}/vote", ballot, {"Origin": self.organiser.origin})

    async def hear(self, act: Act, round_id: str, late: frozenset[int]) -> None:
        """Shows some reasons after the reveal; silent phones say "me too" or give a reason now."""
        last = {vote.phone: vote for vote in act.votes if not vote.refused and vote.phone not in late}
        if not any(_words(vote) for vote in last.values()):
            return
        reasons = await self.console.until(lambda now: _at_least(1, _REASON.findall(now.html)))
        for reason, before in reasons[:_SHOWN]:
            await self.act("hear", ("reason", reason), ("state", "shown"), ("before", before))
            self.said["reasons shown"] += 1
        silent = [self.phones[phone] for phone, vote in last.items() if not _words(vote)]
        first = reasons[0][0]
        for phone in silent[:_TOO]:
            await self._post_as(phone, "too", [("reason", first), ("on", "1")])
            self.said["me too"] += 1
        for phone in silent[:_LATER]:
            await self._post_as(phone, "reason", [("round", round_id), ("reason", "I only thought of it now.")])
            self.said["reasons after the result"] += 1

    async def _post_as(self, phone: Phone, name: str, fields: Fields) -> None:
        path = f"/s/{self.stage.code}/{name}"
        await self.organiser.post(path, fields, as_phone(self.organiser, phone.cookie))


def _words(vote: Vote) -> bool:
    return bool(vote.reason or vote.condition)


def _at_least(number: int, items: Sequence[Found]) -> list[Found] | None:
    """Returns the distinct items if there are at least `number` of them (and at least one), else None."""
    each = list(dict.fromkeys(items))
    return each if len(each) >= max(1, number) else None
