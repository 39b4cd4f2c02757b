"""The public page of a decision."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.ports import Work
from forum.services import check_backs, decision_matter
from forum.services.decision_matter import Matter
from forum.services.record_cache import declared_of
from forum.services.sessions.public_session import address_of
from forum.voting.decision import ADOPTING, Decision, differs
from forum.voting.difference import dissenting
from forum.voting.minority_statement import StatementState, groups_against
from forum.voting.result import TableRow
from forum.voting.round import Round
from forum.web.i18n.dates import today
from forum.web.record_banner import promises_shown, unlike_record
from forum.web.responses import page
from forum.web.site import base_url, site_of
from forum.web.words import entries, entry_words
from forum.web.words.check_backs import in_words
from forum.web.words.decisions import differs_from, reading_words, told_headings
from forum.web.words.terms import outcome_words, power_words


async def decision(request: Request) -> Response:
    """Shows a decision in plain words to everybody: the decision, its reasons, how people voted, who does what by
    when."""
    async with site_of(request).store.read() as work:
        made = await work.decisions.get_decision(request.path_params["decision"])
        written = await work.minority.statements_on(made.id)
        statements = [one for one in written if one.state == StatementState.PUBLISHED]
        drawn = promises_shown([made])
        if made.id in drawn:
            drawn[made.id] = (made, written)
        if made.entry is not None:
            # Already here, as votes whose rows were changed may give no result: the page that says so tells of it.
            await unlike_record(request, work, drawn | await work.rounds.some(made.rounds))
        on = await decision_matter.past_matter(work, made.rounds)
        predicted = await work.predictions.prediction_for(on.session.id)
        if predicted and predicted.entry is not None:
            drawn[predicted.id] = predicted
        apart = await decision_matter.beside(work, on)
        every = await decision_matter.votes_on(work, on)
        asked = await check_backs.about(work, on.later.id, made.decided_at)
        if on.session.recorded:
            drawn |= {round_.id: round_ for _session, round_ in every}
            for one in (on, *apart):
                drawn |= {round_.id: (round_, result) for round_, result in zip(one.rounds, one.results, strict=True)}
            if asked is not None:
                drawn[asked.round.id] = (asked.round, asked.result)
            drawn[declared_of(on.commission.id)] = (on.commission, on.session.title)
            await unlike_record(request, work, drawn)
        goes_back_to = await came_from(work, on)
    shown = context(request, made, on) | {"statements": statements, "against": groups_against(made)}
    shown["came_from"] = goes_back_to
    shown |= {"asked": asked, "asked_round": in_words(asked.round) if asked else None}
    if predicted and predicted.decision:
        shown["predicted"] = predicted
    address = f"{base_url(request)}/decisions/{made.id}"
    return await page(request, "decide/decision.html", **shown, beside=apart, every=every, address=address)


class CameFrom(msgspec.Struct, frozen=True):
    """Pages that a decision goes back to: the address of its question on its session's page ("" where it stands on
    none), the id and title of its story ("" for none that everybody may read), and how many reasons were shown."""

    question: str
    story: str
    title: str
    reasons: int


async def came_from(work: Work, on: Matter) -> CameFrom:
    """Returns the pages that a decision on these votes goes back to."""
    vote = on.later
    titles = await work.stories.titles({vote.scenario} if vote.scenario else set())
    readable = not vote.scenario or vote.scenario in titles
    if on.session.asynchronous or not on.session.recorded or not readable:
        return CameFrom("", (vote.scenario or "") if titles else "", titles.get(vote.scenario or "", ""), 0)
    reasons, more = (await work.reasons.shown([vote.id], 1)).get(vote.id, ((), 0))
    address = await address_of(work, on.session, vote)
    shown = len(reasons) + more if on.result else 0
    return CameFrom(address, vote.scenario or "", titles.get(vote.scenario or "", ""), shown)


def context(request: Request, made: Decision, on: Matter, *, previewed: bool = False) -> dict[str, Any]:
    """Returns what the template of a decision needs: for its page, or for the preview of a draft (`previewed`)."""
    labels = labels_of(on.later)
    return {
        "made": made,
        "previewed": previewed,
        "predicted": None,
        "today": today(site_of(request).clock.now()),
        "on": on,
        "power": entry_words.named(power_words, on.commission.power.level),
        "sentence": entries.decided(made.outcome, made.response, labels),
        "outcome": outcome_words(made.outcome),
        "preference": entry_words.listed(labels, on.preference),
        "differs": _differs(made, on),
        "differing": [(differs_from(one), one.answer) for one in made.differences] if on.result else [],
        "told": [(heading, made.told[name]) for name, heading in told_headings() if name in made.told],
        "dissenting": () if made.differences or made.outcome not in ADOPTING else putting_else_first(on, made.response),
        "reading": reading_words(made.second_reader),
    }


def labels_of(round_: Round) -> dict[str, str]:
    """Returns the responses of a round in words, by id."""
    return {r.id: r.label for r in round_.responses}


def putting_else_first(on: Matter, response: str | None) -> tuple[TableRow, ...]:
    """Returns the rows that preferred something else than a response; () where there is no result, or no response."""
    if not on.result or not response:
        return ()
    return dissenting(on.result.rows, response, on.later.method, rounded=on.result.rounded)


def _differs(made: Decision, on: Matter) -> bool:
    """Tells whether a decision goes against the vote; for a vote annulled since, whether it said so then."""
    if on.result is None:
        return bool(made.why)
    return differs(made.outcome, made.response, on.preference, counted=on.counted)
