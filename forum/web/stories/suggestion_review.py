"""Building together, for the story's keepers: the build link, the suggestions, and the page that answers one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, ForumError, IllegalMove, StoreUnavailable
from forum.ports.long_work import long
from forum.services.keys import new_key
from forum.services.stories import build_link, draft_edits, evidence, submissions
from forum.services.stories.build_link import Answer
from forum.services.stories.suggestions import current, holder, is_long, longest, no_question_fits, no_room
from forum.stories import compose, draft_comparison, scenario
from forum.stories.draft import Draft, Way, mark
from forum.stories.edits import Clash
from forum.stories.submission import StoryStatus, Submission
from forum.stories.suggestion import Suggestion, SuggestionKind, SuggestionOutcome
from forum.stories.visible_text import trimmed
from forum.voting.commission import Commission
from forum.web.accounts.devices import keep
from forum.web.errors import status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.responses import done, page
from forum.web.site import base_url, site_of
from forum.web.stories import marked_text, suggestion_words
from forum.web.stories.private_link import story_of_link
from forum.web.templates import qr


def _done(request: Request) -> str:
    """Returns the sentence about the act before, which the address names; "" for none."""
    said = {
        "shared": _("The link works now. Send it to those who should help."),
        "replaced": _("This is the new link. The old one does not work any more."),
        "unshared": _("The link is off. Nobody can read the story or suggest anything by it."),
        "answered": _("Your answer is saved. Whoever suggested it can read it."),
    }
    return said.get(request.query_params.get("done", ""), "")


async def build(request: Request) -> Response:
    """Shows the build link with its buttons, the suggestions to answer, and those answered; posted, changes the
    link."""
    story, commission = await story_of_link(request)
    if request.method != "POST":
        return await _build_page(request, story, commission, Form({}))
    site, key = site_of(request), request.path_params["key"]
    form = await form_of(request)
    action = form.text("action")
    try:
        if action == "unshare":
            await build_link.unshare(site.store, key)
        else:
            await build_link.share(site.store, site.clock, key, form.text("new"), form.text("before"))
    except (BadInput, IllegalMove, StoreUnavailable) as error:
        return await _build_page(request, story, commission, form, error)
    said = "unshared" if action == "unshare" else "replaced" if form.text("before") else "shared"
    return done(request, f"/my-story/{key}/build?done={said}")


async def _build_page(
    request: Request, story: Submission, commission: Commission, form: Form, error: ForumError | None = None
) -> Response:
    site, key = site_of(request), request.path_params["key"]
    if story.status == StoryStatus.WITHDRAWN:
        raise IllegalMove("You have taken this story back. There is nothing left to build.")
    draft = await draft_edits.opened(site.store, site.clock, key)
    async with site.store.read() as work:
        link = await work.drafts.build_key(story.id)
        suggestions = await work.drafts.suggestions(story.id)
    views = await long(suggestion_words.views, suggestions, draft, commission)
    new = new_key()
    address = f"{base_url(request)}/build/"
    answer = await page(
        request,
        "stories/suggestions/build.html",
        status_of(error) if error else 200,
        story=story,
        title=" ".join(compose.clean(draft.title).split()),
        back=f"/my-story/{key}",
        here=f"/my-story/{key}/build",
        link=address + link if link else "",
        qr=qr(address + link) if link else "",
        before=link,
        new=new,
        to_answer=[view for view in views if not view.suggestion.outcome],
        answered=[view for view in reversed(views) if view.suggestion.outcome],
        most_waiting=build_link.MOST_WAITING,
        said="" if error else _done(request),
        to_send=story.status in {StoryStatus.ACCEPTED, StoryStatus.SUBMITTED}
        and request.query_params.get("done") == "answered",
        errors=_errors(error),
    )
    return keep(request, answer)


async def answer(request: Request) -> Response:
    """Shows one suggestion, with the forms that take it in, take it in changed, or decline it; posted, answers it."""
    story, commission = await story_of_link(request)
    if request.method != "POST":
        return await _answer_page(request, story, commission, Form({}))
    site, key = site_of(request), request.path_params["key"]
    form = await form_of(request)
    given = Answer(**{name: form.text(name) for name in Answer.__dataclass_fields__})
    try:
        answered = await build_link.answer(site.store, site.clock, key, request.path_params["suggestion"], given)
    except (BadInput, Clash, IllegalMove, StoreUnavailable) as error:
        return await _answer_page(request, story, commission, form, error)
    if answered.kind == SuggestionKind.QUESTION:
        for session in await submissions.sessions_with(site.store, story):
            await site.rooms.changed(session)
        said = "no" if answered.outcome == SuggestionOutcome.DECLINED else "yes"
        return done(request, f"/my-story/{key}?done={said}")
    return done(request, f"/my-story/{key}/build?done=answered")


async def _answer_page(
    request: Request, story: Submission, commission: Commission, form: Form, error: ForumError | None = None
) -> Response:
    site, key = site_of(request), request.path_params["key"]
    draft = await draft_edits.opened(site.store, site.clock, key)
    async with site.store.read() as work:
        suggestion = await build_link.suggestion_of(work, story, request.path_params["suggestion"])
    now = current(draft, suggestion.place) if suggestion.kind == SuggestionKind.CORRECTION else None
    seen = form.text("seen") or suggestion.seen
    return await page(
        request,
        "stories/suggestions/answer.html",
        409 if isinstance(error, Clash) else status_of(error) if error else 200,
        one=(await long(suggestion_words.views, [suggestion], draft, commission))[0],
        back=f"/my-story/{key}/build",
        now=now,
        pieces=await long(draft_comparison.pieces, now, suggestion.words) if now is not None else (),
        changed=now is not None and mark(now) != seen and now != suggestion.words,
        gone=_gone(draft, suggestion),
        places=await long(_places, draft, suggestion),
        full=_full(draft, suggestion),
        say=say,
        change="change" in request.query_params,
        declining="no" in request.query_params,
        parts=await long(_marked, draft, suggestion),
        seen=mark(now) if now is not None else "",
        form=form,
        long=suggestion.kind in {SuggestionKind.SCENE, SuggestionKind.QUESTION}
        or (now is not None and is_long(suggestion.place)),
        most=_most(suggestion, now),
        errors=_errors(error),
    )


def _marked(draft: Draft, suggestion: Suggestion) -> tuple[marked_text.Part, ...]:
    """Returns the texts of a suggestion in which personal details are marked."""
    named = {
        SuggestionKind.QUESTION: _("The question"),
        SuggestionKind.SCENE: _("The scene's name"),
        SuggestionKind.EVIDENCE: _("What it shows"),
    }
    texts = [
        (named.get(suggestion.kind, ""), suggestion.title),
        (suggestion_words.what(suggestion.kind), suggestion.words),
        (_("The name"), suggestion.name),
    ]
    return marked_text.parts([(name, text) for name, text in texts if text], compose.items(draft.characters))


def _full(draft: Draft, suggestion: Suggestion) -> BadInput | None:
    """Returns the reason why a suggestion has no room in the draft; None where it has."""
    if suggestion.kind == SuggestionKind.QUESTION:
        return no_question_fits(draft)
    return no_room(draft, suggestion.place) if suggestion.kind == SuggestionKind.RESPONSE else None


def _gone(draft: Draft, suggestion: Suggestion) -> bool:
    """Tells whether the place of a suggestion was deleted."""
    if suggestion.kind == SuggestionKind.CORRECTION:
        return current(draft, suggestion.place) is None
    return (
        suggestion.kind in {SuggestionKind.SCENE, SuggestionKind.RESPONSE}
        and bool(suggestion.place)
        and holder(draft, suggestion.place) is None
    )


def _places(draft: Draft, suggestion: Suggestion) -> list[tuple[str, str]]:
    """Returns the other places for a scene or a response, as (place, words)."""
    names = compose.sketch(draft).names
    places: list[tuple[str, str]] = []
    for card in draft.cards:
        if suggestion.kind == SuggestionKind.RESPONSE and card.decision:
            places.append((card.id, names[card.id]))
        elif suggestion.kind == SuggestionKind.SCENE and (card.decision or len(card.ways) > 1):
            words: list[Way] = [way for way in card.ways if trimmed(way.text)]
            places += [(f"{card.id}/{way.id}", _("After “%(scene)s”") % {"scene": way.text}) for way in words]
        elif suggestion.kind == SuggestionKind.SCENE:
            places.append((card.id, _("After “%(scene)s”") % {"scene": names[card.id]}))
    if suggestion.kind == SuggestionKind.SCENE and not places:
        places.append(("", _("The first scene")))
    return places


def _most(suggestion: Suggestion, now: str | None) -> dict[str, int]:
    words = {SuggestionKind.SCENE: scenario.MAX_TEXT, SuggestionKind.RESPONSE: scenario.MAX_RESPONSE}.get(
        suggestion.kind, scenario.MAX_TEXT
    )
    return {
        "words": longest(suggestion.place) if now is not None else words,
        "title": {SuggestionKind.SCENE: scenario.MAX_NAME, SuggestionKind.QUESTION: scenario.MAX_QUESTION}.get(
            suggestion.kind, evidence.MAX_TITLE
        ),
        "because": build_link.MAX_REASON,
    }


def _errors(error: ForumError | None) -> dict[str, str]:
    if error is None:
        return {}
    if isinstance(error, BadInput):
        return spoken(error)
    return {"suggestion": say(error.message, error.values)}
