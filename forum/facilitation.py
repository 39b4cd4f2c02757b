"""What the facilitator does with a live session: each act is one unit of work, with its record entries in it.

An act that was carried out already (its answer was lost, or a second facilitator pressed the same button) is not
carried out twice: asking a question that is on screen shows it again. Every act returns the session as it is now;
rooms.changed() then tells every screen.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from forum import closing, reasoning, scenario, stop, tallying
from forum import round as rounds
from forum.asking import PLAIN, Terms, check_number, check_question, check_terms
from forum.commission import Commission
from forum.errors import BadInput, IllegalMove, NotFound
from forum.groups import Result
from forum.methods import METHODS
from forum.ports import Clock, Store, Submission, Work
from forum.recording import Words, append
from forum.round import AFTER_REPLAY, ANNULLED, FIRST_VOTE, NONE_OF_THESE, OPEN, REVEALED, Response, Round, Version
from forum.session import ROOM, Cue, LiveSession

MOST_BECAUSE = 500
MOST_NOTE = 300
NONE_LABEL = "None of these"


@dataclass(frozen=True)
class Outcome:
    """The session after an act, and where it was about a round: that round, its count once closed, its result."""

    session: LiveSession
    round: Round | None = None
    count: int | None = None
    result: Result | None = None


class Facilitation:
    """The acts of the console, on sessions of one kind: those of another are not there for it."""

    def __init__(self, store: Store, clock: Clock, kind: str = ROOM) -> None:
        self._store = store
        self._clock = clock
        self._kind = kind

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
            return Outcome(await _cue(work, live, cue))

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
                for r in await work.rounds.of(live.id)
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
            return Outcome(await _cue(work, live, _cue_of(round_)), round_)

    async def ask(
        self, session: str, question: str, responses: Sequence[str], terms: Terms = PLAIN, *, none: bool
    ) -> Outcome:
        """Puts a question of the facilitator's own to everybody.

        `none` adds "None of these", where the way of voting has room for it.
        """
        question, labels = question.strip(), [r.strip() for r in responses if r.strip()]
        check_terms(terms)
        none = none and METHODS[terms.method].NONE
        check_question(question, labels, terms.method, none=none)
        async with self._store.begin() as work:
            live = await self._live(work, session)
            now_on = await work.rounds.get(live.cue.round) if live.cue.round else None
            put = (rounds.DRAFT, question, offered(labels, none=none), terms)
            if now_on is not None and (now_on.state, now_on.question, now_on.responses, Terms.of(now_on)) == put:
                return Outcome(live, now_on)
            await self._nothing_open(work, live)
            round_ = await self._draft(work, live, question, labels, terms, none=none)
            return Outcome(await _cue(work, live, _cue_of(round_)), round_)

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
            await work.rounds.save(round_)
            return Outcome(await _cue(work, live, live.cue), round_)

    async def leave_out(self, session: str, round_id: str, response: str) -> Outcome:
        """Takes a response off a question that is not open yet; the others keep their ids."""
        async with self._store.begin() as work:
            live = await self._live(work, session)
            before = await self._draft_of(work, live, round_id)
            if before.response(response) is None:
                return Outcome(live, before)
            round_ = replace(before, responses=tuple(r for r in before.responses if r.id != response))
            check_number(round_.method, sum(r.id != NONE_OF_THESE for r in round_.responses))
            await work.rounds.save(round_)
            return Outcome(await _cue(work, live, live.cue), round_)

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
            seconds = [r for r in await work.rounds.of(live.id) if r.second_of == first]
            if any(r.state == ANNULLED and r.revealed_at for r in seconds):
                # Two view shifts from the same first vote, laid side by side, could single somebody out.
                raise IllegalMove("The second vote was shown before it was annulled. Ask a new question instead.")
            standing = [r for r in seconds if r.state != ANNULLED]
            if standing:
                round_ = standing[-1]
                if round_.state == rounds.DRAFT:
                    round_ = await self._with_new(work, before, round_)
                    await work.rounds.save(round_)
                return Outcome(await _cue(work, live, _cue_of(round_)), round_)
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
            await work.rounds.add(round_)
            round_ = await self._with_new(work, before, round_)
            await work.rounds.save(round_)
            return Outcome(await _cue(work, live, _cue_of(round_)), round_)

    async def again(self, session: str, round_id: str) -> Outcome:
        """Shows a question that was put before, as it stands now."""
        async with self._store.begin() as work:
            live = await self._live(work, session)
            round_ = await self._round(work, live, round_id)
            await self._nothing_open(work, live)
            return Outcome(await _cue(work, live, _cue_of(round_)), round_)

    async def note(self, session: str, words: str) -> Outcome:
        """Puts words of the organisers' own on every screen, as "Break"."""
        words = words.strip()
        if not words:
            raise BadInput("Write what every screen should say.", field="words")
        if len(words) > MOST_NOTE:
            raise BadInput("Use at most %(most)s characters.", field="words", most=MOST_NOTE)
        async with self._store.begin() as work:
            live = await self._live(work, session)
            await self._nothing_open(work, live)
            return Outcome(await _cue(work, live, Cue("note", words=words)))

    async def open(self, session: str, round_id: str) -> Outcome:
        """Opens the vote that is on screen."""
        async with self._store.begin() as work:
            live = await self._live(work, session)
            before = await self._round(work, live, round_id)
            if before.state == OPEN:
                return Outcome(live, before)
            await self._nothing_open(work, live)
            if before.scenario:
                await playable(work, before.scenario)
            round_, entries = rounds.apply(before, rounds.Open(self._clock.now()))
            await work.rounds.save(round_)
            commission = await work.commissions.get(live.commission)
            if live.recorded and entries:
                await append(work, commission, entries[0], round_.opened_at, opened(round_, commission))
            return Outcome(await _cue(work, live, _cue_of(round_)), round_)

    async def warn(self, session: str, round_id: str) -> Outcome:
        """Tells everybody that the vote is about to close."""
        async with self._store.begin() as work:
            live = await self._live(work, session)
            round_, _ = rounds.apply(await self._round(work, live, round_id), rounds.Warn())
            await work.rounds.save(round_)
            return Outcome(await _cue(work, live, live.cue), round_)

    async def close(self, session: str, round_id: str) -> Outcome:
        """Closes the vote. A ballot is now in or out, for ever; the record gets the count and the ballots root."""
        async with self._store.begin() as work:
            live = await self._live(work, session)
            before = await self._round(work, live, round_id)
            if before.state == rounds.CLOSED:
                return Outcome(live, before, len(await work.rounds.ballots(before.id)))
            counted = await work.papers.get(before.id)
            if counted is not None and not counted.confirmed_at and before.state == OPEN:
                raise IllegalMove("Papers were counted, and nobody has confirmed them yet. Confirm them first.")
            live, round_, count = await closing.close(work, live, before, self._clock.now())
            return Outcome(await _cue(work, live, live.cue), round_, count)

    async def reveal(self, session: str, round_id: str) -> Outcome:
        """Shows the result to everybody, tallied again from the committed ballots."""
        async with self._store.begin() as work:
            live = await self._live(work, session)
            before = await self._round(work, live, round_id)
            commission = await work.commissions.get(live.commission)
            await self._nothing_open(work, live)
            if before.state == REVEALED:
                result = await tallying.result_of(work, before, commission.threshold)
                result = result.without_groups() if live.badges_off else result
                return Outcome(await _cue(work, live, _cue_of(before)), before, result.n, result)
            round_, entries = rounds.apply(before, rounds.Reveal(self._clock.now()))
            result = await tallying.result_of(work, before, commission.threshold)
            await work.rounds.save(round_)
            await reasoning.gather(work, live, round_, round_.revealed_at)
            if live.recorded and entries and not live.badges_off:
                facts = {"session": live.id, "round": round_.id, "result": result.to_json()}
                await append(work, commission, entries[0], round_.revealed_at, facts)
            if live.badges_off:
                live, result = replace(live, held=(*live.held, round_.id)), result.without_groups()
            return Outcome(await _cue(work, live, _cue_of(round_)), round_, result.n, result)

    async def record_held(self, work: Work, live: LiveSession) -> LiveSession:
        """Records the results that were shown while badges were off, whole; what was annulled since is never opened."""
        commission = await work.commissions.get(live.commission)
        kept = []
        for id_ in live.held:
            round_ = await work.rounds.get(id_, lock=True)
            if round_.state != REVEALED:
                kept.append(id_)
            elif live.recorded:
                result = await tallying.result_of(work, round_, commission.threshold)
                facts = {"session": live.id, "round": round_.id, "result": result.to_json()}
                await append(work, commission, rounds.RoundRevealed, self._clock.now(), facts)
        return replace(live, held=tuple(kept))

    async def annul(self, session: str, round_id: str, because: str) -> Outcome:
        """Declares a round void, with the reason that everybody reads and the record keeps."""
        if len(because.strip()) > MOST_BECAUSE:
            raise BadInput("Use at most %(most)s characters for the reason.", field="because", most=MOST_BECAUSE)
        async with self._store.begin() as work:
            live = await self._live(work, session)
            before = await self._round(work, live, round_id)
            round_, entries = rounds.apply(before, rounds.Annul(self._clock.now(), because))
            await work.rounds.save(round_)
            if live.recorded and entries:
                commission = await work.commissions.get(live.commission)
                facts = {
                    "session": live.id,
                    "round": round_.id,
                    "because": Words("because", round_.annulled_because),
                }
                await append(work, commission, entries[0], round_.annulled_at, facts)
            return Outcome(await _cue(work, live, live.cue), round_)

    async def pause(self, session: str, *, paused: bool) -> Outcome:
        """Pauses everything, or goes on. A ballot that is on its way while paused is still counted."""
        async with self._store.begin() as work:
            live = await self._live(work, session)
            return Outcome(await _cue(work, replace(live, paused=paused), live.cue))

    async def end(self, session: str) -> Outcome:
        """Ends the session: phones say goodbye, and the join code lets nobody in any more."""
        async with self._store.begin() as work:
            live = await self._live(work, session)
            await self._nothing_open(work, live)
            live = replace(await self.record_held(work, live), badges_off=False)
            return Outcome(await _cue(work, replace(live, ended=True, paused=False), Cue("ended")))

    # ------------------------------------------------------------------ what acts have in common

    async def _live(self, work: Work, session: str) -> LiveSession:
        live = await work.sessions.get(session, lock=True)
        if live.kind != self._kind:
            raise NotFound("There is no such session.")
        if live.ended:
            raise IllegalMove("This session has ended.")
        return live

    async def _round(self, work: Work, live: LiveSession, round_id: str) -> Round:
        round_ = await work.rounds.get(round_id, lock=True)
        if round_.session != live.id:
            raise NotFound("There is no such round in this session.")
        return round_

    async def _draft_of(self, work: Work, live: LiveSession, round_id: str) -> Round:
        """A first vote that is not open yet: a second one is on the same terms as the first."""
        found = await self._round(work, live, round_id)
        if found.state != rounds.DRAFT or found.second_of:
            raise IllegalMove("How people vote can only be changed before voting opens, and not for a second vote.")
        return found

    async def _nothing_open(self, work: Work, live: LiveSession, but: tuple[str, str] | None = None) -> None:
        for round_ in await work.rounds.of(live.id):
            if round_.state == OPEN and (round_.scenario, round_.scene) != but:
                raise IllegalMove("A vote is open. Close it first, so that nobody's ballot is cut off.")

    async def _scene(self, work: Work, live: LiveSession, story: str, scene: str) -> scenario.Scene:
        if story not in live.scenarios:
            raise NotFound("That story is not on the programme of this session.")
        found = scenario.parse((await playable(work, story)).twee).scene(scene)
        if found is None:
            raise NotFound("There is no such scene in this story.")
        return found

    async def _with_new(self, work: Work, first: Round, second: Round) -> Round:
        """The second vote with what the interventions of its story became, as answers that the first did not have."""
        seconds = [r.id for r in await work.rounds.of(first.session) if r.second_of == first.id]
        new = [
            found
            for found in await work.stops.of(first.session)
            if found.response and found.scenario == first.scenario and found.entered in (None, *seconds)
        ]
        most = METHODS[first.method].MOST
        if most == 1:
            # A question about one statement has no room for answers: they wait for the next.
            return second
        if len([r for r in first.responses if r.id != NONE_OF_THESE]) + len(new) > most:
            raise IllegalMove("This question can have %(most)s answers at most. Take a new one out first.", most=most)
        for found in new:
            await work.stops.save(replace(found, entered=second.id))
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
        await work.rounds.add(round_)
        return round_


