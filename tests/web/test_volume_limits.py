"""How much may be written from one network address, and by whom, before somebody has to wait."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from support.app import House, a_house, words
from support.factories import SetClock, new_id

from forum.services.keys import new_key
from forum.stories.draft import Card, Draft, Way, mark
from forum.web import volume_limits
from forum.web.accounts.devices import KNOWN_AFTER
from forum.web.rate_limits import AN_HOUR, Weights

MEGABYTE = 1024 * 1024


class Hands:
    """A clock of seconds that is moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@dataclass(frozen=True)
class Writing:
    """A house where one megabyte an hour may be written from an address; both its clocks are the test's."""

    house: House
    clock: SetClock
    hands: Hands
    commission: str
    public: str

    @asynccontextmanager
    async def browser(self, age: int = KNOWN_AFTER, address: str = "192.0.2.1") -> AsyncIterator[httpx2.AsyncClient]:
        """Opens a browser that was given its cookie so many seconds ago."""
        async with self.house.browser(address) as browser:
            await browser.get(self.public)
            self.clock.move(seconds=age)
            yield browser

    def wrote(self, size: int, *keys: str) -> None:
        """Writes so much under these keys."""
        for key in keys:
            self.house.site.limits.weights.add(f"written {key}", size)

    async def report(self, browser: httpx2.AsyncClient) -> httpx2.Response:
        return await browser.post(self.public, data={"words": "Gwenllian is my name", "id": new_id()})


@pytest.fixture
async def writing_house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Writing]:
    clock, hands = SetClock(), Hands()
    async with a_house(tmp_path, sqlite_template, clock, megabytes_per_address=1, saves_per_address=100_000) as house:
        house.site.limits.weights = Weights(hands)
        commission = await house.commission()
        story, _key = await house.story(commission)
        await house.moderated(story, "accept")
        yield Writing(house, clock, hands, commission.id, f"/stories/{story.id}/report")


def field(path: str, text: str, was: str = "") -> dict[str, str]:
    """Returns a field of a form, and what its writer saw there."""
    return {f"seen:{path}": mark(was), path: text}


async def save(browser: httpx2.AsyncClient, key: str, commission: str, size: int) -> httpx2.Response:
    """Begins a story of so many characters, as a page's script does."""
    cards = [
        {"do": "put_back", "card": f"x{n}", "text": "w" * min(4000, size - at)}
        for n, at in enumerate(range(0, size, 4000))
    ]
    return await browser.post(f"/my-story/{key}/save", json={"edits": cards, "commission": commission})


