"""Holds what a page is drawn from against the entries that tell of it: once for each thing as it is now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from forum.errors import RecordDamaged
from forum.ports import Store, Work
from forum.services.record_cache import Contents, kept
from forum.services.record_check import Finding, parsed
from forum.services.record_known import Known
from forum.services.record_rows import unlike

_PIECE = 20  # entries that are read at once
MOST_KEPT = 2000  # things as they were held against the record, with a few kB of what they were each


@dataclass(frozen=True)
class Agreement:
    """Findings from holding one thing against the entries that tell of it; none where it agrees."""

    findings: tuple[Finding, ...]


async def disagreements(work: Work, store: Store, drawn: Mapping[str, object]) -> list[Finding]:
    """Returns where things do not agree with the record, in the order of `drawn`.

    `drawn` has what a page shows of each thing, by the thing's id: of a session, a round, a story or a decision that
    must be in the record; or by `acts_on` a story or `declared_of` a commission, which may not be. A thing that agreed
    is not read again while the same is shown of it and no entry came, until the check of the whole database forgets
    it; one that did not is read each time, so that it may be put right. Where an entry of the record itself is damaged,
    that alone is returned.
    """
    found: list[Finding] = []
    try:
        size = await work.record.size()
        contents = await kept(store).contents_of(work, size)
        for thing, shown in drawn.items():
            # Another request may have read further than this one's snapshot reaches.
            about = [index for index in contents.about.get(thing, ()) if index < size]
            held = partial(_held, work, contents, size, thing, about)
            agreed = await work.remembered.of(Agreement, MOST_KEPT, (thing, about, shown), held)
            found += (await held()).findings if agreed.findings else ()
    except RecordDamaged as damaged:
        at = damaged.values.get("entry")
        index = at if isinstance(at, int) else None
        return [Finding("entry", str(at), "body", "other bytes", "those that were written", index)]
    return found


async def _held(work: Work, contents: Contents, size: int, thing: str, about: Sequence[int]) -> Agreement:
    if not about and " " not in thing:
        return Agreement((Finding("entry", thing, "id", "no entry", "one that tells of it"),))
    entries = []
    known = Known(erased={digest for digest, index in contents.erased.items() if index < size})
    for stored in await work.record.entries_at(about):
        index, entry = stored.index, parsed(stored)
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
