"""Versions of a story: its keepers see all, and can bring one back; readers see those that were public."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.errors import ForumError, IllegalMove, NotFound, StoreUnavailable, TooMany
from forum.ports import Work
from forum.ports.long_work import long
from forum.services.stories import draft_edits
from forum.services.stories.submissions import must_be_public
from forum.stories import compose, draft_comparison
from forum.stories.draft import YES, Draft
from forum.stories.draft_comparison import Difference, DifferenceKind, Piece, PieceKind
from forum.stories.moderation import ModerationAction
from forum.stories.submission import Kept, StoryStatus, Submission, Version, VersionKind
from forum.stories.suggestion import Suggestion
from forum.voting.commission import Commission
from forum.web import volume_limits
from forum.web.cookies import DEVICE, cookie_of
from forum.web.errors import retry_after, status_of
from forum.web.forms import form_of
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.responses import done, page
from forum.web.site import site_of
from forum.web.stories import suggestion_words
from forum.web.stories.private_link import story_of_link

A_PAGE = 20
_MOST_NAMED = 3  # scenes that a line of the list names


class Line(msgspec.Struct, frozen=True):
    """A version in the list: its kind, its writer, and the changes in short."""

    number: int
    at: str
    what: str
    who: str
    short: str


class Change(msgspec.Struct, frozen=True):
    """A difference as the page shows it: a heading, and each part with its name, word by word."""

    heading: str
    tag: str
    kind: str
    parts: tuple[tuple[str, tuple[Piece, ...]], ...]


# ---------------------------------------------------------------- for its keepers


async def mine(request: Request) -> Response:
    """Shows all versions to a keeper, newest first, a page at a time."""
    story, commission = await _kept_story(request)
    site, key = site_of(request), request.path_params["key"]
    await draft_edits.opened(site.store, site.clock, key)
    async with site.store.read() as work:
        history = await work.drafts.history(story.id)
        number, shown = _page_of(request, history)
        drafts = await _drafts(work, story, shown, history)
        suggestions = {suggestion.id: suggestion for suggestion in await work.drafts.suggestions(story.id)}
    here = draft_edits.browser(story.id, cookie_of(request, DEVICE))
    shares = [(_what(kept), _who(kept, here, suggestions, commission)) for kept in shown]
    return await page(
        request,
        "stories/versions/versions.html",
        **await _list(story, history, number, [*zip(shown, shares, strict=True)], drafts),
        here=f"/my-story/{key}/versions",
        back=f"/my-story/{key}",
        back_words=_("Your story"),
        said=_("That version is your draft again.") if "done" in request.query_params else "",
        public=False,
    )


async def my_version(request: Request) -> Response:
    """Shows one version, with its differences from the one before or (?with=now) from the draft; posted, brings it
    back."""
    story, commission = await _kept_story(request)
    site, key = site_of(request), request.path_params["key"]
    number = _number(request)
    error = ""
    status = 200
    late: ForumError | None = None
    if request.method == "POST":
        await form_of(request)
        try:
            async with site.store.read() as work:
                wanted = await work.drafts.version(story.id, number)
            volume_limits.write(request, volume_limits.size_of(wanted.draft))
            await draft_edits.bring_back(site.store, site.clock, key, number, cookie_of(request, DEVICE))
            return done(request, f"/my-story/{key}/versions?done=1")
        except (IllegalMove, StoreUnavailable, TooMany) as refused:
            error, status, late = say(refused.message, refused.values), status_of(refused), refused
    draft = await draft_edits.opened(site.store, site.clock, key)
    async with site.store.read() as work:
        version = await work.drafts.version(story.id, number)
        before = await _version_before(work, story, number)
        suggestions = {suggestion.id: suggestion for suggestion in await work.drafts.suggestions(story.id)}
    now = request.query_params.get("with") == "now"
    old, new = (version.draft, draft) if now else (before.draft if before else Draft(), version.draft)
    here = draft_edits.browser(story.id, cookie_of(request, DEVICE))
    kept = Kept(version.number, version.at, version.kind, version.by)
    answer = await page(
        request,
        "stories/versions/version.html",
        status,
        line=Line(number, version.at, _what(kept), _who(kept, here, suggestions, commission), ""),
        title=_title(version.draft),
        told=(
            await long(compose.sketch, version.draft, told_by=commission.group_label(version.draft.group) or "")
        ).story,
        changes=await long(changes_between, old, new),
        first=before is None,
        now=now,
        same=version.draft == draft,
        here=f"/my-story/{key}/versions/{number}",
        back=f"/my-story/{key}/versions",
        error=error,
        public=False,
    )
    return retry_after(answer, late)


async def _kept_story(request: Request) -> tuple[Submission, Commission]:
    story, commission = await story_of_link(request)
    if story.status == StoryStatus.WITHDRAWN:
        raise IllegalMove("You have taken this story back. Its versions are gone with it.")
    return story, commission


# ---------------------------------------------------------------- for readers


async def public(request: Request) -> Response:
    """Shows the versions of a public story that were public, newest first."""
    async with site_of(request).store.read() as work:
        story = await _public_story(request, work)
        history = await public_versions(work, story)
        number, shown = _page_of(request, history)
        drafts = await _drafts(work, story, shown, history)
    return await page(
        request,
        "stories/versions/versions.html",
        **await _list(story, history, number, [(kept, ("", "")) for kept in shown], drafts),
        here=f"/stories/{story.id}/versions",
        back=f"/stories/{story.id}",
        back_words=story.title,
        said="",
        public=True,
    )


async def public_version(request: Request) -> Response:
    """Shows what a public version changed in the public version before it."""
    number = _number(request)
    async with site_of(request).store.read() as work:
        story = await _public_story(request, work)
        history = await public_versions(work, story)
        if number not in {kept.number for kept in history}:
            raise NotFound("There is no such version of this story.")
        version = await work.drafts.version(story.id, number)
        earlier = max((kept.number for kept in history if kept.number < number), default=0)
        before = await work.drafts.version(story.id, earlier) if earlier else None
        commission = await work.commissions.get_commission(story.commission)
    return await page(
        request,
        "stories/versions/version.html",
        line=Line(number, version.at, "", "", ""),
        title=_title(version.draft),
        told=(await long(compose.sketch, version.draft, told_by=commission.group_label(story.told_by) or "")).story,
        changes=await long(changes_between, before.draft if before else Draft(), version.draft),
        first=before is None,
        now=False,
        same=number == history[-1].number,
        here=f"/stories/{story.id}/versions/{number}",
        back=f"/stories/{story.id}/versions",
        error="",
        public=True,
    )


async def public_versions(work: Work, story: Submission) -> list[Kept]:
    """Returns the versions of a story that were public, oldest first.

    Those before a moderator took the story down are left out, as they may be the reason.
    """
    acts = await work.moderation.list_acts(story.id)
    since = max((act.at for act in acts if act.action == ModerationAction.TAKEN_DOWN), default="")
    return [
        kept for kept in await work.drafts.history(story.id) if kept.kind == VersionKind.PUBLISHED and kept.at > since
    ]


async def _public_story(request: Request, work: Work) -> Submission:
    return must_be_public(await work.stories.get_story(request.path_params["story"]))


# ---------------------------------------------------------------- what both show


def _number(request: Request) -> int:
    asked = request.path_params["number"]
    if not (asked.isascii() and asked.isdigit() and len(asked) <= 6):
        raise NotFound("There is no such version of this story.")
    return int(asked)


def _page_of(request: Request, history: Sequence[Kept]) -> tuple[int, list[Kept]]:
    """Returns the number of the requested page, and its versions, newest first."""
    asked = request.query_params.get("page", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= 6 else 1
    number = max(1, min(number, -(-len(history) // A_PAGE)))
    return number, [*reversed(history)][(number - 1) * A_PAGE : number * A_PAGE]


async def _list(
    story: Submission,
    history: Sequence[Kept],
    number: int,
    shown: Sequence[tuple[Kept, tuple[str, str]]],
    drafts: Mapping[int, Draft],
) -> dict[str, Any]:
    """Returns what the page with a list of versions needs of them: each of `shown` with its kind and its writer in
    words, and its changes since the one before."""
    before = {later.number: earlier.number for earlier, later in pairwise(history)}
    lines = []
    for kept, (what, who) in shown:
        short = await long(_short, drafts.get(before.get(kept.number, 0)), drafts[kept.number])
        lines.append(Line(kept.number, kept.at, what, who, short))
    return {
        "story": story,
        "lines": lines,
        "now": history[-1].number if history else 0,
        "number": number,
        "pages": -(-len(history) // A_PAGE),
    }


async def _drafts(work: Work, story: Submission, shown: Sequence[Kept], history: Sequence[Kept]) -> dict[int, Draft]:
    """Returns the drafts of these versions, and of the one before the oldest of them, by number."""
    wanted = {kept.number for kept in shown}
    wanted |= {max((kept.number for kept in history if kept.number < min(wanted)), default=0)} if wanted else set()
    return {number: (await work.drafts.version(story.id, number)).draft for number in wanted if number}


async def _version_before(work: Work, story: Submission, number: int) -> Version | None:
    earlier = [kept.number for kept in await work.drafts.history(story.id) if kept.number < number]
    return await work.drafts.version(story.id, earlier[-1]) if earlier else None


def _title(draft: Draft) -> str:
    return " ".join(compose.clean(draft.title).split())


def _what(kept: Kept) -> str:
    return {
        VersionKind.BEGUN: _("Begun"),
        VersionKind.WRITTEN: _("Written"),
        VersionKind.TAKEN_IN: _("A suggestion was taken in"),
        VersionKind.BROUGHT_BACK: _("An earlier version was brought back"),
        VersionKind.SENT: _("Sent to a moderator"),
        VersionKind.PUBLISHED: _("Public"),
    }.get(kept.kind, kept.kind)


def _who(kept: Kept, here: str, suggestions: dict[str, Suggestion], commission: Commission) -> str:
    """Returns who made a version: this browser, another with the link, or the person who suggested it; "" if
    unknown."""
    if kept.kind == VersionKind.TAKEN_IN:
        return suggestion_words.who(suggestions[kept.by], commission) if kept.by in suggestions else ""
    if kept.kind not in {VersionKind.BEGUN, VersionKind.WRITTEN, VersionKind.BROUGHT_BACK} or not kept.by:
        return ""
    return _("You, on this device") if kept.by == here else _("Somebody with your link, on another device")


def _short(before: Draft | None, after: Draft) -> str:
    """Returns the changes in one line."""
    differences = draft_comparison.differences(before or Draft(), after)
    said = {
        DifferenceKind.NEW: _("new: %(scenes)s"),
        DifferenceKind.CHANGED: _("changed: %(scenes)s"),
        DifferenceKind.MOVED: _("moved: %(scenes)s"),
        DifferenceKind.GONE: _("taken out: %(scenes)s"),
    }
    lines = (
        [_("facts about the story")]
        if any(difference.kind == DifferenceKind.STORY for difference in differences)
        else []
    )
    for kind, words in said.items():
        scenes = [difference.card for difference in differences if difference.kind == kind]
        if scenes:
            more = _(" and %(number)s more") % {"number": len(scenes) - _MOST_NAMED}
            named = ", ".join(f"“{scene}”" for scene in scenes[:_MOST_NAMED])
            lines.append(words % {"scenes": named + (more if len(scenes) > _MOST_NAMED else "")})
    return "; ".join(lines) or _("nothing in the text")


def changes_between(before: Draft, after: Draft) -> list[Change]:
    """Returns the differences in `after`, as pages show them."""
    return [_change(difference) for difference in draft_comparison.differences(before, after)]


def _change(difference: Difference) -> Change:
    tags = {
        DifferenceKind.NEW: _("New"),
        DifferenceKind.CHANGED: _("Changed"),
        DifferenceKind.MOVED: _("Moved"),
        DifferenceKind.GONE: _("Taken out"),
        DifferenceKind.STORY: "",
    }
    names = {
        "title": _("Title"),
        "setting": _("Where and when"),
        "characters": _("Who is in it"),
        "notes": _("What readers should know first"),
        "start": _("Where it begins"),
        "name": _("Name"),
        "text": _("Text"),
        "stop": _("Stop point"),
        "decision": _("Decision point"),
        "way": _("Way on, or response"),
        "to": _("Leads to"),
    }
    yes = {YES: _("Yes"), "": _("No")}
    parts = []
    for part in difference.parts:
        pieces = part.pieces
        if part.name in {"stop", "decision"}:
            pieces = (
                Piece(yes.get(part.before, ""), PieceKind.REMOVED),
                Piece(yes.get(part.after, ""), PieceKind.ADDED),
            )
        parts.append((names[part.name], pieces))
    return Change(difference.card or _("About the story"), tags[difference.kind], difference.kind, tuple(parts))
