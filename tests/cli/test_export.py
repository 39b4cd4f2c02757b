"""`forum export` and `forum verify`, one after the other."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from support.voted_session import FIRST, a_vote

from forum.__main__ import main
from forum.adapters.signing_key import KEY_FILE
from forum.cli import opened, run, settings_for


def forum(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Makes a data folder with one vote in it."""
    folder = tmp_path / "data"

    async def fill() -> None:
        async with opened(settings_for(folder), make=True) as store:
            await a_vote(store, FIRST, declared=True)

    run(fill())
    return folder


def one_line(done: Result) -> bool:
    return done.exit_code == 2 and done.stdout == "" and len(done.stderr.strip().splitlines()) == 1


def test_what_is_exported_is_verified(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    done = forum("export", "--out", out, "--data", data, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"file": str(out), "entries": 4, "ballots": len(FIRST)}
    assert "Wrote" in done.stderr
    assert "Opening votes" in done.stderr
    checked = forum("verify", out, "--json")
    assert checked.exit_code == 0
    assert {check["verdict"] for check in json.loads(checked.stdout)["checks"]} == {"PASS"}
    assert (data / KEY_FILE).exists()
    again = tmp_path / "again.zip"
    assert forum("export", "--out", again, "--data", data).stdout == ""
    assert again.read_bytes() == out.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.zip", "data", "out.zip"]


def test_the_tables_are_written_as_a_workbook(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    done = forum("export", "--workbook", "--out", out, "--data", data, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"file": str(out)}
    assert "It is not signed" in done.stderr
    [heading, row] = openpyxl.load_workbook(out)["rounds"].iter_rows(values_only=True)
    assert row[heading.index("ballots")] == len(FIRST)
    assert forum("export", "--workbook", "--out", out, "--data", data, "--commission", "0" * 32).exit_code == 2


def test_the_votes_are_written_as_popolo(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    assert forum("export", "--popolo", "--out", out, "--data", data).exit_code == 0
    [motion] = json.loads(out.read_text("utf-8"))["motions"]
    assert len(motion["vote_events"]) == 1
    both = forum("export", "--popolo", "--workbook", "--out", out, "--data", data)
    assert (both.exit_code, "not both" in both.stderr) == (2, True)


def test_one_session_is_written_in_every_form(data: Path, tmp_path: Path) -> None:
    whole = tmp_path / "out.json"
    forum("export", "--popolo", "--out", whole, "--data", data)
    [event] = json.loads(whole.read_text("utf-8"))["events"]
    of_it: tuple[str | Path, ...] = ("--session", event["id"], "--data", data)
    one = tmp_path / "one.json"
    assert forum("export", "--popolo", "--out", one, *of_it).exit_code == 0
    assert one.read_bytes() == whole.read_bytes()
    packed = tmp_path / "one.zip"
    assert forum("export", "--out", packed, *of_it).exit_code == 0
    assert json.loads(zipfile.ZipFile(packed).read("datapackage.json"))["session"] == event["id"]
    assert forum("verify", packed).exit_code == 0
    book = tmp_path / "one.xlsx"
    assert forum("export", "--workbook", "--out", book, *of_it).exit_code == 0
    about = dict(row[:2] for row in openpyxl.load_workbook(book)["about"].iter_rows(values_only=True))
    assert about["session"] == event["name"]
    for form in ((), ("--popolo",), ("--workbook",)):
        none = tmp_path / "none"
        done = forum("export", *form, "--out", none, "--data", data, "--session", "0" * 32)
        assert (done.exit_code, none.exists()) == (2, False), done.output


def test_a_report_is_written_as_a_page_or_a_pdf(data: Path, tmp_path: Path) -> None:
    for name, begins in (("out.html", b"<!DOCTYPE html>"), ("out.pdf", b"%PDF-")):
        done = forum("export", "--report", "--out", tmp_path / name, "--data", data)
        assert done.exit_code == 0, done.output
        assert (tmp_path / name).read_bytes().startswith(begins)
    for arguments in (
        ("--report", "--out", tmp_path / "out.zip"),
        ("--session", "0" * 32, "--out", tmp_path / "o.zip"),
    ):
        assert forum("export", *arguments, "--data", data).exit_code == 2
    nobody = ("--report", "--session", "0" * 32, "--out", tmp_path / "none.pdf")
    assert forum("export", *nobody, "--data", data).exit_code == 2
    assert not (tmp_path / "none.pdf").exists()


def test_a_changed_export_ends_with_1(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    forum("export", "--out", out, "--data", data)
    whole = out.read_bytes()
    out.write_bytes(whole.replace(b'"choice":"r1"', b'"choice":"r2"', 1))
    done = forum("verify", out)
    assert done.exit_code == 1
    assert "FAIL" in done.stdout


def test_what_cannot_be_done_is_said_in_one_line(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    (tmp_path / "no.zip").write_bytes(b"no zip")
    key = tmp_path / "key.pem"
    key.write_bytes(b"no key")
    assert one_line(forum("verify", tmp_path / "no.zip"))
    assert one_line(forum("verify", tmp_path / "nowhere.zip"))
    assert one_line(forum("verify", tmp_path))
    elsewhere: tuple[str | Path, ...] = ("--data", tmp_path / "nowhere")
    for arguments in (elsewhere, ("--data", data, "--commission", "0" * 32)):
        done = forum("export", "--out", out, *arguments)
        assert done.exit_code == 2
        assert done.stdout == ""
        assert "Traceback" not in done.output
        assert not out.exists()
    assert forum("export", "--out", tmp_path / "no folder" / "out.zip", "--data", data).exit_code == 2
    assert forum("export", "--out", out, "--data", data).exit_code == 0
    assert one_line(forum("verify", out, "--key", key))
    (data / KEY_FILE).write_bytes(b"damaged")
    done = forum("export", "--out", out, "--data", data)
    assert done.exit_code == 2
    assert "damaged" in done.stderr
