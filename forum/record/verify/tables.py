"""The tables of an export: CSV after RFC 4180, UTF-8 with a byte order mark, made from the record and its words only;
and made again to check them.

columns.py describes every column.

A cell that a spreadsheet would take for a formula (it begins with one of = + - @, their full-width forms, a tab or a
line break) gets an apostrophe in front. Not written with the csv module, whose quoting changes between versions of
Python: a check derives the tables again and compares them byte for byte.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, TypeAlias

from forum.record.verify.archive import FORMAT
from forum.record.verify.columns import COLUMNS
from forum.record.verify.export import Export
from forum.record.verify.methods import METHODS, columns_of
from forum.record.verify.public_log import WITHDRAWN_RESULT, Entry, Log
from forum.record.verify.rounds import Steps
from forum.record.verify.verdict import NOT_CHECKED, verdict_of

Cell: TypeAlias = str | int | bool | None
Row: TypeAlias = dict[str, Cell]

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BETWEEN = " | "
# The byte order mark: with it spreadsheets read a table opened by a double click as UTF-8.
MARK = b"\xef\xbb\xbf"


def cell(value: Cell) -> str:
    """Returns one cell: text made harmless for spreadsheets and quoted where needed, numbers as they are."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    if isinstance(value, str) and text.startswith(FORMULA):
        text = "'" + text
    if any(mark in text for mark in ',"\r\n'):
        text = '"' + text.replace('"', '""') + '"'
    return text


def table(columns: Iterable[str], rows: Iterable[Row]) -> bytes:
    """Returns MARK, a header row and the rows, each ended by CR LF. Raises KeyError for a row that lacks a column."""
    names = list(columns)
    lines = [",".join(map(cell, names))]
    lines += [",".join(cell(row[name]) for name in names) for row in rows]
    return MARK + "".join(line + "\r\n" for line in lines).encode()


def where(log: Log, entry: Entry) -> Row:
    """Returns the cells with which each table begins: an entry's commission, and whether it is a demonstration's."""
    return {
        "demonstration": "yes" if entry.get("demonstration") else "",
        "commission": entry["commission"],
        "commission_title": log.titles.get(entry["commission"], ""),
    }


def _session_kind(log: Log, steps: Steps) -> str:
    session = log.sessions.get(steps.opened["session"])
    # Entries made before there were asynchronous rounds have no kind.
    return str(session.get("kind", "room")) if session else "room"


def _state(steps: Steps) -> str:
    if steps.annulled:
        return "annulled"
    if steps.revealed:
        return "revealed"
    return "closed" if steps.closed else "open"


def _labels(log: Log, steps: Steps) -> dict[str, str]:
    return {response["id"]: log.words(response["label"]) for response in steps.opened["responses"]}


def decisions_rows(log: Log) -> Iterator[Row]:
    """Yields the rows of decisions.csv, in the order of the record."""
    for index, entry in log.chosen("decision"):
        steps = log.rounds[entry["rounds"][-1]]
        labels = _labels(log, steps)
        yield {
            **where(log, entry),
            "decision": entry["decision"],
            "at": entry["at"],
            "rounds": BETWEEN.join(entry["rounds"]),
            "session_kind": _session_kind(log, steps),
            "outcome": entry["outcome"],
            "response": entry["response"],
            "response_label": labels.get(entry["response"] or "", ""),
            "preference": BETWEEN.join(entry["preference"]),
            "preference_labels": BETWEEN.join(labels[response] for response in entry["preference"]),
            "differs": entry["differs"],
            "rationale": log.words(entry["rationale"]),
            "why": log.words(entry["why"]),
            "dissent": log.words(entry["dissent"]),
            "entry": index,
        }


def rounds_rows(log: Log) -> Iterator[Row]:
    """Yields the rows of rounds.csv: every round that was opened, in that order."""
    index_of = {entry["round"]: index for index, entry in log.chosen("round opened")}
    for round_id, steps in log.rounds.items():
        opened, closed, revealed, annulled = steps.opened, steps.closed, steps.revealed, steps.annulled
        session = log.sessions.get(opened["session"])
        yield {
            **where(log, opened),
            "session": opened["session"],
            "session_kind": _session_kind(log, steps),
            "session_title": session["title"] if session else "",
            "round": round_id,
            "kind": opened["kind"],
            "second_of": opened["second_of"],
            "scenario": opened["scenario"],
            "scene": log.words(opened["scene"]) or None,
            "question": log.words(opened["question"]),
            "responses": BETWEEN.join(_labels(log, steps).values()),
            "method": opened["method"],
            "quorum": opened.get("quorum", {}).get("ballots") or None,
            "quorum_each_group": opened.get("quorum", {}).get("each_group") or None,
            "live": opened.get("live", False),
            "power": opened["power"],
            "threshold": opened["threshold"],
            "state": _state(steps),
            "opened_at": opened["at"],
            "closes_at": steps.closes_at,
            "closed_at": closed["at"] if closed else None,
            "revealed_at": revealed["at"] if revealed else None,
            "annulled_at": annulled["at"] if annulled else None,
            "annulled_because": log.words(annulled["because"]) if annulled else None,
            "ballots": closed["count"] if closed else None,
            "papers": closed.get("paper", 0) if closed else None,
            "ballots_root": closed["ballots_root"] if closed else None,
            "entry": index_of[round_id],
        }


