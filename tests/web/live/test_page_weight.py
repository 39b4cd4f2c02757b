"""How much goes over the wire to one phone: an hour of voting, by a socket and by polling."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx2
from conftest import Tables
from support.app import House, a_house
from support.factories import CLOCK, a_commission, a_session, new_id
from support.jumping_loop import run_jumping, wait_for_database
from support.second_run_session import SCENE, TWEE

from forum.live.connection import Connection
from forum.live.messages import CastMessage, Ping, encode
from forum.live.outbox import Outbox
from forum.live.room import Room
from forum.services.keys import digest
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.services.voting.reasons import hear, me_too
from forum.sessions.session import LiveSession, Participant
from forum.stories.submission import StoryStatus, Submission
from forum.voting.reason import ReasonReading, ReasonState
from forum.web.cookies import DEVICE
from forum.web.templates import STATIC

VOTERS = 100
ROUNDS = 3  # a quarter of an hour, taken four times
EACH = 300.0  # seconds from one question to the next
QUESTION = (
    "It is past two at night and a neighbour knocks for the third time. Who should come first, and what should they do?"
)
ANSWERS = (
    "A nurse from the crisis team comes within the hour and brings a paramedic",
    "The police come first, as they do now, and call the crisis team from the flat",
    "Somebody stays on the phone until the morning, and a nurse comes at eight",
    "A peer worker who has been through it comes with the ambulance crew",
)
REASONS = 8  # shown after each result
# What TCP and IP put around each piece: 32 and 20 bytes there, as much back for the acknowledgement.
PIECE = 104
# A message's frame: its header, and from a phone its mask.
MASK = 4
REASON = "She is nineteen and alone, and nobody had told her that somebody would come at all before the morning."
# What a browser sends with each request.
ASKED = """GET /s/482913/now?mark=0123456789abcdef HTTP/1.1
Host: 192.168.8.100:8000
Connection: keep-alive
User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile
Accept: application/json
Referer: http://192.168.8.100:8000/s/482913
Accept-Encoding: gzip, deflate
Accept-Language: en-GB,en;q=0.9
Cookie: forum_device=0123456789abcdef0123456789abcdef; forum_language=en

