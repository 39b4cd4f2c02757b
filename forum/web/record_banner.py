"""The banner of a page that does not agree with the record: what on it, and which entry tells of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import msgspec
from starlette.requests import Request

from forum.ports import Work
from forum.services.commitments import Promise
from forum.services.record_agreement import disagreements
from forum.services.record_cache import alone
from forum.services.stories.timeline import Event, EventKind
from forum.stories.submission import Submission
from forum.voting.decision import Decision
from forum.web.i18n.gettext import gettext as _
from forum.web.site import site_of
from forum.web.words.terms import UNLIKE_WORDS

MOST_TOLD = 5  # lines of the banner


class Unlike(msgspec.Struct, frozen=True):
    """Line of the banner: what does not agree, and the index of the entry that says so, None where there is none."""

    what: str
    entry: int | None


async def unlike_record(
    request: Request, work: Work, drawn: Mapping[str, object], entry: int | None = None
) -> list[Unlike]:
    """Returns what of a page does not agree with the record (with `entry`, with that one), as its banner says it.
    `drawn` is as for `disagreements`.

    It is shown on the page that is drawn for this request, an error's too.
    """
    found = await disagreements(work, site_of(request).store, drawn)
    of_page = [one for one in found if entry is None or one.entry == entry]
    told = list(dict.fromkeys(Unlike(_(UNLIKE_WORDS[one.table]), one.entry) for one in of_page))[:MOST_TOLD]
    request.state.unlike_record = told
    return told


def stories_shown(stories: Iterable[Submission]) -> dict[str, object]:
    """Returns what pages show of stories, by their ids."""
    # A number instead of a text as long as a book: the memory of this process alone holds it.
    return {one.id: (one.title, one.status, hash(one.twee)) for one in stories}


def events_shown(events: Iterable[Event]) -> dict[str, object]:
    """Returns what a timeline shows of votes and decisions, by their ids."""
    shown: dict[str, object] = {}
    for event in events:
        if event.round and event.kind in (EventKind.VOTED, EventKind.ANNULLED_VOTE):
            shown[event.round.id] = (event.round, event.result)
        if event.decision:
            shown |= promises_shown([event.decision])
    return shown


def decisions_shown(made: Iterable[Decision]) -> dict[str, object]:
    """Returns what lists show of decisions, by their ids; without those of rehearsals, which no entry tells of."""
    return {alone(one.id): replace(one, commitments=()) for one in made if one.entry is not None}


def promises_shown(made: Iterable[Decision]) -> dict[str, object]:
    """Returns what pages show of decisions with all their commitments and what became of these, by the ids of both;
    without those of rehearsals."""
    recorded = [one for one in made if one.entry is not None]
    return {one.id: one for one in recorded} | {one.id: one for made in recorded for one in made.commitments}


def ledger_shown(promises: Iterable[Promise]) -> dict[str, object]:
    """Returns what lists show of promises and of their decisions, by their ids; without those of rehearsals."""
    recorded = [one for one in promises if one.recorded]
    return decisions_shown(one.decision for one in recorded) | {one.commitment.id: one.commitment for one in recorded}
