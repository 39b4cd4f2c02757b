"""Lets a room of phones vote, before and while it is attacked, and says what they waited for.

    python tests/bench/room_under_attack.py [ATTACK ...] [--phones 2000] [--offenders 1000] [--window 15] [--large]

Where no attack is named, `offenders.py` makes it: sockets with garbage, messages that are too long and half frames, and
handshakes, heads and bodies that never end, a sixth of the offenders each. They come back when they are thrown out;
when the vote is over they do so no more, and all must be gone after a while. An ATTACK is one of `tests/attack/`, but
for those that end their server, or have none; `all` is each of them in turn. Each has a server and a room of its own.

The attacker would have a computer of their own, so here they have what the server and the phones leave of this one
(`nice`); that needs root. Prints for each attack the 50th and 99th percentile of vote to acknowledgement before and
meanwhile in milliseconds, and the server's memory before, at most and after; ends with 1 where p99 more than doubled,
more than 300 MB were needed, a vote was lost, counted without being cast or not answered, a phone disconnected, or an
offender still there.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

# They lie in the folder that was named just now.
from attack.target import Row, Target, known  # noqa: E402
from bench.forum_wire import AFRESH, VENUE  # noqa: E402
from bench.offenders import Offenders  # noqa: E402
from support.server_process import Serving  # noqa: E402

from forum.adapters import machine  # noqa: E402

ATTACKS = HERE.parent / "attack"
ALONE = ("ending", "fuzzing", "taking_back")
MOST_MB = 300.0
MOST_TIMES = 2.0
WARM = 3.0  # seconds that offenders are at work before the others vote
# Seconds in which the last offender must be gone: a ping, the wait for its answer, and what is still written.
PATIENCE = 90.0


class Voters:
    """The process of the voters (`voters.py`)."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def beginning(cls, there: Target, phones: int) -> Voters:
        """Starts the process."""
        pipe = asyncio.subprocess.PIPE
        pid = there.server.process.pid
        command = (sys.executable, HERE / "voters.py", there.server.base, there.data, str(pid), str(phones))
        return cls(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe))

    async def said(self) -> dict[str, Any]:
        """Returns what it says next."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            sys.exit("the voters have ended")
        facts: dict[str, Any] = json.loads(line)
        return facts

    async def do(self, what: str) -> dict[str, Any]:
        """Tells it to do something; returns what it says of it."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n".encode())
        return await self.said()

    async def end(self) -> None:
        """Ends it."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


class Room:
    """A server with a room of phones; what they waited for, and the server's memory in MB."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.asked = asked
        self.code = ""
        self.before: dict[str, Any] = {}
        self.meanwhile: dict[str, Any] = {}
        self.bad: list[str] = []
        self.memory = self.most = self.after = 0.0

    @asynccontextmanager
    async def served(
        self, settings: Mapping[str, str] | None = None, files: int | None = None
    ) -> AsyncIterator[Target]:
        """Gives a server whose phones are connected, and have voted while nobody attacked.

        However few `files` an attack would leave the server, the phones need theirs.
        """
        with tempfile.TemporaryDirectory(prefix="forum-room-") as where:
            data = Path(where)
            every = dict(settings or {}) | VENUE
            with await asyncio.to_thread(Serving, data, program=AFRESH, settings=every) as server:
                there = await known(Target(server, data, 1.0))
                self._voters = await Voters.beginning(there, self.asked.phones)
                try:
                    self.code = (await self._voters.said())["code"]
                    self.before = await self._vote()
                    self.memory = self.most = there.memory()
                    os.setpriority(os.PRIO_PROCESS, 0, 19)
                    growing = asyncio.create_task(self._watch(there))
                    yield there
                    growing.cancel()
                    self.after = there.memory()
                    self.bad += (await self._voters.do("count"))["bad"]
                finally:
                    os.setpriority(os.PRIO_PROCESS, 0, 0)
                    await self._voters.end()

    @asynccontextmanager
    async def target(
        self, settings: Mapping[str, str] | None = None, files: int | None = None
    ) -> AsyncIterator[Target]:
        """Stands in the place of `attack.target.target`: gives the server of this room, while its phones vote."""
        async with self.served(settings, files) as there:
            voting = asyncio.create_task(self._vote())
            yield there
            self.meanwhile = await voting

    async def offended(self) -> None:
        """Lets the offenders loose while the phones vote, and waits until they are gone."""
        async with self.served() as there:
            offenders = Offenders(there.server.base, self.code)
            each = max(1, self.asked.offenders // 6)
            offenders.begin(each, await offenders.join(each * len(offenders.sockets)))
            await asyncio.sleep(WARM)
            self.meanwhile = await self._vote()
            open_then, thrown = sum(offenders.open.values()), dict(offenders.thrown)
            offenders.stop()
            began = time.perf_counter()
            await offenders.until_gone(PATIENCE)
            took = time.perf_counter() - began
            left = {kind: count for kind, count in offenders.open.items() if count}
            print(f"    thrown out until the vote was over: {thrown}; there then: {open_then}")
            print(f"    there {took:.0f} s later: {left or 0}")
            if left:
                self.bad.append(f"offenders not gone: {left}")
            offenders.end()

    async def _vote(self) -> dict[str, Any]:
        return await self._voters.do(f"vote {self.asked.window}")

    async def _watch(self, there: Target) -> None:
        while True:
            self.most = max(self.most, there.memory())
            await asyncio.sleep(0.1)

    def told(self, attack: str) -> bool:
        """Prints the figures under the attack's name; returns True where all held."""
        before, meanwhile = self.before, self.meanwhile
        print(
            f"{attack:20} p50 {before['p50']:6.1f} -> {meanwhile['p50']:6.1f} ms  "
            f"p99 {before['p99']:6.1f} -> {meanwhile['p99']:6.1f} ms (at most {MOST_TIMES:g} x)  "
            f"memory {self.memory:5.0f}, at most {self.most:5.0f}, after {self.after:5.0f} MB"
        )
        if meanwhile["p99"] > MOST_TIMES * before["p99"]:
            self.bad.append("p99")
        if self.most - self.memory > MOST_MB:
            self.bad.append("memory")
        print(
            f"{'':20} {'NOT MET: ' + ', '.join(self.bad) if self.bad else 'lost, phantom, disconnected: 0'}", flush=True
        )
        return not self.bad


async def beside(asked: argparse.Namespace, attack: str) -> bool:
    """Attacks a room once; returns True where all held."""
    room = Room(asked)
    if attack == "offenders":
        await room.offended()
        return room.told(f"{asked.offenders} offenders")
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
    parser.add_argument("--phones", type=int, default=2000)
    parser.add_argument("--offenders", type=int, default=1000)
    parser.add_argument("--window", type=float, default=15.0)
    parser.add_argument("--large", action="store_true")
    asked = parser.parse_args()
    machine.raise_file_limit()
    attacks = asked.attacks or ["offenders"]
    if attacks == ["all"]:
        names = {"target", "test_attacks", "__init__", *ALONE}
        attacks = ["offenders", *sorted(path.stem for path in ATTACKS.glob("*.py") if path.stem not in names)]
    print(f"{asked.phones} phones; load of the machine: {' '.join(f'{load:.1f}' for load in os.getloadavg())}")
    held = [await beside(asked, attack) for attack in attacks]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
