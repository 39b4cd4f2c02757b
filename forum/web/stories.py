"""Telling a story: the plain form, and the private link by which its writer comes back to it."""

from __future__ import annotations

import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum import scenario, submissions
from forum.commission import Commission
from forum.errors import (
    BadInput,
    FormErrors,
    ForumError,
    IllegalMove,
    StoreUnavailable,
    TooMany,
)
from forum.ports import Submission
from forum.storyform import MAX_SCENES
from forum.submissions import Telling
from forum.web import annotating, consent
from forum.web.annotating import Part
from forum.web.errors import status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.limits import AN_HOUR
from forum.web.pages import page
from forum.web.private import life_of, story_of_link
from forum.web.readings import NOTES
from forum.web.site import address_of, base_url, site_of
from forum.web.templating import qr
from forum.web.words import gettext as _
from forum.web.words import say

SCENES_AT_FIRST = 3
MOST_OWN_NOTES = 5
# The story form's names for repeated fields, and where on the page their first error is shown.
_PLACES = {"scenes": "scene-1", "responses": "response-1", "notes": "own_note-1"}
_SCENE, _RESPONSE, _OWN_NOTE = "scene", "response", "own_note"
_MOST = {
    "title": scenario.MAX_TITLE,
    "text": scenario.MAX_TEXT,
    "question": scenario.MAX_QUESTION,
    "response": scenario.MAX_RESPONSE,
    "responses": scenario.MAX_RESPONSES,
    "detail": scenario.MAX_DETAIL,
}


async def tell(request: Request) -> Response:
    """The form that takes a story in, and goes on to its private link.

    Asked for one more scene, it gives that and keeps everything typed.
    """
    commission = await _commission(request)
    if request.method != "POST":
        return await _form_page(request, commission, Form({}))
    form = await form_of(request)
    if form.text("add") or form.text("change"):
        return await _form_page(request, commission, form, more=1 if form.text("add") else 0)
    site = site_of(request)
    try:
        telling = read_telling(form, commission)
        if parts := _unseen(form, telling):
            return await _check_page(request, form, telling, parts)
        site.limits.take(f"stories:{address_of(request)}", site.settings.stories_per_address, AN_HOUR)
        _, key = await submissions.submit(site.store, site.clock, commission.id, telling, form.text("key"))
    except (BadInput, TooMany, StoreUnavailable) as error:
        return await _form_page(request, commission, form, error=error)
    return RedirectResponse(f"/my-story/{key}?sent=1", 303)


async def my_story(request: Request) -> Response:
    """What became of a story, for whoever has its private link; when it came back, the form to change and send it."""
    story, commission = await _by_key(request)
    if request.method != "POST":
        return await _mine(request, story, commission, Form(_typed(submissions.telling_of(story))))
    form = await form_of(request)
    if form.text("add") or form.text("change"):
        return await _mine(request, story, commission, form, more=1 if form.text("add") else 0)
    site = site_of(request)
    key = request.path_params["key"]
    try:
        telling = read_telling(form, commission)
        if story.status == submissions.RETURNED and (parts := _unseen(form, telling)):
            return await _check_page(request, form, telling, parts)
        site.limits.take(f"stories:{address_of(request)}", site.settings.stories_per_address, AN_HOUR)
        await submissions.resubmit(site.store, site.clock, key, telling)
    except (BadInput, TooMany, StoreUnavailable, IllegalMove) as error:
        story, commission = await _by_key(request)
        return await _mine(request, story, commission, form, error=error)
    return RedirectResponse(f"/my-story/{key}?sent=1", 303)


