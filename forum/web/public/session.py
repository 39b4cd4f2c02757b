"""The public page of a live session: each question in the order in which it was asked, and what came of it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import RecordDamaged
from forum.services.record_cache import declared_of, kept
from forum.services.sessions import guard
from forum.services.sessions.public_session import PublicSession, Question, public_session
from forum.voting.round import RoundKind
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import gettext as _
from forum.web.organise.programmes import is_planned
from forum.web.public.checkpoints import page_number
from forum.web.record_banner import promises_shown, unlike_record
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.words.entries import decided
from forum.web.words.terms import session_state


async def session(request: Request) -> Response:
    """Shows a live session to everybody. Raises NotFound for an asynchronous one, which has a page of its own."""
    site = site_of(request)
    async with site.store.read() as work:
        live = await guard.of_kind(work, request.path_params["session"])
        size = await work.record.size()
        try:
            contents = await kept(site.store).contents_of(work, size)
        except RecordDamaged:
            contents = None  # the banner of the page tells of it
        number = page_number(request.query_params.get("page", ""))
        shown = await public_session(work, live, contents, size, number)
        plan = (await work.programmes.latest(live.id)).plan
        told = contents is not None and any(index < size for index in contents.about.get(live.id, ()))
        await unlike_record(request, work, drawn(shown, told=told))
    return await page(
        request,
        "public/session.html",
        shown=shown,
        session=live,
        commission=shown.commission,
        state=session_state(live),
        plan=plan,
        programme=is_planned(plan),
        questions=[(one, _kind(one), _decided(one)) for one in shown.questions],
        today=today(site.clock.now()),
    )


def drawn(shown: PublicSession, *, told: bool) -> dict[str, object]:
    """Returns what the page shows that the record tells of, by its ids; `told`: an entry is about the session itself,
    whose row may be made a planned one in silence."""
    if not shown.session.recorded:
        return {}
    rows: dict[str, object] = {}
    if told or shown.session.opened_at or shown.session.called_off_at:
        live = shown.session
        rows[live.id] = (live.title, live.scenarios, live.called_off_at, live.called_off_because)
    rows[declared_of(shown.commission.id)] = (shown.commission, shown.session.title)
    for one in shown.questions:
        rows[one.round.id] = (one.round, one.result, one.due)
        rows |= promises_shown(one.decisions)
    return rows


def _kind(asked: Question) -> str:
    """Returns what kind of vote it was, as a reader says it."""
    return {
        RoundKind.AFTER_REPLAY: _("Vote after the replay"),
        RoundKind.MAGIC_CHECK: _("Could this really happen?"),
        RoundKind.CHARACTER_VOTE: _("Whom to replace"),
        RoundKind.POLICY_VOTE: _("Vote on a proposal"),
    }.get(asked.round.kind, _("Vote"))


def _decided(asked: Question) -> list[str]:
    """Returns the decisions on a question in words, in their order."""
    labels = {r.id: r.label for r in asked.round.responses}
    return [decided(one.outcome, one.response, labels) for one in asked.decisions]
