"""What everybody may read: the front page, commissions, accepted stories."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from forum import scenario
from forum.commission import Commission
from forum.errors import NotFound
from forum.ports import Decision, Submission, Work
from forum.session import LiveSession
from forum.submissions import ACCEPTED
from forum.web.pages import page
from forum.web.site import site_of
from forum.web.words import gettext as _

NEWEST = 5


async def home(request: Request) -> Response:
    """The front page: what this is, the way into a live session, and what is new."""
    async with site_of(request).store.read() as work:
        commissions = [c for c in await work.commissions.all() if not c.rehearsal]
        titles = {c.id: c.title for c in commissions}
        decisions = [d for d in await work.decisions.of() if d.commission in titles][:NEWEST]
        stories = [s for s in await work.stories.of(status=ACCEPTED) if s.commission in titles]
        decided = await _decided(work, decisions)
    return await page(
        request,
        "public/home.html",
        commissions=commissions[:NEWEST],
        decisions=decisions,
        decided=decided,
        titles=titles,
        stories=stories[: -NEWEST - 1 : -1],
        stage_words=stage_words,
        outcome_words=outcome_words,
    )


async def commissions(request: Request) -> Response:
    """Every commission, rehearsals last."""
    async with site_of(request).store.read() as work:
        found = await work.commissions.all()
    found.sort(key=lambda c: c.rehearsal)
    return await page(request, "public/commissions.html", commissions=found, stage_words=stage_words)


async def commission(request: Request) -> Response:
    """One commission: its question, what the vote can change, its groups, stories, sessions and decisions."""
    async with site_of(request).store.read() as work:
        found = await work.commissions.get(request.path_params["commission"])
        stories = await work.stories.of(found.id, ACCEPTED)
        sessions = await work.sessions.of(found.id)
        decisions = await work.decisions.of(found.id)
        decided = await _decided(work, decisions)
    return await page(
        request,
        "public/commission.html",
        commission=found,
        stories=stories[::-1],
        told_by=_told_by(found, stories),
        sessions=[(s, session_state(s)) for s in sessions],
        decisions=decisions,
        decided=decided,
        stage_words=stage_words,
        power_words=power_words,
        outcome_words=outcome_words,
    )


async def stories(request: Request) -> Response:
    """Every accepted story, newest first, by commission."""
    async with site_of(request).store.read() as work:
        found = await work.stories.of(status=ACCEPTED)
        by_id = {c.id: c for c in await work.commissions.all()}
    told_by: dict[str, str] = {}
    for c in by_id.values():
        told_by |= _told_by(c, [s for s in found if s.commission == c.id])
    shelves = [(c, [s for s in reversed(found) if s.commission == c.id]) for c in by_id.values()]
    return await page(request, "public/stories.html", shelves=[shelf for shelf in shelves if shelf[1]], told_by=told_by)


async def story(request: Request) -> Response:
    """One accepted story. Any other is not here: nobody learns that it exists."""
    async with site_of(request).store.read() as work:
        found = await work.stories.get(request.path_params["story"])
        if found.status != ACCEPTED:
            raise NotFound("There is no story at this address.")
        of = await work.commissions.get(found.commission)
    return await page(request, "public/story.html", story=found, told=scenario.parse(found.twee), commission=of)


async def _decided(work: Work, decisions: Sequence[Decision]) -> dict[str, str]:
    """The words of the response that each decision is about, where it is about one; by decision id."""
    words = {}
    for decision in decisions:
        if decision.response is not None:
            about = (await work.rounds.get(decision.rounds[-1])).response(decision.response)
            words[decision.id] = about.label if about else _("None of these")
    return words


def _told_by(commission: Commission, stories: list[Submission]) -> dict[str, str]:
    return {s.id: commission.group_label(s.told_by) or "" for s in stories}


def session_state(session: LiveSession) -> str:
    """Where a session stands: a rehearsal, ended, or going on."""
    if session.rehearsal:
        return _("Rehearsal")
    return _("Ended") if session.ended else _("Going on")


def stage_words(stage: str) -> str:
    """A stage of the commissioning cycle, in plain words."""
    return {
        "assess needs": _("Finding out what people need"),
        "plan": _("Planning what to do"),
        "secure": _("Choosing and paying for it"),
        "monitor": _("Watching how it goes"),
    }.get(stage, stage)


def power_words(level: str) -> str:
    """What a level of decision power means for somebody who votes."""
    return {
        "informing": _("You are told what is planned, and people see what you think of it. The vote binds nobody."),
        "consultation": _(
            "Those who decide ask what you think and must read it. They may decide otherwise, and say why."
        ),
        "engagement": _("You and those who decide talk about it more than once. The vote steers what they decide."),
        "co-design": _("You shape the plans together with those who decide. The vote says which plan goes on."),
        "co-production": _("You and the services decide together, as equals. The vote is part of the decision."),
    }.get(level, level)


def outcome_words(outcome: str) -> str:
    """What was decided, in plain words."""
    return {
        "adopted": _("Adopted"),
        "adopted with changes": _("Adopted with changes"),
        "not adopted": _("Not adopted"),
        "deferred": _("Put off until later"),
    }.get(outcome, outcome)
