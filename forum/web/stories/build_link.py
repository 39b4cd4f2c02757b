"""Pages of a build link: the story as it is written now, the suggestions possible at each place, and their outcomes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, ForumError, IllegalMove, NotFound, StoreUnavailable, TooMany
from forum.ports.long_work import long
from forum.services.keys import digest
from forum.services.stories import build_link, draft_edits, evidence
from forum.services.stories.build_link import MOST_WAITING, Shared
from forum.services.stories.suggestions import (
    MAX_NAME,
    Offer,
    current,
    has_question,
    holder,
    is_long,
    longest,
    no_question_fits,
    no_room,
)
from forum.stories import compose, scenario
from forum.stories.draft import NO, Card, Draft, mark, parts
from forum.stories.suggestion import SUGGESTIONS, SuggestionKind
from forum.stories.visible_text import trimmed
from forum.web import volume_limits
from forum.web.accounts.devices import keep
from forum.web.cookies import DEVICE, cookie_of
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.guess_limits import Share, guessed
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.rate_limits import AN_HOUR
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of
from forum.web.stories import suggestion_words
from forum.web.stories.play import play as play_scenario
from forum.web.stories.workspace_parts import place_words

_OF_STORY = ("title", "setting", "characters", "notes")
_NEARLY = 10  # suggestions left before a limit, from which on the page says so
# Place on the page of an error whose field is not one of the form's.
_AT = {"place": "suggestion", "form": "suggestion", "main": "suggestion"}


class Way(msgspec.Struct, frozen=True):
    """Something that can be suggested at a place: its words, its kind, and the place."""

    words: str
    kind: str
    place: str


class CardView(msgspec.Struct, frozen=True):
    """A scene as the page shows it, with the suggestions possible there; `full` says that it takes no further
    response."""

    card: Card
    name: str
    ways: tuple[Way, ...]
    full: bool


async def shared_by(request: Request) -> Shared:
    """Returns the story behind the build link in the address. Wrong links are counted together with wrong private
    links.

    Raises NotFound, IllegalMove, TooMany.
    """
    site, key = site_of(request), request.path_params["key"]
    try:
        return await build_link.shared(site.store, key)
    except NotFound:
        await guessed(request, "link", site.settings.wrong_links_per_address)
        raise


async def story(request: Request) -> Response:
    """Shows the story as cards, with one's own suggestions and everybody's outcomes."""
    shared = await shared_by(request)
    site = site_of(request)
    async with site.store.read() as work:
        there = await work.drafts.suggestions(shared.story.id)
    views = await long(suggestion_words.views, there, shared.draft, shared.commission, _browser(request, shared))
    sketch = await long(compose.sketch, shared.draft, told_by=shared.commission.group_label(shared.draft.group) or "")
    waiting = sum(not suggestion.outcome for suggestion in there)
    answer = await page(
        request,
        "stories/suggestions/story.html",
        commission=shared.commission,
        draft=shared.draft,
        told=sketch.story,
        names=sketch.names,
        about=[Way(_correct(shared.draft, name), SuggestionKind.CORRECTION, name) for name in _OF_STORY],
        cards=await long(_cards, shared.draft, sketch.names),
        to_shape=not has_question(shared.draft) and bool(shared.draft.cards),
        mine=[view for view in reversed(views) if view.mine],
        answered=[view for view in reversed(views) if view.suggestion.outcome and not view.mine],
        others_wait=any(not view.suggestion.outcome and not view.mine for view in views),
        said=_("Thank you. The story's keepers read it, and their answer will stand here.")
        if "done" in request.query_params
        else "",
        here=_here(request),
        most_waiting=MOST_WAITING,
        left=MOST_WAITING - waiting if MOST_WAITING - waiting <= _NEARLY else None,
        per_hour=site.settings.suggestions_per_address,
    )
    return keep(request, answer)


async def play(request: Request) -> Response:
    """Shows the story as a reader plays it, as far as it is written."""
    shared = await shared_by(request)
    told_by = shared.commission.group_label(shared.draft.group) or ""
    scenario = (await long(compose.sketch, shared.draft, told_by=told_by)).story
    here = _here(request)
    return await play_scenario(
        request,
        scenario,
        shared.commission,
        base=f"{here}/play",
        back=here,
        back_words=_("Back to the story"),
        draft=True,
    )


async def suggest(request: Request) -> Response:
    """Shows the form for one suggestion; posted, keeps it and goes back to the story."""
    shared = await shared_by(request)
    if request.method != "POST":
        asked = {name: [request.query_params.get(name, "")] for name in ("kind", "place")}
        return await _form(request, shared, Form(asked))
    site = site_of(request)
    form = await form_of(request)
    share = _share(request)
    try:
        share.check(request)
        volume_limits.write(request, len(await request.body()))
        offer = Offer(**{name: form.text(name) for name in Offer.__dataclass_fields__})
        await build_link.suggest(
            site.store, site.clock, request.path_params["key"], offer, form.text("id"), cookie_of(request, DEVICE)
        )
        share.count(request)
    except (BadInput, IllegalMove, StoreUnavailable, TooMany) as error:
        if wants_json(request):
            raise
        return await _form(request, await shared_by(request), form, error)
    there = f"{_here(request)}?done=1#yours"
    return keep(request, done(request, there, page=there))


def _share(request: Request) -> Share:
    return Share("suggestions", site_of(request).settings.suggestions_per_address, AN_HOUR)


async def _form(request: Request, shared: Shared, form: Form, error: ForumError | None = None) -> Response:
    kind, place = form.text("kind"), form.text("place")
    draft = shared.draft
    if kind not in SUGGESTIONS:
        raise NotFound("There is nothing at this address.")
    there = current(draft, place) if kind == SuggestionKind.CORRECTION else None
    gone = (kind == SuggestionKind.CORRECTION and there is None) or (
        kind == SuggestionKind.SCENE and place and not holder(draft, place)
    )
    full = no_room(draft, place) if kind == SuggestionKind.RESPONSE else None
    if kind == SuggestionKind.QUESTION:
        full = no_question_fits(draft)
    errors = _errors(error)
    if not error and gone:
        errors = {"suggestion": _("This part of the story is not there any more. Go back, and choose another place.")}
    elif not error and full:
        errors = {"suggestion": say(full.message, full.values)}
    left = _share(request).left(request)
    answer = await page(
        request,
        "stories/suggestions/suggest.html",
        status_of(error) if error else 200,
        commission=shared.commission,
        kind=kind,
        place=place,
        title=_heading(draft, kind, place),
        context=await long(_context, draft, kind, place),
        there=there,
        changed=there is not None and bool(form.text("seen")) and form.text("seen") != mark(there),
        open=not gone and not full,
        long=kind == SuggestionKind.SCENE or (there is not None and is_long(place)),
        value=form.text("words") if "words" in form.values else there or "",
        seen=form.text("seen") or mark(there or ""),
        form=form,
        group=await _group(request, shared, form),
        groups=[*((group.id, group.label) for group in shared.commission.groups), (NO, _("I prefer not to say"))],
        id=form.text("id") or secrets.token_hex(16),
        back=_here(request),
        errors=errors,
        left=left if left <= _NEARLY else None,
        most={
            "words": {SuggestionKind.SCENE: scenario.MAX_TEXT, SuggestionKind.RESPONSE: scenario.MAX_RESPONSE}.get(
                SuggestionKind(kind), longest(place) if there is not None else scenario.MAX_TEXT
            ),
            "title": {SuggestionKind.SCENE: scenario.MAX_NAME, SuggestionKind.QUESTION: scenario.MAX_QUESTION}.get(
                SuggestionKind(kind), evidence.MAX_TITLE
            ),
            "url": evidence.MAX_URL,
            "name": MAX_NAME,
        },
        shelf=f"suggestion {digest(request.path_params['key'])[:16]} {kind} {place}",
    )
    return keep(request, retry_after(answer, error))


async def _group(request: Request, shared: Shared, form: Form) -> str:
    """Returns the chosen group: the one in the form, else the one of this browser's last suggestion."""
    browser = _browser(request, shared)
    if "group" in form.values or not browser:
        return form.text("group")
    async with site_of(request).store.read() as work:
        there = await work.drafts.suggestions(shared.story.id)
    last = next((suggestion for suggestion in reversed(there) if suggestion.by == browser), None)
    return (last.group or NO) if last else ""


