"""Pages for e-mail: about a story asked for on its private link, and of every kind confirmed and stopped from the
mails' own links.

Opening a link changes nothing, since programs that scan mail open every one: the page has a button. A mail program's
own "unsubscribe" posts to the same address (RFC 8058), without a cookie, from anywhere.
"""

from __future__ import annotations

import hashlib
import re
import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.errors import BadInput, ForumError, IllegalMove, NotFound, StoreUnavailable, TooMany
from forum.ports.followers import Follower
from forum.services.mail import subscriptions
from forum.services.mail.addresses import checked
from forum.stories.submission import Submission
from forum.web.accounts.devices import keep
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.guess_limits import Share, guessed
from forum.web.i18n.gettext import say
from forum.web.rate_limits import A_DAY, AN_HOUR
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.stories.private_link import MAILS_A_DAY, mail_of, story_of_link
from forum.web.words.followed import page_of

# The only address that another site's page may post to, without a cookie: its key is the whole permission.
ONE_CLICK = re.compile(r"/mail/stop/[A-Za-z0-9_-]{32}")
# Addresses are counted by a digest under this process's own secret, so that nobody can look one up.
_SECRET = secrets.token_bytes(32)


async def mine(request: Request) -> Response:
    """Shows the form for an address, by the private link; posted, asks for e-mail, or stops it."""
    site = site_of(request)
    story, _commission = await story_of_link(request)
    if site.settings.mail is None:
        raise NotFound("There is no page at this address. Check the link, or start from the front page.")
    if request.method != "POST":
        return await _mine(request, story, Form({}))
    key = request.path_params["key"]
    form = await form_of(request)
    try:
        if form.flag("stop"):
            await subscriptions.stop_for(site.store, site.clock, key)
            return RedirectResponse(f"/my-story/{key}/mail?done=stopped", 303)
        address = checked(form.text("address"))
        Share("mail", site.settings.mails_per_address, AN_HOUR).take(request)
        await subscriptions.ask(site.store, site.clock, key, address, send=not asked_often(request, address))
    except (BadInput, IllegalMove, StoreUnavailable, TooMany) as error:
        return await _mine(request, story, form, error)
    site.mailing.wake()
    return RedirectResponse(f"/my-story/{key}/mail?done=asked", 303)


def asked_often(request: Request, address: str) -> bool:
    """Tells whether MAILS_A_DAY questions went to an address today already; where not, counts one more.

    No page shows that, as people would learn who else was asked.
    """
    limits = site_of(request).limits
    name = f"mail to {hashlib.blake2b(address.lower().encode(), key=_SECRET).hexdigest()}"
    if limits.lately(name, A_DAY) >= MAILS_A_DAY:
        return True
    limits.count(name)
    return False


async def _mine(request: Request, story: Submission, form: Form, error: ForumError | None = None) -> Response:
    key = request.path_params["key"]
    async with site_of(request).store.read() as work:
        shown = await mail_of(request, work, story)
    errors = {}
    if error:
        errors = spoken(error) if isinstance(error, BadInput) else {"address": say(error.message, error.values)}
    answer = await page(
        request,
        "stories/mail.html",
        status_of(error) if error else 200,
        back=f"/my-story/{key}",
        mail=shown and shown | {"typed": form.text("address"), "error": errors.get("address", "")},
        told_so=request.query_params.get("done", "") if not error else "",
        errors=errors,
    )
    return keep(request, retry_after(answer, error))


async def confirm(request: Request) -> Response:
    """Confirms an address by the link of the first mail: shows a button, then confirms. Wrong links are counted."""
    site = site_of(request)
    key = request.path_params["key"]
    try:
        if request.method == "POST":
            there = await subscriptions.confirm(site.store, site.clock, key)
            site.mailing.wake()
        else:
            async with site.store.read() as work:
                there = await subscriptions.waiting(work, site.clock, key)
    except NotFound:
        await guessed(request, "mail link", site.settings.wrong_links_per_address)
        raise
    return await page(
        request,
        "stories/mail/confirm.html",
        done=request.method == "POST",
        stop=f"/mail/stop/{key}",
        days=subscriptions.DAYS_AFTER_PROMISES,
        followed=page_of(there.subject) if isinstance(there, Follower) else "",
    )


async def stop(request: Request) -> Response:
    """Stops e-mail by the link in every mail: shows a button, then erases the address. It answers alike for every
    key."""
    site = site_of(request)
    if request.method == "POST":
        await subscriptions.stop(site.store, site.clock, request.path_params["key"])
    return await page(request, "stories/mail/stop.html", done=request.method == "POST")
