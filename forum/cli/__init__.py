"""The commands of `forum`: one file each, and here what they share.

The contract of all of them: `--data DIR` says where the data is, `--json` puts JSON alone on standard output
(words and progress go to standard error), and the exit code is 0 for done, 1 for "the answer is no", 2 for "it
could not be done", with one line that says why.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

import click
import msgspec

from forum import store
from forum.adapters import known_record, machine
from forum.adapters.clock import SystemClock
from forum.adapters.last_checkpoint import COSIGNED, CheckpointFile
from forum.adapters.signing_key import KEY_FILE, KeyPlace, next_signer, take_next
from forum.errors import StartupProblem
from forum.ports import Store
from forum.record.signing_key import Signer
from forum.services.checkpoints import Checkpoints
from forum.services.record_entries import append_of_record
from forum.settings import RENAMED, TABLE, Settings

# The database, its log, copies of it as people name them, and the key.
_PRIVATE = ("*.db", "*.db-*", "*.db.*", "*.bak", f"{KEY_FILE}*")
# Read by a command (forum rehearse), and by no server.
_OF_COMMANDS = ("FORUM_TOKEN", "FORUM_SECOND_TOKEN")
_KEY = "signing_key"  # the fact that holds the name of the record's key

T = TypeVar("T")
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def data_option(function: Decorated) -> Decorated:
    """Adds `--data DIR` to a command, as `data`: a path, or None where the setting FORUM_DATA decides."""
    option = click.option(
        "--data",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Folder that holds the data. Without it: FORUM_DATA, or forum-data.",
    )
    return option(function)


def json_option(function: Decorated) -> Decorated:
    """Adds `--json` to a command, as `as_json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Report as JSON on standard output, and nothing else there."
    )(function)


def settings_for(data: Path | None = None, **given: object) -> Settings:
    """Returns the settings from the environment; values `given` on the command line win. Raises StartupProblem."""
    return Settings.load(os.environ, data=data, **given)


def unread(environ: Mapping[str, str]) -> list[str]:
    """Returns one line for each FORUM_ variable that nothing reads, with the setting that may be meant; no values."""
    known = [row.env for row in TABLE]
    begin = "FORUM_"  # which all have in common, and so is not compared
    lines = []
    for env in sorted(environ):
        name = env.upper()
        if not name.startswith(begin) or env in known or env in _OF_COMMANDS:
            continue
        near = difflib.get_close_matches(name.removeprefix(begin), [one.removeprefix(begin) for one in known], 1)
        if env in RENAMED:
            lines.append(f"{env} is not read any more: {RENAMED[env]} is in its place. See docs/settings.md.")
        elif near:
            lines.append(f"{env} is no setting, and is not read. Is {begin}{near[0]} meant? See docs/settings.md.")
        else:
            lines.append(f"{env} is no setting, and is not read. See docs/settings.md.")
    return lines


@asynccontextmanager
async def opened(settings: Settings, *, make: bool = False) -> AsyncIterator[Store]:
    """Opens the store of these settings, migrated, and closes it at the end.

    Raises StartupProblem where there is no data (unless `make`), or it is damaged or newer than this program.
    """
    if not make:
        _must_exist(settings)
    make_folder(settings.data)
    there = _private(settings)
    if make and (file := _file(settings)) is not None:
        machine.make_privately(file)
    await store.migrate(settings.database_url)
    if make:
        # What is not Forum's was refused by now, and stays as it is.
        _make_private(there)
        machine.keep_private(_private(settings))  # those that were made just now
    opened_store = await store.open_store(settings.database_url)
    try:
        yield opened_store
    finally:
        await opened_store.close()


def _file(settings: Settings) -> Path | None:
    """Returns the file of a SQLite database, None for another one."""
    if not settings.database_url.startswith("sqlite"):
        return None
    return Path(unquote(settings.database_url.partition(":///")[2].partition("?")[0]))


def _must_exist(settings: Settings) -> None:
    file = _file(settings)
    if file is not None and not file.exists():
        raise StartupProblem(
            "There is no Forum data in %(folder)s. Start the server once, or name another folder with --data.",
            folder=settings.data,
        )


def _make_private(paths: Sequence[Path]) -> None:
    """Makes the data folder, its database, key and copies of them readable by their owner only; says which were not."""
    mended = machine.keep_private(paths)
    if mended:
        names = ", ".join(str(path) for path in mended)
        say(f"Others on this machine could read {names}: people's votes and words. Now only their owner can.")


def _private(settings: Settings) -> list[Path]:
    """Lists the folder and files that only their owner may read, copies of the database too that are named after it."""
    folder, file = settings.data, _file(settings)
    found = {path for name in _PRIVATE for path in folder.glob(name)}
    # The database may lie elsewhere; its folder is then somebody else's matter.
    found |= set(file.parent.glob(f"{file.name}*")) if file is not None and file.name else set()
    return [folder, *sorted(path for path in found if path.is_file() and not path.is_symlink())]


def make_folder(folder: Path) -> None:
    """Makes a folder where there is none, and checks, without writing, that it can be written to.

    Raises StartupProblem, with what to do, where it cannot.
    """
    problem = "Cannot write to the folder %(folder)s: %(why)s. Choose another with --data."
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        in_the_way = isinstance(error, FileExistsError | NotADirectoryError)
        why = "there is a file in its way" if in_the_way else error.strerror
        raise StartupProblem(problem, folder=folder, why=why) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise StartupProblem(problem, folder=folder, why="it is not yours to write to, or is read-only")


async def signer_of(opened_store: Store, settings: Settings, *, new_key: bool = False) -> Signer:
    """Returns the signer of this data: the record keeps the key that it began with, unless `new_key` is True.

    Raises StartupProblem where the folder's key is not that one.
    """
    path, place = settings.data / KEY_FILE, KeyPlace.of(settings)
    async with opened_store.read() as work:
        known = await work.facts.get_fact(_KEY)
    if known and not place.given:
        take_next(settings.data, known)  # where a change of the key was interrupted
    if known and not place.given and not path.exists() and not new_key:
        raise StartupProblem(
            "The signing key %(path)s is gone. Put it back from a backup, or give it by FORUM_SIGNING_KEY_FILE. If it "
            "is lost for good, start once with `forum serve --new-key`: the record goes on under a new name, and "
            "whoever watches it will ask why.",
            path=path,
        )
    signer = place.signer()
    if known and signer.name != known and not new_key:
        raise StartupProblem(
            "%(path)s is not the key of this record (%(known)s). Put the right one back from a backup.",
            path=place.told,
            known=known,
        )
    if signer.name != known:
        async with opened_store.begin() as work:
            await work.facts.set_fact(_KEY, signer.name)
            if known:
                facts = {"before": known, "key": signer.verifier_key}
                await append_of_record(work, "key lost", SystemClock().now(), facts)
    return signer


async def change_key(opened_store: Store, settings: Settings) -> Signer:
    """Lets the record go on under a new key, which the one until now signs in an entry; returns the new one's signer.

    Wherever it is interrupted, the folder has the key that the database names: `signer_of` puts it in its place. Raises
    StartupProblem as `signer_of` does, and where no key can be made.
    """
    place = KeyPlace.of(settings)
    if place.given:
        raise StartupProblem(
            "The signing key is given by %(place)s, where Forum changes nothing. Put it at %(path)s and leave the "
            "setting out, change it there, and then give the new one to every server.",
            place=place.told,
            path=settings.data / KEY_FILE,
        )
    old = await signer_of(opened_store, settings)
    new = next_signer(settings.data)
    async with opened_store.begin() as work:
        await work.facts.set_fact(_KEY, new.name)
        await append_of_record(work, "key changed", SystemClock().now(), old.change_to(new))
    take_next(settings.data, new.name)
    return new


async def checkpoints_of(opened_store: Store, settings: Settings) -> Checkpoints:
    """Returns what signs the checkpoints of this data. Raises StartupProblem as `signer_of` does."""
    signer = await signer_of(opened_store, settings)
    return Checkpoints(
        opened_store,
        signer,
        CheckpointFile(settings.data),
        cosigned=CheckpointFile(settings.data, COSIGNED),
        witnesses=[one.id for one in settings.witnesses],
        clock=SystemClock(),
    )


async def accept_restore(opened_store: Store, settings: Settings) -> list[int]:
    """Takes the record as it is for the right one, and says so in it. Returns the indexes of the entries that say so.

    Raises StartupProblem as `signer_of` does, and as `Checkpoints.accept_restore` does.
    """
    lost = await known_record.lost(opened_store, settings.data)
    checkpoints = await checkpoints_of(opened_store, settings)
    indexes = await checkpoints.accept_restore(SystemClock(), lost)
    await known_record.accept(opened_store, settings.data)
    return indexes


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a command's coroutine to its end, on the event loop that the server runs on too."""
    return machine.run(work)


def say(words: str) -> None:
    """Prints words for the person at the keyboard on standard error: JSON stays alone on standard output."""
    click.echo(words, err=True)


def report(facts: object) -> None:
    """Prints the JSON of `--json`, indented, on standard output."""
    click.echo(msgspec.json.format(msgspec.json.encode(facts, enc_hook=str), indent=2).decode())
