"""The check before a story is sent: missing parts, words that may identify somebody, permissions; and sending it."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.adapters.long_texts import WRITERS
from forum.errors import BadInput, FormErrors, ForumError, IllegalMove, StoreUnavailable, TooMany
from forum.ports.long_work import long
from forum.services.stories import draft_edits
from forum.settings import Settings
from forum.stories import compose, scenario_twee
from forum.stories.draft import PERMISSIONS, YES, Draft, branches
from forum.stories.scenario import Scenario
from forum.stories.submission import StoryStatus, Submission
from forum.voting.commission import Commission
from forum.web import volume_limits
from forum.web.accounts.devices import keep
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.guess_limits import Share
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.rate_limits import AN_HOUR
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.stories import marked_text
from forum.web.stories.private_link import story_of_link
from forum.web.stories.steps import CHECK, STEPS, place_of, step_of
from forum.web.stories.workspace_parts import place_words

_FEW = 5  # stories that may still be sent, from which on the page says so
# The step on which a field of the draft is written; fields of cards are in the workspace.
_STEPS = {"title": "happened", "setting": "where", "characters": "who", "group": "who", "notes": "use"} | dict.fromkeys(
    PERMISSIONS, "use"
)


async def check(request: Request) -> Response:
    """Shows the story as it would be sent, with everything missing or marked; posted, sends it to a moderator."""
    story, commission = await story_of_link(request)
    site, key = site_of(request), request.path_params["key"]
    draft = await draft_edits.opened_at(site.store, site.clock, key, CHECK)
    scenario, missing = await long(_told, story, draft, commission)
    if request.method != "POST":
        return await _page(request, story, commission, draft, scenario, missing)
    form = await form_of(request)
    unseen = scenario is None or form.text("seen") != await long(_seen, scenario)
    if scenario is None or (unseen and (await marked_text.looked_through(WRITERS, scenario)).parts):
        return await _page(request, story, commission, draft, scenario, missing, form=form)
    try:
        sent(site.settings).take(request)
        volume_limits.write(request, volume_limits.size_of(draft))
        await draft_edits.send(site.store, site.clock, key, shape=form.flag("shape"))
    except (BadInput, TooMany, IllegalMove, StoreUnavailable) as error:
        return await _page(request, story, commission, draft, scenario, missing, error, form)
    return RedirectResponse(f"/my-story/{key}?sent=1", 303)


def sent(settings: Settings) -> Share:
    """Returns the limit on sending stories."""
    return Share("stories", settings.stories_per_address, AN_HOUR)


def _told(story: Submission, draft: Draft, commission: Commission) -> tuple[Scenario | None, dict[str, BadInput]]:
    """Returns the story that would be sent, or else the missing parts by the path of their field."""
    try:
        return draft_edits.composed(story, draft, commission), {}
    except FormErrors as errors:
        return None, dict(errors.fields)


def _seen(scenario: Scenario) -> str:
    """Returns a digest of the words whose marks somebody has seen; after a change the marks are shown again."""
    return hashlib.sha256(scenario_twee.write(scenario).encode()).hexdigest()


async def _page(
    request: Request,
    story: Submission,
    commission: Commission,
    draft: Draft,
    scenario: Scenario | None,
    missing: dict[str, BadInput],
    error: ForumError | None = None,
    form: Form | None = None,
) -> Response:
    key = request.path_params["key"]
    if isinstance(error, FormErrors):
        missing = dict(error.fields)
    label = commission.group_label(draft.group) or ""
    shown = scenario or (await long(compose.sketch, draft, told_by=label)).story
    left = sent(site_of(request).settings).left(request)
    notes = await marked_text.looked_through(WRITERS, shown)
    status = status_of(error) if error else 422 if request.method == "POST" and missing else 200
    answer = await page(
        request,
        "stories/check.html",
        status,
        story=story,
        commission=commission,
        missing=[
            ("" if "." in path else place_words(draft, path, {}), _where(key, path), words)
            for path, words in _words(missing).items()
        ],
        refused=say(error.message, error.values) if error and not isinstance(error, FormErrors) else "",
        parts=notes.parts,
        notes=notes,
        told=shown,
        steps=[(step_of(name).title, place_of(key, name)) for name in STEPS],
        branches=branches(draft),
        no_question=bool(shown.scenes) and not shown.decisions and story.status != StoryStatus.ACCEPTED,
        shape=form.flag("shape") if form else True,
        may_vote=draft.may_publish == YES and draft.may_perform == YES,
        ready=not missing,
        seen=await long(_seen, scenario) if scenario else "",
        allows=[(label, getattr(draft, name) == YES, getattr(draft, name) != "") for name, label in _questions()],
        held=story.status == StoryStatus.HELD,
        again=story.status not in (StoryStatus.WRITING,),
        public=story.status == StoryStatus.ACCEPTED,
        left=left if left <= _FEW else None,
        scenes=place_of(key, ""),
        use=place_of(key, "use"),
        key=key,
    )
    return keep(request, retry_after(answer, error))


def _words(missing: dict[str, BadInput]) -> dict[str, str]:
    return spoken(FormErrors(missing)) if missing else {}


def _where(key: str, path: str) -> str:
    """Returns the address of the place where a field is written."""
    if path in _STEPS:
        return f"{place_of(key, _STEPS[path])}#{path}"
    card = path.partition(".")[0].partition("/")[0]
    return f"{place_of(key, '')}?open={card}#{path}" if "." in path else f"{place_of(key, '')}#cards"


def _questions() -> list[tuple[str, str]]:
    """Returns the permissions as they are asked for."""
    return [
        ("may_publish", _("May be published")),
        ("may_perform", _("May be performed")),
        ("may_quote", _("May be quoted")),
    ]
