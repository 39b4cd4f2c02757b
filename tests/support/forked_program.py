"""Starts `forum` as a fork of a process that has imported it already.

Importing Forum takes 2 s of a processor and compiling its templates as long, and the tests start it hundreds of times.
So the first start begins a process that imports every command, compiles every template and waits (`wait_for_orders`);
each start after that, of every worker of the run, is a fork of it, which runs the command with arguments, environment,
files and exit of its own, as `python -m forum` does. Tests of how Python itself starts and ends Forum give a program of
their own, and are no fork.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import hashlib
import importlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import IO, NoReturn

from support.quick_hashes import IN_EARNEST, QUICK

_MOST = 64 * 1024  # bytes of one order
COMPILED = "COMPILED_TEMPLATES"  # variable with the folder where the processes of a run keep compiled templates
# What Forum imports where it is used first: each fork would import it anew.
LATE = ("alembic.command", "forum.rehearsal.example.cycle", "httpx2", "PIL.ImageOps", "typst", "xlsxwriter")
_ordering = threading.Lock()


class Forked:
    """A running fork, asked as a `subprocess.Popen` is. `status` tells its pid, and at its end its exit code."""

    def __init__(self, status: IO[str]) -> None:
        self._status = status
        self.pid = int(status.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Returns its exit code, minus the signal's number where one ended it; None while it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Returns its exit code once it has ended. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("forum", timeout or 0)
        return code

    def send_signal(self, how: int) -> None:
        """Sends it a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, how)

    def terminate(self) -> None:
        """Asks it to end."""
        self.send_signal(signal.SIGTERM)

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is not None:
            return self.returncode
        # Unlike select it takes file descriptors beyond 1024, where a bench has thousands of phones.
        looking = select.poll()
        looking.register(self._status, select.POLLIN)
        if looking.poll(None if timeout is None else 1000 * timeout):
            with self._status:
                self.returncode = int(self._status.readline())
        return self.returncode


def fork(arguments: Sequence[str], env: Mapping[str, str], root: Path, files: tuple[int, int, int]) -> Forked:
    """Starts `forum` with these arguments in the folder `root`, on its standard input, output and error."""
    settings = {name: value for name, value in env.items() if name.startswith("FORUM_") or name == IN_EARNEST}
    order = json.dumps([list(arguments), settings]).encode()
    assert len(order) < _MOST
    reading, writing = os.pipe()
    with _ordering:  # the next order is sent once this one is read
        orders = _importer(root, tuple(sorted(env.items() - settings.items())))
        socket.send_fds(orders, [order], [*files, writing])
        os.close(writing)
        return Forked(os.fdopen(reading))


@cache
def _importer(root: Path, env: tuple[tuple[str, str], ...]) -> socket.socket:
    """Returns a socket that takes orders for forks of a process that has imported Forum in this environment: of the one
    that another worker of the run has started, or of a new one. It ends with the last of those that have such a socket.
    """
    import fcntl  # where there are forks, there is this

    folder = Path(os.environ.get(COMPILED) or tempfile.mkdtemp(prefix="forum-importer-"))
    name = folder / f"importer-{hashlib.sha256(repr(env).encode()).hexdigest()[:12]}"
    ours = socket.socket(socket.AF_UNIX)
    process = None
    with name.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            ours.connect(str(name))
        except OSError:  # nobody has begun one, or it has ended
            process = _started_importer(root, env, name)
            ours.connect(str(name))

    def end() -> None:
        ours.close()
        if process:
            process.wait()

    atexit.register(end)
    return ours


def _started_importer(root: Path, env: tuple[tuple[str, str], ...], name: Path) -> subprocess.Popen[bytes]:
    """Starts the process that imports Forum; orders that come before it has are kept for it."""
    name.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(name))
        listening.listen()
        code = (
            "import sys; sys.path[0] = sys.argv[2]; "
            "from support.forked_program import wait_for_orders; wait_for_orders()"
        )
        command = [sys.executable, "-c", code, str(root), str(root / "tests"), str(listening.fileno())]
        nothing = subprocess.DEVNULL
        passed = [listening.fileno()]
        return subprocess.Popen(
            command, stdin=nothing, stdout=nothing, stderr=nothing, cwd=root, env=dict(env), pass_fds=passed
        )


