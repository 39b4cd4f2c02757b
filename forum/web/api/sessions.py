"""Live sessions and votes over the API, with what their pages show and no number more."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from forum.errors import NotFound
from forum.ports import Work
from forum.services.record_cache import kept
from forum.services.sessions import guard
from forum.services.sessions.public_session import A_PAGE, PublicSession, Question, page_of, public_session
from forum.services.voting import results
from forum.sessions.programme import Programme
from forum.sessions.session import LiveSession
from forum.voting import result as shown_results
from forum.voting import round as rules
from forum.web.api.commissions import of
from forum.web.api.cursors import after, cursor, place_in
from forum.web.api.schema import Choice, GroupResult, Result, Round, Session
from forum.web.api.shapes import Listing, NoQuery, Paged
from forum.web.public.session import drawn
from forum.web.record_banner import unlike_record
from forum.web.site import base_url, site_of


async def listed(request: Request, asked: Paged) -> Listing[Session]:
    """Lists the live sessions of a commission, newest first, rehearsals of a real one left out. Raises NotFound."""
    async with site_of(request).store.read() as work:
        about = await of(request, work)
        every = [
            one
            for one in await work.sessions.list_sessions(about.id)
            if not one.asynchronous and (about.rehearsal or not one.rehearsal)
        ]
        page, following = after(every, lambda one: one.id, asked.cursor, asked.limit)
        plans = await work.programmes.latest_of([one.id for one in page])
        titles = await work.stories.titles({story for one in page for story in one.scenarios})
        rows = {
            one.id: (one.title, one.called_off_at, one.called_off_because)
            for one in page
            if one.called_off_at and one.recorded
        }
        await unlike_record(request, work, rows)
    items = tuple(told(request, one, plans[one.id].plan if one.id in plans else Programme(), titles) for one in page)
    return Listing(items=items, next=following)


async def one(request: Request, _asked: NoQuery) -> Session:
    """Returns a live session. Raises NotFound."""
    async with site_of(request).store.read() as work:
        live = await guard.of_kind(work, request.path_params["session"])
        shown, told_of = await _shown(request, work, live, 1)
        plan = (await work.programmes.latest(live.id)).plan
        titles = await work.stories.titles(live.scenarios)
        await unlike_record(request, work, drawn(shown, told=told_of))
    return told(request, live, plan, titles, shown.came)


async def rounds(request: Request, asked: NoQuery) -> Listing[Round]:
    """Lists what was asked in a live session, in the order in which it was asked. Raises NotFound."""
    number = place_in(getattr(asked, "cursor", "")) or 1
    async with site_of(request).store.read() as work:
        live = await guard.of_kind(work, request.path_params["session"])
        shown, told_of = await _shown(request, work, live, number)
        await unlike_record(request, work, drawn(shown, told=told_of))
    following = cursor(shown.number + 1) if shown.number < shown.pages else None
    return Listing(items=tuple(_question(request, live, one) for one in shown.questions), next=following)


async def vote(request: Request, _asked: NoQuery) -> Round:
    """Returns one vote that was opened, of a live session or one that people answer alone. Raises NotFound."""
    async with site_of(request).store.read() as work:
        live, asked, page = await question_of(request, work)
    return _question(request, live, asked, page)


async def question_of(request: Request, work: Work) -> tuple[LiveSession, Question, str]:
    """Returns the vote of an address as everybody may read it, with its session, and the page of one that people answer
    alone ("" for one of a live session). Raises NotFound for one that was not opened."""
    found = await work.rounds.get_round(request.path_params["round"])
    live = await work.sessions.get_session(found.session)
    if live.asynchronous:
        return live, await _alone(request, work, live, found), f"/answer/{live.code}"
    shown, told_of = await _shown(request, work, live, await page_of(work, live, found))
    asked = next((one for one in shown.questions if one.round.id == found.id), None)
    if asked is None:
        raise NotFound("There is no such round.")
    await unlike_record(request, work, drawn(shown, told=told_of))
    return live, asked, ""


async def _shown(request: Request, work: Work, live: LiveSession, number: int) -> tuple[PublicSession, bool]:
    """Returns a page of a session as everybody reads it, and whether an entry is about the session itself."""
    size = await work.record.size()
    contents = await kept(site_of(request).store).contents_of(work, size)
    told_of = any(index < size for index in contents.about.get(live.id, ()))
    return await public_session(work, live, contents, size, number), told_of


async def _alone(request: Request, work: Work, live: LiveSession, found: rules.Round) -> Question:
    commission = await work.commissions.of_session(live)
    every = await results.asynchronous_rounds(work, commission, found.scenario, results=True)
    asked = next((one for one in every if one.round.id == found.id and one.round.opened_at), None)
    if asked is None:
        raise NotFound("There is no such round.")
    titles = await work.stories.titles({found.scenario} if found.scenario else set())
    readable = not found.scenario or found.scenario in titles
    if live.recorded:
        await unlike_record(request, work, {found.id: (found, asked.result)})
    return Question(0, found, readable, result=asked.result if readable else None)


def _question(request: Request, live: LiveSession, asked: Question, page: str = "") -> Round:
    found, readable = asked.round, asked.readable
    number = f"?page={(asked.number - 1) // A_PAGE + 1}" if asked.number > A_PAGE else ""
    return Round(
        id=found.id,
        session=live.id,
        commission=live.commission,
        number=asked.number or None,
        kind=str(found.kind),
        method=found.method,
        state=str(found.state),
        readable=readable,
        question=found.question if readable else "",
        answers=tuple(Choice(one.id, one.label) for one in found.responses) if readable else (),
        story=found.scenario if readable else None,
        second_of=found.second_of,
        opened_at=found.opened_at or None,
        closes_at=found.closes_at or None,
        closed_at=found.closed_at or None,
        revealed_at=found.revealed_at or None,
        annulled_at=found.annulled_at or None,
        annulled_because=found.annulled_because if readable else "",
        result=result_told(asked.result) if asked.result else None,
        decisions=tuple(one.id for one in asked.decisions),
        answer_due_on=asked.due.due_on if asked.due else None,
        page=base_url(request) + (page or f"/sessions/{live.id}{number}#question-{asked.number}"),
    )


def result_told(shown: shown_results.Result) -> Result:
    """Returns a result in the words of its entry in the record, of what its page may show."""
    said = shown.to_json()
    rows = said["by_group"]
    return Result(
        n=said["n"],
        counts=said["counts"],
        by_group=tuple(
            GroupResult(label=row["label"], n=row["n"], counts=row["counts"], hidden=tuple(row.get("hidden", ())))
            for row in rows
        )
        if rows
        else None,
        withheld=said["withheld"],
        equal_voice=said["equal_voice"],
        view_shift=said["view_shift"],
        figures=None if said.get("figures") is None else dict(said["figures"]),
        consensus=said.get("consensus"),
        quorum=said.get("quorum"),
        preferred=None if said.get("preferred") is None else tuple(said["preferred"]),
        hidden=tuple(said.get("hidden", ())),
        sealed=said.get("sealed", False),
    )


def told(
    request: Request, live: LiveSession, plan: Programme, titles: Mapping[str, str], came: int | None = None
) -> Session:
    """Returns a live session as the API tells it; `titles` are those of the stories that everybody may read."""
    return Session(
        id=live.id,
        commission=live.commission,
        title=live.title,
        state=_state(live),
        day=plan.day or None,
        place=plan.place,
        opened_at=live.opened_at or None,
        ended_at=live.ended_at or None,
        called_off_at=live.called_off_at or None,
        called_off_because=live.called_off_because,
        stories=tuple(one for one in live.scenarios if one in titles) if live.opened_at and live.recorded else (),
        came=came,
        recorded=live.recorded,
        page=f"{base_url(request)}/sessions/{live.id}",
    )


def _state(live: LiveSession) -> str:
    if live.rehearsal:
        return "rehearsal"
    if live.planned:
        return "planned"
    if live.called_off_at:
        return "called off"
    return "ended" if live.ended else "going on"
