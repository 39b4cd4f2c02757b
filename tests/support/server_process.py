"""Server of a real `forum serve` in a process of its own, and other commands run to their end."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from support.forked_program import Forked, fork

ROOT = Path(__file__).parents[2]
OLD_PYTHON = "(CVE-2024-7592)"
LISTENING = "Forum is listening on "
FORUM = ("-m", "forum")


def clean_environment(**changes: str) -> dict[str, str]:
    """Returns the environment of a command under test: no setting of this machine's, no worked example, which takes
    seconds to make, and warnings as errors."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FORUM_", "PYTEST_"))}
    return kept | {"PYTHONWARNINGS": "error", "COLUMNS": "200", "FORUM_EXAMPLE": "no"} | changes


def _started(
    command: Sequence[str], env: Mapping[str, str], files: tuple[int, int, int]
) -> Forked | subprocess.Popen[bytes]:
    """Starts Python with a command line, on its standard input, output and error. `-m forum` is a fork of a process
    that has imported Forum, where the system has forks; anything else begins anew.
    """
    if tuple(command[:2]) == FORUM and hasattr(os, "fork"):
        return fork(command[2:], env, ROOT, files)
    stdin, stdout, stderr = files
    return subprocess.Popen(
        [sys.executable, *command], stdin=stdin, stdout=stdout, stderr=stderr, cwd=ROOT, env=dict(env)
    )


def run_forum(
    *arguments: str | Path, given: str | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs `forum` to its end."""
    with tempfile.TemporaryFile() as typed, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        typed.write((given or "").encode())
        typed.seek(0)
        command = [*FORUM, *map(str, arguments)]
        code = _started(command, env or clean_environment(), (typed.fileno(), out.fileno(), err.fileno())).wait(240)
        return subprocess.CompletedProcess(command, code, _read(out), _read(err))


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


class ForkOfLoop:
    """Fork of `forum` that is asked as an `asyncio.subprocess.Process` with its output on a pipe is."""

    def __init__(self, fork: Forked, stdout: asyncio.StreamReader) -> None:
        self._fork = fork
        self.pid = fork.pid
        self.stdout = stdout
        self.terminate = fork.terminate
        self.kill = partial(fork.send_signal, signal.SIGKILL)

    @property
    def returncode(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._fork.poll()

    async def wait(self) -> int:
        """Returns its exit code once it has ended."""
        return await asyncio.to_thread(self._fork.wait)


async def started_fork(*command: str, env: Mapping[str, str], **_: object) -> ForkOfLoop:
    """Starts `python -m forum ...` as asyncio.create_subprocess_exec does, as a fork of a process that has imported
    Forum: with no input, and with what it says and its errors on one pipe.
    """
    assert tuple(command[1:3]) == FORUM
    settings = {name: value for name, value in env.items() if name.startswith("FORUM_")}
    reading, writing = os.pipe()

    def begin() -> Forked:
        with Path(os.devnull).open() as nothing, os.fdopen(writing, "wb") as out:
            files = (nothing.fileno(), out.fileno(), out.fileno())
            return fork(command[3:], clean_environment(**settings), ROOT, files)

    begun = await asyncio.to_thread(begin)
    said = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(said)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(reading, "rb"))
    return ForkOfLoop(begun, said)


def free_port() -> int:
    """Returns a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Serving:
    """Server process: `with Serving(folder) as server:` runs it. `said` is all it printed until it listened.

    `settings` are FORUM_ variables; a port that they need to know is a `free_port()`. `errors` is all that it wrote to
    standard error, once it is stopped.
    """

    def __init__(
        self,
        data: Path,
        *options: str,
        port: int = 0,
        program: tuple[str, ...] = (*FORUM, "serve"),
        settings: Mapping[str, str] | None = None,
    ):
        self.said = ""
        self.errors = ""
        self.base = ""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as the server is
        where = ["--host", "127.0.0.1", "--port", str(port), "--data", str(data)]
        env = clean_environment(**(settings or {}))
        reading, writing = os.pipe()
        self._out = os.fdopen(reading)
        with Path(os.devnull).open() as nothing, os.fdopen(writing, "w") as out:
            files = (nothing.fileno(), out.fileno(), self._errors.fileno())
            self.process = _started([*program, *where, *options], env, files)
        for line in self._out:
            self.said += line
            if line.startswith(LISTENING):
                self.base = line.removeprefix(LISTENING).strip()
                return
        self._end()
        raise AssertionError(f"the server did not start: {self.said}{self.errors}")

    @property
    def port(self) -> int:
        """Returns the port it listens on."""
        return int(self.base.rpartition(":")[2])

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Stops it. Returns its exit code, and what it wrote to standard error but for what it says of this Python."""
        self.process.send_signal(how)
        code = self._end()
        told = [line for line in self.errors.splitlines(keepends=True) if OLD_PYTHON not in line]
        return code, "".join(told)

    def _end(self) -> int:
        with self._out, self._errors:
            code = self.process.wait(timeout=60)
            self.errors = _read(self._errors)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGKILL)


def back_up(data: Path, to: Path) -> Path:
    """Backs up the database of a server that runs into the file `to`, as SQLite does it; returns `to`."""
    with closing(sqlite3.connect(data / "forum.db")) as now, closing(sqlite3.connect(to)) as copy:
        now.backup(copy)
    return to


def restore(data: Path, copy: Path) -> None:
    """Puts a backup in the place of a database that nobody has open."""
    for file in data.glob("forum.db*"):
        file.unlink()
    shutil.copyfile(copy, data / "forum.db")


def fingerprint(folder: Path) -> dict[str, str]:
    """Returns the SHA-256 of every file of a folder: equal before and after means that nothing was touched."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
