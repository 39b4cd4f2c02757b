"""The record as lists for people: its decisions, promises and results first; then every entry, month by month; then how
to check it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.ports import Work
from forum.services.form_errors import is_day
from forum.services.outcomes import Outcome, OutcomeKind, Sought
from forum.services.record_cache import Contents, kept, same
from forum.services.record_watch import last_check
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import gettext as _
from forum.web.public.checkpoints import page_number, witness_cards
from forum.web.public.record_words import in_words, with_words
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.words.outcome_lines import OutcomeLine, line_of

A_PAGE = 20
MOST_CHOICES = 200  # commissions that a reader can choose from; by the address any can be chosen
_FIELDS = ("kind", "commission", "since", "until")
_MOST_TYPED = 40


class _Shown(msgspec.Struct, frozen=True):
    """A line of the list: the outcome in words, its time, its commission's title, whether it is made up, and the index
    of its entry."""

    line: OutcomeLine
    at: str
    title: str
    made_up: bool
    index: int


class _Card(msgspec.Struct, frozen=True):
    """An entry in the list: its index and name, its kind and sentence, its time, and its commission's title."""

    index: int
    name: str
    kind: str
    sentence: str
    at: str
    title: str
    made_up: bool


async def outcomes(request: Request) -> Response:
    """Shows decisions, promises and results, newest first, by what the address chooses: kind, commission, days."""
    if session := request.query_params.get("session", ""):
        # The address of a session's entries until there was a page of every entry.
        return RedirectResponse(f"/record/entries?{urlencode({'session': session})}", 301)
    site, typed = site_of(request), _typed(request)
    day = today(site.clock.now())
    asked = {name: value for name, value in typed.items() if value}
    async with site.store.read() as work:
        size = await work.record.size()
        contents = await kept(site.store).contents_of(work, size)
        about = await work.commissions.get_commission(typed["commission"]) if typed["commission"] else None
        counts = {kind: contents.outcomes.find(_sought(typed, kind), size, 0, 0)[0] for kind in ("", *OutcomeKind)}
        pages = max(1, -(-counts[typed["kind"]] // A_PAGE))
        number = min(page_number(request.query_params.get("page", "")), pages)
        _count, found = contents.outcomes.find(_sought(typed, typed["kind"]), size, (number - 1) * A_PAGE, A_PAGE)
        choices = await work.commissions.titles({*contents.outcomes.commissions(MOST_CHOICES)})
        shown = await _in_lines(request, work, contents, size, found, day)
    titles = choices | ({about.id: about.title} if about else {})
    names = {
        "": _("All"),
        OutcomeKind.DECISION: _("Decisions"),
        OutcomeKind.PROMISE: _("Promises"),
        OutcomeKind.RESULT: _("Results"),
    }
    others = {name: value for name, value in asked.items() if name != "kind"}
    return await page(
        request,
        "public/record/outcomes.html",
        shown=shown,
        about=about,
        kinds=[
            (words, counts[kind], "/record" + _query(others | ({"kind": kind} if kind else {})), kind == typed["kind"])
            for kind, words in names.items()
        ],
        typed=typed,
        asked=asked,
        choices=[("", _("Any")), *sorted(titles.items(), key=lambda one: one[1].casefold())],
        size=size,
        number=number,
        pages=pages,
        url="/record?" + urlencode({**asked, "page": ""}),
    )


def _typed(request: Request) -> dict[str, str]:
    """Returns what an address chooses, by _FIELDS, "" for nothing; kinds and days that are none are left out."""
    typed = {name: request.query_params.get(name, "")[:_MOST_TYPED] for name in _FIELDS}
    typed |= {name: typed[name] if is_day(typed[name]) else "" for name in ("since", "until")}
    return typed | {"kind": typed["kind"] if typed["kind"] in set(OutcomeKind) else ""}


def _sought(typed: dict[str, str], kind: str) -> Sought:
    return Sought(OutcomeKind(kind) if kind else None, typed["commission"], typed["since"], typed["until"])


def _query(asked: dict[str, str]) -> str:
    return f"?{urlencode(asked)}" if asked else ""


async def _in_lines(
    request: Request, work: Work, contents: Contents, size: int, found: Sequence[Outcome], day: str
) -> list[_Shown]:
    """Returns outcomes in lines, in their order. Their entries, words and titles are read together."""
    tree = await kept(site_of(request).store).tree_of(work, size)
    stored = same(tree, await work.record.entries_at([one.index for one in found])) if found else []
    told = {facts["index"]: (facts, beside) for facts, beside in await with_words(work, contents, stored)}
    titles = await work.commissions.titles({one.commission for one in found}) if found else {}
    lines = []
    for one in found:
        facts, beside = told[one.index]
        line = line_of(one, facts, beside, day)
        lines.append(_Shown(line, facts["at"], titles.get(one.commission, ""), "demonstration" in facts, one.index))
    return lines


async def entries(request: Request) -> Response:
    """Shows every entry of a month in plain words, newest first; `?commission=` or `?session=` narrows it to one."""
    store = site_of(request).store
    of = {name: request.query_params.get(name, "") for name in ("commission", "session")}
    only = of["session"] or of["commission"]
    async with store.read() as work:
        size = await work.record.size()
        contents = await kept(store).contents_of(work, size)
        about = await _about(work, of)
        months = _months(contents, size, only)
        names = list(months)
        month = request.query_params.get("month", "")
        month = month if month in months else (names[0] if names else "")
        indexes = months.get(month, ())
        pages = max(1, -(-len(indexes) // A_PAGE))
        number = min(page_number(request.query_params.get("page", "")), pages)
        last = len(indexes) - (number - 1) * A_PAGE
        shown = indexes[max(0, last - A_PAGE) : last]
        stored = same(await kept(store).tree_of(work, size), await work.record.entries_at(shown))
        told = await in_words(work, contents, stored[::-1])
        titles = await work.commissions.titles({facts["commission"] for _words, facts in told})
    name = _("Entry %(number)s")
    cards = [
        _Card(
            facts["index"],
            name % {"number": facts["index"]},
            words.kind,
            words.sentence,
            facts["at"],
            titles.get(facts["commission"], ""),
            "demonstration" in facts,
        )
        for words, facts in told
    ]
    narrowed = {name: value for name, value in of.items() if value and only == value}
    url = "/record/entries?" + urlencode({**narrowed, "month": ""})
    place = names.index(month) if month else 0
    return await page(
        request,
        "public/record/entries.html",
        cards=cards,
        about=about,
        narrowed=narrowed,
        month=month,
        months=[(one, len(months[one])) for one in names],
        newer=url + names[place - 1] if place else "",
        older=url + names[place + 1] if place + 1 < len(names) else "",
        number=number,
        pages=pages,
        url=f"{url}{month}&page=",
    )


def _months(contents: Contents, size: int, only: str) -> dict[str, Sequence[int]]:
    """Returns the indexes below `size` of the entries of each month, oldest first, the newest month first; with `only`
    those of one commission or session."""
    found: dict[str, list[int]] = {}
    if only:
        for index in contents.of.get(only, ()):
            found.setdefault(contents.months[index], []).append(index)
    every = found if only else contents.of_month
    # Another request may have read further than this one's snapshot reaches.
    cut = {one: indexes[: bisect_left(indexes, size)] for one, indexes in every.items()}
    return {one: cut[one] for one in sorted(cut, reverse=True) if cut[one]}


async def check(request: Request) -> Response:
    """Shows how anybody can check the record: its signed fingerprint, its key, its files, and who cosigns it."""
    site = site_of(request)
    async with site.store.read() as work:
        size = await work.record.size()
        checked = await last_check(work)
    return await page(
        request,
        "public/record/check.html",
        size=size,
        checked=checked,
        witnesses=await witness_cards(request),
        verifier_key=site.checkpoints.signer.verifier_key,
    )


async def _about(work: Work, of: dict[str, str]) -> str:
    """Returns the title of the session or commission that the list is narrowed to; "" for the whole record.

    Raises NotFound for an unknown one.
    """
    if of["session"]:
        return (await work.sessions.get_session(of["session"])).title
    return (await work.commissions.get_commission(of["commission"])).title if of["commission"] else ""
