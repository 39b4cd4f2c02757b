"""The ledger of promises that everybody reads: all of them, the overdue ones first, and each with its history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from forum.ports import Work
from forum.ports.promises import Counted, Sought
from forum.services import commitments, help_pledges
from forum.services.commitments import Promise
from forum.services.ledger import found
from forum.services.record_cache import kept
from forum.voting.commission import Commission
from forum.voting.commitment import OVERDUE, QUIET, CommitmentState
from forum.web import update_files
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import ngettext
from forum.web.pledges import pledges_shown
from forum.web.public.checkpoints import page_number
from forum.web.record_banner import ledger_shown, promises_shown, unlike_record
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.words.noticed import Counts, counts_of
from forum.web.words.terms import promise_words

A_PAGE = 25
MOST_TYPED = 200
FIELDS = ("words", "commission", "owner", "state")
MOST_CHOICES = 200  # commissions and owners that a reader can choose from; by the address any can be chosen
MOST_OFFERED = 50


async def ledger(request: Request) -> Response:
    """Shows the promises in the record that match a search, a page at a time, the overdue ones first."""
    typed = {name: _clean(request.query_params.get(name, "")) for name in FIELDS}
    site = site_of(request)
    day = today(site.clock.now())
    async with site.store.read() as work:
        of = await work.commissions.get_commission(typed["commission"]) if typed["commission"] else None
        sought = Sought(of.id if of else "", typed["owner"], typed["state"], tuple(typed["words"].split()))
        counted = await work.promises.count_promises(sought, day)
        pages = -(-counted.found // A_PAGE)
        number = min(page_number(request.query_params.get("page", "")), max(pages, 1))
        shown = await found(work, sought, day, (number - 1) * A_PAGE, A_PAGE)
        choices = await _choices(work, typed, of)
        pledges, more_pledges = await help_pledges.shown(work, of.id if of else None)
        helped = await work.commissions.some_commissions({one.commission for one in pledges}) if of is None else []
        made_up = {one.id for one in helped if one.demonstration}
        offered, of_offered = await work.promises.offered(of.id, MOST_OFFERED) if of else ([], 0)
        await unlike_record(request, work, ledger_shown(shown) | pledges_shown(pledges))
    asked = {name: value for name, value in typed.items() if value}
    return await page(
        request,
        "promises/ledger.html",
        pledges=pledges,
        more_pledges=more_pledges,
        of=of,
        today=day,
        typed=typed,
        asked=asked,
        choices=choices,
        tallies=_tallies(counted),
        total=counted.every,
        found=counted.found,
        made_up=made_up,
        promises=shown,
        offered=offered,
        more_offered=of_offered - len(offered),
        told=of is None,
        number=number,
        pages=pages,
        url="/promises?" + urlencode({**asked, "page": ""}),
        feed="/promises/feed.atom" + (f"?commission={of.id}" if of else ""),
    )


def _clean(value: str) -> str:
    """Returns a parameter of an address as text that can be stored, shown and compared; cut where it is too long."""
    return " ".join(value[:MOST_TYPED].replace("\0", " ").encode("utf-8", "replace").decode().split())


async def _choices(work: Work, typed: Mapping[str, str], of: Commission | None) -> dict[str, list[tuple[str, str]]]:
    """Returns the options of each filter as (value, words); what is chosen is among them."""
    commissions = dict(await work.promises.promising(MOST_CHOICES)) | ({of.id: of.title} if of else {})
    owners = {one.casefold(): one for one in reversed(await work.promises.owners(MOST_CHOICES))}
    if typed["owner"]:
        owners.setdefault(typed["owner"].casefold(), typed["owner"])
    follows = [(OVERDUE, _("Late")), (QUIET, _("No news for 90 days"))]
    states = [(str(state), promise_words(state)) for state in CommitmentState]
    return {
        "commission": [("", _("Any")), *sorted(commissions.items(), key=lambda one: one[1].casefold())],
        "owner": [("", _("Any")), *((owners[key], owners[key]) for key in sorted(owners))],
        "state": [("", _("Any")), *follows, *states],
    }


def _tallies(counted: Counted) -> list[str]:
    """Returns in words how many of the promises are late, done and not done; of none nothing is said."""
    late, done, not_done = counted.late, counted.done, counted.not_done
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
    told = [{**json.loads(one.body), "index": one.index} for one in await work.record.entries_at(entries)]
    counts = [entry for entry in told if entry["type"] == "commitment noticed"]
    return {
        "files": update_files.shown(commitment),
        "noticed": counts_of(commitment, counts, site.clock.now()) if promise.recorded else Counts(),
        "commitment": commitment,
        "decision": promise.decision,
        "commission": promise.commission,
        "recorded": promise.recorded,
        "story": await commitments.story_of(work, commitment),
        "entries": [entry["index"] for entry in told if entry["type"] != "commitment noticed"],
        "today": today(site.clock.now()),
    }
