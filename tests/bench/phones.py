"""Says what phones cost one server, by what they do: come, join, connect, wait, vote, be shown something new.

    python tests/bench/phones.py [--phones 1000] [--only join,connect,vote,cue,idle,storm]

The server is this checkout's. Each line is the server's processor time (all its threads, microseconds) for one phone,
and where it says something, how long the last phone waited (milliseconds). Absolute figures are the machine's; compare
checkouts in turn, on a machine that does nothing else. The targets in the last column are those of the README's table.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
from functools import partial
from pathlib import Path

import httpx2
import picows
import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.forum_wire import Session
from bench.hall import AT_ONCE, Figures, Hall, now, processor, served


async def measure(asked: argparse.Namespace) -> int:
    """Measures one thing after the other; returns what the bench ends with."""
    only, figures, count = set(asked.only.split(",")), Figures(), asked.phones
    async with served(0) as hall:
        pid, told = hall.pid, figures.told
        spent = processor(pid)
        await hall.session.join(count)
        told("join: form post, us", (processor(pid) - spent) / count, "a join: 3,000 us in all")
        if "join" in only:
            await pages(hall.session, pid, figures)
        for _ in range(3 if "connect" in only else 1):
            await hall.cut()
            hall.phones.clear()
            await asyncio.sleep(1)
            spent = processor(pid)
            await hall.connect(count)
            told("connect, us", (processor(pid) - spent) / count, "1.3 x node-ws")
        if "idle" in only:
            spent = processor(pid)
            await asyncio.sleep(20)
            told("idle, % of a core", (processor(pid) - spent) / 200_000, "1 % with 5,000 phones")
        await hall.session.open()
        await asyncio.sleep(1)
        if "vote" in only:
            await votes(hall, figures)
        if "cue" in only:
            await cues(hall, figures)
        if "storm" in only:
            await storm(hall, figures)
        figures.nought("phones that the server disconnected", hall.lost)
    return figures.code


async def pages(session: Session, pid: int, figures: Figures) -> None:
    """Measures the page on which one joins, and that of a phone that has joined."""
    async with httpx2.AsyncClient(base_url=session.base, timeout=60) as browser:
        gate = asyncio.Semaphore(AT_ONCE)

        async def page(cookie: str) -> None:
            async with gate:
                headers = {"Cookie": cookie} if cookie else {}
                (await browser.get(session.path, headers=headers)).raise_for_status()
                browser.cookies.clear()

        for what, cookies in (("join: page, us", [""] * 300), ("join: phone's page, us", session.cookies[:300])):
            await page(cookies[0])
            spent = processor(pid)
            await asyncio.gather(*map(page, cookies))
            figures.told(what, (processor(pid) - spent) / len(cookies))


async def votes(hall: Hall, figures: Figures) -> None:
    """Lets all vote at once, five times."""

    async def burst() -> None:
        for n, phone in enumerate(hall.phones):
            phone.transport.send(picows.WSMsgType.TEXT, hall.session.cast(n % 4))

    rounds = []
    for _ in range(5):
        rounds.append(await hall.all_heard(burst))
        await asyncio.sleep(2.5)
    figures.told("vote in a burst, us", *_middle(rounds, "1.0 x node-ws"))


async def cues(hall: Hall, figures: Figures) -> None:
    """Pauses and resumes the session: all that every phone shows is drawn and sent anew."""
    rounds = []
    for n in range(6):
        rounds.append(await hall.all_heard(partial(hall.session.act, "resume" if n % 2 else "pause")))
        await asyncio.sleep(0.5)
    figures.told("a new cue, us", *_middle(rounds, "25 us and 400 ms with 5,000"))


async def storm(hall: Hall, figures: Figures) -> None:
    """Cuts everybody at once; they come back as fast as the server lets them."""
    count = len(hall.phones)
    await hall.cut()
    spent, began = processor(hall.pid), now()
    await hall.bring(hall.phones)
    took = now() - began
    figures.told("back after a cut of all, us", (processor(hall.pid) - spent) / count, "20 s with 5,000", 1000 * took)


def _middle(rounds: list[tuple[float, float]], target: str) -> tuple[float, str, float]:
    cost, wait = (statistics.median(column) for column in zip(*rounds, strict=True))
    return cost, target, wait


def main() -> None:
    """Reads the command line."""
    asking = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    asking.add_argument("--phones", type=int, default=1000)
    asking.add_argument("--only", default="join,connect,idle,vote,cue,storm")
    sys.exit(uvloop.run(measure(asking.parse_args())))


if __name__ == "__main__":
    main()
