"""`forum backup` and `forum restore`: one moment, all of it, put back whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import sqlite3
import stat
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace

import httpx2
import pytest
import sqlalchemy as sa
from conftest import Database
from sqlalchemy.ext.asyncio import create_async_engine
from support.databases import PostgresServer
from support.factories import CLOCK, a_cast, a_room
from support.server_process import Serving, clean_environment, fingerprint, run_forum
from support.voted_session import LABELS, QUESTION, a_vote, required

from forum import store as stores
from forum.adapters.backup_file import Backup
from forum.adapters.signing_key import load_signer
from forum.cli import make_folder, settings_for, signer_of
from forum.errors import StartupProblem
from forum.ports import Store
from forum.record.verify.disclosures import open_disclosure
from forum.services import demonstration, record_entries
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.services.setting_values import sqlite_url
from forum.store import SqlStore, tables
from forum.store.migrate import upgrade
from forum.stories import search_terms
from forum.stories.search_terms import Wanted

Made = CompletedProcess[str]


@asynccontextmanager
async def opened(data: Path) -> AsyncIterator[Store]:
    """Opens the data of a folder, made where there is none, with its key tied to it."""
    settings = settings_for(data)
    make_folder(data)
    await stores.migrate(settings.database_url)
    store = await stores.open_store(settings.database_url)
    await signer_of(store, settings)
    try:
        yield store
    finally:
        await store.close()


async def vote(data: Path) -> None:
    async with opened(data) as store:
        await a_vote(store, declared=True)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Makes a folder with one vote in its record, its backup, and that folder one vote later."""
    folder = tmp_path_factory.mktemp("backup")
    asyncio.run(vote(folder / "data"))
    file = folder / "b.zip"
    done = run_forum("backup", file, "--data", folder / "data", "--json")
    assert done.returncode == 0, done.stderr
    shutil.copytree(folder / "data", folder / "later")
    asyncio.run(vote(folder / "later"))
    return SimpleNamespace(
        **json.loads(done.stdout) | {"data": folder / "data", "file": file, "later": folder / "later", "done": done}
    )


def restore(file: Path, data: Path, *options: str) -> Made:
    return run_forum("restore", file, "--data", data, *options)


def entries(database: Path) -> list[bytes]:
    with closing(sqlite3.connect(database)) as connection:
        return [row[0] for row in connection.execute("SELECT leaf_hash FROM entry ORDER BY position")]


def test_a_backup_is_private_says_what_is_in_it_and_is_never_written_over(house: SimpleNamespace) -> None:
    assert stat.S_IMODE(house.file.stat().st_mode) == 0o600
    assert house.entries == len(entries(house.data / "forum.db")) > 3
    assert "holds the signing key, and the words and votes of people" in house.done.stderr
    with zipfile.ZipFile(house.file) as packed:
        assert {"manifest.json", "forum.db", "signing_key.pem"} <= set(packed.namelist())
        assert packed.read("signing_key.pem") == (house.data / "signing_key.pem").read_bytes()
    before = house.file.read_bytes()
    again = run_forum("backup", house.file, "--data", house.data)
    assert (again.returncode, "never written over" in again.stderr) == (2, True)
    assert house.file.read_bytes() == before
    assert [path.name for path in house.file.parent.glob(".*")] == [], "nothing is left beside it"


def test_nothing_is_backed_up_where_there_is_nothing_or_the_key_is_gone(house: SimpleNamespace, tmp_path: Path) -> None:
    for data in (tmp_path / "none", tmp_path):
        none = run_forum("backup", tmp_path / "b.zip", "--data", data)
        assert (none.returncode, "There is no Forum data" in none.stderr) == (2, True)
    shutil.copytree(house.data, tmp_path / "keyless")
    (tmp_path / "keyless" / "signing_key.pem").unlink()
    keyless = run_forum("backup", tmp_path / "b.zip", "--data", tmp_path / "keyless")
    assert (keyless.returncode, "could not be served" in keyless.stderr) == (2, True)
    (tmp_path / "keyless" / "signing_key.pem").write_bytes(b"no key")
    damaged = run_forum("backup", tmp_path / "b.zip", "--data", tmp_path / "keyless")
    assert damaged.returncode == 2
    assert f"The signing key {tmp_path / 'keyless' / 'signing_key.pem'} is damaged." in damaged.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["keyless"]


