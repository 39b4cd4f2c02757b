"""Holds the rows of commissions, versions, stages, closings and moved days of answers against their entries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace

from forum.errors import NotFound
from forum.ports import Work
from forum.record.entry_rows import GONE
from forum.services.record_known import Entry, Known
from forum.services.row_differences import Unlike, columns, order, plain_facts, told
from forum.services.sessions.commissions_and_sessions import about_of
from forum.voting.commission import Commission
from forum.voting.help_pledge import HelpState
from forum.voting.round import Round

# What declarations of before lack.
_LATER = ("second_reader",)


def as_early_as(said: Entry, made: Entry) -> None:
    """Takes from the facts of rows what entries of before do not declare."""
    for name in _LATER:
        if name not in said["about"]:
            del made["about"][name]


async def _version(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    commission = said["commission"]
    row = next((one for one in await work.commissions.versions(commission) if one.entry == index), None)
    if row is None:
        yield "commission_version", f"commission {commission}", "entry", "no version with this entry", str(index)
        return
    # The stage of that time is held against the entry that moved it, and against the sessions.
    about = replace(row.about, stage=said["about"]["stage"])
    made: Entry = {"about": plain_facts(about_of(about)), "at": row.at}
    made |= {"version": row.number, "because": row.because} if said["type"] == "commission changed" else {}
    as_early_as(said, made)
    name = f"{commission} {row.number}"
    declared, there = said["about"], made.pop("about")
    for found in (
        *columns("commission_version", name, declared, there),
        *columns("commission_version", name, said, made),
    ):
        yield found
    for found in await newest(work, known, index, said, row.number):
        yield found


async def newest(work: Work, known: Known, index: int, said: Entry, version: int) -> list[Unlike]:
    """Returns what of a commission's own row is not as an entry, this one, declares it, where no later one does."""
    commission = await work.commissions.get_commission(said["commission"], draft=True)
    found: list[Unlike] = []
    if commission.draft:
        found += [("commission", commission.id, "draft", "a draft", "public: this entry is of it")]
    latest = known.versions.get(commission.id)
    if latest is not None and commission.rehearsal:
        found += [("commission", commission.id, "rehearsal", "a rehearsal", "none: it has entries of its own")]
    # The changes of a rehearsal's commission have no entries.
    is_latest = latest == index or (latest is None and not commission.rehearsal)
    if is_latest and commission.version != version:
        found += [("commission", commission.id, "version", str(commission.version), str(version))]
    if is_latest or commission.version == version:
        made = {"about": plain_facts(about_of(replace(commission, stage=said["about"]["stage"])))}
        as_early_as(said, made)
        found += columns("commission", commission.id, said["about"], made["about"])
    if commission.id not in known.stages and not commission.rehearsal and commission.stage != said["about"]["stage"]:
        found += [("commission", commission.id, "stage", commission.stage, said["about"]["stage"])]
    return found


