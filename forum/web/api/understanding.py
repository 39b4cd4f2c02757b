"""Acts of those who decide over the API before they do: sealing what they expect, asking whether they understood."""

from __future__ import annotations

from starlette.requests import Request

from forum.services import check_backs, predictions
from forum.services.predictions import PredictionForm
from forum.web.api.done import Done, SealedPrediction
from forum.web.api.shapes import NoQuery
from forum.web.auth import somebody
from forum.web.decide.form import version_of
from forum.web.forms import Form
from forum.web.record_banner import unlike_record
from forum.web.site import base_url, site_of


async def prediction(request: Request, _asked: NoQuery) -> SealedPrediction:
    """Returns what is sealed for a session, as those who decide read it. Raises NotFound."""
    async with site_of(request).store.read() as work:
        live = await work.sessions.get_session(request.path_params["session"])
        sealed = await work.predictions.prediction_for(live.id)
        refused = predictions.refusal(live, await work.rounds.list_rounds(live.id))
        if sealed is not None and sealed.entry is not None:
            await unlike_record(request, work, {sealed.id: sealed})
    return SealedPrediction(
        session=live.id,
        id=sealed.id if sealed else None,
        expect=sealed.expect if sealed else "",
        minds=sealed.minds if sealed else "",
        sealed_at=sealed.sealed_at if sealed else None,
        decision=(sealed.decision or None) if sealed else None,
        entry=sealed.entry if sealed else None,
        may_be_sealed=not refused,
        page=_page(request, live.id),
    )


async def seal(request: Request, form: Form) -> Done:
    """Seals a prediction for a session, in the place of any."""
    site, person, session = site_of(request), await somebody(request), request.path_params["session"]
    typed = PredictionForm(**{name: form.text(name) for name in PredictionForm.__dataclass_fields__})
    sealed = await predictions.seal(site.store, site.clock, person, session, typed, of_words=True)
    return Done(id=sealed.id, state="sealed", entry=sealed.entry, page=_page(request, session))


async def ask(request: Request, form: Form) -> Done:
    """Asks those who voted whether they were understood, before a draft is published."""
    site, person, draft = site_of(request), await somebody(request), request.path_params["draft"]
    asked = form.text("summary"), form.text("days")
    live = await check_backs.ask(site.store, site.clock, person, draft, version_of(form), *asked)
    return Done(id=live.id, state="open", page=f"{base_url(request)}/answer/{live.code}")


async def stop_asking(request: Request, form: Form) -> Done:
    """Closes what those who voted are asked, and shows them its result."""
    site, person, draft = site_of(request), await somebody(request), request.path_params["draft"]
    await check_backs.close(site.store, site.clock, person, draft, version_of(form))
    return Done(id=draft, state="closed", page=f"{base_url(request)}/decide/drafts/{draft}")


def _page(request: Request, session: str) -> str:
    return f"{base_url(request)}/decide/predictions/{session}"
