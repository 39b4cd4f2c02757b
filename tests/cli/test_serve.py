from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType

import httpx2
import pytest
from conftest import Database
from support.server_process import (
    OLD_PYTHON,
    ROOT,
    Serving,
    back_up,
    clean_environment,
    fingerprint,
    restore,
    run_forum,
)

from forum.adapters import machine
from forum.cli.serve import listen, slow_cookies
from forum.errors import StartupProblem

# What lies in a data folder after a stop.
FOLDER = {"forum.db", "record_known.json", "signing_key.pem"}


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Makes a data folder by a server that was stopped in good order."""
    with Serving(tmp_path / "data", "--no-demo") as server:
        assert server.stop() == (0, "")
    return tmp_path / "data"


def refused(data: Path, *options: str, env: dict[str, str] | None = None) -> str:
    """Checks that `forum serve` does not start on this folder; returns the one line that says why."""
    where = ["--host", "127.0.0.1", *(() if "--port" in options else ("--port", "0")), "--data", data]
    done = run_forum("serve", *where, *options, env=env)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    line = done.stderr.removesuffix("\n")
    assert line
    assert "\n" not in line
    return line


def test_run_py_serves_the_demonstration_and_says_where(tmp_path: Path) -> None:
    with Serving(tmp_path / "forum-data", program=("run.py",), settings={"FORUM_EXAMPLE": "yes"}) as server:
        page = httpx2.get(f"{server.base}/commissions", trust_env=False)
        assert page.status_code == 200
        assert "Urgent mental-health care, three boroughs" in page.text
        assert "Home from hospital: the first week" in page.text
        assert f"Phones on this network open {server.base}\n" in server.said
        assert "▀" in server.said  # the QR code
        link = re.search(rf"^{server.base}/first/\S+$", server.said, re.MULTILINE)
        assert link
        assert httpx2.get(link[0], trust_env=False).status_code == 200
        assert server.stop() == (0, "Making the worked example. This happens once, and takes up to half a minute.\n")
    assert {file.name for file in (tmp_path / "forum-data").iterdir()} == FOLDER
    assert (tmp_path / "forum-data" / "signing_key.pem").stat().st_mode & 0o777 == 0o600


def test_ctrl_c_stops_it_in_good_order(tmp_path: Path) -> None:
    """Freezes all that was imported while it serves: a collection of rubbish over it would hold everybody up."""
    program = "import gc, sys; thaw = gc.unfreeze; "
    program += "gc.unfreeze = lambda: (print(gc.get_freeze_count(), file=sys.stderr), thaw()); "
    program += "sys.argv[:1] = ['forum', 'serve']; from forum.__main__ import main; main(prog_name='forum')"
    with Serving(tmp_path, "--no-demo", program=("-c", program)) as server:
        code, frozen = server.stop(signal.SIGINT)
    assert code == 0
    assert int(frozen) > 100_000


def test_a_restart_replaces_the_first_link_and_loads_the_demonstration_once(tmp_path: Path) -> None:
    def first_link(server: Serving) -> str:
        return server.said[server.said.index("/first/") :].split()[0]

    with Serving(tmp_path) as server:
        old = first_link(server)
        server.stop()
    with Serving(tmp_path) as server:
        new = first_link(server)
        assert new != old
        assert httpx2.get(server.base + old, trust_env=False).status_code == 404
        assert httpx2.get(server.base + new, trust_env=False).status_code == 200
        server.stop()
    with closing(sqlite3.connect(tmp_path / "forum.db")) as database:
        assert database.execute("SELECT count(*) FROM commission").fetchone() == (1,)


def add_ann(data: Path, role: str) -> None:
    options = ("--role", role, "--password-stdin", "--data", data)
    added = run_forum("user", "add", f"ann-{role}", *options, given="correct horse battery\n")
    assert added.returncode == 0, added.stderr


def test_no_link_once_there_is_an_administrator(data: Path) -> None:
    add_ann(data, "organiser")
    with Serving(data, "--no-demo") as server:
        link = server.base + server.said[server.said.index("/first/") :].split()[0]
        assert httpx2.get(link, trust_env=False).status_code == 200
        add_ann(data, "administrator")
        assert httpx2.get(link, trust_env=False).status_code == 404
        server.stop()
    with Serving(data, "--no-demo") as server:
        assert "/first/" not in server.said


def test_port_in_use(tmp_path: Path, taken_port: int) -> None:
    line = refused(tmp_path / "data", "--port", str(taken_port))
    assert line.startswith(f"Port {taken_port} is in use.")
    assert "--port" in line
    assert not (tmp_path / "data").exists()


def test_a_second_server_leaves_the_first_alone(data: Path) -> None:
    with Serving(data, "--no-demo") as server:
        assert "in use" in refused(data, "--port", str(server.port), "--no-demo")
        assert httpx2.get(server.base, trust_env=False).status_code == 200
        assert server.stop() == (0, "")


def test_no_such_address(tmp_path: Path) -> None:
    with pytest.raises(StartupProblem, match="--host"):
        listen("no-such-host.invalid", 0)
    # RFC 5737: an address for documentation, so no machine's own
    with pytest.raises(StartupProblem, match=r"Cannot listen on 192\.0\.2\.1"):
        listen("192.0.2.1", 0)


def test_a_file_in_the_way_of_the_folder(tmp_path: Path) -> None:
    in_the_way = tmp_path / "data"
    in_the_way.write_text("mine")
    for folder in (in_the_way, in_the_way / "below"):
        line = refused(folder)
        assert "there is a file in its way" in line
        assert "--data" in line
    assert in_the_way.read_text() == "mine"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system that nobody may write to")
def test_a_folder_that_nobody_may_write_to() -> None:
    # Not even root makes files here; permissions alone would not keep root out.
    assert "/proc/self/task" in refused(Path("/proc/self/task"))
    assert "Cannot write to the folder /proc/forum-data" in refused(Path("/proc/forum-data"))


def refused_and_untouched(folder: Path) -> str:
    """Checks that the server refuses this folder and changes nothing in it; returns the line that says why."""
    before = fingerprint(folder)
    line = refused(folder)
    assert fingerprint(folder) == before
    return line


def test_a_damaged_database(data: Path) -> None:
    file = data / "forum.db"
    whole = file.read_bytes()
    for damaged in (b"This is no database.\n" * 500, whole[: len(whole) // 2], whole[:4096] + b"\xff" * 8192):
        file.write_bytes(damaged)
        line = refused_and_untouched(data)
        assert "damaged" in line
        assert "backup" in line


def test_a_database_of_a_newer_forum(data: Path) -> None:
    with closing(sqlite3.connect(data / "forum.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
        database.commit()
    assert "newer Forum" in refused_and_untouched(data)


def test_a_database_of_another_program(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "forum.db")) as database:
        database.execute("CREATE TABLE recipe (name TEXT)")
        database.commit()
    assert "another program" in refused_and_untouched(tmp_path)


def test_a_damaged_signing_key(data: Path) -> None:
    (data / "signing_key.pem").write_text("no key")
    assert "signing key" in refused_and_untouched(data)


def test_a_setting_that_cannot_be(tmp_path: Path) -> None:
    line = refused(tmp_path / "data", env=clean_environment(FORUM_JOINS_PER_SESSION="many"))
    assert "FORUM_JOINS_PER_SESSION" in line
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("FORUM_PUBLIC_URL", "forum.example.org"),
        ("FORUM_PUBLIC_URL", "javascript:alert(1)"),
        ("FORUM_PUBLIC_URL", "https://[::1"),
        ("FORUM_PUBLIC_URL", "https://example.org/record"),
        ("FORUM_TRUSTED_PROXIES", "proxy.example.org"),
        ("FORUM_JOINS_PER_SESSION", "9" * 5000),
        ("FORUM_DATABASE_URL", "postgresql+asyncpg://u@127.0.0.1:port/x"),
        ("FORUM_DATABASE_URL", "postgresql+asyncpg://u@127.0.0.1:1/x?nonsense=1"),
    ],
)
def test_a_setting_that_makes_no_sense(tmp_path: Path, setting: str, value: str) -> None:
    assert setting in refused(tmp_path / "data", env=clean_environment(**{setting: value}))


def test_what_is_known_of_proxies_and_of_old_settings_is_told_at_start(tmp_path: Path) -> None:
    settings = {
        "FORUM_PUBLIC_URL": "https://forum.example.org",
        "FORUM_TRUSTED_PROXIES": "10.0.0.5",
        "FORWARDED_ALLOW_IPS": "*",
        "FORUM_JOINS_PER_ADDRESS": "3000",
    }
    with Serving(tmp_path, "--no-demo", settings=settings) as server:
        code, errors = server.stop()
    assert code == 0
    assert "FORWARDED_ALLOW_IPS is not read." in errors
    assert "FORUM_JOINS_PER_ADDRESS is not read any more: FORUM_JOINS_PER_SESSION is in its place." in errors
    assert "none that FORUM_TRUSTED_PROXIES names can reach 127.0.0.1." in errors


@pytest.mark.parametrize(
    ("version", "slow"),
    [
        ((3, 11, 0), True),
        ((3, 11, 9), True),
        ((3, 11, 10), False),
        ((3, 12, 5), True),
        ((3, 12, 6), False),
        ((3, 13, 0), False),
        ((4, 0, 0), False),
    ],
)
def test_a_python_with_a_slow_cookie_parser_is_known(version: tuple[int, int, int], slow: bool) -> None:
    assert slow_cookies(version, ModuleType("as it was")) is slow
    mended = ModuleType("as distributions mend it")
    mended.__dict__["_unquote_replace"] = None
    assert not slow_cookies(version, mended)


def test_a_python_with_a_slow_cookie_parser_is_told_of_at_start(tmp_path: Path) -> None:
    with Serving(tmp_path, "--no-demo") as server:
        assert server.stop() == (0, "")
    assert (OLD_PYTHON in server.errors) is slow_cookies(sys.version_info[:3])


def test_a_home_that_is_nobodys(tmp_path: Path) -> None:
    done = run_forum(
        "serve", "--host", "127.0.0.1", "--port", "0", env=clean_environment(FORUM_DATA="~nobody-of-this-name/data")
    )
    assert done.returncode == 2
    assert done.stderr == "There is no home folder for ~nobody-of-this-name/data.\n"


@pytest.mark.parametrize("name", ["what?now", "50%41", "a#b", "a b@c:d"])
def test_a_folder_of_any_name_holds_its_data(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    with Serving(folder, "--no-demo") as server:
        assert server.stop() == (0, "")
    assert {file.name for file in folder.iterdir()} == FOLDER
    assert list(tmp_path.iterdir()) == [folder]
    assert run_forum("export", "--data", folder, "--out", folder / "out.zip").returncode == 0


def test_a_misspelt_option_is_one_line_too(tmp_path: Path) -> None:
    assert "--prot" in refused(tmp_path / "data", "--prot=1")


def test_the_log_of_an_error_holds_no_values() -> None:
    """A trace says where it went wrong; what somebody wrote or voted there is not for a log."""
    program = """
