"""Work in a process of its own, one piece after another, each with a deadline, in a fair line.

What somebody sends can keep a processor busy for as long as its sender likes. Here that costs the sender: the process
is killed at its deadline, and with whoever waits for it, as at the end of the server; it has no socket or file of the
server's, and takes its memory with it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from weakref import WeakKeyDictionary

from forum.adapters.fair_line import Line
from forum.errors import TooMany

_GIVES_WAY = "This takes long, and others wait for their turn. Send it again in a few minutes, when fewer do."
_PACKAGE = Path(__file__).parents[2]
_LOOK = 1.0  # seconds between two looks whether a long piece gives way


class Aside:
    """A program, `python -m MODULE`, that reads bytes on its standard input and answers on its standard output."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, Line] = WeakKeyDictionary()

    async def answer(self, content: bytes, deadline: float, most: int) -> bytes:
        """Runs the program on `content` when it is the turn of its sender (`fair_line.SENDER`), and returns its answer;
        b"" where it was killed, after `deadline` seconds with its start, or by its own bounds.

        Raises TooMany where `most` are there already, it had no turn, or others had theirs (`fair_line.Line`).
        """
        line = self._lines.setdefault(asyncio.get_running_loop(), Line())
        async with line.turn(most):
            return await _asked(self._module, content, deadline, line.gives_way)


def _without_secrets() -> dict[str, str]:
    """Returns the environment without Forum's settings: keys and passwords are not for who reads strangers' files."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("FORUM_", "PG"))}


async def _asked(module: str, content: bytes, deadline: float, gives_way: Callable[[], bool]) -> bytes:
    paths = [str(_PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_without_secrets() | {"PYTHONPATH": os.pathsep.join(paths)},
    )
    talk = asyncio.create_task(process.communicate(content))
    answer = b""
    try:
        async with asyncio.timeout(deadline):
            while not (await asyncio.wait([talk], timeout=_LOOK))[0]:
                if gives_way():
                    raise TooMany(_GIVES_WAY, 60)
        answer, _ = talk.result()
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        talk.cancel()
    return answer if process.returncode == 0 else b""
