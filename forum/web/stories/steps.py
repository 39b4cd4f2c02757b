"""Telling a story in five steps, one question a page; none is required, and each is saved on "Continue".

After the first step the story exists, and its private link works: it leads back to the step that was left. After the
last step comes the check (send.py). All of it works without a script.
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.errors import BadInput, ForumError, IllegalMove, NotFound, StoreUnavailable, TooMany
from forum.services.keys import is_key, new_key
from forum.services.stories import draft_edits
from forum.stories import scenario
from forum.stories.draft import NO, Draft
from forum.stories.submission import StoryStatus
from forum.voting.commission import Commission
from forum.web.accounts.devices import keep
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, form_of
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.stories.conflicts import clash_page, unused
from forum.web.stories.edit_requests import HAPPENED, QUESTION, wishes_of
from forum.web.stories.file_form import notes_offered
from forum.web.stories.private_link import story_of_link
from forum.web.stories.save import Sheet, begun, context_of, saved_by, sheet_of

STEPS = ("happened", "where", "who", "done", "use")
WORKSPACE, CHECK, STOP = "workspace", "check", "stop"
_FEW = 5  # stories that may still be begun, from which on the page says so


class Step(msgspec.Struct, frozen=True):
    """One of the five steps, `number` from 1; `back` and `onward` are other steps, CHECK, or "" for none."""

    name: str
    number: int
    title: str
    back: str
    onward: str


def step_of(name: str) -> Step:
    """Returns a step by its name. Raises NotFound."""
    titles = {
        "happened": _("What happened?"),
        "where": _("Where and when was it?"),
        "who": _("Who is in it?"),
        "done": _("The moment that could go another way"),
        "use": _("How may it be used?"),
    }
    if name not in STEPS:
        raise NotFound("There is no page at this address. Check the link, or start from the front page.")
    at = STEPS.index(name)
    return Step(name, at + 1, titles[name], ("", *STEPS)[at], (*STEPS, CHECK)[at + 1])


def place_of(key: str, where: str) -> str:
    """Returns the address of a step, of the check, of the page that says how to come back (STOP), or else of the
    workspace."""
    if where == CHECK:
        return f"/my-story/{key}/check"
    if where == STOP:
        return f"/my-story/{key}?stopped=1"
    return f"/my-story/{key}/write" + (f"/{where}" if where in STEPS else "")


async def tell(request: Request) -> Response:
    """Shows the first step of a new story; posted, begins it and goes on to the second."""
    async with site_of(request).store.read() as work:
        commission = await work.commissions.get_commission(request.path_params["commission"])
    form = await form_of(request) if request.method == "POST" else Form({})
    key = form.text("key") if is_key(form.text("key")) else new_key()
    if request.method != "POST":
        return await _page(request, commission, step_of(HAPPENED), key, Sheet(Draft()), begins=True)
    wishes = wishes_of(form)
    if not any(wish.text for wish in wishes):
        empty = Sheet(Draft(), {f"{HAPPENED}.text": _("Write a few words first. You can change them later.")}, form)
        return await _page(request, commission, step_of(HAPPENED), key, empty, begins=True)
    try:
        saved = await saved_by(request, key, wishes, commission.id)
    except (BadInput, TooMany, IllegalMove, StoreUnavailable) as error:
        typed = Sheet(Draft(), {"title": "", f"{HAPPENED}.text": ""}, form)
        return await _page(request, commission, step_of(HAPPENED), key, typed, error, begins=True)
    return await _saved(request, commission, step_of(HAPPENED), key, form, saved)


async def step(request: Request) -> Response:
    """Shows one step of a story that is being written; posted, saves it."""
    story, commission = await story_of_link(request)
    public = story.status == StoryStatus.ACCEPTED
    site, key = site_of(request), request.path_params["key"]
    here = step_of(request.path_params["step"])
    draft = await draft_edits.opened_at(site.store, site.clock, key, here.name)
    if request.method != "POST":
        return await _page(request, commission, here, key, Sheet(draft), public=public)
    form = await form_of(request)
    try:
        saved = await saved_by(request, key, wishes_of(form))
    except (BadInput, TooMany, IllegalMove, StoreUnavailable) as error:
        typed = Sheet(draft, dict.fromkeys(form.values, ""), form)
        return await _page(request, commission, here, key, typed, error, public=public)
    return await _saved(request, commission, here, key, form, saved)


async def _saved(
    request: Request, commission: Commission, here: Step, key: str, form: Form, saved: draft_edits.Saved
) -> Response:
    """Goes on to the page that the writer chose; where there are clashes or mistakes, shows those first."""
    onward = form.text("go") if form.text("go") in (*STEPS, WORKSPACE, CHECK, STOP) else here.onward
    if form.text("add"):
        onward = here.name
    if saved.clashes:
        place, carried = place_of(key, here.name), {"go": onward} | unused(saved, form)
        answer = await clash_page(request, saved, action=place, back=place, hidden=carried)
    elif saved.errors:
        public = saved.story.status == StoryStatus.ACCEPTED
        answer = await _page(request, commission, here, key, sheet_of(saved, form), public=public)
    else:
        more = f"?answers={form.text('add')[:2]}#answers" if form.text("add").isdecimal() else ""
        answer = RedirectResponse(place_of(key, onward) + more, 303)
    return keep(request, answer)


async def _page(
    request: Request,
    commission: Commission,
    here: Step,
    key: str,
    sheet: Sheet,
    error: ForumError | None = None,
    *,
    begins: bool = False,
    public: bool = False,
) -> Response:
    errors = {path: words for path, words in sheet.errors.items() if words}
    if error:
        errors = {"main": say(error.message, error.values)}
    answer = await page(
        request,
        "stories/workspace/step.html",
        status_of(error) if error else 422 if errors else 200,
        commission=commission,
        step=here,
        steps=len(STEPS),
        sheet=sheet,
        errors=errors,
        action=request.url.path if begins else place_of(key, here.name),
        place_of=lambda where: place_of(key, where),
        few=_left(request) if begins else None,
        story_is_public=public,
        **_shown(sheet, commission, request.query_params.get("answers", "")),
        **context_of(request, key, commission.id if begins else ""),
    )
    return keep(request, retry_after(answer, error))


def _left(request: Request) -> int | None:
    """Returns how many more stories may be begun from this network in an hour, once there are few; else None."""
    left = begun(site_of(request).settings).left(request)
    return left if left <= _FEW else None


def _shown(sheet: Sheet, commission: Commission, asked_for: str) -> dict[str, Any]:
    """Returns what the steps show of a draft: the first scene's card, the question's card with its responses, the
    answers. As many fields for responses are shown as a question needs, as there are responses, or as were asked
    for or filled in."""
    draft = sheet.draft
    happened = next((card for card in draft.cards if not card.decision), None)
    asked = next((card for card in draft.cards if card.decision), None)
    ways = [way.id for way in asked.ways] if asked else []
    ways += [id_ for n in range(1, 2 * scenario.MAX_RESPONSES) if (id_ := f"r{n}") not in ways]
    typed = sum(name.startswith(f"{asked.id if asked else QUESTION}/") for name in sheet.form.values)
    wanted = next((n for n in range(scenario.MAX_RESPONSES + 1) if asked_for == str(n)), typed)
    offered = [note for note, _label in notes_offered()]
    notes = [note for note in draft.notes.split("\n") if note]
    return {
        "happened": happened.id if happened else HAPPENED,
        "question": asked.id if asked else QUESTION,
        "responses": ways[: max(scenario.MIN_RESPONSES, wanted, len(asked.ways) if asked else 0)],
        "fewest": scenario.MIN_RESPONSES,
        "groups": [*((g.id, g.label) for g in commission.groups), (NO, _("I prefer not to say"))],
        "most_responses": scenario.MAX_RESPONSES,
        "notes": notes_offered(),
        "ticked": [note for note in notes if note in offered],
        "own_notes": "\n".join(note for note in notes if note not in offered),
        "most": {
            "title": scenario.MAX_TITLE,
            "text": scenario.MAX_TEXT,
            "question": scenario.MAX_QUESTION,
            "response": scenario.MAX_RESPONSE,
            "detail": scenario.MAX_DETAIL,
        },
    }
