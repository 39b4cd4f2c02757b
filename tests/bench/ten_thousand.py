"""Lets ten thousand phones vote on one server process, first spread over eight seconds, then all at once.

    python tests/bench/ten_thousand.py [--phones 10000] [--seconds 8]

Needs two free processors and `ulimit -n 20000`. Prints the processor time that the server used, how long votes waited
for their acknowledgement, the tallies a second that a projector and the phones were sent, and what became of every
vote; ends with 1 where one was lost, counted without being cast or not answered, or a phone disconnected.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.hall import Figures, load_of_machine, now, part, processor, served


async def measure(phones: int, seconds: float) -> int:
    """Lets everybody vote twice; returns what the bench ends with."""
    figures = Figures()
    async with served(phones) as hall:
        spent = processor(hall.pid)
        await hall.connect(phones)
        figures.told("connect, us of a processor each", (processor(hall.pid) - spent) / phones)
        wall = await hall.watch()
        await hall.session.open()
        await asyncio.sleep(2)
        gc.collect()
        gc.disable()

        shown, told = wall.tallies, sum(phone.tallies for phone in hall.phones)
        spent, began = processor(hall.pid), now()
        waits = await hall.vote(hall.phones, seconds)
        took = now() - began
        print(f"{phones} phones, {phones / seconds:.0f} votes a second for {seconds:g} s; {load_of_machine()}")
        figures.told("processors used", (processor(hall.pid) - spent) / 1e6 / took, "0.75 with 10,000")
        figures.told("ack p50, ms", part(waits, 0.5))
        figures.told("ack p99, ms", part(waits, 0.99), "25")
        figures.told("tallies a second, projector", (wall.tallies - shown) / took, "5")
        heard = sum(phone.tallies for phone in hall.phones) - told
        figures.told("tallies a second, each phone", heard / phones / took, "0.5")

        await asyncio.sleep(2.5)
        spent, began = processor(hall.pid), now()
        waits = await hall.vote(hall.phones, 0)
        print(f"all {phones} at once")
        took = now() - began
        figures.told("a vote, us of a processor", (processor(hall.pid) - spent) / phones)
        figures.told("ack p95", part(waits, 0.95) / 1000, "s")
        figures.told("all answered after", took, "s")
        hall.tally(figures, await hall.session.counts())
    return figures.code


def main() -> None:
    """Reads the command line."""
    asking = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    asking.add_argument("--phones", type=int, default=10_000)
    asking.add_argument("--seconds", type=float, default=8.0)
    asked = asking.parse_args()
    sys.exit(uvloop.run(measure(asked.phones, asked.seconds)))


if __name__ == "__main__":
    main()
