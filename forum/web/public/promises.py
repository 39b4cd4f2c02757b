"""The ledger of promises that everybody reads: all of them, the overdue ones first, and each with its history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from forum.ports import Work
from forum.services import commitments, help_pledges
from forum.services.commitments import Promise
from forum.services.ledger import Line, as_now, ledger_of
from forum.services.record_cache import kept
from forum.voting.commitment import CommitmentState, is_overdue, is_quiet
from forum.voting.noticed import asking_of, has_ended, unnoticed
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import ngettext
from forum.web.pledges import pledges_shown
from forum.web.public.checkpoints import page_number
from forum.web.record_banner import promises_shown, unlike_record
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.words.noticed import counted
from forum.web.words.terms import promise_words

A_PAGE = 25
MOST_TYPED = 200
FIELDS = ("words", "commission", "owner", "state")
# What a reader may choose beside the states: both follow from the days.
OVERDUE, QUIET = "overdue", "no news"


async def ledger(request: Request) -> Response:
    """Shows the promises in the record that match a search, a page at a time, the overdue ones first."""
    typed = {name: _clean(request.query_params.get(name, "")) for name in FIELDS}
    site = site_of(request)
    day = today(site.clock.now())
    async with site.store.read() as work:
        of = await work.commissions.get_commission(typed["commission"]) if typed["commission"] else None
        known = await ledger_of(work, day)
        every = known.of(None)
        listed = known.of(of.id) if of else every
        found = [one for one in listed if _fits(one, typed, day)]
        pages = -(-len(found) // A_PAGE)
        number = min(page_number(request.query_params.get("page", "")), max(pages, 1))
        shown = await as_now(work, found[(number - 1) * A_PAGE : number * A_PAGE])
        pledges = await help_pledges.shown(work, of.id if of else None)
        offered = await commitments.offered(work, of.id) if of else []
        await unlike_record(request, work, promises_shown(one.decision for one in shown) | pledges_shown(pledges))
    asked = {name: value for name, value in typed.items() if value}
    return await page(
        request,
        "promises/ledger.html",
        pledges=pledges,
        of=of,
        today=day,
        typed=typed,
        asked=asked,
        choices=_choices([one.promise for one in every], typed),
        tallies=_tallies([one.promise for one in listed], day),
        total=len(every),
        found=len(found),
        promises=shown,
        offered=offered,
        told=of is None,
        number=number,
        pages=pages,
        url="/promises?" + urlencode({**asked, "page": ""}),
        feed="/promises/feed.atom" + (f"?commission={of.id}" if of else ""),
    )


def _clean(value: str) -> str:
    """Returns a parameter of an address as text that can be stored, shown and compared; cut where it is too long."""
    return " ".join(value[:MOST_TYPED].replace("\0", " ").encode("utf-8", "replace").decode().split())


def _fits(line: Line, typed: Mapping[str, str], day: str) -> bool:
    """Tells whether a promise is of the owner and state that were chosen, and has every typed word."""
    one = line.promise.commitment
    if typed["owner"] and typed["owner"].casefold() != one.owner.casefold():
        return False
    if typed["state"] == OVERDUE and not is_overdue(one, day):
        return False
    if typed["state"] == QUIET and not is_quiet(one, day):
        return False
    if typed["state"] not in ("", OVERDUE, QUIET, one.state):
        return False
    return all(word in line.words for word in typed["words"].casefold().split())


def _choices(every: Sequence[Promise], typed: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    """Returns the options of each filter as (value, words)."""
    commissions = {one.commission.id: one.commission.title for one in every}
    owners = {one.commitment.owner.casefold(): one.commitment.owner for one in every}
    if typed["owner"]:
        owners.setdefault(typed["owner"].casefold(), typed["owner"])
    follows = [(OVERDUE, _("Late")), (QUIET, _("No news for 90 days"))]
    states = [(str(state), promise_words(state)) for state in CommitmentState]
    return {
        "commission": [("", _("Any")), *sorted(commissions.items(), key=lambda one: one[1].casefold())],
        "owner": [("", _("Any")), *((owners[key], owners[key]) for key in sorted(owners))],
        "state": [("", _("Any")), *follows, *states],
    }


def _tallies(promises: Sequence[Promise], day: str) -> list[str]:
    """Returns in words how many of these promises are late, done and not done; of none nothing is said."""
    late = sum(is_overdue(one.commitment, day) for one in promises)
    states = [one.commitment.state for one in promises]
    done, not_done = states.count(CommitmentState.DONE), states.count(CommitmentState.NOT_DONE)
    said = [
        (late, ngettext("%(count)s is late", "%(count)s are late", late)),
        (done, ngettext("%(count)s is done", "%(count)s are done", done)),
        (not_done, ngettext("%(count)s is not done", "%(count)s are not done", not_done)),
    ]
    return [words % {"count": count} for count, words in said if count]


async def promise(request: Request) -> Response:
    """Shows one promise: who does what by when, which need it answers, what became of it, and its entries."""
    async with site_of(request).store.read() as work:
        one = await commitments.promise_of(work, request.path_params["commitment"])
        await unlike_record(request, work, promises_shown([one.decision]))
        context = await about(request, work, one)
    return await page(request, "promises/promise.html", **context)


async def about(request: Request, work: Work, promise: Promise) -> dict[str, Any]:
    """Returns what the pages about a promise show of it: itself, its decision, commission, story and entries."""
    site, commitment = site_of(request), promise.commitment
    entries: Sequence[int] = ()
    if promise.recorded:
        size = await work.record.size()
        contents = await kept(site.store).contents_of(work, size)
        # Another request may have read further than this one's snapshot reaches.
        entries = [index for index in contents.about.get(commitment.id, ()) if index < size]
    told = [(one.index, json.loads(one.body)) for one in await work.record.entries_at(entries)]
    counts = [(number, entry) for number, entry in told if entry["type"] == "commitment noticed"]
    entries = [number for number, entry in told if entry["type"] != "commitment noticed"]
    asking = asking_of(commitment) if promise.recorded else None
    asked_out = asking is not None and has_ended(asking, site.clock.now())
    return {
        "noticed": [
            (number, entry["at"], [counted(row) for row in entry["answers"]], unnoticed(entry["answers"]))
            for number, entry in reversed(counts)
        ],
        "few_noticed": asked_out and asking is not None and asking.id not in {entry["update"] for _, entry in counts},
        "commitment": commitment,
        "decision": promise.decision,
        "commission": promise.commission,
        "recorded": promise.recorded,
        "story": await commitments.story_of(work, commitment),
        "entries": entries,
        "today": today(site.clock.now()),
    }
