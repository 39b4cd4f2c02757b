"""The ledger of promises, read whole once for each state of the record and day; a page reads anew only what it shows.

So that a page costs as much with thousands of promises as with ten, and yet shows the rows as they are now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from forum.ports import Work
from forum.services.commitments import Promise, in_order, promises_in

# Promises that are looked at before others have their turn.
_PIECE = 200
# Ledgers that are kept: that of today, and the one before it.
_MOST_KEPT = 2


@dataclass(frozen=True)
class Line:
    """A promise in the ledger as it was read with it, and all its words in one text, in small letters (casefold)."""

    promise: Promise
    words: str


@dataclass(frozen=True)
class Ledger:
    """All promises in the record, those of recorded rehearsals too, in their order on a day."""

    lines: tuple[Line, ...]

    def of(self, commission: str | None) -> list[Line]:
        """Returns the lines of one commission, or for None of every one that is no rehearsal."""
        if commission is None:
            return [one for one in self.lines if not one.promise.commission.rehearsal]
        return [one for one in self.lines if one.promise.commission.id == commission]


async def ledger_of(work: Work, today: str) -> Ledger:
    """Returns the ledger on the day `today` (ISO): overdue promises first. Every act on a promise is an entry, so it is
    the same as long as the record has as many."""
    size = await work.record.size()

    async def made() -> Ledger:
        commissions = {one.id: one for one in await work.commissions.list_commissions()}
        listed = in_order(promises_in(await work.decisions.list_decisions(), commissions), today)
        lines = []
        for number, one in enumerate(listed, 1):
            lines.append(Line(one, _words(one)))
            if number % _PIECE == 0:
                await asyncio.sleep(0)
        return Ledger(tuple(lines))

    return await work.remembered.of(Ledger, _MOST_KEPT, (size, today), made)


def _words(promise: Promise) -> str:
    one = promise.commitment
    texts = [one.what, one.role, one.answers, one.noticed, promise.commission.title]
    texts += [text for update in one.updates for text in (update.said, update.because, update.handed_to)]
    return "\n".join(texts).casefold()


async def as_now(work: Work, lines: Sequence[Line]) -> list[Promise]:
    """Returns these promises as they are in the database now, in this order; those that are gone are left out."""
    wanted = {line.promise.decision.id for line in lines}
    decisions = {one.id: one for one in await work.decisions.some_decisions(wanted)}
    now = []
    for line in lines:
        decision = decisions.get(line.promise.decision.id)
        made = decision.commitments if decision else ()
        found = next((one for one in made if one.id == line.promise.commitment.id), None)
        if decision is not None and found is not None:
            now.append(Promise(found, decision, line.promise.commission))
    return now
