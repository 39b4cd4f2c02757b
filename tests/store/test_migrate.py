"""Opening and migrating databases: new ones, damaged ones, newer ones, somebody else's."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from conftest import Database
from support.app import a_sent_story
from support.databases import PostgresServer
from support.factories import a_commission

from forum.errors import StartupProblem
from forum.ports.record import PastCheckpoint
from forum.store import check, migrate, migrations, open_store, revisions
from forum.store.engine import engines, parse
from forum.store.library import INDEX
from forum.store.tables import fact, metadata
from forum.stories import scenario_twee, search_terms
from forum.stories.draft import Card, Draft
from forum.stories.search_terms import Offered, Wanted
from forum.stories.submission import Version, VersionKind


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Gives the address of a database without anything in it; the SQLite file does not exist yet."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'with space %41 é.db'}"
    return str(request.getfixturevalue("new_postgres"))


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Reads every file of a folder: its bytes, and when it was last changed."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


async def refused(url: str) -> str:
    """Checks that check, open_store and migrate refuse a database with the same one line, and gives it."""
    said = []
    for act in (check, open_store, migrate):
        with pytest.raises(StartupProblem) as problem:
            await act(url)
        said.append(str(problem.value))
    assert len(set(said)) == 1
    assert "\n" not in said[0]
    return said[0]


async def test_an_empty_database_is_not_opened_before_it_is_migrated(empty: str) -> None:
    with pytest.raises(StartupProblem, match="Start the server once to make it"):
        await open_store(empty)
    await migrate(empty)
    store = await open_store(empty)
    async with store.begin() as work:
        await work.facts.set_fact("made_by", "forum")
    await store.close()
    await migrate(empty)
    store = await open_store(empty)
    async with store.read() as work:
        assert await work.facts.get_fact("made_by") == "forum"
    await store.close()


async def test_several_may_migrate_at_once(empty: str) -> None:
    await asyncio.gather(*(migrate(empty) for _ in range(4)))
    await check(empty)


async def test_several_may_open_a_new_file_at_one_moment(tmp_path: Path) -> None:
    """SQLite does not wait by itself where another begins to write ahead: of four, one failed in every fifth file."""
    for number in range(12):
        stores = [engines(parse(f"sqlite+aiosqlite:///{tmp_path}/{number}.db")) for _ in range(6)]

        async def opened(store: Any) -> None:
            async with store.writer.connect():
                pass

        await asyncio.gather(*map(opened, stores))
        for store in stores:
            await store.close()


def of_both(name: str | None, kind: str, _: object) -> bool:
    """Tells whether a table is part of the one schema of both databases: all but the full-text index and its tables."""
    return kind != "table" or not str(name).startswith(INDEX)


async def test_the_migrations_make_the_tables_that_the_code_expects(database: Database) -> None:
    def differences(connection: sa.Connection) -> list[Any]:
        options = {"compare_type": True, "compare_server_default": True, "include_name": of_both}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    store = await open_store(database.url)
    async with store.writer.connect() as connection:
        assert await connection.run_sync(differences) == []
    await store.close()


def upgrade_to(url: str, revision: str, monkeypatch: pytest.MonkeyPatch) -> Awaitable[None]:
    """Brings a database to a revision of the past."""
    upgrade = command.upgrade
    monkeypatch.setattr(command, "upgrade", lambda config, _: upgrade(config, revision))
    return migrate(url)


async def test_stories_from_before_writers_were_asked_may_be_published_and_played(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        await upgrade_to(empty, "0001", patch)
    words = ("id", "title", "question", "stage", "created_at")
    row = dict.fromkeys(words, "c") | {"threshold": 5, "demonstration": False, "rehearsal": False}
    json = ("power", "groups", "support")
    commissions = sa.table("commission", *map(sa.column, row), *(sa.column(name, sa.JSON()) for name in json))
    names = ("title", "twee", "because", "submitted_at", "link")
    stories = sa.table("story", *map(sa.column, ("id", "commission", "status", "moderated_at", *names)))
    old = engines(parse(empty))
    async with old.writer.begin() as connection:
        await connection.execute(sa.insert(commissions), row | {name: [] for name in json})
        for status in ("accepted", "returned", "submitted"):
            story = {"id": status, "commission": "c", "status": status, "moderated_at": f"{status} at"}
            await connection.execute(sa.insert(stories), story | dict.fromkeys(names, "words"))
    await old.close()
    await migrate(empty)
    store = await open_store(empty)
    async with store.read() as work:
        found = {s.id: s for s in await work.stories.list_stories()}
    await store.close()
    assert {s.published_at for s in (found["returned"], found["submitted"])} == {""}
    assert found["accepted"].published_at == "accepted at"
    for one in found.values():
        assert (one.may_perform, one.may_publish, one.may_quote, one.withdrawn_at) == (True, True, False, "")
        assert one.twee == "words"


async def test_who_is_in_a_running_session_is_known_again_and_who_was_in_one_that_is_over_is_not(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        await upgrade_to(empty, "0013", patch)
    phone = "5e" * 32
    old = engines(parse(empty))
    async with old.writer.begin() as connection:

        async def put(table: str, **row: object) -> None:
            columns = [
                sa.column(name, sa.JSON() if isinstance(value, list | dict) else None) for name, value in row.items()
            ]
            await connection.execute(sa.insert(sa.table(table, *columns)), row)

        words = dict.fromkeys(("title", "question", "stage", "created_at"), "c")
        flags = dict.fromkeys(("demonstration", "rehearsal"), False)
        await put("commission", id="c", threshold=5, power={}, groups=[], support=[], **words, **flags)
        for name, ended, kind in (
            ("on", False, "room"),
            ("off", True, "room"),
            ("open", False, "asynchronous"),
            ("shown", False, "asynchronous"),
        ):
            more = dict.fromkeys(("paused", "rehearsal", "recorded"), False) | {"ended": ended, "kind": kind}
            about = {"title": name, "code": name, "projector": name, "opened_at": "", "version": 1}
            await put("session", id=name, commission="c", scenarios=[], cue={"kind": "welcome"}, **about, **more)
            await put("participant", id=f"in {name}", session=name, device=phone, joined_at="")
            await put("last_act", session=name, id=name, act="end", at="", changes={})
            times = dict.fromkeys(("created_at", "opened_at", "closed_at", "annulled_at", "annulled_because"), "")
            times |= {"revealed_at": "2026" if name == "shown" else ""}
            given = {
                "kind": "first vote",
                "question": "Who?",
                "state": "open",
                "closing_soon": False,
                "method": "single",
            }
            await put("round", id=f"of {name}", session=name, responses=[], **given, **times)
    await old.close()
    await migrate(empty)
    store = await open_store(empty)
    async with store.read() as work:
        found = {name: await work.sessions.participant(name, phone) for name in ("on", "off", "open", "shown")}
        undone = [name for name in found if await work.last_acts.get_last_act(name)]
    async with store.reader.connect() as link:
        kept = {row.device for row in await link.execute(sa.text("SELECT device FROM participant"))}
    await store.close()
    assert {name: one and one.id for name, one in found.items()} == {
        "on": "in on",
        "off": None,
        "open": "in open",
        "shown": None,
    }
    assert undone == ["on", "open"]
    assert phone not in kept
    assert len(kept) == 4


async def test_versions_of_a_story_from_before_they_were_differences_stay_as_they_are(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        await upgrade_to(empty, "0014", patch)
    drafts = [Draft(title="Night \u00e9", cards=(Card("a", "One", "First. " * n),)) for n in range(3)]
    old = engines(parse(empty))
    async with old.writer.begin() as connection:

        async def put(table: str, **row: object) -> None:
            columns = [sa.column(name, sa.JSON() if isinstance(row[name], list | dict) else None) for name in row]
            await connection.execute(sa.insert(sa.table(table, *columns)), row)

        words = dict.fromkeys(("title", "question", "stage", "created_at"), "c")
        await put(
            "commission",
            id="c",
            threshold=5,
            power={},
            groups=[],
            support=[],
            demonstration=False,
            rehearsal=False,
            **words,
        )
        told = dict.fromkeys(("title", "twee", "link", "because", "submitted_at", "moderated_at"), "")
        await put("story", id="s", commission="c", status="writing", **told)
        for number, draft in enumerate(drafts, 1):
            await put("version", story="s", number=number, at="2026", kind="written", words=draft.to_json(), by="me")
    await old.close()
    await migrate(empty)
    store = await open_store(empty)
    expected = [
        Version("s", number, "2026", VersionKind.WRITTEN, draft, "me") for number, draft in enumerate(drafts, 1)
    ]
    async with store.begin() as work:
        assert await work.drafts.versions("s") == expected
        assert await work.drafts.version("s", 2) == expected[1]
        new = Version("s", 4, "2027", VersionKind.WRITTEN, replace(drafts[0], title="Day"), "me")
        await work.drafts.put_version(new)
        await work.drafts.drop_versions("s", [3])
        assert await work.drafts.versions("s") == [*expected[:2], new]
    await store.close()


async def test_stories_accepted_before_there_was_a_library_are_in_it(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        await upgrade_to(empty, "0003", patch)
    # As the tables were then, whatever they are by now.
    json = ("power", "groups", "support")
    words = ("id", "title", "question", "stage", "threshold", "demonstration", "rehearsal", "created_at")
    commissions = sa.table("commission", *map(sa.column, words), *(sa.column(name, sa.JSON()) for name in json))
    commission = a_commission()
    about = msgspec.to_builtins(commission)
    story = {"commission": commission.id, "told_by": "g2", "because": "", "submitted_at": "", "moderated_at": ""}
    twee = a_sent_story("The third knock", happened="A neighbour knocks.", content_notes=("fear",)).story
    twee = replace(twee, told_by="Carers")
    rows = [
        story
        | {
            "id": status,
            "status": status,
            "title": f"Knock {status}",
            "twee": scenario_twee.write(twee),
            "link": status,
        }
        for status in ("accepted", "submitted", "returned")
    ]
    old = engines(parse(empty))
    async with old.writer.begin() as connection:
        await connection.execute(sa.insert(commissions), {name: about[name] for name in (*words, *json)})
        columns = [*rows[0]]
        names = ", ".join(f":{name}" for name in columns)
        await connection.execute(sa.text(f"INSERT INTO story ({', '.join(columns)}) VALUES ({names})"), rows)
        await connection.execute(sa.text("UPDATE story SET may_publish = (status = 'accepted')"))
    await old.close()
    await migrate(empty)
    store = await open_store(empty)
    async with store.read() as work:
        for typed in ("neighbour", "knock", "carers", ""):
            shelf = await work.library.find(Wanted(search_terms.read(typed)))
            assert [s.id for s in shelf.stories] == ["accepted"], typed
        assert shelf.told_by == {"accepted": "Carers"}
        assert await work.library.offered() == Offered(("Carers",), ("fear",))
    await store.close()


async def test_sessions_and_rounds_from_before_there_were_asynchronous_ones_were_in_a_room(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        await upgrade_to(empty, "0006", patch)
    words = ("title", "question", "stage", "created_at")
    commission = dict.fromkeys(words, "c") | {"id": "c", "threshold": 5, "demonstration": False, "rehearsal": False}
    flags = {"version": 1, "paused": False, "ended": False, "rehearsal": False, "recorded": True}
    session = dict.fromkeys(("id", "title", "code", "projector", "opened_at"), "s") | {"commission": "c"} | flags
    times = ("created_at", "opened_at", "closed_at", "revealed_at", "annulled_at", "annulled_because")
    asked = {"id": "r", "session": "s", "question": "Who?", "method": "single", "kind": "first vote", "state": "open"}
    rows: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("commission", commission, {name: [] for name in ("power", "groups", "support")}),
        ("session", session, {"scenarios": [], "cue": {"kind": "welcome"}}),
        ("round", dict.fromkeys(times, "") | asked | {"closing_soon": False}, {"responses": []}),
    ]
    old = engines(parse(empty))
    async with old.writer.begin() as connection:
        for name, row, json in rows:
            table = sa.table(name, *map(sa.column, row), *(sa.column(column, sa.JSON()) for column in json))
            await connection.execute(sa.insert(table), row | json)
    await old.close()
    await migrate(empty)
    store = await open_store(empty)
    async with store.read() as work:
        live = await work.sessions.session_by_code("s")
        [round_] = await work.rounds.list_rounds("s")
        assert await work.rounds.timed() == []
    await store.close()
    assert (live.kind, live.asynchronous) == ("room", False)
    assert (round_.closes_at, round_.extended_at) == ("", "")


async def test_commitments_from_before_they_had_a_time_were_made_when_their_entry_says_or_with_their_decision(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        await upgrade_to(empty, "0021", patch)
    words = dict.fromkeys(("title", "question", "stage", "created_at", "id"), "c")
    commission = words | {"threshold": 5, "demonstration": False, "rehearsal": False}
    decision = dict.fromkeys(("outcome", "rationale", "why", "dissent"), "deferred") | {"id": "d", "commission": "c"}
    promise = {"decision": "d", "role": "Trust", "what": "Two nurses", "by": "2027-03-31"}
    entry = {"commission": "c", "leaf_hash": b"", "position": 0}
    body = b'{"at":"2026-02-02","commitment":"later","type":"commitment"}'
    rows: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("commission", commission, {name: [] for name in ("power", "groups", "support")}),
        ("decision", decision | {"decided_at": "2026-01-01"}, {"rounds": []}),
        ("commitment", {"id": "at once"} | promise, {}),
        ("commitment", {"id": "later"} | promise, {}),
        ("entry", entry | {"body": b'{"at":"2026-01-01","type":"decision"}'}, {}),
        ("entry", entry | {"body": body, "position": 1}, {}),
    ]
    old = engines(parse(empty))
    async with old.writer.begin() as connection:
        for name, row, json in rows:
            table = sa.table(name, *map(sa.column, row), *(sa.column(column, sa.JSON()) for column in json))
            await connection.execute(sa.insert(table), row | json)
    await old.close()
    await migrate(empty)
    store = await open_store(empty)
    async with store.read() as work:
        promised = [await work.decisions.get_commitment(one) for one in ("at once", "later")]
    await store.close()
    assert [one.at for one in promised] == ["2026-01-01", "2026-02-02"]
    assert {(one.answers, one.noticed, one.updates) for one in promised} == {("", "", ())}


@pytest.mark.parametrize("known", ["forum-1\n3\nAAEC\n\n— forum-1 AAAA\n", "forum-1\n3"])
async def test_the_checkpoint_that_was_signed_last_is_the_first_of_those_that_are_kept(
    empty: str, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    with monkeypatch.context() as patch:
        await upgrade_to(empty, "0016", patch)
    old = engines(parse(empty))
    async with old.writer.begin() as connection:
        await connection.execute(sa.insert(fact).values(name="last_checkpoint", value=known))
    await old.close()
    await migrate(empty)
    store = await open_store(empty)
    async with store.read() as work:
        kept = await work.checkpoints.newest(0, 9)
    await store.close()
    assert kept == ([PastCheckpoint(3, "000102", known, "")] if "AAEC" in known else [])


async def test_a_newer_database_is_left_alone(empty: str, tmp_path: Path) -> None:
    await migrate(empty)
    store = await open_store(empty)
    async with store.writer.begin() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = 'of-2031'"))
    await store.close()
    before = files(tmp_path)
    assert "newer Forum" in await refused(empty)
    assert files(tmp_path) == before


async def test_an_older_database_is_not_opened_but_may_be_migrated(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = revisions()
    with monkeypatch.context() as patch:
        patch.setattr(import_module("forum.store.migrate"), "revisions", lambda: ("2031", *known))
        with pytest.raises(StartupProblem, match="older Forum"):
            await open_store(database.url)
    await migrate(database.url)
    await check(database.url)


def test_the_revisions_by_the_names_of_the_files_are_those_that_alembic_finds() -> None:
    folder = Path(migrations.__file__ or "").parent
    assert list(revisions()) == [one.revision for one in ScriptDirectory(folder).walk_revisions()]


async def test_another_programs_database_is_left_alone(empty: str, tmp_path: Path) -> None:
    store = engines(parse(empty))
    async with store.writer.begin() as connection:
        await connection.execute(sa.text("CREATE TABLE person (shoe_size integer)"))
    await store.close()
    before = files(tmp_path)
    assert "another program" in await refused(empty)
    assert files(tmp_path) == before


def overwrite(path: Path, at: int, what: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(what)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.write_bytes(b"PK\3\4" + bytes(5000)), id="another kind of file"),
        pytest.param(lambda path: overwrite(path, 0, b"SQLite format 4"), id="its first bytes"),
        pytest.param(lambda path: overwrite(path, 100, bytes(4000)), id="its first page"),
        pytest.param(lambda path: overwrite(path, path.stat().st_size - 4096, b"\xff" * 4096), id="its last page"),
        pytest.param(lambda path: overwrite(path, 20 * 4096, b"\xff" * 4096), id="a page in the middle"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:20_000]), id="cut short"),
    ],
)
async def test_a_damaged_file_is_left_alone(
    sqlite_database: Database, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    damage(Path(sqlite_database.name))
    before = files(tmp_path)
    assert "damaged" in await refused(sqlite_database.url)
    assert files(tmp_path) == before


async def test_looking_at_a_sound_file_leaves_no_trace(sqlite_database: Database, tmp_path: Path) -> None:
    before = files(tmp_path)
    await check(sqlite_database.url)
    await migrate(sqlite_database.url)
    assert files(tmp_path) == before


async def test_a_store_leaves_one_file_when_closed(sqlite_database: Database, tmp_path: Path) -> None:
    store = await open_store(sqlite_database.url)
    async with store.begin() as work:
        await work.facts.set_fact("made_by", "forum")
    async with store.read() as work:
        assert await work.facts.get_fact("made_by") == "forum"
    with closing(sqlite3.connect(sqlite_database.name)) as beside:
        assert beside.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    await store.close()
    assert files(tmp_path).keys() == {"forum.db"}


async def test_the_writer_waits_for_the_disk_and_keeps_foreign_keys(sqlite_database: Database) -> None:
    store = await open_store(sqlite_database.url)
    async with store.writer.connect() as connection:
        for pragma, value in (("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)):
            assert (await connection.exec_driver_sql(f"PRAGMA {pragma}")).scalar() == value
    await store.close()


KILLED = """
import asyncio, os, signal, sys
from forum.store import open_store

