"""`forum doctor` and `forum upgrade --check`: each thing that is not right is told, with what to do."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import Database
from support.factories import SetClock, a_commission, append_entries
from support.identity_provider import CLIENT, SECRET, a_provider
from support.smtp_server import PostOffice

from forum import store as stores
from forum.__main__ import main
from forum.adapters import known_record
from forum.adapters.backups import ERROR
from forum.cli import doctor, make_folder, opened, settings_for, signer_of
from forum.settings import Settings


async def filled(settings: Settings) -> None:
    """Makes data with two entries."""
    make_folder(settings.data)
    await stores.migrate(settings.database_url)
    store = await stores.open_store(settings.database_url)
    await signer_of(store, settings)
    async with store.begin() as work:
        await append_entries(work, a_commission(), 2)
    await known_record.accept(store, settings.data)
    await store.close()
    if settings.database_url.startswith("sqlite"):
        stores.file_of(settings.database_url).chmod(0o600)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doctor") / "data"
    asyncio.run(filled(settings_for(folder)))
    return folder


@pytest.fixture
def data(whole: Path, tmp_path: Path) -> Path:
    """Makes data of the test's own."""
    return Path(shutil.copytree(whole, tmp_path / "data"))


def looked(data: Path, **env: str) -> tuple[int, dict[str, tuple[str, str]]]:
    done = CliRunner().invoke(main, ["doctor", "--data", str(data), "--json"], env=env, catch_exceptions=False)
    return done.exit_code, {one["what"]: (one["state"], one["says"]) for one in json.loads(done.stdout)}


def test_what_is_well_is_told_in_a_line_each(data: Path) -> None:
    before = {path: path.read_bytes() for path in data.iterdir() if path.is_file()}
    code, told = looked(data)
    assert (code, {state for state, _ in told.values()} - {"ok", "note"}) == (0, set())
    assert {"settings", "folder", "database", "record", "disk", "clock", "key", "mail", "proxy"} < set(told)
    assert told["record"][1].startswith("2 entries")
    assert {path: path.read_bytes() for path in data.iterdir() if path.is_file()} == before
    shown = CliRunner().invoke(main, ["doctor", "--data", str(data)])
    assert len(shown.stdout.splitlines()) == len(told)
    assert looked(data / "none")[0] == 0, "nothing is there yet, and nothing is wrong"


def no_key(data: Path) -> None:
    (data / "signing_key.pem").unlink()


def open_to_all(data: Path) -> None:
    (data / "signing_key.pem").chmod(0o644)


def shorter(data: Path) -> None:
    known_record.write(data, known_record.Head(9, "ab" * 32))


def damaged(data: Path) -> None:
    (data / "forum.db").write_bytes(b"no database" * 100)


def late(data: Path) -> None:
    folder = data.parent / "backups"
    folder.mkdir()
    old = datetime.now(UTC) - timedelta(days=3)
    (folder / f"forum-{old:%Y%m%dT%H%M%S}Z.zip").touch()
    (data / ERROR).write_text("the disk is full")


@pytest.mark.parametrize(
    ("spoil", "what", "says"),
    [
        (no_key, "key", "put it back from a backup"),
        (open_to_all, "folder", "can read signing_key.pem: chmod"),
        (shorter, "record", "it has 2 entries, but had 9"),
        (damaged, "database", "damaged. Put a backup in its place"),
        (late, "backups", "too old (the disk is full)"),
    ],
)
def test_what_is_wrong_with_data_is_to_be_mended(
    data: Path, spoil: Callable[[Path], None], what: str, says: str
) -> None:
    spoil(data)
    code, told = looked(data, FORUM_BACKUPS=str(data.parent / "backups"))
    assert (code, told[what][0], says in told[what][1]) == (1, "mend", True), told[what]


@pytest.mark.parametrize(
    ("env", "what", "says"),
    [
        ({"FORUM_PORT": "many"}, "settings", "FORUM_PORT must be a whole number"),
        ({"FORUM_PUBLIC_URL": "https://f.example", "FORUM_TRUSTED_PROXIES": "none"}, "proxy", "docs/proxy.md"),
    ],
)
def test_settings_that_cannot_work_are_to_be_mended(data: Path, env: dict[str, str], what: str, says: str) -> None:
    code, told = looked(data, **env)
    assert (code, told[what][0], says in told[what][1]) == (1, "mend", True), told[what]


