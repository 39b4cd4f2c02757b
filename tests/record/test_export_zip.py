"""The zip of an export: its members, its bytes, and that other people's tools agree with it."""

from __future__ import annotations

import hashlib
import io
import json
import shlex
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.record_keeper import CRISIS, SIGNER, a_keeper

from forum.errors import NotAnExport
from forum.record import audit, export_zip
from forum.record.signing_key import Signer
from forum.record.verify.archive import FORMAT, unpack
from forum.record.verify.checks import NEEDS_FORUM, verify_files
from forum.record.verify.public_log import Log
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS
from forum.record.verify_py import verify_py

MEMBERS = [
    "decisions.csv",
    "rounds.csv",
    "results_by_group.csv",
    "view_shift.csv",
    "commitments.csv",
    "commissions.csv",
    "stages.csv",
    "sessions.csv",
    "options.csv",
    "stories.csv",
    "moderation.csv",
    "erasures.csv",
    "attendance.csv",
    "reasons.csv",
    "stops.csv",
    "proposals.csv",
    "amendments.csv",
    "evidence.csv",
    "updates.csv",
    "noticed.csv",
    "pledges.csv",
    "differences.csv",
    "answers_due.csv",
    "conditions.csv",
    "corrections.csv",
    "dissent.csv",
    "predictions.csv",
    "ballots.jsonl",
    "record.jsonl",
    "disclosures.jsonl",
    "checkpoint",
    "public_key.pem",
    "datapackage.json",
    "datapackage.sig",
    "verify.py",
    "README.txt",
]


@pytest.fixture(scope="module")
def packed() -> bytes:
    return export_zip.pack(a_keeper().log(), SIGNER)


@pytest.fixture
def folder(packed: bytes, tmp_path: Path) -> Path:
    zipfile.ZipFile(io.BytesIO(packed)).extractall(tmp_path)
    return tmp_path


def test_the_same_log_and_key_give_the_same_bytes(packed: bytes) -> None:
    assert export_zip.pack(a_keeper().log(), SIGNER) == packed
    assert export_zip.pack(a_keeper().log(CRISIS.id), SIGNER) != packed


def test_ballots_that_come_line_by_line_make_the_same_bytes(packed: bytes) -> None:
    log = a_keeper().log()
    out = io.BytesIO()
    lines = unpack(packed)[0]["ballots.jsonl"].splitlines(keepends=True)
    steps = list(export_zip.written(out, replace(log, ballots=()), SIGNER, ballots=iter(lines)))
    assert out.getvalue() == packed
    assert steps == sorted(steps)
    assert steps[-1] == sum(len(file) for file in unpack(packed)[0].values())


def test_the_members_are_those_of_the_contract(packed: bytes) -> None:
    names = zipfile.ZipFile(io.BytesIO(packed)).namelist()
    assert sorted(names) == sorted(MEMBERS)
    assert len(names) == 36


def test_it_describes_every_other_file(folder: Path) -> None:
    package = json.loads((folder / "datapackage.json").read_bytes())
    described = {r["path"]: (r["bytes"], r["hash"]) for r in package["resources"]}
    assert described == {
        name: (
            len((folder / name).read_bytes()),
            "sha256:" + hashlib.sha256((folder / name).read_bytes()).hexdigest(),
        )
        for name in MEMBERS
        if not name.startswith("datapackage")
    }
    names = [r["name"] for r in package["resources"]]
    assert len(set(names)) == len(names)
    assert package["commission"] is None


def test_verify_py_is_the_package_in_one_file(folder: Path) -> None:
    assert (folder / "verify.py").read_bytes() == verify_py()