async def main():
    store = await open_store(sys.argv[1])
    async with store.begin() as work:
        await work.facts.set_fact("made_by", "forum")
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_what_a_killed_process_committed_is_there(sqlite_database: Database, tmp_path: Path) -> None:
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", KILLED, sqlite_database.url], check=False, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == -signal.SIGKILL
    assert files(tmp_path)["forum.db-wal"][0]
    store = await open_store(sqlite_database.url)
    async with store.read() as work:
        assert await work.facts.get_fact("made_by") == "forum"
    await store.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "not a database address"),
        ("mysql://localhost/forum", "mysql"),
        ("sqlite+aiosqlite:///:memory:", "must name a file"),
        ("sqlite+aiosqlite://", "must name a file"),
        ("sqlite+aiosqlite:////no/such/folder/forum.db", "no folder /no/such/folder"),
        ("postgresql+asyncpg://ada:secret@127.0.0.1:1/forum", "cannot be reached"),
    ],
)
async def test_an_address_that_leads_nowhere(url: str, says: str) -> None:
    said = await refused(url)
    assert says in said
    assert "secret" not in said


async def test_a_database_that_does_not_exist_on_its_server(postgres: PostgresServer) -> None:
    assert "createdb" in await refused(postgres.url("nowhere"))


async def test_a_folder_is_not_a_database(tmp_path: Path) -> None:
    (tmp_path / "forum.db").mkdir()
    assert "cannot be opened" in await refused(f"sqlite+aiosqlite:///{tmp_path / 'forum.db'}")
