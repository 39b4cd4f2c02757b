"""The shell lines of docs/record.md, by which anybody checks an export without any program of Forum's."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from forum.record.verify.archive import unpack

DOCUMENT = (Path(__file__).parents[2] / "docs/record.md").read_text("utf-8")
TOOLS = ("openssl", "sha256sum", "sh", "od", "paste")

pytestmark = pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f"needs {', '.join(TOOLS)}")


def lines_of_the_document() -> str:
    """Takes the lines that stand four spaces in under the heading, as the document says, and nothing else."""
    [section] = re.findall(r"^### By hand: .*?\n(.*?)(?=^### )", DOCUMENT, re.DOTALL | re.MULTILINE)
    blocks = re.findall(r"(?:^(?:    .*)?\n)+", section, re.MULTILINE)
    return "".join(re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in blocks)


def by_hand(folder: Path, files: dict[str, bytes]) -> subprocess.CompletedProcess[str]:
    """Runs the lines in a folder that holds an export of these files."""
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    shutil.make_archive(str(folder.parent / "FILE"), "zip", folder)
    shutil.rmtree(folder)
    return subprocess.run(
        ["sh", "-e", "-c", lines_of_the_document()], cwd=folder.parent, check=False, capture_output=True, text=True
    )


def test_they_check_a_fresh_export_whole(files: dict[str, bytes], tmp_path: Path) -> None:
    done = by_hand(tmp_path / "files", files)
    assert (done.returncode, done.stderr) == (0, "")
    said = done.stdout.splitlines()
    assert said[0] == said[1]
    assert len(said[0]) == 8
    assert said.count("Signature Verified Successfully") == 2
    assert sum(line.endswith(": OK") for line in said) == len(files) - 2
    digests = said[-3:-1]
    assert digests[0] == digests[1]
    assert len(digests[0]) == 43
    entries, ballots = (files[name].count(b"\n") for name in ("record.jsonl", "ballots.jsonl"))
    assert said[-1] == f"{entries} entries, {ballots} ballots: all as the record says"


@pytest.mark.parametrize("name", ["record.jsonl", "ballots.jsonl", "datapackage.sig", "checkpoint"])
def test_they_see_a_changed_file(files: dict[str, bytes], tmp_path: Path, name: str) -> None:
    data = bytearray(files[name])
    data[len(data) // 2] ^= 1
    assert by_hand(tmp_path / "files", {**files, name: bytes(data)}).returncode != 0


def test_the_program_is_at_most_fifty_lines() -> None:
    program = lines_of_the_document().split("<<'END'\n")[1].split("END\n")[0]
    assert 40 < sum(bool(line.strip()) for line in program.splitlines()) <= 50


def test_the_program_alone_sees_what_a_signature_would_hide(packed: bytes, tmp_path: Path) -> None:
    """Whoever has the key signs anything: the tree, the words, the ballots and the numbers are held by themselves."""
    program = lines_of_the_document().split("<<'END'\n")[1].split("END\n")[0]
    changes = (
        ("record.jsonl", b'"count":33', b'"count":32', "another root"),
        ("ballots.jsonl", b'"choice":"r1"', b'"choice":"r2"', "other ballots"),
        ("ballots.jsonl", b'"label":"Carers"', b'"label":"Nurses"', "another group"),
        ("disclosures.jsonl", b'"disclosure":"WyI', b'"disclosure":"WyJ', "other words"),
    )
    for name, old, new, told in changes:
        files = unpack(packed)[0]
        assert old in files[name]
        for each, data in files.items():
            (tmp_path / each).write_bytes(data.replace(old, new, 1) if each == name else data)
        done = subprocess.run(["python3", "-c", program], cwd=tmp_path, check=False, capture_output=True, text=True)
        assert (done.returncode, done.stderr.splitlines()[-1]) == (1, f"AssertionError: {told}")