def test_a_restored_house_has_the_same_record_and_serves(house: SimpleNamespace, tmp_path: Path) -> None:
    checked = restore(house.file, tmp_path / "new", "--check")
    assert (checked.returncode, "whole and agrees" in checked.stderr) == (0, True)
    assert not (tmp_path / "new").exists()
    done = restore(house.file, tmp_path / "new", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["root"] == house.root
    assert entries(tmp_path / "new" / "forum.db") == entries(house.data / "forum.db")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()} == {0o600}
    with Serving(tmp_path / "new", "--no-demo") as server:
        assert httpx2.get(f"{server.base}/healthz").status_code in (200, 404)
        shown = httpx2.get(f"{server.base}/record/checkpoint").text.splitlines()
        refused = restore(house.file, tmp_path / "new", "--replace", "--accept")
        assert (refused.returncode, "Another Forum serves" in refused.stderr) == (2, True)
        while_serving = run_forum("backup", tmp_path / "again.zip", "--data", tmp_path / "new", "--json")
        server.stop()
    assert int(shown[1]) == house.entries
    assert json.loads(while_serving.stdout)["root"] == house.root


def test_a_key_that_has_a_place_of_its_own_is_not_put_into_the_folder_too(
    house: SimpleNamespace, tmp_path: Path
) -> None:
    key = tmp_path / "secret.pem"
    shutil.copyfile(house.data / "signing_key.pem", key)
    env = clean_environment(FORUM_SIGNING_KEY_FILE=str(key))
    done = run_forum("restore", house.file, "--data", tmp_path / "new", "--json", env=env)
    assert (done.returncode, json.loads(done.stdout or "{}").get("root")) == (0, house.root), done.stderr
    assert not list((tmp_path / "new").glob("signing_key.pem*"))
    assert run_forum("record", "check", "--data", tmp_path / "new", env=env).returncode == 0


async def test_a_backup_in_a_burst_of_votes_has_each_that_was_counted_before_it(tmp_path: Path) -> None:
    counted: list[str] = []
    async with opened(tmp_path / "data") as store:
        live, people = await a_room(store, ("g1",) * 400, declared=True)
        desk = Desk(store, CLOCK)
        round_ = required((await cues.ask_question(desk, live.id, QUESTION, LABELS, none=True)).round)
        await facilitation.open_round(desk, live.id, round_.id)
        begun, ended = asyncio.Event(), asyncio.Event()

        async def burst() -> None:
            for person in people:
                async with store.begin(first=True) as work:
                    assert not (await work.rounds.cast([a_cast(round_.id, person)]))[0].refusal
                counted.append(person)
                if len(counted) == 20:
                    begun.set()
                if ended.is_set():
                    return

        votes = asyncio.create_task(burst())
        await begun.wait()
        before = list(counted)
        done = await asyncio.to_thread(run_forum, "backup", tmp_path / "b.zip", "--data", tmp_path / "data")
        ended.set()
        await votes
    assert done.returncode == 0, done.stderr
    assert restore(tmp_path / "b.zip", tmp_path / "new").returncode == 0
    with closing(sqlite3.connect(tmp_path / "new" / "forum.db")) as connection:
        held = [row[0] for row in connection.execute("SELECT participant FROM ballot")]
    assert set(before) <= set(held)
    assert sorted(held) == sorted(counted[: len(held)]), "one moment: no vote is in it without those before it"


