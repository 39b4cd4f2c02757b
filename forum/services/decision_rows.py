"""Holds the rows of decisions, corrections, commitments and the updates of these against the entries about them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping

from forum.errors import NotFound
from forum.ports import Work
from forum.record.entry_rows import GONE
from forum.services import update_files
from forum.services.predictions import digests
from forum.services.record_known import Entry, Known
from forum.services.row_differences import Unlike, columns, missing, order
from forum.voting.commitment import Commitment
from forum.voting.decision import TOLD, Decision
from forum.voting.minority_statement import StatementState
from forum.voting.update_file import UpdateFile


async def _decision_row(work: Work, known: Known, id_: str) -> Decision:
    """Returns a decision, as it was read ahead (then maybe without its commitments), or else now. Raises NotFound."""
    row = known.ahead.rows.get(id_)
    return row if isinstance(row, Decision) else await work.decisions.get_decision(id_)


async def _commitment_row(work: Work, known: Known, id_: str) -> Commitment:
    """Returns a commitment, as it was read ahead, or else now. Raises NotFound."""
    row = known.ahead.rows.get(id_)
    return row if isinstance(row, Commitment) else await work.decisions.get_commitment(id_)


async def _decision(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    try:
        row = await _decision_row(work, known, said["decision"])
    except NotFound:
        yield missing("decision", said["decision"])
        return
    made = {
        "rounds": list(row.rounds),
        "outcome": str(row.outcome),
        "response": row.response,
        "rationale": row.rationale,
        "why": row.why or None,
        "dissent": row.dissent or None,
        "earlier": row.earlier or None,
        "commission": row.commission,
        "decided_at": row.decided_at,
        "entry": row.entry,
        "second_reader": str(row.second_reader) if row.second_reader else None,
        "decided_on": row.decided_on or None,
        "until": row.until or None,
        "votes": list(row.votes) or ([] if said.get("votes") == [] else None),
        "told": {name: row.told.get(name) or None for name in TOLD} if row.told or "told" in said else None,
        "conditions": _conditions(row) if "conditions" in said else None,
        "differences": [
            {"from": str(one.kind), "group": one.group or None, "answer": one.answer} for one in row.differences
        ]
        or None,
    }
    weighed = said.get("weighed")
    answered = weighed if weighed is GONE or weighed is None else weighed["differences"] or None
    should = said | {"decided_at": said["at"], "entry": index, "differences": answered}
    for found in columns("decision", row.id, should, made):
        yield found


def _conditions(row: Decision) -> Entry | None:
    """Returns the conditions that a decision's row answers, as its entry has them."""
    if row.conditions is None:
        return None
    answered = [
        {"round": one.round, "condition": one.words, "asked": one.asked, "taken_up": one.taken_up, "answer": one.answer}
        for one in row.conditions.answered
    ]
    return {"given": row.conditions.given, "answered": answered}


