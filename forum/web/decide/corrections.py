"""The page on which a decision is corrected, or another one is put in its place."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, IllegalMove, SentBefore
from forum.services import decision_corrections
from forum.services.decision_corrections import CorrectionForm, ReplacementForm
from forum.services.decision_form import MOST_WORDS
from forum.voting.decision import Decision, mistake_in_replacing
from forum.web.auth import somebody
from forum.web.forms import Form, errors_of, form_of, renewed
from forum.web.i18n.dates import day
from forum.web.record_banner import decisions_shown, unlike_record
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of
from forum.web.words.terms import outcome_words


async def correct(request: Request) -> Response:
    """Shows the forms for a correction and for another decision in the place of this one; posted, publishes it.

    The act is "correct" or "replace".
    """
    person, site, id_ = await somebody(request), site_of(request), request.path_params["decision"]
    if request.method != "POST":
        return await _page(request, Form({}))
    form = await form_of(request)
    try:
        if form.text("act") == "replace":
            put = ReplacementForm(form.text("id"), form.text("by"), form.text("why"))
            made = await decision_corrections.put_in_place(site.store, site.clock, person, id_, put)
        else:
            said = CorrectionForm(form.text("id"), form.text("words"), form.text("because"))
            made = await decision_corrections.correct(site.store, site.clock, person, id_, said)
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        words = "why" if form.text("act") == "replace" else "words"
        errors = errors_of(error, words if isinstance(error, SentBefore) else "act")
        return await _page(request, renewed(form, error), 422 if isinstance(error, BadInput) else 409, errors)
    return done(request, f"/decisions/{id_}", id=made.corrections[-1].id)


async def _page(request: Request, form: Form, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    async with site_of(request).store.read() as work:
        made = await work.decisions.get_decision(request.path_params["decision"])
        commission = await work.commissions.get_commission(made.commission)
        others = await work.decisions.list_decisions(made.commission)
        await unlike_record(request, work, decisions_shown([made]))
    newer = [one for one in others if not mistake_in_replacing(made, one)]
    return await page(
        request,
        "decide/correction.html",
        status,
        made=made,
        commission=commission,
        newer=[(one.id, _told(one)) for one in newer],
        form=form,
        errors=errors or {},
        id=secrets.token_hex(16),
        most=MOST_WORDS,
    )


def _told(decision: Decision) -> str:
    """Returns a decision in a line: its day, its outcome, and how its reasons begin."""
    return f"{day(decision.decided_at)}: {outcome_words(decision.outcome)}. {decision.rationale[:160]}"
