"""Lets some of a hall's phones read nothing for half a minute, while the others vote and everybody is shown new things.

    python tests/bench/slow_phones.py [--phones 5000] [--sleepers 500] [--seconds 30]

A sleeper's own system takes next to nothing for it (a receive buffer of 4 KiB), as a phone that is out of reach does.
Prints the memory that a sleeper costs, in the server's process and in the system's buffers of its sockets (`ss`, of
iproute2), what the others were sent of the tallies due to them and how long their votes waited, before and meanwhile,
and after how long, and how many older states, each sleeper had the latest one once it woke. Ends with 1 where a vote
was lost, a phone disconnected, or a sleeper was not shown the latest state.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.hall import Figures, Hall, Phone, load_of_machine, now, part, resident, served, until

from forum.live.tally_ticker import PHONES_TICK

CUE_EVERY = 3.0  # seconds between two things that everybody is shown while they sleep
AWAKE = 15.0  # seconds within which a sleeper should have the latest once it reads
# Of `ss`: bytes received and waiting, bytes written and waiting, and those set aside for either.
_MEMORY = re.compile(r"skmem:\(r(\d+),.*?f(\d+),w(\d+),")


def in_the_system(hall: Hall) -> float:
    """Returns the memory that the system keeps for the server's sockets, in KiB."""
    port = hall.session.base.rpartition(":")[2]
    command = ["ss", "-tmnOH", f"sport = :{port}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return sum(sum(map(int, found)) for found in _MEMORY.findall(said)) / 1024


async def something_new(hall: Hall, seconds: float) -> None:
    """Pauses and resumes the session again and again; the last thing shown is that it goes on."""
    end = now() + seconds
    while now() < end:
        for act in ("pause", "resume"):
            await hall.session.act(act)
            await asyncio.sleep(CUE_EVERY / 2)


class Waking:
    """Sleepers that read again: what each is shown until it has the latest state, and when it has that."""

    def __init__(self, sleepers: Sequence[Phone], latest: int) -> None:
        self._latest = latest
        self._began = now()
        self.took: list[float] = []
        self.stale = 0
        for phone in sleepers:
            phone.shown = self._shown
            phone.wake()

    def _shown(self, version: int) -> None:
        if version == self._latest:
            self.took.append(now() - self._began)
        else:
            self.stale += 1


async def measure(phones: int, sleeping: int, seconds: float) -> int:
    """Lets `sleeping` of the phones sleep for `seconds`; returns what the bench ends with."""
    figures = Figures()
    async with served(phones) as hall:
        sleepers = await hall.connect(sleeping, receiving=4096)
        others = await hall.connect(phones - sleeping)
        await hall.session.open()
        await asyncio.sleep(3)
        gc.collect()
        gc.disable()
        # Nobody votes twice, as a tally with nobody new in it is not sent; as many vote a second before as meanwhile.
        before = max(4.0, seconds / 3)
        first = int(len(others) * before / (before + seconds))
        print(
            f"{sleeping} of {phones} phones sleep for {seconds:g} s; {first / before:.0f} votes a second; "
            f"{load_of_machine()}"
        )
        cueing = asyncio.create_task(something_new(hall, before - CUE_EVERY))
        calm = await hall.vote(others[:first], before)
        await cueing
        others[-1].shown = lambda version: None

        process, system = resident(hall.pid), in_the_system(hall)
        for phone in sleepers:
            phone.sleep()
        told = [phone.tallies for phone in others]
        cueing = asyncio.create_task(something_new(hall, seconds - CUE_EVERY))
        meanwhile = await hall.vote(others[first:], seconds)
        await cueing
        got = [phone.tallies - of for phone, of in zip(others, told, strict=True)]
        grown, buffered = resident(hall.pid) - process, in_the_system(hall) - system
        figures.told("the process, KiB a sleeper", grown / sleeping)
        figures.told("the system, KiB a sleeper", buffered / sleeping)
        figures.told("both, KiB a sleeper", (grown + buffered) / sleeping, "16")
        figures.told("others: tallies that one was sent, each 2 s", max(got) * PHONES_TICK / seconds, "1")
        figures.told("others: of the tallies due, %", 100 * sum(got) / max(got) / len(others), "99")
        figures.told("others: ack p99 before, ms", part(calm, 0.99))
        figures.told("others: ack p99 meanwhile, ms", part(meanwhile, 0.99), "twice that before")

        waking = Waking(sleepers, others[-1].version)
        await until(lambda: len(waking.took) >= len(sleepers), AWAKE)
        figures.told("awake: older states before the latest, each", waking.stale / sleeping)
        figures.told("awake: the latest after (p50), ms", part(waking.took, 0.5))
        figures.told("awake: the latest after (last), ms", part(waking.took, 1.0), "at once")
        figures.nought("sleepers that were cut off, as they answered no pings", sum(not one.here for one in sleepers))
        figures.nought("sleepers without the latest state", len(sleepers) - len(waking.took))
        await hall.vote([phone for phone in sleepers if phone.here], 0)
        hall.tally(figures, await hall.session.counts())
    return figures.code


def main() -> None:
    """Reads the command line."""
    asking = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    asking.add_argument("--phones", type=int, default=5000)
    asking.add_argument("--sleepers", type=int, default=0, help="a tenth, where it is not said")
    asking.add_argument("--seconds", type=float, default=30.0)
    asked = asking.parse_args()
    sys.exit(uvloop.run(measure(asked.phones, asked.sleepers or asked.phones // 10, asked.seconds)))


if __name__ == "__main__":
    main()
