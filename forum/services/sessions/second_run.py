"""Acts of the second run: on stops and interventions, the magic check, and answers for the next vote.

Where somebody else was faster with another act, the second is told (IllegalMove).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Work
from forum.ports.long_work import parsed
from forum.services.sessions import guard
from forum.services.sessions.cues import offered, with_new_answers
from forum.services.sessions.desk import Desk, Outcome, cue_of, show
from forum.sessions.session import Cue, CueKind, LiveSession
from forum.sessions.stop import MOST_NEW, MOST_TRIED, VERDICTS, Stop, StopState, Verdict, moved
from forum.stories import scenario_rules
from forum.stories.scenario import MAX_RESPONSE
from forum.stories.visible_text import alike, line, upright
from forum.voting.reason import ReasonState
from forum.voting.round import Response, Round, RoundKind, RoundState

MAGIC_QUESTION = "Could this really happen?"
MAGIC_ANSWERS = (Response("r1", "Yes"), Response("r2", "No"), Response("r3", "Not sure"))
CHARACTER_QUESTION = "Whom should somebody from the audience replace?"
FEWEST_CHARACTERS, MOST_CHARACTERS = 2, 10

_ANOTHER = "Another stop is on the screen. Go on with the scene first, or put that stop back."
_NOT_TAKEN = "Take this stop first: then it is on the screen, and something can be tried."
_ENTERED = "The vote with this answer has been opened, so it cannot be taken out any more."


async def take_stop(desk: Desk, session_id: str, stop_id: str) -> Outcome:
    """Puts a stop on every screen, with the scene that it belongs to; again, where a vote came in between."""
    async with desk.act_on(session_id) as (work, session):
        stop = await _stop(work, session, stop_id)
        state = moved(stop, "take")
        on = Cue(CueKind.SCENE, stop.scenario, stop.scene, replay=True, showing=stop.showing, since=stop.since)
        for other in await work.stops.list_stops(session.id):
            if other.state == StopState.TAKEN and other.id != stop.id:
                if other.showing == session.cue.showing:
                    raise IllegalMove(_ANOTHER)
                await work.stops.save_stop(replace(other, state=StopState.DONE))
        if state == stop.state and session.cue.showing == stop.showing:
            return Outcome(session)
        await guard.nothing_open(work, session)
        await guard.playable(work, stop.scenario)
        await work.stops.save_stop(replace(stop, state=state, taken_at=stop.taken_at or desk.clock.now()))
        return await show(work, session, session.cue if session.cue.showing == stop.showing else on)


async def move_stop(desk: Desk, session_id: str, stop_id: str, move: str) -> Outcome:
    """Hides a stop, defers it, goes on with the scene after it, or puts it back: stop.MOVES but "take"."""
    async with desk.act_on(session_id) as (work, session):
        stop = await _stop(work, session, stop_id)
        state = moved(stop, move)
        if state == stop.state:
            return Outcome(session)
        await work.stops.save_stop(replace(stop, state=state))
        return await show(work, session, session.cue)


async def call_stop(desk: Desk, session_id: str) -> Outcome:
    """Somebody called stop aloud: as if they had pressed, and the facilitator had taken it."""
    async with desk.act_on(session_id) as (work, session):
        cue = session.cue
        if not cue.showing or cue.scenario is None or cue.scene is None:
            raise IllegalMove("Play a scene again first: the audience stops a replay.")
        if any(
            s.state == StopState.TAKEN and s.showing == cue.showing for s in await work.stops.list_stops(session.id)
        ):
            raise IllegalMove(_ANOTHER)
        at = desk.clock.now()
        stop = Stop(secrets.token_hex(16), session.id, cue.showing, cue.since, cue.scenario, cue.scene, at)
        await work.stops.add_stop(replace(stop, state=StopState.TAKEN, taken_at=at))
        return await show(work, session, cue)


async def write_tried(desk: Desk, session_id: str, stop_id: str, tried: str) -> Outcome:
    """Writes down what was tried on stage. Everybody sees it."""
    tried = upright(tried)
    if not tried:
        raise BadInput("Write down what was tried.", field="tried")
    if len(tried) > MOST_TRIED:
        raise BadInput("Use at most %(most)s characters.", field="tried", most=MOST_TRIED)
    async with desk.act_on(session_id) as (work, session):
        stop = await _stop(work, session, stop_id, fixed=True)
        if stop.tried == tried:
            return Outcome(session)
        await work.stops.save_stop(replace(stop, tried=tried))
        return await show(work, session, session.cue)


async def judge(desk: Desk, session_id: str, stop_id: str, verdict: str) -> Outcome:
    """The magic check as the facilitator holds it: one of stop.VERDICTS, or "" to take that back."""
    if verdict and verdict not in VERDICTS:
        raise BadInput("Choose yes, no or not sure.", field="verdict")
    async with desk.act_on(session_id) as (work, session):
        stop = await _stop(work, session, stop_id, fixed=True)
        if stop.verdict == verdict:
            return Outcome(session)
        await work.stops.save_stop(replace(stop, verdict=Verdict(verdict)))
        return await show(work, session, session.cue)


async def ask_room(desk: Desk, session_id: str, stop_id: str) -> Outcome:
    """The magic check as a vote of the room: a round of its own, opened, closed and shown like any other."""
    async with desk.act_on(session_id) as (work, session):
        stop = await _stop(work, session, stop_id, fixed=True)
        if not stop.tried:
            raise IllegalMove("Write down what was tried first: people see it beside the question.")
        await guard.nothing_open(work, session)
        await guard.playable(work, stop.scenario)
        if stop.magic is not None:
            before = await work.rounds.get_round(stop.magic)
            if before.state != RoundState.ANNULLED:
                return await show(work, session, cue_of(before), before)
        question = f"{MAGIC_QUESTION} {stop.tried}"
        round_ = _new(desk, session, question, MAGIC_ANSWERS, stop.scenario, RoundKind.MAGIC_CHECK)
        await work.rounds.add_round(round_)
        await work.stops.save_stop(replace(stop, magic=round_.id))
        return await show(work, session, cue_of(round_), round_)


async def offer_response(desk: Desk, session_id: str, stop_id: str, words: str) -> Outcome:
    """Makes an intervention an answer in the next second vote on a question of its story."""
    words = upright(line(words))
    if not words:
        raise BadInput("Write the answer in a few words.", field="words")
    if len(words) > MAX_RESPONSE:
        raise BadInput("Use at most %(most)s characters for an answer.", field="words", most=MAX_RESPONSE)
    if scenario_rules.is_none_of_these(words):
        raise BadInput("“None of these” is offered already. Change the words.", field="words")
    async with desk.act_on(session_id) as (work, session):
        stop = await _stop(work, session, stop_id, fixed=True)
        if stop.response == words:
            return Outcome(session)
        await _not_entered(work, stop)
        rounds = [
            r
            for r in await work.rounds.list_rounds(session.id)
            if r.scenario == stop.scenario and r.state != RoundState.ANNULLED
        ]
        others = [s for s in await work.stops.list_stops(session.id) if s.scenario == stop.scenario and s.id != stop.id]
        free = [s for s in others if s.response and (not s.entered or s.entered in _drafts(rounds))]
        if len(free) >= MOST_NEW:
            raise IllegalMove("There are %(most)s new answers already. Take one out first.", most=MOST_NEW)
        asked = [r.label for round_ in rounds if round_.kind == RoundKind.FIRST_VOTE for r in round_.responses]
        taken = {alike(label) for label in [*asked, *(s.response for s in others)]}
        if alike(words) in taken:
            raise BadInput("There is such an answer already. Change the words.", field="words")
        await work.stops.save_stop(replace(stop, response=words))
        await _renew(work, session, stop.scenario)
        return await show(work, session, session.cue)


async def take_response_out(desk: Desk, session_id: str, stop_id: str) -> Outcome:
    """Takes an answer out of the next vote again, as long as that has not been opened."""
    async with desk.act_on(session_id) as (work, session):
        stop = await _stop(work, session, stop_id)
        if not stop.response:
            return Outcome(session)
        await _not_entered(work, stop)
        await work.stops.save_stop(replace(stop, response="", entered=None))
        await _renew(work, session, stop.scenario)
        return await show(work, session, session.cue)


async def put_character_vote(desk: Desk, session_id: str, story: str) -> Outcome:
    """Asks the room which of a story's characters to replace: a round of its own."""
    async with desk.act_on(session_id) as (work, session):
        if story not in session.scenarios:
            raise NotFound("That story was not chosen for this session.")
        names = (await parsed((await guard.playable(work, story)).twee)).characters
        if not FEWEST_CHARACTERS <= len(names) <= MOST_CHARACTERS:
            raise IllegalMove(
                "A vote needs %(fewest)s to %(most)s characters. This story names %(number)s.",
                fewest=FEWEST_CHARACTERS,
                most=MOST_CHARACTERS,
                number=len(names),
            )
        await guard.nothing_open(work, session)
        if session.cue.round:
            before = await work.rounds.get_round(session.cue.round)
            if (before.kind, before.scenario, before.state) == (RoundKind.CHARACTER_VOTE, story, RoundState.DRAFT):
                return Outcome(session, before)
        round_ = _new(desk, session, CHARACTER_QUESTION, offered(names, none=False), story, RoundKind.CHARACTER_VOTE)
        await work.rounds.add_round(round_)
        return await show(work, session, cue_of(round_), round_)


