"""Finds the answers that the votes of a commission are due, from what stands in the record, and moves their days.

No day is moved without an entry that says why.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from forum.errors import IllegalMove, NotAllowed, NotFound, message
from forum.ports import Store, Work
from forum.ports.accounts import Person
from forum.ports.clock import Clock
from forum.record.verify.answers_due import VoteDue
from forum.services import permissions, record_entries
from forum.services.form_errors import Findings
from forum.services.record_entries import Words
from forum.services.sent_before import unchanged
from forum.sessions.session import LiveSession
from forum.stories.visible_text import upright
from forum.voting.answer_due import AnswerDue, AnswerMove, answers_due
from forum.voting.commission import CommissionVersion
from forum.voting.decision import Decision

MOST_BECAUSE = 4000
MOST_MOVES = 50  # of the day of one vote
_MEANWHILE = message(
    "It has been moved or answered meanwhile, perhaps by somebody else. Look at it above. What you typed is still "
    "here: send it again if it still fits."
)
_MOVE_AGAIN = message("To move it again, give another day, and send it once more.")
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class DateForm:
    """A new day for the answer to a vote, as typed. `id` is a random id made when the form was shown (empty: one is
    made), `seen` the day that stood on its page. Errors come back under the names of these fields."""

    id: str = ""
    seen: str = ""
    to: str = ""
    because: str = ""


async def of_commission(
    work: Work,
    versions: Sequence[CommissionVersion],
    sessions: Sequence[LiveSession],
    decisions: Sequence[Decision],
) -> list[AnswerDue]:
    """Returns the answers due of a commission with these versions, sessions and decisions, the first due first. Those
    of sessions that are not in the record, and of rehearsals, are left out; each session keeps the days it was opened
    under."""
    declared = {one.number: one.about.power.answer_by_days for one in versions}
    within = {
        session.id: days
        for session in sessions
        if session.recorded and not session.rehearsal and (days := declared.get(session.terms)) is not None
    }
    if not within:
        return []
    rounds = [one for of_session in (await work.rounds.of_all(list(within))).values() for one in of_session]
    moves = await work.decisions.answer_moves([one.id for one in rounds])
    return answers_due(rounds, within, [one for one in decisions if one.entry is not None], moves)


async def as_now(work: Work, votes: Sequence[VoteDue]) -> list[AnswerDue]:
    """Returns these answers, found in the record, as the rows of the database have them now, the first due first."""
    rounds = await work.rounds.some(
        {id_ for one in votes for id_ in (one.opened["round"], one.opened["second_of"]) if id_}
    )
    decisions = await work.decisions.some_decisions({id_ for one in votes for id_ in one.put_off})
    moves = await work.decisions.answer_moves(list(rounds))
    within = {one.opened["session"]: one.within for one in votes}
    return answers_due(rounds.values(), within, decisions, moves)


async def due_of(work: Work, vote: str) -> AnswerDue:
    """Returns the answer that a vote is due. Raises NotFound where it is due none, or there is no such vote."""
    session = await work.sessions.get_session((await work.rounds.get_round(vote)).session)
    versions, made = (
        await work.commissions.versions(session.commission),
        await work.decisions.list_decisions(session.commission),
    )
    for one in await of_commission(work, versions, [session], made):
        if one.rounds[-1].id == vote:
            return one
    raise NotFound("No answer is due to this vote.")


async def move(store: Store, clock: Clock, person: Person, vote: str, form: DateForm) -> AnswerMove:
    """Moves the day until which a vote is answered, with its entry in the record; the same form sent twice moves it
    once.

    Raises NotAllowed where `person` is no commissioner, NotFound where the vote is due no answer, FormErrors with all
    mistakes, and IllegalMove where it was moved or answered since the form was shown, or was moved MOST_MOVES times.
    """
    async with store.begin() as work:
        round_ = await work.rounds.get_round(vote, lock=True)
        session = await work.sessions.get_session(round_.session)
        if session.commission not in permissions.reach(person, "decide"):
            raise NotAllowed("Only a commissioner can move this day.")
        before = await work.decisions.answer_moves([vote])
        if done := next((one for one in before if one.id == form.id), None):
            return unchanged(done, _MOVE_AGAIN, went_to=form.to.strip(), because=upright(form.because))
        due = await due_of(work, vote)
        if due.answer is not None or form.seen != due.due_on:
            raise IllegalMove(_MEANWHILE)
        if len(before) >= MOST_MOVES:
            raise IllegalMove("This day was moved %(most)s times. It cannot be moved again.", most=MOST_MOVES)
        found, at = Findings(), clock.now()
        to = found.later_day("to", form.to, "Give the new day.", at)
        if to == due.due_on:
            found.wrong("to", "This is the day that it has already. Give another one.")
        because = found.need("because", form.because, "Say why it is moved. Everybody reads it.", MOST_BECAUSE)
        found.stop()
        id_ = form.id if _ID.fullmatch(form.id) else secrets.token_hex(16)
        made = AnswerMove(id_, vote, due.due_on, to, because, at)
        facts = {"round": vote, "from": made.came_from, "to": made.went_to, "because": Words("because", because)}
        entry = await record_entries.append(
            work, await work.commissions.of_session(session), "answer date moved", at, facts
        )
        made = replace(made, entry=entry)
        await work.decisions.add_answer_move(made)
    return made
