"""Response rates: for each deciding body how many votes it answered in time, from the entries of the record alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

import msgspec

from forum.ports import Store, Work
from forum.record.verify.answers_due import VoteDue
from forum.record.verify.disclosures import open_disclosure
from forum.services.record_cache import kept
from forum.voting.answer_due import ResponseRate

# Votes that are looked at before others have their turn.
_PIECE = 200
# Latest results that are kept: by the size of the record and the day.
_MOST_KEPT = 2


class BodyRate(msgspec.Struct, frozen=True):
    """A deciding body by its name, as commissions declare it, and its votes on a day: `due` that were answered or whose
    day is past, `in_time` of these, `late` that are not answered though their day is past, and `waiting` all others.

    `commissions` are the ids of those with a vote that waits or is late, with how many.
    """

    name: str
    due: int
    in_time: int
    late: int
    waiting: int
    commissions: tuple[tuple[str, int], ...]


class Rates(msgspec.Struct, frozen=True):
    """Rates of all deciding bodies, by name."""

    bodies: tuple[BodyRate, ...]


async def of_bodies(work: Work, store: Store, today: str) -> tuple[BodyRate, ...]:
    """Returns the response rate of each deciding body over all commissions on the day `today` (ISO), those with late
    answers first. Rehearsals and demonstrations are left out. Raises RecordDamaged."""
    size = await work.record.size()

    async def made() -> Rates:
        votes = (await kept(store).contents_of(work, size)).answers.due()
        return await _rates(work, [one for one in votes if not one.opened.get("demonstration")], today)

    return (await work.remembered.of(Rates, _MOST_KEPT, (size, today), made)).bodies


async def _rates(work: Work, votes: list[VoteDue], today: str) -> Rates:
    digests = {one.decides["sd"] for one in votes if isinstance(one.decides, dict)}
    disclosed = await work.record.disclosures(sorted(digests)) if digests else []
    words = {one.digest: str(open_disclosure(one.encoded)[2]) for one in disclosed if one.encoded is not None}
    counts: dict[str, Counter[str]] = {}
    open_: dict[str, Counter[str]] = {}
    for number, vote in enumerate(votes, 1):
        name = vote.decides if isinstance(vote.decides, str) else words.get(vote.decides["sd"], "")
        late, of = vote.days_late(today) > 0, counts.setdefault(name, Counter())
        of["due"] += late or vote.answer is not None
        of["in time"] += not late and vote.answer is not None
        if vote.answer is None:
            of["late" if today > vote.due_on else "waiting"] += 1
            open_.setdefault(name, Counter())[vote.opened["commission"]] += 1
        if number % _PIECE == 0:
            await asyncio.sleep(0)
    bodies = [
        BodyRate(name, of["due"], of["in time"], of["late"], of["waiting"], tuple(open_.get(name, Counter()).items()))
        for name, of in counts.items()
    ]
    return Rates(tuple(sorted(bodies, key=lambda one: (-one.late, one.name.casefold(), one.name))))


def of_votes(votes: Iterable[VoteDue], today: str) -> ResponseRate:
    """Returns the share of these votes that were answered in time, on the day `today` (ISO); as `response_rate` of
    voting/answer_due.py does for rows of the database."""
    late = [(one, one.days_late(today) > 0) for one in votes]
    counted = [was_late for one, was_late in late if one.answer is not None or was_late]
    return ResponseRate(counted.count(False), len(counted))
