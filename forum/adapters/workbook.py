"""Workbook for spreadsheet programs (XLSX): the tables of an export, one a sheet, every cell with its type.

It is made from the same log as the signed zip and lies beside it, not in it. A table in the zip is derived again, byte
for byte, by whoever checks it; the bytes of a workbook change with the version of the program that writes it.

Words are written as text, whatever they look like: no formula, no link, no number or date made of an answer. Rows go
to a file as they come (constant_memory), so that a long record does not fill the memory.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import count, islice
from typing import Any, Final

from forum.errors import needed
from forum.record.export_columns import ColumnType, type_of
from forum.record.verify.columns import COLUMNS as DERIVED_COLUMNS
from forum.record.verify.encoding import canonical
from forum.record.verify.further_tables import DERIVED
from forum.record.verify.merkle_tree import leaf_hash, root
from forum.record.verify.public_log import Log
from forum.record.verify.stated_columns import STATED
from forum.record.verify.tables import Cell

COLUMNS = DERIVED_COLUMNS | STATED
MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a cell and a sheet can hold in the file format; a cell counts UTF-16 code units.
MOST_UNITS = 32_767
MOST_ROWS = 1_048_576
_NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)
CUT = " … (cut here: a cell holds no more; the whole text is in the zip)"

_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
}
_FORMATS = {ColumnType.TIME: "yyyy-mm-dd hh:mm:ss", ColumnType.DAY: "yyyy-mm-dd", ColumnType.NUMBER: "0"}
_WIDTHS = {ColumnType.TEXT: 24, ColumnType.NUMBER: 10, ColumnType.TIME: 19, ColumnType.DAY: 11}
_EXPLAINED = {"sheet": 18, "column": 20, "type": 14, "what it holds": 90}

_ABOUT = """\
The tables of an export of Forum: what was decided, how people voted, and what was promised.
Every table is a sheet. Below stand its columns, with what each holds. Times are UTC.
Groups that are too small to be shown on their own stand together under "other groups". Where even that could show how \
a few people voted, nothing is given by group, and the table says so.
"(withdrawn)" stands where somebody took their words back.
This file is for reading and counting. It is not signed. What can be checked is the zip that the same page gives \
(or "forum export"): its tables are the sheets here, with the same values."""


def write(log: Log) -> bytes:
    """Returns the workbook of a log; the same log gives the same bytes."""
    with needed("XlsxWriter"):
        import xlsxwriter  # noqa: PLC0415 - here, in a thread: a start should not wait for it

    out = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="forum-workbook-") as folder:
        book = xlsxwriter.Workbook(out, {**_OPTIONS, "tmpdir": folder})
        try:
            # The time of the last entry, so that the same log gives the same bytes.
            made = _moment(log.entries[-1]["at"]) if log.entries else None
            book.set_properties({"title": "Forum: tables of an export", "created": made or _NO_TIME})
            _explain(book, log)
            for name, columns in COLUMNS.items():
                rows = DERIVED[name](log) if name in DERIVED else log.stated.get(name, ())
                _fill(book, name.removesuffix(".csv"), list(columns), rows)
        finally:
            book.close()
    return out.getvalue()


def _explain(book: Any, log: Log) -> None:
    """Writes the first sheet: what this is, from which state of the record, and what each column holds."""
    sheet = book.add_worksheet("about")
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    bold = book.add_format({"bold": True})
    for number, width in enumerate(_EXPLAINED.values()):
        sheet.set_column(number, number, width, wrap)
    leaves = [leaf_hash(canonical(entry)) for entry in log.entries]
    facts = [
        ("commission", log.titles.get(log.commission, log.commission) if log.commission else "all"),
        *([("session", log.sessions[log.session]["title"])] if log.session else []),
        ("entries in the record", str(len(leaves))),
        ("root of the record", root(leaves).hex()),
    ]
    row = 0
    for line in _ABOUT.splitlines():
        sheet.write_string(row, 0, line, book.add_format())
        row += 1
    for fact, value in facts:
        sheet.write_string(row, 0, fact, bold)
        sheet.write_string(row, 1, _fitted(value), book.add_format())
        row += 1
    row += 1
    for number, heading in enumerate(_EXPLAINED):
        sheet.write_string(row, number, heading, bold)
    for name, columns in COLUMNS.items():
        for column, words in columns.items():
            row += 1
            for number, text in enumerate((name.removesuffix(".csv"), column, type_of(column), words)):
                sheet.write_string(row, number, text, wrap)


def _fill(book: Any, title: str, columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> None:
    """Writes one table: headings that stay in sight, a filter, and every cell by its column's type. What a sheet cannot
    hold goes on in another one, "TITLE 2".
    """
    types = [type_of(column) for column in columns]
    formats = [book.add_format({"num_format": _FORMATS.get(kind, "@"), "valign": "top"}) for kind in types]
    heading = book.add_format({"bold": True, "num_format": "@", "bottom": 1})
    left = iter(rows)
    for part in count(1):
        sheet = book.add_worksheet(title if part == 1 else f"{title} {part}")
        for number, (column, kind) in enumerate(zip(columns, types, strict=True)):
            sheet.set_column(number, number, max(_WIDTHS[kind], len(column) + 4))
            sheet.write_string(0, number, column, heading)
        sheet.freeze_panes(1, 0)
        last = 0
        for last, row in enumerate(islice(left, MOST_ROWS - 1), 1):
            for number, column in enumerate(columns):
                _write(sheet, last, number, row[column], types[number], formats[number])
        sheet.autofilter(0, 0, last, len(columns) - 1)
        # Without this, programs mark every text that looks like a number as a likely mistake.
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})
        if last < MOST_ROWS - 1:
            return


def _write(sheet: Any, row: int, number: int, value: Cell, kind: ColumnType, style: Any) -> None:
    """Writes one cell; None leaves it empty. A time or day that is none is written as the text that it is."""
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_string(row, number, "yes" if value else "no", style)
    elif isinstance(value, int):
        sheet.write_number(row, number, value, style)
    elif kind == ColumnType.TIME and (moment := _moment(value)):
        sheet.write_datetime(row, number, moment, style)
    elif kind == ColumnType.DAY and (day := _day(value)):
        sheet.write_datetime(row, number, day, style)
    else:
        sheet.write_string(row, number, _fitted(value), style)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _fitted(text: str) -> str:
    """Returns a text as a cell can hold it: one that is too long is cut, and says so."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MOST_UNITS:
        return text
    return units[: 2 * (MOST_UNITS - len(CUT))].decode("utf-16-le", "ignore") + CUT