def test_an_empty_record_can_be_exported() -> None:
    files, archive = unpack(export_zip.pack(Log((), {}, ()), SIGNER))
    assert archive.verdict == PASS
    assert files["record.jsonl"] == b""
    assert FAIL not in {check.verdict for check in verify_files(files)}


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_openssl_accepts_both_signatures_by_the_commands_in_the_readme(folder: Path) -> None:
    commands = [
        line.strip()
        for line in (folder / "README.txt").read_text().splitlines()
        if line.startswith("    ") and ("openssl" in line or "checkpoint" in line)
    ]
    assert len(commands) == 4
    assert sum("pkeyutl -verify -rawin" in command for command in commands) == 2
    script = "set -e\n" + "\n".join(commands)
    subprocess.run(["sh", "-c", script], cwd=folder, check=True, capture_output=True)
    (folder / "note.txt").write_bytes((folder / "note.txt").read_bytes().replace(b"\n", b" ", 1))
    changed = subprocess.run(shlex.split(commands[2]), cwd=folder, check=False, capture_output=True)
    assert changed.returncode != 0


def bare(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs Python alone: no site-packages, no environment, nothing beside the script."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", *arguments],
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
    )


def test_verify_py_runs_on_bare_python_in_the_folder_and_on_the_zip(packed: bytes, folder: Path) -> None:
    (folder / "a.zip").write_bytes(packed)
    in_place = bare(str(folder / "verify.py"))
    on_zip = bare("verify.py", "a.zip", cwd=folder)
    for done in (in_place, on_zip):
        assert (done.returncode, done.stderr) == (3, "")
        assert "FAIL" not in done.stdout
        assert "PASS         checkpoint signature: signed with the key" in done.stdout
        assert "PASS         package signature: signed with the key" in done.stdout
        left_out = done.stdout.splitlines()[-1]
        assert left_out.startswith("Nothing failed. Not checked: ")
        assert left_out.endswith("results by group, equal voice, quorum, view shift, decisions, verify.py.")
        assert "PASS         ballots root: " in done.stdout


def test_verify_py_sees_by_itself_that_another_key_signed(folder: Path) -> None:
    other = Signer.of(Ed25519PrivateKey.generate())
    (folder / "datapackage.sig").write_bytes(other.sign((folder / "datapackage.json").read_bytes()))
    done = bare(str(folder / "verify.py"))
    assert done.returncode == 1
    assert "FAIL         package signature: not signed with the key" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 checks FAILED: do not rely on this export."


def test_an_export_of_a_later_format_is_left_to_a_newer_forum(folder: Path) -> None:
    package = json.loads((folder / "datapackage.json").read_bytes())
    (folder / "datapackage.json").write_text(json.dumps({**package, "forum_export": FORMAT + 1}))
    done = bare(str(folder / "verify.py"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"this export cannot be checked here: it is written in format {FORMAT + 1}, and this")
    assert "take the verify.py of a newer Forum" in done.stderr
    with pytest.raises(NotAnExport, match=f"cannot be checked here: it is written in format {FORMAT + 1}"):
        audit.verify_at(folder)
    for odd in (0, -1, True, "3", None, FORMAT + 0.5):
        (folder / "datapackage.json").write_text(json.dumps({**package, "forum_export": odd}))
        assert bare(str(folder / "verify.py")).returncode == 1, odd


def test_verify_py_fails_on_a_changed_file_and_refuses_what_is_no_export(folder: Path) -> None:
    ballots = folder / "ballots.jsonl"
    ballots.write_bytes(ballots.read_bytes().replace(b'"r1"', b'"r2"', 1))
    done = bare(str(folder / "verify.py"))
    assert done.returncode == 1
    assert "FAIL         ballots root: " in done.stdout
    assert bare("verify.py", "README.txt", cwd=folder).returncode == 2
    assert bare("verify.py", "nowhere.zip", cwd=folder).returncode == 2
    done = bare("verify.py", "a", "b", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "usage: python verify.py [--receipt RECEIPT] [FILE.zip | FOLDER]\n"
    (folder / "alone").mkdir()
    shutil.copy(folder / "verify.py", folder / "alone")
    done = bare(str(folder / "alone" / "verify.py"))
    assert done.returncode == 2
    assert done.stderr.startswith("not an export: ")
    assert len(done.stderr.splitlines()) == 1


def test_all_that_can_be_asked_of_bare_python_passes(packed: bytes) -> None:
    files, archive = unpack(packed)
    checks = [archive, *verify_files(files)]
    assert {c.name for c in checks if c.verdict == NOT_CHECKED} == {*NEEDS_FORUM}
    assert not [c for c in checks if c.verdict == FAIL]
