"""Copies of a whole database at one moment, while others write; and what a database has in it, whatever its revision.

A copy is a SQLite file, whichever database it is of. SQLite writes it by VACUUM INTO: one read transaction, which holds
up nobody who writes ahead, and leaves out what was deleted. PostgreSQL is read in one snapshot (transfer.py).
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

import msgspec
import sqlalchemy as sa

from forum.errors import StartupProblem, StoreUnavailable
from forum.store import transfer
from forum.store.engine import POSTGRESQL, SQLITE, engines, parse, transaction
from forum.store.migrate import migrate, place_of, revision_of
from forum.store.tables import entry, fact
from forum.store.transfer import copy_in, copy_out

_WAIT = 60.0  # seconds for which a copy waits for a lock
_KEY = "signing_key"  # the fact that holds the name of the record's key


class Contents(msgspec.Struct, frozen=True):
    """A database's revision, and of its record the leaf hashes, the last entry ("" for none) and the key's name."""

    engine: str
    revision: str
    leaves: tuple[bytes, ...]
    last: bytes
    key: str


async def contents_of(url: str) -> Contents | None:
    """Reads what is in a database of any revision that this program knows; None where there is nothing.

    Raises StartupProblem where it is damaged, newer or another program's, or cannot be reached.
    """
    address = parse(url)
    revision = await revision_of(url)
    if revision is None:
        return None
    store = engines(address)
    try:
        async with transaction(store.reader, reading=True) as link:
            leaves = await link.rows(sa.select(entry.c.leaf_hash).order_by(entry.c.position))
            last = await link.rows(sa.select(entry.c.body).order_by(entry.c.position.desc()).limit(1))
            facts = {row["name"]: row["value"] for row in await link.rows(sa.select(fact))}
    finally:
        await store.close()
    if not leaves and not facts:
        return None  # tables alone, as a start that did not come to its end leaves them
    return Contents(
        engine=address.get_backend_name(),
        revision=revision,
        leaves=tuple(row["leaf_hash"] for row in leaves),
        last=last[0]["body"] if last else b"",
        key=facts.get(_KEY, ""),
    )


async def bodies_from(url: str, start: int) -> list[tuple[int, bytes]]:
    """Reads the record's entries from number `start` on, each with its number. Raises StoreUnavailable."""
    store = engines(parse(url))
    try:
        async with transaction(store.reader, reading=True) as link:
            wanted = sa.select(entry.c.position, entry.c.body).where(entry.c.position >= start)
            return [(row["position"], row["body"]) for row in await link.rows(wanted.order_by(entry.c.position))]
    finally:
        await store.close()


async def snapshot(url: str, file: Path) -> None:
    """Copies a database, as it is at one moment, into a new SQLite file. Raises StartupProblem where it cannot."""
    address = parse(url)
    if address.drivername == POSTGRESQL:
        revision = await revision_of(url)
        if revision is None:
            raise StartupProblem("There is nothing in the database at %(place)s.", place=place_of(address))
        try:
            await copy_out(address, revision, file)
        except StoreUnavailable as error:
            words = "The database at %(place)s could not be read to its end. Try again in a moment."
            raise StartupProblem(words, place=place_of(address)) from error
        return
    await asyncio.to_thread(_vacuum_into, file_of(url), file)


async def put_in(file: Path, url: str) -> None:
    """Puts the rows of a SQLite file in the place of those in a PostgreSQL database, whole or not at all. Its tables
    are made, or brought up to date, first. Raises StartupProblem where it cannot."""
    await migrate(url)
    try:
        await copy_in(file, parse(url))
    except StoreUnavailable as error:
        words = "The database at %(place)s could not take all of it, and is as it was. Try again in a moment."
        raise StartupProblem(words, place=place_of(parse(url))) from error


async def index_anew(file: Path) -> None:
    """Makes the index of the library's words anew in a SQLite file that came from PostgreSQL and is up to date."""
    await transfer.index_anew(sa.URL.create(SQLITE, database=str(file)))


def file_of(url: str) -> Path:
    """Returns the file of a SQLite database."""
    return Path(unquote(url.partition(":///")[2].partition("?")[0]))


def fold(file: Path) -> bool:
    """Brings what is in a SQLite database's log into its file; returns False where it cannot be, as in a damaged
    one. Nobody else may have it open."""
    try:
        with closing(sqlite3.connect(file, timeout=_WAIT)) as connection:
            [busy, *_] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error:
        return False
    return not busy


def _vacuum_into(source: Path, file: Path) -> None:
    try:
        there = f"{source.absolute().as_uri()}?mode=rw"  # and not made where there is none
        with closing(sqlite3.connect(there, timeout=_WAIT, isolation_level=None, uri=True)) as connection:
            connection.execute("VACUUM INTO ?", (str(file),))
    except sqlite3.Error as error:
        words = "The database %(place)s could not be copied: %(why)s."
        raise StartupProblem(words, place=source, why=str(error)) from error
