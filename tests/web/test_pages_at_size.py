"""Pages that list things cost as much in a house four times as large: as many statements, and about as much to draw."""

from __future__ import annotations

import pytest
from support.app import House
from support.loop_watch import Asker
from support.many_rows import Sizes, fill
from support.statements import counted_statements
from support.voted_session import FIRST, SECOND, a_vote

from forum.services import permissions
from forum.store import SqlStore
from forum.web.cookies import SIGNED_IN

# More than a page of each, with the sessions of 25 votes.
FEW = Sizes(rounds=100, stories=60, queue=60, entries=300, decisions=60)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Collects the statements that the database is asked from now on."""
    return counted_statements(monkeypatch)


async def test_a_page_costs_as_much_in_a_house_four_times_as_large(house: House, asked: list[object]) -> None:
    assert isinstance(house.store, SqlStore)
    voted = await a_vote(house.store, FIRST, SECOND)
    async with house.store.read() as work:
        commission = await work.commissions.get_commission(voted.live.commission)
    shown, _key = await house.story(commission)
    shown = await house.moderated(shown, "accept")
    waiting, _key = await house.story(commission, "It waits")
    someone = Asker(house, f"{SIGNED_IN}={await house.session_token(await house.person('all', *permissions.ROLES))}")
    own = f"/commissions/{commission.id}"
    lists = ("/", "/commissions", "/stories", "/stories?words=story", "/moderation", "/promises", "/answers-due")
    record = ("/record", "/record/entries", f"/record?commission={commission.id}")
    work_pages = ("/moderate", "/moderate?page=2", "/decide", "/work", "/people", f"/organise{own}")
    pages = (own, f"{own}/feed.atom", f"/stories/{shown.id}", *lists, *record, *work_pages)

    async def cost() -> dict[str, tuple[int, int]]:
        found = {}
        for page in pages:
            for _ in range(2):  # what is drawn once is drawn the first time
                asked.clear()
                status, drawn = await someone.ask("GET", page)
                assert status == 200, page
            found[page] = len(asked), len(drawn)
        return found

    await fill(house.store, voted, shown, waiting, FEW)
    before = await cost()
    await fill(house.store, voted, shown, waiting, FEW.times(3))
    after = await cost()
    assert {page: number for page, (number, _) in after.items()} == {page: n for page, (n, _) in before.items()}
    longer = {page: (before[page][1], size) for page, (_, size) in after.items() if size > 1.3 * before[page][1]}
    assert longer == {}
