"""The link of a promise's owner: the page on which a commissioner makes it, and the page that it opens."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, IllegalMove, NotFound, TooMany
from forum.ports.accounts import Person
from forum.services import commitments, owner_links
from forum.services.keys import new_key
from forum.services.mail.addresses import checked
from forum.services.owner_links import Owned
from forum.stories.evidence_files import MAX_BYTES
from forum.web import update_files
from forum.web.accounts.code_check import LINKS_BY_HAND, by_hand
from forum.web.accounts.devices import keep
from forum.web.auth import somebody
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, form_of, form_with_file, renewed, spoken
from forum.web.guess_limits import guessed
from forum.web.i18n.gettext import say
from forum.web.promise_updates import fields, refused, typed
from forum.web.public.promises import about
from forum.web.record_banner import promises_shown, unlike_record
from forum.web.responses import done, page, wants_json
from forum.web.site import base_url, site_of
from forum.web.stories.mail import asked_often
from forum.web.templates import qr

_NO_LINK = (
    "There is no promise at this link. Check that you have the whole of it, or ask whoever gave it to you for a new "
    "one."
)


async def link(request: Request) -> Response:
    """Shows whether a promise's owner has a link; posted, makes one and shows it this once, has one mailed, erases the
    address that it was mailed to, or switches it off."""
    site, commitment = site_of(request), request.path_params["commitment"]
    person = await somebody(request)
    if request.method != "POST":
        return await _link_page(request)
    by_hand(request, LINKS_BY_HAND)
    form = await form_of(request)
    if form.text("act") == "revoke":
        await owner_links.revoke(site.store, site.clock, person, commitment)
        return done(request, f"/decide/promises/{commitment}/owner")
    if form.text("act") == "forget":
        await owner_links.forget_address(site.store, site.clock, person, commitment)
        return done(request, f"/decide/promises/{commitment}/owner")
    new = form.text("new")
    if form.text("act") == "mail" and site.settings.mail is not None:
        return await _mailed(request, person, form)
    try:
        await owner_links.make(site.store, site.clock, person, commitment, new)
    except BadInput as error:
        if wants_json(request):
            raise
        return await _link_page(request, status=422, errors=spoken(error))
    # Only the answer has it: the database keeps a digest.
    return await _link_page(request, url=f"{base_url(request)}/my-promise/{new}")


async def _mailed(request: Request, person: Person, form: Form) -> Response:
    """Has the link mailed to the address in the form."""
    site, commitment, new = site_of(request), request.path_params["commitment"], form.text("new")
    try:
        address = checked(form.text("address"))
        _check_often(request, address)
        await owner_links.mail(
            site.store, site.clock, person, commitment, new, address, reminders=form.flag("reminders")
        )
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        errors = spoken(error) if isinstance(error, BadInput) else {"address": say(error.message, error.values)}
        return await _link_page(request, status=status_of(error), errors=errors, form=form)
    site.mailing.wake()
    return done(request, f"/decide/promises/{commitment}/owner")


def _check_often(request: Request, address: str) -> None:
    """Raises IllegalMove where so many mails went to an address today that no more may."""
    if asked_often(request, address):
        raise IllegalMove("Enough mails went to this address today. Wait until tomorrow, or hand the link over.")


async def _link_page(
    request: Request,
    *,
    url: str = "",
    status: int = 200,
    errors: dict[str, str] | None = None,
    form: Form | None = None,
) -> Response:
    async with site_of(request).store.read() as work:
        one = await commitments.promise_of(work, request.path_params["commitment"])
        there = await work.owners.working_owner_link(one.commitment.id)
        mail = await work.owners.owner_mail(one.commitment.id)
    return await page(
        request,
        "promises/owner_link.html",
        status,
        commitment=one.commitment,
        commission=one.commission,
        recorded=one.recorded,
        there=there,
        url=url,
        qr_code=qr(url) if url else "",
        new=new_key(),
        by_mail=site_of(request).settings.mail is not None,
        mail=mail,
        form=form or Form({"reminders": ["1"]}),
        errors=errors or {},
    )


async def mine(request: Request) -> Response:
    """Shows a promise to its owner, with the form for an update; posted, publishes it.

    A link that was switched off says what to do, and what was typed stays on the page.
    """
    site, key = site_of(request), request.path_params["key"]
    owned = await _owned(request)
    if request.method != "POST":
        said = request.query_params.get("done") == "said"
        return await _mine(request, owned, Form({}), 200 if owned.works or said else 410)
    form, file = await form_with_file(request, "file", MAX_BYTES)
    try:
        # A link that was switched off brings no file: the service says so.
        sent = await update_files.checked(request, form, file) if owned.works else None
        made = await owner_links.update(site.store, site.clock, key, typed(form), sent)
    except (BadInput, IllegalMove, TooMany) as error:
        if wants_json(request):
            raise
        status, errors = refused(error)
        return keep(
            request,
            retry_after(await _mine(request, await _owned(request), renewed(form, error), status, errors), error),
        )
    return done(request, f"/my-promise/{key}?done=said", id=made.id)


async def _owned(request: Request) -> Owned:
    """Returns the promise of the link in the address. Raises NotFound; TooMany for wrong keys."""
    site = site_of(request)
    try:
        async with site.store.read() as work:
            return await owner_links.owned(work, request.path_params["key"])
    except NotFound as error:
        await guessed(request, "link", site.settings.wrong_links_per_address)
        raise NotFound(_NO_LINK) from error


async def _mine(
    request: Request, owned: Owned, form: Form, status: int = 200, errors: dict[str, str] | None = None
) -> Response:
    async with site_of(request).store.read() as work:
        await unlike_record(request, work, promises_shown([owned.promise.decision]))
        context: dict[str, Any] = await about(request, work, owned.promise)
    return await page(
        request,
        "promises/mine.html",
        status,
        works=owned.works,
        revoked=say(owner_links.REVOKED),
        done=request.query_params.get("done", ""),
        **context,
        **fields(form, errors),
    )