""".replace("\n", "\r\n")


@dataclass
class Bill:
    """Bytes by what they were for, with what TCP and IP put around them."""

    bytes: Counter[str] = field(default_factory=Counter)
    times: Counter[str] = field(default_factory=Counter)

    def add(self, what: str, *pieces: int) -> None:
        self.bytes[what] += sum(pieces) + len(pieces) * PIECE
        self.times[what] += 1

    @property
    def all(self) -> int:
        return sum(self.bytes.values())

    @property
    def an_hour(self) -> int:
        """Returns the bytes of an hour, of a quarter of it in which the page was loaded once."""
        loaded = self.bytes["the page"] + self.bytes["what the page loads"]
        return loaded + 4 * (self.all - loaded)

    def lines(self) -> list[str]:
        rows = [f"{size:>9,} {what} ({self.times[what]})" for what, size in self.bytes.most_common()]
        return [*rows, f"{self.all:>9,} in all", f"{self.an_hour:>9,} in an hour"]


def framed(size: int, mask: int = 0) -> int:
    """Counts the bytes of a message as a frame of a websocket."""
    return size + mask + (2 if size < 126 else 4 if size < 65_536 else 10)


def answered(answer: httpx2.Response) -> int:
    """Counts the bytes of an answer, with its headers and those that the server adds (its date)."""
    head = sum(len(name) + len(value) + 4 for name, value in answer.headers.items()) + 17 + 37
    return head + int(answer.headers.get("content-length", len(answer.content)))


@dataclass
class Day:
    """A room of VOTERS, whose facilitator goes through fifteen minutes; one phone by a socket, another by polling."""

    house: House
    live: LiveSession
    people: list[str]
    story: str
    chance: random.Random
    voted: set[str] = field(default_factory=set)  # the rounds in which the phone by a socket has

    @property
    def acts(self) -> Desk:
        return Desk(self.house.store, CLOCK)

    async def changed(self) -> None:
        await self.house.site.rooms.changed(self.live.id)

    async def hour(self) -> None:
        """Plays so many times: a scene, its question, the vote of everybody, the result, reasons and who says them
        too."""
        voters = [Connection("phone", person) for person in self.people[2:]]
        room = await self.house.site.rooms.room(self.live.id)
        wall = Connection("projector")
        room.enter(wall)
        coming = [asyncio.create_task(self.come_and_go(room, voter)) for voter in voters]
        async with asyncio.timeout(ROUNDS * EACH * 2):
            for _ in range(ROUNDS):
                await self.one(room, voters)
        for task in coming:
            task.cancel()
        await asyncio.gather(*coming, return_exceptions=True)
        room.leave(wall)

    async def come_and_go(self, room: Room, voter: Connection) -> None:
        """Comes within five minutes; drops for some seconds every ten minutes or so."""
        await asyncio.sleep(self.chance.uniform(0, 300))
        while True:
            room.enter(voter)
            await asyncio.sleep(self.chance.expovariate(1 / 600))
            room.leave(voter, lost=True)
            await asyncio.sleep(self.chance.uniform(1, 15))

    async def one(self, room: Room, voters: list[Connection]) -> None:
        ends = asyncio.get_running_loop().time() + EACH
        await cues.show_scene(self.acts, self.live.id, self.story, SCENE)
        await self.changed()
        await asyncio.sleep(45)
        asked = (
            await cues.ask_question(self.acts, self.live.id, f"{QUESTION} {new_id()[:4]}", ANSWERS, none=True)
        ).round
        assert asked is not None
        await self.changed()
        await asyncio.sleep(15)
        await facilitation.open_round(self.acts, self.live.id, asked.id)
        await self.changed()
        async with asyncio.TaskGroup() as voting:
            for number, voter in enumerate(voters):
                reason = REASON if number < REASONS else ""
                voting.create_task(self.vote(room, voter, asked.id, reason))
        for act in (facilitation.warn_of_close, facilitation.close_round, facilitation.reveal_round):
            await act(self.acts, self.live.id, asked.id)
            await self.changed()
            await asyncio.sleep(10)
        async with self.house.store.read() as work:
            reasons = await work.reasons.list_reasons(asked.id)
        assert len(reasons) == REASONS + 1, "those of the voters, and of the phone by a socket"
        for given in reasons:
            await hear(self.acts, self.live.id, given.id, ReasonState.SHOWN, ReasonState.WAITING)
            await self.changed()
            await asyncio.sleep(4)
        while asyncio.get_running_loop().time() < ends:
            await asyncio.sleep(self.chance.uniform(0, 3))
            said = self.chance.choice(reasons)
            agreeing = self.chance.choice([person for person in self.people[2:] if person != said.participant])
            await me_too(self.house.store, self.live, agreeing, said.id, on=True)
            self.house.site.rooms.stirred(self.live.id)

    async def vote(self, room: Room, voter: Connection, round_id: str, reason: str) -> None:
        """Votes within 75 seconds, sooner rather than later; one in ten changes it."""
        for _ in range(2 if self.chance.random() < 0.1 else 1):
            await asyncio.sleep(75 * self.chance.random() ** 2)
            room.receive(voter, encode(CastMessage(new_id(), round_id, f"r{self.chance.randint(1, 4)}", reason)))

    async def by_socket(self, phone: httpx2.AsyncClient, bill: Bill) -> None:
        """Bills one phone with a socket for what it is sent and sends."""
        shows, has = await self.loads(phone, bill), ""
        while True:
            connection = Connection("phone", self.people[0], outbox=Outbox(has), shows=shows)
            room = await self.house.site.rooms.room(self.live.id)
            bill.add("connecting", len(ASKED) + 250, 300)
            room.enter(connection)
            reading = asyncio.create_task(self.read(room, connection, bill))
            await asyncio.sleep(600)
            shows = has = connection.outbox.has or ""
            room.leave(connection, lost=True)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def read(self, room: Room, connection: Connection, bill: Bill) -> None:
        """Reads as static/live/room-connection.js does: pings after 20 seconds of silence. The server pings every
        20 seconds (RFC 6455)."""
        loop = asyncio.get_running_loop()
        beat = loop.time() + 20
        taking = asyncio.create_task(connection.outbox.take())
        try:
            while True:
                done, _ = await asyncio.wait([taking], timeout=20)
                while loop.time() >= beat:
                    bill.add("the server's pings", 6, 10)
                    beat += 20
                if not done:
                    room.receive(connection, encode(Ping()))
                    bill.add("the phone's pings", framed(len(encode(Ping())), MASK))
                    continue
                for frame in taking.result():
                    kind = frame.split('"', 4)[3]
                    bill.add(f"{kind} frames", framed(len(frame.encode())))
                    if (
                        kind in {"state", "change"}
                        and room.view.voting
                        and room.view.round
                        and room.view.round.id not in self.voted
                    ):
                        self.voted.add(room.view.round.id)
                        cast = encode(CastMessage(new_id(), room.view.round.id, "r1", REASON))
                        room.receive(connection, cast)
                        bill.add("casts", framed(len(cast), MASK))
                taking = asyncio.create_task(connection.outbox.take())
        finally:
            taking.cancel()

    async def by_polling(self, phone: httpx2.AsyncClient, bill: Bill) -> None:
        """Polls as static/live/room-connection.js does where sockets are blocked, with an attempt at a socket every
        two minutes."""
        mark = await self.loads(phone, bill)
        path, again = f"/s/{self.live.code}/now", 0.0
        history = self.house.site.rooms.history
        while True:
            pause = self.chance.uniform(7, 13)
            await asyncio.sleep(pause)
            again += pause
            if again >= 120:
                again = 0.0
                bill.add("attempts at a socket", len(ASKED) + 250, 120)
            answer = await phone.get(f"{path}?mark={mark}&h={history}", headers={"Accept": "application/json"})
            assert answer.status_code == 200, answer.text
            news = answer.json()
            mark = news.get("mark", mark)
            bill.add("polls with a new state" if "html" in news else "polls without", len(ASKED), answered(answer))

    async def loads(self, phone: httpx2.AsyncClient, bill: Bill) -> str:
        """Loads the page and all that it needs; the mark of the state that it shows."""
        page = await phone.get(f"/s/{self.live.code}")
        bill.add("the page", len(ASKED), answered(page))
        for name in (
            "live/phone.js",
            "live/room-connection.js",
            "live/stops-and-reasons.js",
            "live/vote-bar.js",
            "live/display-settings.js",
            "forum.css",
            "icon.svg",
        ):
            assert (STATIC / name).exists()
            async with phone.stream(
                "GET", f"/static/{name}?v=1&for=phone", headers={"Accept-Encoding": "gzip"}
            ) as answer:
                size = sum([len(chunk) async for chunk in answer.aiter_raw()])
            head = sum(len(key) + len(value) + 4 for key, value in answer.headers.items()) + 54
            bill.add("what the page loads", len(ASKED), head + size)
        return page.text.partition('data-shows="')[2].partition('"')[0]


async def an_hour(folder: Path, tables: Path) -> tuple[Bill, Bill]:
    """Counts a quarter of an hour of one phone with a socket, and of one that polls."""
    async with a_house(folder, tables) as house:
        wait_for_database(house.store)
        commission = a_commission()
        story = Submission(new_id(), commission.id, "Seat fourteen", TWEE, StoryStatus.ACCEPTED, may_perform=True)
        story = replace(story, submitted_at=CLOCK.now(), link=new_id() * 2)
        live = a_session(commission, code="482913", scenarios=(story.id,), reasons=ReasonReading.READ_FIRST)
        devices = [new_id() for _ in range(VOTERS)]
        voters = [Participant(new_id(), live.id, f"g{1 + n % 4}", CLOCK.now()) for n in range(VOTERS)]
        async with house.store.begin() as work:
            await work.commissions.add_commission(commission)
            await work.stories.add_story(story)
            await work.sessions.add_session(live)
            for voter, device in zip(voters, devices, strict=True):
                await work.sessions.join(voter, digest(device))
        day = Day(house, live, [voter.id for voter in voters], story.id, random.Random(7))
        socket, polling = Bill(), Bill()
        async with house.browser() as one, house.browser() as two:
            for browser, device in zip((one, two), devices, strict=False):
                browser.cookies.set(DEVICE, device, domain="house.test")
            tasks = [
                asyncio.create_task(day.by_socket(one, socket)),
                asyncio.create_task(day.by_polling(two, polling)),
            ]
            hour = asyncio.create_task(day.hour())
            await asyncio.wait([hour, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                assert not task.done() or not task.exception(), task.exception()
                task.cancel()
            await hour
            await asyncio.gather(*tasks, return_exceptions=True)
        return socket, polling


def test_an_hour_of_voting_is_less_than_a_megabyte(tmp_path: Path, sqlite_template: Path, tables: Tables) -> None:
    """Three rounds of five minutes, four times that, with 100 voters and with TCP's and IP's own bytes, both ways."""
    socket, polling = run_jumping(an_hour(tmp_path, sqlite_template))
    tables.add("a phone with a socket, a quarter of an hour, bytes both ways", socket.lines())
    tables.add("a phone that polls, a quarter of an hour, bytes both ways", polling.lines())
    assert socket.times["casts"] == ROUNDS
    assert socket.an_hour < 1_000_000
    assert polling.an_hour < 1_000_000
