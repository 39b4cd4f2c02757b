"""The form with which a commissioner moves the day until which a vote is answered, and says why."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, IllegalMove
from forum.services import answers_due
from forum.services.answers_due import DateForm
from forum.web.auth import somebody
from forum.web.forms import Form, form_of, renewed, spoken
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import say
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of
from forum.web.words.answers_due import moves_words, waits


async def move(request: Request) -> Response:
    """Shows the form, below the question and the day; posted, moves the day."""
    person, vote, site = await somebody(request), request.path_params["round"], site_of(request)
    if request.method != "POST":
        return await _page(request, vote, Form({}))
    form = await form_of(request)
    typed = DateForm(**{name: form.text(name) for name in DateForm.__dataclass_fields__})
    try:
        made = await answers_due.move(site.store, site.clock, person, vote, typed)
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        if isinstance(error, BadInput):
            return await _page(request, vote, form, 422, spoken(error))
        return await _page(request, vote, renewed(form, error), 409, {"to": say(error.message, error.values)})
    return done(request, "/decide", id=made.id, entry=made.entry)


async def _page(
    request: Request, vote: str, form: Form, status: int = 200, errors: dict[str, str] | None = None
) -> Response:
    day = today(site_of(request).clock.now())
    async with site_of(request).store.read() as work:
        due = await answers_due.due_of(work, vote)
        session = await work.sessions.get_session(due.rounds[-1].session)
        commission = await work.commissions.of_session(session)
    return await page(
        request,
        "decide/answer_date.html",
        status,
        due=due,
        commission=commission,
        waits=waits(due, day) if not due.answer else "",
        moved=moves_words(due),
        form=form,
        id=form.text("id") or secrets.token_hex(16),
        most=answers_due.MOST_BECAUSE,
        errors=errors or {},
    )
