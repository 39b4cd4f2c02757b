"""`forum restore`: puts a backup in an empty place, or in that of what is there, which is kept.

Everything is unpacked aside, checked, and brought up to date there; only then one step puts it in its place. Wherever
it is interrupted, either what was there is whole, or what was restored is.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click

from forum.adapters import machine
from forum.adapters.backup_file import DATABASE, Backup, Manifest, named
from forum.adapters.clock import SystemClock
from forum.adapters.known_record import FILE as KNOWN
from forum.adapters.last_checkpoint import COSIGNED, FILE
from forum.adapters.signing_key import KEY_FILE, NEXT_FILE, KeyPlace, key_name, take_next
from forum.adapters.there import lost_by, taken_back, there_in
from forum.cli import (
    accept_restore,
    checkpoints_of,
    data_option,
    json_option,
    make_folder,
    opened,
    report,
    run,
    say,
    settings_for,
)
from forum.errors import StartupProblem, StoreUnavailable
from forum.services import record_check
from forum.services.record_cache import kept
from forum.services.record_check import Progress
from forum.services.setting_values import sqlite_url
from forum.settings import Settings
from forum.store import Contents, contents_of, file_of, fold, held, index_anew, put_in, revisions, snapshot

_CHECKING = "Checking it ..."  # to whoever runs it alone: no message of a page
_ASIDE = ".restoring-"
_REMEMBERED = (KNOWN, FILE, COSIGNED)  # what a folder knows of the record, outside the database


@dataclass(frozen=True)
class Done:
    """What a restore came to: entries of the record, its root, where what was there is kept ("" for nowhere), the
    indexes of the entries that say that the record went back, and the numbers of those that are lost and had taken
    people's words back."""

    entries: int
    root: str
    kept: str
    said: list[int]
    back: list[int]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@data_option
@click.option("--check", is_flag=True, help="Only check FILE, as restoring it would; nothing is touched.")
@click.option("--replace", "instead", is_flag=True, help="Put it in the place of what is there, which is kept aside.")
@click.option("--accept", is_flag=True, help="Restore it although entries of the record are lost, or do not agree.")
@json_option
@click.pass_context
def restore(
    ctx: click.Context, file: Path, data: Path | None, *, check: bool, instead: bool, accept: bool, as_json: bool
) -> None:
    """Restore FILE, which `forum backup` made, into an empty folder or database.

    FILE is checked first, and its record as `forum record check` does, before and after; a backup of an older version
    is brought up to date. Stop the server first. Where there is a Forum already, --replace keeps it aside. Where its
    record goes on after the backup, it is told what would be lost, and --accept is needed: the record then says so.
    """
    settings = settings_for(data)
    with Backup(file.absolute()) as backup:
        manifest = backup.manifest
        if manifest.schema not in revisions():
            words = "%(file)s was made by a newer Forum (%(version)s). Install that version to restore it."
            raise StartupProblem(words, file=file, version=manifest.program)
        newest = f", the newest of {manifest.newest}" if manifest.newest else ""
        say(
            f"{file} was made on {manifest.made_at} by Forum {manifest.program}: a record of {manifest.entries} "
            f"entries{newest}."
        )
        if check:
            findings = run(_only_checked(settings, backup))
            ctx.exit(_said_of(findings, manifest, as_json=as_json))
        done = run(_restored(settings, backup, instead=instead, accept=accept))
    say(f"Restored into {settings.data}. The record was checked before and after: {done.entries} entries, {done.root}.")
    if done.said:
        say(f"It says that it went back: entry {', '.join(map(str, done.said))}.")
    if done.back:
        say(
            f"Words and data that people or you had removed are there again: {_numbers(done.back)} of the record that "
            "is kept say which. Remove them again (Moderate, Erase) before anybody reads them."
        )
    if done.kept:
        say(
            f"What was there is kept in {done.kept}. Delete it when nobody needs it: it holds people's words and votes."
        )
    other = [f"{env}={value}" for env, value in manifest.settings.items() if os.environ.get(env, "") != value]
    if other:
        say(f"When the backup was made these settings were in force, which are not now: {'; '.join(other)}")
    if as_json:
        report(asdict(done))


def _said_of(progress: Progress, manifest: Manifest, *, as_json: bool) -> int:
    """Says what a check found; returns the exit code."""
    for found in progress.findings:
        say(str(found))
    say(f"{len(progress.findings)} of its rows do not agree." if progress.findings else "It is whole and agrees.")
    if as_json:
        findings = [asdict(found) for found in progress.findings]
        report({"entries": manifest.entries, "root": manifest.root, "findings": findings})
    return 1 if progress.findings else 0


