"""Acts that make a session kind: breaks asked for without a name, time to vote, badges off, plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Work
from forum.services.sessions import guard
from forum.services.sessions.desk import Desk, Outcome, show
from forum.services.sessions.facilitation import record_held
from forum.sessions.session import CareRequest, LiveSession
from forum.stories.visible_text import upright
from forum.voting.easy_read import EASY
from forum.voting.round import RoundState, Version

MINUTES = (1, 2, 3, 5, 10)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
MOST_VERSIONS = 12
_NOT_OPEN = "This vote is not open."


async def ask_break(desk: Desk, session_id: str) -> int:
    """Tells the facilitator that somebody needs a break, and not who. Returns the number of this request, from 1."""
    async with desk.act_on(session_id) as (work, _):
        return await work.care.ask(session_id, CareRequest.BREAK)


async def is_break_seen(desk: Desk, session_id: str, number: int) -> bool:
    """Says whether the facilitator has seen the request of this number. Raises NotFound for one that was never made."""
    async with desk.store.read() as work:
        asked = (await work.care.list_asked(session_id)).get((CareRequest.BREAK, ""))
    if asked is None or not 1 <= number <= asked.number:
        raise NotFound("There is no such request.")
    return number <= asked.seen


async def see_breaks(desk: Desk, session_id: str) -> Outcome:
    """Marks every request for a break as seen by the facilitator."""
    async with desk.act_on(session_id) as (work, session):
        await work.care.see(session_id, CareRequest.BREAK)
        return await show(work, session, session.cue)


async def ask_more_time(desk: Desk, session_id: str, round_id: str) -> None:
    """Counts one more person who needs more time for the vote that is open. Raises IllegalMove where none is."""
    async with desk.act_on(session_id) as (work, session):
        await _on_and_open(desk, work, session, round_id)
        await work.care.ask(session_id, CareRequest.TIME, round_id)


async def say_time(desk: Desk, session_id: str, round_id: str, minutes: int) -> Outcome:
    """Says how long people may think it takes to vote, or (0) no longer says so. It never closes the vote."""
    if minutes and minutes not in MINUTES:
        raise BadInput("Choose one of the times.", field="minutes")
    async with desk.act_on(session_id) as (work, session):
        await _on_and_open(desk, work, session, round_id)
        return await show(work, session, replace(session.cue, minutes=minutes))


async def set_badges(desk: Desk, session_id: str, *, off: bool) -> Outcome:
    """Takes badges off: nothing is shown by group. Or lifts that: results are shown, and recorded, as they are."""
    async with desk.act_on(session_id) as (work, session):
        if session.badges_off == off:
            return Outcome(session)
        if not off:
            return await show(
                work, replace(await record_held(work, session, desk.clock.now()), badges_off=False), session.cue
            )
        return await show(work, replace(session, badges_off=True), session.cue)


async def reword(
    desk: Desk, session_id: str, round_id: str, kind: str, question: str, labels: Mapping[str, str]
) -> Outcome:
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
    async with desk.act_on(session_id) as (work, session):
        round_ = await guard.round_of(work, session, round_id)
        if round_.state != RoundState.DRAFT:
            raise IllegalMove("Other words can only be given before voting opens: the record has them from there.")
        if set(words) - {r.id for r in round_.responses}:
            raise BadInput("There is no such response.", field="response")
        kept = tuple(version for version in round_.versions if version.kind != kind)
        if question or words:
            kept = (*kept, Version(kind, question, words))
        if len(kept) > MOST_VERSIONS:
            raise BadInput("A question can be given in %(most)s versions at most.", field="kind", most=MOST_VERSIONS)
        after = replace(round_, versions=kept)
        await work.rounds.save_round(after)
        return await show(work, session, session.cue, after)


async def _on_and_open(desk: Desk, work: Work, session: LiveSession, round_id: str) -> None:
    """Raises IllegalMove where this vote is not on screen, or takes no ballots."""
    await guard.taking(work, session, round_id, desk.clock.now(), _NOT_OPEN)
    if session.cue.round != round_id:
        raise IllegalMove(_NOT_OPEN)
