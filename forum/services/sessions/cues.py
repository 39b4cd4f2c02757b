"""Acts that put something in front of everybody: a scene, a question, the same again, a note.

Those that the programme can hold take a `step`: then they also move the room on to the step's cue.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Work
from forum.ports.long_work import parsed
from forum.services.sessions import guard
from forum.services.sessions.desk import Desk, Outcome, Step, cue_of, cue_up, stay
from forum.sessions import stop
from forum.sessions.session import Cue, CueKind, LiveSession
from forum.stories.scenario import Scene
from forum.stories.visible_text import upright
from forum.voting import round as rounds
from forum.voting.methods import METHODS
from forum.voting.question import PLAIN, Terms, check_number, check_question, check_terms
from forum.voting.round import NONE_OF_THESE, Response, Round, RoundKind, RoundState

MOST_NOTE = 300
NONE_LABEL = "None of these"


async def show_scene(
    desk: Desk, session_id: str, story: str, scene: str, *, replay: bool = False, step: Step | None = None
) -> Outcome:
    """Shows a scene of one of the session's stories to everybody."""
    async with desk.act_on(session_id, step) as (work, session):
        await guard.nothing_open(work, session)
        await scene_of(work, session, story, scene)
        cue, now_on = Cue(CueKind.SCENE, story, scene, replay=replay), session.cue
        if replay:
            if (now_on.kind, now_on.scenario, now_on.scene, now_on.replay) == (CueKind.SCENE, story, scene, True):
                return Outcome(await stay(work, session, step))
            cue = replace(cue, showing=secrets.token_hex(16), since=desk.clock.now())
        return Outcome(await cue_up(work, session, cue, step))


async def put_question(
    desk: Desk, session_id: str, story: str, scene_name: str, terms: Terms = PLAIN, *, step: Step | None = None
) -> Outcome:
    """Puts a decision point's question to everybody: a new draft, or the round that it already has."""
    async with desk.act_on(session_id, step) as (work, session):
        await guard.nothing_open(work, session, but=(story, scene_name))
        scene = await scene_of(work, session, story, scene_name)
        if not scene.decision:
            raise BadInput("This scene has no decision point, so there is nothing to vote on.", field="scene")
        check_terms(terms)
        check_number(terms.method, len(scene.links))
        standing = [
            r
            for r in await work.rounds.list_rounds(session.id)
            if (r.scenario, r.scene) == (story, scene_name) and r.state != RoundState.ANNULLED
        ]
        round_ = (
            standing[-1]
            if standing
            else await _draft(
                desk,
                work,
                session,
                scene.text,
                [link.text for link in scene.links],
                terms,
                none=METHODS[terms.method].NONE,
                at=(story, scene_name),
            )
        )
        return Outcome(await cue_up(work, session, cue_of(round_), step), round_)


async def ask_question(
    desk: Desk,
    session_id: str,
    question: str,
    responses: Sequence[str],
    terms: Terms = PLAIN,
    *,
    none: bool,
    step: Step | None = None,
) -> Outcome:
    """Puts a question of the facilitator's own to everybody.

    `none` adds "None of these", where the way of voting has room for it.
    """
    question, labels = upright(question), [said for r in responses if (said := upright(r))]
    check_terms(terms)
    none = none and METHODS[terms.method].NONE
    check_question(question, labels, terms.method, none=none)
    async with desk.act_on(session_id, step) as (work, session):
        now_on = await work.rounds.get_round(session.cue.round) if session.cue.round else None
        put = (rounds.RoundState.DRAFT, question, offered(labels, none=none), terms)
        if now_on is not None and (now_on.state, now_on.question, now_on.responses, Terms.of(now_on)) == put:
            return Outcome(await stay(work, session, step), now_on)
        await guard.nothing_open(work, session)
        round_ = await _draft(desk, work, session, question, labels, terms, none=none)
        return Outcome(await cue_up(work, session, cue_of(round_), step), round_)


async def change_terms(desk: Desk, session_id: str, round_id: str, terms: Terms) -> Outcome:
    """Changes how people will vote on a question that is not open yet, and what is declared before.

    "None of these" goes where the way of voting has no room for it, and comes back to a story's question.
    """
    check_terms(terms)
    async with desk.act_on(session_id) as (work, session):
        before = await _draft_of(work, session, round_id)
        labels = [r for r in before.responses if r.id != NONE_OF_THESE]
        check_number(terms.method, len(labels))
        none = METHODS[terms.method].NONE and (before.scenario or before.response(NONE_OF_THESE))
        responses = (*labels, Response(NONE_OF_THESE, NONE_LABEL)) if none else tuple(labels)
        round_ = terms.put_on(replace(before, responses=responses))
        await work.rounds.save_round(round_)
        return Outcome(await cue_up(work, session, session.cue), round_)


async def leave_out(desk: Desk, session_id: str, round_id: str, response: str) -> Outcome:
    """Takes a response off a question that is not open yet; the others keep their ids."""
    async with desk.act_on(session_id) as (work, session):
        before = await _draft_of(work, session, round_id)
        if before.response(response) is None:
            return Outcome(session, before)
        round_ = replace(before, responses=tuple(r for r in before.responses if r.id != response))
        check_number(round_.method, sum(r.id != NONE_OF_THESE for r in round_.responses))
        await work.rounds.save_round(round_)
        return Outcome(await cue_up(work, session, session.cue), round_)


