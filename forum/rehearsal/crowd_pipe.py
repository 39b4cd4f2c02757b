"""The process of a crowd (crowd.py), which a server starts beside itself (crowd_process.py).

A plan comes on its standard input, then one line of JSON a message, both ways.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from forum.rehearsal.crowd import Crowd
from forum.rehearsal.crowd_plan import Plan, RehearsalFailed
from forum.rehearsal.screen_check import Truth

_NICE: Final = 10


class _Pipe:
    """The standard input and output of the crowd's process, as messages."""

    def __init__(self) -> None:
        self._truths: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self._asking = asyncio.Lock()
        self._lines: asyncio.Queue[str] = asyncio.Queue()

    def start(self) -> None:
        """Begins to read, in a thread, as pipes cannot be awaited everywhere."""
        loop = asyncio.get_running_loop()

        def read() -> None:
            left = b""
            while piece := os.read(0, 65536):
                *lines, left = (left + piece).split(b"\n")
                for line in lines:
                    loop.call_soon_threadsafe(self._lines.put_nowait, line.decode())
            loop.call_soon_threadsafe(self._lines.put_nowait, "")

        threading.Thread(target=read, daemon=True).start()

    async def line(self) -> str:
        """Returns the next line; "" at the end."""
        return await self._lines.get()

    def tell(self, message: Mapping[str, Any]) -> None:
        """Says something to the server."""
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()

    async def truth(self) -> Truth:
        """Asks what every screen must show now."""
        async with self._asking:
            self.tell({"t": "truth?"})
            return msgspec.convert(await self._truths.get(), Truth, strict=False, str_keys=True)

    async def listen(self, crowd: Crowd) -> None:
        """Takes what the server says; the end of its input is the end of the crowd."""
        while line := await self.line():
            said = json.loads(line)
            if said["t"] == "over":
                crowd.end()
            else:
                self._truths.put_nowait(said["truth"])
        os._exit(1)  # the server is gone: nobody reads a report


async def _main() -> None:
    pipe = _Pipe()
    pipe.start()
    plan = msgspec.json.decode(await pipe.line(), type=Plan)
    crowd = Crowd(plan, pipe.tell, pipe.truth)
    listening = asyncio.create_task(pipe.listen(crowd))
    try:
        await crowd.play()
    except* RehearsalFailed as failures:
        pipe.tell({"t": "failed", **_words(failures)})
    finally:
        listening.cancel()


def _words(failures: BaseExceptionGroup[RehearsalFailed]) -> dict[str, Any]:
    inner = failures.exceptions[0]
    if isinstance(inner, BaseExceptionGroup):
        return _words(inner)
    return {"message": inner.message, "values": {name: str(value) for name, value in inner.values.items()}}


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(_NICE)
    asyncio.run(_main())
