"""`forum serve --workers N`: a parent that prepares nothing twice and serves nobody, and N workers that serve.

All listen on one socket, which the parent opened and each worker inherits: a connection that one of them has not taken
is there for the others, so that none is refused while workers come and go. A worker that dies is started again. The
workers end with their parent, however that ends: they watch a pipe of which only the parent has the other end.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path

import msgspec
import structlog

from forum.errors import StartupProblem
from forum.settings import Settings

MOST_WORKERS = 64
# Seconds: in which a worker must listen; in which one that was told to end must have ended.
_LISTENS_WITHIN, _ENDS_WITHIN = 120.0, 30.0
# Seconds before a worker that has died is started again: at once where it lived for _LONG, else longer each time.
_LONG, _FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 0.5, 30.0
_PACKAGE = Path(__file__).parents[2]

log = structlog.get_logger()


class Inherited(msgspec.Struct, frozen=True):
    """Files that a worker has of its parent: the socket, a pipe on which to say that it listens, and one that ends with
    the parent."""

    listening: int
    telling: int
    living: int

    @classmethod
    def of(cls, numbers: str) -> Inherited:
        """Reads what the option --worker says."""
        return cls(*map(int, numbers.split(",")))

    def socket(self) -> socket.socket:
        """Returns the socket to listen on."""
        return socket.socket(fileno=self.listening)

    def ready(self) -> None:
        """Tells the parent that this worker listens."""
        with suppress(OSError):  # it is gone: then `watch` ends this worker
            os.write(self.telling, b"1")
        os.close(self.telling)

    def watch(self, ended: Callable[[], None]) -> None:
        """Calls `ended` when the parent has ended."""
        loop = asyncio.get_running_loop()

        def gone() -> None:
            loop.remove_reader(self.living)
            ended()

        os.set_blocking(self.living, False)
        loop.add_reader(self.living, gone)


class _Worker:
    """One worker process, from its start; on the pipe `heard` it says that it listens."""

    def __init__(self, process: asyncio.subprocess.Process, heard: int) -> None:
        self.process = process
        self.began = asyncio.get_running_loop().time()
        self._heard = heard

    async def listens(self) -> bool:
        """Returns whether it listens, once it does, or has ended. To be called once."""
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._heard, told.set)
        try:
            async with asyncio.timeout(_LISTENS_WITHIN):
                await told.wait()
            return bool(os.read(self._heard, 1))
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(self._heard)
            os.close(self._heard)

    async def end(self) -> None:
        """Asks it to end, and returns once it has: it answers what it has begun, and tells its screens to come back."""
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            async with asyncio.timeout(_ENDS_WITHIN):
                await self.process.wait()
        except TimeoutError:
            log.warning("a worker did not end in time and was killed", worker=self.process.pid)
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()


class Workers:
    """The workers of one parent, on its `listening` socket."""

    def __init__(self, settings: Settings, listening: socket.socket) -> None:
        self._listening = listening
        port = listening.getsockname()[1]
        where = ["--host", settings.host, "--port", str(port), "--data", str(settings.data)]
        self._command = [sys.executable, "-m", "forum", "serve", *where, "--worker"]
        # Closed by the system when this process ends, and so seen by every worker.
        self._living, self._alive = os.pipe()
        self._now: list[_Worker] = []
        self._ending = asyncio.Event()
        self._changing = asyncio.Lock()
        self._watches: set[asyncio.Task[None]] = set()

    async def run(self, number: int, announce: Callable[[], None], ending: asyncio.Event) -> None:
        """Starts so many workers, and keeps them until this process is told to end, or `ending` is set.

        SIGHUP restarts them one after the other. Raises StartupProblem where one does not start at all.
        """
        self._ending = ending
        loop = asyncio.get_running_loop()
        for stop in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(stop, ending.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._watch(self._roll()))
        try:
            self._now = [await self._start() for _ in range(number)]
            if not all(await asyncio.gather(*(worker.listens() for worker in self._now))):
                if not ending.is_set():
                    raise StartupProblem("A worker did not start. What it says is above.")
                return
            for place, worker in enumerate(self._now):
                self._watch(self._keep(place, worker))
            announce()
            await ending.wait()
        finally:
            ending.set()
            # The last worker to end takes who waits here: the system would reset them with the socket.
            self._listening.close()
            await asyncio.gather(*(worker.end() for worker in self._now))
            for task in self._watches:
                task.cancel()
            await asyncio.gather(*self._watches, return_exceptions=True)
            os.close(self._living)
            os.close(self._alive)

    def _watch(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._watches.add(task)
        task.add_done_callback(self._watches.discard)

    async def _start(self) -> _Worker:
        heard, telling = os.pipe()
        files = (self._listening.fileno(), telling, self._living)
        paths = [str(_PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                ",".join(map(str, files)),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=files,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            )
        except BaseException:
            os.close(heard)
            raise
        finally:
            os.close(telling)
        return _Worker(process, heard)

    async def _keep(self, place: int, worker: _Worker) -> None:
        """Starts a worker again each time that it has died; returns once it is to end, or another is in its place."""
        pause = 0.0
        while True:
            code = await worker.process.wait()
            if self._ending.is_set() or self._now[place] is not worker:
                return
            lived = asyncio.get_running_loop().time() - worker.began
            pause = 0.0 if lived >= _LONG else min(_LONGEST_PAUSE, pause * 2 or _FIRST_PAUSE)
            log.error("a worker died and is started again", worker=worker.process.pid, code=code, seconds=pause)
            await asyncio.sleep(pause)
            async with self._changing:
                if self._ending.is_set() or self._now[place] is not worker:
                    return
                self._now[place] = worker = await self._start()
            await worker.listens()

    async def _roll(self) -> None:
        """Puts new workers in the places of those that are there, one after the other: each old one ends once the new
        one listens. Stops at the first that does not."""
        async with self._changing:
            for place in range(len(self._now)):
                if self._ending.is_set():
                    return
                new = await self._start()
                if not await new.listens():
                    log.error("a new worker does not listen; the old ones go on", worker=new.process.pid)
                    await new.end()
                    return
                old, self._now[place] = self._now[place], new
                self._watch(self._keep(place, new))
                await old.end()
            log.info("every worker was restarted", workers=len(self._now))