import structlog
from forum.adapters.logs import begin
begin("text", "info", print)
def read(words):
    raise ValueError(words)
try:
    read("told in " + "confidence")
except ValueError:
    structlog.get_logger().exception("unexpected error")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT, env=clean_environment()
    )
    assert done.stderr.endswith(" in read\nValueError\n")
    assert "told in confidence" not in done.stderr


def test_what_a_client_sends_wrong_is_one_line_and_what_is_wrong_here_a_trace() -> None:
    program = """
import logging
from forum.adapters.logs import begin
begin("text", "info", print)
for words in ("Invalid UTF-8 sequence received from client.", "Exception in ASGI application"):
    try:
        bytes([255]).decode()
    except UnicodeDecodeError:
        logging.getLogger("uvicorn.error").exception(words)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT, env=clean_environment()
    )
    first, second, *trace = done.stderr.splitlines()
    assert first == "INFO uvicorn.error: a client sent text that is no UTF-8; its connection was closed"
    assert second == "ERROR uvicorn.error: Exception in ASGI application"
    assert trace[0] == "Traceback (most recent call last):"


def test_run_py_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_bytes((ROOT / "run.py").read_bytes())
    done = subprocess.run(
        [sys.executable, "-I", "-S", tmp_path / "run.py"],
        capture_output=True,
        text=True,
        check=False,
        env=clean_environment(),
    )
    assert done.returncode == 1
    assert "pip install" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_servers_on_one_folder(tmp_path: Path) -> None:
    with Serving(tmp_path / "data", "--no-demo") as first:
        line = refused(tmp_path / "data")
        assert "Another Forum serves" in line
        assert httpx2.get(first.base, trust_env=False).status_code == 200
        first.stop(signal.SIGKILL)
    with Serving(tmp_path / "data", "--no-demo"):
        pass


def test_a_signing_key_that_is_gone_is_not_replaced_in_silence(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Serving(data, "--no-demo") as server:
        before = httpx2.get(f"{server.base}/record/checkpoint", trust_env=False).text.splitlines()[0]
        server.stop()
    key = data / "signing_key.pem"
    kept = key.read_bytes()
    key.unlink()
    assert "is gone. Put it back" in refused(data)
    assert not key.exists()
    done = run_forum("export", "--out", tmp_path / "export.zip", "--data", data)
    assert done.returncode == 2
    assert "is gone. Put it back" in done.stderr
    with Serving(data, "--no-demo", "--new-key") as server:
        after = httpx2.get(f"{server.base}/record/checkpoint", trust_env=False).text.splitlines()[0]
        lines = httpx2.get(f"{server.base}/record/entries.jsonl", trust_env=False).text.splitlines()
        said = json.loads(lines[-1])
        assert (said["type"], said["before"], said["key"].split("+")[0]) == ("key lost", before, after)
        server.stop()
    assert before != after
    # One that is there signs the next one.
    changed = json.loads(run_forum("record", "new-key", "--data", data, "--json").stdout)
    with Serving(data, "--no-demo") as server:
        lines = httpx2.get(f"{server.base}/record/entries.jsonl", trust_env=False).text.splitlines()
        told = json.loads(lines[-1])
        assert (told["type"], told["before"], told["key"]) == ("key changed", said["key"], changed["key"])
        page = httpx2.get(f"{server.base}/record/{len(lines) - 1}", trust_env=False, timeout=60).text
        assert "The old key signed the new one." in page
        server.stop()
    key.write_bytes(kept)
    assert "is not the key of this record" in refused(data)


def modes(folder: Path) -> dict[str, int]:
    """Gives the permission bits of a folder and of each file in it, by name."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}


