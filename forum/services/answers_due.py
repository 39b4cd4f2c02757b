"""Finds the answers that the votes of a commission are due, from what stands in the record."""

from __future__ import annotations

from collections.abc import Sequence

from forum.ports import Work
from forum.sessions.session import LiveSession
from forum.voting.answer_due import AnswerDue, answers_due
from forum.voting.commission import CommissionVersion
from forum.voting.decision import Decision


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
    # A decision may rest on a vote of a session that was opened before an answer was promised.
    named = {id_ for one in decisions for id_ in one.rounds} - {one.id for one in rounds}
    rounds += (await work.rounds.some(named)).values() if named else ()
    return answers_due(rounds, within, [one for one in decisions if one.entry is not None])
