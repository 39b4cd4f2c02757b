"""`forum rehearse`: plays a day with a made-up audience of phones against a running server, and checks every vote."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
import sys
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from forum.cli import json_option, make_folder, opened, report, run, say
from forum.errors import BadInput, StartupProblem
from forum.rehearsal import polis as conversations
from forum.rehearsal import polis_files
from forum.rehearsal.audience import replayed
from forum.rehearsal.crowd_plan import RehearsalFailed
from forum.rehearsal.network import Network, planned, share
from forum.rehearsal.printed_summary import show
from forum.rehearsal.report import Report
from forum.rehearsal.runner import rehearse as play
from forum.rehearsal.sample_day import invented
from forum.rehearsal.script import Script
from forum.rehearsal.server_process import FIRST, SECOND, OwnServer, prepare
from forum.services import demonstration
from forum.settings import Settings

_MOST_PHONES: Final = 20_000


class _Plan(msgspec.Struct, frozen=True):
    """A rehearsal to play: script, network, whether people come with tickets, whether the record is written."""

    script: Script
    network: Network
    tickets: bool
    record: bool


class _Share(click.ParamType[float]):
    """A share of the phones: "20%" or "0.2"."""

    name = "share"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Returns the share as a fraction."""
        return value if isinstance(value, float) else share(str(value))


@click.command()
@click.option("--phones", type=click.IntRange(1, _MOST_PHONES), help="Invent an audience of this many. [default: 60]")
@click.option(
    "--polis",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Replay a conversation exported from Polis (a folder, the zip, or one of its files): its statements "
    "as rounds, its participants as phones.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed invents the same audience.")
