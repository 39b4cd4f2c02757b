"""Holds the rows of stages, their questions and closings against the entries that tell of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping

from forum.ports import Work
from forum.services.record_known import Entry, Known
from forum.services.row_differences import Unlike, columns, told
from forum.voting.commission import Commission


async def _stage_moved(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    commission = said["commission"]
    row = next((one for one in await work.stages.moves(commission) if one.entry == index), None)
    if row is None:
        yield "stage_move", f"commission {commission}", "entry", "no move with this entry", str(index)
        return
    made: Entry = {"from": row.came_from, "to": row.went_to, "learnt": row.learnt, "at": row.at}
    made |= {"better": row.better or None, "took_part": row.took_part or None}
    for found in columns("stage_move", row.id, said, made):
        yield found
    if known.stages[commission][0] == index:
        stage = (await work.commissions.get_commission(commission)).stage
        if stage != said["to"]:
            yield "commission", commission, "stage", stage, said["to"]


async def _stage_note(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    commission = said["commission"]
    row = next((one for one in await work.stages.notes(commission) if one.entry == index), None)
    if row is None:
        yield "stage_note", f"commission {commission}", "entry", "no answer with this entry", str(index)
        return
    made = {"stage": row.stage, "question": str(row.question), "words": row.words, "decision": row.decision}
    for found in columns("stage_note", row.id, said, made | {"at": row.at}):
        yield found


async def _commission_closed(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    commission = said["commission"]
    row = next((one for one in await work.stages.closings(commission) if one.entry == index), None)
    if row is None:
        yield "closing", f"commission {commission}", "entry", "no closing with this entry", str(index)
        return
    groups = [{"group": one.group, "words": one.words} for one in row.groups]
    for found in columns("closing", row.id, said, {"words": row.words, "groups": groups, "at": row.at}):
        yield found
    for found in await _end(work, known, index, commission):
        yield found


async def _commission_reopened(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    commission = said["commission"]
    row = next((one for one in await work.stages.closings(commission) if one.reopening == index), None)
    if row is None:
        yield "closing", f"commission {commission}", "reopening", "no closing with this entry", str(index)
        return
    for found in columns("closing", row.id, said, {"because": row.because, "at": row.reopened_at}):
        yield found
    for found in await _end(work, known, index, commission):
        yield found


async def _end(work: Work, known: Known, index: int, commission: str) -> list[Unlike]:
    """Returns the end of a commission where its row has another one than the latest entry about it, this one, says."""
    latest, at = known.ends[commission]
    there = (await work.commissions.get_commission(commission)).closed_at
    return [("commission", commission, "closed_at", there, at)] if latest == index and there != at else []


# Entries about stages, by type, each with what holds the rows against it.
ROWS: Mapping[str, Callable[[Work, Known, int, Entry], AsyncIterator[Unlike]]] = {
    "stage moved": _stage_moved,
    "stage note": _stage_note,
    "commission closed": _commission_closed,
    "commission reopened": _commission_reopened,
}


async def unrecorded(work: Work, known: Known, of: Commission) -> AsyncIterator[Unlike]:
    """Yields the moves, answers and closings of a commission, and its end, that no entry tells of."""
    entries = [("stage_move", one.id, one.entry) for one in await work.stages.moves(of.id)]
    entries += [("stage_note", one.id, one.entry) for one in await work.stages.notes(of.id)]
    for one in await work.stages.closings(of.id):
        entries += [("closing", one.id, one.entry)]
        entries += [("closing", one.id, one.reopening)] if one.reopened_at else []
    for table, row, entry in entries:
        if entry not in known.acts:
            yield table, row, "entry", told(entry), "none: no entry tells of it"
    if of.closed_at and of.id not in known.ends:
        yield "commission", of.id, "closed_at", of.closed_at, "none: no entry tells of it"
