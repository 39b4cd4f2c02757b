"""The work list of those who decide (/decide), and the page of exports behind it."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import httpx2
import pytest
from support.app import PASSWORD, House, words
from support.decided import ANSWERS
from support.factories import a_session, new_id
from support.many_decisions import add_decisions
from support.voted_session import FIRST, QUESTION, SECOND, Voted, a_vote

from forum.ports.accounts import Role
from forum.store import SqlStore

LINE = re.compile(r'<li><a href="([^"]+)">\s*(.*?)\s*</a></li>', re.S)
HEADING = re.compile(r'<h2 id="([^"]+)"[^>]*>([^<]+)</h2>')
FORM = {**ANSWERS, "outcome": "adopted", "response": "r1", "rationale": "It is near."}


def lines(page: httpx2.Response) -> dict[str, list[tuple[str, str]]]:
    """Returns the lines of each section that is shown, by its name: the address of each, and its words."""
    assert page.status_code == 200
    found = {}
    for part in page.text.split('<section class="shelf" aria-labelledby="')[1:]:
        body = part.split("</section>")[0]
        found[part.split('"')[0]] = [
            (unescape(address), " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split()))
            for address, text in LINE.findall(body.split("</ol>")[0])
        ]
    return found


async def named(house: House, voted: Voted, title: str) -> str:
    """Gives the commission of a vote another title; returns the commission's id."""
    async with house.store.begin() as work:
        commission = await work.commissions.get_commission(voted.live.commission, lock=True)
        await work.commissions.save_commission(replace(commission, title=title))
    return commission.id


@pytest.fixture
async def day(house: House) -> tuple[Voted, Voted, Voted]:
    """Stores a vote that waits, one of another commission, and one that was rehearsed."""
    found = (
        await a_vote(house.store, FIRST, SECOND, declared=True),
        await a_vote(house.store, FIRST, declared=True),
        await a_vote(house.store, FIRST, rehearsal=True, recorded=False),
    )
    for voted, title in zip(found, ("Night care", "Bus fares", "A rehearsal of night care"), strict=True):
        await named(house, voted, title)
    return found


def address(voted: Voted) -> str:
    second = f"&second={voted.rounds[1]}" if len(voted.rounds) == 2 else ""
    return f"/decide/new?round={voted.rounds[0]}{second}"


async def test_each_thing_is_one_line_that_leads_to_it(house: House, day: tuple[Voted, Voted, Voted]) -> None:
    waits, other, rehearsed = day
    async with house.signed_in("commissioner") as writer, house.signed_in("commissioner") as reader:
        shown = await writer.get("/decide")
        assert lines(shown) == {
            "waiting": [
                (
                    address(one),
                    f"{QUESTION} {title} By {until(shown)} Waiting, day 0 of 28",
                )
                for one, title in ((waits, "Night care · Voted on twice"), (other, "Bus fares"))
            ]
        }
        assert HEADING.findall(shown.text) == [("waiting", "Waiting for an answer (2)")]
        assert "Waiting for an answer (2) Drafts (0) To be read by you (0) Promises that are due (0)" in words(shown)
        asked = {"round": other.rounds[0], "id": new_id(), "role_1": "The trust", "what_1": "A bus at night"}
        asked |= {"by_1": "2126-01-31"}
        assert (await writer.post("/decide/new", data={**FORM, **asked, "save": "1"})).status_code == 303
        draft = f"/decide/drafts/{asked['id']}"
        assert [one[0] for one in lines(await writer.get("/decide"))["drafts"]] == [draft]
        assert "You wrote on it" in lines(await writer.get("/decide"))["drafts"][0][1]
        assert "Written by others" in lines(await reader.get("/decide"))["drafts"][0][1]
        assert (await writer.post(draft, data={"act": "hand over", "version": "1"})).status_code == 303
        assert "to-read" not in lines(await writer.get("/decide"))
        found = lines(await reader.get("/decide"))
        assert [one[0] for one in found["to-read"]] == [draft]
        assert "drafts" not in found
        assert (await reader.post(draft, data={"act": "publish", "version": "2"})).status_code == 303
        found = lines(await reader.get("/decide"))
        assert [one[0] for one in found["published"]] == [f"/decisions/{asked['id']}"]
        assert [one[0] for one in found["waiting"]] == [address(waits)]
        shown = await reader.get("/decide?rehearsals=1")
        assert address(rehearsed) in [one[0] for one in lines(shown)["waiting"]]
        assert words(shown).count("· Rehearsal") == 1


def until(page: httpx2.Response) -> str:
    """Returns the day until which the first vote is to be answered, in words."""
    found = re.search(r'<span class="when">By ([^<]+)<', page.text)
    assert found
    return found[1]


