"""The tables of an export: CSV after RFC 4180, UTF-8 with a byte order mark, made from the record and its words only.

columns.py describes every column.

A cell that a spreadsheet would take for a formula (it begins with one of = + - @, their full-width forms, a tab or a
line break) gets an apostrophe in front. Not written with the csv module, whose quoting changes between versions of
Python: a check (table_checks.py) derives the tables again and compares them byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from forum.record.verify.columns import COLUMNS, TOLD
from forum.record.verify.methods import METHODS, columns_of
from forum.record.verify.public_log import WITHDRAWN, WITHDRAWN_RESULT, Entry, Log
from forum.record.verify.rounds import Steps, weighed_of

Cell: TypeAlias = str | int | bool | None
Row: TypeAlias = dict[str, Cell]

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BETWEEN = " | "
HIDDEN = "hidden: small, or it would tell another that is"
# The byte order mark: with it spreadsheets read a table opened by a double click as UTF-8.
MARK = b"\xef\xbb\xbf"
_QUOTED = re.compile('[,"\\r\\n]').search


def plain(value: Cell) -> str:
    """Returns one cell as it is read: text made harmless for spreadsheets, numbers as they are."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    return "'" + text if isinstance(value, str) and text.startswith(FORMULA) else text


def cell(value: Cell) -> str:
    """Returns one cell as it is written: `plain`, and quoted where needed."""
    text = plain(value)
    if _QUOTED(text):
        text = '"' + text.replace('"', '""') + '"'
    return text


def table(columns: Iterable[str], rows: Iterable[Mapping[str, Cell]]) -> bytes:
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


def session_kind(log: Log, steps: Steps) -> str:
    """Returns the kind of the session of a vote: room or asynchronous."""
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
    annulled = {entry["round"]: index for index, entry in enumerate(log.entries) if entry["type"] == "round annulled"}
    for index, entry in log.chosen("decision"):
        steps = log.every_round[entry["rounds"][-1]]
        labels, told = _labels(log, steps), entry.get("told", {})
        weighed = weighed_of(entry, log.disclosures)
        preferred = weighed["preference"] if weighed else ()
        yield {
            **where(log, entry),
            "decision": entry["decision"],
            "at": entry["at"],
            "rounds": BETWEEN.join(entry["rounds"]),
            "session_kind": session_kind(log, steps),
            "outcome": entry["outcome"],
            "response": entry["response"],
            "response_label": labels.get(entry["response"] or "", ""),
            "decided_on": entry.get("decided_on"),
            "until": entry.get("until"),
            "preference": BETWEEN.join(preferred) if weighed else WITHDRAWN,
            "preference_labels": BETWEEN.join(labels[response] for response in preferred) if weighed else WITHDRAWN,
            "differs": weighed["differs"] if weighed else None,
            "rationale": log.words(entry["rationale"]),
            "why": log.words(entry["why"]),
            "dissent": log.words(entry["dissent"]),
            "votes": BETWEEN.join(entry.get("votes", ())),
            "earlier": log.words(entry.get("earlier")),
            "second_reader": entry.get("second_reader"),
            "contradicts": BETWEEN.join(
                dict.fromkeys(
                    other["decision"]
                    for round_id in entry["rounds"]
                    for other in log.decisions.get(round_id, ())
                    if len({_says(other), _says(entry)} - {None}) > 1
                )
            ),
            "annulled_after": BETWEEN.join(id_ for id_ in entry["rounds"] if annulled.get(id_, index) > index),
            **{name: log.words(told.get(name)) for name in TOLD},
            "entry": index,
        }


def _says(decision: Entry) -> tuple[str, str | None] | None:
    """Returns the outcome of a decision and its response; None where it says that something went wrong, which
    contradicts nothing."""
    return None if decision["outcome"] == "acknowledged" else (decision["outcome"], decision["response"])


