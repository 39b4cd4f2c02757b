"""Pages of promises where thousands were made: they cost as much as with a few, and hold nobody up."""

from __future__ import annotations

import io
import re
import time

import httpx2
import pytest
from pypdf import PdfReader
from support.app import House, words
from support.factories import CLOCK
from support.loop_watch import HELD, Asker, watched
from support.many_promises import copied, decided
from support.voted_session import COMMISSIONER

from forum.services import commitments
from forum.services.commitments import UpdateForm
from forum.store.base import Link

FIRST_GET = 0.25  # seconds of processor time of the first GET after a change; alone on a machine it takes under 0.1


async def test_thousands_of_promises_cost_what_a_few_do(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[object] = []
    plain = Link.rows

    async def counted(self: Link, statement: object, *given: object) -> object:
        statements.append(statement)
        return await plain(self, statement, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Link, "rows", counted)
    made = await decided(house)
    of = f"commission={made.commission}"
    pages = (
        "/promises",
        f"/promises?{of}&page=2",
        "/promises?state=overdue&owner=police+liaison&words=number+ring",
        f"/promises/said?{of}",
        "/promises/said?part=to-come&page=2",
        "/promises/feed.atom",
        f"/commissions/{made.commission}",
        f"/commissions/{made.commission}/feed.atom",
        "/",
    )
    asker = Asker(house, "")

    async def costs() -> list[int]:
        numbers = []
        for page in pages:
            statements.clear()
            assert (await asker.ask("GET", page))[0] == 200
            numbers.append(len(statements))
        return numbers

    await copied(house, made, 9)
    for _ in range(2):
        few = await costs()
    await copied(house, made, 190)
    await asker.ask("GET", "/record")  # reads the record on
    with watched(monkeypatch) as watch:
        for page in pages:
            for _ in range(3):  # what is slow is so each time, and noise is not
                watch.forget()
                await asker.ask("GET", page)
                if watch.loop <= HELD:
                    break
            watch.look(page)
    assert watch.faults == []
    assert await costs() == few

    slow, latest = [], ""
    for number, page in enumerate(pages):
        news = UpdateForm(after=latest, state="partly", said=f"News {number}.")
        latest = (await commitments.update(house.store, CLOCK, COMMISSIONER, made.commitments[0].id, news)).id
        began = time.process_time()
        assert (await asker.ask("GET", page))[0] == 200
        if (took := time.process_time() - began) > FIRST_GET:
            slow.append(f"{page}: {1000 * took:.0f} ms")
    assert slow == []


async def test_you_said_we_did_has_the_first_of_each_part_and_pages_of_one(house: House) -> None:
    made = await decided(house)
    await copied(house, made, 12)
    of = f"commission={made.commission}"
    async with house.browser() as anybody, house.signed_in("commissioner") as commissioner:
        whole = await anybody.get(f"/promises/said?{of}")
        assert [whole.text.count(f">{words_}<") for words_ in ("Done", "Not done")] == [0, 0]
        for part, number in (("done", 13), ("not-done", 13), ("to-come", 104)):
            address = f"/promises/said?{of}&part={part}"
            assert f'href="{address.replace("&", "&amp;")}"' in whole.text
            assert f"All: {number}" in words(whole)
            pages = [promises_on(await anybody.get(f"{address}&page={page}")) for page in (1, 2)]
            assert [len(one) for one in pages] == [min(number, 25), min(max(number - 25, 0), 25) or number]
            assert promises_on(whole) & pages[0]
            if number > 25:
                assert not pages[0] & pages[1]
        assert len(promises_on(whole)) == 24
        poster = await commissioner.get(f"/decide/poster.pdf?{of}")
        read = " ".join(" ".join(one.extract_text() for one in PdfReader(io.BytesIO(poster.content)).pages).split())
        assert read.count("A number to ring") == 8
        assert "And 96 more" in read


def promises_on(answer: httpx2.Response) -> set[str]:
    return set(re.findall(r'href="/promises/([0-9a-f]{32})"', answer.text))
