"""The process of a crowd (crowd.py), as the server that started it talks with it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from forum.rehearsal.crowd_plan import Plan, RehearsalFailed

_PACKAGE: Final = Path(__file__).parents[2]
_LONGEST_LINE: Final = 16 * 1024 * 1024  # bytes: a report names every vote
_GOES_HOME: Final = 20.0  # seconds in which a crowd that is sent home tells its report

_GONE: Final = "The made-up people went away without a word."


@dataclass
class Heard:
    """All that a crowd has said so far: who is in, what is counted, which rounds were answered and compared."""

    joined: int = 0
    counted: int = 0
    devices: list[str] = field(default_factory=list)
    ready: bool = False
    answered: set[str] = field(default_factory=set)
    settled: set[tuple[str, str]] = field(default_factory=set)
    report: dict[str, Any] | None = None


class CrowdProcess:
    """A crowd in a process of its own, which gives way to this one. `heard` is what it said."""

    def __init__(self, plan: Plan, truth: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
        self.heard = Heard()
        self._plan = plan
        self._truth = truth
        self._process: asyncio.subprocess.Process | None = None
        self._news = asyncio.Condition()

    async def start(self) -> None:
        """Starts the process, with settings of no server."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("FORUM_")}
        paths = [str(_PACKAGE), *filter(None, [env.get("PYTHONPATH")])]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "forum.rehearsal.crowd_pipe",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=env | {"PYTHONPATH": os.pathsep.join(paths)},
            limit=_LONGEST_LINE,
            # Ctrl-C is for the server, which then sends it home
            start_new_session=True,
        )
        self._say(asdict(self._plan))

    async def listen(self) -> None:
        """Takes what the crowd says until its report has come. Raises RehearsalFailed where it ends without one."""
        said = self._process.stdout if self._process is not None else None
        while self.heard.report is None:
            line = await said.readline() if said is not None else b""
            if not line:
                raise RehearsalFailed(_GONE)
            await self._take(json.loads(line))

    async def _take(self, said: dict[str, Any]) -> None:
        kind, heard = said["t"], self.heard
        if kind == "truth?":
            self._say({"t": "truth", "truth": await self._truth()})
            return
        if kind == "failed":
            raise RehearsalFailed(said["message"], **said["values"])
        if kind == "joined":
            heard.joined = said["number"]
        elif kind == "now":
            heard.counted = said["counted"]
        elif kind == "devices":
            heard.devices = said["devices"]
        elif kind == "answered":
            heard.answered.add(said["round"])
        elif kind == "settled":
            heard.settled.add((said["round"], said["state"]))
        elif kind == "ready":
            heard.ready = True
        elif kind == "report":
            heard.report = said
        async with self._news:
            self._news.notify_all()

    async def until(self, done: Callable[[Heard], bool], seconds: float) -> bool:
        """Waits until something has been heard; returns False where that takes longer than so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: done(self.heard))
                return True
        return False

    async def go_home(self) -> None:
        """Sends the crowd home, and returns when its report has come, or it took too long."""
        self._say({"t": "over"})
        await self.until(lambda heard: heard.report is not None, _GOES_HOME)

    async def kill(self) -> None:
        """Ends the process, and waits until it has ended."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()

    def _say(self, message: Mapping[str, Any]) -> None:
        if self._process is not None and self._process.stdin is not None and self._process.returncode is None:
            with suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(json.dumps(message).encode() + b"\n")
