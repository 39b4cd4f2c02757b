"""Checking a database before anything changes it, and bringing it up to date.

The check never writes: a damaged or newer database stays byte for byte as it is.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL

from forum.errors import StartupProblem, StoreUnavailable
from forum.store.engine import POSTGRESQL, SqlStore, engines, parse, transaction
from forum.store.errors import sqlstate
from forum.store.tables import metadata

_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = sa.table("alembic_version", sa.column("version_num", sa.Text))
_MIGRATION_LOCK = 0x6D696772


async def open_store(url: str) -> SqlStore:
    """Opens a database that is up to date. Raises StartupProblem, and changes nothing, where it is not."""
    await check(url)
    return engines(parse(url))


async def check(url: str) -> None:
    """Raises StartupProblem where the database at `url` does not exist, or is damaged, newer, older or not Forum's."""
    address = parse(url)
    revision = await _revision(address)
    if revision is None:
        raise StartupProblem(
            "There is no Forum database at %(place)s yet. Start the server once to make it.",
            place=place_of(address),
        )
    if revision != revisions()[0]:
        raise StartupProblem(
            "The database at %(place)s was made by an older Forum. Start the server once to bring it up to date.",
            place=place_of(address),
        )


async def revision_of(url: str) -> str | None:
    """Returns the revision of the database at `url`, None where it is empty or does not exist.

    Raises StartupProblem where it is damaged, newer or not Forum's, or cannot be reached.
    """
    return await _revision(parse(url))


@cache
def revisions() -> tuple[str, ...]:
    """Lists the revisions that this program knows, the newest first: they are the numbers of the migrations' files."""
    return tuple(sorted((file.name[1:5] for file in _MIGRATIONS.glob("versions/r*.py")), reverse=True))


def migrations_after(revision: str | None) -> list[str]:
    """Lists the migrations that bring a database of this revision up to date (None: an empty one), in their order:
    number and first line of each."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    steps = list(ScriptDirectory(_MIGRATIONS).iterate_revisions("head", revision or "base"))
    return [f"{step.revision}: {step.doc}" for step in reversed(steps)]


async def migrate(url: str) -> None:
    """Makes the tables, or brings them up to date; several processes may call it at once.

    Raises StartupProblem where the database is damaged, newer or not Forum's, or cannot be reached or written.
    """
    address = parse(url)
    if await _revision(address) == revisions()[0]:
        return
    store = engines(address)
    try:
        async with transaction(store.writer, reading=False) as link:
            if address.drivername == POSTGRESQL:
                # Makes a second process wait until the first has finished, as SQLite's BEGIN IMMEDIATE does.
                await link.rows(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            await link.connection.run_sync(upgrade)
    except StoreUnavailable as error:
        raise StartupProblem(
            "The database at %(place)s cannot be written. Is there room on the disk, and may Forum write there?",
            place=place_of(address),
        ) from error
    finally:
        await store.close()


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Brings the database of a connection to a revision, in the transaction that is open there."""
    # Here, as most starts find nothing to do: it takes a quarter of the time to serving.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


async def _revision(address: URL) -> str | None:
    """Returns the revision of a database, None where it is empty or does not exist. Raises StartupProblem where it is
    damaged, newer or not Forum's.
    """
    if address.drivername == POSTGRESQL:
        revision, ours = await _look_at_server(address)
    else:
        revision, ours = await asyncio.to_thread(_look_at_file, address)
    if revision is None and not ours:
        raise StartupProblem(
            "The database at %(place)s belongs to another program. Give Forum one of its own.",
            place=place_of(address),
        )
    if revision is not None and revision not in revisions():
        raise StartupProblem(
            "The database at %(place)s was made by a newer Forum. Install that version, or use another database.",
            place=place_of(address),
        )
    return revision


def _look_at_file(address: URL) -> tuple[str | None, bool]:
    """Returns the revision of a file, and whether it may be Forum's, as an empty or missing file may."""
    path = Path(str(address.database)).absolute()
    if not path.parent.is_dir():
        raise StartupProblem("There is no folder %(folder)s. Make it first.", folder=path.parent)
    if not path.exists() or (path.is_file() and path.stat().st_size == 0):
        return None, True
    # Without a write-ahead log no write is pending, and the file can be read without a lock. With one (another
    # process has it open, or was killed) the log must be read too, as any reader does.
    alone = not path.with_name(path.name + "-wal").exists()
    location = f"{path.as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
    try:
        with closing(sqlite3.connect(location, uri=True)) as connection:
            sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            versions = []
            if _VERSION.name in tables:
                versions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise StartupProblem(
                "The database %(path)s cannot be opened (%(why)s). May Forum read and write it?",
                path=path,
                why=str(error),
            ) from error
        sound = False
    if not sound:
        raise StartupProblem(
            "The database %(path)s is damaged. Put a backup in its place, or use another folder (--data).", path=path
        )
    if not os.access(path, os.W_OK):
        raise StartupProblem("The database %(path)s may not be written to. Change its permissions.", path=path)
    return (versions[0][0] if versions else None), not tables


async def _look_at_server(address: URL) -> tuple[str | None, bool]:
    store = engines(address)
    try:
        async with transaction(store.reader, reading=True) as link:
            tables = set(await link.connection.run_sync(lambda sync: sa.inspect(sync).get_table_names()))
            versions = await link.rows(sa.select(_VERSION)) if _VERSION.name in tables else []
            return (versions[0]["version_num"] if versions else None), not tables & metadata.tables.keys()
    except StoreUnavailable as error:
        raise StartupProblem(unreachable(error), place=place_of(address)) from error
    except TypeError as error:
        # The driver receives the options after the "?" as keyword arguments.
        raise unknown_option(address) from error
    finally:
        await store.close()


def unknown_option(address: URL) -> StartupProblem:
    """Returns the problem of an address with options, after its "?", that the driver does not know."""
    words = "FORUM_DATABASE_URL has an option that the database's driver does not know (%(options)s)."
    return StartupProblem(words, options=", ".join(address.query))


def unreachable(error: StoreUnavailable) -> str:
    """Returns the sentence for a database that refused a connection; it contains %(place)s."""
    cause = error.__cause__
    state = sqlstate(getattr(cause, "orig", None))
    if state == "3D000":
        return "The database at %(place)s does not exist. Make it first (createdb)."
    if state[:2] == "28":
        return "The database server at %(place)s did not accept this user and password."
    return "The database server at %(place)s cannot be reached. Is it running, and is FORUM_DATABASE_URL right?"


def place_of(address: URL) -> str:
    """Returns a database's file or address without its password."""
    if address.drivername == POSTGRESQL:
        return address.set(query={}).render_as_string(hide_password=True)
    return str(address.database)