@click.option(
    "--drop",
    type=_Share(),
    metavar="SHARE",
    default="0%",
    show_default=True,
    help="This share of the phones loses its connection in every round, before or after sending; some come back late.",
)
@click.option(
    "--slow",
    type=_Share(),
    metavar="SHARE",
    default="0%",
    show_default=True,
    help="This share of the phones is slow: 32 kbit/s, and most of a second before it sends.",
)
@click.option("--tickets", is_flag=True, help="Everybody comes with a ticket of their group, instead of by code.")
@click.option("--url", metavar="URL", help="Rehearse against this server instead of one of its own.")
@click.option("--token", envvar="FORUM_TOKEN", metavar="TOKEN", help="An organiser's token, for --url. Or FORUM_TOKEN.")
@click.option(
    "--second",
    envvar="FORUM_SECOND_TOKEN",
    metavar="TOKEN",
    help="Another organiser's token, who confirms papers, for --url. Or FORUM_SECOND_TOKEN.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep the data of the own server here: a new folder, or one that a rehearsal made.",
)
@click.option("--record", is_flag=True, help="Write the rehearsal into the record; only for data a rehearsal made.")
@click.option("--force", is_flag=True, help="Load a server that is not on this machine or its local network.")
@json_option
@click.pass_context
def rehearse(  # noqa: PLR0913 (one for each option)
    ctx: click.Context,
    *,
    phones: int | None,
    polis: Path | None,
    seed: int,
    drop: float,
    slow: float,
    tickets: bool,
    url: str | None,
    token: str | None,
    second: str | None,
    data: Path | None,
    record: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Rehearse a day: phones that join, vote in every way, stop a scene, lose their connection and come back.

    Without --url it starts a server of its own on a free port. Every acknowledged vote is then looked for among
    the counted ones, and every screen is held against the database at the end of each round. Exits 0 when all is
    well, 1 when a vote was lost or counted twice, a tally is wrong, a refusal was not told or a screen showed
    something else, 2 when the rehearsal could not be carried out.
    """
    if phones is not None and polis is not None:
        raise BadInput("Choose --phones or --polis: a rehearsal has one audience.")
    if url is not None and data is not None:
        raise BadInput("Choose --url or --data: the data of another server is not ours to keep.")
    script = replayed(_conversation(polis)) if polis is not None else invented(phones or 60, seed, demonstration.lent())
    network = planned(script.acts, len(script.phones), drop=drop, slow=slow, seed=seed)
    plan = _Plan(script, network, tickets, record)
    if url is None:
        outcome = run(_until_stopped(_on_own_server(plan, data)))
    else:
        if not token:
            raise BadInput("--url needs --token: an organiser makes one on the organiser's page.")
        _check_url(url, force=force)
        outcome = run(_until_stopped(_against(plan, url, token, second or "")))
    if as_json:
        report({**asdict(outcome), "well": outcome.well})
    else:
        show(outcome, sys.stdout)
    ctx.exit(0 if outcome.well else 1)


async def _against(plan: _Plan, url: str, token: str, second: str) -> Report:
    with _Bar() as bar:
        return await play(
            plan.script,
            url.rstrip("/"),
            token,
            record=plan.record,
            progress=bar.show,
            second=second,
            network=plan.network,
            tickets=plan.tickets,
        )


async def _on_own_server(plan: _Plan, data: Path | None) -> Report:
    """Starts a server, rehearses, stops it, and looks at the ballots in its database while it still runs."""
    async with AsyncExitStack() as stack:
        if data is None:
            data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="forum-rehearsal-")))
        settings = Settings.load({}, data=data)
        folder = settings.data
        _check_folder(folder)
        async with opened(settings, make=True) as store:
            token, second = await prepare(store, FIRST), await prepare(store, SECOND)
            server = await stack.enter_async_context(OwnServer(folder))
            with _Bar() as bar:
                outcome = await play(
                    plan.script,
                    server.base,
                    token,
                    record=plan.record,
                    progress=bar.show,
                    store=store,
                    second=second,
                    network=plan.network,
                    tickets=plan.tickets,
                )
        if server.restarts:
            say(f"The server died and was started again {server.restarts} times.")
    return outcome


def _check_folder(folder: Path) -> None:
    """Raises StartupProblem for a folder that is neither new nor empty and holds no database."""
    make_folder(folder)
    if any(folder.iterdir()) and not (folder / "forum.db").is_file():
        raise StartupProblem(
            "The folder %(folder)s is not empty, and not a rehearsal's. Name a new one with --data.", folder=folder
        )


def _conversation(path: Path) -> conversations.Conversation:
    """Reads the conversation in a folder, a zip, or beside one of its files. Raises BadInput where it cannot."""
    files = polis_files.find(path)
    found = conversations.read(files)
    say(f"Replaying {', '.join(files)}.")
    if found.cells_behind:
        say(
            f"In {found.cells_behind} places the table of participants holds a vote that was changed later. "
            "The later vote is replayed."
        )
    return found


def _check_url(url: str, *, force: bool) -> None:
    """Raises BadInput for what is no address, and, unless forced, for a server out in the world."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise BadInput("%(url)s is no server's address. It looks like http://192.168.1.20:8000", url=url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise RehearsalFailed("There is no server called %(host)s.", host=parts.hostname) from error
    if not force and any(ipaddress.ip_address(where[4][0]).is_global for where in found):
        raise BadInput(
            "%(host)s is not on this network. If it is yours, and may be put under load, add --force.",
            host=parts.hostname,
        )


async def _until_stopped(rehearsal: Coroutine[Any, Any, Report]) -> Report:
    """Runs a rehearsal; SIGTERM ends it as Ctrl-C does, so that its own server is never left behind."""
    task = asyncio.ensure_future(rehearsal)
    with suppress(NotImplementedError):  # Windows' loop takes no signals; nothing there sends this one either
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        raise RehearsalFailed("The rehearsal was stopped before its end.") from None


class _Bar:
    """The progress bar, on standard error."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<22}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Starts drawing."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Draws it a last time."""
        self._progress.stop()

    def show(self, what: str, done: int, total: int) -> None:
        """Shows that `done` of `total` steps of a part are done."""
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._tasks[what], completed=done)
