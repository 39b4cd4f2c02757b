"""Tables that an operator states: who came, reasons as released, stops, proposals with amendments, evidence.

They hold what screens and pages show to everybody, and the record does not: people may take such words back, and an
entry stays. So they do not follow from the record; the signature says that the operator stands by them, and
`stated_problems` holds them to what the record says of the same sessions, votes and stories.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import pairwise
from typing import Any

from forum.record.verify.archive import FORMAT
from forum.record.verify.columns import SINCE
from forum.record.verify.methods import METHODS, columns_of
from forum.record.verify.public_log import HELD, WITHDRAWN, Log
from forum.record.verify.rounds import Steps
from forum.record.verify.small_numbers import is_rounded
from forum.record.verify.stated_columns import STATED
from forum.record.verify.tables import MARK, Row, marked, plain, table, where


def write_stated(stated: Mapping[str, Iterable[Mapping[str, Any]]], format_number: int = FORMAT) -> dict[str, bytes]:
    """Returns every stated table by the name of its file, as in this format; one without rows has its headings."""
    return {name: table(_columns(name, format_number), stated.get(name, ())) for name in STATED}


def _columns(name: str, format_number: int) -> list[str]:
    since = SINCE.get(name, {})
    return [column for column in STATED[name] if since.get(column, 0) <= format_number]


def stated_problems(log: Log, files: Mapping[str, bytes], format_number: int = FORMAT) -> list[str]:
    """Returns what of the stated tables in these files cannot be, by the record of the same export.

    Raises errors of any kind where a file is no table.
    """
    rows = {name: _stated_rows(name, files[name], _columns(name, format_number)) for name in STATED}
    written = write_stated(rows, format_number)
    found = [
        f"{name} is not written as Forum does"
        for name, wanted in written.items()
        if files[name] not in (wanted, wanted.removeprefix(MARK))
    ]
    for name, there in rows.items():
        for number, row in enumerate(there, 1):
            if wrong := next(_WRONG[name](log, row), ""):
                found.append(f"{name}, row {number}: {wrong}")
    if [row["session"] for row in rows["attendance.csv"]] != [e["session"] for _, e in log.chosen("session opened")]:
        found.append("attendance.csv has not one row for each session")
    if {row["proposal"] for row in rows["amendments.csv"]} - {row["proposal"] for row in rows["proposals.csv"]}:
        found.append("amendments.csv has an amendment of no proposal")
    said = [(row["session"], row["round"], row["words"], row["condition"]) for row in rows["reasons.csv"]]
    if any(one[:2] == other[:2] and one > other for one, other in pairwise(said)):
        found.append("reasons.csv is not sorted")
    shown = {(row["round"], row["condition"]) for row in rows["reasons.csv"]}
    return [*found, *_unread_conditions(log, shown)]


def _unread_conditions(log: Log, shown: Set[tuple[str, str]]) -> Iterator[str]:
    """Yields a problem for each condition that a decision answers and that nobody could read with its vote."""
    for _, entry in log.chosen("decision"):
        told = entry.get("conditions")
        for number, one in enumerate(told["answered"] if told else (), 1):
            words = log.words(one["condition"])
            if words != WITHDRAWN and one["round"] in log.rounds and (one["round"], plain(words)) not in shown:
                yield f"decision {entry['decision']}: answer {number} is to a condition that is not in reasons.csv"


def _stated_rows(name: str, data: bytes, columns: list[str]) -> list[dict[str, str]]:
    lines = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    rows = list(lines)
    if list(lines.fieldnames or ()) != columns or any(None in row.values() or None in row for row in rows):
        raise ValueError(f"{name} has not the columns that it should have")
    return rows


def _of_session(log: Log, row: Mapping[str, str]) -> Iterator[str]:
    """Yields why a row cannot be of the session that it names."""
    opened = log.sessions.get(row["session"])
    if opened is None or not log.part.covers(opened):
        yield "of a session that is not in this export"
    elif _differs(row, where(log, opened)):
        yield "not the commission of its session"


def _differs(row: Mapping[str, str], known: Row) -> bool:
    return any(row[column] != plain(value) for column, value in known.items())


def _round_of(log: Log, row: Mapping[str, str], column: str) -> Steps | None:
    """Returns the round that a column of a row names, where it is one of the row's session."""
    steps = log.rounds.get(row[column])
    return steps if steps is not None and steps.opened["session"] == row["session"] else None


