"""The page on which those who decide seal what they expect of a session, before its first vote."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, IllegalMove
from forum.services import predictions
from forum.services.predictions import PredictionForm
from forum.voting.prediction import MOST_PREDICTED
from forum.web.auth import somebody
from forum.web.forms import Form, errors_of, form_of
from forum.web.i18n.gettext import say
from forum.web.record_banner import unlike_record
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of


async def predict(request: Request) -> Response:
    """Shows the prediction for a session to those who decide, with the form for it until the first vote is opened;
    posted, seals it. Where nothing can be sealed any more, what was typed stays on the page."""
    person, site, session = await somebody(request), site_of(request), request.path_params["session"]
    if request.method != "POST":
        return await _page(request, Form({}))
    form = await form_of(request)
    typed = PredictionForm(form.text("id"), form.text("after"), form.text("expect"), form.text("minds"))
    try:
        sealed = await predictions.seal(site.store, site.clock, person, session, typed)
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        return await _page(request, form, 422 if isinstance(error, BadInput) else 409, errors_of(error, "expect"))
    return done(request, f"/decide/predictions/{session}", id=sealed.id)


async def _page(request: Request, form: Form, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    async with site_of(request).store.read() as work:
        session = await work.sessions.get_session(request.path_params["session"])
        commission = await work.commissions.of_session(session)
        sealed = await work.predictions.prediction_for(session.id)
        refused = predictions.refusal(session, await work.rounds.list_rounds(session.id))
        if sealed is not None and sealed.entry is not None:
            await unlike_record(request, work, {sealed.id: sealed})
    return await page(
        request,
        "decide/prediction.html",
        status,
        session=session,
        commission=commission,
        sealed=sealed,
        digests=predictions.digests(sealed) if sealed else {},
        refused=say(refused) if refused else "",
        form=form,
        errors=errors or {},
        id=secrets.token_hex(16),
        most=MOST_PREDICTED,
    )
