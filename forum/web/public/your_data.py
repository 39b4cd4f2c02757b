"""People's own data, without an account: a page that leads to it, a copy to keep, and its erasure.

A copy is one file: a page to read with the same as JSON in it (`?copy=page`), or the JSON alone (`?copy=json`).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.errors import BadInput, FormErrors, ForumError, StoreUnavailable, TooMany
from forum.ports.long_work import long
from forum.ports.personal_data import ABOUT, Kind, kinds_of
from forum.services import rights
from forum.services.rights import Copy, Erased
from forum.web.accounts.devices import keep
from forum.web.auth import somebody
from forum.web.cookies import DEVICE, cookie_of
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.guess_limits import Share
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import language, say
from forum.web.rate_limits import AN_HOUR
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.stories.private_link import story_of_link
from forum.web.templates import ready

# Erasures, and copies, that one browser may ask for in an hour.
ERASURES, COPIES = 20, 60
_MOST_NAMED = 300  # characters of a reference or an address


async def about(request: Request) -> Response:
    """Shows how to get a copy of one's data and have it erased: by a link, on this browser, by mail, by letter."""
    operator = site_of(request).settings.operator
    return await page(
        request,
        "public/your_data.html",
        here=bool(cookie_of(request, DEVICE)),
        controller=operator.controller,
        contact=operator.contact,
    )


async def browser(request: Request) -> Response:
    """Shows what is held of this browser; gives a copy of it; posted, erases it."""
    store, clock, device = site_of(request).store, site_of(request).clock, cookie_of(request, DEVICE)
    Share("copies", COPIES, AN_HOUR).take(request)
    held = await rights.copy_of_browser(store, device)
    return await _page(
        request, "browser", held, "/your-data", lambda reference: rights.erase_browser(store, clock, device, reference)
    )


async def story(request: Request) -> Response:
    """Shows what is held of a story, by its private link; gives a copy of it; posted, erases it."""
    store, clock, key = site_of(request).store, site_of(request).clock, request.path_params["key"]
    await story_of_link(request)
    copied = bool(request.query_params.get("copy"))
    if copied:
        Share("copies", COPIES, AN_HOUR).take(request)
    held = await rights.copy_of_story(store, key, whole=copied)
    return await _page(
        request, "story", held, f"/my-story/{key}", lambda reference: rights.erase_story(store, clock, key, reference)
    )


async def mail(request: Request) -> Response:
    """Shows what is held of an e-mail address, by the key in its letters; gives a copy of it; posted, erases it. It
    answers alike for every key that there is not."""
    store, clock, key = site_of(request).store, site_of(request).clock, request.path_params["key"]
    held = await rights.copy_of_mail(store, key)
    return await _page(
        request, "mail", held, "/your-data", lambda reference: rights.erase_mail(store, clock, key, reference)
    )


async def _page(
    request: Request, whose: str, held: Copy, back: str, erase: Callable[[str], Awaitable[Erased]]
) -> Response:
    form, error, said = Form({}), None, request.query_params.get("erased", "")
    if request.method == "POST":
        form = await form_of(request)
        try:
            if not form.flag("sure"):
                form.wrong("sure", "Tick the box to say that you are sure.")
            form.stop()
            Share("erasures", ERASURES, AN_HOUR).take(request)
            done = await erase(form.text("reference"))
            for session in done.sessions:
                await site_of(request).rooms.changed(session)
            return RedirectResponse(f"{request.url.path}?erased={done.reference or 'nothing'}", 303)
        except (BadInput, TooMany, StoreUnavailable) as problem:
            error = problem
    elif (wanted := request.query_params.get("copy", "")) in ("page", "json") and held.rows:
        return await _copy(request, whose, held, wanted)
    answer = await page(
        request,
        "public/held_data.html",
        status_of(error) if error else 200,
        whose=whose,
        back=back,
        held=held,
        kinds=_kinds(held),
        reference=form.text("reference") or secrets.token_hex(16),
        erased=said,
        errors=_errors(error),
    )
    return keep(request, retry_after(answer, error))