def _errors(error: ForumError | None) -> dict[str, str]:
    if error is None:
        return {}
    each = spoken(error) if isinstance(error, BadInput) else {"main": say(error.message, error.values)}
    return {_AT.get(name, name): words for name, words in each.items()}


def _here(request: Request) -> str:
    return f"/build/{request.path_params['key']}"


def _browser(request: Request, shared: Shared) -> str:
    return draft_edits.browser(shared.story.id, cookie_of(request, DEVICE))


# ---------------------------------------------------------------- what can be suggested


def _cards(draft: Draft, names: Mapping[str, str]) -> list[CardView]:
    return [_card(card, names[card.id]) for card in draft.cards]


def _card(card: Card, name: str) -> CardView:
    ways = [Way(_("Other words for this scene"), SuggestionKind.CORRECTION, f"{card.id}.text")]
    if card.decision:
        ways = [Way(_("Other words for the question"), SuggestionKind.CORRECTION, f"{card.id}.text")]
    if card.name:
        ways.append(Way(_("Another name for this scene"), SuggestionKind.CORRECTION, f"{card.id}.name"))
    there = [way for way in card.ways if trimmed(way.text)]
    full = bool(card.decision) and len(there) >= scenario.MAX_RESPONSES
    if card.decision and not full:
        ways.insert(0, Way(_("Another response"), SuggestionKind.RESPONSE, card.id))
    if not card.decision and len(card.ways) <= 1:
        ways.insert(0, Way(_("A scene after this one"), SuggestionKind.SCENE, card.id))
        there = []
    for way in there:
        value = {"words": way.text}
        ways.append(Way(_("A scene after “%(words)s”") % value, SuggestionKind.SCENE, f"{card.id}/{way.id}"))
        ways.append(
            Way(_("Other words for “%(words)s”") % value, SuggestionKind.CORRECTION, f"{card.id}/{way.id}.text")
        )
    return CardView(card, name, tuple(ways), full)