def read_telling(form: Form, commission: Commission) -> Telling:
    """The story in a form. Raises FormErrors with everything that is wrong, by the id of the field on the page."""
    title = form.need("title", "Give your story a title.", most=scenario.MAX_TITLE)
    happened = form.need("happened", "Tell us what happened.", most=scenario.MAX_TEXT)
    scenes = _numbered(form, _SCENE, scenario.MAX_TEXT)
    if len(scenes) > MAX_SCENES:
        form.wrong(
            f"{_SCENE}-1", "Use at most %(most)s scenes. This has %(there)s.", most=MAX_SCENES, there=len(scenes)
        )
    question = form.need("question", "Ask a question: what could somebody do now?", most=scenario.MAX_QUESTION)
    responses = _numbered(form, _RESPONSE, scenario.MAX_RESPONSE)
    _check_responses(form, responses)
    about = read_about(form, commission)
    form.stop()
    return Telling(
        title=" ".join(title.split()),
        happened=happened,
        scenes=tuple(scenes),
        question=question,
        responses=tuple(" ".join(r.split()) for r in responses),
        **about,
    )


def read_about(form: Form, commission: Commission) -> dict[str, Any]:
    """What the form says beside the story: group, content notes, and what is allowed; errors stay in the form."""
    groups = {"", *(g.id for g in commission.groups)}
    if "group" not in form.values or form.text("group") not in groups:
        form.wrong("group", 'Choose your group, or "I prefer not to say".')
    notes = [value for value in form.texts("note") if value in {note for note, _label in notes_offered()}]
    notes += _numbered(form, _OWN_NOTE, scenario.MAX_DETAIL)
    return {
        "group": form.text("group") or None,
        "content_notes": tuple(dict.fromkeys(" ".join(n.split()) for n in notes)),
        **consent.read(form),
    }


def _seen(telling: Telling) -> str:
    """Names the words whose marks somebody has looked at: after a change the marks are shown again."""
    words = (
        telling.title,
        telling.happened,
        telling.scenes,
        telling.question,
        telling.responses,
        telling.content_notes,
    )
    return hashlib.sha256(repr(words).encode()).hexdigest()


def _unseen(form: Form, telling: Telling) -> tuple[Part, ...]:
    """What is marked in the story, unless its writer has seen that and sends it as it is. Raises FormErrors."""
    submissions.check(telling)
    return () if form.text("as_it_is") == _seen(telling) else annotating.marked(telling)


async def _check_page(request: Request, form: Form, telling: Telling, parts: tuple[Part, ...]) -> Response:
    """The marks, with what to do, before anything is sent; the page carries the whole form along."""
    typed = {name: values for name, values in form.values.items() if name not in ("add", "change", "as_it_is")}
    return await page(request, "stories/check.html", parts=parts, typed=typed, seen=_seen(telling))


def _check_responses(form: Form, responses: list[str]) -> None:
    fewest, most = scenario.MIN_RESPONSES, scenario.MAX_RESPONSES
    typed = form.texts(_RESPONSE)
    if len(responses) < fewest:
        gap = next((n for n, text in enumerate(typed, 1) if not text), len(typed) + 1)
        form.wrong(
            f"{_RESPONSE}-{min(gap, most)}",
            "Give at least %(fewest)s things that somebody could do. This has %(there)s.",
            fewest=fewest,
            there=len(responses),
        )
    if len(responses) > most:
        form.wrong(f"{_RESPONSE}-1", "Give at most %(most)s things that somebody could do.", most=most)
    said: set[str] = set()
    for number, text in enumerate(typed, 1):
        plain = " ".join(text.split()).casefold()
        if plain and plain in said:
            form.wrong(f"{_RESPONSE}-{number}", "You have given this answer already. Change it or leave it out.")
        if scenario.is_none_of_these(plain):
            form.wrong(f"{_RESPONSE}-{number}", '"None of these" is offered with every vote. Leave it out here.')
        said.add(plain)


def _numbered(form: Form, name: str, most: int) -> list[str]:
    """What was typed into a repeated field, empty ones left out; errors under the page's ids, as "scene-2"."""
    typed = form.texts(name)
    for number, text in enumerate(typed, 1):
        form.at_most(f"{name}-{number}", text, most)
    return [text for text in typed if text]


def notes_offered() -> list[tuple[str, str]]:
    """The content notes to choose from: what is stored, and what is shown."""
    return [(words[:1].lower() + words[1:], _(words)) for words in NOTES]