def test_a_clock_that_is_behind_the_record_is_to_be_mended(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forum.cli.doctor.SystemClock", lambda: SetClock("2026-01-01T00:00:00.000Z"))
    code, told = looked(data)
    assert (code, told["clock"][0]) == (1, "mend")


async def test_the_mail_server_is_asked_and_gets_no_mail(data: Path) -> None:
    settings = {"FORUM_SMTP_FROM": "f@post.test", "FORUM_PUBLIC_URL": "http://f.example"}
    async with PostOffice() as post:
        code, told = await asyncio.to_thread(looked, data, FORUM_SMTP_URL=post.url, **settings)
        assert (code, told["mail"][0], post.tried, post.arrived) == (0, "ok", 0, [])
        url = post.url
    code, told = await asyncio.to_thread(looked, data, FORUM_SMTP_URL=url, **settings)
    assert (code, told["mail"][0]) == (1, "mend")


async def test_the_provider_of_single_sign_on_is_asked_for_its_keys(data: Path) -> None:
    settings = {"FORUM_OIDC_CLIENT_ID": CLIENT, "FORUM_OIDC_CLIENT_SECRET": SECRET, "FORUM_PUBLIC_URL": "http://f.test"}
    async with a_provider() as provider:
        settings["FORUM_OIDC_ISSUER"] = provider.issuer
        code, told = await asyncio.to_thread(looked, data, **settings)
        assert (code, told["sign-on"][0]) == (0, "ok")
        assert "keys: 1; it must know http://f.test/sign-in/provider/back" in told["sign-on"][1]
    code, told = await asyncio.to_thread(looked, data, **settings)
    assert (code, told["sign-on"][0]) == (1, "mend")


async def test_a_postgresql_is_looked_over_too(tmp_path: Path, postgres_database: Database) -> None:
    await filled(Settings.load({"FORUM_DATA": str(tmp_path), "FORUM_DATABASE_URL": postgres_database.url}))
    code, told = await asyncio.to_thread(looked, tmp_path, FORUM_DATABASE_URL=postgres_database.url)
    assert (code, told["database"][0], "PostgreSQL" in told["database"][1]) == (0, "ok", True), told
    code, told = await asyncio.to_thread(looked, tmp_path, FORUM_DATABASE_URL=postgres_database.url + "none")
    assert (code, told["database"][0]) == (1, "mend")


def test_an_upgrade_names_its_migrations_and_wants_a_backup(data: Path, tmp_path: Path) -> None:
    def check(**env: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["upgrade", "--check", "--data", str(data)], env=env)
        return done.exit_code, done.output

    assert check()[0] == 0
    newest, before = stores.revisions()[:2]
    with closing(sqlite3.connect(data / "forum.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (before,))
    code, said = check()
    assert (code, f"{newest}: " in said, "FORUM_BACKUPS is not set" in said) == (1, True, True)
    assert looked(data)[1]["database"][0] == "note"
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / f"forum-{datetime.now(UTC):%Y%m%dT%H%M%S}Z.zip").touch()
    assert check(FORUM_BACKUPS=str(folder))[0] == 0


def test_somebody_who_writes_is_not_to_be_mended(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forum.store.condition._WAIT", 0.0)
    with closing(sqlite3.connect(data / "forum.db", isolation_level=None)) as first_start:
        first_start.execute("BEGIN IMMEDIATE")
        code, told = looked(data)
    assert (code, told["database"][0], "look again in a moment" in told["database"][1]) == (0, "note", True), told


async def test_a_database_is_its_owners_alone_from_its_first_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, tuple[str, str]]] = []
    migrated = stores.migrate

    async def migrate(url: str) -> None:
        with closing(sqlite3.connect(tmp_path / "data" / "forum.db", isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=wal")
            seen.append((await asyncio.to_thread(looked, tmp_path / "data"))[1])
        await migrated(url)

    monkeypatch.setattr(stores, "migrate", migrate)
    before = os.umask(0o022)
    try:
        async with opened(settings_for(tmp_path / "data"), make=True):
            pass
    finally:
        os.umask(before)
    assert [told["folder"][0] for told in seen] == ["ok"], seen


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Takes a library away, as where it was never installed."""

    def take(library: str) -> None:
        for name in [one for one in sys.modules if one.split(".")[0] == library or one in BESIDE[library]]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, library, None)

    return take


BESIDE = {"redis": {"forum.live.brokers.valkey"}, "authlib": {"forum.adapters.oidc"}, "asyncpg": set[str]()}
PROVIDER = {
    "FORUM_OIDC_ISSUER": "https://login.test",
    "FORUM_OIDC_CLIENT_ID": CLIENT,
    "FORUM_OIDC_CLIENT_SECRET": SECRET,
    "FORUM_PUBLIC_URL": "http://f.test",
}


@pytest.mark.parametrize(
    ("library", "env", "what", "says"),
    [
        ("redis", {"FORUM_BROKER_URL": "redis://127.0.0.1:1"}, "broker", "-m pip install '.[valkey]'"),
        ("authlib", PROVIDER, "sign-on", "-m pip install '.[oidc]'"),
        ("asyncpg", {"FORUM_DATABASE_URL": "postgresql+asyncpg://f@127.0.0.1:1/f"}, "database", "-m pip install ."),
    ],
)
def test_a_library_that_the_settings_need_is_missed_before_the_server_is(
    data: Path, without: Callable[[str], None], library: str, env: dict[str, str], what: str, says: str
) -> None:
    without(library)
    done = CliRunner().invoke(main, ["upgrade", "--check", "--data", str(data)], env=env)
    assert (done.exit_code != 0, says in done.output) == (True, True), done.output
    code, told = looked(data, **env)
    assert (code, told[what][0], says in told[what][1]) == (1, "mend", True), told


async def test_a_broker_that_nobody_reaches_is_to_be_mended(data: Path) -> None:
    code, told = await asyncio.to_thread(looked, data, FORUM_BROKER_URL="redis://u:secret@127.0.0.1:1")
    assert (code, told["broker"][0], "nobody answers (ConnectionError)" in told["broker"][1]) == (1, "mend", True), told
    assert "secret" not in str(told)


@pytest.mark.parametrize(
    ("module", "state", "says"),
    [
        (
            "typst",
            "mend",
            "typst (reports, posters and tickets to print). In the folder of Forum's source",
        ),
        ("PIL", "mend", "Pillow (pictures)"),
        ("authlib", "ok", "if you need it: pip install '.[oidc]' for single sign-on"),
    ],
)
def test_a_library_that_is_read_at_its_first_use_is_missed_before(
    data: Path, monkeypatch: pytest.MonkeyPatch, module: str, state: str, says: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    code, told = looked(data)
    assert (told["libraries"][0], says in told["libraries"][1]) == (state, True), told["libraries"]
    assert code == (state == "mend")


def test_every_library_that_is_read_at_its_first_use_is_looked_for_and_missed_in_words() -> None:
    """Those of a start are missed at the start."""
    at_the_start, without_words = {"alembic", "babel"}, list[str]()
    for path in Path(doctor.__file__).parents[1].rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            guarded = {
                one
                for block in ast.walk(function)
                if isinstance(block, ast.With) and "needed" in ast.unparse(block.items[0].context_expr)
                for one in ast.walk(block)
            }
            for one in ast.walk(function):
                names = [one.module or ""] if isinstance(one, ast.ImportFrom) else []
                names += [alias.name for alias in one.names] if isinstance(one, ast.Import) else []
                for name in {name.partition(".")[0] for name in names} - at_the_start - {"forum"}:
                    if name in sys.stdlib_module_names:
                        continue
                    assert name in doctor.LIBRARIES, f"{path}: {name}"
                    if one not in guarded and name != "httpx2":  # of that one an OSError is told
                        without_words.append(f"{path}: {name}")
    assert without_words == []