async def put_second_vote(desk: Desk, session_id: str, first: str, *, step: Step | None = None) -> Outcome:
    """Puts the same question again, after the replay: a second round on a first vote whose result was shown."""
    async with desk.act_on(session_id, step) as (work, session):
        await guard.nothing_open(work, session)
        before = await guard.round_of(work, session, first)
        if before.state != RoundState.REVEALED or before.kind != RoundKind.FIRST_VOTE:
            raise IllegalMove("Show the result of the first vote before you open a second one.")
        if before.scenario:
            await guard.playable(work, before.scenario)
        seconds = [r for r in await work.rounds.list_rounds(session.id) if r.second_of == first]
        if any(r.state == RoundState.ANNULLED and r.revealed_at for r in seconds):
            # Two view shifts from the same first vote, laid side by side, could single somebody out.
            raise IllegalMove("The second vote was shown before it was annulled. Ask a new question instead.")
        standing = [r for r in seconds if r.state != RoundState.ANNULLED]
        if standing:
            round_ = standing[-1]
            if round_.state == rounds.RoundState.DRAFT:
                round_ = await with_new_answers(work, before, round_)
                await work.rounds.save_round(round_)
            return Outcome(await cue_up(work, session, cue_of(round_), step), round_)
        round_ = replace(
            before,
            id=secrets.token_hex(16),
            kind=RoundKind.AFTER_REPLAY,
            second_of=first,
            state=rounds.RoundState.DRAFT,
            created_at=desk.clock.now(),
            opened_at="",
            closed_at="",
            revealed_at="",
        )
        await work.rounds.add_round(round_)
        round_ = await with_new_answers(work, before, round_)
        await work.rounds.save_round(round_)
        return Outcome(await cue_up(work, session, cue_of(round_), step), round_)


async def show_again(desk: Desk, session_id: str, round_id: str, *, step: Step | None = None) -> Outcome:
    """Shows a question that was put before, as it stands now."""
    async with desk.act_on(session_id, step) as (work, session):
        round_ = await guard.round_of(work, session, round_id)
        await guard.nothing_open(work, session)
        return Outcome(await cue_up(work, session, cue_of(round_), step), round_)


async def show_note(desk: Desk, session_id: str, words: str, *, step: Step | None = None) -> Outcome:
    """Puts words of the organisers' own on every screen, as "Break"."""
    words = upright(words)
    if not words:
        raise BadInput("Write what every screen should say.", field="words")
    if len(words) > MOST_NOTE:
        raise BadInput("Use at most %(most)s characters.", field="words", most=MOST_NOTE)
    async with desk.act_on(session_id, step) as (work, session):
        await guard.nothing_open(work, session)
        return Outcome(await cue_up(work, session, Cue(CueKind.NOTE, words=words), step))


async def with_new_answers(work: Work, first: Round, second: Round) -> Round:
    """Gives the second vote with the answers that interventions in its story became, after those of the first vote.

    Raises IllegalMove where these are too many for its way of voting.
    """
    seconds = [r.id for r in await work.rounds.list_rounds(first.session) if r.second_of == first.id]
    new = [
        intervention
        for intervention in await work.stops.list_stops(first.session)
        if intervention.response
        and intervention.scenario == first.scenario
        and intervention.entered in (None, *seconds)
    ]
    most = METHODS[first.method].MOST
    if most == 1:
        # A question about one statement has no room for answers: they wait for the next.
        return second
    if len([r for r in first.responses if r.id != NONE_OF_THESE]) + len(new) > most:
        raise IllegalMove("This question can have %(most)s answers at most. Take a new one out first.", most=most)
    for intervention in new:
        await work.stops.save_stop(replace(intervention, entered=second.id))
    responses = stop.offered(first, new)
    # Other words for an answer that is no longer there must not stand for the one in its place.
    if second.responses == responses:
        return second
    return replace(second, responses=responses, versions=first.versions)


async def scene_of(work: Work, session: LiveSession, story: str, scene_name: str) -> Scene:
    """Gives a scene of one of the session's stories. Raises NotFound, IllegalMove where it may not be played."""
    if story not in session.scenarios:
        raise NotFound("That story was not chosen for this session.")
    scene = (await parsed((await guard.playable(work, story)).twee)).scene(scene_name)
    if scene is None:
        raise NotFound("There is no such scene in this story.")
    return scene


async def _draft_of(work: Work, session: LiveSession, round_id: str) -> Round:
    """Gives a first vote of this session that is not open yet; a second vote is on the terms of the first.

    Raises NotFound, IllegalMove.
    """
    draft = await guard.round_of(work, session, round_id)
    if draft.state != rounds.RoundState.DRAFT or draft.second_of:
        raise IllegalMove("How people vote can only be changed before voting opens, and not for a second vote.")
    return draft


async def _draft(
    desk: Desk,
    work: Work,
    session: LiveSession,
    question: str,
    labels: Sequence[str],
    terms: Terms,
    *,
    none: bool,
    at: tuple[str | None, str | None] = (None, None),
) -> Round:
    round_ = Round(
        id=secrets.token_hex(16),
        session=session.id,
        question=question,
        responses=offered(labels, none=none),
        scenario=at[0],
        scene=at[1],
        created_at=desk.clock.now(),
    )
    round_ = terms.put_on(round_)
    await work.rounds.add_round(round_)
    return round_


def offered(labels: Sequence[str], *, none: bool) -> tuple[Response, ...]:
    """Makes the responses r1, r2, ... with these labels; `none` adds "None of these"."""
    responses = [Response(f"r{number}", label) for number, label in enumerate(labels, start=1)]
    return (*responses, Response(NONE_OF_THESE, NONE_LABEL)) if none else tuple(responses)