def test_what_is_there_is_not_replaced_unasked_and_then_kept(house: SimpleNamespace, tmp_path: Path) -> None:
    data = Path(shutil.copytree(house.later, tmp_path / "data"))
    before, newer = fingerprint(data), entries(data / "forum.db")
    unasked = restore(house.file, data)
    assert (unasked.returncode, "add --replace" in unasked.stderr) == (2, True)
    lost = restore(house.file, data, "--replace")
    told = f"{len(newer) - house.entries} entries of the record that is there are not in the backup: numbers"
    assert (lost.returncode, told in lost.stderr) == (2, True)
    assert f"numbers {house.entries} to {len(newer) - 1}, the newest of 20" in lost.stderr
    assert fingerprint(data) == before, "nothing was touched"
    done = restore(house.file, data, "--replace", "--accept", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert entries(Path(facts["kept"]) / "forum.db") == newer
    now = entries(data / "forum.db")
    assert now[: house.entries] == newer[: house.entries]
    assert run_forum("record", "check", "--data", data).returncode == 0


def test_words_that_were_taken_back_since_are_told_to_be_there_again(house: SimpleNamespace, tmp_path: Path) -> None:
    data = Path(shutil.copytree(house.data, tmp_path / "data"))

    async def take_back() -> None:
        async with opened(data) as store, store.begin() as work:
            [first, *_] = await work.commissions.list_commissions()
            there = [one for one in await work.record.disclosures() if one.encoded]
            question = next(one.digest for one in there if open_disclosure(required(one.encoded))[1] == "question")
            assert await record_entries.erase(work, first, CLOCK.now(), [question]) is not None

    asyncio.run(take_back())
    refused = restore(house.file, data, "--replace")
    assert f"removed since would be there again (entry {house.entries})" in refused.stderr
    done = restore(house.file, data, "--replace", "--accept", "--json")
    assert json.loads(done.stdout)["back"] == [house.entries]
    assert f"are there again: entry {house.entries}" in done.stderr


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Gives the address of a database without anything in it."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "old" / "forum.db")
    return str(request.getfixturevalue("new_postgres"))


async def test_a_backup_of_an_older_version_is_brought_up_to_date(tmp_path: Path, empty: str) -> None:
    """The backup is made by this version, from a database that it has not brought up to date."""
    older = stores.revisions()[1]
    make_folder(tmp_path / "old")
    signer = load_signer(tmp_path / "old")
    engine = create_async_engine(empty)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade, older)
        await connection.execute(sa.insert(tables.fact).values(name="signing_key", value=signer.name))
    await engine.dispose()
    env = clean_environment(FORUM_DATABASE_URL=empty)
    file = tmp_path / "b.zip"
    done = await asyncio.to_thread(run_forum, "backup", file, "--data", tmp_path / "old", "--json", env=env)
    assert json.loads(done.stdout)["schema"] == older, done.stderr
    assert await stores.revision_of(empty) == older, "the old version may be serving"
    new = await asyncio.to_thread(restore, file, tmp_path / "new")
    assert new.returncode == 0, new.stderr
    assert await stores.revision_of(sqlite_url(tmp_path / "new" / "forum.db")) == stores.revisions()[0]


def test_the_record_says_that_it_went_back_where_the_folder_knew_more(house: SimpleNamespace, tmp_path: Path) -> None:
    data = Path(shutil.copytree(house.later, tmp_path / "data"))
    known = {"size": house.entries + 5, "leaf": "ab" * 32}
    (data / ".restoring-killed").mkdir()
    for path in data.glob("forum.db*"):
        path.unlink()
    (data / "record_known.json").write_text(json.dumps(known))
    refused = restore(house.file, data)
    assert (refused.returncode, f"had {house.entries + 5} entries" in refused.stderr) == (2, True)
    done = restore(house.file, data, "--accept", "--json")
    assert json.loads(done.stdout)["said"] == [house.entries]
    assert not (data / ".restoring-killed").exists(), "one that was killed leaves nothing for long"
    assert run_forum("record", "check", "--data", data).returncode == 0