def rounds_rows(log: Log) -> Iterator[Row]:
    """Yields the rows of rounds.csv: every round that was opened, in that order."""
    index_of = {entry["round"]: index for index, entry in log.chosen("round opened")}
    for round_id, steps in log.rounds.items():
        opened, closed, revealed, annulled = steps.opened, steps.closed, steps.revealed, steps.annulled
        session = log.sessions.get(opened["session"])
        invited = [group["invited"] for group in session["about"]["groups"]] if session else []
        quorum = (steps.result or {}).get("quorum", {})
        made = log.decisions.get(round_id, ())
        yield {
            **where(log, opened),
            "session": opened["session"],
            "session_kind": session_kind(log, steps),
            "session_title": session["title"] if session else "",
            "round": round_id,
            "kind": opened["kind"],
            "second_of": opened["second_of"],
            "asks_about": opened.get("asks_about"),
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
            "small_numbers": "small_numbers" in opened,
            "state": _state(steps),
            "opened_at": opened["at"],
            "closes_at": steps.closes_at,
            "closed_at": closed["at"] if closed else None,
            "revealed_at": revealed["at"] if revealed else None,
            "annulled_at": annulled["at"] if annulled else None,
            "annulled_because": log.words(annulled["because"]) if annulled else None,
            "ballots": closed.get("count", (steps.result or {}).get("n") or None) if closed else None,
            "papers": closed.get("paper", 0) if closed and "count" in closed else None,
            "entrance": session.get("entrance") if session else None,
            "invited": sum(invited) if invited and None not in invited else None,
            "quorum_met": quorum.get("reached"),
            "decisions": BETWEEN.join(decision["decision"] for decision in made),
            "outcome": BETWEEN.join(decision["outcome"] for decision in made),
            "contradictory": len(set(map(_says, made)) - {None}) > 1 if made else None,
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
                "session_kind": session_kind(log, steps),
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
        # A mark without a number is hidden by small-number rules.
        measures = [("head count", "everyone", result["n"], result["counts"])] if result["counts"] else []
        measures += [("group", row["label"], row["n"], row["counts"]) for row in by_group]
        marks = _marks(steps, labels, result)
        for measure, label, ballots, counts in measures:
            for mark in marks:
                yield {
                    **blank,
                    "measure": measure,
                    "label": label,
                    **marked(mark, labels),
                    "n": counts.get(mark),
                    "of": ballots,
                    "note": None if mark in counts else HIDDEN,
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


def marked(mark: str, labels: Mapping[str, str]) -> Row:
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
                yield {"measure": measure, **marked(mark, labels), "basis_points": points[mark]}
    if "consensus" in result:
        yield {"measure": "consensus", **marked("agree", labels), "basis_points": result["consensus"]}


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
            yield {"run_off_round": number, **marked(response, labels), **numbers, "note": note}
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
        updates = log.updates.get(entry["commitment"], ())
        handed = [update["handed_to"] for update in updates if update["handed_to"]]
        yield {
            **where(log, entry),
            "decision": entry["decision"],
            "commitment": entry["commitment"],
            "at": entry["at"],
            "role": log.words(entry["role"]),
            "what": log.words(entry["what"]),
            "by": entry["by"],
            "answers": log.words(entry.get("answers")),
            "noticed": log.words(entry.get("noticed")),
            "updates": len(updates),
            "state": updates[-1]["state"] if updates else "no news yet",
            "owner": log.words(handed[-1] if handed else entry["role"]),
            "news_at": updates[-1]["at"] if updates else entry["at"],
            "entry": index,
        }


# The rows of the tables of every format, by the name of the file; further_tables.py has the others.
ROWS: dict[str, Callable[[Log], Iterator[Row]]] = {
    "decisions.csv": decisions_rows,
    "rounds.csv": rounds_rows,
    "results_by_group.csv": results_rows,
    "view_shift.csv": view_shift_rows,
    "commitments.csv": commitments_rows,
}