def wait_for_orders() -> None:
    """Imports all commands, compiles all templates, reads all catalogues, and forks for each order. Returns where it is
    no longer needed; a fork never comes back.
    """
    _, root, _, channel = sys.argv
    sys.path[0] = root  # as `python -m` has it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which then stop what they have started
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how those end that tell how a fork has ended
    main = importlib.import_module("forum.__main__")
    for module in (*main.COMMANDS.values(), *LATE):
        importlib.import_module(module)
    templates = importlib.import_module("forum.web.templates").environment("")
    if COMPILED in os.environ:
        templates.bytecode_cache = importlib.import_module("jinja2").FileSystemBytecodeCache(os.environ[COMPILED])
    for name in templates.list_templates():
        templates.get_template(name)
    importlib.import_module("forum.web.i18n.languages").load()
    if COMPILED in os.environ:
        _copy_new_databases(Path(os.environ[COMPILED]) / f"empty-{os.getpid()}.db")
    gc.freeze()
    taken = _next_order(socket.socket(fileno=int(channel)))
    if taken is None:
        return
    order, files = taken
    arguments, settings = json.loads(order)
    _tell_of_a_fork(files)
    os.environ.update(settings)
    if COMPILED in os.environ and IN_EARNEST not in os.environ:  # in a run of tests, not in a bench
        importlib.import_module("forum.adapters.passwords")._hasher = QUICK  # type: ignore[attr-defined]
    sys.argv = ["forum", *arguments]
    _end_as_python_does(main.main)


def _copy_new_databases(empty: Path) -> None:
    """Makes the database `empty`, with all its tables and no rows, and lets a fork copy it to where there is none yet:
    all migrations, one after the other, take 0.6 s of a processor.
    """
    users = [importlib.import_module(name) for name in ("forum.store", "forum.app", "forum.cli.upgrade")]
    parse = importlib.import_module("forum.store.engine").parse
    plain = users[0].migrate
    asyncio.run(plain(f"sqlite+aiosqlite:///{empty}"))

    def copied(there: Path) -> None:
        if there.exists():
            return
        copy = there.with_name(f"{there.name}.{os.getpid()}")
        with suppress(OSError):  # of several that start at once one is the first; what cannot be written is told
            shutil.copyfile(empty, copy)
            os.link(copy, there)
        with suppress(OSError):
            copy.unlink()

    async def migrate(url: str) -> None:
        """Copies the empty database where there is none, and then does what is done at every start."""
        address = parse(url)
        if address.drivername.startswith("sqlite"):
            copied(Path(str(address.database)))
        await plain(url)

    for one in users:
        one.migrate = migrate  # type: ignore[attr-defined]


def _next_order(listening: socket.socket) -> tuple[bytes, list[int]] | None:
    """Forks for each order of those that connect; returns it, with its files, in the fork. Returns None once all who
    had connected are gone."""
    with ExitStack() as every:
        asking = [every.enter_context(listening)]
        while True:
            for one in select.select(asking, [], [])[0]:
                if one is listening:
                    asking.append(every.enter_context(listening.accept()[0]))
                    continue
                order, files, _, _ = socket.recv_fds(one, _MOST, 4)
                if not order:
                    one.close()
                    asking.remove(one)
                    if len(asking) == 1:
                        return None
                elif os.fork() == 0:
                    return order, files
                for file in files:
                    os.close(file)


def _end_as_python_does(main: Callable[..., object]) -> NoReturn:
    """Runs the command, and ends with its exit code once its threads and its atexit functions are through.

    Python would then take apart all that was imported, object by object: half a second of a processor for each fork.
    """
    code: object = 0
    try:
        main(prog_name="forum")
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()  # what was left unfinished is to say so
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    if code is not None and not isinstance(code, int):
        sys.stderr.write(f"{code}\n")
        sys.stderr.flush()
        code = 1
    os._exit(code or 0)


def _tell_of_a_fork(files: list[int]) -> None:
    """Forks, and returns in the fork, which has `files` for its own. The process that called tells the fork's pid and
    exit code on the last of the files, and ends.
    """
    *own, status = files
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    fork = os.fork()
    if fork == 0:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, file in enumerate(own):
            os.dup2(file, number)
        for file in files:
            os.close(file)
        return
    for number in (0, 1, 2, *own):
        os.close(number)
    os.write(status, b"%d\n" % fork)
    _, how = os.waitpid(fork, 0)
    os.write(status, b"%d\n" % os.waitstatus_to_exitcode(how))
    os._exit(0)