async def _only_checked(settings: Settings, backup: Backup) -> Progress:
    with _aside(Path(tempfile.gettempdir()), backup, "Another folder can be named by TMPDIR.") as aside:
        _, progress = await _prepared(settings, backup, aside)
        return progress


async def _restored(settings: Settings, backup: Backup, *, instead: bool, accept: bool) -> Done:
    """Restores a backup. Raises StartupProblem, and has then changed nothing that was there."""
    make_folder(settings.data)
    machine.hold(settings.data)
    on_sqlite = settings.database_url.startswith("sqlite")
    async with held(settings.database_url, asyncio.Event().set):
        there = await there_in(settings.data, settings.database_url)
        other_key = bool(there.key) and there.key != backup.manifest.key
        if (there.database or other_key) and not instead:
            raise StartupProblem(
                "There is a Forum in %(place)s already (%(what)s). To put the backup in its place, add --replace: what "
                "is there is kept aside.",
                place=settings.data if on_sqlite else "the database",
                what=there.told,
            )
        place = file_of(settings.database_url).parent if on_sqlite else settings.data
        for left in place.glob(f"{_ASIDE}*"):
            shutil.rmtree(left, ignore_errors=True)  # by a restore that was killed: no other one runs now
        with _aside(place, backup, "Make room there.") as aside:
            contents, progress = await _prepared(settings, backup, aside)
            back = await taken_back(there, settings.database_url, contents.leaves)
            _refuse(progress, lost_by(there, contents.leaves), back, accept=accept)
            keep = _keep_folder(settings.data) if there.database or other_key else None
            ours = there.same_house(contents.leaves, backup.manifest.key)
            given = KeyPlace.of(settings).given
            if not given:
                _next_key(settings.data, aside, backup.manifest.key)
            if keep:
                _keep([settings.data / name for name in (KEY_FILE, *_REMEMBERED)], keep)
            if not ours:
                # They tell of another record.
                for name in _REMEMBERED:
                    (settings.data / name).unlink(missing_ok=True)
            if backup.manifest.engine != "sqlite":
                await index_anew(aside / DATABASE)
            if on_sqlite:
                _put_file(file_of(settings.database_url), aside / DATABASE, keep)
            else:
                await _put_rows(settings, aside / DATABASE, keep)
            if given and other_key:
                # It is kept, and nothing opens with two keys. That the given one is the backup's, `_prepared` saw.
                (settings.data / KEY_FILE).unlink(missing_ok=True)
            _finish(settings.data, aside, backup.manifest, key=not given)
        said, after = await _looked_at(settings, backup.manifest)
    if after.findings and not progress.findings:
        raise StartupProblem(
            "The restored database does not agree with its record (%(what)s). What was there is kept in %(keep)s.",
            what=after.findings[0].place,
            keep=keep or "no place: nothing was there",
        )
    return Done(after.entries, backup.manifest.root, str(keep or ""), said, back)


async def _prepared(settings: Settings, backup: Backup, aside: Path) -> tuple[Contents, Progress]:
    """Unpacks a backup, holds its record against what its manifest says, brings it up to date, and checks it as
    `forum record check` does. Raises StartupProblem."""
    say(_CHECKING)
    place, known = KeyPlace.of(settings), backup.manifest.key
    given = place.given_name()
    if given and known and given != known:
        raise StartupProblem(
            "%(place)s has the signing key %(given)s, and the record in %(file)s is signed with %(known)s. Give that "
            "one: it is in %(file)s too, as %(name)s.",
            place=place.told,
            given=given,
            file=backup.file,
            known=known,
            name=KEY_FILE,
        )
    with named(aside, lambda name: name or f"The folder where {backup.file} is unpacked"):
        backup.unpack(aside)
    try:
        with named(aside, lambda name: f"{name} in {backup.file}" if name else str(backup.file)):
            return await _seen(replace(settings, data=aside, database_url=sqlite_url(aside / DATABASE)), backup)
    except StartupProblem as error:
        if isinstance(error.__cause__, StoreUnavailable):
            raise  # the disk may be full
        # What it says to do is for data that is served, and not for a backup.
        words = error.message.partition(". ")[0].rstrip(".")
        raise StartupProblem(f"{words}. Nothing was restored: use another backup.", **error.values) from error


async def _seen(copy: Settings, backup: Backup) -> tuple[Contents, Progress]:
    """Holds what was unpacked against the manifest, and checks it. Raises StartupProblem."""
    contents = await contents_of(copy.database_url)
    if contents is None or contents.key != backup.manifest.key or key_name(copy.data) != contents.key:
        raise StartupProblem("The key in %(file)s is not that of its record.", file=backup.file)
    _, progress = await _looked_at(copy, backup.manifest, accept=False)
    return contents, progress


