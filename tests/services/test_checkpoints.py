"""Checkpoints: one root for each size, whatever is put back, lost, damaged or refused by the disk; and who gives one up
says so."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pytest
import sqlalchemy as sa
from conftest import Database
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from structlog.testing import capture_logs
from support.changed_rows import change, delete
from support.factories import CLOCK, a_commission, append_entries
from support.faulty_store import FaultyStore
from support.record_keeper import SIGNER

from forum.adapters.last_checkpoint import FILE, CheckpointFile
from forum.errors import CheckpointRefused, RecordDamaged, StoreUnavailable
from forum.ports import Store
from forum.record.signing_key import Signer
from forum.record.verify.checkpoint import parse_checkpoint, parse_note
from forum.record.verify.encoding import parse_canonical
from forum.record.verify.merkle_tree import leaf_hash, root
from forum.services.checkpoints import FACT, Checkpoints
from forum.services.exports import export
from forum.services.record_cache import kept
from forum.store import SqlStore, open_store
from forum.store.tables import entry, fact


async def grow(store: Store, *entries: str) -> None:
    async with store.begin() as work:
        await append_entries(work, a_commission(), len(entries))


async def signed(checkpoints: Checkpoints) -> tuple[int, bytes]:
    """Asks for a checkpoint of the record as it is; gives the size and root in it."""
    async with checkpoints.store.read() as work:
        size = await work.record.size()
        tree = await kept(checkpoints.store).tree_of(work, size)
    note = await checkpoints.sign(tree, size)
    return parse_checkpoint(parse_note(note).text)[1:]


async def remembered(store: Store, folder: Path) -> tuple[str | None, str | None]:
    """Gives the notes that the database and the folder remember."""
    async with store.read() as work:
        there = await work.facts.get_fact(FACT)
    beside = CheckpointFile(folder).read()
    return there, None if beside is None else beside.decode()


async def cut_to(store: SqlStore, size: int, *then: str) -> None:
    """Puts an older copy of the data back, with the facts that it had; more entries may follow."""
    await delete(store, entry.c.position >= size, entry)
    async with store.writer.begin() as connection:
        await connection.execute(sa.delete(fact).where(fact.c.name == FACT))
    await grow(store, *then)


class FailingMemory(CheckpointFile):
    """A folder that refuses to take the next note: before it is written, or after it was."""

    def __init__(self, folder: Path, *, persisted: bool) -> None:
        super().__init__(folder)
        self.persisted, self.fails = persisted, True

    def write(self, note: bytes) -> None:
        """Writes as the file does, but once."""
        fails, self.fails = self.fails, False
        if not fails or self.persisted:
            super().write(note)
        if fails:
            raise OSError(errno.EROFS, "Read-only file system")


async def test_what_is_signed_is_remembered_in_both_places_before_it_is_given(store: Store, tmp_path: Path) -> None:
    checkpoints = Checkpoints(store, SIGNER, CheckpointFile(tmp_path))
    for words in (["one"], ["two", "three"]):
        await grow(store, *words)
        size, _ = await signed(checkpoints)
        there, beside = await remembered(store, tmp_path)
        assert there == beside
        assert there is not None
        assert there.splitlines()[:2] == [SIGNER.name, str(size)]


async def test_an_older_copy_is_refused_and_so_is_another_record_of_the_same_size(
    store: SqlStore, tmp_path: Path
) -> None:
    await grow(store, "one", "two", "three")
    await signed(Checkpoints(store, SIGNER, CheckpointFile(tmp_path)))
    for then, told in (
        ([], r"A checkpoint of 3 entries was signed, and the record has 2: .*`forum record accept-restore`"),
        (["another"], "first 3 entries of the record are not those that a checkpoint was signed for"),
        (["and one more"], "first 3 entries of the record are not those"),
    ):
        await (cut_to(store, 2) if not then else grow(store, *then))
        again = Checkpoints(store, SIGNER, CheckpointFile(tmp_path))
        with pytest.raises(CheckpointRefused, match=told):
            await signed(again)
        with pytest.raises(CheckpointRefused, match=told):
            await again.check()
        with pytest.raises(CheckpointRefused, match=told):
            await export(again)
        with pytest.raises(CheckpointRefused):  # a new key is no way around it
            await signed(Checkpoints(store, Signer.of(Ed25519PrivateKey.generate()), CheckpointFile(tmp_path)))
    assert (await remembered(store, tmp_path))[0] is None, "nothing of it was signed"


async def test_a_restore_that_is_accepted_stands_in_the_record_and_the_log_goes_on(
    store: SqlStore, tmp_path: Path
) -> None:
    await grow(store, "one", "two", "three", "four")
    checkpoints = Checkpoints(store, SIGNER, CheckpointFile(tmp_path))
    before = await signed(checkpoints)
    await cut_to(store, 2, "another")
    assert await checkpoints.accept_restore(CLOCK) == [3]
    async with store.read() as work:
        stored = await work.record.entries()
    said = parse_canonical(stored[3].body)
    assert (said["type"], said["commission"]) == ("record restored", "")
    assert said["before"] == {"size": 4, "root": before[1].hex()}
    assert said["after"] == {"size": 3, "root": root([one.leaf_hash for one in stored[:3]]).hex()}
    assert await signed(Checkpoints(store, SIGNER, CheckpointFile(tmp_path))) == (
        4,
        root([one.leaf_hash for one in stored]),
    )
    assert await checkpoints.accept_restore(CLOCK) == [], "there is nothing more to accept"
    await grow(store, "five")
    assert (await signed(checkpoints))[0] == 5
    # Put back once more, to before the acceptance: that one is told too.
    await cut_to(store, 3)
    with pytest.raises(CheckpointRefused):
        await signed(checkpoints)


async def test_entries_that_were_known_and_never_signed_are_given_up_by_an_entry_too(
    store: SqlStore, tmp_path: Path
) -> None:
    await grow(store, "one")
    checkpoints = Checkpoints(store, SIGNER, CheckpointFile(tmp_path))
    assert await checkpoints.accept_restore(CLOCK, 7) == [1]
    async with store.read() as work:
        said = parse_canonical((await work.record.entry(1)).body)
    assert said["before"] == {"size": 7, "root": None}


@pytest.mark.parametrize("persisted", [False, True])
async def test_a_folder_that_fails_signs_nothing_and_the_next_try_goes_on(
    sqlite_store: SqlStore, tmp_path: Path, *, persisted: bool
) -> None:
    await grow(sqlite_store, "one")
    checkpoints = Checkpoints(sqlite_store, SIGNER, FailingMemory(tmp_path, persisted=persisted))
    with pytest.raises(CheckpointRefused, match=r"could not be kept in the data folder \(Read-only file system\)"):
        await signed(checkpoints)
    assert (await remembered(sqlite_store, tmp_path))[0] is None
    # A crash here: another process begins with what is on the disk.
    for going_on in (Checkpoints(sqlite_store, SIGNER, CheckpointFile(tmp_path)), checkpoints):
        await going_on.check()
        assert (await signed(going_on))[0] == 1
    there, beside = await remembered(sqlite_store, tmp_path)
    assert there == beside is not None


@pytest.mark.parametrize(("before", "after"), [(1, 0), (0, 1)])
async def test_a_commit_that_fails_or_whose_answer_is_lost_signs_nothing_and_the_next_try_goes_on(
    store: SqlStore, tmp_path: Path, before: int, after: int
) -> None:
    await grow(store, "one", "two")
    faulty = FaultyStore(store, before=before, after=after)
    checkpoints = Checkpoints(faulty, SIGNER, CheckpointFile(tmp_path))
    with pytest.raises(StoreUnavailable):
        await signed(checkpoints)
    there, beside = await remembered(store, tmp_path)
    assert (there is not None) == bool(after)
    assert beside is not None
    for going_on in (Checkpoints(store, SIGNER, CheckpointFile(tmp_path)), checkpoints):
        assert (await signed(going_on))[0] == 2
    assert len(set(await remembered(store, tmp_path))) == 1


@pytest.mark.parametrize(("before", "after"), [(1, 0), (0, 1), (0, 2)])
async def test_an_acceptance_that_fails_half_way_is_there_once_or_not_at_all(
    store: SqlStore, tmp_path: Path, before: int, after: int
) -> None:
    """`after` 1 fails once the entry is written; 2 fails once more when its checkpoint is remembered."""
    await grow(store, "one", "two")
    await signed(Checkpoints(store, SIGNER, CheckpointFile(tmp_path)))
    await cut_to(store, 1)
    faulty = FaultyStore(store, before=before, after=after)
    with pytest.raises(StoreUnavailable):
        await Checkpoints(faulty, SIGNER, CheckpointFile(tmp_path)).accept_restore(CLOCK)
    going_on = Checkpoints(store, SIGNER, CheckpointFile(tmp_path))
    assert await going_on.accept_restore(CLOCK) == ([1] if before else [])
    assert (await signed(going_on))[0] == 2


@pytest.mark.parametrize("damage", [b"", b"forum-0\n3\n", b"\xff\x00", None])
async def test_a_memory_that_is_lost_or_damaged_is_made_again_from_the_databases_row(
    store: SqlStore, tmp_path: Path, damage: bytes | None
) -> None:
    await grow(store, "one", "two")
    await signed(Checkpoints(store, SIGNER, CheckpointFile(tmp_path)))
    path = tmp_path / FILE
    note = path.read_bytes()
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    with capture_logs() as logs:
        assert (await signed(Checkpoints(store, SIGNER, CheckpointFile(tmp_path))))[0] == 2
    assert [one["log_level"] for one in logs] == ["warning"]
    assert path.read_bytes() == note
    # The row is what remains where the folder is new: a machine that takes over, or another beside it.
    path.unlink()
    await delete(store, entry.c.position == 1, entry)
    with pytest.raises(CheckpointRefused, match="A checkpoint of 2 entries was signed, and the record has 1"):
        await signed(Checkpoints(store, SIGNER, CheckpointFile(tmp_path)))


async def test_a_note_whose_signature_does_not_fit_is_a_damaged_memory(store: SqlStore, tmp_path: Path) -> None:
    await grow(store, "one", "two")
    await signed(Checkpoints(store, SIGNER, CheckpointFile(tmp_path)))
    note = CheckpointFile(tmp_path).read() or b""
    (tmp_path / FILE).write_bytes(note.replace(b"\n2\n", b"\n9\n"))
    with capture_logs() as logs:
        assert (await signed(Checkpoints(store, SIGNER, CheckpointFile(tmp_path))))[0] == 2
    assert "damaged" in logs[0]["event"]
    async with store.begin() as work:
        await work.facts.set_fact(FACT, note.decode().replace("\n2\n", "\n9\n"))
    with capture_logs() as logs:
        assert (await signed(Checkpoints(store, SIGNER, CheckpointFile(tmp_path))))[0] == 2
    assert "row of the last signed checkpoint is damaged" in logs[0]["event"]
    assert (await remembered(store, tmp_path))[0] == note.decode(), "it is set right"


async def test_two_servers_on_one_database_sign_one_root_for_each_size(
    postgres_database: Database, tmp_path: Path
) -> None:
    """Each has a folder of its own; what either signed binds the other by the database's row."""
    ours, theirs = await open_store(postgres_database.url), await open_store(postgres_database.url)
    folders = [tmp_path / "ours", tmp_path / "theirs"]
    for folder in folders:
        folder.mkdir()
    one, two = (Checkpoints(s, SIGNER, CheckpointFile(f)) for s, f in zip((ours, theirs), folders, strict=True))
    await grow(ours, "one", "two")
    assert await signed(one) == await signed(two)
    await grow(theirs, "three")
    assert (await signed(two))[0] == 3
    body = b'{"at":"x","commission":"c","type":"another"}'
    await change(ours, entry.c.position == 2, entry, body=body, leaf_hash=leaf_hash(body))
    # The one that never signed for three entries learns it from the row, whatever its own folder says.
    with pytest.raises(CheckpointRefused, match="first 3 entries"):
        await signed(one)
    for opened in (ours, theirs):
        await opened.close()


