"""The shell lines of docs/record.md, by which anybody checks an export without any program of Forum's."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DOCUMENT = (Path(__file__).parents[2] / "docs/record.md").read_text("utf-8")
TOOLS = ("openssl", "sha256sum", "sh", "od", "paste")

needs_tools = pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f"needs {', '.join(TOOLS)}")


def lines_of_the_document() -> str:
    """Takes the lines that stand four spaces in under the heading, as the document says, and nothing else."""
    [section] = re.findall(r"^### By hand: .*?\n(.*?)(?=^### )", DOCUMENT, re.DOTALL | re.MULTILINE)
    blocks = re.findall(r"(?:^(?:    .*)?\n)+", section, re.MULTILINE)
    return "".join(re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in blocks)


def check_by_hand(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs the lines in a folder that holds an export called FILE.zip."""
    return subprocess.run(
        ["sh", "-e", "-c", lines_of_the_document()], cwd=folder, check=False, capture_output=True, text=True
    )


def assert_found_whole(done: subprocess.CompletedProcess[str], files: dict[str, bytes]) -> None:
    """Asserts that the lines found these files of an export whole, and said so of each thing that they check."""
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
