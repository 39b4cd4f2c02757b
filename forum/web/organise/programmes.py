"""The programme of a live session: its editing page, the run sheet, the public page, and calendar entries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Work
from forum.ports.long_work import long, parsed
from forum.services.record_cache import declared_of
from forum.services.sessions import commissions_and_sessions, guard
from forum.services.sessions.cues import MOST_NOTE
from forum.services.sessions.programmes import Programming, SectionForm
from forum.services.sessions.session_day import MOST_PLACE
from forum.sessions import timetable
from forum.sessions.calendar import Event
from forum.sessions.calendar import calendar as calendar_file
from forum.sessions.programme import ItemKind, Planned, Programme, Section
from forum.sessions.session import LiveSession
from forum.stories import scenario_twee
from forum.stories.submission import StoryStatus, Submission
from forum.voting.commission import Commission
from forum.voting.methods import METHODS
from forum.web.forms import Form, form_of, spoken
from forum.web.i18n.gettext import gettext as _
from forum.web.record_banner import stories_shown, unlike_record
from forum.web.responses import done, page, wants_json
from forum.web.site import base_url, site_of
from forum.web.words.methods import method_words

_MOST_DIGITS = 9
_MOST = {"title": commissions_and_sessions.MOST_TITLE, "note": MOST_NOTE, "place": MOST_PLACE}

Act = Callable[[Programming, Form], Awaitable[Planned]]

ACTS: dict[str, Act] = {
    "about": lambda p, f: p.about(f.text("day"), f.text("place"), public=f.flag("public")),
    "section": lambda p, f: p.section(SectionForm(f.text("id"), f.text("title"), f.text("starts"), f.text("ends"))),
    "remove_section": lambda p, f: p.remove_section(f.text("id")),
    "section_up": lambda p, f: p.move_section(f.text("id"), down=False),
    "section_down": lambda p, f: p.move_section(f.text("id"), down=True),
    "story": lambda p, f: p.story(f.text("section"), f.text("story")),
    "cue": lambda p, f: p.cue(f.text("section"), f.text("cue"), f.text("method", "single")),
    "note": lambda p, f: p.note(f.text("section"), f.text("words")),
    "ask": lambda p, f: p.ask(
        f.text("section"),
        f.text("question"),
        [line for text in f.texts("response") for line in text.split("\n")],
        f.text("method", "single"),
        none=f.flag("none"),
    ),
    "remove": lambda p, f: p.remove(f.text("id")),
    "up": lambda p, f: p.move(f.text("id"), down=False),
    "down": lambda p, f: p.move(f.text("id"), down=True),
    "put": lambda p, f: p.put(f.text("id"), f.text("section"), f.text("before")),
    "undo": lambda p, f: p.undo(_number(f.text("number"))),
}


async def edit(request: Request) -> Response:
    """Shows the editing page; posted, does the act that the form names."""
    session = request.path_params["session"]
    if request.method != "POST":
        return await _edit_page(request, session, Form({}), at=request.query_params.get("at", ""))
    site = site_of(request)
    form = await form_of(request)
    act = ACTS.get(form.text("act"))
    if act is None:
        raise NotFound("There is no such change to a programme.")
    try:
        planned = await act(Programming(site.store, site.clock, session, site.settings.timezone), form)
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        errors = spoken(error) if isinstance(error, BadInput) else {"add": _(error.message)}
        return await _edit_page(request, session, form, errors, at=form.text("section"))
    await site.rooms.changed(session)
    to = f"/organise/sessions/{session}/programme"
    if form.text("section") and form.text("act") in {"story", "cue", "note", "ask"}:
        to += f"?at={form.text('section')}#add"
    return done(request, to, number=planned.number, sections=[_facts(section) for section in planned.plan.sections])


async def run_sheet(request: Request) -> Response:
    """Shows the programme for the people who run the session, to print."""
    async with site_of(request).store.read() as work:
        session, commission, planned = await _of(work, request.path_params["session"])
        stories = await _stories(work, planned.plan.stories)
    parsed = [await long(scenario_twee.parse, s.twee) for s in stories]
    return await page(
        request,
        "organise/programmes/run_sheet.html",
        session=session,
        commission=commission,
        plan=planned.plan,
        titles={s.id: s.title for s in stories},
        notes=[(story.title, story.content_notes) for story in parsed if story.content_notes],
        join_url=f"{base_url(request)}/s/{session.code}",
    )


class Shown(msgspec.Struct, frozen=True):
    """A story as everybody may see it before the session; one without a `url` is not public, and has no words here."""

    title: str = ""
    url: str = ""
    notes: tuple[str, ...] = ()


async def public(request: Request) -> Response:
    """Shows the programme to everybody: sections, notes, public stories; never a question, nor a scene."""
    async with site_of(request).store.read() as work:
        session, commission, planned = await _public(work, request.path_params["session"])
        told = await _stories(work, planned.plan.stories)
        stories = {s.id: await _shown(s) for s in told}
        rows: dict[str, object] = {declared_of(commission.id): (commission, session.title)}
        if session.called_off_at and session.recorded:
            rows[session.id] = (session.called_off_at, session.called_off_because)
        if not commission.rehearsal:
            rows |= stories_shown(s for s in told if stories[s.id].url)
        await unlike_record(request, work, rows)
    sections = [(section, _stories_of(section, stories), _notes_of(section)) for section in planned.plan.sections]
    timed = {section.id for section, *_rest in timetable.times(planned.plan)} if planned.plan.day else set()
    return await page(
        request,
        "organise/programmes/public.html",
        session=session,
        commission=commission,
        plan=planned.plan,
        sections=sections,
        calendar=timed,
    )


async def calendar(request: Request) -> Response:
    """Sends the programme, or one section of it, as calendar entries (iCalendar, RFC 5545)."""
    async with site_of(request).store.read() as work:
        session, _commission, planned = await _public(work, request.path_params["session"])
        stories = {s.id: await _shown(s) for s in await _stories(work, planned.plan.stories)}
    url = f"{base_url(request)}/sessions/{session.id}/programme"
    wanted = request.query_params.get("section")
    events = [
        Event(
            uid=f"{section.id}@forum",
            title=f"{section.title} ({session.title})",
            starts=starts,
            ends=ends,
            changed_at=session.called_off_at or planned.at,
            change=planned.number + bool(session.called_off_at),
            place=planned.plan.place,
            words="\n".join([*(s.title for s in _stories_of(section, stories) if s.url), *_notes_of(section)]),
            url=url,
            off=bool(session.called_off_at),
        )
        for section, starts, ends in timetable.moments(planned.plan, site_of(request).settings.timezone)
        if wanted in {None, section.id}
    ]
    if not events:
        raise NotFound("There is nothing here for a calendar: the programme has no day, or no times.")
    headers = {"Content-Disposition": 'attachment; filename="programme.ics"'}
    return Response(calendar_file(session.title, events), media_type="text/calendar", headers=headers)


async def _of(work: Work, session: str) -> tuple[LiveSession, Commission, Planned]:
    live_session = await guard.of_kind(work, session)
    return (
        live_session,
        await work.commissions.of_session(live_session),
        await work.programmes.latest(live_session.id),
    )


async def _public(work: Work, session: str) -> tuple[LiveSession, Commission, Planned]:
    live_session, commission, planned = await _of(work, session)
    if not planned.plan.public or not planned.plan.sections:
        raise NotFound("There is no public programme of this session.")
    return live_session, commission, planned


async def _stories(work: Work, ids: Sequence[str]) -> list[Submission]:
    """Returns the stories with these ids that can be played now."""
    stories = [await work.stories.get_story(id_) for id_ in ids]
    return [s for s in stories if s.status == StoryStatus.ACCEPTED and s.may_perform]


async def _shown(story: Submission) -> Shown:
    if not story.may_publish:
        return Shown()
    return Shown(story.title, f"/stories/{story.id}", (await parsed(story.twee)).content_notes)


def _stories_of(section: Section, stories: dict[str, Shown]) -> list[Shown]:
    return [stories[id_] for id_ in dict.fromkeys(item.story for item in section.items) if id_ in stories]


def _notes_of(section: Section) -> list[str]:
    return [item.words for item in section.items if item.kind == ItemKind.NOTE]


def _facts(section: Section) -> dict[str, Any]:
    items = [{"id": i.id, "kind": i.kind, "words": i.scene or i.words} for i in section.items]
    return {"id": section.id, "title": section.title, "starts": section.starts, "ends": section.ends, "items": items}


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _MOST_DIGITS else 0


async def _edit_page(
    request: Request, session: str, form: Form, errors: dict[str, str] | None = None, at: str = ""
) -> Response:
    async with site_of(request).store.read() as work:
        live_session, commission, planned = await _of(work, session)
        accepted = [s for s in await work.stories.list_stories(commission.id, StoryStatus.ACCEPTED) if s.may_perform]
    plan = planned.plan
    sections = [section.id for section in plan.sections]
    return await page(
        request,
        "organise/programmes/edit.html",
        422 if errors else 200,
        session=live_session,
        commission=commission,
        planned=planned,
        plan=plan,
        disordered=timetable.out_of_order(plan),
        titles={s.id: s.title for s in accepted},
        stories=[(s.id, s.title) for s in accepted],
        cues=[(s.title, await long(_offered, s)) for s in accepted if s.id in live_session.scenarios],
        methods=[(method, method_words(method)) for method in METHODS],
        form=form,
        at=at if at in sections else sections[-1] if sections else "",
        errors=errors or {},
        most=_MOST,
        here=f"/organise/sessions/{live_session.id}/programme",
    )


def _offered(story: Submission) -> list[tuple[str, str]]:
    """Returns every scene and question of a story, as (value in the form, words)."""
    offered = []
    for scene in scenario_twee.parse(story.twee).scenes:
        kinds = ("question", "again") if scene.decision else ("scene", "replay")
        words = {
            "question": _("Vote: %(name)s"),
            "again": _("Vote again: %(name)s"),
            "scene": _("Scene: %(name)s"),
            "replay": _("Replay: %(name)s"),
        }
        offered += [(f"{kind}|{story.id}|{scene.name}", words[kind] % {"name": scene.name}) for kind in kinds]
    return offered


def is_planned(plan: Programme) -> bool:
    """Tells whether there is a programme that everybody may read."""
    return plan.public and bool(plan.sections)
