"""`forum serve`: checks address, folder, database, record and key, in this order, and serves.

Each check comes before the step that it could make vain: a server that cannot listen touches no data.
"""

from __future__ import annotations

import asyncio
import errno
import http.cookies
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import cast

import click
from starlette.applications import Starlette

from forum.adapters import garbage, known_record, machine
from forum.adapters.announcement import Places
from forum.adapters.clock import SystemClock
from forum.adapters.logs import Tell, begin
from forum.adapters.worker_processes import MOST_WORKERS, Inherited, Workers
from forum.app import build
from forum.cli import (
    accept_restore,
    checkpoints_of,
    data_option,
    make_folder,
    opened,
    run,
    say,
    settings_for,
    signer_of,
    unread,
)
from forum.errors import StartupProblem
from forum.ports import Store
from forum.rehearsal.example import is_wanted
from forum.services import accounts, demonstration
from forum.settings import Settings
from forum.store import held
from forum.web.server.configuration import configured
from forum.web.server.connections import Connections
from forum.web.server.proxies import never_believed
from forum.web.server.server import Server
from forum.web.site import Site

MADE_BY = "made_by"
# Seconds for which the event loop may keep the interpreter while the database's thread waits for it. A commit needs it
# half a dozen times; with Python's own 5 ms a ballot waited longer for that than for the disk.
_SWITCH = 0.0005
_UVICORNS = "FORWARDED_ALLOW_IPS"
_COOKIES_MENDED = {(3, 11): (3, 11, 10), (3, 12): (3, 12, 6)}
_BACKLOG = 4096
_PREPARED = 0.5  # seconds between two looks whether another server has done with preparing the database
_OWN_FILES = 64
_MAKING = "Making the worked example. This happens once, and takes up to half a minute."


@click.command()
@click.option("--host", metavar="ADDRESS", help="Address to listen on. Without it: FORUM_HOST, or all networks.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; 0 takes a free one. Without it: FORUM_PORT, or 8000."
)
@data_option
@click.option("--no-demo", is_flag=True, help="Load neither the worked example nor the demonstration's stories.")
@click.option("--new-key", is_flag=True, help="Go on with a new signing key, where the old one is lost for good.")
@click.option(
    "--accept", is_flag=True, help="Go on with the database as it is, where it is another or older than last known."
)
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_WORKERS),
    default=1,
    metavar="N",
    help="Serve with N processes on this port; needs PostgreSQL and a broker. See docs/several-processes.md.",
)
@click.option("--worker", "files", hidden=True, help="What a parent with --workers starts.")
def serve(
    host: str | None,
    port: int | None,
    data: Path | None,
    *,
    no_demo: bool,
    new_key: bool,
    accept: bool,
    workers: int,
    files: str | None,
) -> None:
    """Serve Forum: pages, phones and the record, from one folder of data.

    Prints the address for phones with its QR code, and while there is no administrator a link, good for one
    day and one use, with which the first one chooses a password.
    """
    settings = settings_for(data, host=host, port=port)
    tell = begin(settings.log, settings.log_level, say)
    if files is not None:
        run(_work(settings, Inherited.of(files)))
        return
    for line in unread(os.environ):
        tell(line)
    _warn_of_proxies(settings, tell)
    run(_serve(settings, tell, demo=not no_demo, new_key=new_key, accept=accept, workers=workers))


def _warn_of_proxies(settings: Settings, tell: Tell) -> None:
    """Warns of settings for proxies that cannot work, before anybody has come through one."""
    if os.environ.get(_UVICORNS):
        tell(f"{_UVICORNS} is not read. Name the proxies that are trusted in FORUM_TRUSTED_PROXIES: see docs/proxy.md.")
    if never_believed(settings):
        tell(
            f"FORUM_PUBLIC_URL is https, so people come through a proxy, but none that FORUM_TRUSTED_PROXIES names can "
            f"reach {settings.host}. All who come through it are limited together: see docs/proxy.md."
        )


def slow_cookies(version: tuple[int, int, int], module: ModuleType = http.cookies) -> bool:
    """Returns True for a Python whose cookie parser takes quadratic time (CVE-2024-7592; mended in 3.11.10, 3.12.6).

    Distributions mend it without a new number; what they put in has a function that was not there before.
    """
    return version < _COOKIES_MENDED.get(version[:2], version) and not hasattr(module, "_unquote_replace")


async def _serve(settings: Settings, tell: Tell, *, demo: bool, new_key: bool, accept: bool, workers: int) -> None:
    _check_alone(settings, workers)
    listening = listen(settings.host, settings.port)
    places = Places(listening, settings.host, settings.public_url)
    ending = asyncio.Event()
    async with AsyncExitStack() as stack:
        stack.enter_context(listening)
        app = build(settings, places.address, here=places.here)
        make_folder(settings.data)
        machine.hold(settings.data)
        await stack.enter_async_context(held(settings.database_url, ending.set, shared=bool(settings.broker_url)))
        async with opened(settings, make=True) as store, _one_after_another(store):
            if not accept:
                await known_record.check(store, settings.data)
            await signer_of(store, settings, new_key=new_key)
            if accept:
                await accept_restore(store, settings)
            await (await checkpoints_of(store, settings)).check()
            first_link = await _prepare(store, tell, demo=demo, example=settings.example)

        def announce() -> None:
            places.announce(first_link, tell, slow_cookies=slow_cookies(sys.version_info[:3]))

        if workers > 1:
            await Workers(settings, listening).run(workers, announce, ending)
        else:
            await _listen(settings, app, listening, announce, ending)


