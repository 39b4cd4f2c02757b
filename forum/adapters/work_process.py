"""Work in a process of its own, one piece after another, each with a deadline.

What somebody sends can keep a processor busy for as long as its sender likes. Here that costs the sender: the process
is killed at its deadline, and with whoever waits for it, as at the end of the server; it has no socket or file of the
server's, and takes its memory with it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from weakref import WeakKeyDictionary

from forum.errors import TooMany

_BUSY = "Others are sending files just now. Wait a moment, and send it again."
_PACKAGE = Path(__file__).parents[2]


class _Queue:
    """The queue of one event loop: a lock for the turn, and how many wait for it."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.waiting = 0


class Aside:
    """A program, `python -m MODULE`, that reads bytes on its standard input and answers on its standard output."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()

    async def answer(self, content: bytes, deadline: float, most_waiting: int) -> bytes:
        """Runs the program on `content`, and returns its answer; b"" where it was killed, after `deadline` seconds with
        its start, or by its own bounds. Raises TooMany where `most_waiting` wait already.
        """
        queue = self._queues.setdefault(asyncio.get_running_loop(), _Queue())
        if queue.waiting >= most_waiting:
            raise TooMany(_BUSY, 10)
        queue.waiting += 1
        try:
            async with queue.turn:
                return await _asked(self._module, content, deadline)
        finally:
            queue.waiting -= 1


async def _asked(module: str, content: bytes, deadline: float) -> bytes:
    paths = [str(_PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
    )
    try:
        async with asyncio.timeout(deadline):
            answer, _ = await process.communicate(content)
    except TimeoutError:
        answer = b""
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return answer if process.returncode == 0 else b""