def test_another_house_is_replaced_with_its_key_kept(house: SimpleNamespace, tmp_path: Path) -> None:
    asyncio.run(vote(tmp_path / "data"))
    other = (tmp_path / "data" / "signing_key.pem").read_bytes()
    assert "add --replace" in restore(house.file, tmp_path / "data").stderr
    done = restore(house.file, tmp_path / "data", "--replace", "--accept", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["said"] == [], "nothing is given up of the record that was restored"
    assert (Path(facts["kept"]) / "signing_key.pem").read_bytes() == other
    assert (tmp_path / "data" / "signing_key.pem").read_bytes() == (house.data / "signing_key.pem").read_bytes()
    assert entries(tmp_path / "data" / "forum.db") == entries(house.data / "forum.db")


def test_another_house_is_replaced_by_one_whose_key_is_given(house: SimpleNamespace, tmp_path: Path) -> None:
    asyncio.run(vote(tmp_path / "data"))
    other, there = (tmp_path / "data" / "signing_key.pem").read_bytes(), entries(tmp_path / "data" / "forum.db")
    key = tmp_path / "secret.pem"
    key.write_bytes(other)
    env, asked = clean_environment(FORUM_SIGNING_KEY_FILE=str(key)), ("--data", tmp_path / "data", "--replace")
    refused = run_forum("restore", house.file, *asked, "--accept", env=env)
    assert (refused.returncode, f"{key} (FORUM_SIGNING_KEY_FILE) has the signing key" in refused.stderr) == (2, True)
    assert f"the record in {house.file} is signed with {house.key}. Give that one" in refused.stderr
    assert ".restoring-" not in refused.stderr
    assert entries(tmp_path / "data" / "forum.db") == there
    assert not list((tmp_path / "data").glob("before-restore-*"))
    shutil.copyfile(house.data / "signing_key.pem", key)
    done = run_forum("restore", house.file, *asked, "--accept", "--json", env=env)
    assert done.returncode == 0, done.stderr
    assert (Path(json.loads(done.stdout)["kept"]) / "signing_key.pem").read_bytes() == other
    assert not list((tmp_path / "data").glob("signing_key.pem*"))
    assert entries(tmp_path / "data" / "forum.db") == entries(house.data / "forum.db")
    assert run_forum("record", "check", *asked[:2], env=env).returncode == 0


def a_byte_less(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def another_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def rewritten(change: Callable[[dict[str, bytes]], None]) -> Callable[[Path], None]:
    """Returns what writes a zip anew with other files in it."""

    def rewrite(file: Path) -> None:
        with zipfile.ZipFile(file) as packed:
            files = {name: packed.read(name) for name in packed.namelist()}
        change(files)
        with zipfile.ZipFile(file, "w") as packed:
            for name, content in files.items():
                packed.writestr(name, content)

    return rewrite


def said(**values: object) -> Callable[[Path], None]:
    """Returns what changes a backup's manifest."""

    def change(files: dict[str, bytes]) -> None:
        files["manifest.json"] = json.dumps(json.loads(files["manifest.json"]) | values).encode()

    return rewritten(change)


def with_another(name: str) -> Callable[[Path], None]:
    """Returns what puts another file into a backup, with its manifest right."""
    content = b"another one"

    def change(files: dict[str, bytes]) -> None:
        files[name], manifest = content, json.loads(files["manifest.json"])
        manifest["files"][name] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        files["manifest.json"] = json.dumps(manifest).encode()

    return rewritten(change)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (a_byte_less, "is no backup"),
        (another_byte, "is damaged"),
        (rewritten(lambda files: files.__delitem__("manifest.json")), "no manifest"),
        (rewritten(lambda files: files.update({"../evil": b"x"})), "does not have the files"),
        (rewritten(lambda files: files.update({"signing_key.pem": b"x"})), "signing_key.pem is damaged"),
        (said(format=2, program="9.9"), "newer Forum (9.9)"),
        (said(schema="9999", program="9.9"), "newer Forum (9.9)"),
        (said(root="00" * 32), "b.zip is not the one that the backup's manifest names"),
        (said(key="forum-00000000"), "b.zip is not that of its record. Nothing was restored: use another"),
        (with_another("signing_key.pem"), "b.zip is damaged. Nothing was restored: use another backup."),
        (with_another("forum.db"), "b.zip is damaged. Nothing was restored: use another backup."),
    ],
)
def test_a_backup_that_is_not_whole_touches_nothing(
    house: SimpleNamespace, tmp_path: Path, spoil: Callable[[Path], None], why: str
) -> None:
    file = Path(shutil.copyfile(house.file, tmp_path / "b.zip"))
    spoil(file)
    data = Path(shutil.copytree(house.data, tmp_path / "data"))
    before = fingerprint(data)
    done = restore(file, data, "--replace")
    assert (done.returncode, why in done.stderr) == (2, True), done.stderr
    assert ".restoring-" not in done.stderr, "nobody knows the folder in which it was unpacked"
    assert fingerprint(data) == before


