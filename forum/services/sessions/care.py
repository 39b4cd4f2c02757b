"""What makes a session kind to those in it: breaks asked for without a name, time to vote, badges off, plain words.

Each act of the facilitator is one unit of work and returns the session as it is now, as in facilitation.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.services.sessions import guard
from forum.services.sessions.acts import Outcome
from forum.services.sessions.facilitation import Facilitation
from forum.sessions.session import BREAK, TIME, LiveSession
from forum.stories.visible_text import upright
from forum.voting.easy_read import EASY
from forum.voting.round import DRAFT, Version

MINUTES = (1, 2, 3, 5, 10)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
MOST_VERSIONS = 12
_NOT_OPEN = "This vote is not open."


class Caring:
    """The acts."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._facilitation = Facilitation(store, clock)

    async def ask_break(self, session: str) -> int:
        """Somebody needs a break; nothing is kept of who. Returns which request this is, from 1."""
        async with self._store.begin() as work:
            await guard.going_on(work, session)
            return await work.care.ask(session, BREAK)

    async def break_seen(self, session: str, number: int) -> bool:
        """Whether the facilitator has seen a request. Raises NotFound for one that was never made."""
        async with self._store.read() as work:
            asked = (await work.care.list_asked(session)).get((BREAK, ""))
        if asked is None or not 1 <= number <= asked.number:
            raise NotFound("There is no such request.")
        return number <= asked.seen

    async def see_breaks(self, session: str) -> Outcome:
        """The facilitator has seen that people need a break."""
        async with self._store.begin() as work:
            live = await guard.going_on(work, session)
            await work.care.see(session, BREAK)
            return Outcome(await self._shown(work, live))

    async def more_time(self, session: str, round_id: str) -> None:
        """Somebody takes more time for the vote that is open. Raises IllegalMove where none is."""
        async with self._store.begin() as work:
            live = await guard.going_on(work, session)
            await self._open(work, live, round_id)
            await work.care.ask(session, TIME, round_id)

    async def time(self, session: str, round_id: str, minutes: int) -> Outcome:
        """Says how long people may think it takes to vote, or (0) no longer says so. It never closes the vote."""
        if minutes and minutes not in MINUTES:
            raise BadInput("Choose one of the times.", field="minutes")
        async with self._store.begin() as work:
            live = await guard.going_on(work, session)
            await self._open(work, live, round_id)
            return Outcome(await self._shown(work, replace(live, cue=replace(live.cue, minutes=minutes))))

    async def badges(self, session: str, *, off: bool) -> Outcome:
        """Takes badges off: nothing is shown by group. Or lifts that: results are shown, and recorded, as they are."""
        async with self._store.begin() as work:
            live = await guard.going_on(work, session)
            if live.badges_off == off:
                return Outcome(live)
            if not off:
                live = await self._facilitation.record_held(work, live)
            return Outcome(await self._shown(work, replace(live, badges_off=off)))

    async def reword(self, session: str, round_id: str, kind: str, question: str, labels: Mapping[str, str]) -> Outcome:
        """Gives a question that is not open yet in other words, easy ones or a language's; without any, takes them out.

        Raises BadInput for a kind that is neither, words that are too long, or responses that there are none of.
        """
        if kind != EASY and not _LANGUAGE.fullmatch(kind):
            raise BadInput("Choose easy words, or a language.", field="kind")
        question, words = upright(question), {id_: said for id_, text in labels.items() if (said := upright(text))}
        if len(question) > 2000:
            raise BadInput("Use at most 2000 characters for the question.", field="question")
        if any(len(text) > 200 for text in words.values()):
            raise BadInput("Use at most 200 characters for a response.", field="response")
        async with self._store.begin() as work:
            live = await guard.going_on(work, session)
            round_ = await guard.round_of(work, live, round_id)
            if round_.state != DRAFT:
                raise IllegalMove("Other words can only be given before voting opens: the record has them from there.")
            if set(words) - {r.id for r in round_.responses}:
                raise BadInput("There is no such response.", field="response")
            kept = tuple(version for version in round_.versions if version.kind != kind)
            if question or words:
                kept = (*kept, Version(kind, question, words))
            if len(kept) > MOST_VERSIONS:
                raise BadInput(
                    "A question can be given in %(most)s versions at most.", field="kind", most=MOST_VERSIONS
                )
            after = replace(round_, versions=kept)
            await work.rounds.save_round(after)
            return Outcome(await self._shown(work, live), after)

    async def _open(self, work: Work, live: LiveSession, round_id: str) -> None:
        await guard.taking(work, live, round_id, self._clock.now(), _NOT_OPEN)
        if live.cue.round != round_id:
            raise IllegalMove(_NOT_OPEN)

    async def _shown(self, work: Work, live: LiveSession) -> LiveSession:
        after = live.changed()
        await work.sessions.save_session(after)
        return after
