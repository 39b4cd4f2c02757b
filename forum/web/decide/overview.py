"""The work list of those who decide: votes, drafts, promises and decisions, each in a line that leads to it."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.ports.work_list import Section, Wanted, WorkLine
from forum.services import permissions
from forum.services.permissions import Reach
from forum.web.auth import need_somewhere, somebody
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import gettext as _
from forum.web.public.checkpoints import page_number
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.words.work_list import line_address, line_day, line_notes, line_state, section_words

A_PAGE = 25
MOST_TYPED = 200
FIELDS = ("words", "commission", "section", "sort", "rehearsals")
BY_COMMISSION = "commission"
# In an address of one section: where there is one line in it, that line is opened.
STRAIGHT_ON = "open=one"


class _Row(msgspec.Struct, frozen=True):
    """A line as it is shown: its address, what it is of (its commission, with notes), and its state in words with the
    kind of its tag."""

    address: str
    title: str
    of: str
    day: str
    state: str
    kind: str


class _Shelf(msgspec.Struct, frozen=True):
    """A section on the page: its name in addresses, its heading, how many lines it has, and those of this page."""

    name: str
    heading: str
    count: int
    rows: list[_Row]
    number: int
    pages: int
    url: str  # of its pages, up to the number


async def overview(request: Request) -> Response:
    """Shows the sections of the work list that a search matches, each with its first page, or one section page by
    page; by an address with STRAIGHT_ON, leads on to the only line of the section."""
    reads = await need_somewhere(request, "read drafts")
    typed = {name: _clean(request.query_params.get(name, "")) for name in FIELDS}
    asked = {name: value for name, value in typed.items() if value}
    person, day = await somebody(request), today(site_of(request).clock.now())
    decides = permissions.reach(person, "decide")
    sections = tuple(Section) if decides else (Section.TO_READ,)
    chosen = next((one for one in sections if _name(one) == typed["section"]), None)
    shelves = []
    async with site_of(request).store.read() as work:
        for section in sections:
            wanted = _wanted(reads if section == Section.TO_READ else decides, person.id, day, typed)
            number = page_number(request.query_params.get("page", "")) if section == chosen else 1
            most = A_PAGE if chosen in (None, section) else 0
            count, lines = await work.work_list.lines(section, wanted, (number - 1) * A_PAGE, most)
            pages = -(-count // A_PAGE)
            if number > max(pages, 1):
                number = max(pages, 1)
                count, lines = await work.work_list.lines(section, wanted, (number - 1) * A_PAGE, most)
            rows = [_row(section, one, day) for one in lines]
            url = "/decide?" + urlencode({**asked, "section": _name(section), "page": ""})
            shelves.append(_Shelf(_name(section), section_words(section), count, rows, number, pages, url))
            if section == chosen and count == 1 and STRAIGHT_ON in request.url.query.split("&"):
                return RedirectResponse(rows[0].address, 303)
        titles = await work.work_list.titles(_wanted(reads, person.id, day, typed))
    return await page(
        request,
        "decide/overview.html",
        shelves=shelves,
        decides=bool(decides),
        chosen=typed["section"] if chosen else "",
        typed=typed,
        asked=asked,
        choices={
            "commission": [("", _("Any")), *titles],
            "section": [("", _("Any")), *((_name(one), section_words(one)) for one in sections)],
            "sort": [("", _("By date")), (BY_COMMISSION, _("By commission"))],
        },
    )


def _wanted(within: Reach, person: str, day: str, typed: dict[str, str]) -> Wanted:
    return Wanted(
        None if within.every else within.commissions,
        person,
        day,
        typed["commission"],
        tuple(typed["words"].split()),
        rehearsals=typed["rehearsals"] == "1",
        by_commission=typed["sort"] == BY_COMMISSION,
    )


def _row(section: Section, line: WorkLine, day: str) -> _Row:
    state, kind = line_state(section, line, day)
    of = " · ".join([line.commission_title, *line_notes(section, line)])
    return _Row(line_address(section, line), line.title, of, line_day(section, line), state, kind)


def _name(section: Section) -> str:
    """Returns a section as addresses name it."""
    return section.replace(" ", "-")


def _clean(value: str) -> str:
    """Returns a parameter of an address as text that can be looked for and shown; cut where it is too long."""
    return " ".join(value[:MOST_TYPED].replace("\0", " ").encode("utf-8", "replace").decode().split())
