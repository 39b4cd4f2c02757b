"""The record as it was last known, kept beside the signing key: so that an older copy of the database, or an empty one,
is not served without a word.

A file holds how many entries there were and the last one's leaf hash. It is written a few seconds after the record has
grown, and at stop; never on the way of a vote, and never before the entries are on disk. So it may be some seconds
behind the database, and is never ahead of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from forum.adapters import machine
from forum.adapters.signing_key import KEY_FILE
from forum.errors import NotFound, StartupProblem, StoreUnavailable
from forum.ports import Store
from forum.services.periodic import Periodic

FILE = "record_known.json"
EVERY = 5.0  # seconds between two looks whether the record has grown

log = structlog.get_logger()


@dataclass(frozen=True)
class Head:
    """A record's `size`, and the leaf hash (hex) of its last entry, "" for none."""

    size: int
    leaf: str


async def head_of(store: Store, size: int | None = None) -> Head:
    """Reads the head of the record, or with a `size` the head that it had with so many entries. Raises NotFound where
    it has fewer."""
    async with store.read() as work:
        now = await work.record.size() if size is None else size
        return Head(now, (await work.record.entry(now - 1)).leaf_hash.hex() if now else "")


def read(data: Path) -> Head | None:
    """Reads the head last known in this folder, None for none. Raises StartupProblem for a file that is damaged."""
    path = data / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Head)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeError) as error:
        words = "%(path)s cannot be read. Put it back from a backup, or start once with `forum serve --accept`."
        raise StartupProblem(words, path=path) from error


def write(data: Path, head: Head) -> None:
    """Replaces the head last known in this folder, whole or not at all. Raises OSError."""
    machine.replace_file(data / FILE, msgspec.json.encode(head))


async def accept(store: Store, data: Path) -> None:
    """Takes the database's record as it is for the one last known in this folder. Raises OSError."""
    write(data, await head_of(store))


async def lost(store: Store, data: Path) -> int | None:
    """Returns how many entries the record last known in this folder had, where the database's is not that one, or that
    with more in it; None where it is, or nothing is known."""
    try:
        known = read(data)
    except StartupProblem:
        return None
    try:
        return None if known is None or await head_of(store, known.size) == known else known.size
    except NotFound:
        return known.size if known else None


async def check(store: Store, data: Path) -> None:
    """Raises StartupProblem, with what to do, where the database's record is not the one last known here, or that with
    more in it.

    To be called before this folder's key is tied to the database.
    """
    known = read(data)
    now = await head_of(store)
    if known is None or not known.size:
        if not now.size and (data / KEY_FILE).exists() and not await _signed(store):
            raise StartupProblem(
                "%(data)s has a signing key, but the database is empty. Put the database back from a backup; or, if it "
                "is to begin anew under this key, start once with `forum serve --accept`.",
                data=data,
            )
        return
    if now.size < known.size:
        raise StartupProblem(
            "The record has %(now)s entries, but it had %(known)s when it was last served from %(data)s: this is an "
            "older copy, or another database. Put the newest backup back; or, if this is meant, start once with "
            "`forum serve --accept`.",
            now=now.size,
            known=known.size,
            data=data,
        )
    if await head_of(store, known.size) != known:
        raise StartupProblem(
            "The record is another than the one that was last served from %(data)s: it differs at entry %(entry)s or "
            "before. Put the right database back; or, if this is meant, start once with `forum serve --accept`.",
            data=data,
            entry=known.size - 1,
        )


async def _signed(store: Store) -> bool:
    """Returns True where the database names the key that its record is signed with."""
    async with store.read() as work:
        return await work.facts.get_fact("signing_key") is not None


class Keeper:
    """Keeps what is known of the record up to date, for as long as this server runs."""

    def __init__(self, store: Store, data: Path, every: float = EVERY) -> None:
        self._store = store
        self._data = data
        self._kept: Head | None = None
        self._looks = Periodic(self.look, every, _failed)

    def start(self) -> None:
        """Starts the task that looks every `every` seconds."""
        self._looks.start()

    async def stop(self) -> None:
        """Ends the task, and keeps the head as it is now."""
        await self._looks.stop()
        await self.look()

    async def look(self) -> None:
        """Writes the head where the record has grown. Where the disk is full or the database away, logs one line; the
        next look tries again."""
        try:
            head = await head_of(self._store)
            if head != self._kept:
                await asyncio.to_thread(write, self._data, head)
                self._kept = head
        except (OSError, StoreUnavailable, NotFound) as error:
            log.warning("what is known of the record could not be kept", error=str(error))


def _failed(error: Exception) -> None:
    log.error("what is known of the record was not looked at", exc_info=error)
