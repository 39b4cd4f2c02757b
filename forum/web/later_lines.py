"""Lines of "My day" and of a story's private page, with what is said later of a vote, its decisions and promises.

Beside the events of a session or a story there are minority statements and moves of the work since; beside each promise
how it stands today and how many noticed it; beside each vote without an answer how it waits.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.requests import Request

from forum.errors import RecordDamaged
from forum.ports import Work
from forum.services import answers_due
from forum.services.record_cache import Contents, kept, same
from forum.services.stories.timeline import Event, EventKind
from forum.voting.answer_due import AnswerDue
from forum.voting.commission import Commission
from forum.web.public.record_words import in_words
from forum.web.site import site_of
from forum.web.words.entry_words import EntryWords
from forum.web.words.noticed import counts_of
from forum.web.words.timeline import Line, told

MOST_SAID = 50  # minority statements and moves of the work, the newest


async def lines_of(
    request: Request, work: Work, commission: Commission, events: Sequence[Event], since: str
) -> tuple[list[Line], list[Line]]:
    """Returns the lines of these events in their order, and those of what was said later, oldest first. `since` is the
    session after whose opening moves of the work are told, "" for no moves."""
    site = site_of(request)
    size = await work.record.size()
    last = {event.commitment.id: event for event in events if event.commitment}
    decided = {event.decision.id: event for event in events if event.decision and event.kind == EventKind.DECIDED}
    due: Mapping[str, AnswerDue] = {}
    entries: list[tuple[EntryWords, dict[str, Any]]] = []
    try:
        tree, contents = await kept(site.store).tree_of(work, size), await kept(site.store).contents_of(work, size)
        wanted = _wanted(contents, size, commission.id, since, list(decided), list(last))
        entries = await in_words(work, contents, same(tree, await work.record.entries_at(wanted)))
        due = await _due(work, contents, events)
    except RecordDamaged:
        pass  # the banner of the page tells of it, and what the database has is shown
    noticed = {entry["commitment"]: entry for _words, entry in entries if entry["type"] == "commitment noticed"}
    lines = []
    for event in events:
        line = told(event)
        if event.commitment and last[event.commitment.id] is event:
            line = replace(line, promise=event.commitment)
            if event.decision and event.decision.entry is not None:
                counts = [noticed[event.commitment.id]] if event.commitment.id in noticed else []
                line = replace(line, noticed=counts_of(event.commitment, counts, site.clock.now()))
        if event.kind == EventKind.VOTED and event.round:
            line = replace(line, due=due.get(event.round.id))
        lines.append(line)
    said = [
        Line(
            entry["at"],
            words.sentence,
            # Which decision a statement is on: by the sentence that told of that.
            told(decided[entry["decision"]]).title if "decision" in entry else "",
            rows=words.details,
            link=words.link,
            link_text=words.link_text,
        )
        for words, entry in entries
        if entry["type"] != "commitment noticed"
    ]
    return lines, said


def _wanted(
    contents: Contents, size: int, commission: str, since: str, decisions: Sequence[str], commitments: Sequence[str]
) -> list[int]:
    """Returns the indexes of the entries that are told beside events: the newest MOST_SAID statements on decisions and
    moves of the work, and the newest count of each commitment."""
    opened = contents.about.get(since, ())
    moves = contents.said_later.get(commission, ())
    said = list(moves[bisect_right(moves, opened[0]) :]) if opened else []
    said += [index for id_ in decisions for index in contents.said_later.get(id_, ())]
    # Another request may have read further than this one's snapshot reaches.
    counts = [[one for one in contents.said_later.get(id_, ()) if one < size][-1:] for id_ in commitments]
    return sorted(
        [*sorted(one for one in said if one < size)[-MOST_SAID:], *(one for count in counts for one in count)]
    )


async def _due(work: Work, contents: Contents, events: Sequence[Event]) -> dict[str, AnswerDue]:
    """Returns the answers that votes among these events still wait for, by the vote."""
    votes = {event.round.id for event in events if event.kind == EventKind.VOTED and event.round}
    waiting = [one for one in contents.answers.due() if one.answer is None and one.opened["round"] in votes]
    return {one.rounds[-1].id: one for one in await answers_due.as_now(work, waiting) if one.answer is None}
