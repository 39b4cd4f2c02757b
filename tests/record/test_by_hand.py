"""The shell lines of docs/record.md, by which anybody checks an export without any program of Forum's."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from support.by_hand import assert_found_whole, check_by_hand, lines_of_the_document, needs_tools
from support.record_keeper import CRISIS, SIGNER, Keeper, people, votes_of

from forum.record import export_zip
from forum.record.verify.archive import unpack

pytestmark = needs_tools


def by_hand(folder: Path, files: dict[str, bytes]) -> subprocess.CompletedProcess[str]:
    """Runs the lines in a folder that holds an export of these files."""
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    shutil.make_archive(str(folder.parent / "FILE"), "zip", folder)
    shutil.rmtree(folder)
    return check_by_hand(folder.parent)


def with_disclosed_results() -> dict[str, bytes]:
    """Makes an export as the services write it now: each result stands beside its entry."""
    keeper = Keeper()
    day = keeper.session(CRISIS, "A day")
    for choices in (("r1", "r2", "r1"), ("r2", "none")):
        vote = keeper.open(CRISIS, day, "Who should come?")
        keeper.close(CRISIS, vote, votes_of(people({"users": 7, "carers": 6}), *choices))
        keeper.reveal(CRISIS, vote, disclosed=True)
    return unpack(export_zip.pack(keeper.log(), SIGNER))[0]


@pytest.mark.parametrize("disclosed", [False, True])
def test_they_check_a_fresh_export_whole(files: dict[str, bytes], tmp_path: Path, *, disclosed: bool) -> None:
    files = with_disclosed_results() if disclosed else files
    assert_found_whole(by_hand(tmp_path / "files", files), files)


@pytest.mark.parametrize("name", ["ballots.jsonl", "datapackage.sig"])
def test_they_see_a_changed_file(files: dict[str, bytes], tmp_path: Path, name: str) -> None:
    data = bytearray(files[name])
    data[len(data) // 2] ^= 1
    assert by_hand(tmp_path / "files", {**files, name: bytes(data)}).returncode != 0


def program() -> str:
    """Takes the Python out of the lines."""
    return lines_of_the_document().split("<<'END'\n")[1].split("END\n")[0]


def refusal(files: dict[str, bytes], folder: Path) -> str:
    """Runs the program beside these files, here (a process for each would be dear); returns what it refuses."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with pytest.raises(AssertionError) as refused, chdir(folder):
        exec(compile(program(), "by_hand.py", "exec"), {})
    return str(refused.value)


def test_the_program_is_at_most_fifty_lines() -> None:
    assert 40 < sum(bool(line.strip()) for line in program().splitlines()) <= 50


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("record.jsonl", b'"count":33', b'"count":32', "another root"),
        ("ballots.jsonl", b'"choice":"r1"', b'"choice":"r2"', "other ballots"),
        ("ballots.jsonl", b'"label":"Carers"', b'"label":"Nurses"', "another group"),
        ("disclosures.jsonl", b'"disclosure":"WyI', b'"disclosure":"WyJ', "other words"),
    ],
)
def test_the_program_alone_sees_what_a_signature_would_hide(
    files: dict[str, bytes], tmp_path: Path, name: str, old: bytes, new: bytes, told: str
) -> None:
    assert old in files[name]
    assert refusal({**files, name: files[name].replace(old, new, 1)}, tmp_path).startswith(told)


# A wrong number in the record itself, under a right signature and a right root: only counting again finds it.
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda result: result["counts"].update(r1=result["counts"]["r1"] + 1), "another count"),
        (lambda result: result.update(n=result["n"] + 1), "another number"),
        (lambda result: result["equal_voice"].update(r1=result["equal_voice"]["r1"] + 1), "another equal voice"),
    ],
)
def test_the_program_counts_again(change: Callable[[dict[str, Any]], object], told: str, tmp_path: Path) -> None:
    keeper = Keeper()
    vote = keeper.open(CRISIS, keeper.session(CRISIS, "A day"), "Who should come?")
    keeper.close(CRISIS, vote, votes_of(people({"users": 7, "carers": 6}), "r1", "r2", "r1"))
    keeper.reveal(CRISIS, vote)
    change(keeper.entries[-1]["result"])
    assert refusal(unpack(export_zip.pack(keeper.log(), SIGNER))[0], tmp_path).startswith(told)
