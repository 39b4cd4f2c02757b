"""Pair of worlds that differ in how people voted and in nothing else, and every byte that anybody receives in one of
them.

Chance and the clock are the same in both, so whatever is not the same comes from the votes. Left out of the comparison
is only what commits to the ballots without telling them: digests, roots and signatures.
"""

from __future__ import annotations

import base64
import io
import random
import re
import secrets
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from forum.adapters import passwords, workbook
from forum.live.ballot_box import cast_of
from forum.live.connection import Connection
from forum.live.messages import CastMessage, encode
from forum.live.messages import Screen as Kind
from forum.ports.clock import Clock
from forum.ports.passwords import Fit
from forum.services import exports, permissions
from forum.services.keys import digest
from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.sessions.tablet_link import share
from forum.services.voting.paper_counts import countable
from forum.sessions.session import LiveSession, Participant
from forum.stories.submission import StoryStatus, Submission
from forum.voting.commission import Commission
from forum.voting.reason import ReasonReading
from forum.voting.round import Round
from forum.web.cookies import DEVICE
from forum.web.routes import PAGES
from support.app import PASSWORD, House, a_house, password_hash
from support.factories import SetClock, new_id
from support.second_run_session import TWEE

# Some ballots of every way of voting, that fit any question here.
BALLOTS: dict[str, tuple[str, ...]] = {
    "single": ("r1", "r2"),
    "approval": ("r1", "r1 r2", "none"),
    "ranked": ("r1>r2", "r2>r1>none", "none"),
    "score": ("r1=1 r2=5", "r1=5 r2=2", "r1=3 r2=3"),
    "consent": ("agree", "agree_if", "stand_aside", "cannot_live_with"),
    "opinion": ("agree", "disagree", "pass"),
}
# Who votes unseen: six of each of two groups, two of a small one, one who does not say.
ROOM: tuple[str | None, ...] = ("g1",) * 6 + ("g2",) * 6 + ("g3",) * 2 + (None,)
MINE = "My own words, which are nobody else's"
# The word that everybody writes with their ballot, in either world.
MARKERS = {"A": "quillwort", "B": "zephyrine"}
JSON, HTML = "application/json", "text/html"
PHONES = {
    "voter": {"group": "g1"},
    "silent": {"group": "g2", "also": "g3"},
    "observer": {"group": "g1", "observe": "1"},
}
STAFF = {
    "organiser": "organiser",
    "counter": "organiser",
    "confirmer": "organiser",
    "moderator": "moderator",
    "commissioner": "commissioner",
    "administrator": "administrator",
}

Pick = Callable[[Sequence[str], int], str]
# How the person in this place votes: nearly all alike in one world, nearly all otherwise in the other.
PICKS: dict[str, Pick] = {
    "A": lambda ballots, n: ballots[0 if n % 5 else 1],
    "B": lambda ballots, n: ballots[-1 if n % 3 else 1],
}

# Each has 43 such characters at least; to look for those first is three times as quick.
_DIGESTS = re.compile(
    r"(?=[A-Za-z0-9+/_-]{43})([A-Za-z0-9+/]{86,}={0,2}|\b[0-9a-f]{64}\b|[A-Za-z0-9+/]{43}=|[A-Za-z0-9_-]{43}\b)"
)


@contextmanager
def same_chances() -> Iterator[None]:
    """Makes random values come in one order each time, inside a `with` block."""
    chance = random.Random(20260301)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_bytes", lambda n=32: chance.randbytes(n))
        patch.setattr(secrets, "token_hex", lambda n=32: chance.randbytes(n).hex())
        patch.setattr(
            secrets, "token_urlsafe", lambda n=32: base64.urlsafe_b64encode(chance.randbytes(n)).decode().rstrip("=")
        )
        patch.setattr(secrets, "randbelow", chance.randrange)
        patch.setattr(secrets, "choice", chance.choice)
        yield


def without_commitments(text: str) -> str:
    """Replaces digests, roots and signatures in a text: they commit to the ballots."""
    return _DIGESTS.sub("[digest]", text)


@dataclass(eq=False)
class Screen:
    """Screen that is connected, and every frame that it was sent."""

    connection: Connection
    frames: set[str] = field(default_factory=set)
    last: dict[str, str] = field(default_factory=dict)

    async def until(self, wanted: str) -> None:
        """Reads until the latest state or tally has this in it."""
        while not any(wanted in frame for frame in self.last.values()):
            for frame in await self.connection.outbox.take():
                self.last[frame[:12]] = frame
                # How many a tally in between was drawn with hangs on the moment.
                self.frames.add(re.sub(r'"voted":\d+', '"voted":0', frame))


