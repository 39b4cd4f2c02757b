"""Organisers' acts over the API with papers: one enters the count of a vote, another one confirms it.

Two tokens of one person are one person: nobody confirms what they entered.
"""

from __future__ import annotations

from starlette.requests import Request

from forum.errors import FormErrors
from forum.ports import Work
from forum.services.sessions import guard
from forum.services.voting.paper_counts import countable
from forum.sessions.paper_count import PaperCount
from forum.web.api.room_told import CountedHeap, PapersTold
from forum.web.api.shapes import NoQuery
from forum.web.auth import somebody
from forum.web.forms import Form
from forum.web.organise import paper_counts
from forum.web.site import base_url, site_of


async def papers(request: Request, _asked: NoQuery) -> PapersTold:
    """Returns the count of a vote's papers, as its page shows it to this person. Raises NotFound."""
    async with site_of(request).store.read() as work:
        return await _told(request, work)


async def enter(request: Request, form: Form) -> PapersTold:
    """Enters a count, in the place of one that nobody has confirmed."""
    async with site_of(request).store.read() as work:
        round_ = await work.rounds.get_round(request.path_params["round"])
        commission = await work.commissions.of_session(await work.sessions.get_session(round_.session))
    groups, marks = {one.id for one in commission.groups} | {""}, countable(round_)
    typed: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for number, heap in enumerate(zip(form.texts("group"), form.texts("mark"), form.texts("papers"), strict=True)):
        group, mark, papers_ = heap
        name = f"{paper_counts.FIELD}{group}:{mark}"
        if group not in groups:
            form.wrong(f"heaps[{number}].group", "Choose a group.")
        elif mark not in marks and marks:
            form.wrong(f"heaps[{number}].mark", "There is no such mark on the papers of this vote.")
        elif name in typed:
            form.wrong(f"heaps[{number}]", "This heap is there twice: the same group, with the same mark.")
        typed[name] = [papers_]
        first.setdefault(f"count_{group}", f"heaps[{number}]")
    form.stop()
    try:
        return await _act(request, "enter", {"handed_out": [form.text("handed_out")], **typed})
    except FormErrors as error:
        # A mistake in the papers of a group stands at its first heap.
        raise FormErrors({first.get(name, name): one for name, one in error.fields.items()}) from error


async def confirm(request: Request, form: Form) -> PapersTold:
    """Confirms a count that somebody else entered: each of its papers is a ballot then."""
    return await _act(request, "confirm", {"id": [form.text("id")]})


async def discard(request: Request, form: Form) -> PapersTold:
    """Deletes a count that nobody has confirmed."""
    return await _act(request, "discard", {"id": [form.text("id")]})


async def _act(request: Request, name: str, typed: dict[str, list[str]]) -> PapersTold:
    person, round_ = await somebody(request), request.path_params["round"]
    async with site_of(request).store.read() as work:
        session = (await work.rounds.get_round(round_)).session
    await paper_counts.carry_out(request, person.id, session, round_, Form({"act": [name], **typed}))
    return await papers(request, NoQuery())


async def _told(request: Request, work: Work) -> PapersTold:
    person = await somebody(request)
    asked = await work.rounds.get_round(request.path_params["round"])
    live = await guard.of_kind(work, asked.session)
    round_ = await guard.round_of(work, live, asked.id, lock=False)
    there = await work.papers.get_paper_count(round_.id)
    # As on the page: a confirmed count holds votes of which no result was shown yet.
    shown = there is not None and paper_counts.may_see(there, person.id)
    return PapersTold(
        round=round_.id,
        marks=countable(round_),
        id=there.id if there else None,
        state="none" if there is None else "confirmed" if there.confirmed_at else "entered",
        yours=there is not None and there.entered_by == person.id,
        heaps=_heaps(there) if there is not None and shown else None,
        handed_out=there.handed_out if there is not None and shown else None,
        page=f"{base_url(request)}/organise/sessions/{live.id}/papers/{round_.id}",
    )


def _heaps(there: PaperCount) -> tuple[CountedHeap, ...]:
    return tuple(
        CountedHeap(group=group or None, mark=mark, papers=papers_)
        for group, of_group in there.counts.items()
        for mark, papers_ in of_group.items()
    )
