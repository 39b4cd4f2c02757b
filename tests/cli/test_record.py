"""`forum record`: proofs between two sizes, two exports compared, and witnesses that have been silent."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.factories import CLOCK, SetClock, a_commission, append_entries
from support.record_keeper import CRISIS, SIGNER, a_keeper
from support.witness import WitnessServer

from forum.__main__ import main
from forum.record import export_zip
from forum.record.verify.merkle_tree import verify_consistency
from forum.store import migrate, open_store


def forum(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Makes a folder whose record has seven entries."""
    folder = tmp_path_factory.mktemp("data")

    async def fill() -> None:
        url = f"sqlite+aiosqlite:///{folder / 'forum.db'}"
        await migrate(url)
        store = await open_store(url)
        async with store.begin() as work:
            await append_entries(work, a_commission(), 7)
        await store.close()

    asyncio.run(fill())
    return folder


@pytest.mark.parametrize(("old", "new"), [(1, 7), (3, 5), (4, 7), (7, 7)])
def test_a_proof_between_two_sizes_holds(data: Path, old: int, new: int) -> None:
    done = forum("record", "prove", old, new, "--data", data, "--json")
    told = json.loads(done.stdout)
    proof = [bytes.fromhex(node) for node in told["proof"]]
    verify_consistency(old, new, proof, bytes.fromhex(told["old_root"]), bytes.fromhex(told["new_root"]))
    shown = forum("record", "prove", old, new, "--data", data).stdout.splitlines()
    assert shown[0] == f"old: {old} entries, root {told['old_root']}"
    assert shown[2:] == told["proof"]


@pytest.mark.parametrize(("old", "new"), [(5, 3), (1, 8), (0, 3)])
def test_sizes_that_the_record_never_had_are_told(data: Path, old: int, new: int) -> None:
    done = forum("record", "prove", old, new, "--data", data)
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1


def test_two_exports_are_one_record_or_two(tmp_path: Path) -> None:
    keeper = a_keeper()
    paths = [tmp_path / name for name in ("early.zip", "late.zip", "forged.zip")]
    paths[0].write_bytes(export_zip.pack(keeper.log(), SIGNER))
    early = len(keeper.entries)
    keeper.moderate(CRISIS, "5" * 32, "kept")
    paths[1].write_bytes(export_zip.pack(keeper.log(), SIGNER))
    keeper.entries[3]["at"] = "2026-11-22T14:00:03.001Z"
    paths[2].write_bytes(export_zip.pack(keeper.log(), SIGNER))
    for pair in (paths[:2], paths[1::-1]):
        one = forum("record", "compare", *pair, "--json")
        assert (one.exit_code, json.loads(one.stdout)["differs_at"]) == (0, None)
    assert f"the {early} entries of one export are the beginning" in forum("record", "compare", *paths[:2]).stdout
    two = forum("record", "compare", paths[0], paths[2])
    assert (two.exit_code, "entry 3 differs" in two.stdout) == (1, True)
    assert forum("record", "compare", paths[0], tmp_path / "none.zip").exit_code == 2
    (tmp_path / "no.zip").write_bytes(b"no zip")
    assert forum("record", "compare", paths[0], tmp_path / "no.zip").exit_code == 2


def test_the_check_says_which_witnesses_have_been_silent(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    witness = WitnessServer(0, url="https://w1.example")
    monkeypatch.setenv("FORUM_WITNESSES", witness.setting)
    fresh = forum("record", "check", "--data", data)
    assert f"Cosigned by {witness.name}: 0 entries." in fresh.stderr
    clock = SetClock(CLOCK.later(hours=2))
    monkeypatch.setattr("forum.cli.record.SystemClock", lambda: clock)
    late = forum("record", "check", "--data", data, "--json")
    assert f"Not cosigned by {witness.name} since the beginning: it knows 0 entries." in late.stderr
    assert json.loads(late.stdout)["witnesses"] == [{"name": witness.name, "size": 0, "at": "", "overdue": True}]
    assert late.exit_code == fresh.exit_code, "a silent witness is no row that does not agree"
