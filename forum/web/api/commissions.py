"""Commissions over the API: their terms, their stages, and lists of what belongs to one."""

from __future__ import annotations

from starlette.requests import Request

from forum.ports import Work
from forum.services.record_cache import declared_of
from forum.services.stages import course_of
from forum.services.stories.submissions import must_be_public
from forum.stories.search_terms import Wanted
from forum.stories.submission import StoryStatus, Submission
from forum.voting import commission as rules
from forum.web.api.cursors import after, cursor, place_in
from forum.web.api.schema import Commission, Group, Power, StageMove, StageNote, Stages, Story
from forum.web.api.shapes import Listing, NoQuery, Paged
from forum.web.record_banner import stories_shown, unlike_record
from forum.web.site import base_url, site_of


async def listed(request: Request, asked: Paged) -> Listing[Commission]:
    """Lists every commission that is no draft, rehearsals last, as the page does."""
    async with site_of(request).store.read() as work:
        every = sorted(await work.commissions.list_commissions(), key=lambda one: one.rehearsal)
        page, following = after(every, lambda one: one.id, asked.cursor, asked.limit)
        await unlike_record(request, work, {declared_of(one.id): one for one in page})
    return Listing(items=tuple(_told(request, one) for one in page), next=following)


async def one(request: Request, _asked: NoQuery) -> Commission:
    """Returns a commission with its newest terms. Raises NotFound."""
    async with site_of(request).store.read() as work:
        about = await of(request, work)
        course = await course_of(work, about)
        versions = await work.commissions.versions(about.id)
        sessions = await work.sessions.titles(about.id)
        await unlike_record(request, work, {declared_of(about.id): (about, course, versions, sessions)})
    return _told(request, about)


async def stages(request: Request, _asked: NoQuery) -> Stages:
    """Returns where a commission stands, and how it came there. Raises NotFound."""
    async with site_of(request).store.read() as work:
        about = await of(request, work)
        course = await course_of(work, about)
        await unlike_record(request, work, {declared_of(about.id): (about, course)})
    return Stages(
        commission=about.id,
        stage=course.standing.stage,
        closed=course.standing.closed,
        acts=course.standing.acts,
        moves=tuple(
            StageMove(
                id=one.id,
                came_from=one.came_from,
                went_to=one.went_to,
                learnt=one.learnt,
                better=one.better,
                took_part=one.took_part,
                at=one.at,
                entry=one.entry,
            )
            for one in course.moves
        ),
        notes=tuple(
            StageNote(
                id=one.id,
                stage=one.stage,
                question=str(one.question),
                words=one.words,
                decision=one.decision,
                at=one.at,
                entry=one.entry,
            )
            for one in course.notes
        ),
    )


async def stories(request: Request, asked: Paged) -> Listing[Story]:
    """Lists the published stories of a commission, newest first. Raises NotFound."""
    async with site_of(request).store.read() as work:
        about = await of(request, work)
        every = [*await work.stories.public_of(about.id)][::-1]
        page, following = after(every, str, asked.cursor, asked.limit)
        found = await work.stories.some_stories(page)
        public = [one for one in found if one.status == StoryStatus.ACCEPTED]
        await unlike_record(request, work, {} if about.rehearsal else stories_shown(public))
    return Listing(items=tuple(_story(request, about, one) for one in public), next=following)


async def library(request: Request, asked: Paged) -> Listing[Story]:
    """Lists every published story, as the library does."""
    start = place_in(asked.cursor)
    async with site_of(request).store.read() as work:
        shelf = await work.library.find(Wanted(), start=start, most=asked.limit)
        found = await work.commissions.some_commissions({one.commission for one in shelf.stories})
        its = {one.id: one for one in found}
        shown = stories_shown(one for one in shelf.stories if not its[one.commission].rehearsal)
        await unlike_record(request, work, shown)
    following = start + len(shelf.stories)
    return Listing(
        items=tuple(_story(request, its[one.commission], one) for one in shelf.stories),
        next=cursor(following) if shelf.stories and following < shelf.total else None,
    )


async def story(request: Request, _asked: NoQuery) -> Story:
    """Returns a published story with its text. Raises NotFound for any other."""
    async with site_of(request).store.read() as work:
        found = must_be_public(await work.stories.get_story(request.path_params["story"]))
        about = await work.commissions.get_commission(found.commission)
        await unlike_record(request, work, {} if about.rehearsal else stories_shown([found]))
    return _story(request, about, found, whole=True)


async def of(request: Request, work: Work) -> rules.Commission:
    """Returns the commission of an address. Raises NotFound."""
    return await work.commissions.get_commission(request.path_params["commission"])


def _story(request: Request, about: rules.Commission, one: Submission, *, whole: bool = False) -> Story:
    return Story(
        id=one.id,
        commission=one.commission,
        title=one.title,
        told_by=about.group_label(one.told_by),
        published_at=one.published_at or None,
        twee=one.twee if whole else None,
        page=f"{base_url(request)}/stories/{one.id}",
    )


def _told(request: Request, one: rules.Commission) -> Commission:
    return Commission(
        id=one.id,
        title=one.title,
        question=one.question,
        stage=one.stage,
        closed_at=one.closed_at or None,
        power=Power(
            level=one.power.level,
            decides=one.power.decides,
            can_change=one.power.can_change,
            cannot_change=one.power.cannot_change,
            answer_by_days=one.power.answer_by_days,
        ),
        groups=tuple(Group(id=group.id, label=group.label, invited=group.invited) for group in one.groups),
        threshold=one.threshold,
        small_numbers=one.small_numbers,
        version=one.version,
        created_at=one.created_at or None,
        demonstration=one.demonstration,
        rehearsal=one.rehearsal,
        page=f"{base_url(request)}/commissions/{one.id}",
    )
