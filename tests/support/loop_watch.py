"""Watch on an event loop: the processor time of each of its steps, and of each piece of work that it gives away.

Processor time, so that a busy machine is no fault. Only what runs in this process's own loop is seen.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from anyio import to_thread

from support.app import ADDRESS, House

# Seconds that a step of the loop may take. Beside other workers, who share the processor and its caches, the same step
# takes half as long again of the processor's time.
HELD = 0.030 if "PYTEST_XDIST_WORKER" in os.environ else 0.020
WORKED = 2.0  # seconds that a piece of work in a thread may take
APART = 4.0  # seconds that a process may take, with what it takes to start: twice the work, on a busy machine


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass
class Watch:
    """Longest pieces of work of the loop and of a thread, in seconds of processor time; of processes their work
    together."""

    loop: float = 0.0
    thread: float = 0.0
    faults: list[str] = field(default_factory=list)
    _children: float = field(default_factory=_children)

    def look(self, what: str) -> None:
        """Adds to `faults` what took too long since the last look; `what` names the work."""
        apart = _children() - self._children
        if self.loop > HELD:
            self.faults.append(f"{what}: the loop stood {1000 * self.loop:.0f} ms")
        if self.thread > WORKED or apart > APART:
            self.faults.append(f"{what}: {self.thread:.1f} s in a thread, {apart:.1f} s in processes")
        self.forget()

    def forget(self) -> None:
        """Sets the times back to zero."""
        self.loop = self.thread = 0.0
        self._children = _children()


@contextmanager
def watched(patch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Measures every step of the loop of this thread, and everything that is given to another."""
    watch = Watch()
    step, in_thread = asyncio.Handle._run, to_thread.run_sync

    def timed(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        step(handle)
        watch.loop = max(watch.loop, time.thread_time() - began)

    def worked(function: Callable[..., Any], *arguments: Any) -> Any:
        began = time.thread_time()
        try:
            return function(*arguments)
        finally:
            watch.thread = max(watch.thread, time.thread_time() - began)

    async def given(function: Callable[..., Any], *arguments: Any, **how: Any) -> Any:
        return await in_thread(partial(worked, function), *arguments, **how)

    patch.setattr(asyncio.Handle, "_run", timed)
    patch.setattr(to_thread, "run_sync", given)
    gc.collect()
    gc.disable()  # a collection of all that the tests hold is no work of the server's
    try:
        yield watch
    finally:
        gc.enable()


@dataclass
class Asker:
    """Client of the application itself, so that nothing of a client's is measured; its bytes come as from a network."""

    house: House
    cookie: str
    more: Mapping[str, str] = field(default_factory=dict)  # headers

    async def announced(self, path: str, size: int) -> tuple[int, bytes]:
        """Posts only the head of a form, which announces its length."""
        return await Asker(self.house, self.cookie, {**self.more, "content-length": str(size)}).ask("POST", path)

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, bytes]:
        """Sends a request; returns the status and the page."""
        path, _, query = path.partition("?")
        left = [body[at : at + 65536] for at in range(0, len(body), 65536)] or [b""]
        got: list[bytes] = []
        status = 0

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0)
            if not left:
                await asyncio.Event().wait()  # it is there until it has its answer
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

        async def send(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)
            got.append(message.get("body", b""))

        headers = {"host": "house.test", "origin": ADDRESS, "cookie": self.cookie, "accept": "text/html"}
        headers |= {"content-type": kind, "content-length": str(len(body))} if body else {}
        headers |= self.more
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("192.0.2.1", 40000),
            "server": ("house.test", 80),
        }
        await self.house.app(scope, receive, send)
        await asyncio.sleep(0)  # so that the step that ended here is measured
        return status, b"".join(got)
