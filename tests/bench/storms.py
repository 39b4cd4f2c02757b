"""Cuts a hall of phones off at once and lets them come back, and lets two thousand people join within a minute.

    python tests/bench/storms.py [--only reconnect,join] [--phones 5000] [--people 2000] [--minute 60]

The cut comes in the middle of a vote of all; phones send again what was not answered, and the last is counted when it
has its answer. Whoever joins asks for the session's page, sends its form, asks for the page again and connects, while
phones that are there already vote. Prints how long it took and the slowest answers with their targets; ends with 1
where a vote was lost, counted without being cast or not answered, a phone disconnected, or a page refused.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.forum_wire import Browser
from bench.hall import Figures, Hall, Phone, load_of_machine, now, part, processor, served, until

VOTERS = 1000  # phones that are there before the others join
CALM = 10.0  # seconds of voting before they do


async def reconnect(phones: int, figures: Figures) -> None:
    """Cuts everybody in the middle of a vote."""
    async with served(phones) as hall:
        await hall.connect(phones)
        await hall.session.open()
        await asyncio.sleep(2)
        gc.collect()
        gc.disable()
        print(f"{phones} phones are cut off while they vote; {load_of_machine()}")
        for number, phone in enumerate(hall.phones):
            phone.vote(number % 4)
        await until(lambda: len(hall.waits) >= phones // 4)
        await hall.cut()
        answered = len(hall.taken())
        spent, began = processor(hall.pid), now()
        # Whoever had its answer votes anew when it is back: then every phone waits for one.
        await hall.bring(hall.phones, lambda phone: None if phone.waiting else phone.vote(1))
        back = now() - began
        await until(lambda: not any(phone.waiting for phone in hall.phones))
        figures.told("answered before the cut", answered)
        figures.told("all back, us of a processor each", (processor(hall.pid) - spent) / phones)
        figures.told("all back after, s", back, "20 with 5,000")
        figures.told("slowest ack of a vote sent (again), s", part(hall.taken(), 1.0) / 1000, "5")
        hall.tally(figures, await hall.session.counts())


class Newcomers:
    """People who scan the code: what each of their three pages took, and how many of those were refused."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self.waits: dict[str, list[float]] = {"the page that asks": [], "its form": [], "the phone's page": []}
        self.refused = 0

    async def come(self) -> None:
        """Lets one person join and connect."""
        hall, browser = self._hall, Browser(self._hall.session.base)
        path = hall.session.path
        steps = ((path, None), (f"{path}/join", {"group": ""}), (f"{path}?joined=1", None))
        try:
            for (address, form), waits in zip(steps, self.waits.values(), strict=True):
                began = now()
                await browser.ask(address, form)
                waits.append(now() - began)
            phone = Phone(hall, {"Cookie": browser.cookie, "Origin": hall.session.base})
            hall.phones.append(phone)
            await phone.dial()
        except (OSError, EOFError):
            self.refused += 1
        finally:
            browser.close()


async def join(people: int, seconds: float, figures: Figures) -> None:
    """Lets people join, spread evenly over so many seconds, while others vote."""
    async with served(VOTERS) as hall:
        voters = await hall.connect(VOTERS)
        await hall.session.open()
        await asyncio.sleep(2)
        gc.collect()
        gc.disable()
        print(f"{people} people join within {seconds:g} s while {VOTERS} phones vote; {load_of_machine()}")
        rounds = max(1, round(seconds / CALM))
        calm = await hall.vote(voters, CALM)
        newcomers, coming, spent = Newcomers(hall), set[asyncio.Task[None]](), processor(hall.pid)

        async def scan() -> None:
            began = now()
            for number in range(people):
                await asyncio.sleep(max(0.0, began + seconds * number / people - now()))
                coming.add(asyncio.create_task(newcomers.come()))

        scanning = asyncio.create_task(scan())
        meanwhile = [wait for _ in range(rounds) for wait in await hall.vote(voters, seconds / rounds)]
        await scanning
        await asyncio.gather(*coming)
        figures.told("a person, us of a processor, votes and all", (processor(hall.pid) - spent) / people)
        for what, waits in newcomers.waits.items():
            figures.told(f"{what}: p95, ms", part(waits, 0.95))
            figures.told(f"{what}: slowest, ms", part(waits, 1.0), "1000")
        figures.told("ack p99 before, ms", part(calm, 0.99))
        figures.told("ack p99 meanwhile, ms", part(meanwhile, 0.99), "that before")
        figures.nought("people who were refused a page", newcomers.refused)
        hall.tally(figures, await hall.session.counts())


async def measure(asked: argparse.Namespace) -> int:
    """Makes one storm after the other; returns what the bench ends with."""
    figures, only = Figures(), asked.only.split(",")
    if "reconnect" in only:
        await reconnect(asked.phones, figures)
    if "join" in only:
        await join(asked.people, asked.minute, figures)
    return figures.code


def main() -> None:
    """Reads the command line."""
    asking = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    asking.add_argument("--only", default="reconnect,join")
    asking.add_argument("--phones", type=int, default=5000)
    asking.add_argument("--people", type=int, default=2000)
    asking.add_argument("--minute", type=float, default=60.0, metavar="SECONDS")
    sys.exit(uvloop.run(measure(asking.parse_args())))


if __name__ == "__main__":
    main()