async def playable(work: Work, story: str, *, lock: bool = False) -> Submission:
    """The story, where it is still there to be played and its writer allows it. Raises IllegalMove.

    `lock` keeps it so until this unit of work ends.
    """
    found = await work.stories.get(story, lock=lock)
    if found.withdrawn_at:
        raise IllegalMove("Its writer has taken this story back. It cannot be played any more.")
    if found.status == "held":
        raise IllegalMove("A moderator holds this story back. It cannot be played for now.")
    if found.status != "accepted":
        raise IllegalMove("This story is not public now: a moderator has to accept it first.")
    if not found.may_perform:
        raise IllegalMove("Its writer no longer allows this story to be played.")
    return found


async def _cue(work: Work, live: LiveSession, cue: Cue) -> LiveSession:
    # Where the room is in the programme, and what it has seen, goes on from cue to cue.
    seen = dict.fromkeys([*live.cue.seen, *([cue.scenario] if cue.scenario else [])])
    cue = replace(cue, item=live.cue.item, seen=tuple(seen))
    after = replace(live, cue=cue, version=live.version + 1)
    await work.sessions.save(after)
    return after


def _cue_of(round_: Round) -> Cue:
    kind = "result" if round_.state == REVEALED else "question"
    return Cue(kind, round_.scenario, round_.scene, round_.id)


