"""Schemas of an export's tables, as datapackage.json describes them (Data Package and Table Schema)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Types of the columns that hold anything else than text, the same in every table.
INTEGERS = frozenset(
    {
        *("quorum", "quorum_each_group", "threshold", "ballots", "papers", "entry", "held"),
        *("run_off_round", "n", "of", "basis_points"),
        *("invited", "rounds_opened", "rounds_revealed", "rounds_annulled", "number", "version", "texts", "updates"),
        *("came", "proposals_unseen", "amendments_unseen", "too", "size", "answer_by_days", "days_late", "asked"),
        *("yes", "partly", "no"),
    }
)
TIMES = frozenset({"at", "opened_at", "closes_at", "closed_at", "revealed_at", "annulled_at", "news_at", "sent_at"})
DAYS = frozenset({"by", "decided_on", "until", "declared", "due", "answered_on"})
YES_OR_NO = frozenset(
    {
        "demonstration",
        "differs",
        "live",
        "quorum_met",
        "contradictory",
        "added",
        "withdrawn",
        "small_numbers",
        "must",
        "taken_up",
    }
)
# The column that names a row, and the columns that name a row of another table (or, "", of the same).
KEYS = {
    "decisions.csv": "decision",
    "rounds.csv": "round",
    "commitments.csv": "commitment",
    "updates.csv": "update",
    "dissent.csv": "statement",
    "answers_due.csv": "round",
    "corrections.csv": "correction",
    "pledges.csv": "pledge",
    "predictions.csv": "prediction",
    "attendance.csv": "session",
    "proposals.csv": "proposal",
    "evidence.csv": "evidence",
}
REFERENCES = {
    "rounds.csv": (("second_of", "", "round"),),
    "results_by_group.csv": (("round", "rounds.csv", "round"),),
    "view_shift.csv": (("round", "rounds.csv", "round"), ("first", "rounds.csv", "round")),
    "commitments.csv": (("decision", "decisions.csv", "decision"),),
    "stages.csv": (("decision", "decisions.csv", "decision"),),
    "updates.csv": (("commitment", "commitments.csv", "commitment"),),
    "noticed.csv": (("commitment", "commitments.csv", "commitment"), ("update", "updates.csv", "update")),
    "differences.csv": (("decision", "decisions.csv", "decision"),),
    "answers_due.csv": (
        *(("round", "rounds.csv", "round"), ("first", "rounds.csv", "round")),
        ("decision", "decisions.csv", "decision"),
    ),
    "conditions.csv": (("decision", "decisions.csv", "decision"),),
    "dissent.csv": (("decision", "decisions.csv", "decision"),),
    "predictions.csv": (("decision", "decisions.csv", "decision"),),
    "options.csv": (("round", "rounds.csv", "round"),),
    "reasons.csv": (("round", "rounds.csv", "round"),),
    "stops.csv": (("magic_check", "rounds.csv", "round"), ("round", "rounds.csv", "round")),
    "proposals.csv": (("round", "rounds.csv", "round"),),
    "amendments.csv": (("proposal", "proposals.csv", "proposal"),),
}


def header_of(table: bytes) -> list[str]:
    """Returns the columns of a table: its first row, whose names need no quotes. Raises UnicodeDecodeError."""
    return table.partition(b"\r\n")[0].decode("utf-8-sig").split(",")


def readme_words(readme: bytes) -> dict[str, dict[str, str]]:
    """Returns what README.txt says of "this export" (title, licence) and of each table's columns: the lines of four
    spaces, a name and its words below a line that is the name of a table, or "this export".
    """
    words: dict[str, dict[str, str]] = {}
    below = ""
    for line in readme.decode().splitlines():
        if re.fullmatch(r"this export|[a-z_]+\.csv", line):
            below = line
        elif below and (entry := re.fullmatch(r" {4}([a-z_]+) {2,}(\S.*)", line)):
            words.setdefault(below, {})[entry[1]] = entry[2]
        else:
            below = ""
    return words


def readme_lines(words: Mapping[str, Mapping[str, str]]) -> str:
    """Writes what `readme_words` reads, each of the words on one line."""
    return "\n".join(
        "\n".join([name, *(f"    {key:<19} {' '.join(text.split())}" for key, text in entries.items()), ""])
        for name, entries in words.items()
    )


def table_schema(path: str, header: list[str], words: Mapping[str, str]) -> dict[str, Any]:
    """Returns the Table Schema of a table with these columns, each described by its `words`."""
    schema: dict[str, Any] = {"fields": [_field(column, words) for column in header], "missingValues": [""]}
    if KEYS.get(path) in header:
        schema["primaryKey"] = [KEYS[path]]
    keys = [
        {"fields": [column], "reference": {"resource": resource_name(table) if table else "", "fields": [named]}}
        for column, table, named in REFERENCES.get(path, ())
        if column in header
    ]
    if keys:
        schema["foreignKeys"] = keys
    return schema


def resource_name(path: str) -> str:
    """Returns the name of a file in datapackage.json: "results_by_group.csv" is "results-by-group-csv"."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in path.lower())


def _field(column: str, words: Mapping[str, str]) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column, "type": "string"}
    if column in INTEGERS:
        field["type"] = "integer"
    elif column in TIMES:
        field["type"] = "datetime"
    elif column in DAYS:
        field["type"] = "date"
    elif column in YES_OR_NO:
        field |= {"type": "boolean", "trueValues": ["yes"], "falseValues": ["no"]}
    if column in words:
        field["description"] = words[column]
    return field