async def _looked_at(settings: Settings, manifest: Manifest, *, accept: bool = True) -> tuple[list[int], Progress]:
    """Opens the data, up to date, and checks it. Returns the indexes of the entries that say that the record went back
    (where this is to be accepted), and what was found. Raises StartupProblem where the record has another root than the
    manifest says."""
    async with opened(settings) as store:
        async with store.read() as work:
            size = await work.record.size()
            tree = await kept(store).tree_of(work, size)
        if size < manifest.entries or tree.root(manifest.entries).hex() != manifest.root:
            words = "The record in %(place)s is not the one that the backup's manifest names (%(entries)s entries)."
            raise StartupProblem(words, place=settings.data, entries=manifest.entries)
        said = await accept_restore(store, settings) if accept else []
        progress = Progress()
        async for so_far in record_check.check(await checkpoints_of(store, settings)):
            progress = so_far
        return said, progress


def _refuse(progress: Progress, lost: str, back: Sequence[int], *, accept: bool) -> None:
    """Raises StartupProblem for what needs to be accepted, and was not."""
    if progress.findings and not accept:
        raise StartupProblem(
            "%(count)s rows of the backup do not agree with its record (%(what)s, ...). If it is to be restored all "
            "the same, add --accept.",
            count=len(progress.findings),
            what=progress.findings[0].place,
        )
    again = f", and words and data that were removed since would be there again ({_numbers(back)})" if back else ""
    if lost and not accept:
        raise StartupProblem(
            "%(lost)s. Votes and words of that time would be lost too%(back)s. If that is meant, add --accept: the "
            "record will say that it went back.",
            lost=lost,
            back=again,
        )


def _numbers(entries: Sequence[int]) -> str:
    return f"{'entry' if len(entries) == 1 else 'entries'} {', '.join(map(str, entries))}"


@contextmanager
def _aside(place: Path, backup: Backup, otherwise: str) -> Iterator[Path]:
    """Makes a folder for the time of the block, where there is room for the backup. Raises StartupProblem, with the
    sentence `otherwise` where there is none."""
    free = shutil.disk_usage(place).free
    if free < backup.size:
        words = "There is no room in %(folder)s: %(needed)s MB are needed, %(free)s are free. %(otherwise)s"
        needed = backup.size // 10**6
        raise StartupProblem(words, folder=place, needed=needed, free=free // 10**6, otherwise=otherwise)
    aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=place))
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _keep_folder(data: Path) -> Path:
    """Makes the folder in which what was there is kept."""
    stamp = SystemClock().now().replace(":", "").replace("-", "").partition(".")[0]
    return Path(tempfile.mkdtemp(prefix=f"before-restore-{stamp}-", dir=data))


def _keep(paths: list[Path], keep: Path) -> None:
    """Puts files into a folder too; on disk when it returns."""
    for path in paths:
        if not path.is_file():
            continue
        try:
            (keep / path.name).hardlink_to(path)
        except OSError:
            shutil.copy2(path, keep / path.name)  # a disk without links, or another one
            with (keep / path.name).open("rb+") as file:
                os.fsync(file.fileno())
    machine.sync_folder(keep)


def _next_key(data: Path, aside: Path, known: str) -> None:
    """Puts the backup's key beside the folder's: whoever opens the restored database next takes it (`signer_of`)."""
    if known and key_name(data) != known:
        machine.replace_file(data / NEXT_FILE, (aside / KEY_FILE).read_bytes())


def _put_file(place: Path, restored: Path, keep: Path | None) -> None:
    """Puts a SQLite database in its place by one rename; what was there is kept first."""
    fold(restored)
    if place.exists():
        folded = fold(place)
        logs = [place.with_name(f"{place.name}-{what}") for what in ("wal", "shm")]
        if keep:
            _keep([place, *([] if folded else logs)], keep)
        # The log of the old one would be read into the new one.
        for log in logs:
            log.unlink(missing_ok=True)
    restored.chmod(0o600)
    restored.replace(place)
    machine.sync_folder(place.parent)


async def _put_rows(settings: Settings, restored: Path, keep: Path | None) -> None:
    """Puts rows into PostgreSQL by one transaction; what was there is kept first, as a SQLite file."""
    fold(restored)
    if keep and await contents_of(settings.database_url) is not None:
        await snapshot(settings.database_url, keep / DATABASE)
        machine.sync_folder(keep)
    await put_in(restored, settings.database_url)


def _finish(data: Path, aside: Path, manifest: Manifest, *, key: bool) -> None:
    """Takes the key, unless the settings give it another place, and what else the backup has and the folder has not."""
    if manifest.key and key:
        take_next(data, manifest.key)
    for name in manifest.files:
        if name != DATABASE and (key or name != KEY_FILE) and not (data / name).exists():
            machine.replace_file(data / name, (aside / name).read_bytes())
