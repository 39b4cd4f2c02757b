"""Page of what waits for whoever is signed in: one line for each kind of work, with its number, that leads to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.adapters.backups import BackupState, state_of
from forum.ports.accounts import Person
from forum.ports.work_list import Counts, Duty
from forum.services import permissions, your_work
from forum.web.auth import somebody
from forum.web.decide.overview import STRAIGHT_ON
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import gettext as _
from forum.web.organise.home import first_path, next_act
from forum.web.responses import page
from forum.web.site import site_of


class Line(msgspec.Struct, frozen=True):
    """A line of the page: what there is, its number (None where it is not counted), and the address it leads to."""

    words: str
    number: int | None
    address: str
    waits: bool = False


class Part(msgspec.Struct, frozen=True):
    """The work of one role: its heading, the page that holds it all, and its lines."""

    heading: str
    about: str
    lines: list[Line]


async def work(request: Request) -> Response:
    """Shows what waits for the person signed in, by their roles; to an organiser of a new installation also the way to
    the first decision, with what is done of it."""
    person = await somebody(request)
    async with site_of(request).store.read() as work_:
        found = await your_work.counts(work_, person, today(site_of(request).clock.now()))
        begins = permissions.reach(person, "run sessions").every
        steps = await work_.your_work.first_steps() if begins else None
        runs = permissions.reach(person, "run sessions")
        stopped = await work_.webhooks.stopped(None if runs.every else runs.commissions) if runs else []
    way = first_path(steps) if steps else []
    backups = await _backups(request) if permissions.reach(person, "manage people") else None
    parts = [part for part in _parts(person, found) if part.lines]
    return await page(
        request,
        "work.html",
        parts=parts,
        stopped=stopped,
        backups=backups,
        waits_for_you=your_work.waiting(found),
        said=_("Your account is ready. It holds every role.") if request.query_params.get("done") == "first" else "",
        way=way,
        act=next_act(steps) if steps and way else None,
        home=f"/organise/commissions/{steps.commission}" if steps and steps.commission else "",
    )


async def _backups(request: Request) -> BackupState | None:
    """Returns the state of the server's own backups where somebody has to look after them."""
    site = site_of(request)
    now = datetime.fromisoformat(site.clock.now())
    try:
        state = await asyncio.to_thread(state_of, site.settings, now)
    except OSError as error:
        state = BackupState(None, 0, error.strerror or type(error).__name__, "", late=True)
    return state if state is not None and state.in_trouble else None


def _parts(person: Person, found: Counts) -> Iterator[Part]:
    def lines(*rows: tuple[Duty, str, str]) -> list[Line]:
        """Returns the rows that this person may do: always the first of a role, the others where there is any."""
        counted = [(duty, words, address) for duty, words, address in rows if duty in found]
        return [
            Line(words, found[duty], address, duty in your_work.WAITING and found[duty] > 0)
            for place, (duty, words, address) in enumerate(counted)
            if found[duty] or place == 0
        ]

    decide = lines(
        (Duty.ANSWERS, _("Votes waiting for an answer"), f"/decide?section=waiting&{STRAIGHT_ON}"),
        (Duty.PROMISES, _("Promises due"), f"/decide?section=promises&{STRAIGHT_ON}"),
        (Duty.DRAFTS, _("Decisions being written"), f"/decide?section=drafts&{STRAIGHT_ON}"),
    ) + lines(
        (Duty.TO_READ, _("Decisions to read before they are published"), f"/decide?section=to-read&{STRAIGHT_ON}")
    )
    if permissions.reach(person, "decide"):
        decide.append(Line(_("Published decisions"), None, f"/decide?section=published&{STRAIGHT_ON}"))
    yield Part(_("Decide"), _("Answer what the room voted, and say what becomes of it."), decide)
    yield Part(
        _("Stories"),
        _("Read what people sent, before others do."),
        lines(
            (Duty.STORIES, _("Stories to read"), "/moderate"),
            (Duty.VERSIONS, _("New versions of public stories to read"), "/moderate#versions"),
            (Duty.APPEALS, _("Appeals to answer"), "/moderate#appeals"),
            (Duty.REPORTS, _("Stories reported by readers"), "/moderate#reported"),
            (Duty.EVIDENCE, _("Stories with evidence to look at"), "/moderate#evidence"),
            (Duty.STATEMENTS, _("Statements of groups to read"), "/moderate#statements"),
            (Duty.PLEDGES, _("Offers of help to read"), "/moderate/pledges"),
        ),
    )
    runs = lines(
        (Duty.SESSIONS, _("Live sessions planned or going on"), "/organise"),
        (Duty.ROUNDS, _("Asynchronous rounds that are open"), "/organise#asynchronous"),
    )
    if runs:
        runs.append(Line(_("Commissions: invite, prepare, change"), None, "/organise#commissions"))
    yield Part(_("Organise"), _("Prepare a commission and its sessions, and run them."), runs)
    if permissions.reach(person, "manage people"):
        yield Part(
            _("People"),
            _("Everybody who can sign in, and what they may do."),
            [
                Line(_("Accounts, roles and passwords"), None, "/people"),
                Line(_("The organisation: its name, logo, colour and statements"), None, "/organisation"),
            ],
        )