@dataclass(eq=False)
class World:
    """House with a live session in one of the worlds, and everything that anybody was sent."""

    name: str
    house: House
    commission: Commission
    live: LiveSession
    people: tuple[str, ...] = ()
    seats: dict[str, httpx2.AsyncClient] = field(default_factory=dict)
    screens: dict[str, Screen] = field(default_factory=dict)
    heard: dict[str, str] = field(default_factory=dict)
    there: dict[str, str] = field(default_factory=dict)
    logged: list[EventDict] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Returns the path of the session's phones."""
        return f"/s/{self.live.code}"

    @property
    def clock(self) -> Clock:
        """Returns the house's clock."""
        return self.house.site.clock

    async def changed(self) -> None:
        """Tells every screen that the session has changed, and reads each until it shows so."""
        await self.house.site.rooms.changed(self.live.id)
        async with self.house.store.read() as work:
            self.live = await work.sessions.get_session(self.live.id)
        for screen in self.screens.values():
            await screen.until(f'"t":"state","v":{self.live.version},')

    async def vote(self, round_: Round, pick: Pick | None = None, *, papers: bool = True) -> None:
        """Casts everybody's votes: the phone "voter" as in the other world, the rest by `pick` (by default as people do
        in this one)."""
        ballots, pick = BALLOTS[round_.method], pick or PICKS[self.name]
        mine = {"round": round_.id, "choice": ballots[0], "reason": MINE, "cast": new_id()}
        answer = await self.seats["voter"].post(f"{self.path}/vote", data=mine, headers={"Accept": JSON})
        self.hear("voter", f"{round_.kind} {round_.method} ack", answer)
        voted = 1
        for n, person in enumerate(self.people):
            await self.cast(round_, person, pick(ballots, n), f"{MARKERS[self.name]} {n}")
            voted += 1
        if self.live.tablet:
            form = {"round": round_.id, "group": "g2", "person": new_id(), "choice": pick(ballots, 1)}
            form |= {"reason": MARKERS[self.name], "condition": MARKERS[self.name], "cast": new_id()}
            async with self.house.browser() as tablet:
                answer = await tablet.post(f"/tablet/{self.live.tablet}/vote", data=form, headers={"Accept": JSON})
            assert answer.status_code == 200, answer.text
            voted += 1
        if papers and countable(round_):
            voted += await self.count(round_)
            await self.changed()
        for screen in self.screens.values():
            await screen.until(f'"voted":{voted},')

    async def cast(self, round_: Round, person: str, choice: str, words: str) -> None:
        """Casts one ballot with these words as its reason and its condition."""
        message = CastMessage(new_id(), round_.id, choice, words, words)
        outcome = await self.house.site.rooms.intake.cast_and_wait(cast_of(message, person, self.clock.now()))
        assert outcome.refusal == "", outcome

    async def count(self, round_: Round) -> int:
        """Counts five papers of a group: as many in both worlds, with other marks on them. Returns 5."""
        first, second = countable(round_)[:2]
        numbers = {"A": ("4", "1"), "B": ("2", "3")}[self.name]
        where = f"/organise/sessions/{self.live.id}/papers/{round_.id}"
        form = {"act": "enter", "handed_out": "5", f"n:g2:{first}": numbers[0], f"n:g2:{second}": numbers[1]}
        assert (await self.seats["counter"].post(where, data=form)).status_code == 303
        async with self.house.store.read() as work:
            count = await work.papers.get_paper_count(round_.id)
        assert count is not None
        done = await self.seats["confirmer"].post(where, data={"act": "confirm", "id": count.id})
        assert done.status_code == 303
        return 5

    def hear(self, who: str, what: str, answer: httpx2.Response) -> None:
        """Keeps an answer with its headers."""
        assert answer.status_code < 500, what
        body, headers = answer.content.decode("utf-8", "replace"), dict(answer.headers)
        kind = headers.get("content-type", "")
        if kind in {"application/zip", workbook.MEDIA_TYPE}:
            body = unpacked(answer.content)
        if kind == workbook.MEDIA_TYPE:
            del headers["content-length"]  # how well it is packed hangs on the digests in it
        elif re.search("/record/tile/[0-9]", what):
            body = f"{len(answer.content)} bytes of hashes"
        self.heard[f"{who}: {what}"] = without_commitments(f"{answer.status_code} {sorted(headers.items())}\n{body}")

    async def ask(self, who: str, path: str, accept: str = HTML) -> None:
        """Asks for one address as somebody."""
        self.hear(who, f"GET {path} {accept}", await self.seats[who].get(path, headers={"Accept": accept}))

    async def look(self, round_: Round, moment: str) -> None:
        """Asks for a round's pages and refusals from every seat at this moment: as pages and as JSON while it is open,
        and later those of staff as JSON alone, since the page around them is asked for by itself."""
        before = set(self.heard)
        for who in ("voter", "silent", "observer"):
            await self.ask(who, self.path)
            await self.ask(who, f"{self.path}/now", JSON)
        for path in ("/step-out", "/away", "?counted=1"):
            await self.ask("voter", self.path + path)
        for path in (f"/projector/{self.live.projector}", f"/tablet/{self.live.tablet}", self.path, "/record"):
            await self.ask("nobody", path)
        for path in (f"/tablet/{self.live.tablet}/now", f"/rounds/{round_.id}/ballots.jsonl"):
            await self.ask("nobody", path, JSON)
        for path in (f"/console/{self.live.id}", f"/organise/sessions/{self.live.id}/papers/{round_.id}"):
            await self.ask("organiser", path)
        await self.ask("commissioner", f"/decide/new?round={round_.id}")
        console = f"/console/{self.live.id}"
        tries = [
            ("voter", f"{self.path}/vote", {"choice": "r9", "reason": "typed"}),
            ("voter", f"{self.path}/reason", {"reason": "typed"}),
            ("observer", f"{self.path}/vote", {"choice": BALLOTS[round_.method][0], "reason": "typed"}),
            ("nobody", f"{self.path}/vote", {"choice": "r1"}),
            ("organiser", f"{console}/second", {}),
            ("organiser", f"{console}/big-groups", {"on": "1"}),
            ("organiser", f"{console}/big-reasons", {"on": "1"}),
            ("organiser", f"{console}/promise", {"role": "Ada", "what": "goes", "by": "2027-01-01"}),
            ("organiser", f"{console}/terms", {"method": "single"}),
            ("commissioner", "/decide/new", {"outcome": "adopted", "response": "r1", "rationale": "typed"}),
        ]
        if moment == "open":
            tries.append(("organiser", f"{console}/reveal", {}))
        for who, path, form in tries:
            for accept in (HTML, JSON) if moment == "open" else (JSON if who in STAFF else HTML,):
                answer = await self.seats[who].post(path, data={"round": round_.id, **form}, headers={"Accept": accept})
                assert 400 <= answer.status_code < 500, (path, answer.status_code)
                self.hear(who, f"POST {path} {accept}", answer)
        room = await self.house.site.rooms.room(self.live.id)
        self.heard["everybody: tally"] = encode(room.tally)
        for key in set(self.heard) - before:
            self.heard[f"{round_.kind} {round_.method} {moment} | {key}"] = self.heard.pop(key)

    async def walk(self, moment: str, rounds: Sequence[str], *more: str) -> None:
        """Asks for every address of something that is here, as everybody who may ask for it; and makes the export on
        disk.

        What is public is asked for by nobody, the phone that voted and the commissioner; the record by nobody; the rest
        by one of each role, and not by those who counted papers, who see their own. The first of them asks for JSON
        too, but of pages of one kind once where that gives the very same bytes.
        """
        async with self.house.store.read() as work:
            size = await work.record.size()
        there = self.there | {"session": self.live.id, "code": self.live.code, "commission": self.commission.id}
        several = {"{index}": [str(n) for n in range(size)], "{round}": rounds}
        asked = [(path, path, "public") for path in more]
        for page in PAGES:
            if page.path == "/export/report.pdf":
                continue  # of the very blocks that /export/report.html is of, and dear to draw
            path = page.path.replace("/projector/{key}", f"/projector/{self.live.projector}")
            path = path.replace("/tablet/{key}", f"/tablet/{self.live.tablet}").replace("{level}", "0")
            path = path.replace("{number:path}", f"000.p/{size}")
            for name, value in there.items():
                path = path.replace("{" + name + "}", value)
            every = next((values for name, values in several.items() if name in path), [""])
            paths = [re.sub(r"\{index\}|\{round\}", value, path) for value in every]
            asked += [(page.path, path, page.permission) for path in paths if "GET" in page.methods and "{" not in path]
        alike: set[str] = set()
        for page_path, path, permission in asked:
            may = [seat for seat in dict.fromkeys(STAFF.values()) if permissions.may((seat,), permission)]
            seats = ["nobody", "voter", "commissioner"] if permission == "public" else may
            for who in seats[:1] if path.startswith("/record/") else seats:
                answer = await self.seats[who].get(path, headers={"Accept": HTML})
                self.hear(who, f"{moment} GET {path} {HTML}", answer)
                if who != seats[0] or (answer.is_success and page_path in alike):
                    continue
                program = await self.seats[who].get(path, headers={"Accept": JSON})
                self.hear(who, f"{moment} GET {path} {JSON}", program)
                if answer.is_success and program.content == answer.content:
                    alike.add(page_path)
        for of in (None, self.commission.id):
            export = await exports.export(self.house.site.checkpoints, of)
            self.heard[f"disk: {moment} {of}"] = unpacked(export)

    def received(self) -> dict[str, str]:
        """Returns everything received, by receiver and address."""
        sent = {
            name: sorted(without_commitments(frame) for frame in screen.frames) for name, screen in self.screens.items()
        }
        frames = {f"{name}: frames": "\n".join(each) for name, each in sent.items()}
        return self.heard | frames | {"log": "\n".join(str(event) for event in self.logged)}


