"""The whole cycle of the worked example: made once, on an empty record, and all of it or nothing.

Its acts are those of people: each through its service, with its entries in the record, by a clock that goes through the
months before. So it must come before anything that happens today.
"""

from __future__ import annotations

from typing import Final

from forum.ports import Store
from forum.ports.clock import Clock
from forum.rehearsal.example import answers, is_wanted, promises, votes
from forum.rehearsal.example.commission import begun
from forum.rehearsal.example.one_unit import OneUnit
from forum.rehearsal.example.past_clock import PastClock

FACT: Final = "example"


async def make(store: Store, clock: Clock) -> None:
    """Makes the example where it `is_wanted`, in one unit of work: a crash leaves nothing of it, and the next start
    makes it."""
    async with store.begin() as work:
        if await is_wanted(work):
            await work.facts.set_fact(FACT, await _made(OneUnit(work), PastClock(clock.now())))


async def _made(store: OneUnit, clock: PastClock) -> str:
    """Lives the cycle through, day by day. Returns the id of its commission."""
    example = await begun(store, clock)
    first = await votes.first_day(example)
    tablets = await votes.from_home(example)
    on_night = await answers.on_the_first_night(example, first, promises.DAYS)
    on_tablets = await answers.on_the_tablets(example, tablets, promises.DAYS)
    await answers.beside_it(example, on_night)
    await promises.secured(example, on_night)
    card, visit, transport = on_night.commitments
    [packed] = on_tablets.commitments
    key = await promises.first_news(example, card, visit)
    agreement = await votes.second_day(example)
    await promises.kept(example, card, key)
    on_agreement = await answers.on_the_agreement(example, agreement)
    await promises.later_news(example, visit, transport, packed, on_agreement)
    return example.commission.id
