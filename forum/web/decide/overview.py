"""Votes that wait for a decision, and every question with what was decided on it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from forum.ports import Work
from forum.services import answers_due
from forum.sessions.session import LiveSession
from forum.voting.commission import Commission
from forum.voting.decision import Decision, DecisionOutcome
from forum.voting.round import DECIDED_ON, Round, RoundKind, RoundState
from forum.voting.small_numbers import people_outside
from forum.web.auth import need_somewhere
from forum.web.i18n.dates import today
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.words.answers_due import moves_words, waits
from forum.web.words.decisions import draft_words


@dataclass(frozen=True)
class _Question:
    """One question that was voted on: its round or two rounds, and the decisions on any of them."""

    session: LiveSession
    rounds: tuple[Round, ...]
    voted: int | None  # None for fewer than small-number rules let out
    decided: tuple[Decision, ...]

    @property
    def is_decided(self) -> bool:
        """Tells whether anything was decided on it, but that something went wrong; undecided ones come first."""
        return any(one.outcome != DecisionOutcome.ACKNOWLEDGED for one in self.decided)

    @property
    def url(self) -> str:
        """Returns the address of the form for a decision on it."""
        second = f"&second={self.rounds[1].id}" if len(self.rounds) == 2 else ""
        return f"/decide/new?round={self.rounds[0].id}{second}"


async def overview(request: Request) -> Response:
    """Shows the votes that wait for an answer, the first due first, and every question whose result was shown, by
    commission, undecided ones first."""
    day, within = today(site_of(request).clock.now()), await need_somewhere(request, "decide")
    async with site_of(request).store.read() as work:
        commissions = [one for one in await work.commissions.list_commissions() if one.id in within]
        shelves = [(c, await _questions(work, c)) for c in commissions]
        due = []
        for of in commissions:
            versions, made = await work.commissions.versions(of.id), await work.decisions.list_decisions(of.id)
            sessions = await work.sessions.list_sessions(of.id)
            due += [(one, of.title) for one in await answers_due.of_commission(work, versions, sessions, made)]
        drafts = [one for one in await work.decision_drafts.list_drafts() if one.commission in within]
        asked = await work.rounds.some({one.rounds[-1] for one in drafts}) if drafts else {}
    waiting = sorted(((one, title) for one, title in due if not one.answer), key=lambda one: one[0].due_on)
    return await page(
        request,
        "decide/overview.html",
        shelves=shelves,
        today=day,
        drafts=[(one, draft_words(one.state), asked[one.rounds[-1]].question) for one in drafts],
        waiting=[(one, waits(one, day), moves_words(one)) for one, _title in waiting],
        titles={one.rounds[0].id: title for one, title in waiting},
    )


async def _questions(work: Work, commission: Commission) -> list[_Question]:
    made = await work.decisions.list_decisions(commission.id)
    questions = []
    for session in await work.sessions.list_sessions(commission.id):
        revealed = [
            r
            for r in await work.rounds.list_rounds(session.id)
            if r.state == RoundState.REVEALED and r.id not in session.held
        ]
        rounds = [r for r in revealed if r.kind in DECIDED_ON]
        voted = await work.rounds.voted([r.id for r in rounds])
        again = {r.second_of: r for r in rounds if r.second_of}
        shown = {r.id for r in rounds}
        for round_ in rounds:
            if round_.kind == RoundKind.FIRST_VOTE and round_.id in again:
                pair: tuple[Round, ...] = (round_, again[round_.id])
            elif round_.second_of in shown:
                continue
            else:
                pair = (round_,)
            ids = {r.id for r in pair}
            decided = tuple(d for d in made if ids & set(d.rounds))
            n: int | None = voted[pair[-1].id]
            if commission.small_numbers and n is not None:
                n = people_outside(n, commission.threshold)
            questions.append(_Question(session, pair, n, decided))
    return questions
