"""A server for one rehearsal: the real program in a process of its own, on a free port, with its own data.

It is supervised: if it dies before it is stopped, it is started again on the same port.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from forum.adapters.clock import SystemClock
from forum.errors import StartupProblem
from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.rehearsal.crowd_plan import RehearsalFailed
from forum.services import accounts

MADE_BY: Final = "made_by"
REHEARSAL: Final = "rehearsal"
# Logins: the facilitator, who may also decide, and the organiser who confirms papers.
FIRST, SECOND = REHEARSAL, "second"
_NAMES = {FIRST: "The rehearsal", SECOND: "A second organiser"}
_ROLES = {FIRST: (Role.ORGANISER, Role.COMMISSIONER), SECOND: (Role.ORGANISER,)}
LISTENING: Final = "Forum is listening on "
_STOP_WITHIN: Final = 15.0  # seconds
_RESTARTS: Final = 5


async def prepare(store: Store, login: str = FIRST) -> str:
    """Marks a database as a rehearsal's, and returns a token of one of its organisers, FIRST or SECOND.

    Raises StartupProblem where the database was made by anything else.
    """
    clock = SystemClock()
    async with store.begin() as work:
        if (
            await work.facts.get_fact(MADE_BY) is None
            and not await work.people.list_people()
            and not await work.record.size()
        ):
            await work.facts.set_fact(MADE_BY, REHEARSAL)
        if await work.facts.get_fact(MADE_BY) != REHEARSAL:
            raise StartupProblem("This data was not made by a rehearsal. Name a new folder with --data.")
        person = await work.people.by_login(login)
        if person is None:
            person = Person(
                id=secrets.token_hex(16),
                login=login,
                name=_NAMES[login],
                roles=_ROLES[login],
                created_at=clock.now(),
            )
            await work.people.add_person(person)
    _token, secret = await accounts.make_token(store, clock, person, "forum rehearse")
    return secret


class OwnServer:
    """A running server: `async with OwnServer(folder) as server:` starts and stops it; `server.base` is its address."""

    def __init__(self, data: Path, environ: Mapping[str, str] = os.environ) -> None:
        self.base = ""
        self.restarts = 0
        self._data = data
        # settings of the real server must not apply to this one
        self._environ = {k: v for k, v in environ.items() if not k.startswith("FORUM_")}
        self._environ["FORUM_JOINS_PER_SESSION"] = "1000000"
        self._environ["FORUM_EXAMPLE"] = "no"  # its record is the rehearsal's alone
        self._process: asyncio.subprocess.Process | None = None
        self._said: deque[str] = deque(maxlen=20)
        self._watch: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The id of the serving process, None where there is none."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def __aenter__(self) -> Self:
        """Starts the server. Raises RehearsalFailed with the server's last words where it does not start."""
        self._process = await self._start(0)
        self._watch = asyncio.create_task(self._keep_running(self._process))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops the server, and waits until its process has ended."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_WITHIN)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _start(self, port: int) -> asyncio.subprocess.Process:
        command = ["-m", "forum", "serve", "--host", "127.0.0.1", "--port", str(port), "--data", str(self._data)]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            "--no-demo",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environ,
            # Ctrl-C is for the rehearsal, which then stops its server
            start_new_session=True,
        )
        try:
            while line := await self._line(process):
                if line.startswith(LISTENING):
                    self.base = line.removeprefix(LISTENING).strip()
                    return process
            await process.wait()
        except BaseException:
            process.kill()
            await process.wait()
            raise
        raise RehearsalFailed(
            "The rehearsal's own server did not start: %(words)s", words=self._said[-1] if self._said else "?"
        )

    async def _keep_running(self, process: asyncio.subprocess.Process) -> None:
        while True:
            while await self._line(process):
                pass  # reading its output keeps the pipe from filling up
            await process.wait()
            self.restarts += 1
            if self.restarts > _RESTARTS:
                return  # the phones cannot reconnect, and the rehearsal fails with that
            process = self._process = await self._start(int(self.base.rpartition(":")[2]))

    async def _line(self, process: asyncio.subprocess.Process) -> str:
        """Returns the next line of its output; "" at the end."""
        if process.stdout is None:
            return ""
        line = (await process.stdout.readline()).decode(errors="replace")
        if line.strip():
            self._said.append(line.strip())
        return line
