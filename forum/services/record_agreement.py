"""Holds what a page is drawn from against the entries that tell of it: once for each thing as it is now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from forum.errors import RecordDamaged
from forum.ports import Store, Work
from forum.record.verify.disclosures import digests_in
from forum.services.record_cache import Contents, kept
from forum.services.record_check import Finding, parsed
from forum.services.record_known import Entry, Known, ReadAhead
from forum.services.record_rows import unlike
from forum.voting.commitment import Commitment
from forum.voting.decision import Decision

_PIECE = 20  # entries that are read at once
_AHEAD = 400  # entries that are read together, at most, before things are held against them
MOST_KEPT = 2000  # things as they were held against the record, with a few kB of what they were each


class Agreement(msgspec.Struct, frozen=True):
    """Findings from holding one thing against the entries that tell of it; none where it agrees."""

    findings: tuple[Finding, ...]


class _Ahead(msgspec.Struct, frozen=True):
    """Entries that were read together, by index, None for one that does not fit its shape; and what belongs to them."""

    entries: Mapping[int, Entry | None]
    read: ReadAhead


async def disagreements(work: Work, store: Store, drawn: Mapping[str, object]) -> list[Finding]:
    """Returns where things do not agree with the record, in the order of `drawn`.

    `drawn` has what a page shows of each thing, by the thing's id: of a session, a round, a story or a decision that
    must be in the record (of a decision without its commitments by `alone`); or by `acts_on` a story or `declared_of` a
    commission, which may not be. A thing that agreed
    is not read again while the same is shown of it and no entry came, until the check of the whole database forgets
    it; one that did not is read each time, so that it may be put right. Where an entry of the record itself is damaged,
    that alone is returned.
    """
    found: list[Finding] = []
    try:
        size = await work.record.size()
        contents = await kept(store).contents_of(work, size)
        # Another request may have read further than this one's snapshot reaches.
        about = {thing: [index for index in contents.about.get(thing, ()) if index < size] for thing in drawn}
        keys = {thing: repr((thing, about[thing], shown)) for thing, shown in drawn.items()}
        fresh = [thing for thing, key in keys.items() if not work.remembered.has(Agreement, key)]
        ahead = await _read_ahead(work, drawn, [index for thing in fresh for index in about[thing]])
        for number, thing in enumerate(drawn, 1):
            held = partial(_held, work, contents, size, thing, about[thing], ahead)
            agreed = await work.remembered.of(Agreement, MOST_KEPT, keys[thing], held)
            found += (await held()).findings if agreed.findings else ()
            if number % _PIECE == 0:
                await asyncio.sleep(0)
    except RecordDamaged as damaged:
        at = damaged.values.get("entry")
        index = at if isinstance(at, int) else None
        return [Finding("entry", str(at), "body", "other bytes", "those that were written", index)]
    return found


async def _read_ahead(work: Work, drawn: Mapping[str, object], indexes: Sequence[int]) -> _Ahead:
    """Reads the first of these entries and the words beside them, in two questions to the database however many there
    are; the rows of decisions and commitments are those that are drawn."""
    rows = {one.id: one for one in drawn.values() if isinstance(one, Decision | Commitment)}
    entries: dict[int, Entry | None] = {}
    digests: list[str] = []
    for number, stored in enumerate(await work.record.entries_at(indexes[:_AHEAD]) if indexes else (), 1):
        entry = entries[stored.index] = parsed(stored)
        digests += digests_in(entry) if entry is not None else ()
        if number % _PIECE == 0:
            await asyncio.sleep(0)
    there = {one.digest: one for one in await work.record.disclosures(digests)} if digests else {}
    return _Ahead(entries, ReadAhead({digest: there.get(digest) for digest in digests}, rows))


async def _held(
    work: Work, contents: Contents, size: int, thing: str, about: Sequence[int], ahead: _Ahead
) -> Agreement:
    if not about and " " not in thing:
        return Agreement((Finding("entry", thing, "id", "no entry", "one that tells of it"),))
    entries = []
    erased = {digest for digest, index in contents.erased.items() if index < size}
    known = Known(erased=erased, ahead=ahead.read, apart=" " not in thing)
    more = [index for index in about if index not in ahead.entries]
    read = {stored.index: parsed(stored) for stored in await work.record.entries_at(more)} if more else {}
    for index in about:
        entry = ahead.entries[index] if index in ahead.entries else read.get(index)
        entries.append((index, entry))
        # Of a commission with many sessions there may be thousands.
        if len(entries) % _PIECE == 0:
            await asyncio.sleep(0)
        if entry is not None:
            known.note(index, entry)
    found = []
    for index, entry in entries:
        if entry is None:
            found.append(Finding("entry", str(index), "body", "another shape", "an entry as its type is", index))
        else:
            found += [Finding(*one, index) async for one in unlike(work, known, index, entry)]
    return Agreement(tuple(found))
