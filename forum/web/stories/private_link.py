"""The private link: replacing it, switching it off, appealing, and the events of its story."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.errors import BadInput, ForumError, IllegalMove, NotFound, StoreUnavailable
from forum.ports import Work
from forum.services import noticed
from forum.services.keys import digest, is_key, new_key
from forum.services.mail import subscriptions
from forum.services.stories import appeals_and_reports, private_links, timeline
from forum.stories.submission import StoryStatus, Submission
from forum.voting.commission import Commission
from forum.voting.noticed import open_asking
from forum.web.errors import status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.guess_limits import guessed
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import say
from forum.web.later_lines import lines_of
from forum.web.responses import done, page
from forum.web.site import base_url, site_of
from forum.web.templates import qr

# Mails a day that ask one address to confirm.
MAILS_A_DAY = 3
_NO_LINK = (
    "There is no story at this link. Check that you have the whole of it. A link that was replaced or switched off "
    "does not open any more."
)


async def story_of_link(request: Request, key: str = "") -> tuple[Submission, Commission]:
    """Returns the story of a private link, and its commission; `key` is the one in the address where none is given.

    A right key opens the story whatever others behind the same address have tried. Raises NotFound; TooMany for wrong
    ones.
    """
    site = site_of(request)
    link_ = digest(key or request.path_params["key"])
    try:
        async with site.store.read() as work:
            story = await work.stories.by_link(link_)
            commission = await work.commissions.get_commission(story.commission)
    except NotFound as error:
        await guessed(request, "link", site.settings.wrong_links_per_address)
        raise NotFound(_NO_LINK) from error
    return story, commission


async def life_of(request: Request, story: Submission) -> dict[str, Any]:
    """Returns what the page of a private link shows beside the story: its events, newest first, and the state of an
    appeal."""
    async with site_of(request).store.read() as work:
        events = await timeline.life(work, story)
        since = next((one.session.id for one in events if one.session), "")
        commission = await work.commissions.get_commission(story.commission)
        of_events, said = await lines_of(request, work, commission, events, since)
        standing = await appeals_and_reports.standing(work, story)
        shared = False
        by_mail = await mail_of(request, work, story)
        suggested = await work.drafts.suggestions(story.id)
        with suppress(NotFound):  # a story that is not open for writing
            shared = bool(await work.drafts.build_key(story.id))
    asked = {one.commitment.id: one.commitment for one in events if one.commitment}
    now = site_of(request).clock.now()
    askings = [(one, began.id) for one in asked.values() if (began := open_asking(one, now)) is not None]
    secret, key = site_of(request).noticed_secret, request.path_params["key"]
    # Words that stand at the top of the page are not repeated.
    above = {story.because, standing.appeal.because if standing and standing.appeal else ""}
    lines = sorted([*of_events, *said], key=lambda line: line.at)[::-1]
    return {
        "life": [replace(line, quote="") if line.quote in above else line for line in lines],
        "today": today(now),
        "askings": [(one, noticed.link_of_storyteller(secret, began, key)) for one, began in askings],
        "standing": standing,
        "mail": by_mail,
        "shared": shared,
        "waiting": sum(not suggestion.outcome for suggestion in suggested),
    }


async def mail_of(request: Request, work: Work, story: Submission) -> dict[str, Any] | None:
    """Returns the context of `stories/_mail.html`; None where no e-mail is sent, or the story was taken back."""
    site = site_of(request)
    if site.settings.mail is None or story.status == StoryStatus.WITHDRAWN:
        return None
    return {
        "standing": await subscriptions.standing(work, story.id),
        "action": f"/my-story/{request.path_params['key']}/mail",
        "a_day": MAILS_A_DAY,
        "an_hour": site.settings.mails_per_address,
        "days": subscriptions.DAYS_AFTER_PROMISES,
        "to_confirm": subscriptions.DAYS_TO_CONFIRM,
        "typed": "",
        "error": "",
    }


async def link(request: Request) -> Response:
    """Shows the form that replaces a private link, or switches it off for good; posted, does so."""
    if request.method != "POST":
        story, _commission = await story_of_link(request)
        return await _link_page(request, story, Form({}))
    site = site_of(request)
    form = await form_of(request)
    key, new = request.path_params["key"], form.text("new")
    try:
        await story_of_link(request)
    except NotFound:
        # It was replaced before, and the answer was lost: the new key, which only that page showed, proves it.
        if form.text("action") != "replace" or not await private_links.has_link(site.store, new):
            raise
        return done(request, f"/my-story/{new}?done=link")
    try:
        action = form.choice("action", ("replace", "revoke"), "Choose what to do with the link.")
        if action == "revoke" and not form.flag("sure"):
            form.wrong("sure", "Tick the box to say that you are sure.")
        form.stop()
        if action == "replace":
            await private_links.replace_link(site.store, site.clock, key, new, site.noticed_secret)
        else:
            await private_links.revoke_link(site.store, site.clock, key)
    except (BadInput, StoreUnavailable) as error:
        story, _commission = await story_of_link(request)
        return await _link_page(request, story, form, error)
    return done(request, f"/my-story/{new}?done=link" if action == "replace" else "/link-off")


async def _link_page(request: Request, story: Submission, form: Form, error: ForumError | None = None) -> Response:
    new = form.text("new")
    if not is_key(new) or (isinstance(error, BadInput) and "new" in spoken(error)):
        new = new_key()
    address = f"{base_url(request)}/my-story/"
    old = address + request.path_params["key"]
    async with site_of(request).store.read() as work:
        by_mail = await mail_of(request, work, story)
    return await page(
        request,
        "stories/private_link.html",
        status_of(error) if error else 200,
        story=story,
        back=f"/my-story/{request.path_params['key']}",
        link=old,
        qr=qr(old),
        new=new,
        new_link=address + new,
        new_qr=qr(address + new),
        mail=by_mail,
        errors=_errors(error),
    )


async def link_off(request: Request) -> Response:
    """Shows the page after a private link was switched off."""
    return await page(request, "stories/private_link_off.html")


async def appeal(request: Request) -> Response:
    """Shows the form in which a writer appeals to another moderator; posted, keeps the appeal."""
    story, _commission = await story_of_link(request)
    if request.method != "POST":
        return await _appeal_page(request, story, Form({}))
    site = site_of(request)
    form = await form_of(request)
    key = request.path_params["key"]
    try:
        await appeals_and_reports.appeal(site.store, site.clock, key, form.text("words"))
    except (BadInput, IllegalMove, StoreUnavailable) as error:
        return await _appeal_page(request, story, form, error)
    return RedirectResponse(f"/my-story/{key}?done=appeal", 303)


async def _appeal_page(request: Request, story: Submission, form: Form, error: ForumError | None = None) -> Response:
    async with site_of(request).store.read() as work:
        standing = await appeals_and_reports.standing(work, story)
    return await page(
        request,
        "stories/appeal.html",
        status_of(error) if error else 200,
        story=story,
        standing=standing,
        back=f"/my-story/{request.path_params['key']}",
        words=form.text("words"),
        most=appeals_and_reports.MAX_APPEAL,
        errors=_errors(error),
    )


def _errors(error: ForumError | None) -> dict[str, str]:
    if error is None:
        return {}
    return spoken(error) if isinstance(error, BadInput) else {"main": say(error.message, error.values)}