async def _correction(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    try:
        corrections = (await _decision_row(work, known, said["decision"])).corrections
    except NotFound:
        return  # told at the entry that made it
    row = next((one for one in corrections if one.id == said["correction"]), None)
    if row is None:
        yield missing("decision_correction", said["correction"])
        return
    made = {
        "words": row.words or None,
        "replaced_by": row.replaced_by or None,
        "because": row.because,
        "at": row.at,
        "entry": row.entry,
    }
    should = said | {"replaced_by": said.get("by"), "entry": index}
    given = [(one.id, known.entries.get(one.id)) for one in corrections]
    for found in (
        *columns("decision_correction", row.id, should, made),
        *order("decision_correction", row.id, given),
    ):
        yield found


async def _commitment(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    try:
        row = await _commitment_row(work, known, said["commitment"])
    except NotFound:
        yield missing("commitment", said["commitment"])
        return
    if row.decision != said["decision"]:
        yield missing("commitment", row.id)
        return
    made = {
        "role": row.role,
        "what": row.what,
        "by": row.by,
        "answers": row.answers or None,
        "noticed": row.noticed or None,
        "at": row.at,
    }
    for found in columns("commitment", row.id, said, made):
        yield found


async def _commitment_update(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    try:
        commitment = await _commitment_row(work, known, said["commitment"])
    except NotFound:
        return  # told at the entry that made it
    row = next((one for one in commitment.updates if one.id == said["update"]), None)
    if row is None:
        yield missing("commitment_update", said["update"])
        return
    made = {
        "state": str(row.state),
        "said": row.said or None,
        "because": row.because or None,
        "handed_to": row.handed_to or None,
        "given_by": str(row.given_by),
        "at": row.at,
        "file": _file(row.file) if row.file else None,
    }
    given = [(one.id, known.entries.get(one.id)) for one in commitment.updates]
    for found in (*columns("commitment_update", row.id, said, made), *order("commitment_update", row.id, given)):
        yield found


def _file(file: UpdateFile) -> Entry:
    """Returns the file of an update as its entry has it."""
    return {"shows": file.shows, "media": file.media, "size": file.size, "sha256": file.sha256}


async def _minority_statement(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    try:
        row = await work.minority.get_statement(said["statement"])
    except NotFound:
        yield missing("minority_statement", said["statement"])
        return
    made: Entry = {"decision": row.decision, "group": row.group, "words": row.words, "sent_at": row.sent_at}
    made |= {"at": row.moderated_at, "entry": row.entry}
    for found in columns("minority_statement", row.id, said | {"entry": index}, made):
        yield found


async def _prediction_sealed(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    row = await work.predictions.prediction_for(said["session"])
    if row is None or (row.id != said["prediction"] and (row.entry is None or row.entry < index)):
        yield missing("prediction", said["prediction"])
    elif row.id == said["prediction"]:
        made: Entry = {"session": row.session, **digests(row), "at": row.sealed_at, "entry": row.entry}
        for found in columns("prediction", row.id, said | {"entry": index}, made):
            yield found
        if row.decision and known.entries[row.id] == index:
            yield "prediction", row.id, "decision", row.decision, "none: no entry says that it was opened"


async def _prediction_opened(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    try:
        made = await work.decisions.get_decision(said["decision"])
    except NotFound:
        return  # told at the entry that made it
    session = (await work.rounds.get_round(made.rounds[0])).session
    row = await work.predictions.prediction_for(session)
    if row is None or row.id != said["prediction"]:
        return  # told at the entry that sealed it
    there: Entry = {"expect": row.expect, "minds": row.minds, "decision": row.decision, "opening": row.opening}
    for found in columns("prediction", row.id, said | {"opening": index}, there):
        yield found


# Entries about decisions and what became of them, by type, each with what holds the rows against it.
ROWS: Mapping[str, Callable[[Work, Known, int, Entry], AsyncIterator[Unlike]]] = {
    "decision": _decision,
    "decision corrected": _correction,
    "decision replaced": _correction,
    "commitment": _commitment,
    "commitment update": _commitment_update,
    "minority statement": _minority_statement,
    "prediction sealed": _prediction_sealed,
    "prediction opened": _prediction_opened,
}


async def unrecorded(work: Work, known: Known, commission: str) -> AsyncIterator[Unlike]:
    """Yields the decisions of a commission, and what belongs to them, that no entry tells of."""
    for decision in await work.decisions.list_decisions(commission):
        rests_on = await work.rounds.get_round(decision.rounds[0])
        if not (await work.sessions.get_session(rests_on.session)).recorded:
            continue
        rows = [("decision", decision.id, "a decision")]
        rows += [("decision_correction", one.id, "a correction") for one in decision.corrections]
        written = await work.minority.statements_on(decision.id)
        published = [one for one in written if one.state == StatementState.PUBLISHED]
        rows += [("minority_statement", one.id, "a statement") for one in published]
        for commitment in decision.commitments:
            rows.append(("commitment", commitment.id, "a commitment"))
            rows += [("commitment_update", one.id, "an update") for one in commitment.updates]
        for table, row, there in rows:
            if row not in known.entries:
                yield table, row, "id", there, "none: no entry tells of it"
        for file in (one.file for commitment in decision.commitments for one in commitment.updates if one.file):
            if not await update_files.is_whole(work, file):
                yield "update_file", file.id, "content", "other bytes", "those that its entry has a SHA-256 of"
