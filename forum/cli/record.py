"""`forum record`: the record itself, for whoever has the server's folder."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import click

from forum.adapters import machine
from forum.cli import accept_restore, data_option, json_option, make_folder, opened, report, run, settings_for
from forum.settings import Settings
from forum.store import held


@click.group()
def record() -> None:
    """Look after the record: accept a restored backup."""


@record.command("accept-restore")
@data_option
@json_option
def accept(data: Path | None, *, as_json: bool) -> None:
    """Let the record go on after an older backup was put back.

    Checkpoints that were signed and do not fit the database are given up, and an entry says so for each: "record
    restored". Stop the server first.
    """
    indexes = run(_accepted(settings_for(data)))
    told = f"The record goes on. It says what happened: entry {', '.join(map(str, indexes))}."
    fits = "The database fits all that was signed and known of the record. Nothing was written."
    click.echo(told if indexes else fits, err=True)
    if as_json:
        report({"entries": indexes})


async def _accepted(settings: Settings) -> list[int]:
    async with AsyncExitStack() as stack:
        make_folder(settings.data)
        machine.hold(settings.data)
        stopped = asyncio.Event()
        await stack.enter_async_context(held(settings.database_url, stopped.set))
        store = await stack.enter_async_context(opened(settings))
        return await accept_restore(store, settings)
