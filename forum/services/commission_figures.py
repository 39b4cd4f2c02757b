"""Figures of a commission over all its sessions: how many came and voted, from what was made public already.

People of a small group are never told apart: who voted is added up from the rows of published results alone, and a
number of people below the threshold is left out.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import msgspec

from forum.ports import Work
from forum.record.verify.disclosures import open_disclosure
from forum.record.verify.verdict import RecordError
from forum.services.timelines import Step
from forum.sessions.session import LiveSession
from forum.voting.commission import Commission
from forum.voting.small_numbers import people_outside

_PIECE = 50  # results that are read before others have their turn
_MOST_KEPT = 64  # commissions whose figures are kept


class Figures(msgspec.Struct, frozen=True):
    """Figures of a commission. `came` is how many people came to its sessions that are over, in all, None where fewer
    than the threshold came to one; `over` how many sessions that are. `votes` are those whose result was shown, and
    `voted` has for each label of published rows how many ballots there were, at most in one vote of each session,
    added up: somebody who came to two sessions counts twice."""

    over: int
    came: int | None
    votes: int
    voted: tuple[tuple[str, int], ...]


async def figures_of(work: Work, of: Commission, sessions: Sequence[LiveSession], steps: Sequence[Step]) -> Figures:
    """Returns the figures of a commission with these sessions; `steps` is its timeline. Results are read once for each
    state of its record."""
    over = [one.id for one in sessions if one.recorded and not one.rehearsal and one.ended and one.opened_at]
    joined = await work.sessions.came(over)
    came = [people_who_came(joined.get(id_, 0), of) for id_ in over]
    shown = [one.index for one in steps if one.kind == "vote"]

    async def made() -> Figures:
        voted, votes = await _voted(work, shown)
        return Figures(0, None, votes, voted)

    kept = await work.remembered.of(Figures, _MOST_KEPT, (of.id, len(steps), steps[-1].index if steps else -1), made)
    total = None if None in came else sum(n for n in came if n is not None)
    return Figures(len(over), total, kept.votes, kept.voted)


def people_who_came(n: int, of: Commission) -> int | None:
    """Returns how many people came to a session as pages outside the room tell it, None where they do not."""
    if n == 0:
        return 0
    if of.small_numbers:
        return people_outside(n, of.threshold)
    return n if n >= of.threshold else None


async def _voted(work: Work, shown: Sequence[int]) -> tuple[tuple[tuple[str, int], ...], int]:
    most: dict[tuple[str, str], int] = {}
    votes = 0
    for start in range(0, len(shown), _PIECE):
        entries = [json.loads(one.body) for one in await work.record.entries_at(shown[start : start + _PIECE])]
        results = {one["result"]["sd"]: one for one in entries if "sd" in one.get("result", {})}
        found = await work.record.disclosures(sorted(results)) if results else []
        told = [(results[one.digest], _opened(one.encoded)) for one in found if one.encoded is not None]
        told += [
            (one, one["result"]) for one in entries if one["type"] == "round revealed" and "sd" not in one["result"]
        ]
        for entry, result in told:
            votes += 1
            for row in (result or {}).get("by_group") or ():
                key = (entry["session"], row["label"])
                most[key] = max(most.get(key, 0), row["n"] or 0)
        await asyncio.sleep(0)
    voted: dict[str, int] = {}
    for (_session, label), n in most.items():
        voted[label] = voted.get(label, 0) + n
    return tuple(voted.items()), votes


def _opened(encoded: str) -> dict[str, Any] | None:
    try:
        value: dict[str, Any] = open_disclosure(encoded)[2]
    except RecordError:
        return None  # the pages that show the result tell of it
    return value
