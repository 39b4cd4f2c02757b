"""Entries of the record in words, as everybody may read them: without what was withdrawn or a moderator holds."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from forum.ports import Work
from forum.ports.record import StoredEntry
from forum.record.verify.disclosures import digests_in, open_disclosure
from forum.record.verify.verdict import RecordError
from forum.services.record_cache import Contents
from forum.web.i18n.gettext import gettext as _
from forum.web.words.entries import words_of
from forum.web.words.entry_words import EntryWords, References, rounds_of

# Entries that were read, by index: the facts of each, with the words beside it.
Read: TypeAlias = Mapping[int, tuple[dict[str, Any], References]]


async def read_entries(work: Work, contents: Contents, indexes: Collection[int]) -> Read:
    """Reads the entries at these indexes with the words beside them; indexes that do not exist are left out."""
    stored = await work.record.entries_at(indexes) if indexes else []
    return {facts["index"]: (facts, beside) for facts, beside in await with_words(work, contents, stored)}


async def in_words(
    work: Work, contents: Contents, stored: Sequence[StoredEntry]
) -> list[tuple[EntryWords, dict[str, Any]]]:
    """Returns each entry in words, with its facts. The words beside all of them are read together."""
    return [(words_of(facts, beside), facts) for facts, beside in await with_words(work, contents, stored)]


async def with_words(
    work: Work, contents: Contents, stored: Sequence[StoredEntry]
) -> list[tuple[dict[str, Any], References]]:
    """Returns the facts of each entry, its `index` among them, with the words beside it. The words beside all of them
    are read together."""
    facts = [json.loads(entry.body) for entry in stored]
    openings = [{r: contents.openings[r] for r in rounds_of(f) if r in contents.openings} for f in facts]
    digests = [
        {d for part in (f, *opened.values()) for d in digests_in(part)}
        for f, opened in zip(facts, openings, strict=True)
    ]
    words: dict[str, Any] = {}
    if wanted := sorted(set().union(*digests)):
        for disclosure in await work.record.disclosures(wanted):
            try:
                words[disclosure.digest] = open_disclosure(disclosure.encoded)[2] if disclosure.encoded else None
            except RecordError:
                words[disclosure.digest] = None  # the banner of the page tells of it
    held = contents.held.grounds
    beside = []
    for entry, f, opened, own in zip(stored, facts, openings, digests, strict=True):
        told = {digest: words[digest] for digest in own if digest in words}
        known = told | dict.fromkeys(told.keys() & held.keys(), _("[held back by a moderator]"))
        beside.append(({**f, "index": entry.index}, References(opened, known)))
    return beside