def offered(labels: Sequence[str], *, none: bool) -> tuple[Response, ...]:
    """Responses with these words; `none` adds "None of these"."""
    responses = [Response(f"r{number}", label) for number, label in enumerate(labels, start=1)]
    return (*responses, Response(NONE_OF_THESE, NONE_LABEL)) if none else tuple(responses)


def opened(round_: Round, commission: Commission) -> dict[str, object]:
    """The facts of a "round opened" entry."""
    return {
        "session": round_.session,
        "round": round_.id,
        "kind": round_.kind,
        "second_of": round_.second_of,
        "closes_at": round_.closes_at or None,
        "scenario": round_.scenario,
        # Its name is its writer's, like the words.
        "scene": Words("scene", round_.scene) if round_.scene else None,
        "question": Words("question", round_.question),
        "responses": [{"id": r.id, "label": Words("response", r.label)} for r in round_.responses],
        "method": round_.method,
        "groups": [g.label for g in commission.groups],
        "threshold": commission.threshold,
        "power": commission.power.level,
        **({"quorum": {"ballots": round_.quorum, "each_group": round_.quorum_each}} if round_.declared else {}),
        **({"live": True} if round_.live else {}),
        **({"versions": [_version(version) for version in round_.versions]} if round_.versions else {}),
    }


def _version(version: Version) -> dict[str, object]:
    labels = [{"id": id_, "label": Words("response", words)} for id_, words in version.labels.items()]
    question = Words("question", version.question) if version.question else None
    return {"kind": version.kind, "question": question, "responses": labels}
