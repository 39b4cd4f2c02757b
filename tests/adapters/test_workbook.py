"""The workbook: every value of the tables, with its type, as strangers' programs read it; and nothing in it runs."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import openpyxl
import pandas
import pytest
from support.record_keeper import CRISIS, QUIET, a_keeper

from forum.adapters import workbook
from forum.adapters.workbook import COLUMNS
from forum.record.export_columns import ColumnType, type_of
from forum.record.verify.disclosures import disclosure, open_disclosure
from forum.record.verify.further_tables import DERIVED
from forum.record.verify.public_log import Log
from forum.record.verify.tables import Cell

# Answers that a spreadsheet would rather take for something else.
TYPED = (
    "=1+1", '=HYPERLINK("http://a.test")', "+1", "-2", "@SUM(A1)", "{=1}", "007", "10-12", "1e5", "3 March", "TRUE",
    "http://a.test/", "mailto:a@b.test", "internal:about!A1", "#N/A", "_x0041_", " before and after ", "two\nlines",
    "a\ttab", "<b>&amp;</b>", "'quoted", "tŷ é 👍", "1" * 20,
)  # fmt: skip


@pytest.fixture(scope="module")
def log() -> Log:
    return a_keeper().log()


def saying(log: Log, *words: str) -> Log:
    """Returns the log with these words instead of people's own, one after another."""
    said = {}
    for number, (digest, encoded) in enumerate(log.disclosures.items()):
        salt, name, value = open_disclosure(encoded)
        told = words[number % len(words)] if isinstance(value, str) else value
        said[digest] = disclosure(salt, name, told)[1]
    return replace(log, disclosures=said)


def opened(log: Log) -> Any:
    return openpyxl.load_workbook(io.BytesIO(workbook.write(log)))


def tables(log: Log) -> Iterator[tuple[str, list[str], list[list[Cell]]]]:
    for name, columns in COLUMNS.items():
        rows = DERIVED[name](log) if name in DERIVED else log.stated.get(name, ())
        yield name.removesuffix(".csv"), list(columns), [[row[column] for column in columns] for row in rows]


