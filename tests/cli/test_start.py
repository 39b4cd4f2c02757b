"""A start imports what serving needs; what few servers ever need is imported where it is used."""

from __future__ import annotations

import subprocess
import sys

from support.server_process import ROOT, clean_environment

from forum.__main__ import COMMANDS, SHORT

# Each took between a fiftieth and a quarter of the processor's time from `forum serve` to serving.
LATE = {
    "aiosmtplib",
    "alembic",
    "asyncpg",
    "babel.messages",
    "forum.rehearsal.crowd",
    "forum.rehearsal.example.cycle",
    "httpx2",
    "PIL",
    "redis",
    "rich",
    "typst",
    "xlsxwriter",
}


def printed(code: str) -> str:
    """Returns what a program prints, run in a process that has imported nothing yet."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=clean_environment())
    return done.stdout


def test_a_start_imports_nothing_that_few_servers_need() -> None:
    """And no collection of rubbish goes through what it did import, which is set aside."""
    code = (
        "import gc, sys; from forum.__main__ import main; main.get_command(None, 'serve'); "
        "print(gc.get_freeze_count(), *sys.modules, sep='\\n')"
    )
    frozen, *names = printed(code).split()
    imported = set(names)
    assert {"forum.app", "structlog"} <= imported
    assert not imported & LATE
    assert int(frozen) > 100_000


def test_help_names_every_command_and_imports_none() -> None:
    code = (
        "import sys; from forum.__main__ import main; main(['--help'], prog_name='forum', standalone_mode=False); "
        "print(*(name for name in sys.modules if name.startswith('forum.cli')))"
    )
    *lines, imported = printed(code).splitlines()
    told = dict(line.split(maxsplit=1) for line in lines[lines.index("Commands:") + 1 :])
    assert told == SHORT
    assert list(told) == list(COMMANDS)
    assert imported == ""