async def show_reasons(desk: Desk, session_id: str, round_id: str, *, on: bool) -> Outcome:
    """Shows the reasons on the big screen in the place of the result, or the result again."""
    async with desk.act_on(session_id) as (work, session):
        if session.cue.kind != CueKind.RESULT or session.cue.round != round_id:
            raise IllegalMove("Show the result of this vote first. Its reasons belong to it.")
        if session.cue.reasons == on:
            return Outcome(session)
        if on and all(each.state != ReasonState.SHOWN for each in await work.reasons.list_reasons(round_id)):
            raise IllegalMove("Choose first what is to be shown: press “Show” beside a reason.")
        return await show(work, session, replace(session.cue, reasons=on, groups=False, page=0))


async def show_groups(desk: Desk, session_id: str, round_id: str, *, on: bool) -> Outcome:
    """Shows the result by group on the big screen in the place of the whole room's, or the whole room's again."""
    async with desk.act_on(session_id) as (work, session):
        if session.cue.kind != CueKind.RESULT or session.cue.round != round_id:
            raise IllegalMove("Show the result of this vote first. Its groups belong to it.")
        if session.cue.groups == on:
            return Outcome(session)
        return await show(work, session, replace(session.cue, groups=on, reasons=False, page=0))


async def turn_page(desk: Desk, session_id: str, round_id: str, *, back: bool) -> Outcome:
    """Turns a result that is too long for the big screen to its next page, or one back. It stays there."""
    async with desk.act_on(session_id) as (work, session):
        if session.cue.kind != CueKind.RESULT or session.cue.round != round_id:
            raise IllegalMove("Show the result of this vote first. Its pages belong to it.")
        return await show(work, session, replace(session.cue, page=session.cue.page + (-1 if back else 1)))


