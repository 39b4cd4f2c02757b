"""The check of tables: each made again from the record and compared, and those that an operator states."""

from __future__ import annotations

import csv
import io
from itertools import zip_longest

from forum.record.verify.archive import FORMAT, tables_of
from forum.record.verify.columns import COLUMNS, SINCE
from forum.record.verify.export import Export
from forum.record.verify.further_tables import DERIVED
from forum.record.verify.public_log import Log
from forum.record.verify.stated_columns import STATED
from forum.record.verify.stated_tables import stated_problems
from forum.record.verify.tables import MARK, table
from forum.record.verify.verdict import NOT_CHECKED, verdict_of


def write_table(log: Log, name: str, format_number: int = FORMAT) -> bytes:
    """Returns a table of an export as bytes, with the columns of this format.

    Raises RecordError, LookupError or TypeError where the log is damaged.
    """
    since = SINCE.get(name, {})
    return table([column for column in COLUMNS[name] if since.get(column, 0) <= format_number], DERIVED[name](log))


# The first format whose tables can be made again today, and the first with tables that the operator states.
_REMADE_SINCE = 3
_STATED_SINCE = 4


def check_tables(export: Export) -> tuple[str, str]:
    """Holds every table against the one that the record leads to; names the first cell of each that differs."""
    number = export.format_number
    if not _REMADE_SINCE <= number <= FORMAT:
        return NOT_CHECKED, f"written in format {number}; this program knows the tables of {FORMAT}"
    log = Log.read(export.lines, export.commission, export.session)
    made = {name: write_table(log, name, number) for name in tables_of(number) if name in DERIVED}
    problems = [problem for name in made if (problem := _difference(name, export.files[name], made[name]))]
    fine = f"{len(made)} tables made again from the record, each the same to the byte"
    if number >= _STATED_SINCE:
        problems += stated_problems(log, export.files, number)
        fine += f"; {len(STATED)} are the operator's word, and fit the record"
    return verdict_of(problems, fine)


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
