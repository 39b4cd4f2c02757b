"""Moderators' acts over the API on what stands beside stories and decisions: evidence, files, statements, pledges."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput
from forum.services import help_pledges, minority_statements, update_files
from forum.services.permissions import Reach
from forum.services.stories import evidence
from forum.services.stories.submissions import must_be_sent
from forum.stories.moderation import Evidence
from forum.web.api.commissions import of
from forum.web.api.cursors import after
from forum.web.api.done import Done
from forum.web.api.moderating import must_name_text
from forum.web.api.row import START
from forum.web.api.shapes import Listing, NoQuery, Paged
from forum.web.api.to_read import EvidenceToRead, PledgeToRead, StatementToRead
from forum.web.auth import somebody
from forum.web.forms import Form
from forum.web.site import base_url, site_of
from forum.web.stories import evidence as evidence_pages


async def list_evidence(request: Request, _asked: NoQuery) -> Listing[EvidenceToRead]:
    """Lists the evidence of a story that was sent, in the order it was added. Raises NotFound."""
    async with site_of(request).store.read() as work:
        story = must_be_sent(await work.stories.get_story(request.path_params["story"]))
        there = await work.evidence.list_evidence(story.id)
        items = [_piece(one, await evidence.fingerprint(work, one)) for one in there]
    return Listing(items=tuple(items))


def _piece(one: Evidence, read: str) -> EvidenceToRead:
    has_file = one.kind != evidence.LINK and not one.declined_at
    return EvidenceToRead(
        id=one.id,
        kind=one.kind,
        title=one.title,
        url=one.url,
        file=f"{START}/stories/{one.story}/evidence/{one.id}" if has_file else None,
        size=one.size,
        read=read,
        state=_state(one),
        because=one.because,
        added_at=one.added_at,
    )


def _state(one: Evidence) -> str:
    return "declined" if one.declined_at else "shown" if one.shown_at else "waiting"


async def evidence_file(request: Request, _asked: NoQuery) -> Response:
    """Sends a file of evidence, before others may see it."""
    return await evidence_pages.moderators_file(request)


async def moderate_evidence(request: Request, form: Form) -> Done:
    """Shows a piece of evidence to everybody, or declines it with a reason. Raises BadInput(field="read") where it
    does not say which piece was read."""
    must_name_text(form)
    site, person, named = site_of(request), await somebody(request), request.path_params
    act, read, because = form.text("action"), form.text("read"), form.text("because")
    after_ = await evidence.moderate(
        site.store, site.clock, named["story"], named["item"], act, read=read, because=because, by=person.id
    )
    page = f"{base_url(request)}/moderate/{named['story']}/evidence"
    return Done(id=after_.id, state=_state(after_), page=page)


async def take_file_away(request: Request, _form: Form) -> Done:
    """Takes the file of a promise's news away, with what it shows; the words stay."""
    site, update = site_of(request), request.path_params["update"]
    await update_files.withdraw(site.store, site.clock, await somebody(request), update)
    async with site.store.read() as work:
        file = await work.decisions.update_file(update)
    return Done(id=update, state="taken away", page=f"{base_url(request)}/promises/{file.commitment}")


async def statements(request: Request, asked: Paged) -> Listing[StatementToRead]:
    """Lists the statements of groups on decisions of a commission that wait to be read. Raises NotFound."""
    async with site_of(request).store.read() as work:
        about = await of(request, work)
        waiting = await work.minority.waiting_statements()
        on = await work.decisions.some_decisions({one.decision for one in waiting})
        here = {one.id for one in on if one.commission == about.id}
        every = [one for one in waiting if one.decision in here]
    page, following = after(every, lambda one: one.id, asked.cursor, asked.limit)
    items = (
        StatementToRead(
            id=one.id,
            decision=one.decision,
            group=one.group,
            words=one.words,
            read=minority_statements.fingerprint(one),
            sent_at=one.sent_at,
            page=f"{base_url(request)}/moderate/statements/{one.id}",
        )
        for one in page
    )
    return Listing(items=tuple(items), next=following)


async def publish_statement(request: Request, form: Form) -> Done:
    """Publishes a group's statement beside its decision and in the record. Raises BadInput(field="read") where it does
    not say which words were read."""
    must_name_text(form)
    site, id_ = site_of(request), request.path_params["statement"]
    made = await minority_statements.accept(site.store, site.clock, await somebody(request), id_, form.text("read"))
    page = f"{base_url(request)}/decisions/{made.decision}"
    return Done(id=id_, state=str(made.state), entry=made.entry, page=page)


async def return_statement(request: Request, form: Form) -> Done:
    """Returns a group's statement to it, with the reason. Raises as `publish_statement` does."""
    must_name_text(form)
    site, id_ = site_of(request), request.path_params["statement"]
    person, read, because = await somebody(request), form.text("read"), form.text("because")
    made = await minority_statements.give_back(site.store, site.clock, person, id_, read, because)
    return Done(id=id_, state=str(made.state), page=f"{base_url(request)}/decisions/{made.decision}")


async def pledges(request: Request, asked: Paged) -> Listing[PledgeToRead]:
    """Lists the pledges of help in a commission that wait to be read. Raises NotFound."""
    async with site_of(request).store.read() as work:
        about = await of(request, work)
        every = [one.pledge for one in await help_pledges.waiting(work, _only(about.id))]
    page, following = after(every, lambda one: one.id, asked.cursor, asked.limit)
    items = (PledgeToRead(id=one.id, words=one.words, name=one.name, day=one.day) for one in page)
    return Listing(items=tuple(items), next=following)


async def read_pledge(request: Request, form: Form) -> Done:
    """Publishes a pledge of help, or declines it: its words then go."""
    site, of_, pledge = site_of(request), request.path_params["commission"], request.path_params["pledge"]
    act = form.text("act")
    if act not in ("publish", "decline"):
        raise BadInput("Choose what to do.", field="act")
    await help_pledges.read(site.store, site.clock, _only(of_), pledge, publish=act == "publish")
    state = "shown" if act == "publish" else "declined"
    return Done(id=pledge, state=state, page=f"{base_url(request)}/commissions/{of_}")


def _only(commission: str) -> Reach:
    return Reach(every=False, commissions=frozenset({commission}))
