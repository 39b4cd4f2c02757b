"""Pages of evidence beside a story: added on the private link, read by a moderator, shown to everybody; and its
files.

A file is always a download, from an address at which nothing can run: its media type is the one found in it, browsers
guess no other (nosniff), and one that opens it nevertheless does so in a sandbox without scripts.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, ForumError, IllegalMove, NotFound, StoreUnavailable, TooMany
from forum.services.stories import evidence
from forum.services.stories.evidence import LINK
from forum.services.stories.submissions import must_be_public, must_be_sent
from forum.stories import evidence_files
from forum.stories.moderation import Evidence
from forum.stories.submission import Submission
from forum.web import volume_limits
from forum.web.accounts.devices import keep
from forum.web.auth import somebody
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, form_of, form_with_file, renewed, spoken
from forum.web.guess_limits import Share
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.rate_limits import AN_HOUR
from forum.web.responses import done, page
from forum.web.site import site_of
from forum.web.stories.private_link import story_of_link

_EACH_HOUR = 40


class Item(msgspec.Struct, frozen=True):
    """A piece of evidence as pages show it: `url` is its address, `host` a link's host, `what` the kind of a file."""

    evidence: Evidence
    url: str
    host: str
    what: str

    @property
    def picture(self) -> bool:
        """Tells whether it can be shown on a page."""
        return self.evidence.kind in {evidence_files.PNG, evidence_files.JPEG}


def items(shown: Sequence[Evidence], under: str) -> list[Item]:
    """Returns evidence with its addresses; files are at `under`/{id}."""
    return [
        Item(
            item,
            item.url if item.kind == LINK else f"{under}/{item.id}",
            evidence.host_of(item.url) if item.url else "",
            _what(item),
        )
        for item in shown
    ]


def _what(item: Evidence) -> str:
    kinds = {
        evidence_files.PDF: _("PDF"),
        evidence_files.PNG: _("Picture (PNG)"),
        evidence_files.JPEG: _("Picture (JPEG)"),
    }
    if item.kind == LINK:
        return _("Link")
    return _("%(kind)s, %(size)s KB") % {"kind": kinds.get(item.kind, item.kind), "size": -(-item.size // 1024)}


async def mine(request: Request) -> Response:
    """Shows the writer's evidence with its outcomes, and the forms to add and remove; posted, does so."""
    story, _commission = await story_of_link(request)
    if request.method != "POST":
        return await _mine(request, story, Form({}))
    site = site_of(request)
    key = request.path_params["key"]
    form, file = await form_with_file(request, "file", evidence_files.MAX_BYTES)
    try:
        if form.text("remove"):
            await evidence.remove(site.store, key, form.text("remove"))
            return done(request, f"/my-story/{key}/evidence?done=removed")
        Share("evidence", _EACH_HOUR, AN_HOUR).take(request)
        title, item = form.text("title"), form.text("item")
        if file:
            evidence_files.check_size(file.size)
        volume_limits.write(request, file.size if file else len(title) + len(form.text("url")))
        if file:
            await evidence.add_file(
                site.store, site.clock, site.check_file, key, title=title, content=file.content, item=item
            )
        else:
            await evidence.add_link(site.store, site.clock, key, title=title, url=form.text("url"), item=item)
    except (BadInput, IllegalMove, StoreUnavailable, TooMany) as error:
        return await _mine(request, story, renewed(form, error, "item"), error)
    return done(request, f"/my-story/{key}/evidence?done=added")


async def _mine(request: Request, story: Submission, form: Form, error: ForumError | None = None) -> Response:
    key = request.path_params["key"]
    async with site_of(request).store.read() as work:
        sent = await work.evidence.list_evidence(story.id)
    said = {
        "added": _("It is added. A moderator looks at it before others can see it."),
        "removed": _("It is taken away."),
    }
    answer = await page(
        request,
        "stories/evidence.html",
        status_of(error) if error else 200,
        story=story,
        back=f"/my-story/{key}",
        items=items(sent, f"/my-story/{key}/evidence"),
        full=len(sent) >= evidence.MAX_ITEMS,
        form=form,
        item=form.text("item") or evidence.new_id(),
        most_items=evidence.MAX_ITEMS,
        most_an_hour=_EACH_HOUR,
        most_megabytes=evidence_files.MAX_BYTES // 1024 // 1024,
        most={"title": evidence.MAX_TITLE, "url": evidence.MAX_URL},
        said=said.get(request.query_params.get("done", ""), "") if not error else "",
        errors=_errors(error, "url"),
    )
    return keep(request, retry_after(answer, error))


async def moderate(request: Request) -> Response:
    """Shows a story's evidence to a moderator; posted, shows one piece to everybody, or declines it with a reason."""
    site = site_of(request)
    person = await somebody(request)
    form = Form({})
    error: ForumError | None = None
    if request.method == "POST":
        form = await form_of(request)
        story = request.path_params["story"]
        try:
            await evidence.moderate(
                site.store,
                site.clock,
                story,
                form.text("item"),
                form.text("action"),
                read=form.text("read"),
                because=form.text("because"),
                by=person.id,
            )
            return done(request, f"/moderate/{story}/evidence")
        except (BadInput, IllegalMove, StoreUnavailable) as refused:
            error = refused
    async with site.store.read() as work:
        submission = must_be_sent(await work.stories.get_story(request.path_params["story"]))
        there = await work.evidence.list_evidence(submission.id)
        read = {one.id: await evidence.fingerprint(work, one) for one in there if not one.declined_at}
    return await page(
        request,
        "moderate/evidence.html",
        status_of(error) if error else 200,
        story=submission,
        items=items(there, f"/moderate/{submission.id}/evidence"),
        read=read,
        form=form,
        most=evidence.MAX_REASON,
        errors=_errors(error, "evidence"),
    )


async def my_file(request: Request) -> Response:
    """Sends a file to the writer of its story."""
    story, _commission = await story_of_link(request)
    return await _file(request, story.id)


async def moderators_file(request: Request) -> Response:
    """Sends a file to a moderator, before others may see it."""
    async with site_of(request).store.read() as work:
        story = must_be_sent(await work.stories.get_story(request.path_params["story"]))
    return await _file(request, story.id)


async def public_file(request: Request) -> Response:
    """Sends a file that a moderator has shown, while its story is public."""
    async with site_of(request).store.read() as work:
        story = must_be_public(await work.stories.get_story(request.path_params["story"]))
        if request.path_params["item"] not in {item.id for item in await evidence.shown(work, story)}:
            raise NotFound("There is nothing at this address.")
    return await _file(request, story.id)


async def _file(request: Request, story: str) -> Response:
    async with site_of(request).store.read() as work:
        item = await work.evidence.get_evidence(request.path_params["item"])
        if item.story != story:
            raise NotFound("There is nothing at this address.")
        content = await work.evidence.content(item.id)
    return download(content, item.kind, f"evidence-{item.id[:8]}")


def download(content: bytes, media: str, name: str) -> Response:
    """Returns the answer that sends a checked file: a download, in which nothing can run."""
    name = f"{name}.{evidence_files.SUFFIXES[media]}"
    return Response(
        content,
        media_type=media,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )


def _errors(error: ForumError | None, otherwise: str) -> dict[str, str]:
    if error is None:
        return {}
    if isinstance(error, BadInput) and error.field != "item":
        return spoken(error)
    return {otherwise: say(error.message, error.values)}
