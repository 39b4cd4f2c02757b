"""Differences between operating systems: event loop, locks on and modes of folders, open files, priorities.

`fcntl`, `resource` and `uvloop` are not to be had on Windows; without them Forum runs all the same.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeVar

from forum.errors import StartupProblem

LOCK_FILE: Final = "serving.lock"
_MODES: Final = os.name == "posix"  # whether files say who may read them

T = TypeVar("T")
# What is held until the process ends.
_held: list[object] = []


def _module(name: str) -> ModuleType | None:
    try:
        return import_module(name)
    except ImportError:
        return None


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine to its end, on uvloop where there is one."""
    uvloop = _module("uvloop")
    loop: Callable[[], asyncio.AbstractEventLoop] | None = uvloop.new_event_loop if uvloop else None
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(work)


def keep_private(paths: Iterable[Path]) -> list[Path]:
    """Makes files and folders readable and writable by their owner only; returns those that were not.

    What is not ours to change, or gone, is left as it is; so is everything where there are no such modes (Windows).
    """
    mended: list[Path] = []
    for path in paths if _MODES else ():
        with suppress(OSError):
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                path.chmod(mode & 0o700)
                mended.append(path)
    return mended


def make_privately(file: Path) -> None:
    """Makes an empty file that only its owner may read, where there is none and one can be made. SQLite gives its
    other files the rights of the first: so nobody reads a database while its first words are written.
    """
    with suppress(OSError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def hold(folder: Path) -> None:
    """Locks a folder for this process until it ends: two servers on it would not tell each other's screens.

    Without `fcntl` a file in the folder is held, LOCK_FILE, in the way that SQLite knows on every machine. Raises
    StartupProblem where another process has the folder.
    """
    fcntl = _module("fcntl")
    try:
        _held.append(_flock(fcntl, folder) if fcntl else _sqlite_lock(folder))
    except (OSError, sqlite3.OperationalError) as error:
        words = "Another Forum serves %(folder)s already. Stop it, or choose another folder with --data."
        raise StartupProblem(words, folder=folder) from error


@contextmanager
def taken(file: Path, otherwise: str, folder: Path) -> Iterator[None]:
    """Keeps a file for this process while the block runs; nothing of it changes. Raises StartupProblem with the
    sentence `otherwise`, which names the `folder`, where another process has it. Does nothing without `fcntl`, or where
    there is no such file."""
    fcntl = _module("fcntl")
    if fcntl is None or not file.exists():
        yield
        return
    try:
        held = _flock(fcntl, file)
    except BlockingIOError as error:
        raise StartupProblem(otherwise, folder=folder) from error
    try:
        yield
    finally:
        os.close(held)


def _flock(fcntl: ModuleType, folder: Path) -> int:
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        raise
    return held


def _sqlite_lock(folder: Path) -> sqlite3.Connection:
    held = sqlite3.connect(folder / LOCK_FILE, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        held.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        held.close()
        raise
    return held


def raise_file_limit() -> int | None:
    """Raises the limit of open files (each phone is one) to what this account may have. Returns it, None for none."""
    resource = _module("resource")
    if resource is None:
        return None
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return None if most == resource.RLIM_INFINITY else int(most)


def alone_on_its_port(listener: socket.socket) -> None:
    """Lets a server that was stopped start again at once, and no second one beside it.

    On Unix SO_REUSEADDR means that a restart need not wait until old connections have run out; on Windows it would let
    another program take the port over.
    """
    if exclusive := getattr(socket, "SO_EXCLUSIVEADDRUSE", None):
        listener.setsockopt(socket.SOL_SOCKET, exclusive, 1)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def replace_file(path: Path, data: bytes) -> None:
    """Replaces a file, whole or not at all; on disk when it returns (fsync). Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Writes the list of a folder's files to disk (fsync); Windows, which opens no folder, does so by itself."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def give_way() -> None:
    """Lets the thread that calls this have the processor after the others of this process, where the system knows a
    priority for each thread (Linux)."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(10, os.getpriority(os.PRIO_PROCESS, thread)))


def give_way_to_others(process: int) -> None:
    """Lets a process have the processor after others, where the system knows priorities; one that has ended is let
    be."""
    if hasattr(os, "setpriority"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process, 10)


def bound(seconds: int, memory: int) -> None:
    """Bounds this process: lowest priority, `seconds` of processor time, `memory` bytes. Does nothing on Windows, which
    has no such bounds."""
    resource = _module("resource")
    if resource is None:
        return
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    # macOS refuses to bound memory.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
