"""The signing key on disk, and what it signs."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from forum.adapters.signing_key import KEY_FILE, KeyPlace, load_signer
from forum.cli import change_key, signer_of
from forum.errors import StartupProblem
from forum.record.signing_key import check_with
from forum.record.verify import checkpoint, merkle_tree
from forum.record.verify.checkpoint import parse_checkpoint, parse_note, public_key_raw
from forum.record.verify.merkle_tree import leaf_hash
from forum.record.verify.verdict import RecordError
from forum.settings import Settings
from forum.store import SqlStore


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    data = tmp_path / "new"
    first = load_signer(data)
    assert (data / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in data.iterdir()] == [KEY_FILE]
    again = load_signer(data)
    assert (again.name, again.public_key_pem) == (first.name, first.public_key_pem)
    assert load_signer(tmp_path / "other").public_key_pem != first.public_key_pem


def test_many_who_start_at_once_end_with_one_key(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)
    keys: set[bytes] = set()

    def start() -> None:
        barrier.wait()
        keys.add(load_signer(tmp_path).public_key_pem)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def other_kind() -> bytes:
    return generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize("content", [b"", b"no key", other_kind()], ids=["empty", "words", "another kind"])
def test_a_damaged_key_is_said_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(StartupProblem, match="damaged"):
        load_signer(tmp_path)
    assert (tmp_path / KEY_FILE).read_bytes() == content


def test_a_key_that_cannot_be_read_or_made_is_said(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).mkdir()
    with pytest.raises(StartupProblem, match="Cannot use the signing key"):
        load_signer(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StartupProblem, match="Cannot use the signing key"):
        load_signer(tmp_path / "file")


def test_a_record_is_called_after_its_key_unless_named(tmp_path: Path) -> None:
    signer = load_signer(tmp_path)
    assert signer.name.startswith("forum-")
    assert len(signer.name) == len("forum-") + 8
    assert load_signer(tmp_path, "example.org/forum").name == "example.org/forum"


def test_a_checkpoint_is_a_note_signed_by_its_own_origin(tmp_path: Path) -> None:
    signer = load_signer(tmp_path)
    root = merkle_tree.root([leaf_hash(b"x")])
    note = parse_note(signer.checkpoint(1, root))
    assert parse_checkpoint(note.text) == (signer.name, 1, root)
    [(name, key_id, signature)] = note.signatures
    raw = public_key_raw(signer.public_key_pem)
    assert (name, key_id) == (signer.name, checkpoint.key_id(signer.name, raw))
    signed = check_with(signer.public_key_pem)
    assert signed(note.text, signature)
    assert not signed(note.text + b" ", signature)
    assert not signed(note.text, signature[:-1])
    assert not check_with(load_signer(tmp_path / "other").public_key_pem)(note.text, signature)


def test_only_an_ed25519_key_can_check() -> None:
    with pytest.raises(RecordError):
        check_with(b"-----BEGIN PUBLIC KEY-----\n")


def settings_for(data: Path, **env: str) -> Settings:
    return Settings.load({"FORUM_DATA": str(data), **env})


def test_a_key_that_is_given_is_read_and_the_folder_stays_as_it_is(tmp_path: Path) -> None:
    name = load_signer(tmp_path / "secret").name
    secret, folder = tmp_path / "secret" / KEY_FILE, tmp_path / "data"
    folder.mkdir()
    pem = secret.read_text("ascii")
    for given in (
        {"FORUM_SIGNING_KEY_FILE": str(secret)},
        {"FORUM_SIGNING_KEY": pem},
        {"FORUM_SIGNING_KEY": pem.replace("\n", "\\n")},
    ):
        place = KeyPlace.of(settings_for(folder, **given))
        assert (place.signer().name, place.name()) == (name, name)
        assert next(iter(given)) in place.told
        assert "PRIVATE" not in place.told
        assert list(folder.iterdir()) == []


def test_of_two_keys_none_is_taken(tmp_path: Path) -> None:
    load_signer(tmp_path / "secret")
    secret = tmp_path / "secret" / KEY_FILE
    with pytest.raises(StartupProblem, match="FORUM_SIGNING_KEY and FORUM_SIGNING_KEY_FILE are both set"):
        settings_for(tmp_path, FORUM_SIGNING_KEY="x", FORUM_SIGNING_KEY_FILE=str(secret))
    load_signer(tmp_path / "data")
    with pytest.raises(StartupProblem, match="There are two signing keys"):
        KeyPlace.of(settings_for(tmp_path / "data", FORUM_SIGNING_KEY_FILE=str(secret))).signer()
    shutil.copyfile(secret, tmp_path / "data" / KEY_FILE)
    KeyPlace.of(settings_for(tmp_path / "data", FORUM_SIGNING_KEY_FILE=str(secret))).signer()


def test_a_given_key_that_cannot_be_read_is_said_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(StartupProblem, match=r"Cannot read .*FORUM_SIGNING_KEY_FILE.*No such file"):
        KeyPlace.of(settings_for(tmp_path, FORUM_SIGNING_KEY_FILE=str(tmp_path / "none"))).signer()
    with pytest.raises(StartupProblem, match="The signing key FORUM_SIGNING_KEY is damaged"):
        KeyPlace.of(settings_for(tmp_path, FORUM_SIGNING_KEY="no key")).signer()


async def test_a_record_takes_no_other_key_that_is_given_and_is_not_changed_there(
    sqlite_store: SqlStore, tmp_path: Path
) -> None:
    for one in ("right", "wrong"):
        load_signer(tmp_path / one)
    right, wrong = (
        settings_for(tmp_path / "data", FORUM_SIGNING_KEY_FILE=str(tmp_path / one / KEY_FILE))
        for one in ("right", "wrong")
    )
    await signer_of(sqlite_store, right)
    with pytest.raises(StartupProblem, match=r"FORUM_SIGNING_KEY_FILE.* is not the key of this record"):
        await signer_of(sqlite_store, wrong)
    with pytest.raises(StartupProblem, match="where Forum changes nothing"):
        await change_key(sqlite_store, right)
