"""The network as it is: a wire that is cut, held or blocked at the worst moment, and a server that is killed.

Whatever happens there is one counted ballot, and what the phone says is true at each moment.
"""

from __future__ import annotations

import asyncio
import re
import signal
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, Route, expect
from support.browser import PHONE, House, People
from support.network_proxy import Wire
from support.server_process import back_up, restore
from support.session_api import (
    ApiSession,
    a_new_session,
    a_played_story,
    a_ticketed_session,
    an_organiser,
    join_session,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

ANSWERS = ["A nurse", "The police", "Somebody stays on the phone"]
LONG = 60_000

NOT_SENT = re.compile("^Not counted yet. Your vote is kept on this phone")
ON_ITS_WAY = re.compile("^Sending your vote")
UNSURE = re.compile("^No answer yet, so this phone does not know whether your vote is counted. It is kept here")
TOO_LATE = re.compile("^Not counted. Voting on this question has closed.")


async def single(page: Page) -> None:
    await page.get_by_label("The police").check()


async def ranked(page: Page) -> None:
    for answer in (ANSWERS[2], ANSWERS[0]):
        await page.get_by_role("button", name=f"Higher: {answer}").click()


async def approval(page: Page) -> None:
    for answer in (ANSWERS[0], ANSWERS[2]):
        await page.get_by_label(answer).check()


@dataclass(frozen=True)
class Way:
    """A way of voting: how a ballot is filled in, the choice that the database then has, and how the phone says it."""

    method: str
    fill: Callable[[Page], Awaitable[None]]
    choice: str
    said: str


WAYS = (
    Way("single", single, "r2", "Counted: The police."),
    Way("ranked", ranked, "r3>r1", "Counted: C, then A."),
    Way("approval", approval, "r1 r3", "Counted: A, C."),
)
every_way = pytest.mark.parametrize("way", WAYS[:2], ids=lambda way: way.method)


@dataclass
class Room(ApiSession):
    """Session, its facilitator by the API (on no such wire), and the wire between its phones and the server."""

    house: House
    wire: Wire
    people: People
    story: str = ""

    async def ask_way(self, way: Way = WAYS[0], **declared: str) -> str:
        """Asks for a vote in this way and opens it; returns the round's id."""
        return await self.ask("Who comes?", ANSWERS, method=way.method, **declared)

    async def phone(self) -> Page:
        """Opens a phone's page on the wire and joins."""
        page = await self.people.somebody(PHONE)
        await join_session(page, self.code, base=self.wire.base)
        return page

    def rows(self, query: str, *given: str) -> list[str]:
        """Reads the first column of a query from the server's database on disk."""
        with closing(sqlite3.connect(self.house.data / "forum.db")) as database:
            return [row[0] for row in database.execute(query, given)]

    def ballots(self, round_id: str) -> list[str]:
        """Returns the choices of the ballots that are on disk."""
        return self.rows("SELECT choice FROM ballot WHERE round = ?", round_id)

    def stops(self) -> list[str]:
        return self.rows("SELECT how FROM stop WHERE session = ?", self.session["id"])

    async def on_disk(self, rows: Callable[[], list[str]]) -> None:
        """Asks the server until there is something."""
        async with asyncio.timeout(30):
            while not rows():
                await self.organiser.get("/join")


@pytest.fixture
async def room(people: People, house: House) -> AsyncIterator[Room]:
    async with an_organiser(house) as organiser, Wire(house.server.port) as wire:
        yield Room(organiser, await a_new_session(organiser), house, wire, people)


@pytest.fixture
def again(house: House) -> Callable[[], None]:
    """Kills the server as a power cut would, and starts another on the same data and port."""
    return partial(house.restart, signal.SIGKILL)


async def ready(phone: Page, way: Way) -> Locator:
    """Fills the form in once it is there and the connection is up; returns the status line."""
    await phone.wait_for_selector(f"[data-ballot={way.method}]")
    await expect(phone.locator("[data-connection]")).to_have_attribute("data-is", "up")
    await way.fill(phone)
    return phone.locator("[data-status]")


async def counted_once(room: Room, way: Way, round_id: str, status: Locator) -> None:
    """Mends the wire and waits until the phone says so; then there is one ballot, on disk and in the result."""
    room.wire.mend()
    await expect(status).to_contain_text(way.said, timeout=LONG)
    assert room.ballots(round_id) == [way.choice]
    assert (await room.reveal(round_id))["n"] == 1


async def send(phone: Page) -> None:
    await phone.locator("[data-send]").click()


@every_way
async def test_cut_before_the_ballot_is_sent(room: Room, way: Way) -> None:
    phone, round_id = await room.phone(), await room.ask_way(way)
    status = await ready(phone, way)
    room.wire.cut()
    await expect(phone.locator("[data-connection]")).to_have_attribute("data-is", "down")
    await send(phone)
    await expect(status).to_have_text(NOT_SENT)
    assert room.ballots(round_id) == []
    await counted_once(room, way, round_id, status)


@every_way
async def test_cut_after_it_was_sent_and_the_server_never_got_it(room: Room, way: Way) -> None:
    phone, round_id = await room.phone(), await room.ask_way(way)
    status = await ready(phone, way)
    room.wire.hold("up")
    await send(phone)
    await expect(status).to_have_text(ON_ITS_WAY)
    room.wire.cut()
    await expect(status).to_have_text(UNSURE)
    assert room.ballots(round_id) == []
    await counted_once(room, way, round_id, status)


@every_way
async def test_cut_after_the_commit_and_before_the_answer(room: Room, way: Way) -> None:
    phone, round_id = await room.phone(), await room.ask_way(way)
    status = await ready(phone, way)
    room.wire.hold("down")
    await send(phone)
    await room.on_disk(lambda: room.ballots(round_id))
    await expect(status).to_have_text(ON_ITS_WAY)
    room.wire.cut()
    await expect(status).to_have_text(UNSURE)
    await counted_once(room, way, round_id, status)


@every_way
async def test_the_server_is_killed_after_the_commit_and_before_the_answer(
    room: Room, again: Callable[[], None], way: Way
) -> None:
    phone, round_id = await room.phone(), await room.ask_way(way)
    status = await ready(phone, way)
    room.wire.hold("down")
    await send(phone)
    await room.on_disk(lambda: room.ballots(round_id))
    await asyncio.to_thread(again)
    room.wire.cut()
    await expect(status).to_have_text(UNSURE)
    # Closed meanwhile: it was counted in time, and that is what the phone is to say.
    await room.act("close", round=round_id)
    room.wire.mend()
    await expect(status).to_contain_text(way.said, timeout=LONG)
    assert room.ballots(round_id) == [way.choice]
    assert (await room.act("reveal", round=round_id))["result"]["n"] == 1


@every_way
async def test_the_server_is_killed_before_it_got_the_ballot(room: Room, again: Callable[[], None], way: Way) -> None:
    phone, round_id = await room.phone(), await room.ask_way(way)
    status = await ready(phone, way)
    room.wire.hold("up")
    await send(phone)
    await asyncio.to_thread(again)
    room.wire.cut()
    await expect(status).to_have_text(UNSURE)
    assert room.ballots(round_id) == []
    await counted_once(room, way, round_id, status)


async def test_a_ballot_that_never_arrived_and_comes_too_late_is_told_so(room: Room) -> None:
    phone, round_id = await room.phone(), await room.ask_way()
    status = await ready(phone, WAYS[0])
    room.wire.hold("up")
    await send(phone)
    room.wire.cut()
    await room.act("close", round=round_id)
    room.wire.mend()
    await expect(status).to_have_text(TOO_LATE, timeout=LONG)
    assert room.ballots(round_id) == []


async def test_a_change_that_comes_too_late_says_what_counts_instead(room: Room) -> None:
    phone, round_id = await room.phone(), await room.ask_way()
    status = await ready(phone, WAYS[0])
    await send(phone)
    await expect(status).to_contain_text("Counted: The police.")
    room.wire.cut()
    await phone.get_by_label("A nurse").check()
    await send(phone)
    await room.act("close", round=round_id)
    room.wire.mend()
    await expect(status).to_contain_text("Not counted.", timeout=LONG)
    await expect(status).to_contain_text("Counted: The police.")
    assert room.ballots(round_id) == ["r2"]


async def test_a_change_refused_before_the_first_ballot_was_answered_says_what_counts_instead(room: Room) -> None:
    phone, round_id = await room.phone(), await room.ask_way()
    status = await ready(phone, WAYS[0])
    room.wire.hold("down")
    await send(phone)
    await room.on_disk(lambda: room.ballots(round_id))
    await room.act("close", round=round_id)
    await phone.get_by_label("A nurse").check()
    await send(phone)
    await expect(status).to_have_text(ON_ITS_WAY)
    room.wire.mend()
    await expect(status).to_contain_text("Not counted.", timeout=LONG)
    await expect(status).to_contain_text("Counted: The police.")
    assert room.ballots(round_id) == ["r2"]


async def test_a_ballot_for_a_question_that_is_not_on_any_more_is_told_of_too(room: Room) -> None:
    phone, round_id = await room.phone(), await room.ask_way()
    await ready(phone, WAYS[0])
    room.wire.cut()
    await send(phone)
    await room.act("close", round=round_id)
    await room.act("note", words="Break until half past")
    room.wire.mend()
    late = phone.locator("[data-late]")
    await expect(late).to_contain_text("About your vote on an earlier question", timeout=LONG)
    await expect(late).to_contain_text("This vote was not counted")
    assert room.ballots(round_id) == []


@pytest.mark.parametrize("way", [WAYS[0], WAYS[2]], ids=lambda way: way.method)
@pytest.mark.parametrize("held", ["up", "down"])
async def test_where_websockets_are_blocked_a_cut_post_is_one_ballot(
    people: People, house: House, held: str, way: Way
) -> None:
    async with an_organiser(house) as organiser, Wire(house.server.port, sockets=False) as wire:
        room = Room(organiser, await a_new_session(organiser), house, wire, people)
        phone, round_id = await room.phone(), await room.ask_way(way)
        await phone.wait_for_selector("[data-ballot]", timeout=LONG)
        await expect(phone.locator("[data-connection]")).to_have_attribute("data-is", "poll", timeout=LONG)
        await way.fill(phone)
        status = phone.locator("[data-status]")
        wire.hold(held)
        await send(phone)
        await expect(status).to_have_text(ON_ITS_WAY)
        if held == "down":
            await room.on_disk(lambda: room.ballots(round_id))
        wire.cut()
        await expect(status).to_have_text(UNSURE)
        assert room.ballots(round_id) == ([way.choice] if held == "down" else [])
        wire.mend()
        await expect(status).to_contain_text(way.said, timeout=LONG)
        assert room.ballots(round_id) == [way.choice]
        other = next(words for n, words in enumerate(ANSWERS, 1) if f"r{n}" not in way.choice.split())
        if way.method == "single":
            # Changed twice: the later one waits for the answer to the earlier, which it could overtake.
            posts = list[str]()
            phone.on("request", lambda sent: posts.append(sent.url) if sent.url.endswith("/vote") else None)
            wire.hold("up")
            for change in (phone.get_by_label(other).check(), way.fill(phone)):
                await change
                await send(phone)
                await expect(status).to_have_text(ON_ITS_WAY)
                assert len(posts) == 1
            wire.mend()
            await expect(status).to_contain_text(way.said, timeout=LONG)
            assert (room.ballots(round_id), len(posts)) == ([way.choice], 2)
        # And too late is told there as well.
        await phone.get_by_label(other).check()
        wire.cut()
        await send(phone)
        await room.act("close", round=round_id)
        wire.mend()
        await expect(status).to_have_text(re.compile(f"^Not counted.*{way.said}"), timeout=LONG)
        assert room.ballots(round_id) == [way.choice]


async def test_a_post_that_is_cut_after_a_socket_opened_goes_off_again_over_that(people: People, house: House) -> None:
    """No poll follows it then, and nothing else that brings the vote on its way."""
    held: asyncio.Future[Route] = asyncio.get_running_loop().create_future()

    def hold(post: Route) -> None:
        held.set_result(post)

    async with an_organiser(house) as organiser, Wire(house.server.port, sockets=False) as wire:
        room = Room(organiser, await a_new_session(organiser), house, wire, people)
        phone, round_id = await room.phone(), await room.ask_way()
        await phone.wait_for_selector("[data-ballot]", timeout=LONG)
        line, status = phone.locator("[data-connection]"), phone.locator("[data-status]")
        await expect(line).to_have_attribute("data-is", "poll", timeout=LONG)
        await phone.route("**/vote", hold)
        await WAYS[0].fill(phone)
        await send(phone)
        post = await held
        wire.sockets = True
        await phone.evaluate("dispatchEvent(new Event('online'))")
        await expect(line).to_have_attribute("data-is", "up", timeout=LONG)
        await post.abort()
        await expect(status).to_contain_text(WAYS[0].said, timeout=LONG)
        assert room.ballots(round_id) == [WAYS[0].choice]


async def test_after_a_restore_phones_hear_again_and_are_offered_what_the_copy_does_not_have(
    room: Room, tmp_path: Path
) -> None:
    phone, other = await room.phone(), await room.phone()
    wall = await room.people.somebody()
    await wall.goto(room.session["projector"])
    copy = back_up(room.house.data, tmp_path / "copy.db")
    await room.ask_way()
    status, unsent = await ready(phone, WAYS[0]), await ready(other, WAYS[0])
    await send(phone)
    await expect(status).to_contain_text("Counted: The police.")
    await phone.get_by_label("Why?").fill("Because he is calm.")
    await send(phone)
    await expect(phone.locator("[data-send]")).to_contain_text("With what you wrote")
    await asyncio.to_thread(room.house.server.stop)
    await expect(other.locator("[data-connection]")).to_have_attribute("data-is", "down")
    await send(other)
    await expect(unsent).to_have_text(NOT_SENT)
    restore(room.house.data, copy)
    await asyncio.to_thread(room.house.restart, signal.SIGTERM, "--accept")
    await room.act("note", words="Back in a moment")
    for screen in (phone, other, wall):
        await expect(screen.get_by_role("heading", name="Back in a moment")).to_be_visible(timeout=LONG)
    for page in (phone, other):
        kept = page.get_by_role("region", name="Your vote from before")
        await expect(kept).to_contain_text("Who comes?")
        await expect(kept).to_contain_text("The police")
    # It is there for whoever opens the page again, and can be thrown away.
    await phone.reload()
    await expect(phone.get_by_role("region", name="Your vote from before")).to_contain_text("Because he is calm.")
    # The same question is another one now, with a number of its own.
    round_id = await room.ask_way()
    for page, line in ((phone, status), (other, unsent)):
        await expect(page.get_by_label("The police")).to_be_checked()
        await expect(line).to_have_text(re.compile("^Your vote is filled in again.*It is not counted"))
        await expect(page.get_by_role("region", name="Your vote from before")).to_be_hidden()
    assert room.ballots(round_id) == []
    await expect(phone.get_by_label("Why?")).to_have_value("Because he is calm.")
    await send(phone)
    await expect(status).to_contain_text("Counted: The police.")
    await other.get_by_label("A nurse").check()
    await send(other)
    await expect(unsent).to_contain_text("Counted: A nurse.")
    assert sorted(room.ballots(round_id)) == ["r1", "r2"]
    await phone.reload()
    await expect(status).to_contain_text("Counted: The police.")
    await expect(phone.get_by_role("region", name="Your vote from before")).to_be_hidden()


async def test_two_devices_and_one_ticket_with_the_first_cut_off(people: People, house: House) -> None:
    async with an_organiser(house) as organiser, Wire(house.server.port) as wire:
        ticketed = await a_ticketed_session(organiser)
        room = Room(organiser, ticketed.session, house, wire, people)
        [code] = await ticketed.issue(1)

        first, second = await people.somebody(PHONE), await people.somebody(PHONE)
        await first.goto(f"{wire.base}{room.path}/ticket/{code}")
        await first.get_by_role("main").get_by_role("button", name="Join").click()
        round_id = await room.ask_way()
        status = await ready(first, WAYS[0])
        wire.hold("down")
        await send(first)
        await room.on_disk(lambda: room.ballots(round_id))
        wire.cut()
        await expect(status).to_have_text(UNSURE)

        # The second device is told so, plainly, and takes nothing from the first.
        await second.goto(f"{room.path}/ticket/{code}")
        await second.get_by_role("main").get_by_role("button", name="Join").click()
        await expect(second.get_by_role("alert")).to_contain_text("in use on another device")
        wire.mend()
        await expect(status).to_contain_text("Counted: The police.", timeout=LONG)
        assert room.ballots(round_id) == ["r2"]

        # The first has another change on its way when its ticket is replaced: it is dead, and says so.
        wire.cut()
        await first.get_by_label("A nurse").check()
        await send(first)
        await expect(status).to_have_text(NOT_SENT)
        renewed = (await organiser.post(ticketed.tickets, data={"act": "renew", "number": "1"})).json()["tickets"][0][
            "code"
        ]
        await second.goto(room.path)
        await second.get_by_label("The code on your ticket").fill(renewed)
        await second.get_by_role("main").get_by_role("button", name="Join").click()
        await expect(second.locator("[data-status]")).to_contain_text("Counted: The police.")
        wire.mend()
        await expect(first.locator("[data-connection]")).to_contain_text("no longer in this session", timeout=LONG)
        await expect(status).to_contain_text("cannot send your vote any more")
        await expect(status).not_to_contain_text("kept")
        await second.get_by_label(ANSWERS[2]).check()
        await send(second)
        await expect(second.locator("[data-status]")).to_contain_text(f"Counted: {ANSWERS[2]}.")
        assert room.ballots(round_id) == ["r3"]
        assert (await room.reveal(round_id))["n"] == 1


@pytest.fixture
async def replay(people: People, house: House) -> AsyncIterator[Room]:
    """Makes a session in which a scene of a story is played again."""
    async with an_organiser(house) as organiser, Wire(house.server.port) as wire:
        session, story, twee = await a_played_story(organiser)
        room = Room(organiser, session, house, wire, people)
        start = re.search(r'"start": *"([^"]+)"', twee)
        assert start is not None
        await room.act("scene", scenario=story, scene=start[1], replay="1")
        room.story = story
        yield room


@pytest.mark.parametrize("moment", ["before", "never got it", "got it", "killed"])
async def test_a_stop_is_one_stop_wherever_it_is_cut(replay: Room, again: Callable[[], None], moment: str) -> None:
    phone = await replay.phone()
    status = phone.locator("[data-stop-status]")
    await expect(phone.locator("[data-connection]")).to_have_attribute("data-is", "up")
    if moment == "before":
        replay.wire.cut()
        await expect(phone.locator("[data-connection]")).to_have_attribute("data-is", "down")
    else:
        replay.wire.hold("up" if moment == "never got it" else "down")
    await phone.get_by_role("button", name="STOP").click()
    if moment in {"got it", "killed"}:
        await replay.on_disk(replay.stops)
    if moment != "before":
        await expect(status).to_have_text(re.compile("^Sending your stop"))
    if moment == "killed":
        await asyncio.to_thread(again)
    replay.wire.cut()
    await expect(status).to_have_text(re.compile("^Not confirmed yet. Your stop is kept on this phone"))
    replay.wire.mend()
    await expect(status).to_contain_text("The facilitator sees your stop", timeout=LONG)
    assert replay.stops() == [""]


async def test_a_stop_that_could_not_be_stored_is_sent_again_by_itself(replay: Room) -> None:
    phone = await replay.phone()
    status = phone.locator("[data-stop-status]")
    await expect(phone.locator("[data-connection]")).to_have_attribute("data-is", "up")
    replay.rows("CREATE TRIGGER full BEFORE INSERT ON stop BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    try:
        await phone.get_by_role("button", name="STOP").click()
        await expect(status).to_have_text(re.compile("^Not confirmed yet. Your stop is kept on this phone"))
    finally:
        replay.rows("DROP TRIGGER full")
    await expect(status).to_contain_text("The facilitator sees your stop", timeout=LONG)
    assert replay.stops() == [""]


async def test_a_stop_pressed_without_a_connection_means_its_scene_and_no_other(replay: Room) -> None:
    phone = await replay.phone()
    await expect(phone.locator("[data-connection]")).to_have_attribute("data-is", "up")
    replay.wire.hold("up")
    await phone.get_by_role("button", name="STOP").click()
    replay.wire.cut()
    await replay.act("note", words="Break until half past")
    replay.wire.mend()
    await expect(phone.locator("#screen")).to_contain_text("Break until half past", timeout=LONG)
    assert (
        await phone.evaluate(
            "Object.entries(localStorage).filter(([k, v]) => k.startsWith('forum stop') && v !== 'null')"
        )
        == []
    )
    assert replay.stops() == []
