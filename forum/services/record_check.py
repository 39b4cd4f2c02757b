"""Holds the whole database against the record: entries, hashes, disclosures, and every row that pages are drawn from.

In pieces, each of them one snapshot and a few milliseconds, so that a running server votes on meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from forum.errors import CheckpointRefused, RecordDamaged
from forum.ports import Store, Work
from forum.ports.record import StoredEntry
from forum.record.verify import entry_shapes
from forum.record.verify.disclosures import digests_in
from forum.record.verify.encoding import parse_canonical
from forum.record.verify.key_entries import key_problems
from forum.record.verify.merkle_tree import leaf_hash
from forum.record.verify.verdict import RecordError
from forum.services.checkpoints import Checkpoints
from forum.services.record_cache import kept
from forum.services.record_known import Known
from forum.services.record_rows import unlike, unrecorded
from forum.services.row_differences import Unlike

PIECE = 50  # entries a step
Entry = dict[str, Any]


@dataclass(frozen=True)
class Finding:
    """A row that does not agree with the record: its table, its key, the column, what is there and what should be.

    `entry` is the index of the entry that says so, None for none. `there` and `should_be` may hold people's words.
    """

    table: str
    row: str
    column: str
    there: str
    should_be: str
    entry: int | None = None

    @property
    def place(self) -> str:
        """Returns the place without anybody's words, for a log."""
        told = "" if self.entry is None else f" (entry {self.entry})"
        return f"table {self.table}, row {self.row}, {self.column}{told}"

    def __str__(self) -> str:
        return f"{self.place}: is {self.there}, should be {self.should_be}"


@dataclass
class Progress:
    """How far a check has come: entries read, and entries and sessions held against their rows."""

    entries: int = 0
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)


async def check(checkpoints: Checkpoints) -> AsyncIterator[Progress]:
    """Checks everything; yields after each piece how far it is, at last with all findings. Raises StoreUnavailable."""
    store, told, known = checkpoints.store, Progress(), Known()
    while await _read_on(store, known, told):
        yield told
        await asyncio.sleep(0)
    at = 0
    while at < known.size:
        async with store.read() as work:
            # The rows of this snapshot may follow from entries that came since.
            await _catch_up(work, known, told)
            for stored in await work.record.unchecked(at, at + PIECE):
                entry = parsed(stored)
                if entry is not None:
                    findings = unlike(work, known, stored.index, entry)
                    told.findings += [Finding(*found, stored.index) async for found in findings]
        at += PIECE
        told.rows = at
        yield told
        await asyncio.sleep(0)
    async with store.read() as work:
        commissions = [one.id for one in await work.commissions.list_commissions()]
        sessions = [(of, live.id) for of in commissions for live in await work.sessions.list_sessions(of)]
    for commission, session in [*sessions, *((of, "") for of in commissions)]:
        async with store.read() as work:
            await _catch_up(work, known, told)
            told.findings += [Finding(*found) async for found in unrecorded(work, known, commission, session)]
        yield told
        await asyncio.sleep(0)
    if not told.findings:
        told.findings += [*await _signed(checkpoints), *await _heads(checkpoints, known)]
    yield told


async def _signed(checkpoints: Checkpoints) -> list[Finding]:
    try:
        await checkpoints.check()
    except (CheckpointRefused, RecordDamaged) as error:
        return [Finding("entry", "all", "leaf_hash", str(error), "what was signed")]
    return []


async def _heads(checkpoints: Checkpoints, known: Known) -> list[Finding]:
    """Holds the entries about the key and about restored backups against the key and the tree."""
    entries = [entry for _, entry in known.keys]
    found = []
    try:
        # Each signature takes some milliseconds.
        problems = await asyncio.to_thread(lambda: list(key_problems(entries, checkpoints.signer.verifier_key)))
    except RecordError as error:
        problems = [str(error)]
    if problems:
        at = known.keys[-1][0]
        found.append(Finding("entry", str(at), "body", "; ".join(problems), "the key, signed by the one before", at))
    if known.restored:
        async with checkpoints.store.read() as work:
            tree = await kept(checkpoints.store).tree_of(work, known.size)
        for at, entry in known.restored:
            head = {"size": at, "root": tree.root(at).hex()}
            if entry["after"] != head:
                found.append(Finding("entry", str(at), "body", str(entry["after"]), str(head), at))
    return found


async def _read_on(store: Store, known: Known, told: Progress) -> bool:
    """Reads the next piece of entries and their disclosures. Returns whether there was one."""
    async with store.read() as work:
        return await _piece(work, known, told)


async def _catch_up(work: Work, known: Known, told: Progress) -> None:
    while await _piece(work, known, told):
        pass


async def _piece(work: Work, known: Known, told: Progress) -> bool:
    size = await work.record.size()
    if known.size >= size:
        return False
    start, stop = known.size, min(known.size + PIECE, size)
    stored = {one.index: one for one in await work.record.unchecked(start, stop)}
    beside = {one.digest: one for one in await work.record.disclosures_of(start, stop)}
    for index in range(start, stop):
        if index not in stored:
            told.findings.append(Finding("entry", str(index), "position", "gone", "an entry", index))
            continue
        told.findings += (Finding(*found, index) for found in _entry(stored[index]))
        entry = parsed(stored[index])
        if entry is None:
            continue
        every = (known.past, known.cycle, known.answers)
        for problem in [problem for held in every for problem in held.problems(entry)]:
            told.findings.append(Finding("entry", str(index), "body", problem, "one that follows those before", index))
        known.take(index, entry)
        for digest in dict.fromkeys(digests_in(entry)):
            one = beside.pop(digest, None)
            if one is not None and one.entry != index:
                told.findings.append(Finding("disclosure", digest, "entry", str(one.entry), str(index), index))
    for digest, one in beside.items():
        told.findings.append(Finding("disclosure", digest, "entry", str(one.entry), "that of an entry that names it"))
    known.size = told.entries = stop
    return True


def parsed(stored: StoredEntry) -> Entry | None:
    """Returns an entry; None for one that is not in its canonical form, or does not fit its shape."""
    try:
        entry = parse_canonical(stored.body)
    except RecordError:
        return None
    return entry if not any(entry_shapes.misfits_of(entry)) else None


def _entry(stored: StoredEntry) -> Iterator[Unlike]:
    row = ("entry", str(stored.index))
    hashed = leaf_hash(stored.body)
    if hashed != stored.leaf_hash:
        yield *row, "leaf_hash", stored.leaf_hash.hex(), f"{hashed.hex()}, or the body another one"
    try:
        entry = parse_canonical(stored.body)
    except RecordError as error:
        yield *row, "body", str(error), "an entry in its canonical form"
        return
    for problem in entry_shapes.misfits_of(entry):
        yield *row, "body", problem, "an entry as its type is"
