"""Public pages: the front page, commissions, accepted stories."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from forum.ports.long_work import long
from forum.ports.result_cache import Drawn, Remembered
from forum.services.record_cache import declared_of
from forum.services.stories import evidence, suggestions, timeline
from forum.services.stories.parsed_stories import story_of
from forum.services.stories.submissions import must_be_public
from forum.services.voting import results
from forum.stories.scenario import Scenario
from forum.stories.submission import StoryStatus
from forum.voting.round import RoundState
from forum.web.i18n.gettext import language
from forum.web.public.decision_lines import read_and_told
from forum.web.record_banner import decisions_shown, events_shown, stories_shown, unlike_record
from forum.web.responses import page
from forum.web.server.prefix import prefix_of
from forum.web.site import site_of
from forum.web.stories import marked_text
from forum.web.stories.evidence import items as evidence_items
from forum.web.stories.suggestion_words import thanks
from forum.web.stories.versions import public_versions
from forum.web.templates import ready
from forum.web.words.timeline import told

NEWEST = 5
# Characters of drawn stories that are kept: about three hundred ordinary ones, or the two longest.
MOST_DRAWN = 8 * 1024 * 1024
_ON_STAGE = (timeline.EventKind.PLAYED, timeline.EventKind.VOTED, timeline.EventKind.ANNULLED_VOTE)
_AFTERWARDS = (
    timeline.EventKind.DECIDED,
    timeline.EventKind.CORRECTED,
    timeline.EventKind.PROMISED,
    timeline.EventKind.UPDATED,
)


async def home(request: Request) -> Response:
    """Shows the front page: what Forum is, the way into a live session, and the newest stories and decisions."""
    async with site_of(request).store.read() as work:
        commissions = await work.commissions.newest_commissions(NEWEST)
        decisions = await work.decisions.newest_heads(NEWEST)
        stories = await work.stories.newest_public(NEWEST)
        of = {one.commission for one in decisions} | {one.commission for one in stories}
        its = await work.commissions.some_commissions(of)
        lines = await read_and_told(site_of(request).store, work, decisions)
        declared = {declared_of(one.id): one for one in commissions}
        rows = declared | stories_shown(stories) | decisions_shown(decisions)
        await unlike_record(request, work, rows)
    return await page(
        request,
        "public/home.html",
        commissions=commissions,
        decisions=decisions,
        lines=lines,
        titles={one.id: one.title for one in its},
        stories=stories,
        made_up={one.id for one in its if one.demonstration},
    )


async def commissions(request: Request) -> Response:
    """Shows every commission, rehearsals last."""
    async with site_of(request).store.read() as work:
        listed = await work.commissions.list_commissions()
        await unlike_record(request, work, {declared_of(one.id): one for one in listed})
    listed.sort(key=lambda c: c.rehearsal)
    return await page(request, "public/commissions.html", commissions=listed)


async def story(request: Request) -> Response:
    """Shows one accepted story. Raises NotFound for any other, so that nobody learns that it exists."""
    async with site_of(request).store.read() as work:
        submission = await work.stories.get_story(request.path_params["story"])
        of = await work.commissions.get_commission(submission.commission)
        if submission.status == StoryStatus.WITHDRAWN and submission.published_at:
            return await page(request, "public/withdrawn.html", 410, story=submission, commission=of)
        must_be_public(submission)
        shown = await evidence.shown(work, submission)
        events = await timeline.public_life(work, submission, of)
        rounds = await results.asynchronous_rounds(work, of, submission.id)
        helped = await suggestions.credits(work, submission)
        versions = await public_versions(work, submission)
        rows = {} if of.rehearsal else stories_shown([submission])
        await unlike_record(request, work, rows | events_shown(events))
        remembered = work.remembered
    return await page(
        request,
        "public/story.html",
        story=submission,
        drawn=await _drawn(request, remembered, submission.twee),
        commission=of,
        group=of.group_label(submission.told_by),
        thanks=thanks(helped),
        versions=len(versions),
        answerable=[one for one in rounds if one.round.state == RoundState.OPEN],
        evidence=evidence_items(shown, f"/stories/{submission.id}/evidence"),
        played=[told(event) for event in reversed(events) if event.kind in _ON_STAGE],
        decided=[told(event) for event in reversed(events) if event.kind in _AFTERWARDS],
    )


async def _drawn(request: Request, remembered: Remembered, twee: str) -> Drawn:
    """Returns a story's words and paths drawn in this language; kept, and drawn in a thread the first time.

    They follow from the text itself, and a new version is another text; the caller has checked that it may be read.
    """
    site = site_of(request)
    template = await ready(site.templates, "public/_story.html")

    def draw(scenario: Scenario) -> Drawn:
        return Drawn(template.render(told=scenario, notes=marked_text.for_readers(scenario)))

    async def drawn() -> Drawn:
        return await long(draw, await story_of(remembered, twee, long))

    follows_from = (hashlib.sha256(twee.encode()).hexdigest(), language().code, prefix_of(site.settings))
    return await remembered.of(Drawn, MOST_DRAWN, follows_from, drawn, len)