def _revealed_rounds(log: Log) -> Iterator[tuple[Steps, dict[str, str], Row, Mapping[str, Any] | None]]:
    """Yields each round that was revealed, with its labels, first cells, and result: None where it was withdrawn."""
    for round_id, steps in log.rounds.items():
        if steps.revealed:
            common: Row = {
                **where(log, steps.opened),
                "session": steps.opened["session"],
                "session_kind": _session_kind(log, steps),
                "round": round_id,
                "question": log.words(steps.opened["question"]),
                "state": _state(steps),
            }
            yield steps, _labels(log, steps), common, steps.result


def results_rows(log: Log) -> Iterator[Row]:
    """Yields the rows of results_by_group.csv: for each revealed round its head count, its groups, and derived
    figures.
    """
    for steps, labels, common, result in _revealed_rounds(log):
        blank: Row = {**dict.fromkeys(COLUMNS["results_by_group.csv"]), **common}
        if result is None:
            yield {**blank, "measure": "withheld", "note": WITHDRAWN_RESULT}
            continue
        by_group = result["by_group"] or []
        measures = [("head count", "everyone", result["n"], result["counts"])]
        measures += [("group", row["label"], row["n"], row["counts"]) for row in by_group]
        marks = _marks(steps, labels, result)
        for measure, label, ballots, counts in measures:
            for mark in marks:
                yield {
                    **blank,
                    "measure": measure,
                    "label": label,
                    **_marked(mark, labels),
                    "n": counts[mark],
                    "of": ballots,
                }
        yield from ({**blank, "label": "everyone", **row} for row in _point_rows(result, marks, labels))
        yield from (
            {**blank, "label": "everyone", "measure": "run-off", **row} for row in _run_off_rows(result, labels)
        )
        if "quorum" in result:
            yield from ({**blank, "measure": "quorum", **row} for row in _quorum_rows(result["quorum"]))
        if result["withheld"]:
            yield {**blank, "measure": "withheld", "note": result["withheld"]}


def _marks(steps: Steps, labels: Mapping[str, str], result: Mapping[str, Any]) -> Sequence[str]:
    """Returns the marks that are counted, in the order shown; those of a method that is not known as its result has
    them."""
    method = steps.opened["method"]
    return columns_of(method, [*labels]) if method in METHODS else tuple(result["counts"])


def _marked(mark: str, labels: Mapping[str, str]) -> Row:
    """Returns the cells that name a mark's response and score or stance; a stance belongs to the round's only
    response.
    """
    response, _, score = mark.partition("=")
    if response in labels:
        return {"response": response, "response_label": labels[response], "mark": score}
    only = next(iter(labels), "")
    return {"response": only, "response_label": labels.get(only, ""), "mark": mark}


def _point_rows(result: Mapping[str, Any], marks: Iterable[str], labels: Mapping[str, str]) -> Iterator[Row]:
    """Yields the rows in basis points: equal voice, means and medians by mark or response, and the consensus."""
    figures = result.get("figures") or {}
    measures = {"equal voice": result["equal_voice"], "mean": figures.get("mean"), "median": figures.get("median")}
    for measure, points in measures.items():
        for mark in [*marks, *(label for label in labels if label not in marks)] if points else ():
            if mark in points:
                yield {"measure": measure, **_marked(mark, labels), "basis_points": points[mark]}
    if "consensus" in result:
        yield {"measure": "consensus", **_marked("agree", labels), "basis_points": result["consensus"]}


def _run_off_rows(result: Mapping[str, Any], labels: Mapping[str, str]) -> Iterator[Row]:
    """Yields the rows of a run-off: for each of its rounds the remaining responses with their outcome, and exhausted
    ballots.
    """
    figures = result.get("figures") or {}
    rounds = figures.get("rounds", ())
    for number, round_ in enumerate(rounds, 1):
        last = number == len(rounds)
        for response in (label for label in labels if label in round_["counts"]):
            note = "out" if response in round_["out"] else ""
            if last and response in figures["winners"]:
                note = "wins" if len(figures["winners"]) == 1 else "can win"
            if last and response in figures["tied"]:
                note = " ".join(["tied last", note]).strip()
            numbers = {"n": round_["counts"][response], "of": result["n"]}
            yield {"run_off_round": number, **_marked(response, labels), **numbers, "note": note}
        if round_["exhausted"]:
            yield {"run_off_round": number, "n": round_["exhausted"], "of": result["n"], "note": "ran out"}


