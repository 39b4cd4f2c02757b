"""Everything of a live session that everybody may read: its questions in the order in which they were asked.

Nothing is counted here: results are those of every page outside the room (`results.shown_all`); reasons and stops are
those that stood on the screens, without a group; words about a story that nobody may read any more are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from forum.ports import Work
from forum.services import answers_due
from forum.services.commission_figures import people_who_came
from forum.services.record_cache import Contents
from forum.services.voting.results import shown_all
from forum.sessions.session import LiveSession
from forum.sessions.stop import Stop
from forum.voting.answer_due import AnswerDue
from forum.voting.commission import Commission
from forum.voting.decision import Decision
from forum.voting.methods import METHODS
from forum.voting.reason import Given
from forum.voting.round import Round, RoundKind, RoundState, added
from forum.voting.small_numbers import people_outside
from forum.voting.suppression import Result

A_PAGE = 10  # questions
MOST_REASONS = 12  # of a question


@dataclass(frozen=True)
class Question:
    """One question as it was asked. `number` counts from 1 through the session.

    `readable` is False for one about a story that nobody may read any more: no words of it are shown. `result` is None
    while none is shown; `first` is the vote before the replay. `stops` were taken before it. `more_reasons` is how many
    were shown besides `reasons`.
    """

    number: int
    round: Round
    readable: bool = True
    story_title: str = ""
    first: Round | None = None
    result: Result | None = None
    reasons: tuple[Given, ...] = ()
    more_reasons: int = 0
    stops: tuple[Stop, ...] = ()
    decisions: tuple[Decision, ...] = ()
    due: AnswerDue | None = None

    @property
    def new(self) -> tuple[str, ...]:
        """Returns the ids of the answers that came up in the replay."""
        return added(self.first, self.round) if self.first is not None else ()


class PublicSession(msgspec.Struct, frozen=True):
    """A page of a session: some of its `asked` questions, stops that no later vote came after, and who came (None
    where that is not told)."""

    session: LiveSession
    commission: Commission
    questions: tuple[Question, ...] = ()
    stops: tuple[Stop, ...] = ()
    asked: int = 0
    number: int = 1
    pages: int = 1
    came: int | None = None


async def public_session(
    work: Work, session: LiveSession, contents: Contents | None, size: int, number: int = 1
) -> PublicSession:
    """Reads page `number` of a session, the last one where there are fewer; nothing was asked in one that is not in the
    record. `contents` is the record's index of `size` entries, None for a damaged record."""
    commission = await work.commissions.of_session(session)
    if not session.recorded:
        return PublicSession(session, commission)
    rounds = sorted((one for one in await work.rounds.list_rounds(session.id) if one.opened_at), key=_opened)
    pages = max(1, -(-len(rounds) // A_PAGE))
    number = min(number, pages)
    start = (number - 1) * A_PAGE
    taken = await work.stops.taken(session.id)
    stories = {one.scenario for one in rounds if one.scenario} | {one.scenario for one in taken}
    titles = await work.stories.titles(stories)
    before, after = _placed([one for one in taken if one.scenario in titles], rounds)
    here = [
        Question(
            start + place,
            round_,
            not round_.scenario or round_.scenario in titles,
            titles.get(round_.scenario or "", ""),
            next((one for one in rounds if one.id == round_.second_of), None),
            stops=tuple(before.get(round_.id, ())),
        )
        for place, round_ in enumerate(rounds[start : start + A_PAGE], 1)
    ]
    here = await _with_results(work, session, commission, here)
    here = await _with_reasons(work, commission, here)
    if contents is not None:
        here = await _with_decisions(work, session, contents, size, here)
    came = await work.sessions.came([session.id]) if session.ended else {}
    return PublicSession(
        session,
        commission,
        tuple(here),
        tuple(after) if number == pages else (),
        len(rounds),
        number,
        pages,
        people_who_came(came.get(session.id, 0), commission) if session.ended else None,
    )


async def page_of(work: Work, session: LiveSession, round_: Round) -> int:
    """Returns the page of a session on which a question stands; 1 for one that was not asked."""
    rounds = sorted((one for one in await work.rounds.list_rounds(session.id) if one.opened_at), key=_opened)
    return next((place for place, one in enumerate(rounds) if one.id == round_.id), 0) // A_PAGE + 1


async def address_of(work: Work, session: LiveSession, round_: Round) -> str:
    """Returns the address at which a question that was asked stands on its session's page."""
    rounds = sorted((one for one in await work.rounds.list_rounds(session.id) if one.opened_at), key=_opened)
    place = next((place for place, one in enumerate(rounds) if one.id == round_.id), 0)
    page = f"?page={place // A_PAGE + 1}" if place >= A_PAGE else ""
    return f"/sessions/{session.id}{page}#question-{place + 1}"


def _opened(round_: Round) -> str:
    return round_.opened_at


def _placed(stops: Sequence[Stop], rounds: Sequence[Round]) -> tuple[dict[str, list[Stop]], list[Stop]]:
    """Returns the stops by their magic check, or else by the vote that was asked next about their story; and those that
    no vote followed."""
    before: dict[str, list[Stop]] = {}
    after: list[Stop] = []
    for stop in stops:
        next_ = next((one for one in rounds if one.id == stop.magic or _follows(one, stop)), None)
        (before.setdefault(next_.id, []) if next_ is not None else after).append(stop)
    return before, after


def _follows(round_: Round, stop: Stop) -> bool:
    led_to = round_.scenario == stop.scenario and round_.opened_at >= stop.taken_at
    return led_to and round_.kind != RoundKind.MAGIC_CHECK and stop.magic is None


async def _with_results(
    work: Work, session: LiveSession, commission: Commission, questions: Sequence[Question]
) -> list[Question]:
    """Adds the results that were shown, but those held back while badges are off."""
    shown = [
        one.round
        for one in questions
        if one.readable and one.round.state == RoundState.REVEALED and one.round.id not in session.held
    ]
    results = await shown_all(work, [(session, one) for one in shown], commission)
    return [replace(one, result=results.get(one.round.id)) for one in questions]


async def _with_reasons(work: Work, commission: Commission, questions: Sequence[Question]) -> list[Question]:
    """Adds the reasons that everybody could read, those that most people supported first."""
    of = [one.round.id for one in questions if one.result is not None]
    given = await work.reasons.shown(of, MOST_REASONS) if of else {}
    told = []
    for one in questions:
        reasons, more = given.get(one.round.id, ((), 0))
        # Beside an answer whose number is hidden, a reason would say that somebody gave it.
        answered = one.result is not None and one.result.counted and not one.result.hidden
        if not (answered and METHODS[one.round.method].FOLLOWED):
            reasons = tuple(replace(reason, choice="") for reason in reasons)
        if commission.small_numbers:
            reasons = tuple(replace(r, too=people_outside(r.too, commission.threshold) or 0) for r in reasons)
        told.append(replace(one, reasons=tuple(reasons), more_reasons=more))
    return told


async def _with_decisions(
    work: Work, session: LiveSession, contents: Contents, size: int, questions: Sequence[Question]
) -> list[Question]:
    """Adds the decisions that rest on these questions, oldest first, and the answers for which they still wait."""
    here = {one.round.id for one in questions}
    of = {id_: rounds[-1] for index, id_, rounds in contents.decided.get(session.id, ()) if index < size}
    resting = await work.decisions.some_decisions([id_ for id_, last in of.items() if last in here])
    waiting = [one for one in contents.answers.due() if one.answer is None and one.opened["round"] in here]
    due = {one.rounds[-1].id: one for one in await answers_due.as_now(work, waiting) if one.answer is None}
    return [
        replace(
            one,
            decisions=tuple(made for made in reversed(resting) if of[made.id] == one.round.id),
            due=due.get(one.round.id),
        )
        for one in questions
    ]
