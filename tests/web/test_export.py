"""Exports as they are sent: in pieces, from a file that nobody has to clear away, a few at a time."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from support.app import House, words
from support.factories import CLOCK, new_id
from support.loop_watch import HELD, Asker, watched
from support.voted_session import FIRST, a_vote

from forum.record import audit
from forum.record.verify.encoding import canonical
from forum.record.verify.merkle_tree import leaf_hash
from forum.record.verify.verdict import PASS
from forum.services import exports, permissions
from forum.store import tables
from forum.web.cookies import SIGNED_IN

FILES = Path("/proc/self/fd")
LINUX = FILES.is_dir()
LONG = 1_000  # entries of a long record, and ballots


@dataclass
class Reader:
    """A client that takes the first piece of an answer, and no more until it is `read`; it can go away."""

    house: House
    cookie: str
    path: str = "/export"
    began: asyncio.Event = field(default_factory=asyncio.Event)
    read: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    async def ask(self) -> None:
        """Asks; returns when the application has done with it."""
        head = {"host": "house.test", "accept": "application/json", "cookie": f"{SIGNED_IN}={self.cookie}"}
        path, _, query = self.path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in head.items()],
            "client": ("192.0.2.1", 40000),
            "server": ("house.test", 80),
        }
        asked = False

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await self.gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                self.body += message["body"]
                self.began.set()
                if not self.gone.is_set():
                    await self.read.wait()

        await self.house.app(scope, receive, send)


@pytest.fixture
async def cookie(house: House) -> str:
    await a_vote(house.store, FIRST, declared=True)
    return await house.session_token(await house.person("ines", *permissions.ROLES))


def left(house: House) -> list[str]:
    """Lists the files without a name that are open in the data folder, and the places for exports that are taken."""
    links = [str(one.readlink()) for one in FILES.iterdir() if one.is_symlink()] if LINUX else []
    data = str(house.site.settings.data)
    return [link for link in links if link.startswith(data) and link.endswith("(deleted)")] + [
        *house.site.limits.exporting
    ]


async def test_a_browser_is_told_how_large_an_export_is(house: House, cookie: str) -> None:
    reader = Reader(house, cookie)
    reader.read.set()
    once = await exports.export(house.site.checkpoints)
    before = sorted(house.site.settings.data.rglob("*"))
    await reader.ask()
    assert (reader.status, reader.headers["content-length"]) == (200, str(len(reader.body)))
    assert reader.body == once
    assert {check.verdict for check in audit.verify(reader.body)} == {PASS}
    assert left(house) == []
    assert sorted(house.site.settings.data.rglob("*")) == before


async def test_a_third_export_of_one_person_waits_until_one_is_sent(house: House, cookie: str) -> None:
    first, second, third = (Reader(house, cookie) for _ in range(3))
    asking = [asyncio.create_task(reader.ask()) for reader in (first, second)]
    await asyncio.gather(first.began.wait(), second.began.wait())
    for path in ("/export", "/export/popolo", "/export/workbook", "/export/report.html", "/export/report.pdf"):
        refused = Reader(house, cookie, path)
        refused.read.set()
        await refused.ask()
        assert (refused.status, refused.headers["retry-after"]) == (429, "10"), path
        assert b"Two exports for you are being made or sent" in refused.body
    other = Reader(house, await house.session_token(await house.person("olu", *permissions.ROLES)))
    other.read.set()
    await other.ask()
    assert other.status == 200
    first.read.set()
    await asking[0]
    third.read.set()
    await third.ask()
    assert third.status == 200
    assert third.body == first.body
    second.gone.set()
    await asking[1]
    assert left(house) == []


async def test_four_exports_are_made_or_sent_at_a_time_for_all_people_together(house: House, cookie: str) -> None:
    olu, cai = [await house.session_token(await house.person(name, *permissions.ROLES)) for name in ("olu", "cai")]
    taken = [Reader(house, of) for of in (cookie, olu, cookie, olu)]
    asking = [asyncio.create_task(reader.ask()) for reader in taken]
    await asyncio.gather(*(reader.began.wait() for reader in taken))
    for path in ("/export", "/export/popolo", "/export/workbook", "/export/report.html", "/export/report.pdf"):
        refused = Reader(house, cai, path)
        refused.read.set()
        await refused.ask()
        assert (refused.status, refused.headers["retry-after"]) == (429, "30"), path
        assert b"Ask again in 30 seconds" in refused.body
    # Whoever goes away, and whoever has theirs, makes room.
    taken[0].gone.set()
    await asking[0]
    served = Reader(house, cai)
    served.read.set()
    await served.ask()
    assert served.status == 200
    for reader in taken:
        reader.read.set()
    await asyncio.gather(*asking)
    assert left(house) == []


@pytest.mark.parametrize("steps", [0, 3, 30, 100])
async def test_nothing_is_left_of_an_export_whose_reader_goes_away(house: House, cookie: str, steps: int) -> None:
    others = asyncio.all_tasks()
    reader = Reader(house, cookie)
    asking = asyncio.create_task(reader.ask())
    for _ in range(steps):
        await asyncio.sleep(0)
    reader.gone.set()
    await asking
    assert left(house) == []
    assert asyncio.all_tasks() <= others


async def test_nothing_is_left_where_it_goes_away_while_it_reads(house: House, cookie: str) -> None:
    reader = Reader(house, cookie)
    asking = asyncio.create_task(reader.ask())
    await reader.began.wait()
    assert len(left(house)) == (3 if LINUX else 1)
    reader.gone.set()
    await asking
    assert reader.status == 200
    assert len(reader.body) < int(reader.headers["content-length"])
    assert left(house) == []


async def test_nothing_is_left_of_an_export_that_fails(house: House, cookie: str) -> None:
    reader = Reader(house, cookie, "/export?commission=unknown")
    reader.read.set()
    await reader.ask()
    assert reader.status == 404
    assert left(house) == []


async def a_long_record(house: House) -> None:
    """Records a vote, then as many more entries and ballots as a year may bring, straight into the tables."""
    voted = await a_vote(house.store, FIRST)
    async with house.store.begin() as work:
        link = work.rounds._link  # type: ignore[attr-defined]
        stored = await work.record.entries()
        opened = [one for one in (json.loads(entry.body) for entry in stored) if one["type"] == "round opened"][-1]
        bodies = [canonical({**opened, "round": new_id()}) for _ in range(LONG)]
        entries = [
            {"position": at, "commission": opened["commission"], "body": body, "leaf_hash": leaf_hash(body)}
            for at, body in enumerate(bodies, len(stored))
        ]
        people = [
            {
                "id": new_id(),
                "session": voted.live.id,
                "device": new_id() * 2,
                "group_id": "g1",
                "joined_at": CLOCK.now(),
            }
            for _ in range(LONG)
        ]
        keys = ("ballot", "salt", "group_salt")
        votes = [
            {"round": voted.rounds[0], "participant": one["id"], "choice": "r1", "reason": "", "group_id": "g1"}
            | {key: new_id() for key in keys}
            | {"at": CLOCK.now()}
            for one in people
        ]
        for table, rows in ((tables.entry, entries), (tables.participant, people), (tables.ballot, votes)):
            for first in range(0, LONG, 500):
                await link.run(sa.insert(table).values(rows[first : first + 500]))


async def test_no_export_of_a_long_record_holds_the_loop(
    house: House, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_long_record(house)
    asker = Asker(house, f"{SIGNED_IN}={cookie}")
    with watched(monkeypatch) as watch:
        for _ in range(3):  # what is slow is so each time, and noise is not
            await asyncio.sleep(0)
            watch.forget()
            status, got = await asker.ask("GET", "/export")
            assert status == 200
            if watch.loop <= HELD:
                break
        watch.look(f"an export of {len(got):,} bytes")
    assert not watch.faults, "\n".join(watch.faults)


@pytest.mark.parametrize(
    ("path", "module", "library"),
    [
        ("/export/workbook", "xlsxwriter", "XlsxWriter"),
        ("/export/report.pdf", "typst", "typst"),
        ("/decide/poster.pdf", "typst", "typst"),
    ],
)
async def test_without_its_library_a_file_is_refused_in_words(
    house: House, monkeypatch: pytest.MonkeyPatch, path: str, module: str, library: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    async with house.signed_in("commissioner") as browser:
        refused = await browser.get(path)
        told = await browser.get(path, headers={"Accept": "application/json"})
    assert (refused.status_code, told.status_code) == (503, 503)
    assert f"its library {library} is not installed" in words(refused)
    assert told.json()["error"]["code"] == "library_missing"