def _quorum_rows(turnout: Mapping[str, Any]) -> Iterator[Row]:
    """Yields whether the quorum was reached, and the groups from which too few voted."""
    said = {True: "reached", False: "missed", None: "not said, to protect small groups"}
    yield {"label": "everyone", "note": said[turnout["reached"]]}
    for label in turnout["short"]:
        yield {"label": label, "note": "missed"}


def view_shift_rows(log: Log) -> Iterator[Row]:
    """Yields the rows of view_shift.csv: who moved from which response to which, for everyone and, where given, by
    group.
    """
    for steps, labels, common, result in _revealed_rounds(log):
        shift = result and result["view_shift"]
        if result is None or shift is None:
            continue
        marks = _marks(steps, labels, result)
        blank: Row = {**dict.fromkeys(COLUMNS["view_shift.csv"]), **common, "first": shift["first"]}
        for label, part in [("everyone", shift), *((row["label"], row) for row in shift["by_group"] or [])]:
            moves = [("voted in both", move["from"], move["to"], move["n"]) for move in part["cells"]]
            moves += [("joined", None, to, part["joined"][to]) for to in marks if to in part["joined"]]
            moves += [("left", from_, None, part["left"][from_]) for from_ in marks if from_ in part["left"]]
            for measure, from_, to, n in moves:
                yield {
                    **blank,
                    "measure": measure,
                    "label": label,
                    "from": from_,
                    "from_label": labels.get(from_, from_) if from_ else None,
                    "to": to,
                    "to_label": labels.get(to, to) if to else None,
                    "n": n,
                }
        if shift["withheld"]:
            yield {**blank, "measure": "withheld", "note": shift["withheld"]}


def commitments_rows(log: Log) -> Iterator[Row]:
    """Yields the rows of commitments.csv, in the order of the record."""
    for index, entry in log.chosen("commitment"):
        yield {
            **where(log, entry),
            "decision": entry["decision"],
            "commitment": entry["commitment"],
            "at": entry["at"],
            "role": log.words(entry["role"]),
            "what": log.words(entry["what"]),
            "by": entry["by"],
            "entry": index,
        }


# Each table's rows, by the name of its file; forum/adapters/workbook.py writes the same rows.
ROWS: dict[str, Callable[[Log], Iterator[Row]]] = {
    "decisions.csv": decisions_rows,
    "rounds.csv": rounds_rows,
    "results_by_group.csv": results_rows,
    "view_shift.csv": view_shift_rows,
    "commitments.csv": commitments_rows,
}


def write_table(log: Log, name: str) -> bytes:
    """Returns a table of an export as bytes. Raises RecordError, LookupError or TypeError where the log is damaged."""
    return table(COLUMNS[name], ROWS[name](log))


# The first format whose tables are those of today.
_TABLES_SINCE = 3


def check_tables(export: Export) -> tuple[str, str]:
    """Holds every table against the one that the record leads to; names the first cell of each that differs."""
    if export.format_number not in (_TABLES_SINCE, FORMAT):
        return NOT_CHECKED, f"written in format {export.format_number}; this program knows the tables of {FORMAT}"
    log = Log.read(export.files, export.commission)
    problems = [problem for name in ROWS if (problem := _difference(name, export.files[name], write_table(log, name)))]
    return verdict_of(problems, f"{len(ROWS)} tables made again from the record, each the same to the byte")


def _difference(name: str, there: bytes, wanted: bytes) -> str:
    """Returns where a table is not the wanted one, counting rows as a spreadsheet does, the header first; else ""."""
    # Exports made before tables had a byte order mark lack only that.
    if there in (wanted, wanted.removeprefix(MARK)):
        return ""
    try:
        rows, right = (_cells(body) for body in (there, wanted))
    except (UnicodeDecodeError, csv.Error):
        return f"{name} does not follow from the record, and cannot be read"
    for number, (row, should) in enumerate(zip_longest(rows, right), 1):
        if row is None or should is None:
            more = "is missing" if row is None else "does not follow from the record"
            return f"{name}, row {number} {more}"
        for column, cell_, right_cell in zip_longest(right[0], row, should):
            if cell_ != right_cell:
                return f"{name}, row {number}, column {column or 'none'} does not follow from the record"
    return f"{name} does not follow from the record: it is written otherwise"


def _cells(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