def unpacked(archive: bytes) -> str:
    """Reads every file of an export, one after the other, signatures left out."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        files = {name: opened.read(name) for name in opened.namelist() if not name.endswith(".sig")}
    return without_commitments("\n".join(f"{name}\n{data.decode()}" for name, data in files.items()))


@asynccontextmanager
async def a_world(name: str, folder: Path, tables: Path, **changes: Any) -> AsyncIterator[World]:
    """Opens a world: a session with a story, everybody in it and at its screens. `changes` are of the session."""
    clock = SetClock()
    limits: dict[str, Any] = {
        "joins_per_session": 1000,
        "sign_ins_per_address": 1000,
        "wrong_codes_per_address": 10_000,
    }
    # What is made once for all is made before chance is the same.
    assert await passwords.fit(await password_hash(), PASSWORD) is Fit.YES
    async with AsyncExitStack() as stack:
        logged = stack.enter_context(capture_logs())
        stack.enter_context(same_chances())
        house = await stack.enter_async_context(a_house(folder, tables, clock, background=True, **limits))
        commission = await house.commission(threshold=5, created_at=clock.now())
        story = Submission(new_id(), commission.id, "Seat fourteen", TWEE, StoryStatus.ACCEPTED, may_perform=True)
        async with house.store.begin() as work:
            await work.stories.add_story(replace(story, submitted_at=clock.now(), link=new_id() * 2))
        form = SessionForm(
            commission.id, title="A day in March", scenarios=(story.id,), reasons=ReasonReading.READ_FIRST
        )
        live = await create_session(house.store, clock, form)
        live = await share(house.store, live.id, on=True)
        people = [Participant(new_id(), live.id, group, clock.now()) for group in ROOM]
        async with house.store.begin() as work:
            await work.sessions.save_session(replace(live, **changes))
            live = await work.sessions.get_session(live.id)
            for person in people:
                await work.sessions.join(person, new_id() * 2)
        world = World(name, house, commission, live, tuple(p.id for p in people), logged=logged)
        world.there["story"] = story.id
        for seat, told in PHONES.items():
            browser = world.seats[seat] = await stack.enter_async_context(house.browser())
            await browser.get(world.path)
            assert (await browser.post(f"{world.path}/join", data=told)).status_code == 303
            async with house.store.read() as work:
                here = await work.sessions.participant(live.id, digest(browser.cookies[DEVICE]))
            assert here is not None
            world.screens[seat] = Screen(Connection("phone", here.id, observing=here.observer))
        for seat, role in STAFF.items():
            world.seats[seat] = await stack.enter_async_context(house.signed_in(role))
        world.seats["nobody"] = await stack.enter_async_context(house.browser())
        kinds: tuple[Kind, ...] = ("projector", "tablet", "console")
        world.screens |= {kind: Screen(Connection(kind)) for kind in kinds}
        for screen in world.screens.values():
            await house.site.rooms.enter(live.id, screen.connection)
        yield world
