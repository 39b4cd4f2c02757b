"""What the facilitator puts in front of everybody: a scene, a question, the same again, a note.

Asking a question that is on screen shows it again.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from forum.errors import BadInput, IllegalMove
from forum.ports import Work
from forum.services.sessions.acts import Acts, Outcome, cue_of, cue_up, playable
from forum.sessions import stop
from forum.sessions.session import Cue, LiveSession
from forum.stories.visible_text import upright
from forum.voting import round as rounds
from forum.voting.methods import METHODS
from forum.voting.question import PLAIN, Terms, check_number, check_question, check_terms
from forum.voting.round import AFTER_REPLAY, ANNULLED, FIRST_VOTE, NONE_OF_THESE, REVEALED, Response, Round

MOST_NOTE = 300
NONE_LABEL = "None of these"


class Cueing(Acts):
    """The acts that change what is on, and how people will vote on a question that is not open yet."""

    async def scene(self, session: str, story: str, scene: str, *, replay: bool = False) -> Outcome:
        """Shows a scene of one of the session's stories to everybody."""
        async with self._store.begin() as work:
            live = await self._live(work, session)
            await self._nothing_open(work, live)
            await self._scene(work, live, story, scene)
            cue, now_on = Cue("scene", story, scene, replay=replay), live.cue
            if replay:
                if (now_on.kind, now_on.scenario, now_on.scene, now_on.replay) == ("scene", story, scene, True):
                    return Outcome(live)
                cue = replace(cue, showing=secrets.token_hex(16), since=self._clock.now())
            return Outcome(await cue_up(work, live, cue))

    async def question(self, session: str, story: str, scene: str, terms: Terms = PLAIN) -> Outcome:
        """Puts a decision point's question to everybody: a new draft, or the round that it already has."""
        async with self._store.begin() as work:
            live = await self._live(work, session)
            await self._nothing_open(work, live, but=(story, scene))
            found = await self._scene(work, live, story, scene)
            if not found.decision:
                raise BadInput("This scene has no decision point, so there is nothing to vote on.", field="scene")
            check_terms(terms)
            check_number(terms.method, len(found.links))
            standing = [
                r
                for r in await work.rounds.list_rounds(live.id)
                if (r.scenario, r.scene) == (story, scene) and r.state != ANNULLED
            ]
            round_ = (
                standing[-1]
                if standing
                else await self._draft(
                    work,
                    live,
                    found.text,
                    [link.text for link in found.links],
                    terms,
                    none=METHODS[terms.method].NONE,
                    at=(story, scene),
                )
            )
            return Outcome(await cue_up(work, live, cue_of(round_)), round_)

    async def ask(
        self, session: str, question: str, responses: Sequence[str], terms: Terms = PLAIN, *, none: bool
    ) -> Outcome:
        """Puts a question of the facilitator's own to everybody.

        `none` adds "None of these", where the way of voting has room for it.
        """
        question, labels = upright(question), [said for r in responses if (said := upright(r))]
        check_terms(terms)
        none = none and METHODS[terms.method].NONE
        check_question(question, labels, terms.method, none=none)
        async with self._store.begin() as work:
            live = await self._live(work, session)
            now_on = await work.rounds.get_round(live.cue.round) if live.cue.round else None
            put = (rounds.DRAFT, question, offered(labels, none=none), terms)
            if now_on is not None and (now_on.state, now_on.question, now_on.responses, Terms.of(now_on)) == put:
                return Outcome(live, now_on)
            await self._nothing_open(work, live)
            round_ = await self._draft(work, live, question, labels, terms, none=none)
            return Outcome(await cue_up(work, live, cue_of(round_)), round_)

    async def terms(self, session: str, round_id: str, terms: Terms) -> Outcome:
        """Changes how people will vote on a question that is not open yet, and what is declared before.

        "None of these" goes where the way of voting has no room for it, and comes back to a story's question.
        """
        check_terms(terms)
        async with self._store.begin() as work:
            live = await self._live(work, session)
            before = await self._draft_of(work, live, round_id)
            labels = [r for r in before.responses if r.id != NONE_OF_THESE]
            check_number(terms.method, len(labels))
            none = METHODS[terms.method].NONE and (before.scenario or before.response(NONE_OF_THESE))
            responses = (*labels, Response(NONE_OF_THESE, NONE_LABEL)) if none else tuple(labels)
            round_ = terms.put_on(replace(before, responses=responses))
            await work.rounds.save_round(round_)
            return Outcome(await cue_up(work, live, live.cue), round_)

    async def leave_out(self, session: str, round_id: str, response: str) -> Outcome:
        """Takes a response off a question that is not open yet; the others keep their ids."""
        async with self._store.begin() as work:
            live = await self._live(work, session)
            before = await self._draft_of(work, live, round_id)
            if before.response(response) is None:
                return Outcome(live, before)
            round_ = replace(before, responses=tuple(r for r in before.responses if r.id != response))
            check_number(round_.method, sum(r.id != NONE_OF_THESE for r in round_.responses))
            await work.rounds.save_round(round_)
            return Outcome(await cue_up(work, live, live.cue), round_)

    async def second(self, session: str, first: str) -> Outcome:
        """Puts the same question again, after the replay: a second round on a first vote whose result was shown."""
        async with self._store.begin() as work:
            live = await self._live(work, session)
            await self._nothing_open(work, live)
            before = await self._round(work, live, first)
            if before.state != REVEALED or before.kind != FIRST_VOTE:
                raise IllegalMove("Show the result of the first vote before you open a second one.")
            if before.scenario:
                await playable(work, before.scenario)
            seconds = [r for r in await work.rounds.list_rounds(live.id) if r.second_of == first]
            if any(r.state == ANNULLED and r.revealed_at for r in seconds):
                # Two view shifts from the same first vote, laid side by side, could single somebody out.
                raise IllegalMove("The second vote was shown before it was annulled. Ask a new question instead.")
            standing = [r for r in seconds if r.state != ANNULLED]
            if standing:
                round_ = standing[-1]
                if round_.state == rounds.DRAFT:
                    round_ = await self._with_new(work, before, round_)
                    await work.rounds.save_round(round_)
                return Outcome(await cue_up(work, live, cue_of(round_)), round_)
            round_ = replace(
                before,
                id=secrets.token_hex(16),
                kind=AFTER_REPLAY,
                second_of=first,
                state=rounds.DRAFT,
                created_at=self._clock.now(),
                opened_at="",
                closed_at="",
                revealed_at="",
            )
            await work.rounds.add_round(round_)
            round_ = await self._with_new(work, before, round_)
            await work.rounds.save_round(round_)
            return Outcome(await cue_up(work, live, cue_of(round_)), round_)

    async def again(self, session: str, round_id: str) -> Outcome:
        """Shows a question that was put before, as it stands now."""
        async with self._store.begin() as work:
            live = await self._live(work, session)
            round_ = await self._round(work, live, round_id)
            await self._nothing_open(work, live)
            return Outcome(await cue_up(work, live, cue_of(round_)), round_)

    async def note(self, session: str, words: str) -> Outcome:
        """Puts words of the organisers' own on every screen, as "Break"."""
        words = upright(words)
        if not words:
            raise BadInput("Write what every screen should say.", field="words")
        if len(words) > MOST_NOTE:
            raise BadInput("Use at most %(most)s characters.", field="words", most=MOST_NOTE)
        async with self._store.begin() as work:
            live = await self._live(work, session)
            await self._nothing_open(work, live)
            return Outcome(await cue_up(work, live, Cue("note", words=words)))

    async def _with_new(self, work: Work, first: Round, second: Round) -> Round:
        """The second vote with what the interventions of its story became, as answers that the first did not have."""
        seconds = [r.id for r in await work.rounds.list_rounds(first.session) if r.second_of == first.id]
        new = [
            found
            for found in await work.stops.list_stops(first.session)
            if found.response and found.scenario == first.scenario and found.entered in (None, *seconds)
        ]
        most = METHODS[first.method].MOST
        if most == 1:
            # A question about one statement has no room for answers: they wait for the next.
            return second
        if len([r for r in first.responses if r.id != NONE_OF_THESE]) + len(new) > most:
            raise IllegalMove("This question can have %(most)s answers at most. Take a new one out first.", most=most)
        for found in new:
            await work.stops.save_stop(replace(found, entered=second.id))
        responses = stop.offered(first, new)
        # Other words for an answer that is no longer there must not stand for the one in its place.
        if second.responses == responses:
            return second
        return replace(second, responses=responses, versions=first.versions)

    async def _draft(
        self,
        work: Work,
        live: LiveSession,
        question: str,
        labels: Sequence[str],
        terms: Terms,
        *,
        none: bool,
        at: tuple[str | None, str | None] = (None, None),
    ) -> Round:
        round_ = Round(
            id=secrets.token_hex(16),
            session=live.id,
            question=question,
            responses=offered(labels, none=none),
            scenario=at[0],
            scene=at[1],
            created_at=self._clock.now(),
        )
        round_ = terms.put_on(round_)
        await work.rounds.add_round(round_)
        return round_


def offered(labels: Sequence[str], *, none: bool) -> tuple[Response, ...]:
    """Responses with these words; `none` adds "None of these"."""
    responses = [Response(f"r{number}", label) for number, label in enumerate(labels, start=1)]
    return (*responses, Response(NONE_OF_THESE, NONE_LABEL)) if none else tuple(responses)