def _kinds(held: Copy) -> list[str]:
    """Returns the titles of the kinds of data that a copy has something of, in the reader's language."""
    there = {
        kind
        for table, rows in held.rows.items()
        for column, kind in kinds_of(table).items()
        if any(row.get(column) not in (None, "") for row in rows)
    }
    return [say(ABOUT[kind].title) for kind in Kind if kind in there and kind not in (Kind.ACCOUNT, Kind.LINK)]


async def _copy(request: Request, whose: str, held: Copy, wanted: str) -> Response:
    """Returns the copy as one file, which says what it is."""
    at = site_of(request).clock.now()
    everything: dict[str, object] = {
        "made_at": at,
        "of": whose,
        "about": _("A copy of all that Forum keeps of you here, and of nobody else."),
        "not_in_it": _left_out(),
        "references": list(held.references),
        "kinds": {table: sorted({say(ABOUT[k].title) for k in kinds_of(table).values() if k}) for table in held.rows},
        "data": held.rows,
    }
    name = f"forum-{whose}-{at[:10]}"
    if wanted == "json":
        data = await long(_json, everything)
        return Response(data, media_type="application/json", headers=_attached(f"{name}.json"))
    template = await ready(site_of(request).templates, "public/data_copy.html")
    drawn = await long(template.render, {**everything, "everything": everything, "language": language()})
    return Response(drawn, media_type="text/html", headers=_attached(f"{name}.html"))


def _left_out() -> list[str]:
    return [
        _("Fingerprints of your link, your browser and your ticket: they are kept, and say nothing to anybody."),
        _("The numbers that would prove to others how you voted."),
        _("What others wrote: suggestions for your story, and reports about it. Those are their words."),
        _("An e-mail address that was left for a story: the link at the end of each letter shows it."),
        _("Files that you added: each has its address here, which opens with your private link."),
        _("Votes from sessions that ended more than an hour ago: nobody can tell any more which were yours."),
    ]


def _json(everything: dict[str, object]) -> bytes:
    return json.dumps(everything, ensure_ascii=False, indent=1, default=str).encode()


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}


async def by_letter(request: Request) -> Response:
    """Shows the form by which staff erase what somebody asked for by letter; posted, erases it.

    A story that is named by its public id is shown first, with the question how they made sure who asks.
    """
    form, error, story = Form({}), None, None
    site = site_of(request)
    if request.method == "POST":
        form = await form_of(request)
        named = form.text("named")
        try:
            if not form.flag("sure"):
                form.wrong("sure", "Tick the box to say that you are sure.")
            if len(named) > _MOST_NAMED:
                form.wrong("named", "There is nothing to erase under this. Check it sign by sign.")
            form.stop()
            person = await somebody(request)
            told = {"seen": form.text("seen"), "because": form.text("because"), "by": person.id}
            done = await rights.erase_named(site.store, site.clock, named, form.text("reference"), **told)
            for session in done.sessions:
                await site.rooms.changed(session)
            return RedirectResponse(f"/moderate/erase?erased={done.reference}", 303)
        except (BadInput, StoreUnavailable) as problem:
            error = problem
        if len(named) <= _MOST_NAMED:
            story = await rights.named_story(site.store, named)
    return await page(
        request,
        "moderate/erase.html",
        status_of(error) if error else 200,
        named=form.text("named"),
        because=form.text("because"),
        story=story,
        reference=form.text("reference") or secrets.token_hex(16),
        erased=request.query_params.get("erased", ""),
        errors=_errors(error),
    )


def _errors(error: ForumError | None) -> dict[str, str]:
    if error is None:
        return {}
    return spoken(error) if isinstance(error, (BadInput, FormErrors)) else {"sure": say(error.message, error.values)}
