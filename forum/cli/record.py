"""`forum record`: the record itself, for whoever has the server's folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import cast

import click

from forum.adapters import machine
from forum.adapters.clock import SystemClock
from forum.cli import (
    accept_restore,
    change_key,
    checkpoints_of,
    data_option,
    json_option,
    make_folder,
    opened,
    report,
    run,
    settings_for,
)
from forum.errors import BadInput
from forum.ports import Store
from forum.record import comparison
from forum.record.signing_key import Signer
from forum.services import record_check
from forum.services.record_cache import consistency_of, kept
from forum.services.record_check import Progress
from forum.services.witnesses import Standing, standings
from forum.settings import Settings
from forum.store import held


@click.group()
def record() -> None:
    """Look after the record: check it, prove, compare, go on with a new key, accept a restored backup."""


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


@record.command("new-key")
@data_option
@json_option
def new_key(data: Path | None, *, as_json: bool) -> None:
    """Go on with a new signing key, which the one until now signs.

    An entry says so: "key changed". Whoever trusts the old key can follow it to the new one. Publish the new one. The
    old key stays in the folder under its own name; nothing needs it any more. Stop the server first. Where the old key
    is lost, see `forum serve --new-key`.
    """
    signer = run(_key_changed(settings_for(data)))
    click.echo(f"The record goes on under the key {signer.verifier_key}", err=True)
    if as_json:
        report({"name": signer.name, "key": signer.verifier_key})


@record.command()
@click.argument("old", type=click.IntRange(min=1))
@click.argument("new", type=click.IntRange(min=1))
@data_option
@json_option
def prove(old: int, new: int, data: Path | None, *, as_json: bool) -> None:
    """Prove that the record of OLD entries is the beginning of the record of NEW entries (RFC 9162, 2.1.4)."""
    proof = run(_proof(settings_for(data), old, new))
    if as_json:
        report(proof)
        return
    for which in ("old", "new"):
        click.echo(f"{which}: {proof[f'{which}_size']} entries, root {proof[f'{which}_root']}")
    for node in cast(list[str], proof["proof"]):
        click.echo(node)


async def _proof(settings: Settings, old: int, new: int) -> dict[str, object]:
    async with opened(settings) as store, store.read() as work:
        size = await work.record.size()
        if not old <= new <= size:
            raise BadInput(
                "The record has %(size)s entries. Give two numbers of entries up to it, the smaller first.", size=size
            )
        return consistency_of(await kept(store).tree_of(work, size), old, new)


@record.command()
@click.argument("one", metavar="A.zip", type=click.Path(path_type=Path))
@click.argument("other", metavar="B.zip", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def compare(ctx: click.Context, one: Path, other: Path, *, as_json: bool) -> None:
    """Say whether one of two exports goes on from the other: one record, or two.

    Ends with 0 where the shorter record is the beginning of the longer one, else with 1 and the first entry that
    differs. Check each export with `forum verify` too.
    """
    outcome = comparison.compare(one, other)
    if as_json:
        report(asdict(outcome))
    else:
        click.echo(str(outcome))
    ctx.exit(0 if outcome.differs_at is None else 1)


@record.command()
@data_option
@json_option
@click.pass_context
def check(ctx: click.Context, data: Path | None, *, as_json: bool) -> None:
    """Hold the whole database against the record: every entry, and every row that pages are drawn from.

    Says for each row that does not agree its table, its key, the column, what is there and what should be. Ends with 0
    if everything agrees, else 1. A server may run meanwhile. Where there are witnesses (FORUM_WITNESSES) it says what
    each has cosigned, and which have been silent; that does not change how it ends.
    """
    progress, witnesses = run(_checked(settings_for(data)))
    for found in progress.findings:
        click.echo(str(found), err=as_json)
    told = f"{progress.entries} entries were read: {len(progress.findings) or 'none'} of the rows do not agree."
    fits = f"{progress.entries} entries, and every row that they tell of, agree."
    click.echo(told if progress.findings else fits, err=True)
    for one in witnesses:
        click.echo(_cosigned(one), err=True)
    if as_json:
        findings = [asdict(found) for found in progress.findings]
        report({"entries": progress.entries, "findings": findings, "witnesses": [asdict(one) for one in witnesses]})
    ctx.exit(1 if progress.findings else 0)


def _cosigned(one: Standing) -> str:
    """Returns a line about a witness."""
    if one.overdue:
        return f"Not cosigned by {one.name} since {one.at or 'the beginning'}: it knows {one.size} entries."
    return f"Cosigned by {one.name}: {one.size} entries{f', on {one.at}' if one.at else ''}."


async def _checked(settings: Settings) -> tuple[Progress, list[Standing]]:
    async with opened(settings) as store:
        last = Progress()
        async for so_far in record_check.check(await checkpoints_of(store, settings)):
            last = so_far
        async with store.read() as work:
            return last, await standings(work, settings.witnesses, SystemClock().now())


async def _accepted(settings: Settings) -> list[int]:
    async with _alone(settings) as store:
        return await accept_restore(store, settings)


async def _key_changed(settings: Settings) -> Signer:
    async with _alone(settings) as store:
        return await change_key(store, settings)


@asynccontextmanager
async def _alone(settings: Settings) -> AsyncIterator[Store]:
    """Opens the store, and holds it and the folder so that no server runs meanwhile. Raises StartupProblem."""
    async with AsyncExitStack() as stack:
        make_folder(settings.data)
        machine.hold(settings.data)
        stopped = asyncio.Event()
        await stack.enter_async_context(held(settings.database_url, stopped.set))
        yield await stack.enter_async_context(opened(settings))
