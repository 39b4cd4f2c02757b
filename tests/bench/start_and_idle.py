"""Says what a server costs of which nobody asks anything, and what an hour of voting costs a phone.

    python tests/bench/start_and_idle.py [--phones 5000] [--only start,idle,hour] [--seconds 60]

* start: the processor's time from `forum serve` to serving, with the worked example there already; beside it that of
  importing the libraries that any such server has (Starlette, SQLAlchemy, Jinja, uvicorn).
* idle: the share of one processor that the server needs while so many phones are connected and nothing happens.
* hour: the bytes of one phone's socket, frames included, in an hour in which every two minutes a question is asked,
  opened, voted on, closed and its result shown. It is open for a minute, with a tally every two seconds, all of which
  are played here as fast as they come. Pings, one in 30 seconds and its answer, are added to it; so are the bytes of
  the page and its files, as they are sent compressed to a browser that has none of them. TCP and TLS are not in it.

The last column gives the targets. Absolute figures are the machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx2
import uvloop

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from bench.forum_wire import AFRESH, VENUE, Session  # noqa: E402
from bench.hall import Figures, Hall, Phone, load_of_machine, processor, served, until  # noqa: E402
from support.server_process import Serving  # noqa: E402

OFTEN = (
    "import sys; from forum.__main__ import main; from forum.live import tally_ticker; "
    "tally_ticker.PHONES_TICK = 0.01; main(['serve', *sys.argv[1:]], prog_name='forum')"
)
LIBRARIES = "import starlette.applications, sqlalchemy.ext.asyncio, jinja2, uvicorn"
STARTS = 5
QUESTIONS = 30  # in an hour
TALLIES = 30  # for each: one in two seconds, for a minute
PING, PINGS = 2 + 4 + 6 + 4, 120  # a ping with four bytes in it, and its masked answer
QUESTION = {
    "question": "Who should come first when somebody calls at night?",
    "response": ["A nurse and a paramedic", "The police", "Somebody stays on the phone", "A doctor"],
    "none": "0",
}


def import_of_libraries() -> float:
    """Returns the seconds of a processor that importing the libraries takes."""
    process = os.posix_spawn(sys.executable, [sys.executable, "-c", LIBRARIES], dict(os.environ))
    _, status, used = os.wait4(process, 0)
    assert status == 0
    return used.ru_utime + used.ru_stime


def start(data: Path) -> float:
    """Starts a server that has its data; returns the seconds of a processor until it serves."""
    with Serving(data, program=AFRESH, settings={"FORUM_EXAMPLE": "yes"}) as server:
        fields = Path(f"/proc/{server.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        server.stop()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def starts(figures: Figures) -> None:
    """Measures starts and imports in turn."""
    with tempfile.TemporaryDirectory(prefix="forum-start-") as where:
        start(Path(where))  # makes the example
        pairs = [(start(Path(where)), import_of_libraries()) for _ in range(STARTS)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    figures.told("start to serving, ms", 1000 * ours, "1,000 ms")
    figures.told("its libraries alone, ms", 1000 * theirs, "")
    figures.told("start, times its libraries", ours / theirs, "")


async def idle(figures: Figures, count: int, seconds: float) -> None:
    """Measures a server with phones that wait."""
    async with served(count) as hall:
        await asyncio.sleep(10)
        spent = processor(hall.pid)
        await asyncio.sleep(seconds)
        figures.told("idle without phones, % of a core", (processor(hall.pid) - spent) / seconds / 10_000)
        await hall.connect(count)
        await asyncio.sleep(20)
        spent = processor(hall.pid)
        await asyncio.sleep(seconds)
        share = (processor(hall.pid) - spent) / seconds / 10_000
        figures.told(f"idle with {count} phones, % of a core", share, "1 % with 5,000")
        figures.nought("phones that the server disconnected", hall.lost)


class Counted(Phone):
    """Phone that counts the bytes of its socket."""

    bytes = 0

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        """Counts a frame with its head."""
        size = frame.payload_size
        self.bytes += size + (2 if size < 126 else 4 if size < 65_536 else 10)
        super().on_ws_frame(transport, frame)

    def vote(self, choice: int) -> None:
        """Casts a vote; the head of its frame has a mask of four bytes."""
        self.bytes += len(self.hall.session.cast(choice)) + 6
        super().vote(choice)


async def hour(figures: Figures) -> None:
    """Plays an hour of voting, and says what one phone was sent and sent."""
    with tempfile.TemporaryDirectory(prefix="forum-hour-") as where:
        program = ("-c", OFTEN)
        with await asyncio.to_thread(Serving, Path(where), "--no-demo", program=program, settings=VENUE) as server:
            session = Session(server.base, where)
            await session.make()
            await session.join(TALLIES)
            hall = Hall(session, server.process.pid)
            phones = [Counted(hall, session.headers(index)) for index in range(TALLIES)]
            hall.phones += phones
            await hall.bring(phones)
            for _ in range(QUESTIONS):
                await question(hall)
            pings, page = PING * PINGS, await page_bytes(session)
            sent = statistics.median(phone.bytes for phone in phones)
            figures.told("an hour: states, tallies, votes, kB", sent / 1000)
            figures.told("an hour: pings, kB", pings / 1000)
            figures.told("page and the files it names, once, kB", page / 1000)
            figures.told("all in all, kB", (sent + pings + page) / 1000, "1,000 kB")
            told = min(phone.tallies for phone in phones)
            figures.told("tallies that each phone was sent", told, f"{QUESTIONS * TALLIES} or more")
            for phone in phones:
                phone.cut()
            await session.leave()


async def question(hall: Hall) -> None:
    """Plays one question from asking to its result; each phone votes, and each vote is told to all."""
    session = hall.session
    session.round = (await session.act("ask", **QUESTION))["round"]
    await session.open()
    for number, phone in enumerate(hall.phones):
        had = [one.tallies for one in hall.phones]
        phone.vote(number % 4)
        await until(lambda had=had: all(one.tallies > then for one, then in zip(hall.phones, had, strict=True)))  # type: ignore[misc]
    await session.counts()


async def page_bytes(session: Session) -> int:
    """Returns the bytes of a phone's page and of the files that it names, as they are sent (gzip where the server
    does)."""
    async with httpx2.AsyncClient(base_url=session.base, headers={"Cookie": session.cookies[0]}) as browser:
        page = await browser.get(session.path)
        size = len(page.content)
        for path in sorted(set(re.findall(r'(?:src|href)="(/(?:static/|colours)[^"]+)"', page.text))):
            async with browser.stream("GET", path.replace("&amp;", "&")) as answer:
                size += len(b"".join([piece async for piece in answer.aiter_raw()]))
        return size


async def measure(asked: argparse.Namespace) -> int:
    """Measures one thing after the other; returns 1 where a phone was lost."""
    only, figures = asked.only.split(","), Figures()
    if "start" in only:
        await asyncio.to_thread(starts, figures)
    if "idle" in only:
        await idle(figures, asked.phones, asked.seconds)
    if "hour" in only:
        await hour(figures)
    print(load_of_machine())
    return figures.code


def main() -> None:
    """Reads the command line."""
    asking = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    asking.add_argument("--phones", type=int, default=5000)
    asking.add_argument("--seconds", type=float, default=60)
    asking.add_argument("--only", default="start,idle,hour")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a server keeps what it has compiled
    sys.exit(uvloop.run(measure(asking.parse_args())))


if __name__ == "__main__":
    main()