@pytest.mark.parametrize("at", ["_next_key", "_put_file", "_finish", "_looked_at"])
def test_a_restore_that_is_interrupted_leaves_the_old_or_the_new_whole(
    house: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """At each step before the rename the old one is there; after it the new one, whose key comes with the next
    start."""
    from forum.cli import restore as command

    asyncio.run(vote(tmp_path / "data"))
    old = entries(tmp_path / "data" / "forum.db")
    real = getattr(command, at)

    async def later(*arguments: object, **options: object) -> object:
        if options.get("accept") is False:
            return await real(*arguments, **options)
        raise KeyboardInterrupt

    def now(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, at, later if at == "_looked_at" else now)
    settings = settings_for(tmp_path / "data")
    monkeypatch.setattr("forum.adapters.machine.hold", lambda _: None)  # it would be held until this process ends
    with Backup(house.file) as backup, pytest.raises(KeyboardInterrupt):
        asyncio.run(command._restored(settings, backup, instead=True, accept=True))
    wanted = old if at in ("_next_key", "_put_file") else entries(house.data / "forum.db")
    assert entries(tmp_path / "data" / "forum.db") == wanted
    assert not list((tmp_path / "data").glob(".restoring-*"))
    checked = run_forum("record", "check", "--data", tmp_path / "data")
    assert checked.returncode == 0, checked.stderr


def test_two_backups_of_one_folder_are_not_made_at_once(house: SimpleNamespace, tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    held = os.open(house.data / "signing_key.pem", os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = run_forum("backup", tmp_path / "b.zip", "--data", house.data)
    finally:
        os.close(held)
    assert (done.returncode, "Another backup" in done.stderr) == (2, True)


def test_a_disk_without_room_is_told_before_anything_is_written(
    house: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forum.cli import backup as command

    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10**6))
    with pytest.raises(StartupProblem, match=r"are needed for a while, 1\.0 MB are free"):
        asyncio.run(command._backed_up(settings_for(house.data), tmp_path / "b.zip"))
    assert list(tmp_path.iterdir()) == []


async def test_a_house_moves_to_postgresql_and_back_with_every_row(
    house: SimpleNamespace, tmp_path: Path, postgres: PostgresServer
) -> None:
    """From a SQLite file into an empty PostgreSQL, from there while votes come in, and back into a SQLite file."""
    name = await postgres.database()
    env = clean_environment(FORUM_DATABASE_URL=postgres.url(name))

    async def forum(*words: str | Path, env: dict[str, str] = env) -> Made:
        done = await asyncio.to_thread(run_forum, *words, env=env)
        assert done.returncode == 0, done.stderr
        return done

    done = await forum("restore", house.file, "--data", tmp_path / "pg", "--json")
    assert json.loads(done.stdout)["root"] == house.root
    await forum("record", "check", "--data", tmp_path / "pg")
    again = await asyncio.to_thread(run_forum, "restore", house.file, "--data", tmp_path / "pg", env=env)
    assert (again.returncode, "add --replace" in again.stderr) == (2, True)
    store = await stores.open_store(postgres.url(name))
    await a_vote(store, declared=True)  # with the numbers of the rows that were restored used up
    counted: list[int] = []
    begun, ended = asyncio.Event(), asyncio.Event()

    async def burst() -> None:
        while not ended.is_set():
            async with store.begin() as work:
                await work.facts.set_fact(f"burst {len(counted):05}", "x")
            counted.append(len(counted))
            if len(counted) == 20:
                begun.set()

    writes = asyncio.create_task(burst())
    await begun.wait()
    before = len(counted)
    made = json.loads((await forum("backup", tmp_path / "pg.zip", "--data", tmp_path / "pg", "--json")).stdout)
    ended.set()
    await writes
    assert (made["engine"], made["entries"] > house.entries) == ("postgresql", True)
    done = await forum("restore", tmp_path / "pg.zip", "--data", tmp_path / "file", "--json", env=clean_environment())
    back = json.loads(done.stdout)
    assert back["root"] == made["root"]
    with closing(sqlite3.connect(tmp_path / "file" / "forum.db")) as connection:
        held = [row[0] for row in connection.execute("SELECT name FROM fact WHERE name LIKE 'burst %' ORDER BY name")]
    assert len(held) >= before
    assert held == [f"burst {number:05}" for number in range(len(held))], "one moment"
    kept = json.loads(
        (await forum("restore", house.file, "--data", tmp_path / "pg", "--replace", "--accept", "--json")).stdout
    )
    assert len(entries(Path(kept["kept"]) / "forum.db")) == made["entries"]
    assert len(entries(tmp_path / "file" / "forum.db")) == made["entries"]
    async with store.read() as work:
        assert await work.facts.get_fact("burst 00001") is None
    await store.close()
    await forum("record", "check", "--data", tmp_path / "pg")
    await postgres.drop(name)


async def test_stories_are_found_in_the_library_after_a_move(
    tmp_path: Path, sqlite_store: SqlStore, postgres_database: Database, sqlite_database: Database
) -> None:
    await demonstration.load(sqlite_store, CLOCK)
    await stores.snapshot(sqlite_database.url, tmp_path / "copy.db")
    await stores.put_in(tmp_path / "copy.db", postgres_database.url)
    await stores.snapshot(postgres_database.url, tmp_path / "back.db")
    await stores.index_anew(tmp_path / "back.db")
    wanted = Wanted(search_terms.read("nurse"))
    found = []
    for url in (sqlite_database.url, postgres_database.url, sqlite_url(tmp_path / "back.db")):
        store = await stores.open_store(url)
        async with store.read() as work:
            found.append(sorted(one.id for one in (await work.library.find(wanted)).stories))
        await store.close()
    assert found[0]
    assert found == [found[0]] * 3
