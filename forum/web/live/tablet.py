"""A shared tablet, passed from person to person; each ballot has a voter of its own.

The person holding it gives their group (or types their ticket) with each ballot; nothing of them stays on it. The
tablet makes a random id for each person, so that a ballot cast without a connection can be sent later, and counts
once.
"""

from __future__ import annotations

import re
import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.errors import BadInput, CastRefused, IllegalMove, NotFound, TooMany
from forum.services.keys import digest
from forum.services.sessions import guard
from forum.services.sessions.tablet_link import share
from forum.services.sessions.tickets import plain
from forum.services.voting.receipts import gives_none
from forum.sessions.session import Entrance, LiveSession, Participant
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import language, say
from forum.web.live.ballot_form import Typed, ack_facts, cast_by_form, unsent
from forum.web.live.join import admitted
from forum.web.live.receipts import CAST_ID
from forum.web.live.screens import news_of, screen_context, small
from forum.web.rate_limits import TEN_MINUTES
from forum.web.responses import done, page, wants_json
from forum.web.server.prefix import prefix_of
from forum.web.site import base_url, site_of
from forum.web.templates import qr, ready

# People whose ballots the tablets of a session take in ten minutes.
MOST_PASSING = 3000
_PERSON = re.compile(r"[0-9a-f]{32}")


async def link(request: Request) -> Response:
    """Shows organisers the link that makes a device a shared tablet; makes it, replaces it, or switches it off."""
    site = site_of(request)
    session = request.path_params["session"]
    if request.method == "POST":
        act = (await form_of(request)).text("act")
        if act not in {"make", "stop"}:
            raise NotFound("There is no such act with tablets.")
        live_session = await share(site.store, session, on=act == "make")
        path = prefix_of(site.settings) + _path(live_session) if live_session.tablet else ""
        return done(request, f"/organise/sessions/{session}/tablet", tablet=path)
    async with site.store.read() as work:
        live_session = await guard.of_kind(work, session)
        commission = await work.commissions.of_session(live_session)
    url = f"{base_url(request)}{_path(live_session)}"
    return await page(
        request,
        "organise/tablet.html",
        session=live_session,
        commission=commission,
        url=url,
        qr_code=qr(url) if live_session.tablet else "",
    )


async def page_of_tablet(request: Request) -> Response:
    """Shows the tablet's page: the ballot for the next person, or a word to wait."""
    return await _page(request, await _live(request))


async def vote(request: Request) -> Response:
    """Casts one person's ballot, with their group or ticket."""
    session = await _live(request)
    form = await form_of(request)
    if session.ended:
        over = IllegalMove(guard.over(session))
        if wants_json(request):
            raise over
        return await _page(request, session, form, told=say(over.message))
    try:
        person = await _person(request, session, form)
    except (BadInput, TooMany) as error:
        if wants_json(request):
            raise
        wrong = spoken(error) if isinstance(error, BadInput) else {}
        told = "" if wrong else say(error.message, error.values)
        return retry_after(await _page(request, session, form, errors=wrong, told=told, status=status_of(error)), error)
    outcome, refused, _typed = await cast_by_form(request, session.id, person.id, form)
    if outcome is not None:
        return done(request, f"{_path(session)}?counted=1", **ack_facts(outcome))
    if refused is not None and wants_json(request):
        raise refused
    return await _page(request, session, form, refused=refused)


