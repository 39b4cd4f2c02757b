"""No list of ids is too long for a database: as many as a large record or room may bring, in every query that takes
some."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest

from forum.errors import IllegalMove
from forum.ports import Store, Work
from forum.ports.record import Disclosure
from forum.record.verify.merkle_tree import leaf_hash
from forum.stories.moderation import ReportAnswer

Ask: TypeAlias = Callable[[Work], Awaitable[Any]]
# More than SQLite takes parameters (32,766), and than PostgreSQL's driver does (32,767).
IDS = [f"{number:032x}" for number in range(40_000)]
QUERIES: dict[str, Ask] = {
    "naming": lambda work: work.record.naming(IDS),
    "entries_at": lambda work: work.record.entries_at(range(len(IDS))),
    "disclosures": lambda work: work.record.disclosures(IDS),
    "titles": lambda work: work.commissions.titles(IDS),
    "some_commissions": lambda work: work.commissions.some_commissions(IDS),
    "some_commitments": lambda work: work.decisions.some_commitments(IDS),
    "heads": lambda work: work.decisions.heads(IDS),
    "latest_of": lambda work: work.programmes.latest_of(IDS),
    "pledges_on": lambda work: work.proposals.pledges_on(IDS),
    "some": lambda work: work.rounds.some(IDS),
    "of_all": lambda work: work.rounds.of_all(IDS),
    "voted": lambda work: work.rounds.voted(IDS),
    "ballots_by": lambda work: work.rounds.ballots_by("nobody", IDS),
    "suggested": lambda work: work.rights.suggested(IDS),
}
CHANGES: dict[str, Ask] = {
    "withdraw": lambda work: work.record.withdraw(IDS, "2026-03-01T08:00:00.000Z"),
    "drop_versions": lambda work: work.drafts.drop_versions("no story", range(len(IDS))),
    "erase_marked": lambda work: work.rights.erase_marked(IDS),
}


async def test_every_query_takes_as_many_ids_as_there_are(store: Store) -> None:
    bodies = [b'{"first":"%s"}' % IDS[0].encode(), b'{"last":"%s"}' % IDS[-1].encode(), b'{"none":1}']
    async with store.begin() as work:
        for number, body in enumerate(bodies):
            await work.record.append(number, "", body, leaf_hash(body))
        await work.record.add_disclosures([Disclosure(IDS[-1], 1, "", "words")])
    async with store.read() as work:
        found = {name: await ask(work) for name, ask in QUERIES.items()}
    assert [stored.index for stored in found.pop("naming")] == [0, 1]
    assert [stored.index for stored in found.pop("entries_at")] == [0, 1, 2]
    assert [one.digest for one in found.pop("disclosures")] == [IDS[-1]]
    assert set(found.pop("voted").values()) <= {0}
    assert set(map(len, found.pop("of_all").values())) <= {0}
    assert not any(found.values()), found
    async with store.begin() as work:
        changed = {name: await ask(work) for name, ask in CHANGES.items()}
    assert changed == {"withdraw": [IDS[-1]], "drop_versions": None, "erase_marked": 0}
    with pytest.raises(IllegalMove):
        async with store.begin() as work:
            await work.moderation.answer_reports("no story", IDS, ReportAnswer.KEPT, "2026-03-01T08:00:00.000Z")


async def test_nothing_is_named_by_no_id(store: Store) -> None:
    async with store.read() as work:
        assert await work.record.naming([]) == []