async def _stage_moved(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    commission = said["commission"]
    row = next((one for one in await work.stages.moves(commission) if one.entry == index), None)
    if row is None:
        yield "stage_move", f"commission {commission}", "entry", "no move with this entry", str(index)
        return
    made: Entry = {"from": row.came_from, "to": row.went_to, "learnt": row.learnt, "at": row.at}
    made |= {"better": row.better or None, "took_part": row.took_part or None}
    moves = [(one.id, one.entry) for one in await work.stages.moves(commission)]
    for found in (*columns("stage_move", row.id, said, made), *order("stage_move", row.id, moves)):
        yield found
    if known.stages[commission][0] == index:
        stage = (await work.commissions.get_commission(commission, draft=True)).stage
        if stage != said["to"]:
            yield "commission", commission, "stage", stage, said["to"]


async def _stage_note(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    commission = said["commission"]
    row = next((one for one in await work.stages.notes(commission) if one.entry == index), None)
    if row is None:
        yield "stage_note", f"commission {commission}", "entry", "no answer with this entry", str(index)
        return
    made = {"stage": row.stage, "question": str(row.question), "words": row.words, "decision": row.decision}
    made |= {"at": row.at}
    notes = [(one.id, one.entry) for one in await work.stages.notes(commission)]
    for found in (*columns("stage_note", row.id, said, made), *order("stage_note", row.id, notes)):
        yield found


async def _commission_closed(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    commission = said["commission"]
    row = next((one for one in await work.stages.closings(commission) if one.entry == index), None)
    if row is None:
        yield "closing", f"commission {commission}", "entry", "no closing with this entry", str(index)
        return
    groups = [{"group": one.group, "words": one.words} for one in row.groups]
    made = {"words": row.words, "groups": groups, "at": row.at}
    closings = [(one.id, one.entry) for one in await work.stages.closings(commission)]
    for found in (*columns("closing", row.id, said, made), *order("closing", row.id, closings)):
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


async def _answer_date_moved(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    moves = await work.decisions.answer_moves([said["round"]])
    row = next((one for one in moves if one.entry == index), None)
    if row is None:
        yield "answer_move", f"round {said['round']}", "entry", "no move with this entry", str(index)
        return
    made = {"from": row.came_from, "to": row.went_to, "because": row.because, "at": row.at}
    for found in columns("answer_move", row.id, said, made):
        yield found


async def _end(work: Work, known: Known, index: int, commission: str) -> list[Unlike]:
    """Returns the end of a commission where its row has another one than the latest entry about it, this one, says."""
    latest, at = known.ends[commission]
    there = (await work.commissions.get_commission(commission, draft=True)).closed_at
    return [("commission", commission, "closed_at", there, at)] if latest == index and there != at else []


async def _pledge(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    try:
        row = await work.help_pledges.help_pledge(said["pledge"])
    except NotFound:
        yield "help_pledge", said["pledge"], "id", "gone", "a row: an entry tells of it"
        return
    state = HelpState.WITHDRAWN if said["words"] is GONE else HelpState.SHOWN
    should = said | {"state": str(state), "entry": index}
    made = {"words": row.words, "name": row.name or None, "state": str(row.state), "entry": row.entry}
    made |= {"commission": row.commission}
    for found in columns("help_pledge", row.id, should, made):
        yield found


# Entries about commissions, by type, each with what holds the rows against it.
ROWS: Mapping[str, Callable[[Work, Known, int, Entry], AsyncIterator[Unlike]]] = {
    "commission published": _version,
    "commission changed": _version,
    "stage moved": _stage_moved,
    "stage note": _stage_note,
    "commission closed": _commission_closed,
    "commission reopened": _commission_reopened,
    "answer date moved": _answer_date_moved,
    "pledge": _pledge,
}


async def unrecorded(work: Work, known: Known, of: Commission) -> AsyncIterator[Unlike]:
    """Yields the versions, moves, answers and closings of a commission, and its end, that no entry tells of."""
    entries = [("stage_move", one.id, one.entry) for one in await work.stages.moves(of.id)]
    entries += [("stage_note", one.id, one.entry) for one in await work.stages.notes(of.id)]
    for one in await work.stages.closings(of.id):
        entries += [("closing", one.id, one.entry)]
        entries += [("closing", one.id, one.reopening)] if one.reopened_at else []
    entries += [
        ("commission_version", f"{of.id} {one.number}", one.entry)
        for one in await work.commissions.versions(of.id)
        if one.number > 1 or one.entry is not None
    ]
    for table, row, entry in entries:
        if entry not in known.acts:
            yield table, row, "entry", told(entry), "none: no entry tells of it"
    for pledge in await work.help_pledges.list_help_pledges(HelpState.SHOWN, of.id):
        if pledge.id not in known.entries:
            yield "help_pledge", pledge.id, "id", "a pledge of help", "none: no entry tells of it"
    if of.closed_at and of.id not in known.ends:
        yield "commission", of.id, "closed_at", of.closed_at, "none: no entry tells of it"


async def unrecorded_moves(work: Work, known: Known, rounds: Sequence[Round]) -> AsyncIterator[Unlike]:
    """Yields the moves of the days until which these votes are answered that no entry tells of."""
    for move in await work.decisions.answer_moves([one.id for one in rounds]):
        if move.entry not in known.acts:
            yield "answer_move", move.id, "entry", told(move.entry), "none: no entry tells of it"
