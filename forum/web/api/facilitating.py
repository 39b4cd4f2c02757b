"""The facilitator's acts over the API: what is on screen, and votes from their opening to their result.

An act is the console's of the same name, so it can be undone there. Of a question that people answer alone it is its
page's. People's own acts are not here: a vote by a program would be nobody's vote.
"""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request

from forum.errors import NotFound
from forum.services.sessions import asynchronous, facilitation
from forum.services.sessions.desk import Outcome
from forum.web.api.done import RoundDone
from forum.web.api.schema import Choice
from forum.web.api.sessions import result_told
from forum.web.forms import Form
from forum.web.live import console
from forum.web.organise import rounds
from forum.web.site import base_url, site_of


class SessionAct:
    """An act on a session, by the name that it has on the console."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, request: Request, form: Form) -> RoundDone:
        """Carries it out and has every screen drawn anew."""
        session = request.path_params["session"]
        outcome = await console.carry_out(request, session, self.name, form)
        await site_of(request).rooms.changed(session)
        return await _told(request, outcome)


class RoundAct:
    """An act on a vote, by the name that it has on the console, or on the page of a question answered alone."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, request: Request, form: Form) -> RoundDone:
        """Carries it out and has every screen drawn anew. Raises NotFound also for one that is not for such a vote."""
        site = site_of(request)
        async with site.store.read() as work:
            found = await work.rounds.get_round(request.path_params["round"])
            live = await work.sessions.get_session(found.session)
        if not live.asynchronous:
            on = Form({**form.values, "round": [found.id]})
            outcome = await console.carry_out(request, live.id, self.name, on)
            await site.rooms.changed(live.id)
        elif self.name in rounds.ACTS:
            desk = asynchronous.desk(site.store, site.clock)
            outcome = await rounds.ACTS[self.name](desk, live.id, found.id, form)
        else:
            raise NotFound("There is no such act of the organiser.")
        # An act that leaves the vote as it is says nothing of it.
        return await _told(request, replace(outcome, round=outcome.round or found))


async def let_in(request: Request, _form: Form) -> RoundDone:
    """Lets as many more phones in as at the beginning, where all places are taken."""
    return await _told(request, Outcome(await console.open_door(request, request.path_params["session"])))


async def extend(request: Request, form: Form) -> RoundDone:
    """Gives a question that people answer alone more time."""
    site = site_of(request)
    async with site.store.read() as work:
        found = await work.rounds.get_round(request.path_params["round"])
    until = form.text("day"), form.text("time")
    after = await asynchronous.extend(site.store, site.clock, found.session, *until, site.settings.timezone)
    async with site.store.read() as work:
        live = await work.sessions.get_session(found.session)
    return await _told(request, Outcome(live, after))


async def _told(request: Request, acted: Outcome) -> RoundDone:
    outcome = await facilitation.as_it_leaves(site_of(request).store, acted)
    live, on = outcome.session, outcome.round
    return RoundDone(
        session=live.id,
        version=live.version,
        round=on.id if on else None,
        state=str(on.state) if on else "",
        answers=tuple(Choice(one.id, one.label) for one in on.responses) if on else (),
        closes_at=(on.closes_at or None) if on else None,
        count=outcome.count,
        result=result_told(outcome.result) if outcome.result is not None else None,
        page=f"{base_url(request)}/{'organise/asynchronous' if live.asynchronous else 'console'}/{live.id}",
    )
