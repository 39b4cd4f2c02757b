"""`forum serve --workers`: several processes on one port, of which any may die or be restarted."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from conftest import Database
from support.server_process import Serving, clean_environment, run_forum

LINUX = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="reads processes as Linux shows them")


def children(of: int) -> set[int]:
    """Returns the processes that a process has begun and that live."""
    return {int(one) for one in Path(f"/proc/{of}/task/{of}/children").read_text().split()}


def until(is_so: object, seconds: float = 200.0) -> None:
    """Waits until something is so."""
    ends = time.monotonic() + seconds
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < ends, "it did not come"
        time.sleep(0.05)


class Asking:
    """Asks a server for a page on a new connection, again and again, and counts the answers."""

    def __init__(self, port: int) -> None:
        self.answers = Counter[object]()
        self._port = port
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def _ask(self) -> None:
        while not self._enough.wait(0.02):
            line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
            try:
                line.request("GET", "/readyz")
                self.answers[line.getresponse().status] += 1
            except OSError as error:
                self.answers[type(error).__name__] += 1
            except http.client.HTTPException as error:
                self.answers[type(error).__name__] += 1
            finally:
                line.close()

    def __enter__(self) -> Asking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()


@LINUX
def test_one_that_is_killed_comes_back_all_are_restarted_unseen_and_all_end(
    postgres_database: Database, tmp_path: Path
) -> None:
    settings = {"FORUM_DATABASE_URL": postgres_database.url, "FORUM_BROKER_URL": "redis://127.0.0.1:1"}
    with Serving(tmp_path, "--workers", "2", "--no-demo", settings=settings) as server:
        parent = server.process.pid
        assert server.said.count("/first/") == 1
        first = children(parent)
        assert len(first) == 2
        os.kill(min(first), signal.SIGKILL)
        until(lambda: len(children(parent) - {min(first)}) == 2)
        second = children(parent)
        with Asking(server.port) as asking:
            until(lambda: asking.answers[200] > 0)
            os.kill(parent, signal.SIGHUP)
            until(lambda: len(children(parent)) == 2 and not children(parent) & second)
            before = asking.answers[200]
            until(lambda: asking.answers[200] > before)
        assert set(asking.answers) == {200}
        third = children(parent)
        code, errors = server.stop()
        assert code == 0, errors
        assert errors.count("a worker died and is started again") == 1, errors
        assert not [one for one in third if Path(f"/proc/{one}").exists()]


def test_without_what_they_need_it_says_so_and_touches_nothing(tmp_path: Path) -> None:
    for name, value in (("FORUM_BROKER_URL", ""), ("FORUM_BROKER_URL", "redis://127.0.0.1:1")):
        env = clean_environment(**{name: value})
        done = run_forum("serve", "--data", tmp_path / "none", "--port", "0", "--workers", "2", env=env)
        assert done.returncode == 2
        assert "--workers 2 needs PostgreSQL (FORUM_DATABASE_URL) and Valkey" in done.stderr
        assert not (tmp_path / "none").exists()
    done = run_forum("serve", "--data", tmp_path / "none", "--port", "0", env=env)
    assert "a SQLite file has one server only" in done.stderr