def _wrong_attendance(log: Log, row: Mapping[str, str]) -> Iterator[str]:
    yield from _of_session(log, row)
    for column in ("came", "proposals_unseen", "amendments_unseen"):
        yield from _exact_number(log, row, column)


def _exact_number(log: Log, row: Mapping[str, str], column: str) -> Iterator[str]:
    """Yields a problem where a number should be rounded by small-number rules, or not be there."""
    about = log.sessions[row["session"]]["about"] if row["session"] in log.sessions else {}
    if "small_numbers" in about and row.get(column) and not is_rounded(int(row[column]), about["threshold"]):
        yield f"with a number in {column} that small-number rules do not let out"


def _wrong_reason(log: Log, row: Mapping[str, str]) -> Iterator[str]:
    yield from _of_session(log, row)
    steps = _round_of(log, row, "round")
    if steps is None or steps.result is None or steps.annulled is not None:
        yield "of a round whose result is not shown"
        return
    labels = {response["id"]: log.words(response["label"]) for response in steps.opened["responses"]}
    method = steps.opened["method"]
    marks = columns_of(method, [*labels]) if method in METHODS else ()
    nothing: Row = dict.fromkeys(("response", "response_label", "mark"))
    if _differs(row, {"question": log.words(steps.opened["question"])}):
        yield "not the question of its round"
    known = (nothing, *(marked(mark, labels) for mark in marks))
    if method in METHODS and all(_differs(row, one) for one in known):
        yield "not an answer of its round"
    by_group = steps.result["by_group"] or ()
    if row["group"] and row["group"] not in [plain(one["label"]) for one in by_group]:
        yield "with a group that the result does not show"
    if not row["words"] and not row["condition"]:
        yield "without words"
    yield from _exact_number(log, row, "too")
    if steps.result.get("hidden") and row["response"]:
        yield "beside an answer, of a result in which numbers are hidden"


def _wrong_stop(log: Log, row: Mapping[str, str]) -> Iterator[str]:
    yield from _of_session(log, row)
    if any(row[column] and _round_of(log, row, column) is None for column in ("magic_check", "round")):
        yield "names a round of another session"
    groups = log.sessions[row["session"]]["about"]["groups"]
    if row["group"] and row["group"] not in [plain(group["label"]) for group in groups]:
        yield "with a group that was not invited"
    if row["verdict"] not in ("", "yes", "no", "not sure"):
        yield "no verdict of a magic check"


def _wrong_proposal(log: Log, row: Mapping[str, str]) -> Iterator[str]:
    yield from _of_session(log, row)
    steps = _round_of(log, row, "round")
    if row["round"] and (steps is None or steps.opened["kind"] != "policy vote"):
        yield "names a round that is no vote on a proposal of its session"
    if not row["words"]:
        yield "without words"


def _wrong_amendment(log: Log, row: Mapping[str, str]) -> Iterator[str]:
    yield from _of_session(log, row)
    if row["state"] not in ("taken", "dropped", "in flight"):
        yield "no state of an amendment"


def _wrong_evidence(log: Log, row: Mapping[str, str]) -> Iterator[str]:
    published = [entry for _, entry in log.chosen("scenario published") if entry["scenario"] == row["scenario"]]
    if not published or log.words(published[-1]["title"]) == WITHDRAWN:
        yield "of a story that is not published, or was withdrawn"
    elif log.words(published[-1]["title"]) == HELD:
        yield "of a story that a moderator holds"
    elif _differs(row, where(log, published[-1])):
        yield "not the commission of its story"


_WRONG = {
    "attendance.csv": _wrong_attendance,
    "reasons.csv": _wrong_reason,
    "stops.csv": _wrong_stop,
    "proposals.csv": _wrong_proposal,
    "amendments.csv": _wrong_amendment,
    "evidence.csv": _wrong_evidence,
}