def as_read(value: Cell, column: str) -> object:
    """Gives a value as a program should read it from the workbook."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    kind = type_of(column)
    if kind == ColumnType.TIME and isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None)
    if kind == ColumnType.DAY and isinstance(value, str):
        return datetime.combine(date.fromisoformat(value), datetime.min.time())
    return value


def same(there: object, wanted: object) -> bool:
    if isinstance(there, datetime) and isinstance(wanted, datetime):
        return abs(there - wanted) < timedelta(milliseconds=1)
    return there == wanted and type(there) is type(wanted)


def test_every_value_of_every_table_is_there_with_its_type(log: Log) -> None:
    book = opened(log)
    assert book.sheetnames == ["about", *(name for name, _, _ in tables(log))]
    for name, columns, rows in tables(log):
        heading, *cells = book[name].iter_rows(values_only=True)
        assert list(heading) == columns
        assert len(cells) == len(rows) > 0
        for number, (row, there) in enumerate(zip(rows, cells, strict=True)):
            wanted = [as_read(value, column) for value, column in zip(row, columns, strict=True)]
            wrong = [one for one in zip(columns, there, wanted, strict=True) if not same(*one[1:])]
            assert not wrong, (name, number, wrong)


def test_pandas_reads_numbers_times_and_words_as_such(log: Log) -> None:
    words = {column: str for _, columns, _ in tables(log) for column in columns if type_of(column) == ColumnType.TEXT}
    book = io.BytesIO(workbook.write(log))
    # Told nothing, pandas makes numbers of words that look like some, from any file.
    frames = pandas.read_excel(book, sheet_name=None, dtype=words, keep_default_na=False, na_values=[""])
    for name, columns, rows in tables(log):
        frame = frames[name]
        assert (list(frame.columns), len(frame)) == (columns, len(rows))
        for column in columns:
            there = frame[column].dropna()
            if type_of(column) in (ColumnType.TIME, ColumnType.DAY):
                assert len(there) == 0 or pandas.api.types.is_datetime64_any_dtype(frame[column]), (name, column)
            elif type_of(column) == ColumnType.NUMBER:
                assert pandas.api.types.is_numeric_dtype(frame[column]), (name, column)
            else:
                assert all(isinstance(value, str) for value in there), (name, column)
    counted = frames["results_by_group"].query("measure == 'head count'").groupby("round")["n"].sum()
    ballots = frames["rounds"].set_index("round")["ballots"]
    single = frames["rounds"].query("method == 'single' and state == 'revealed'")["round"]
    assert len(single) > 2
    few = [one for one in single if one not in counted.index]  # too few voted for a count
    assert all(counted[one] == ballots[one] for one in single if one not in few)
    assert len(few) < len(single) - 2


def test_no_cell_runs_or_leads_anywhere_whatever_people_typed(log: Log) -> None:
    said = saying(log, *TYPED)
    data = workbook.write(said)
    book = openpyxl.load_workbook(io.BytesIO(data))
    read = {cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "s"}
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    used = {
        words for words in TYPED if any(value == words for _, _, rows in tables(said) for row in rows for value in row)
    }
    assert used == set(TYPED)
    # openpyxl leaves the escape of the format as it is in the file; programs show "_x0041_".
    assert used - read <= {"_x0041_"}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = b"".join(archive.read(name) for name in archive.namelist() if "worksheets" in name)
        assert not [name for name in archive.namelist() if "externalLink" in name or "vba" in name]
    assert b"<f>" not in sheets
    assert b"<hyperlink" not in sheets
    assert b"_x005F_x0041_" in sheets


def test_the_first_sheet_explains_every_column_and_names_the_state_of_the_record(log: Log) -> None:
    rows = [row for row in opened(log)["about"].iter_rows(values_only=True, max_col=4) if any(row)]
    start = rows.index(("sheet", "column", "type", "what it holds"))
    expected = [
        (name.removesuffix(".csv"), column, type_of(column).value, words)
        for name, columns in COLUMNS.items()
        for column, words in columns.items()
    ]
    assert rows[start + 1 :] == expected
    facts = {row[0]: row[1] for row in rows[:start]}
    assert facts["commission"] == "all"
    assert facts["entries in the record"] == str(len(log.entries))
    assert re.fullmatch(r"[0-9a-f]{64}", str(facts["root of the record"]))
    one = replace(log, commission=CRISIS.id)
    assert {row[1] for row in opened(one)["about"].iter_rows(values_only=True) if row[0] == "commission"} == {
        CRISIS.title
    }


def test_headings_stay_in_sight_and_can_be_filtered(log: Log) -> None:
    book = opened(log)
    for name, columns, rows in tables(log):
        assert book[name].freeze_panes == "A2"
        assert book[name].auto_filter.ref == f"A1:{openpyxl.utils.get_column_letter(len(columns))}{len(rows) + 1}"


def test_the_same_log_gives_the_same_bytes_and_an_empty_one_its_headings(log: Log) -> None:
    assert workbook.write(log) == workbook.write(log)
    assert opened(log).properties.created == datetime.fromisoformat(log.entries[-1]["at"]).replace(
        tzinfo=None, microsecond=0
    )
    empty = opened(Log((), {}, ()))
    for name, columns, _ in tables(log):
        assert list(empty[name].iter_rows(values_only=True)) == [tuple(columns)]


def test_words_too_long_for_a_cell_are_cut_and_it_is_said(log: Log) -> None:
    fitting = {letter: letter * (workbook.MOST_UNITS // units(letter)) for letter in ("x", "é", "👍")}
    longer = [fits + letter for letter, fits in fitting.items()]
    book = opened(replace(saying(log, *fitting.values(), *longer), commission=QUIET.id))
    read = {str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    assert set(fitting.values()) <= read
    cut = {words.removesuffix(workbook.CUT): words for words in read if words.endswith(workbook.CUT)}
    assert {words.strip(letter) for letter in fitting for words in cut if words[0] == letter} == {""}
    assert len(cut) == len(longer)
    assert all(workbook.MOST_UNITS - 1 <= units(words) <= workbook.MOST_UNITS for words in cut.values())


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_a_table_too_long_for_a_sheet_goes_on_in_the_next(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = opened(log)["rounds"].iter_rows(values_only=True)
    monkeypatch.setattr(workbook, "MOST_ROWS", 5)
    book = opened(log)
    heading, *rows = whole
    parts = [list(book[name].iter_rows(values_only=True)) for name in ("rounds", "rounds 2", "rounds 3", "rounds 4")]
    assert [part[0] for part in parts] == [heading] * 4
    assert [row for part in parts for row in part[1:]] == rows
    assert len(rows) == 12
