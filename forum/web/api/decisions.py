"""Decisions and promises over the API, as their pages and the ledger show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request

from forum.errors import IllegalMove
from forum.ports import Work
from forum.ports.promises import Sought
from forum.services import commitments, decision_matter, ledger
from forum.services.commitments import Promise as Found
from forum.voting import decision as rules
from forum.voting.commitment import Commitment, is_overdue
from forum.voting.update_file import UpdateFile
from forum.web.api.commissions import of
from forum.web.api.cursors import after, cursor, place_in
from forum.web.api.schema import Correction, Decision, Difference, FileBeside, Promise, Update
from forum.web.api.shapes import Listing, NoQuery, OfPromises, Paged
from forum.web.i18n.dates import today
from forum.web.record_banner import decisions_shown, ledger_shown, promises_shown, unlike_record
from forum.web.site import base_url, site_of


async def listed(request: Request, asked: Paged) -> Listing[Decision]:
    """Lists the decisions of a commission, newest first. Raises NotFound."""
    async with site_of(request).store.read() as work:
        about = await of(request, work)
        every = await work.decisions.list_decisions(about.id, recorded=not about.rehearsal)
        page, following = after(every, lambda one: one.id, asked.cursor, asked.limit)
        await unlike_record(request, work, decisions_shown(page))
    return Listing(items=tuple(_decision(request, one) for one in page), next=following)


async def one(request: Request, _asked: NoQuery) -> Decision:
    """Returns a published decision. Raises NotFound."""
    async with site_of(request).store.read() as work:
        made = await work.decisions.get_decision(request.path_params["decision"])
        await unlike_record(request, work, promises_shown([made]))
        differences = made.differences if await _shows_groups(work, made) else ()
    return _decision(request, made, differences)


async def _shows_groups(work: Work, made: rules.Decision) -> bool:
    """Tells whether the page of a decision may say which groups it differs from: as long as its result is shown."""
    try:
        return (await decision_matter.past_matter(work, made.rounds)).result is not None
    except IllegalMove:
        return False


async def promises(request: Request, asked: OfPromises) -> Listing[Promise]:
    """Lists promises as the ledger does, the overdue ones first. Raises NotFound for an unknown commission."""
    day, start = today(site_of(request).clock.now()), place_in(asked.cursor)
    async with site_of(request).store.read() as work:
        if asked.commission:
            await work.commissions.get_commission(asked.commission)
        sought = Sought(asked.commission, asked.owner, asked.state, tuple(asked.words.split()))
        found = await ledger.found(work, sought, day, start, asked.limit + 1)
        page = found[: asked.limit]
        titles = await _stories(work, page)
        await unlike_record(request, work, ledger_shown(page))
    following = cursor(start + asked.limit) if len(found) > asked.limit else None
    return Listing(items=tuple(_promise(request, one, day, titles) for one in page), next=following)


async def promise(request: Request, _asked: NoQuery) -> Promise:
    """Returns one promise with everything that became of it. Raises NotFound."""
    async with site_of(request).store.read() as work:
        found = await commitments.promise_of(work, request.path_params["commitment"])
        titles = await _stories(work, [found])
        await unlike_record(request, work, promises_shown([found.decision]))
    return _promise(request, found, today(site_of(request).clock.now()), titles)


async def _stories(work: Work, found: list[Found]) -> dict[str, str]:
    """Returns the titles of those stories that promises answer and everybody may read."""
    wanted = {one.commitment.story for one in found if one.commitment.story}
    return await work.stories.titles(wanted) if wanted else {}


def _decision(
    request: Request, made: rules.Decision, differences: Sequence[rules.Difference] | None = None
) -> Decision:
    return Decision(
        id=made.id,
        commission=made.commission,
        rounds=made.rounds,
        outcome=str(made.outcome),
        answer=made.response,
        rationale=made.rationale,
        why=made.why,
        dissent=made.dissent,
        earlier=made.earlier,
        until=made.until or None,
        decided_on=made.decided_on or None,
        decided_at=made.decided_at,
        told=dict(made.told),
        differences=None
        if differences is None
        else tuple(Difference(str(one.kind), one.group, one.answer) for one in differences),
        second_reader=None if made.second_reader is None else str(made.second_reader),
        state=str(made.state),
        corrections=tuple(
            Correction(
                id=one.id,
                words=one.words,
                replaced_by=one.replaced_by or None,
                because=one.because,
                at=one.at,
                entry=one.entry,
            )
            for one in made.corrections
        ),
        replaces=made.replaces,
        promises=tuple(one.id for one in made.commitments),
        entry=made.entry,
        page=f"{base_url(request)}/decisions/{made.id}",
    )


def _promise(request: Request, found: Found, day: str, titles: Mapping[str, str]) -> Promise:
    made = found.commitment
    return Promise(
        id=made.id,
        decision=made.decision,
        commission=found.commission.id,
        role=made.role,
        owner=made.owner,
        what=made.what,
        by=made.by,
        answers="" if made.story else made.answers,
        story=made.story if made.story in titles else None,
        noticed=made.noticed,
        state=str(made.state),
        overdue=is_overdue(made, day),
        made_at=made.at or None,
        replaced_at=made.replaced_at or None,
        updates=updates_told(made, base_url(request)),
        page=f"{base_url(request)}/promises/{made.id}",
    )


def updates_told(made: Commitment, base: str) -> tuple[Update, ...]:
    """Returns what became of a promise, oldest first, with files at addresses below `base`."""
    return tuple(
        Update(
            id=one.id,
            state=str(one.state),
            at=one.at,
            said=one.said,
            because=one.because,
            handed_to=one.handed_to,
            given_by=str(one.given_by),
            file=_file(one.file, base) if one.file else None,
        )
        for one in made.updates
    )


def _file(one: UpdateFile, base: str) -> FileBeside:
    url = None if one.withdrawn_at else f"{base}/promises/{one.commitment}/files/{one.id}"
    return FileBeside(shows=one.shows, media=one.media, size=one.size, url=url)