async def slip(request: Request) -> Response:
    """Shows the person who has just voted the address of their receipt, once: whoever holds the tablet next finds no
    way to it, by what is left on the page or in the browser's history.
    """
    session = await _live(request)
    form = await form_of(request)
    round_id, cast, slip_id = form.text("round"), form.text("cast"), secrets.token_hex(CAST_ID // 2)
    async with site_of(request).store.begin() as work:
        voter = await work.rounds.caster(round_id, cast) if len(cast) == CAST_ID else None
        mine = voter is not None and voter.session == session.id and not gives_none(session)
        if voter is None or not mine or not await work.rounds.recast(round_id, voter.id, cast, slip_id):
            raise NotFound("There is no slip for this vote. Each is given once.")
    url = f"{base_url(request)}/receipts/{round_id}/{slip_id}"
    return await page(request, "live/receipts/slip.html", url=url, qr_code=qr(url), back=_path(session))


async def now(request: Request) -> Response:
    """Sends the state as JSON, for places where websockets are blocked."""
    session = await _live(request)
    if not wants_json(request):
        return RedirectResponse(_path(session), 303)
    room = await site_of(request).rooms.room(session.id)
    return small(request, news_of(request, room, "tablet", language().code) | {"yours": []})


async def _live(request: Request) -> LiveSession:
    async with site_of(request).store.read() as work:
        return await work.sessions.by_tablet(request.path_params["key"])


def _path(session: LiveSession) -> str:
    return f"/tablet/{session.tablet}"


async def _person(request: Request, session: LiveSession, form: Form) -> Participant:
    """Returns the person who casts this ballot. Raises BadInput for an unknown group or ticket, TooMany."""
    site = site_of(request)
    if session.entrance == Entrance.TICKETS:
        # The same ticket on any tablet of a session is the same person, in every round.
        typed = form.text("ticket")
        device = digest(f"tablet {session.id} {plain(typed)}")
        async with site.store.read() as work:
            here = await work.sessions.participant(session.id, device)
        # A ticket that came in here goes on working, whatever others behind the same address try. A revoked one has no
        # participant here.
        return here or await admitted(request, session, typed, device)
    group = form.text("group")
    async with site.store.read() as work:
        commission = await work.commissions.of_session(session)
    if "group" not in form.values or (group and commission.group_label(group) is None):
        raise BadInput("Choose a group, or “Prefer not to say”.", field="group")
    asked = form.text("person")
    person = asked if _PERSON.fullmatch(asked) else secrets.token_hex(16)
    device = digest(f"tablet {session.id} {person}")
    async with site.store.read() as work:
        before = await work.sessions.participant(session.id, device)
    if before is None:
        # Counted by the tablets' own link, so that no phone, and no other session's tablet, uses this up.
        site.limits.take(f"tablet {session.tablet}", MOST_PASSING, TEN_MINUTES)
    voter = Participant(secrets.token_hex(16), session.id, group or None, site.clock.now(), passing=True)
    async with site.store.begin() as work:
        here = await work.sessions.join(voter, device)
        if here.group != voter.group:
            # An earlier try was refused for another mistake, and the group was corrected with it.
            await work.sessions.regroup(here.id, voter.group)
        return here


async def _page(
    request: Request,
    session: LiveSession,
    form: Form | None = None,
    errors: dict[str, str] | None = None,
    refused: CastRefused | None = None,
    told: str = "",
    status: int = 0,
) -> Response:
    await ready(site_of(request).templates, "live/screens/tablet.html")
    room = await site_of(request).rooms.room(session.id)
    filled = form or Form({})
    # After a refusal the same person goes on; after a counted ballot the next one begins.
    again = filled.text("person") if errors or refused or status else ""
    typed = Typed(filled.text("round"), "", filled.text("reason"), condition=filled.text("condition"))
    context = screen_context(base_url(request), room.view)
    return await page(
        request,
        "live/tablet.html",
        status or (422 if errors else 409 if refused or told else 200),
        **context
        | {
            "given": filled.values,
            "errors": errors or {},
            "refused": _(refused.message) if refused else "",
            "told": told,
            "left": unsent(room.view, typed),
            "counted": "counted" in request.query_params,
            "voter": again or secrets.token_hex(16),
            "cast": secrets.token_hex(16),
            "history": room.history,
            "mark": room.drawn("tablet", language().code).mark,
            "tablet_path": _path(session),
            "socket_path": f"{_path(session)}/socket?lang={language().code}",
        },
    )
