"""Minority statements: the page on which a group's link is made, the page that it opens, and the moderator's."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, ForumError, IllegalMove, NotFound
from forum.services import decision_matter, minority_statements
from forum.services.keys import new_key
from forum.services.minority_statements import MOST_BECAUSE, OpenedLink
from forum.voting.minority_statement import MOST_WORDS
from forum.web.accounts.code_check import LINKS_BY_HAND, by_hand
from forum.web.auth import somebody
from forum.web.errors import status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.guess_limits import guessed
from forum.web.i18n.gettext import say
from forum.web.responses import done, page, wants_json
from forum.web.site import base_url, site_of
from forum.web.templates import qr

_NO_LINK = (
    "There is nothing to write at this link. Check that you have the whole of it, or ask whoever gave it to you for a "
    "new one."
)


async def links(request: Request) -> Response:
    """Shows the groups that may write on a decision; posted, makes the link of one and shows it this once, or switches
    it off."""
    site, decision = site_of(request), request.path_params["decision"]
    person = await somebody(request)
    if request.method != "POST":
        return await _links_page(request)
    by_hand(request, LINKS_BY_HAND)
    form = await form_of(request)
    group, new = form.text("group"), form.text("new")
    if form.text("act") == "revoke":
        await minority_statements.revoke(site.store, site.clock, person, decision, group)
        return done(request, f"/decide/dissent/{decision}")
    try:
        await minority_statements.make(site.store, site.clock, person, decision, group, new)
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        return await _links_page(request, status=status_of(error), errors=_errors(error, "new"))
    # Only the answer has it: the database keeps a digest.
    return await _links_page(request, group=group, url=f"{base_url(request)}/minority/{new}")


async def _links_page(
    request: Request, *, group: str = "", url: str = "", status: int = 200, errors: dict[str, str] | None = None
) -> Response:
    async with site_of(request).store.read() as work:
        made = await work.decisions.get_decision(request.path_params["decision"])
        groups = await minority_statements.groups_of(work, made)
        on = await decision_matter.past_matter(work, made.rounds)
    return await page(
        request,
        "decide/dissent_links.html",
        status,
        made=made,
        on=on,
        groups=groups,
        now=site_of(request).clock.now(),
        group=group,
        url=url,
        qr_code=qr(url) if url else "",
        new=new_key(),
        errors=errors or {},
    )


async def write(request: Request) -> Response:
    """Shows a decision to a group that it goes against, with the form for its statement; posted, sends that to the
    moderators, or takes it back. Where nothing can be sent any more, what was typed stays on the page."""
    site, key = site_of(request), request.path_params["key"]
    there = await _opened(request)
    if request.method != "POST":
        return await _write_page(request, there, Form({}))
    form = await form_of(request)
    if form.text("act") == "take back":
        await minority_statements.take_back(site.store, site.clock, key)
        return done(request, f"/minority/{key}")
    try:
        sent = await minority_statements.write(site.store, site.clock, key, form.text("id"), form.text("words"))
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        return await _write_page(request, await _opened(request), form, error)
    return done(request, f"/minority/{key}", id=sent.id)


async def _opened(request: Request) -> OpenedLink:
    """Returns what the link in the address opens. Raises NotFound; TooMany for wrong keys."""
    site = site_of(request)
    try:
        async with site.store.read() as work:
            return await minority_statements.opened(work, site.clock, request.path_params["key"])
    except NotFound as error:
        await guessed(request, "link", site.settings.wrong_links_per_address)
        raise NotFound(_NO_LINK) from error


async def _write_page(request: Request, there: OpenedLink, form: Form, error: ForumError | None = None) -> Response:
    async with site_of(request).store.read() as work:
        on = await decision_matter.past_matter(work, there.decision.rounds)
    returned = there.statement if there.statement and there.statement.because else None
    return await page(
        request,
        "decide/dissent_write.html",
        200 if error is None else status_of(error),
        there=there,
        on=on,
        returned=returned,
        refused=say(there.refused) if there.refused else "",
        words=form.text("words") if form.values else returned.words if returned else "",
        id=returned.id if returned else form.text("id") or secrets.token_hex(16),
        most=MOST_WORDS,
        errors=_errors(error, "words"),
    )


async def moderate(request: Request) -> Response:
    """Shows a statement that waits to a moderator; posted, publishes it or returns it with the reason."""
    site, id_ = site_of(request), request.path_params["statement"]
    person = await somebody(request)
    if request.method != "POST":
        return await _moderate_page(request, Form({}))
    form = await form_of(request)
    try:
        if form.text("act") == "accept":
            await minority_statements.accept(site.store, site.clock, person, id_, form.text("read"))
        else:
            read, because = form.text("read"), form.text("because")
            await minority_statements.give_back(site.store, site.clock, person, id_, read, because)
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        return await _moderate_page(request, form, error)
    return done(request, "/moderate", id=id_)


async def _moderate_page(request: Request, form: Form, error: ForumError | None = None) -> Response:
    async with site_of(request).store.read() as work:
        statement = await work.minority.get_statement(request.path_params["statement"])
        made = await work.decisions.get_decision(statement.decision)
        on = await decision_matter.past_matter(work, made.rounds)
    return await page(
        request,
        "moderate/statement.html",
        200 if error is None else status_of(error),
        statement=statement,
        read=minority_statements.fingerprint(statement),
        made=made,
        on=on,
        form=form,
        most=MOST_BECAUSE,
        errors=_errors(error, "because"),
    )


def _errors(error: ForumError | None, name: str) -> dict[str, str]:
    """Returns a refusal by the fields of its form: a plain one stands at the field `name`."""
    if isinstance(error, BadInput):
        return spoken(error)
    return {} if error is None else {name: say(error.message, error.values)}
