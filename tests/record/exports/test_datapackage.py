"""datapackage.json: what frictionless, which nobody here wrote, finds in an export by it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import frictionless
import pytest
from support.record_keeper import CRISIS, QUIET, SIGNER, a_keeper, a_keeper_of_ways

from forum.record import audit, export_zip
from forum.record.exports.jsonl import disclosures
from forum.record.verify.archive import FORMAT, TABLES, describe, files_of, pack, unpack
from forum.record.verify.columns import COLUMNS
from forum.record.verify.public_log import Log
from forum.record.verify.stated_columns import STATED
from forum.record.verify.table_checks import write_table
from forum.record.verify.table_schemas import (
    DAYS,
    INTEGERS,
    KEYS,
    REFERENCES,
    TIMES,
    YES_OR_NO,
    readme_lines,
    readme_words,
)
from forum.record.verify.tables import ROWS

EXPORTS: dict[str, Callable[[], Log]] = {
    "everything": lambda: a_keeper().log(),
    "one commission": lambda: a_keeper().log(CRISIS.id),
    "a demonstration": lambda: a_keeper().log(QUIET.id),
    "every way of voting": lambda: a_keeper_of_ways().log(),
    "nothing": lambda: Log((), {}, ()),
}
EVERY_WAY = {"single", "approval", "score", "ranked", "consent", "opinion"}


@pytest.fixture(scope="module")
def packed() -> dict[str, bytes]:
    return {name: export_zip.pack(log(), SIGNER) for name, log in EXPORTS.items()}


def unpacked(data: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
    return folder / "datapackage.json"


def faults(package: Path) -> set[tuple[str, str]]:
    """Lists what frictionless finds wrong: the file and the kind of error."""
    report = frictionless.validate(str(package))
    return {(task.place, error.type) for task in report.tasks for error in task.errors} | {
        ("", error.type) for error in report.errors
    }


@pytest.mark.parametrize("name", EXPORTS)
def test_frictionless_finds_nothing_wrong_in_any_export(packed: dict[str, bytes], tmp_path: Path, name: str) -> None:
    package = unpacked(packed[name], tmp_path)
    assert faults(package) == set()
    if name == "every way of voting":
        methods = frictionless.Package(str(package)).get_resource("rounds-csv").read_rows()
        assert {row["method"] for row in methods} == EVERY_WAY


@pytest.mark.parametrize(
    ("file", "old", "new", "wrong"),
    [
        ("rounds.csv", b",33,", b",many,", "type-error"),
        ("rounds.csv", b"2026-11-", b"November ", "type-error"),
        ("rounds.csv", b",no,", b",perhaps,", "type-error"),
        ("commitments.csv", b"by,", b"until,", "incorrect-label"),
        ("decisions.csv", b",decision,", b",decided,", "incorrect-label"),
    ],
)
def test_frictionless_sees_what_is_not_as_described(
    packed: dict[str, bytes], tmp_path: Path, file: str, old: bytes, new: bytes, wrong: str
) -> None:
    package = unpacked(packed["everything"], tmp_path)
    before = (tmp_path / file).read_bytes()
    assert old in before
    (tmp_path / file).write_bytes(before.replace(old, new, 1))
    assert (file, wrong) in faults(package)


def test_a_row_of_another_table_must_be_there(packed: dict[str, bytes], tmp_path: Path) -> None:
    package = unpacked(packed["everything"], tmp_path)
    (tmp_path / "decisions.csv").write_bytes((tmp_path / "decisions.csv").read_bytes().partition(b"\r\n")[0] + b"\r\n")
    assert ("commitments.csv", "foreign-key") in faults(package)


def test_frictionless_reads_numbers_times_days_and_yes_as_such(packed: dict[str, bytes], tmp_path: Path) -> None:
    wanted = {**dict.fromkeys(INTEGERS, "int"), **dict.fromkeys(TIMES, "datetime"), **dict.fromkeys(DAYS, "date")}
    wanted |= dict.fromkeys(YES_OR_NO, "bool")
    read: dict[str, set[str]] = {}
    for name in ("everything", "every way of voting"):
        package = frictionless.Package(str(unpacked(packed[name], tmp_path / name)))
        for table in (one for one in package.resources if one.path in TABLES):
            for column, value in ((c, v) for row in table.read_rows() for c, v in row.items() if v is not None):
                read.setdefault(column, set()).add(type(value).__name__)
    assert read == {column: {wanted.get(column, "str")} for column in read}
    assert set(wanted) <= set(read)


def test_it_says_what_every_column_holds_and_what_it_was_made_of(packed: dict[str, bytes]) -> None:
    files, _ = unpack(packed["one commission"])
    package = json.loads(files["datapackage.json"])
    assert package["title"] == f"Decisions, votes and their record: {CRISIS.title}"
    assert package["created"] == a_keeper().log().entries[-1]["at"]
    assert package["sources"] == [{"title": f"The public record {SIGNER.name}"}]
    tables = {one["path"]: one["schema"] for one in package["resources"] if one["type"] == "table"}
    described = {
        path: {field["name"]: field["description"] for field in schema["fields"]} for path, schema in tables.items()
    }
    assert described == COLUMNS | STATED
    assert {path: schema["primaryKey"] for path, schema in tables.items() if "primaryKey" in schema} == {
        path: [key] for path, key in KEYS.items()
    }
    assert {path for path, schema in tables.items() if "foreignKeys" in schema} == set(REFERENCES)


@pytest.mark.parametrize(
    ("licence", "named"),
    [
        ("", None),
        ("OGL-UK-3.0", [{"name": "OGL-UK-3.0"}]),
        ("https://example.org/licence", [{"path": "https://example.org/licence"}]),
    ],
)
def test_it_names_the_licence_that_was_set(tmp_path: Path, licence: str, named: object) -> None:
    data = export_zip.pack(a_keeper_of_ways().log(), SIGNER, licence=licence)
    package = unpacked(data, tmp_path)
    assert json.loads(package.read_text()).get("licenses") == named
    assert faults(package) == set()
    assert {check.verdict for check in audit.verify(data)} == {"PASS"}


def signed(files: dict[str, bytes], description: bytes) -> bytes:
    """Packs files with another datapackage.json, signed."""
    return pack({**files, "datapackage.json": description, "datapackage.sig": SIGNER.sign(description)})


def test_an_export_of_the_format_before_passes_as_it_did(packed: dict[str, bytes]) -> None:
    whole, _ = unpack(packed["everything"])
    keeper = a_keeper()
    keeper.held = set()  # exports of those formats give the words that a moderator holds
    log = keeper.log()
    files = {name: whole[name] for name in files_of(3)} | {name: write_table(log, name, 3) for name in ROWS}
    files["disclosures.jsonl"] = b"".join(disclosures(log))
    before = describe(files, None, 3)
    assert set(json.loads(before)) == {"name", "forum_export", "commission", "resources"}
    assert {len(resource) for resource in json.loads(before)["resources"]} == {6}
    assert {check.verdict for check in audit.verify(signed(files, before))} == {"PASS"}


def test_its_words_are_those_of_the_readme_which_may_change(packed: dict[str, bytes]) -> None:
    files, _ = unpack(packed["everything"])
    readme = files["README.txt"].replace(b"id of the round", b"Which round it is")
    files = {**files, "README.txt": readme.replace(b"    title ", b"    licence             CC0-1.0\n    title ", 1)}
    description = describe(files, None)
    package = json.loads(description)
    assert package["licenses"] == [{"name": "CC0-1.0"}]
    words = {
        field["description"] for one in package["resources"] if "schema" in one for field in one["schema"]["fields"]
    }
    assert "Which round it is" in words
    assert "id of the round" not in words
    assert {check.verdict for check in audit.verify(signed(files, description))} == {"PASS"}


def test_a_title_of_many_lines_and_signs_is_read_as_it_was_written() -> None:
    words = {"this export": {"title": "a  = b\nrounds.csv\n    licence    CC0-1.0"}, "rounds.csv": {"round": "=1 | 2"}}
    assert readme_words(readme_lines(words).encode()) == {
        "this export": {"title": "a = b rounds.csv licence CC0-1.0"},
        "rounds.csv": {"round": "=1 | 2"},
    }


def changed(package: dict[str, Any], change: str) -> dict[str, Any]:
    table = next(one for one in package["resources"] if one["path"] == "rounds.csv")
    if change == "another key":
        package["homepage"] = "https://example.org"
    elif change == "another time":
        package["created"] = "2026-01-01T00:00:00.000Z"
    elif change == "another source":
        package["sources"][0]["title"] = "The public record of somebody else"
    elif change == "another type":
        table["schema"]["fields"][0]["type"] = "string"
    elif change == "a column left out":
        del table["schema"]["fields"][3]
    elif change == "another title":
        package["title"] += "!"
    elif change == "a licence":
        package["licenses"] = [{"name": "CC0-1.0"}]
    else:
        table["schema"]["fields"][0]["description"] += "!"
    return package


@pytest.mark.parametrize(
    "change",
    [
        "another key", "another time", "another source", "another type", "a column left out",
        "another title", "a licence", "other words for a column",
    ],
)  # fmt: skip
def test_a_description_that_is_not_forums_is_found_though_it_is_signed(packed: dict[str, bytes], change: str) -> None:
    files, _ = unpack(packed["everything"])
    package = changed(json.loads(files["datapackage.json"]), change)
    description = json.dumps(package, indent=2).encode() + b"\n"
    assert {check.name for check in audit.verify(signed(files, description)) if check.verdict == "FAIL"} == {
        "file digests"
    }


def test_the_format_has_its_own_number(packed: dict[str, bytes]) -> None:
    files, _ = unpack(packed["everything"])
    assert json.loads(files["datapackage.json"])["forum_export"] == FORMAT == 5
