"""Saves a draft piece by piece: edits that a page's script sends by itself, and forms sent on "Continue"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forum.errors import BadInput
from forum.ports.long_work import long
from forum.services.keys import digest
from forum.services.stories import draft_edits, private_links
from forum.services.stories.draft_edits import Saved
from forum.settings import Settings
from forum.stories.draft import Draft, mark
from forum.stories.edits import plain
from forum.web import volume_limits
from forum.web.accounts.devices import who_of
from forum.web.cookies import DEVICE, cookie_of
from forum.web.forms import Form
from forum.web.guess_limits import Share
from forum.web.i18n.gettext import say
from forum.web.rate_limits import AN_HOUR, TEN_MINUTES
from forum.web.site import base_url, site_of
from forum.web.stories import conflicts, workspace_parts
from forum.web.stories.edit_requests import SEEN, Set, Wish, edits_of, known, place, touched
from forum.web.stories.private_link import story_of_link
from forum.web.templates import qr

_MOST_EDITS = 400
_WHOLE_EVERY = 20  # saves between two versions that are kept whole, on average


class Asked(msgspec.Struct):
    """A save of a page's script. `commission` begins the story where none has this key yet.

    `parts` names the parts of the page to be drawn again (workspace_parts).
    """

    edits: Annotated[list[Wish], msgspec.Meta(max_length=_MOST_EDITS)]
    commission: str = ""
    parts: list[str] = msgspec.field(default_factory=list)


async def save(request: Request) -> Response:
    """Saves a script's edits; answers with the marks of the saved texts, clashes, errors, and drawn parts."""
    try:
        asked = msgspec.json.decode(await request.body(), type=Asked)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadInput("This page is out of date. Open it again.") from error
    saved = await saved_by(request, request.path_params["key"], asked.edits, asked.commission)
    wished = {edit.field: edit.text for edit in asked.edits if isinstance(edit, Set)}
    clashing = {clash.field for clash in saved.clashes}
    wrong = dict(saved.errors or {})
    body: dict[str, object] = {
        "marks": {
            path: mark(text)
            for path, asked_for in wished.items()
            # A text that its writer has not seen gets no mark, as the next edit would overwrite it.
            if path not in clashing and path not in wrong and (text := plain(asked_for)) == known(saved.draft, path)
        },
        "clashes": await conflicts.drawn(request, saved),
        "errors": {path: say(error.message, error.values) for path, error in wrong.items()},
        "slowly": saves_left(request) is not None,
        "parts": await long(workspace_parts.drawn, request, saved.draft, asked.parts, touched(asked.edits)),
    }
    return JSONResponse(body)


async def saved_by(request: Request, key: str, wishes: Sequence[Wish], commission: str = "") -> Saved:
    """Saves requests in the story of a private link's key; `commission` begins it where it is new.

    Raises NotFound, TooMany, IllegalMove, StoreUnavailable, BadInput.
    """
    site = site_of(request)
    device = cookie_of(request, DEVICE)
    saves(site.settings).take(request)
    size = len(await request.body())
    volume_limits.write(request, size)
    if commission and not await private_links.has_link(site.store, key):
        begun(site.settings).take(request)
        volume_limits.add(request, size)  # stored twice: as the draft, and as its first version
        return await draft_edits.begin(site.store, site.clock, commission, key, edits_of(Draft(), wishes, {}), device)
    await story_of_link(request, key)
    draft = await draft_edits.opened(site.store, site.clock, key)
    back = {place(wish.field)[0] for wish in wishes if isinstance(wish, Set) and wish.back}
    gone = {card for card in back if card and not draft.card(card)}
    there = await draft_edits.taken_out(site.store, key, gone) if gone else {}
    # Restored cards were not in the request's size; and now and then a version is kept whole.
    back_again = sum(volume_limits.size_of(Draft(cards=(wish.card,))) for wish in there.values())
    volume_limits.add(request, back_again + volume_limits.size_of(draft) // _WHOLE_EVERY)
    return await draft_edits.save(site.store, site.clock, key, edits_of(draft, wishes, there), device)


@dataclass(frozen=True)
class Sheet:
    """Contents of the forms' templates: the draft, and the typed text of fields that could not be used."""

    draft: Draft
    errors: Mapping[str, str] = field(default_factory=dict)
    form: Form = field(default_factory=lambda: Form({}))

    def text(self, path: str) -> str:
        """Returns the text of a field."""
        if path in self.errors and path in self.form.values:
            return self.form.text(path)
        return known(self.draft, path) or ""

    def seen(self, path: str) -> list[str]:
        """Returns the marks of the texts that were seen in a field."""
        kept = self.form.texts(SEEN + path) if path in self.errors else []
        return kept or [mark(known(self.draft, path) or "")]

    def error(self, path: str) -> str:
        """Returns the mistake in a field, "" for none."""
        return self.errors.get(path, "")


def sheet_of(saved: Saved, form: Form) -> Sheet:
    """Returns the sheet after saving, with everything that could not be saved."""
    wrong = {path: say(error.message, error.values) for path, error in (saved.errors or {}).items()}
    return Sheet(saved.draft, wrong, form)


def context_of(request: Request, key: str, begins: str = "") -> dict[str, Any]:
    """Returns the context of every page that saves by itself: the private link, and the name under which a phone
    keeps unsaved words.

    `begins` is the commission whose story begins with the first word, "" where there is a story already.
    """
    link = f"{base_url(request)}/my-story/{key}"
    shelf = digest(key)[:16]
    return {
        "key": key,
        "link": link,
        "qr": qr(link),
        "shelf": shelf,
        "begins": begins,
        "saves_left": saves_left(request),
    }


def saves_left(request: Request) -> int | None:
    """Returns how many more saves this network has, once only a fifth is left; else None."""
    share = saves(site_of(request).settings)
    left = share.left(request)
    return left if left <= share.most_of(who_of(request)) // 5 else None


def saves(settings: Settings) -> Share:
    """Returns the limit on saves; one known browser has a fifth of that of all unknown ones together."""
    return Share("saves", settings.saves_per_address, TEN_MINUTES, own=max(1, settings.saves_per_address // 5))


def begun(settings: Settings) -> Share:
    """Returns the limit on beginning stories."""
    return Share("begun", settings.stories_per_address, AN_HOUR)
