"""Pages for paper ballots: one organiser enters the count of a round, a second confirms it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, IllegalMove, NotFound
from forum.services.sessions import guard
from forum.services.voting import paper_counts
from forum.services.voting.paper_counts import PaperForm
from forum.web.auth import somebody
from forum.web.forms import Form, form_of, spoken
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of
from forum.web.words.methods import mark_words

_FIELD = "n:"


async def count(request: Request) -> Response:
    """Shows the paper count of a round; posted, enters, confirms or discards it."""
    if request.method != "POST":
        return await _page(request, Form({}))
    site, person = site_of(request), await somebody(request)
    session, round_id = request.path_params["session"], request.path_params["round"]
    form = await form_of(request)
    act, id_ = form.text("act"), form.text("id")
    try:
        if act == "enter":
            await paper_counts.enter(site.store, site.clock, person, session, round_id, _typed(form))
        elif act == "confirm":
            await paper_counts.confirm(site.store, site.clock, person, session, round_id, id_)
        elif act == "discard":
            await paper_counts.discard(site.store, site.clock, session, round_id, id_)
        else:
            raise NotFound("There is no such act with papers.")
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        errors = spoken(error) if isinstance(error, BadInput) else {"papers": say(error.message, error.values)}
        return await _page(request, form, errors)
    await site.rooms.changed(session)
    return done(request, f"/organise/sessions/{session}/papers/{round_id}", round=round_id)


def _typed(form: Form) -> PaperForm:
    counts = {}
    for name in form.values:
        if name.startswith(_FIELD):
            group, _colon, mark = name.removeprefix(_FIELD).partition(":")
            counts[group, mark] = form.text(name)
    return PaperForm(counts, form.text("handed_out"))


async def _page(request: Request, form: Form, errors: dict[str, str] | None = None) -> Response:
    person = await somebody(request)
    async with site_of(request).store.read() as work:
        session = await guard.of_kind(work, request.path_params["session"])
        round_ = await guard.round_of(work, session, request.path_params["round"], lock=False)
        commission = await work.commissions.of_session(session)
        counted = await work.papers.get_paper_count(round_.id)
    labels = {r.id: r.label for r in round_.responses}
    groups = [*((g.id, g.label, g.invited) for g in commission.groups), ("", _("Prefer not to say"), None)]
    typing = form.text("act") == "enter" and bool(errors)
    before = counted.counts if counted else {}
    marks = paper_counts.countable(round_)
    numbers = {
        (group, mark): form.text(f"{_FIELD}{group}:{mark}") if typing else str(before.get(group, {}).get(mark, ""))
        for group, _label, _invited in groups
        for mark in marks
    }
    return await page(
        request,
        "organise/paper_counts.html",
        422 if errors else 200,
        session=session,
        commission=commission,
        round=round_,
        counted=counted,
        mine=counted is not None and counted.entered_by == person.id,
        # A confirmed count is shown only to these two people: it holds votes of which no result was shown yet.
        told=counted is None or not counted.confirmed_at or person.id in {counted.entered_by, counted.confirmed_by},
        groups=groups,
        marks=[(mark, mark_words(mark, labels)) for mark in marks],
        numbers=numbers,
        handed_out=form.text("handed_out") if typing else str(counted.handed_out) if counted else "",
        errors=errors or {},
        here=f"/organise/sessions/{session.id}/papers/{round_.id}",
    )
