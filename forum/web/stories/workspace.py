"""The workspace: a story's scenes as cards, with all their buttons; and playing the story while it is written.

Without a script each card is a form of its own; each of its buttons first saves what the card holds.
"""

from __future__ import annotations

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.errors import BadInput, ForumError, IllegalMove, StoreUnavailable, TooMany
from forum.ports.long_work import long
from forum.services.stories import draft_edits
from forum.stories import compose, scenario
from forum.stories.draft import YES, Card, Draft, branches, mark
from forum.stories.edits import MOST_CARDS, MOST_WAYS
from forum.stories.reading_age import PLAIN_AGE, measure
from forum.stories.submission import Submission
from forum.voting.commission import Commission
from forum.web.accounts.devices import keep
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, form_of
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.stories import edit_requests
from forum.web.stories.conflicts import clash_page, unused
from forum.web.stories.edit_requests import Wish, wishes_of
from forum.web.stories.play import play as play_scenario
from forum.web.stories.private_link import story_of_link
from forum.web.stories.save import Sheet, context_of, saved_by, sheet_of
from forum.web.stories.steps import STEPS, WORKSPACE, place_of, step_of
from forum.web.stories.workspace_parts import View, choices, notes, views

# Ways on, and choices of where they lead. A story from a file can have so many that their page would have 40 MB.
MOST_WAYS_SHOWN, MOST_CHOICES = 1_000, 100_000
_FIRST_WORDS = "Go on"
_TOO_BIG = (
    "This story has too many scenes and ways on to be changed on this page. All its words are kept. Open its private "
    "link, download it as a file, and change it in Twine or a text editor."
)


async def workspace(request: Request) -> Response:
    """Shows the cards; posted, saves one of them and does what its button says."""
    story, commission = await story_of_link(request)
    site, key = site_of(request), request.path_params["key"]
    draft = await draft_edits.opened_at(site.store, site.clock, key, WORKSPACE)
    if request.method != "POST":
        opened = request.query_params.get("open", "")
        return await _page(request, story, commission, key, Sheet(draft), opened=opened)
    form = await form_of(request)
    card = form.text("card")
    try:
        asked: list[Wish] = [*wishes_of(form), *_asked(draft, form)]
        if form.text("do") == "put-back":
            asked = await _put_back(request, key, card)
        saved = await saved_by(request, key, asked)
    except (BadInput, TooMany, IllegalMove, StoreUnavailable) as error:
        typed = Sheet(draft, dict.fromkeys(form.values, ""), form)
        return await _page(request, story, commission, key, typed, error, opened=card)
    here = place_of(key, "")
    if saved.clashes:
        back = f"{here}?open={card}#{card}"
        return await clash_page(request, saved, action=here, back=back, hidden={"card": card} | unused(saved, form))
    if saved.errors:
        return await _page(request, story, commission, key, sheet_of(saved, form), opened=card)
    return keep(request, RedirectResponse(here + _onward(form, saved.draft, card), 303))


def _asked(draft: Draft, form: Form) -> list[Wish]:
    """Returns what the button of a card asks for, beside saving the card."""
    card, new = form.text("card"), form.text("new") or secrets.token_hex(4)
    there = draft.card(card)
    do, _space, way = form.text("do").partition(" ")
    if do in ("add-scene", "add-decision"):
        return [edit_requests.AddCard(new, card, YES if do == "add-decision" else "")]
    if do == "add-way" and there:
        return [edit_requests.AddWay(card, new, "" if there.decision or there.ways else _FIRST_WORDS)]
    if do in ("up", "down") and there:
        ids = ["", *(one.id for one in draft.cards)]
        return [edit_requests.Move(card, -1 if do == "up" else 1, ids[ids.index(card) - 1])]
    if do in ("remove", "remove-way"):
        return [edit_requests.Remove(card, _seen_now(form), way)]
    return []


def _seen_now(form: Form) -> dict[str, str]:
    """Returns the marks of a card's fields as the form leaves them, as its own words are saved before it is deleted."""
    return {wish.field: mark(wish.text) for wish in wishes_of(form)}