# ------------------------------------------------------------------ what these acts have in common


async def _stop(work: Work, session: LiveSession, stop_id: str, *, fixed: bool = False) -> Stop:
    """Gives a stop of this session. Raises NotFound; with `fixed`, IllegalMove for one that was not taken yet."""
    stop = await work.stops.get_stop(stop_id)
    if stop.session != session.id:
        raise NotFound("There is no such stop in this session.")
    if fixed and not stop.fixed:
        raise IllegalMove(_NOT_TAKEN)
    return stop


def _new(
    desk: Desk, session: LiveSession, question: str, answers: Sequence[Response], story: str | None, kind: RoundKind
) -> Round:
    return Round(
        id=secrets.token_hex(16),
        session=session.id,
        question=question,
        responses=tuple(answers),
        scenario=story,
        kind=kind,
        created_at=desk.clock.now(),
    )


async def _not_entered(work: Work, stop: Stop) -> None:
    if stop.entered and (await work.rounds.get_round(stop.entered)).state not in (
        RoundState.DRAFT,
        RoundState.ANNULLED,
    ):
        raise IllegalMove(_ENTERED)


async def _renew(work: Work, session: LiveSession, story: str) -> None:
    """A second vote that is on screen, but not open yet, offers what it would offer now."""
    for round_ in await work.rounds.list_rounds(session.id):
        if round_.second_of and round_.state == RoundState.DRAFT and round_.scenario == story:
            first = await work.rounds.get_round(round_.second_of)
            await work.rounds.save_round(await with_new_answers(work, first, round_))


def _drafts(rounds: Sequence[Round]) -> set[str]:
    return {round_.id for round_ in rounds if round_.state == RoundState.DRAFT}
