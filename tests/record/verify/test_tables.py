"""Tables made again from the record: each cell, row and header that differs is told by its file, row and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from support.forged_exports import resigned
from support.record_keeper import SIGNER, a_keeper

from forum.record import export_zip
from forum.record.verify.archive import FORMAT, tables_of, unpack
from forum.record.verify.checks import verify_files
from forum.record.verify.columns import COLUMNS
from forum.record.verify.export import Export
from forum.record.verify.table_checks import check_tables
from forum.record.verify.tables import MARK
from forum.record.verify.tables import table as write
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS


@pytest.fixture(scope="module")
def true_files() -> dict[str, bytes]:
    return unpack(export_zip.pack(a_keeper().log(), SIGNER))[0]


def rows_of(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))


def table_of(rows: list[list[str]]) -> bytes:
    """Writes rows as an export's tables are; a cell that begins like a formula comes with its apostrophe already."""
    columns, *below = rows
    body = write(columns, [])
    for row in below:
        quoted = ['"' + cell.replace('"', '""') + '"' if set(cell) & set(',"\r\n') else cell for cell in row]
        body += (",".join(quoted) + "\r\n").encode()
    return body


def said(true_files: dict[str, bytes], name: str, body: bytes) -> tuple[str, str]:
    return check_tables(Export(true_files | {name: body}))


def test_true_tables_pass_in_the_program_that_runs_on_bare_python(true_files: dict[str, bytes]) -> None:
    assert all(table_of(rows_of(true_files[name])) == true_files[name] for name in COLUMNS)
    checks = {check.name: check for check in verify_files(true_files)}
    assert (checks["tables"].verdict, checks["tables"].detail[:9]) == (PASS, "21 tables")


@pytest.mark.parametrize("place", range(max(map(len, COLUMNS.values()))))
def test_a_changed_cell_is_told_by_its_file_its_row_and_its_column(place: int, true_files: dict[str, bytes]) -> None:
    """Each cell of a row, in five tables at once: no more problems are listed."""
    made_again = [name for name in tables_of(FORMAT) if name in COLUMNS]
    for start in range(0, len(made_again), 5):
        names = made_again[start : start + 5]
        changed, told = {}, []
        for name in names:
            rows = rows_of(true_files[name])
            number, at = 1 + place % (len(rows) - 1), place % len(COLUMNS[name])
            rows[number][at] = "7" if rows[number][at] != "7" else "8"
            changed[name] = table_of(rows)
            told.append(f"{name}, row {number + 1}, column {[*COLUMNS[name]][at]} does not follow from the record")
        assert check_tables(Export(true_files | changed)) == (FAIL, "; ".join(told))


def test_rows_and_headers_that_differ_are_told(true_files: dict[str, bytes]) -> None:
    name = "decisions.csv"
    rows = rows_of(true_files[name])
    cases = [
        (rows[:-1], f"row {len(rows)} is missing"),
        ([*rows, rows[-1]], f"row {len(rows) + 1} does not follow from the record"),
        ([rows[0], *reversed(rows[1:])], "row 2, column decision does not follow from the record"),
        ([["demo", *rows[0][1:]], *rows[1:]], "row 1, column demonstration does not follow from the record"),
        ([[*rows[0], "note"], *rows[1:]], "row 1, column none does not follow from the record"),
        ([rows[0], [*rows[1], "x"], *rows[2:]], "row 2, column none does not follow from the record"),
    ]
    for changed, told in cases:
        assert said(true_files, name, table_of(changed)) == (FAIL, f"{name}, {told}")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda body: body.replace(b"\r\n", b"\n"), "it is written otherwise"),
        (lambda body: MARK + body, "row 1, column demonstration"),
        (lambda body: body + b'"', "cannot be read"),
        (lambda body: body + b"\xff", "cannot be read"),
        (lambda body: body + b"x" * 200_000, "cannot be read"),
        (lambda body: b"", "row 1 is missing"),
    ],
    ids=["line ends", "two marks", "an open quote", "no UTF-8", "no end", "empty"],
)
def test_bytes_that_are_no_such_table_fail(
    change: Callable[[bytes], bytes], told: str, true_files: dict[str, bytes]
) -> None:
    verdict, detail = said(true_files, "rounds.csv", change(true_files["rounds.csv"]))
    assert (verdict, told in detail) == (FAIL, True), detail


def test_whoever_has_the_key_and_changes_a_table_alone_fails_at_its_cell(true_files: dict[str, bytes]) -> None:
    rows = rows_of(true_files["commitments.csv"])
    rows[1][rows[0].index("by")] = "2031-01-01"
    forged = unpack(resigned(true_files | {"commitments.csv": table_of(rows)}))[0]
    failed = {check.name: check.detail for check in verify_files(forged) if check.verdict == FAIL}
    assert failed == {"tables": "commitments.csv, row 2, column by does not follow from the record"}


def test_tables_of_another_format_are_not_called_false(
    true_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.record.verify.table_checks.FORMAT", FORMAT - 1)
    checks = {check.name: check.verdict for check in verify_files(true_files)}
    assert (checks["tables"], checks["file digests"]) == (NOT_CHECKED, PASS)
    assert FAIL not in checks.values()
