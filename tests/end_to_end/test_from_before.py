"""Exports and data that earlier versions of Forum made: checked, opened and served by this one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner, Result
from support.server_process import Serving

from forum.__main__ import main
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS
from forum.record.verify_py import verify_py

BEFORE = Path(__file__).parents[1] / "data" / "before"
# Made on 22 November 2026 (format 2), on 28 November (format 3) just before the code moved into packages, and on
# 29 November (format 4, which was in no release yet), with a new key, a second vote, and a decision on the first alone.
EXPORTS: dict[str, set[str]] = {
    "export-format-2.zip": {"tables"},
    "export-format-3.zip": set(),
    "export-format-4.zip": set(),
}
# Since format 4 `verify.py` ends with 3 where it leaves something to `forum verify`.
ENDS = {"export-format-4.zip": 3}


def forum(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def verdicts(output: str) -> dict[str, str]:
    """Reads the output of `forum verify`: a verdict for each check."""
    lines = [line for line in output.splitlines() if line.startswith((PASS, FAIL, NOT_CHECKED))]
    return {line[12:].strip().partition(":")[0].strip(): line[:12].strip() for line in lines}


@pytest.mark.parametrize(("name", "unchecked"), EXPORTS.items())
def test_an_export_from_before_is_verified(name: str, unchecked: set[str]) -> None:
    done = forum("verify", BEFORE / name)
    said = verdicts(done.output)
    assert done.exit_code == 0, done.output
    assert len(said) == 21
    with zipfile.ZipFile(BEFORE / name) as packed:
        other = set() if packed.read("verify.py") == verify_py() else {"verify.py"}
    assert {check for check, verdict in said.items() if verdict != PASS} == unchecked | other


@pytest.mark.parametrize("name", EXPORTS)
def test_the_program_in_an_export_from_before_verifies_it(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(BEFORE / name) as packed:
        packed.extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-I", tmp_path / "verify.py", BEFORE / name], capture_output=True, text=True, check=False
    )
    assert done.returncode == ENDS.get(name, 0), done.stdout
    assert FAIL not in done.stdout


@pytest.mark.parametrize("name", EXPORTS)
def test_a_changed_vote_in_an_export_from_before_fails(name: str, tmp_path: Path) -> None:
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(BEFORE / name) as packed, zipfile.ZipFile(changed, "w") as copy:
        for file in packed.namelist():
            content = packed.read(file)
            copy.writestr(
                file, content.replace(b'"choice":"r1"', b'"choice":"r2"', 1) if file == "ballots.jsonl" else content
            )
    done = forum("verify", changed)
    assert done.exit_code == 1
    assert verdicts(done.output)["ballots root"] == FAIL


async def test_data_from_before_is_upgraded_served_and_exported(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out.zip"
    with zipfile.ZipFile(BEFORE / "data.zip") as packed:
        packed.extractall(data)
    with Serving(data, "--no-demo") as server:
        async with httpx2.AsyncClient(base_url=server.base) as browser:
            for page in ("/", "/record", "/record/15", "/stories", "/commissions"):
                assert (await browser.get(page)).status_code == 200, page
        assert server.stop()[0] == 0
    assert (await asyncio.to_thread(forum, "export", "--out", out, "--data", data)).exit_code == 0
    done = await asyncio.to_thread(forum, "verify", out)
    assert done.exit_code == 0
    assert set(verdicts(done.output).values()) == {PASS}
    assert "16 entries" in done.output
    assert "60 ballots" in done.output