async def _put_back(request: Request, key: str, card: str) -> list[Wish]:
    """Returns the requests that restore a deleted card, from the last version that has it."""
    removed = (await draft_edits.taken_out(site_of(request).store, key, {card})).get(card)
    if removed is None:
        return []
    was = removed.card
    ways = [(way.id, way.text, way.to) for way in was.ways]
    return [edit_requests.PutBack(was.id, removed.after, was.name, was.text, was.stop, was.decision, ways)]


def _onward(form: Form, draft: Draft, card: str) -> str:
    """Returns the query and the anchor of the page after a button was pressed."""
    do = form.text("do")
    if do.startswith("add-") and do != "add-way":
        new = form.text("new")
        return f"?open={new}#{new}"
    if do == "remove" and draft.card(card) is None:
        return f"?removed={card}#removed"
    return f"?open={card}&saved=1#{card}" if draft.card(card) else ""


async def _page(
    request: Request,
    story: Submission,
    commission: Commission,
    key: str,
    sheet: Sheet,
    error: ForumError | None = None,
    *,
    opened: str = "",
) -> Response:
    draft = sheet.draft
    if _is_too_big(draft):
        raise IllegalMove(_TOO_BIG)
    errors = {path: words for path, words in sheet.errors.items() if words}
    if error:
        errors = {"main": say(error.message, error.values)}
    sketch = await long(compose.sketch, draft)
    removed = request.query_params.get("removed", "")
    answer = await page(
        request,
        "stories/workspace/workspace.html",
        status_of(error) if error else 422 if errors else 200,
        story=story,
        commission=commission,
        sheet=sheet,
        errors=errors,
        cards=await long(views, draft, sketch),
        choices=choices(draft, sketch),
        notes=await long(notes, sketch),
        told=sketch.story,
        branches=branches(draft),
        opened={opened, *(edit_requests.place(path)[0] for path in errors)},
        blank=View(Card("CARDID"), 0, "", measure("")),
        blank_decision=View(Card("CARDID", decision=YES), 0, "", measure("")),
        saved=request.query_params.get("saved") == "1",
        removed=removed if removed and draft.card(removed) is None else "",
        new_id=lambda: secrets.token_hex(4),
        here=place_of(key, ""),
        steps=[(step_of(name).title, place_of(key, name), _begun(draft, name)) for name in STEPS],
        called=(compose.HAPPENED, compose.QUESTION, compose.NAMELESS),
        most_cards=MOST_CARDS,
        most_ways=MOST_WAYS,
        plain_age=PLAIN_AGE,
        **_measures(),
        **context_of(request, key),
    )
    return keep(request, retry_after(answer, error))


def _is_too_big(draft: Draft) -> bool:
    """Tells whether the page would be too big: each way on of each card is a choice among all cards."""
    ways = sum(len(card.ways) for card in draft.cards)
    return ways > MOST_WAYS_SHOWN or ways * len(draft.cards) > MOST_CHOICES


def _measures() -> dict[str, Any]:
    return {
        "fewest": scenario.MIN_RESPONSES,
        "most_responses": scenario.MAX_RESPONSES,
        "most": {
            "name": scenario.MAX_NAME,
            "text": scenario.MAX_TEXT,
            "question": scenario.MAX_QUESTION,
            "response": scenario.MAX_RESPONSE,
        },
    }


def _begun(draft: Draft, step: str) -> bool:
    """Tells whether each part of a step has something in it."""
    return {
        "happened": bool(draft.title and draft.cards),
        "where": bool(draft.setting),
        "who": bool(draft.group and draft.characters),
        "done": any(len(card.ways) >= scenario.MIN_RESPONSES for card in draft.cards if card.decision),
        "use": bool(draft.may_perform and draft.may_publish and draft.may_quote),
    }[step]


async def play(request: Request) -> Response:
    """Shows the story as a reader plays it, as far as it is written."""
    story, commission = await story_of_link(request)
    site, key = site_of(request), request.path_params["key"]
    draft = await draft_edits.opened(site.store, site.clock, key)
    scenario = (await long(compose.sketch, draft, told_by=commission.group_label(story.told_by) or "")).story
    return await play_scenario(
        request,
        scenario,
        commission,
        base=f"/my-story/{key}/play",
        back=place_of(key, ""),
        back_words=_("Back to your scenes"),
        draft=True,
    )