async def _work(settings: Settings, mine: Inherited) -> None:
    """Serves as one of several workers, with what its parent has prepared."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    ending = asyncio.Event()
    mine.watch(ending.set)
    async with AsyncExitStack() as stack:
        listening = stack.enter_context(mine.socket())
        await stack.enter_async_context(held(settings.database_url, ending.set, shared=True))
        places = Places(listening, settings.host, settings.public_url)
        await _listen(settings, build(settings, places.address, here=places.here), listening, mine.ready, ending)


async def _listen(
    settings: Settings,
    app: Starlette,
    listening: socket.socket,
    announce: Callable[[], None],
    ending: asyncio.Event,
) -> None:
    """Serves an application on a socket until the process is told to end, or `ending` is set. Calls `announce` once it
    listens.
    """
    files = machine.raise_file_limit()
    backlog, most = shares(files)

    def storing() -> bool:
        return cast(Site, app.state.site).rooms.intake.storing()

    async def goodbye() -> None:
        await cast(Site, app.state.site).rooms.close()

    connections = Connections(settings, most, storing=storing)
    config = configured(app, connections, backlog, settings.idle_seconds)
    # Until uvicorn takes them. When it is done, it raises the one that stopped it once more: nothing is left to end.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda *_: ending.set())
    garbage.spare_what_is_old()
    sys.setswitchinterval(_SWITCH)
    try:
        await Server(config, connections, announce, ending, goodbye).serve(sockets=[listening])
    finally:
        garbage.spare_nothing()


def _check_alone(settings: Settings, workers: int) -> None:
    """Raises StartupProblem where several servers or workers are meant, and cannot be."""
    if workers > 1 and (not settings.broker_url or settings.database_url.startswith("sqlite")):
        words = (
            "--workers %(n)s needs PostgreSQL (FORUM_DATABASE_URL) and Valkey or Redis (FORUM_BROKER_URL), by which "
            "the workers know of each other. Set both, or leave --workers out: one process serves thousands of phones."
        )
        raise StartupProblem(words, n=workers)
    if settings.broker_url and settings.database_url.startswith("sqlite"):
        words = (
            "FORUM_BROKER_URL is for several servers on one PostgreSQL database; a SQLite file has one server only. "
            "Set FORUM_DATABASE_URL, or leave FORUM_BROKER_URL out."
        )
        raise StartupProblem(words)


@asynccontextmanager
async def _one_after_another(store: Store) -> AsyncIterator[None]:
    """Lets one process at a time prepare a database: each makes what is not there yet, and the next finds it."""
    while True:
        async with store.job_lock("prepare") as lock:
            if lock.granted:
                yield
                return
        await asyncio.sleep(_PREPARED)


def shares(files: int | None) -> tuple[int, int | None]:
    """Shares out the files that can be open: returns the backlog of the listener and the most connections (None: any).

    Those that wait are taken all at once, before any that has to go for them is gone: so they have a share of their
    own, as have the database, pictures and pages. Then a connection can always be taken. None is as many as one likes.
    """
    if files is None:
        return _BACKLOG, None
    backlog = max(1, min(_BACKLOG, files // 8))
    return backlog, max(1, files - backlog - files // 16 - _OWN_FILES)


def listen(host: str, port: int) -> socket.socket:
    """Binds a listening socket to this address; first of all, so that a second server ends before it touches data.

    Raises StartupProblem where the address cannot be had.
    """
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        words = "%(host)s is no address of this machine. Choose another with --host."
        raise StartupProblem(words, host=host) from error
    taken = socket.socket(family, kind, protocol)
    try:
        machine.alone_on_its_port(taken)
        taken.bind(where)
        taken.listen(_BACKLOG)
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRINUSE:
            words = "Port %(port)s is in use. Stop the program that uses it, or choose another with --port."
        elif error.errno == errno.EACCES:
            words = "Port %(port)s needs more rights than you have. Choose one above 1023 with --port."
        else:
            words = "Cannot listen on %(host)s port %(port)s: %(why)s. Choose another with --host or --port."
        raise StartupProblem(words, host=host, port=port, why=error.strerror) from error
    taken.setblocking(False)
    return taken


async def _prepare(store: Store, tell: Tell, *, demo: bool, example: bool) -> str:
    """Marks a new database as Forum's, and makes the worked example in it and loads the demonstration. Returns the key
    of the first administrator's link; "" where there is an administrator."""
    clock = SystemClock()
    async with store.begin() as work:
        if await work.facts.get_fact(MADE_BY) is None:
            await work.facts.set_fact(MADE_BY, "forum")
    if demo and example:
        async with store.read() as work:
            wanted = await is_wanted(work)
        if wanted:
            from forum.rehearsal.example import cycle  # noqa: PLC0415 - for the first start, and no other

            tell(_MAKING)
            await cycle.make(store, clock)
    if demo:
        await demonstration.load(store, clock)
    return await accounts.open_first_link(store, clock)
