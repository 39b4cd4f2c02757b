"""`forum backup`: everything that a Forum is, at one moment, in one file; a server may run meanwhile."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click
import msgspec

from forum import __version__
from forum.adapters import backup_file, machine
from forum.adapters.backup_file import DATABASE, FORMAT, NOTICE, Manifest
from forum.adapters.clock import SystemClock
from forum.adapters.known_record import FILE as KNOWN
from forum.adapters.known_record import Head
from forum.adapters.last_checkpoint import COSIGNED, FILE
from forum.adapters.signing_key import KEY_FILE, NEXT_FILE, KeyPlace, key_name, take_next
from forum.cli import data_option, json_option, report, run, say, settings_for
from forum.errors import StartupProblem
from forum.record.tree import Tree
from forum.record.verify.encoding import parse_canonical
from forum.services.setting_values import sqlite_url
from forum.settings import TABLE, Settings
from forum.store import Contents, contents_of, file_of, snapshot

# Settings whose values say where this machine is, or have a password in them.
_OF_THE_MACHINE = (
    "FORUM_DATA",
    "FORUM_HOST",
    "FORUM_PORT",
    "FORUM_DATABASE_URL",
    "FORUM_BROKER_URL",
    "FORUM_SIGNING_KEY",
    "FORUM_SIGNING_KEY_FILE",
    "FORUM_SMTP_URL",
    "FORUM_METRICS_TOKEN",
)
_NOTHING = "There is no Forum data in %(folder)s to back up. Name another folder with --data."
_ROOM = 64 * 1024 * 1024  # bytes that a disk should have left over


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@data_option
@json_option
def backup(file: Path, data: Path | None, *, as_json: bool) -> None:
    """Back up everything into FILE: database, signing key, pictures and files, while the server serves.

    All of it is of one moment: what was acknowledged before it is in it. FILE is a zip that only you can read, since it
    holds the signing key and the words and votes of people. It is never written over. Put it back with `forum restore`.
    """
    file = file.absolute()
    backup_file.check_free(file)
    manifest = run(_backed_up(settings_for(data), file))
    say(f"Wrote {file}: {_megabytes(file.stat().st_size)}, with {told(manifest)}.")
    say(NOTICE)
    say(f"Try it without touching anything: forum restore --check {file}")
    if as_json:
        report({"file": str(file), "size": file.stat().st_size, **asdict(manifest)})


def told(manifest: Manifest) -> str:
    """Returns what is in a backup, for people."""
    newest = f", the newest of {manifest.newest}" if manifest.newest else ""
    return f"a record of {manifest.entries} entries{newest}, root {manifest.root}"


async def _backed_up(settings: Settings, file: Path) -> Manifest:
    """Makes a backup. Raises StartupProblem where there is nothing, no room, or another one is being made."""
    folder = settings.data
    on_sqlite = settings.database_url.startswith("sqlite")
    if not folder.is_dir() or (on_sqlite and not file_of(settings.database_url).is_file()):
        raise StartupProblem(_NOTHING, folder=folder)
    with machine.taken(folder / KEY_FILE, "Another backup of %(folder)s is being made. Wait for its end.", folder):
        if on_sqlite:
            _room(file_of(settings.database_url), file)
        aside = Path(tempfile.mkdtemp(prefix=f".{file.name}.", dir=file.parent))
        try:
            with backup_file.named(aside, partial(_source, settings, file)):
                manifest = await _packed(settings, file, aside)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return manifest


async def _packed(settings: Settings, file: Path, aside: Path) -> Manifest:
    """Copies everything into the folder `aside`, and packs it."""
    # Before the database: what was signed is never ahead of the copy.
    for name in (FILE, COSIGNED):
        _copy(settings.data / name, aside)
    made_at = SystemClock().now()
    await snapshot(settings.database_url, aside / DATABASE)
    there = await contents_of(sqlite_url(aside / DATABASE))
    if there is None:
        raise StartupProblem(_NOTHING, folder=settings.data)
    _keys(settings, aside, there.key)
    head = Head(len(there.leaves), there.leaves[-1].hex() if there.leaves else "")
    (aside / KNOWN).write_bytes(msgspec.json.encode(head))
    manifest = _manifest(settings, there, made_at, aside)
    backup_file.pack(file, aside, manifest)
    return manifest


def _source(settings: Settings, file: Path, name: str) -> str:
    """Returns what a file of the copy was copied from, in words; for "", where all of it is written."""
    if not name:
        return str(file.parent)
    if name == DATABASE:
        on_sqlite = settings.database_url.startswith("sqlite")
        return str(file_of(settings.database_url)) if on_sqlite else "copied from FORUM_DATABASE_URL"
    return KeyPlace.of(settings).told if name == KEY_FILE else str(settings.data / name)


def _manifest(settings: Settings, there: Contents, made_at: str, aside: Path) -> Manifest:
    set_now = {row.env: os.environ[row.env] for row in TABLE if os.environ.get(row.env)}
    return Manifest(
        format=FORMAT,
        notice=NOTICE,
        program=__version__,
        schema=there.revision,
        engine="sqlite" if settings.database_url.startswith("sqlite") else "postgresql",
        made_at=made_at,
        entries=len(there.leaves),
        root=Tree(there.leaves).root(len(there.leaves)).hex(),
        newest=str(parse_canonical(there.last).get("at", "")) if there.last else "",
        key=there.key,
        settings={env: value for env, value in set_now.items() if env not in _OF_THE_MACHINE},
        files=backup_file.members_of(aside),
    )


def _keys(settings: Settings, aside: Path, known: str) -> None:
    """Copies the record's key, and those before it. Raises StartupProblem where it is not there."""
    folder, place = settings.data, KeyPlace.of(settings)
    if known and not place.given:
        take_next(folder, known)  # where a change of the key was interrupted
    for path in folder.glob(f"{KEY_FILE}*"):
        if path.name != NEXT_FILE:
            _copy(path, aside)
    if place.given:
        (aside / KEY_FILE).write_bytes(place.content())
    if known and key_name(aside) != known:
        words = (
            "The signing key %(place)s is not that of the record (%(known)s), or is gone: a backup without it "
            "could not be served. If the key is being changed just now, try again; else see forum doctor."
        )
        raise StartupProblem(words, place=place.told, known=known)


def _copy(path: Path, aside: Path) -> None:
    if path.is_file():
        shutil.copyfile(path, aside / path.name)


def _room(source: Path, file: Path) -> None:
    """Raises StartupProblem where there is no room for a copy of the database and the file that is made of it."""
    needed = 2 * source.stat().st_size + _ROOM
    free = shutil.disk_usage(file.parent).free
    if free < needed:
        words = "There is no room in %(folder)s: %(needed)s are needed for a while, %(free)s are free."
        raise StartupProblem(words, folder=file.parent, needed=_megabytes(needed), free=_megabytes(free))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
