"""Simulates a session over several processes, and holds the arithmetic of docs/scaling.md against it.

    python tests/bench/scaling.py [PHONES PROCESSES ...] [--cost NAME=VALUE ...] [--seconds 4] [--votes PER_PHONE]

Nothing is computed from the page's formulas: phones vote at random, processes take one piece of work after another,
gather votes into commits and news into messages, the database and the broker have queues, and each message is taken
apart by every process. What is counted then is printed beside what the page says, with the share of its time that each
part was busy, how long a vote waited for its answer, and what gives first.

Of COSTS those with a command beside them were measured, on two slow cores; the others are estimates on the safe side.
Another machine's go in with --cost.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import timeit
from array import array
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import simpy

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

from forum.live import ballot_box, shared_rooms, tally_ticker, teller  # noqa: E402

# Seconds of one core, unless said.
COSTS: Final[dict[str, float]] = {
    "frame": 23e-6,  # one tally written to one phone: tests/bench/often.py under the yardstick, 5,000 phones
    "vote": 160e-6,  # one vote taken, stored and answered: run.py under the yardstick, 2,000 phones
    "look": 5e-3,  # one look at a room in the database, with what is read of it
    "message": 60e-6,  # one message made, or taken: seal, MessagePack, the broker's client
    "name": 0.06e-6,  # one name of who is here, unpacked: tests/bench/scaling.py --measure
    "unite": 0.15e-6,  # one name, united with those of other processes: the same
    "fsync": 2e-3,  # seconds that a commit waits for the disk
    "ballot": 25e-6,  # one ballot, in PostgreSQL itself
    "read": 2e-3,  # PostgreSQL's part of a look
    "broker in": 4e-6,  # one message that comes to Valkey
    "broker out": 2e-6,  # one copy of it that goes
    "broker byte": 1 / 600e6,  # one byte of that
    "database cores": 4,
    "votes": 0.125,  # votes a second and phone: 1,250 of 10,000, as in the yardstick
}
BATCH: Final = ballot_box._BATCH  # ballots in one commit
PIECE: Final = 100  # phones that are written to before other work has its turn
BIN: Final = 0.01  # seconds of which votes are drawn together
NAMED: Final = 8  # bytes of a name of who is here
NEWS: Final = (72, 9)  # bytes of news, and of each name in them
TABLE: Final = ((10_000, 2), (40_000, 4), (100_000, 10), (1_000_000, 100))  # docs/scaling.md

Event: TypeAlias = Generator[simpy.Event, Any, None]


@dataclass
class Measured:
    """Counts of one run, by what is counted; `waits` are seconds between a vote and its answer."""

    frames: int = 0
    votes: int = 0
    commits: int = 0
    looks: int = 0
    messages: int = 0
    said: int = 0
    copied: int = 0  # bytes that went out of the broker
    waits: list[tuple[float, int]] = field(default_factory=list)


class Queue:
    """Work of one core (or of several that share it), done in the order in which it came."""

    def __init__(self, world: simpy.Environment, cores: int = 1) -> None:
        self._world = world
        self._work = simpy.Store(world)
        self._cores = cores
        self.busy = 0.0
        for _ in range(cores):
            world.process(self._run())

    def put(self, seconds: float, then: Callable[[], None] = lambda: None) -> None:
        """Takes work of so many seconds; `then` is called when it is done."""
        self._work.put((seconds, then))

    def share(self) -> float:
        """Returns the share of its time for which it worked; more than what was there means that work waits."""
        waiting = sum(seconds for seconds, _ in self._work.items)
        return float((self.busy + waiting) / (self._world.now * self._cores))

    def _run(self) -> Event:
        while True:
            seconds, then = yield self._work.get()
            yield self._world.timeout(seconds)
            self.busy += seconds
            then()


class Process:
    """One process of Forum with its share of the phones."""

    def __init__(self, house: House, phones: int) -> None:
        self.house = house
        self.phones = phones
        self.loop = Queue(house.world)
        self._waiting: list[tuple[float, int]] = []  # when votes came, and how many
        self._committing = False
        self._news = 0
        self._due = False
        self._stale = False  # who is here is to be united anew
        house.world.process(self._voting())
        house.world.process(self._counting())
        house.world.process(self._telling_phones())
        house.world.process(self._saying_who_is_here())
        house.world.process(self._looking())

    def hear(self, names: int, new: bool) -> None:
        """Takes a message of another process apart; `names` of who is here are in it, or none."""
        cost = self.house.cost
        self._stale = self._stale or new
        self.loop.put(cost["message"] + names * cost["name"])

    def _counting(self) -> Event:
        """Counts who is here for its big screens, where that is not as it was."""
        house = self.house
        while True:
            yield house.world.timeout(tally_ticker.TICK)
            if self._stale:
                self._stale = False
                self.loop.put(house.phones * house.cost["unite"])

    def _voting(self) -> Event:
        house = self.house
        while True:
            yield house.world.timeout(BIN)
            mean = self.phones * house.cost["votes"] * BIN
            votes = max(0, round(house.chance.gauss(mean, mean**0.5)))
            if votes:
                self.loop.put(votes * house.cost["vote"], self._cast(house.world.now, votes))

    def _cast(self, at: float, votes: int) -> Callable[[], None]:
        def take() -> None:
            self._waiting.append((at, votes))
            if not self._committing:
                self._commit()

        return take

    def _commit(self) -> None:
        batch: list[tuple[float, int]] = []
        while self._waiting and sum(votes for _, votes in batch) < BATCH:
            batch.append(self._waiting.pop(0))
        number = sum(votes for _, votes in batch)
        self._committing = True
        self.house.world.process(self._store(batch, number))

    def _store(self, batch: list[tuple[float, int]], number: int) -> Event:
        house, stored = self.house, self.house.world.event()
        house.database.put(number * house.cost["ballot"], lambda: _happens(stored))
        yield stored
        yield house.world.timeout(house.cost["fsync"])  # PostgreSQL syncs for all who wait, while its cores go on
        house.measured.commits += 1
        house.measured.votes += number
        house.measured.frames += number
        house.measured.waits += [(house.world.now - at, votes) for at, votes in batch]
        self._tell(number)
        self._committing = False
        if self._waiting:
            self._commit()

    def _tell(self, names: int) -> None:
        """Gathers news for a moment, and sends them."""
        self._news += names
        if not self._due:
            self._due = True
            self.house.world.process(self._soon())

    def _soon(self) -> Event:
        yield self.house.world.timeout(teller.SOON)
        self._due = False
        names, self._news = self._news, 0
        while True:  # so many names fit into one message
            some = min(names, 2000)
            size = NEWS[0] + NEWS[1] * some
            self.loop.put(self.house.cost["message"], partial(self.house.publish, self, size))
            self.house.measured.messages += 1
            names -= some
            if names <= 0:
                return

    def _telling_phones(self) -> Event:
        """Sends a tally to every phone, in pieces between which other work has its turn."""
        yield self.house.world.timeout(self.house.chance.uniform(0, tally_ticker.PHONES_TICK))
        while True:
            self._fan_out(self.phones)
            yield self.house.world.timeout(tally_ticker.PHONES_TICK)

    def _fan_out(self, left: int) -> None:
        some = min(PIECE, left)
        self.house.measured.frames += some
        self.loop.put(some * self.house.cost["frame"], lambda: self._fan_out(left - some) if left > some else None)

    def _saying_who_is_here(self) -> Event:
        """Names its phones: once a second while they come and go, otherwise now and then."""
        house = self.house
        every = shared_rooms.BEAT if house.coming else shared_rooms.RENEWED
        yield house.world.timeout(house.chance.uniform(0, every))
        while True:
            self.loop.put(
                house.cost["message"] + self.phones * house.cost["name"],
                lambda: house.publish(self, NEWS[0] + NAMED * self.phones, self.phones, new=house.coming),
            )
            house.measured.said += 1
            yield house.world.timeout(every * house.chance.uniform(0.75, 1.25))

    def _looking(self) -> Event:
        house = self.house
        yield house.world.timeout(house.chance.uniform(0, shared_rooms.LOOK_VOTING))
        while True:
            house.measured.looks += 1
            house.database.put(house.cost["read"])
            self.loop.put(house.cost["look"])
            yield house.world.timeout(shared_rooms.LOOK_VOTING * house.chance.uniform(0.75, 1.25))


class House:
    """All processes, the database and the broker."""

    def __init__(self, phones: int, processes: int, cost: dict[str, float], *, coming: bool, seed: int = 1) -> None:
        self.world = simpy.Environment()
        self.cost = cost
        self.phones = phones
        self.coming = coming
        self.chance = random.Random(seed)
        self.measured = Measured()
        self.broker = Queue(self.world)
        self.database = Queue(self.world, int(cost["database cores"]))
        self.processes = [Process(self, phones // processes) for _ in range(processes)]

    def publish(self, sender: Process, size: int, names: int = 0, *, new: bool = False) -> None:
        """Sends a message to all processes, the sender too, as a broker does."""
        copies, cost = len(self.processes), self.cost

        def deliver() -> None:
            self.measured.copied += size * copies
            for one in self.processes:
                if one is not sender:
                    one.hear(names, new)

        self.broker.put(cost["broker in"] + copies * (cost["broker out"] + size * cost["broker byte"]), deliver)

    def run(self, seconds: float) -> Measured:
        """Lets so much time pass."""
        self.world.run(until=seconds)
        return self.measured

    def shares(self) -> dict[str, float]:
        """Returns how busy each part was: of the processes, the busiest."""
        process = max(one.loop.share() for one in self.processes)
        return {"a process": process, "the database": self.database.share(), "the broker": self.broker.share()}


def _happens(event: simpy.Event) -> None:
    event.succeed()


def late(waits: Sequence[tuple[float, int]], share: float = 0.99) -> float:
    """Returns the seconds within which this share of votes was answered."""
    left = share * sum(votes for _, votes in waits)
    for seconds, votes in sorted(waits):
        left -= votes
        if left <= 0:
            return seconds
    return 0.0


def measured_names() -> dict[str, float]:
    """Measures what a name of who is here costs on this machine."""
    some = [frozenset(random.getrandbits(63) for _ in range(10_000)) for _ in range(10)]
    packed = array("Q", some[0]).tobytes()

    def seconds(work: Callable[[], object], names: int) -> float:
        return min(timeit.repeat(work, timer=time.process_time, number=5, repeat=5)) / 5 / names

    return {
        "name": seconds(lambda: frozenset(array("Q", packed)), 10_000),
        "unite": seconds(lambda: frozenset().union(*some), 100_000),
    }


def shown(phones: int, processes: int, cost: dict[str, float], seconds: float) -> None:
    """Simulates one row of the page, while all come and go and when all is quiet, and prints it."""
    busy = House(phones, processes, cost, coming=True)
    quiet = House(phones, processes, {**cost, "votes": 0.0}, coming=False)
    saw, calm = busy.run(seconds), quiet.run(2 * shared_rooms.RENEWED)
    votes = phones * cost["votes"]
    named = NAMED * phones * processes / 1e6
    news = processes * processes * (NEWS[0] * 6) / 1e6 + votes * NEWS[1] * processes / 1e6
    print(f"\n{phones:,} phones over {processes} processes, {votes:,.0f} votes a second")
    for what, simulated, said in (
        ("connections a process", phones / processes, phones / processes),
        ("frames a second", saw.frames / seconds, phones / tally_ticker.PHONES_TICK + votes),
        ("commits a second, at most", saw.commits / seconds, votes),
        ("looks a second", saw.looks / seconds, processes / shared_rooms.LOOK_VOTING),
        ("news a second, at most", saw.messages / seconds, processes / teller.SOON),
        ("who is here, a second", saw.said / seconds, processes / shared_rooms.BEAT),
        ("broker out, all come and go, MB/s", saw.copied / seconds / 1e6, named + news),
        (
            "broker out, all is quiet, MB/s",
            calm.copied / (2 * shared_rooms.RENEWED) / 1e6,
            named / shared_rooms.RENEWED,
        ),
    ):
        print(f"  {what:36} simulated {simulated:12,.2f}   docs/scaling.md {said:12,.2f}")
    shares = busy.shares()
    print("  busy: " + ", ".join(f"{part} {share:.0%}" for part, share in shares.items()), end="")
    print(f" (quiet: {', '.join(f'{part} {share:.0%}' for part, share in quiet.shares().items())})")
    first = max(shares, key=shares.__getitem__)
    print(f"  a vote is answered within {late(saw.waits) * 1000:,.0f} ms (99 of 100); what gives first: {first}")


def main() -> None:
    """Prints the simulation of the page's table, or of what is asked for."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("rows", nargs="*", type=int, metavar="PHONES PROCESSES")
    asked.add_argument("--cost", action="append", default=[], metavar="NAME=VALUE", help=f"one of {', '.join(COSTS)}")
    asked.add_argument("--votes", type=float, default=COSTS["votes"], help="votes a second and phone")
    asked.add_argument("--seconds", type=float, default=4.0)
    asked.add_argument("--measure", action="store_true", help="measure first what a name costs here")
    given = asked.parse_args()
    cost = {**COSTS, "votes": given.votes}
    if given.measure:
        cost |= measured_names()
        print(", ".join(f"{name} {cost[name] * 1e6:.3f} us" for name in ("name", "unite")))
    for one in given.cost:
        name, _, value = one.partition("=")
        if name not in COSTS:
            asked.error(f"no such cost: {name}")
        cost[name] = float(value)
    rows = list(zip(given.rows[::2], given.rows[1::2], strict=True)) or TABLE
    for phones, processes in rows:
        shown(phones, processes, cost, given.seconds)


if __name__ == "__main__":
    main()
