"""The ledger of promises: a page of it, read as the rows are now. Only what is shown is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from forum.ports import Work
from forum.ports.promises import Place, Sought
from forum.services.commitments import Promise


async def found(work: Work, sought: Sought, today: str, start: int = 0, most: int = 25) -> list[Promise]:
    """Returns the promises that were sought on the day `today` (ISO), from the one at `start`: overdue ones first."""
    return await _as_now(work, await work.promises.find_promises(sought, today, start, most))


async def newest(work: Work, commission: str, most: int) -> list[Promise]:
    """Returns the promises of a commission, or for "" of all but rehearsals, with the newest news."""
    return await _as_now(work, await work.promises.newest_promises(commission, most))


async def _as_now(work: Work, places: Sequence[Place]) -> list[Promise]:
    if not places:
        return []
    made = {one.id: one for one in await work.decisions.some_commitments({one.commitment for one in places})}
    decisions = {one.id: one for one in await work.decisions.heads({one.decision for one in places})}
    of = {one.id: one for one in await work.commissions.some_commissions({one.commission for one in places})}
    return [
        Promise(
            made[one.commitment],
            replace(decisions[one.decision], commitments=(made[one.commitment],)),
            of[one.commission],
        )
        for one in places
    ]
