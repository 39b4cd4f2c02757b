"""Lets a room of phones vote while each attack of `tests/attack/` is made, and says what they waited for.

    python tests/bench/room_under_attack.py --load FOLDER [ATTACK ...] [--phones 2000] [--window 15] [--large]

FOLDER holds the load generator (`fanout.py`), which needs picows, uvloop and httpx2 in this environment. Each attack
gets a server of its own, and so does a room that nobody attacks, first and last: these machines drift. The attacker
would have a computer of their own, so here they have what the server and the phones leave of this one (`nice`); that
needs root. Attacks that end their server, or have none, have no room (ALONE).

Prints for each the 50th and 99th percentile of vote to acknowledgement in milliseconds, the votes that were lost or not
answered, and by how many MB the server grew beside its room; exits 1 where p99 more than doubled, more than 300 MB were
needed, or a vote was lost.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

# They lie in the folder that was named just now.
from attack.target import Row, Target, known  # noqa: E402
from support.server_process import Serving  # noqa: E402

ATTACKS = HERE.parent / "attack"
NOBODY = "(nobody attacks)"
ALONE = ("ending", "fuzzing", "taking_back")
# The load generator comes from one address, as a venue does that has been told to Forum.
VENUE = {"FORUM_JOINS_PER_SESSION": "1000000", "FORUM_CONNECTIONS_PER_ADDRESS": "20000"}
MOST_MB = 300.0
MOST_TIMES = 2.0


@dataclass
class Told:
    """Figures of a room: percentiles in ms, votes lost or without an answer, MB that the server grew by."""

    attack: str
    p50: float
    p99: float
    lost: int
    unanswered: int
    grew: float

    def __str__(self) -> str:
        return (
            f"{self.attack:24} p50 {self.p50:8.1f} ms  p99 {self.p99:8.1f} ms  lost {self.lost}  "
            f"unanswered {self.unanswered}  grew {self.grew:6.1f} MB"
        )


def connected(port: int) -> int:
    """Counts the connections that a server on 127.0.0.1 has."""
    local = f"0100007F:{port:04X}"
    lines = (line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:])
    return sum(fields[1] == local and fields[3] == "01" for fields in lines)


class Room:
    """A server with a room of phones that vote within `window` seconds, once all of them are there."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.asked = asked
        self.result: dict[str, Any] = {}
        self.grew = 0.0

    @asynccontextmanager
    async def target(
        self, settings: Mapping[str, str] | None = None, files: int | None = None
    ) -> AsyncIterator[Target]:
        """Stands in the place of `attack.target.target`: gives the server of this room, while its phones vote.

        However few `files` the attack would leave the server, the phones need theirs.
        """
        with tempfile.TemporaryDirectory(prefix="forum-room-") as where:
            data = Path(where)
            every = dict(settings or {}) | VENUE
            with await asyncio.to_thread(Serving, data, settings=every) as server:
                there = await known(Target(server, data, 1.0))
                load = await self._begin(there)
                before = there.memory()
                os.setpriority(os.PRIO_PROCESS, 0, 19)
                growing = asyncio.create_task(self._watch(there, before))
                try:
                    yield there
                    said, _ = await load.communicate()
                    self.result = json.loads(said)
                finally:
                    os.setpriority(os.PRIO_PROCESS, 0, 0)
                    growing.cancel()
                    if load.returncode is None:
                        load.kill()
                        await load.wait()

    async def _begin(self, there: Target) -> asyncio.subprocess.Process:
        asked = self.asked
        load = await asyncio.create_subprocess_exec(
            sys.executable, str(asked.load / "fanout.py"), "--adapter", str(HERE / "forum_adapter.py"),
            "--url", f"ws://{there.host}/", "--server-pid", str(there.server.process.pid), "--n", str(asked.phones),
            "--window", str(asked.window), "--no-burst", "--rounds", "1", "--no-spin", "--timeout", "60", "--json",
            "--opt", f"data={there.data}",
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(asked.load)},
        )  # fmt: skip
        while connected(there.port) < asked.phones:
            if load.returncode is not None:
                sys.exit("the load generator ended before its phones were there")
            await asyncio.sleep(0.2)
        return load

    async def _watch(self, there: Target, before: float) -> None:
        while True:
            self.grew = max(self.grew, there.memory() - before)
            await asyncio.sleep(0.1)

    def told(self, attack: str) -> Told:
        """Gives the figures of the measured window, under the attack's name."""
        votes = self.result["window"]
        return Told(
            attack,
            votes["ack_ms_p50"],
            votes["ack_ms_p99"],
            self.result["votes_lost"],
            votes["unanswered"],
            self.grew,
        )


async def beside(asked: argparse.Namespace, attack: str) -> Told:
    """Attacks a server with a room in it once, while its phones vote; returns the figures."""
    room = Room(asked)
    if attack == NOBODY:
        async with room.target():
            pass
        return room.told(attack)
    module = importlib.import_module(f"attack.{attack}")
    vars(module)["target"] = room.target
    rows: list[Row] = await module.attack(asked.large)
    for row in rows:
        print(f"    {row}")
    return room.told(attack)


async def main() -> int:
    """Makes the attacks one after the other; 0 where each cost its attacker only."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("attacks", nargs="*", metavar="ATTACK")
    parser.add_argument("--load", type=Path, required=True)
    parser.add_argument("--phones", type=int, default=2000)
    parser.add_argument("--window", type=float, default=15.0)
    parser.add_argument("--large", action="store_true")
    asked = parser.parse_args()
    names = {"target", "test_attacks", "__init__", *ALONE}
    attacks = asked.attacks or sorted(path.stem for path in ATTACKS.glob("*.py") if path.stem not in names)
    all_told = []
    for attack in (NOBODY, *attacks, NOBODY):
        told = await beside(asked, attack)
        print(told, flush=True)
        all_told.append(told)
    alone = max(told.p99 for told in all_told if told.attack == NOBODY)
    bad = [
        told
        for told in all_told
        if told.p99 > MOST_TIMES * alone or told.grew > MOST_MB or told.lost or told.unanswered
    ]
    print(*(f"NOT HELD  {told}" for told in bad), sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