def _typed(telling: Telling) -> dict[str, list[str]]:
    """A story as the fields of its form."""
    offered = {value for value, _label in notes_offered()}
    return {
        "title": [telling.title],
        "happened": [telling.happened],
        _SCENE: list(telling.scenes),
        "question": [telling.question],
        _RESPONSE: list(telling.responses),
        "group": [telling.group or ""],
        "note": [note for note in telling.content_notes if note in offered],
        _OWN_NOTE: [note for note in telling.content_notes if note not in offered],
        **{name: [consent.YES if getattr(telling, name) else consent.NO] for name in consent.PERMISSIONS},
    }


def _fields(form: Form, commission: Commission, more: int) -> dict[str, object]:
    """What the form's template shows: everything typed, and at least as many fields as there were."""
    scenes = form.texts(_SCENE)
    scenes += [""] * (max(SCENES_AT_FIRST, len(scenes) + more) - len(scenes))
    responses = form.texts(_RESPONSE)[: 4 * scenario.MAX_RESPONSES]
    return {
        "title": form.text("title"),
        "happened": form.text("happened"),
        "scenes": scenes[: 4 * MAX_SCENES],
        "most_scenes": MAX_SCENES,
        "question": form.text("question"),
        "responses": responses + [""] * (scenario.MAX_RESPONSES - len(responses)),
        "fewest_responses": scenario.MIN_RESPONSES,
        **about_fields(form, commission),
    }


def about_fields(form: Form, commission: Commission) -> dict[str, object]:
    """What `stories/_about.html` shows: the part of the form that is about the writer and not the story."""
    own = form.texts(_OWN_NOTE)[: 4 * MOST_OWN_NOTES]
    groups = [(g.id, g.label) for g in commission.groups]
    return {
        "groups": [*groups, ("", _("I prefer not to say"))],
        "group": form.text("group") if "group" in form.values else None,
        "notes": notes_offered(),
        "note": form.texts("note"),
        "own_notes": own or [""],
        **consent.typed(form),
        "key": form.text("key") or submissions.new_key(),
        "most": _MOST,
    }


def errors_of(error: ForumError | None) -> dict[str, str]:
    """What the form's error summary says, by the id of a field on the page."""
    if error is None:
        return {}
    if isinstance(error, FormErrors):
        return {_PLACES.get(name, name): sentence for name, sentence in spoken(error).items()}
    return {"tell": say(error.message, error.values)}


async def _form_page(
    request: Request, commission: Commission, form: Form, *, error: ForumError | None = None, more: int = 0
) -> Response:
    answer = await page(
        request,
        "stories/tell.html",
        status_of(error) if error else 200,
        commission=commission,
        form=_fields(form, commission, more),
        errors=errors_of(error),
    )
    return retry_after(answer, error)


async def _mine(
    request: Request,
    story: Submission,
    commission: Commission,
    form: Form,
    *,
    error: ForumError | None = None,
    more: int = 0,
) -> Response:
    link = f"{base_url(request)}/my-story/{request.path_params['key']}"
    answer = await page(
        request,
        "stories/mine.html",
        status_of(error) if error else 200,
        story=story,
        told=scenario.parse(story.twee) if story.twee else None,
        commission=commission,
        sent=request.query_params.get("sent") == "1",
        key=request.path_params["key"],
        told_so=request.query_params.get("done", ""),
        **await life_of(request, story),
        link=link,
        qr=qr(link),
        plain=story.status == submissions.RETURNED and submissions.is_plain(story),
        form=_fields(form, commission, more),
        typed=request.method == "POST",
        errors=errors_of(error),
    )
    return retry_after(answer, error)


def retry_after(answer: Response, error: ForumError | None) -> Response:
    """The answer; to a limit that was reached, with when to come back."""
    if isinstance(error, TooMany):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


async def _commission(request: Request) -> Commission:
    async with site_of(request).store.read() as work:
        return await work.commissions.get(request.path_params["commission"])


async def _by_key(request: Request) -> tuple[Submission, Commission]:
    return await story_of_link(request)
