"""Entries of the record as tests read them: with each result in the place of its digest."""

from __future__ import annotations

import json
from typing import Any

from forum.ports import Store
from forum.record.verify.rounds import result_of


async def entries_with_results(store: Store) -> list[dict[str, Any]]:
    """Reads every entry; the `result` of a "round revealed" is what was disclosed, None where it was withdrawn."""
    async with store.read() as work:
        found = [json.loads(entry.body) for entry in await work.record.entries()]
        words = {one.digest: one.encoded for one in await work.record.disclosures() if one.encoded is not None}
    for entry in found:
        if entry["type"] == "round revealed":
            entry["result"] = result_of(entry, words)
    return found
