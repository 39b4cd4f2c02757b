"""The form with which a commissioner says what became of a promise."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, IllegalMove, TooMany
from forum.services import commitments, decision_form
from forum.services.commitments import UpdateForm
from forum.stories.evidence_files import MAX_BYTES
from forum.voting.commitment import TOLD
from forum.voting.update_file import MOST_SHOWS
from forum.web import update_files
from forum.web.auth import somebody
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, form_with_file, renewed, spoken
from forum.web.i18n.gettext import say
from forum.web.public.promises import about
from forum.web.record_banner import promises_shown, unlike_record
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of
from forum.web.words.terms import promise_words


async def update(request: Request) -> Response:
    """Shows the form for an update of a promise, below what was said of it before; posted, publishes the update."""
    person = await somebody(request)
    commitment = request.path_params["commitment"]
    if request.method != "POST":
        return await _page(request, Form({}))
    site = site_of(request)
    form, file = await form_with_file(request, "file", MAX_BYTES)
    try:
        sent = await update_files.checked(request, form, file)
        made = await commitments.update(site.store, site.clock, person, commitment, typed(form), sent)
    except (BadInput, IllegalMove, TooMany) as error:
        if wants_json(request):
            raise
        status, errors = refused(error)
        return retry_after(await _page(request, renewed(form, error), status, errors), error)
    return done(request, f"/promises/{commitment}", id=made.id)


def typed(form: Form) -> UpdateForm:
    """Returns the update in a submitted form."""
    return UpdateForm(**{name: form.text(name) for name in UpdateForm.__dataclass_fields__})


def refused(error: BadInput | IllegalMove | TooMany) -> tuple[int, dict[str, str]]:
    """Returns the status and the errors by field, in words, with which the form comes back."""
    if isinstance(error, BadInput):
        return 422, spoken(error)
    if isinstance(error, TooMany):
        return status_of(error), {"file": say(error.message, error.values)}
    # Somebody else was faster: their update stands on the page, and what was typed stays in the form.
    return 409, {"state": say(error.message, error.values)}


def fields(form: Form, errors: dict[str, str] | None = None) -> dict[str, Any]:
    """Returns what the template of the form needs beside the promise."""
    return {
        "form": form,
        "errors": errors or {},
        "id": form.text("id") or secrets.token_hex(16),
        "states": [(str(state), promise_words(state)) for state in TOLD],
        "most": decision_form,
        "most_shows": MOST_SHOWS,
        "most_megabytes": MAX_BYTES // 1024 // 1024,
    }


async def _page(request: Request, form: Form, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    async with site_of(request).store.read() as work:
        one = await commitments.promise_of(work, request.path_params["commitment"])
        await unlike_record(request, work, promises_shown([one.decision]))
        context = await about(request, work, one)
    return await page(request, "promises/update.html", status, **context, **fields(form, errors))
