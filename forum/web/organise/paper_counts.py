"""Pages for paper ballots: one person enters the count of a round, a second confirms it."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, IllegalMove, NotFound
from forum.services.sessions import guard
from forum.services.voting import paper_counts
from forum.services.voting.paper_counts import PaperForm
from forum.sessions.paper_count import PaperCount
from forum.web.auth import somebody
from forum.web.forms import Form, form_of, spoken
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of
from forum.web.words.methods import mark_words

# Begins the name of a field with the papers of one group that bear one mark, as "n:g1:r1".
FIELD = "n:"


async def count(request: Request) -> Response:
    """Shows the paper count of a round to an organiser; posted, enters, confirms or discards it."""
    person, named = await somebody(request), request.path_params
    here = f"/organise/sessions/{named['session']}/papers/{named['round']}"
    counted = Count(person.id, named["session"], named["round"], here, f"/console/{named['session']}", _("Console"))
    return await counting(request, counted, await form_of(request) if request.method == "POST" else None)


class Count(msgspec.Struct, frozen=True):
    """A count of a round's papers, as somebody works on it: `by` is the id of their account or helper's link, `here`
    the address of the page, `back` that of the page before it, which is called `back_words`."""

    by: str
    session: str
    round: str
    here: str
    back: str
    back_words: str


async def counting(request: Request, on: Count, form: Form | None) -> Response:
    """Shows the paper count of a round; enters, confirms or discards it where a form was posted."""
    if form is None:
        return await _page(request, on, Form({}))
    try:
        await carry_out(request, on.by, on.session, on.round, form)
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        errors = spoken(error) if isinstance(error, BadInput) else {"papers": say(error.message, error.values)}
        return await _page(request, on, form, errors)
    return done(request, on.here, round=on.round)


async def carry_out(request: Request, by: str, session: str, round_: str, form: Form) -> None:
    """Enters, confirms or discards a count, as the form says, on a page or by a program. Raises as the acts of
    services/voting/paper_counts.py do, and NotFound for another act."""
    site, act, id_ = site_of(request), form.text("act"), form.text("id")
    if act == "enter":
        await paper_counts.enter(site.store, site.clock, by, session, round_, _typed(form))
    elif act == "confirm":
        await paper_counts.confirm(site.store, site.clock, by, session, round_, id_)
    elif act == "discard":
        await paper_counts.discard(site.store, site.clock, session, round_, id_)
    else:
        raise NotFound("There is no such act with papers.")
    await site.rooms.changed(session)


def may_see(counted: PaperCount, by: str) -> bool:
    """Tells whether somebody may see the numbers of a count: once it is confirmed, only the two people who counted, as
    it holds votes of which no result was shown yet."""
    return not counted.confirmed_at or by in {counted.entered_by, counted.confirmed_by}


def _typed(form: Form) -> PaperForm:
    counts = {}
    for name in form.values:
        if name.startswith(FIELD):
            group, _colon, mark = name.removeprefix(FIELD).partition(":")
            counts[group, mark] = form.text(name)
    return PaperForm(counts, form.text("handed_out"))


async def _page(request: Request, on: Count, form: Form, errors: dict[str, str] | None = None) -> Response:
    async with site_of(request).store.read() as work:
        session = await guard.of_kind(work, on.session)
        round_ = await guard.round_of(work, session, on.round, lock=False)
        commission = await work.commissions.of_session(session)
        counted = await work.papers.get_paper_count(round_.id)
        of_link = counted is not None and await paper_counts.is_of_their_link(work, counted, on.by)
    labels = {r.id: r.label for r in round_.responses}
    groups = [*((g.id, g.label, g.invited) for g in commission.groups), ("", _("Prefer not to say"), None)]
    typing = form.text("act") == "enter" and bool(errors)
    before = counted.counts if counted else {}
    marks = paper_counts.countable(round_)
    numbers = {
        (group, mark): form.text(f"{FIELD}{group}:{mark}") if typing else str(before.get(group, {}).get(mark, ""))
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
        mine=counted is not None and counted.entered_by == on.by,
        of_link=of_link,
        told=counted is None or may_see(counted, on.by),
        groups=groups,
        marks=[(mark, mark_words(mark, labels)) for mark in marks],
        numbers=numbers,
        handed_out=form.text("handed_out") if typing else str(counted.handed_out) if counted else "",
        errors=errors or {},
        here=on.here,
        back=(on.back, on.back_words),
    )