def _correct(draft: Draft, place: str) -> str:
    return _("Other words for: %(place)s") % {"place": place_words(draft, place, {})}


def _heading(draft: Draft, kind: str, place: str) -> str:
    if kind == SuggestionKind.CORRECTION:
        return _("Suggest other words")
    if kind == SuggestionKind.RESPONSE:
        return _("Suggest another response")
    if kind == SuggestionKind.QUESTION:
        return _("Propose the question and the answers")
    if kind == SuggestionKind.EVIDENCE:
        return _("Suggest evidence")
    return _("Suggest a scene after this") if place else _("Suggest the first scene")


def _context(draft: Draft, kind: str, place: str) -> dict[str, Any]:
    """Returns what stands around a suggestion: the scene before, the question with its responses, or the present
    words."""
    names = compose.sketch(draft).names
    if kind == SuggestionKind.CORRECTION:
        try:
            card_id, way_id, _name = parts(place)
        except BadInput:
            return {"name": "", "text": "", "ways": ()}
        name = names.get(card_id, "") if way_id else place_words(draft, place, names)
        return {"name": name, "text": "", "ways": ()}
    card_id, _slash, way_id = place.partition("/")
    card = draft.card(card_id)
    if kind == SuggestionKind.QUESTION and draft.cards:
        card = draft.cards[-1]
        return {"name": names[card.id], "text": card.text, "ways": ()}
    if card is None:
        return {"name": "", "text": "", "ways": ()}
    way = card.way(way_id)
    ways = (
        [way.text] if way else [one.text for one in card.ways if trimmed(one.text) and kind == SuggestionKind.RESPONSE]
    )
    return {"name": names[card_id], "text": card.text, "ways": tuple(ways)}
