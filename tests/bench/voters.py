"""Voters of `room_under_attack.py`, in a process of their own: it is told by lines what they do, and answers each with
one line of JSON.

    python tests/bench/voters.py ADDRESS DATA PID PHONES

ADDRESS, DATA and PID are those of a running server. Once all voters are connected, and after `vote SECONDS` and
`count`, it says what happened.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from pathlib import Path
from typing import Any

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.forum_wire import Session
from bench.hall import Figures, Hall, part

from forum.adapters import machine


async def obey(base: str, data: str, pid: int, phones: int) -> None:
    """Connects the phones, and does what each line says."""
    machine.raise_file_limit()
    session = Session(base, data)
    await session.make()
    await session.join(phones)
    hall = Hall(session, pid)
    await hall.connect(phones)
    await session.open()
    gc.collect()
    gc.disable()
    said(code=session.code, phones=phones)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async for line in lines:
        word, *seconds = line.decode().split()
        if word == "vote":
            waits = await hall.vote(hall.phones, float(seconds[0]), patience=60)
            said(p50=part(waits, 0.5), p99=part(waits, 0.99), slowest=part(waits, 1.0))
        else:
            figures = Figures(quiet=True)
            hall.tally(figures, await session.counts())
            said(bad=figures.bad)


def said(**facts: Any) -> None:
    """Prints a line of JSON."""
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    address, folder, process, number = sys.argv[1:]
    uvloop.run(obey(address, folder, int(process), int(number)))