@pytest.mark.parametrize("what", ["body", "leaf_hash"])
async def test_an_entry_that_does_not_fit_its_hash_is_neither_exported_nor_signed(
    store: SqlStore, tmp_path: Path, what: str
) -> None:
    await grow(store, "one", "two", "three")
    value = hashlib.sha256(b"").digest() if what == "leaf_hash" else b'{"type":"another"}'
    await change(store, entry.c.position == 1, entry, **{what: value})
    checkpoints = Checkpoints(store, SIGNER, CheckpointFile(tmp_path))
    damaged = r"Entry 1 of the record .*`forum record check`"
    with pytest.raises(RecordDamaged, match=damaged):
        await signed(checkpoints)
    with pytest.raises(RecordDamaged, match=damaged):
        await export(checkpoints)
    with pytest.raises(RecordDamaged, match=damaged):
        await checkpoints.accept_restore(CLOCK)
    assert await remembered(store, tmp_path) == (None, None)


async def test_an_entry_that_is_gone_from_the_middle_is_told(store: SqlStore, tmp_path: Path) -> None:
    await grow(store, "one", "two", "three")
    await delete(store, entry.c.position == 1, entry)
    with pytest.raises(RecordDamaged, match="Entry 1 of the record"):
        await signed(Checkpoints(store, SIGNER, CheckpointFile(tmp_path)))
