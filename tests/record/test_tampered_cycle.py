"""Words, numbers and tables of a commissioning cycle changed by somebody with the key: each fails where it lies.

Its entries out of order are tried in test_tampered_entries.py, and each cell of each table in verify/test_tables.py.
"""

from __future__ import annotations

import csv
import io

import pytest
from support.forged_exports import details, failed, resigned
from support.tampered_cycle_cases import CYCLE_CELLS, CYCLE_LINES
from support.tampering import Tampered, true_export

from forum.record.verify.archive import unpack
from forum.record.verify.checks import verify_files
from forum.record.verify.columns import COLUMNS
from forum.record.verify.export import Export
from forum.record.verify.table_checks import check_tables
from forum.record.verify.tables import table as write
from forum.record.verify.verdict import FAIL, NOT_CHECKED


def changed(name: str, column: str, word: str) -> bytes:
    """Returns a table of the true export with another word in a column of its first row."""
    columns, *rows = csv.reader(io.StringIO(true_export()[name].decode("utf-8-sig"), newline=""))
    rows[0][columns.index(column)] = word
    below = io.StringIO(newline="")
    csv.writer(below, lineterminator="\r\n").writerows(rows)
    return write([*COLUMNS[name]], []) + below.getvalue().encode()


@pytest.mark.parametrize("name", CYCLE_LINES)
def test_words_and_numbers_of_a_cycle_fail_where_they_lie(name: str) -> None:
    check, change = CYCLE_LINES[name]
    tampered = Tampered()
    place = change(tampered)
    data = tampered.packed(key=True)
    told = details(data)[check]
    assert place in told
    bare = {one.name: one for one in verify_files(unpack(data)[0])}[check]
    assert bare.verdict == NOT_CHECKED if check == "decisions" else (bare.verdict, bare.detail) == (FAIL, told)


@pytest.mark.parametrize(("name", "column", "word"), CYCLE_CELLS)
def test_a_cell_of_a_cycle_fails_at_its_row_and_column(name: str, column: str, word: str) -> None:
    told = f"{name}, row 2, column {column} does not follow from the record"
    assert check_tables(Export(true_export() | {name: changed(name, column, word)})) == (FAIL, told)


def test_a_table_of_a_cycle_that_was_signed_again_fails_alone() -> None:
    name, column, word = CYCLE_CELLS[0]
    assert failed(resigned(true_export() | {name: changed(name, column, word)})) == {"tables"}
