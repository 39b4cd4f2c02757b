"""Server of a real `forum serve` in a process of its own, and other commands run to their end."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
OLD_PYTHON = "(CVE-2024-7592)"
LISTENING = "Forum is listening on "


def clean_environment(**changes: str) -> dict[str, str]:
    """Returns the environment of a command under test: no setting of this machine's, warnings as errors."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FORUM_")}
    return kept | {"PYTHONWARNINGS": "error", "COLUMNS": "200"} | changes


def run_forum(
    *arguments: str | Path, given: str | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs `forum` to its end."""
    command = [sys.executable, "-m", "forum", *map(str, arguments)]
    return subprocess.run(
        command,
        input=given,
        stdin=None if given is not None else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        cwd=ROOT,
        env=dict(env or clean_environment()),
    )


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
        program: tuple[str, ...] = ("-m", "forum", "serve"),
        settings: Mapping[str, str] | None = None,
    ):
        self.said = ""
        self.errors = ""
        self.base = ""
        where = ["--host", "127.0.0.1", "--port", str(port), "--data", str(data)]
        self.process = subprocess.Popen(
            [sys.executable, *program, *where, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=clean_environment(**(settings or {})),
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if line.startswith(LISTENING):
                self.base = line.removeprefix(LISTENING).strip()
                return
        _, errors = self.process.communicate()
        raise AssertionError(f"the server did not start: {self.said}{errors}")

    @property
    def port(self) -> int:
        """Returns the port it listens on."""
        return int(self.base.rpartition(":")[2])

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Stops it. Returns its exit code, and what it wrote to standard error but for what it says of this Python."""
        self.process.send_signal(how)
        _, self.errors = self.process.communicate(timeout=60)
        told = [line for line in self.errors.splitlines(keepends=True) if OLD_PYTHON not in line]
        return self.process.returncode, "".join(told)

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