async def test_a_known_browser_writes_a_fifth_of_what_an_address_may_and_others_go_on(writing_house: Writing) -> None:
    async with writing_house.browser() as much, writing_house.browser() as other, writing_house.browser(0) as new:
        codes = [(await save(much, new_key(), writing_house.commission, 60_000)).status_code for _ in range(5)]
        assert codes == [200, 200, 429, 429, 429]
        refused = await writing_house.report(much)
        assert refused.status_code == 429
        assert AN_HOUR <= int(refused.headers["retry-after"]) <= AN_HOUR + 61
        assert "Gwenllian is my name" in refused.text
        minutes = -(-int(refused.headers["retry-after"]) // 60)
        assert f"has to wait. Send this again in {minutes} minutes" in words(refused)
        again = await much.post(f"{writing_house.public}?lang=cy", data={"words": "Gwenllian", "id": new_id()})
        assert f"ymhen {minutes} munud" in words(again)
        for one in (other, new):
            assert (await writing_house.report(one)).status_code == 303
        writing_house.hands.at += int(refused.headers["retry-after"])
        assert (await writing_house.report(much)).status_code == 303


async def test_once_half_is_written_who_has_written_little_goes_on_and_at_the_end_nobody(
    writing_house: Writing,
) -> None:
    async with writing_house.browser() as little, writing_house.browser() as some:
        assert (await save(some, new_key(), writing_house.commission, 8_000)).status_code == 200
        writing_house.wrote(MEGABYTE // 2, "at 192.0.2.1")
        assert (await writing_house.report(some)).status_code == 429
        assert (await writing_house.report(little)).status_code == 303
        writing_house.wrote(MEGABYTE // 2, "at 192.0.2.1")
        assert (await writing_house.report(little)).status_code == 429
        async with writing_house.browser(address="198.51.100.7") as elsewhere:
            assert (await writing_house.report(elsewhere)).status_code == 303


async def test_those_without_a_cookie_have_half_together_and_do_not_take_it_from_the_known(
    writing_house: Writing,
) -> None:
    async with writing_house.house.browser() as flood, writing_house.browser() as known:
        codes = []
        for _ in range(12):
            flood.cookies.clear()
            codes.append((await save(flood, new_key(), writing_house.commission, 60_000)).status_code)
        assert codes == [200] * 5 + [429] * 7
        assert (await writing_house.report(known)).status_code == 303


async def test_what_has_just_come_waits_until_it_is_known(writing_house: Writing) -> None:
    async with writing_house.browser(10) as new:
        writing_house.wrote(MEGABYTE // 2, "192.0.2.1 just come")
        refused = await writing_house.report(new)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, str(KNOWN_AFTER - 10 + 1))
        assert "Gwenllian is my name" in refused.text
        writing_house.clock.move(seconds=KNOWN_AFTER - 10)
        assert (await writing_house.report(new)).status_code == 303


async def test_every_way_to_write_without_an_account_is_refused_with_its_words_and_says_when(
    writing_house: Writing,
) -> None:
    house = writing_house.house
    _story, key = await house.story(await house.commission())
    async with writing_house.browser() as browser:
        begun = new_key()
        assert (await save(browser, begun, writing_house.commission, 50)).status_code == 200
        made = await browser.post(f"/my-story/{begun}/build", data={"action": "share", "new": (shared := new_key())})
        assert made.status_code == 303, made.text
        asked = [
            (
                f"/commissions/{writing_house.commission}/tell",
                {"key": new_key()} | field("happened.text", "Gwenllian waits"),
            ),
            (f"/my-story/{begun}/write/happened", field("title", "Gwenllian waits")),
            (f"/my-story/{begun}/write", {"card": "x0"} | field("x0.text", "Gwenllian waits", "w" * 50)),
            (f"/build/{shared}/suggest", {"kind": "scene", "words": "Gwenllian waits", "id": new_id(), "group": "no"}),
            (writing_house.public, {"words": "Gwenllian waits", "id": new_id()}),
            (f"/my-story/{key}/evidence", {"title": "Gwenllian waits", "url": "https://example.org", "item": new_id()}),
        ]
        writing_house.wrote(2 * MEGABYTE, "at 192.0.2.1")
        for path, form in asked:
            answer = await browser.post(path, data=form)
            assert (path, answer.status_code) == (path, 429)
            assert "Gwenllian waits" in answer.text, path
            assert "retry-after" in answer.headers, path
            assert "has to wait" in words(answer), path
        back = await browser.post(f"/my-story/{begun}/versions/1")
        assert (back.status_code, "retry-after" in back.headers) == (429, True)
        told = await browser.post(f"/my-story/{begun}/save", json={"edits": []}, headers={"accept": "application/json"})
        assert (told.status_code, told.json()["error"]["again"]) == (429, True)
        assert "retry-after" in told.headers


def test_bytes_are_added_up_by_the_minute_and_forgotten_after_the_window() -> None:
    hands = Hands()
    weights = Weights(hands)
    for _ in range(100):
        weights.add("a", 10)
        hands.at += 1
    assert weights.lately("a", AN_HOUR) == 1000
    assert len(weights._written["a"]) == 2
    assert weights.wait("a", 1001, AN_HOUR) == 0
    wait = weights.wait("a", 1000, AN_HOUR)
    hands.at += wait - 2
    assert weights.wait("a", 1000, AN_HOUR) > 0
    hands.at += 2
    assert weights.wait("a", 1000, AN_HOUR) == 0
    assert weights.lately("a", AN_HOUR) == 400


def test_made_up_writers_push_out_each_other_and_not_who_wrote_much() -> None:
    weights = Weights(Hands(), most_keys=100)
    weights.add("much", 1000)
    for number in range(1000):
        weights.add(f"made up {number}", 1)
    assert weights.lately("much", AN_HOUR) == 1000
    assert len(weights._written) <= 100


def test_the_size_of_a_draft_is_that_of_its_words() -> None:
    assert volume_limits.size_of(Draft(title="abc", cards=(Card("c", "d", "ef", ways=(Way("w", "ghi"),)),))) == 9