async def test_the_list_is_filtered_and_sorted_by_its_address(house: House, day: tuple[Voted, Voted, Voted]) -> None:
    waits, other, _ = day
    async with house.signed_in("commissioner") as browser:

        async def of(query: str) -> list[str]:
            return [one[0] for one in lines(await browser.get(f"/decide?{query}")).get("waiting", [])]

        assert await of("sort=commission") == [address(other), address(waits)]
        assert await of(f"commission={other.live.commission}") == [address(other)]
        assert await of("words=NIGHT+care") == [address(waits)]
        assert await of("section=waiting") == [address(waits), address(other)]
        assert await of("section=waiting&open=one") == [address(waits), address(other)]
        only = await browser.get(f"/decide?section=waiting&open=one&commission={other.live.commission}")
        assert only.headers["location"] == address(other).replace("&amp;", "&")
        assert await of("section=drafts&open=one") == []
        assert await of("section=nothing&sort=x&rehearsals=x&page=x") == [address(waits), address(other)]
        for query in ("words=nowhere", f"commission={new_id()}", "section=published", "words=%25", "words=%00%7F"):
            assert "Nothing fits all of this" in words(await browser.get(f"/decide?{query}"))
        kept = await browser.get(f"/decide?words=care&commission={waits.live.commission}&sort=commission&rehearsals=1")
        assert 'name="words" type="search" value="care"' in kept.text
        assert f'<option value="{waits.live.commission}" selected>' in kept.text
        assert '<option value="commission" selected>' in kept.text
        assert 'name="rehearsals" value="1" checked' in kept.text


async def test_every_section_has_pages_of_its_own(house: House, day: tuple[Voted, Voted, Voted]) -> None:
    assert isinstance(house.store, SqlStore)
    await add_decisions(house.store, day[0], 60)
    async with house.signed_in("commissioner") as browser:
        shown = await browser.get("/decide")
        assert [len(one) for one in lines(shown).values()] == [8, 3, 3, 25, 25]
        assert 'href="/decide?section=published&amp;page=3"' in shown.text
        pages = [await browser.get(f"/decide?section=published&page={n}&words=question") for n in (1, 2, 3, 4, 10**6)]
        found = [lines(one)["published"] for one in pages]
        assert [len(one) for one in found] == [25, 25, 10, 10, 10]
        assert len({address for one in found[:3] for address, _ in one}) == 60
        assert found[2] == found[3] == found[4]
        assert [list(lines(one)) for one in pages] == [["published"]] * 5
        assert 'href="/decide?words=question&amp;section=published&amp;page=2"' in pages[0].text
        assert "Published decisions (60)" in words(pages[2])


async def test_somebody_with_a_role_for_one_commission_sees_no_other(
    house: House, day: tuple[Voted, Voted, Voted]
) -> None:
    waits, other, _ = day
    person = await house.person("cat")
    async with house.store.begin() as work:
        await work.people.set_roles_in(person.id, {waits.live.commission: [Role.COMMISSIONER]})
    async with house.browser() as browser:
        await browser.post("/sign-in", data={"login": "cat", "password": PASSWORD})
        for query in ("", "?rehearsals=1", f"?commission={other.live.commission}"):
            shown = await browser.get(f"/decide{query}")
            assert other.rounds[0] not in shown.text
            assert other.live.commission not in shown.text.replace(f"?commission={other.live.commission}", "")
            assert "Bus fares" not in shown.text
        assert len(lines(await browser.get("/decide"))["waiting"]) == 1
        exports = await browser.get("/decide/exports")
        assert "Bus fares" not in exports.text
        assert 'href="/export"' not in exports.text
        for row in re.findall(r'href="(/(?:export|decide/exports)[^"]*)"', exports.text):
            assert (await browser.get(unescape(row))).status_code == 200
        assert (await browser.get(f"/decide/exports?commission={other.live.commission}")).status_code == 403


async def test_exports_are_listed_page_by_page(house: House, day: tuple[Voted, Voted, Voted]) -> None:
    async with house.store.begin() as work:
        commission = await work.commissions.get_commission(day[0].live.commission)
        for _ in range(30):
            await work.sessions.add_session(replace(a_session(commission), code=new_id()[:6]))
    for _ in range(30):
        await house.commission()
    async with house.signed_in("commissioner") as browser:
        assert 'href="/decide/exports"' in (await browser.get("/decide")).text
        for base, link, pages in (
            ("/decide/exports?", "/export?commission=", (25, 8)),
            (f"/decide/exports?commission={commission.id}&", "/export?session=", (25, 6)),
        ):
            shown = [(await browser.get(f"{base}page={n}")).text for n in (1, 2, 3)]
            counts = [one.count(f'href="{link}') for one in shown]
            assert tuple(counts) == (*pages, pages[1])
        assert (await browser.get(f"/decide/exports?commission={new_id()}")).status_code == 404