@pytest.mark.skipif(os.name != "posix", reason="files say who may read them on POSIX only")
def test_nobody_but_their_owner_can_read_the_data_and_what_could_be_read_is_mended_and_said(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Serving(data, "--no-demo") as server:
        assert set(modes(data).values()) == {0o600, 0o700}, modes(data)
        assert server.stop() == (0, "")
    back_up(data, data / "forum.db.2026-03-01")
    (data / "notes.txt").write_text("not ours", "utf-8")
    readable = ("forum.db", "forum.db.2026-03-01", "signing_key.pem")
    for name in (*readable, "notes.txt"):
        (data / name).chmod(0o644)
    data.chmod(0o755)
    with Serving(data, "--no-demo") as server:
        now = modes(data)
        assert now.pop("notes.txt") == 0o644
        assert set(now.values()) == {0o600, 0o700}, now
        code, errors = server.stop()
    assert code == 0
    [line] = errors.splitlines()
    assert line.startswith("Others on this machine could read ")
    assert all(str(data / name) in line for name in readable)
    with Serving(data, "--no-demo") as server:
        assert server.stop() == (0, "")


def test_where_there_are_no_modes_or_the_files_are_somebody_elses_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "forum.db"
    file.write_bytes(b"x")
    file.chmod(0o644)
    assert machine.keep_private([tmp_path / "gone", file]) == [file]
    file.chmod(0o644)
    monkeypatch.setattr(machine, "_MODES", False)
    assert machine.keep_private([file]) == []


async def test_two_servers_on_one_postgresql_database(tmp_path: Path, postgres_database: Database) -> None:
    settings = {"FORUM_DATABASE_URL": postgres_database.url}
    with Serving(tmp_path / "one", "--no-demo", settings=settings) as first:
        line = refused(tmp_path / "two", env=clean_environment(**settings))
        assert "Another Forum serves the database at" in line
        first.stop(signal.SIGKILL)
    with Serving(tmp_path / "one", "--no-demo", settings=settings):
        pass


def test_an_older_copy_or_none_of_the_database_is_told_and_accepted_when_meant(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy.db"
    with Serving(data, "--no-demo") as server:
        back_up(data, copy)
        server.stop()
    with Serving(data) as server:  # the demonstration is in the record
        server.stop()
    restore(data, copy)
    (data / "forum.db").chmod(0o600)  # else it is mended first, with a line of its own
    line = refused(data, "--no-demo")
    assert "this is an older copy, or another database" in line
    assert "forum serve --accept" in line
    accepted = run_forum("record", "accept-restore", "--data", data, "--json")
    assert json.loads(accepted.stdout) == {"entries": [0]}, accepted.stderr
    with Serving(data, "--no-demo") as server:
        busy = run_forum("record", "accept-restore", "--data", data)
        assert (busy.returncode, "Stop it" in busy.stderr) == (2, True)
        entry = httpx2.get(f"{server.base}/record/0", trust_env=False, timeout=60)
        assert "An older copy of the database was put back" in entry.text
        server.stop()
    again = run_forum("record", "accept-restore", "--data", data, "--json")
    assert json.loads(again.stdout) == {"entries": []}, again.stderr
    # A checkpoint of one entry was signed, for the page: now there is none.
    (data / "forum.db").unlink()
    assert "The record has 0 entries" in refused(data)
    with Serving(data, "--no-demo", "--accept") as server:
        server.stop()
    with Serving(data, "--no-demo"):
        fits = run_forum("record", "check", "--data", data, "--json")
        assert (fits.returncode, json.loads(fits.stdout)) == (0, {"entries": 1, "findings": [], "witnesses": []})
    with closing(sqlite3.connect(data / "forum.db")) as database, database:
        database.execute("INSERT INTO disclosure VALUES ('a', 0, '', 'b', '')")
    told = run_forum("record", "check", "--data", data)
    assert told.returncode == 1
    assert "table disclosure, row a, entry: is 0, should be that of an entry that names it" in told.stdout
