"""`forum doctor`: looks over everything that a Forum needs, a line each, with what to do; changes nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import click
import msgspec

from forum.adapters import known_record, machine, ticket_sheet
from forum.adapters.backups import state_of
from forum.adapters.clock import SystemClock
from forum.adapters.sign_on import BACK, provider_of
from forum.adapters.signing_key import KEY_FILE, KeyPlace
from forum.adapters.smtp import SmtpPost
from forum.cli import data_option, json_option, report, run, settings_for, unread
from forum.errors import ForumError, LibraryMissing, StartupProblem, needed
from forum.live.brokers import why_away
from forum.record.verify.encoding import parse_canonical
from forum.settings import TABLE, Settings
from forum.store import Contents, condition_of, contents_of, file_of, migrations_after
from forum.web.server.proxies import never_believed

OK, NOTE, MEND = "ok", "note", "mend"
_LEAST_FREE = 500 * 10**6  # bytes
_FEW_FILES = 4096
_LETTERS = "ŵ中عहא"  # Welsh, Chinese, Arabic, Hindi, Hebrew
_EXAMPLE_YEAR = 2026  # no clock that is right says an earlier one


@dataclass(frozen=True)
class Line:
    """One thing that was looked at: `state` is OK, NOTE (know it) or MEND (it has to be mended)."""

    what: str
    state: str
    says: str


class Patient(msgspec.Struct, frozen=True):
    """What is looked over: the settings, and what is in the database (None for nothing, or not to be read)."""

    settings: Settings
    contents: Contents | None


@click.command()
@data_option
@json_option
@click.pass_context
def doctor(ctx: click.Context, data: Path | None, *, as_json: bool) -> None:
    """Look over settings, database, disk, clock, key, mail, proxy, fonts and backups, a line each.

    Each line is ok, note (good to know) or mend, with what to do. Nothing is changed and no mail is sent; a server may
    run meanwhile. Run it as the account that the server runs as. Ends with 1 if something is to be mended, else 0.
    """
    lines = run(_looked_over(data))
    if as_json:
        report([asdict(line) for line in lines])
    else:
        for line in lines:
            click.echo(f"{line.state:<5} {line.what:<9} {line.says}")
    ctx.exit(1 if any(line.state == MEND for line in lines) else 0)


async def _looked_over(data: Path | None) -> list[Line]:
    try:
        settings = settings_for(data)
    except StartupProblem as error:
        return [Line("settings", MEND, str(error))]
    contents, why = None, ""
    try:
        contents = await contents_of(settings.database_url) if settings.data.is_dir() else None
    except ForumError as error:
        why = str(error)
    patient = Patient(settings, contents)
    lines = [_settings(), _folder(patient), Line("database", MEND, why) if why else await _database(patient)]
    looks: list[tuple[str, Callable[[Patient], Awaitable[Line]]]] = [
        ("record", _record),
        ("disk", _disk),
        ("clock", _clock),
        ("key", _key),
        ("mail", _mail),
        ("proxy", _proxy),
        ("sign-on", _sign_on),
        ("broker", _broker),
        ("libraries", _libraries),
        ("drawing", _drawing),
        ("files", _files),
        ("backups", _backups),
    ]
    for what, look in looks:
        try:
            lines.append(await look(patient))
        except (ForumError, OSError) as error:
            lines.append(Line(what, MEND, str(error)))
    return lines


def _settings() -> Line:
    unknown = unread(os.environ)
    if unknown:
        return Line("settings", NOTE, " ".join(unknown))
    given = sum(1 for row in TABLE if os.environ.get(row.env))
    return Line("settings", OK, f"{given} of {len(TABLE)} are set; each can be used")


def _folder(patient: Patient) -> Line:
    folder = patient.settings.data
    if not folder.exists():
        return Line("folder", NOTE, f"{folder} is not there; forum serve makes it")
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Line("folder", MEND, f"{folder} is not yours to write to: chown it to the account of the server")
    readable = ", ".join(path.name or str(path) for path in _seen_by_others(patient.settings))
    if readable:
        return Line("folder", MEND, f"others on this machine can read {readable}: chmod go= them")
    return Line("folder", OK, f"{folder} is yours alone")


def _seen_by_others(settings: Settings) -> Iterator[Path]:
    files = [settings.data, *settings.data.glob(f"{KEY_FILE}*")]
    if settings.database_url.startswith("sqlite"):
        file = file_of(settings.database_url)
        files += file.parent.glob(f"{file.name}*")
    for path in files if os.name == "posix" else ():
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield path


async def _database(patient: Patient) -> Line:
    if patient.contents is None:
        return Line("database", NOTE, "there is nothing in it yet; forum serve makes it")
    condition = await condition_of(patient.settings.database_url)
    size = f"{condition.size / 1e6:.0f} MB, {condition.mode}".removesuffix(", ")
    if condition.busy:
        told = "somebody writes to it, as a first start does for half a minute: look again in a moment"
        return Line("database", NOTE, f"{size}; {told}")
    if condition.unwritable:
        return Line("database", MEND, f"it cannot be written: {condition.unwritable}")
    waiting = migrations_after(patient.contents.revision)
    if waiting:
        told = f"{len(waiting)} migrations run at the next start: make a backup first (forum upgrade --check)"
        return Line("database", NOTE, f"{size}; {told}")
    if patient.contents.engine == "sqlite" and condition.mode != "wal":
        return Line("database", NOTE, f"{size}: no write-ahead log yet; forum serve begins it")
    return Line("database", OK, f"{size}, can be written, revision {patient.contents.revision}")


async def _record(patient: Patient) -> Line:
    known, contents = known_record.read(patient.settings.data), patient.contents
    size = len(contents.leaves) if contents else 0
    if known and known.size > size:
        told = f"it has {size} entries, but had {known.size} when it was last served from here"
        return Line("record", MEND, f"{told}: put the newest backup back, or forum record accept-restore")
    if known and known.size and contents and contents.leaves[known.size - 1].hex() != known.leaf:
        return Line("record", MEND, "it is another than was last served from here: put the right database back")
    return Line("record", OK, f"{size} entries; forum record check holds every row against them")


async def _disk(patient: Patient) -> Line:
    place = patient.settings.data
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    needed = _LEAST_FREE
    if patient.contents is not None and patient.contents.engine == "sqlite":
        needed = max(needed, 2 * file_of(patient.settings.database_url).stat().st_size)
    told = f"{free / 1e9:.1f} GB free at {place}"
    if free < needed:
        return Line("disk", MEND, f"{told}: make room, {needed / 1e9:.1f} GB at least")
    return Line("disk", OK, told)


async def _clock(patient: Patient) -> Line:
    now = datetime.fromisoformat(SystemClock().now())
    last = patient.contents.last if patient.contents else b""
    newest = datetime.fromisoformat(str(parse_canonical(last)["at"])) if last else now
    zone = patient.settings.timezone.key
    if now.year < _EXAMPLE_YEAR or newest > now + timedelta(minutes=1):
        told = f"it says {now:%Y-%m-%d %H:%M:%S} UTC, and the newest entry is of {newest:%Y-%m-%d %H:%M:%S}"
        return Line("clock", MEND, f"{told}: set it, and let it be kept (chrony, systemd-timesyncd)")
    return Line(
        "clock", OK, f"{now:%Y-%m-%d %H:%M:%S} UTC, shown as {now.astimezone(patient.settings.timezone):%H:%M} ({zone})"
    )


async def _key(patient: Patient) -> Line:
    folder = patient.settings.data
    place = KeyPlace.of(patient.settings)
    name, known = place.name(), patient.contents.key if patient.contents else ""
    if known and not name:
        return Line("key", MEND, f"{folder / KEY_FILE} is gone: put it back from a backup")
    if known and name != known:
        return Line("key", MEND, f"{name} is not the key of this record ({known}): put that back from a backup")
    if not name:
        return Line("key", OK, "there is none yet; forum serve makes it")
    return Line("key", OK, f"{name} {'signs' if known else 'will sign'} this record; it is {place.told}")


async def _mail(patient: Patient) -> Line:
    server = patient.settings.mail
    if server is None:
        return Line("mail", OK, "none is sent: FORUM_SMTP_URL is not set")
    where = f"{server.host}:{server.port}"
    why = await SmtpPost(server).tried()
    if why:
        return Line("mail", MEND, f"{where} takes none ({why}): is FORUM_SMTP_URL right, and can it be reached?")
    return Line("mail", OK, f"{where} lets us in; no mail was sent")


async def _proxy(patient: Patient) -> Line:
    settings = patient.settings
    parts = urlsplit(settings.public_url)
    if os.environ.get("FORWARDED_ALLOW_IPS"):
        return Line("proxy", MEND, "FORWARDED_ALLOW_IPS is not read: name proxies in FORUM_TRUSTED_PROXIES")
    if never_believed(settings):
        return Line("proxy", MEND, "no proxy that FORUM_TRUSTED_PROXIES names can reach FORUM_HOST: see docs/proxy.md")
    if not settings.public_url:
        return Line(
            "proxy", NOTE, "FORUM_PUBLIC_URL is not set: links have this machine's address, good in one network"
        )
    below = f"; the proxy must hand on all below {parts.path}, with it in the path" if parts.path else ""
    if parts.scheme != "https":
        return Line("proxy", NOTE, f"{settings.public_url} is not https: others in the network can read along{below}")
    return Line("proxy", OK, f"{settings.public_url}, behind a proxy{below}")


async def _sign_on(patient: Patient) -> Line:
    settings = patient.settings
    provider = provider_of(settings.oidc, settings.public_url)
    if provider is None or settings.oidc is None:
        return Line("sign-on", OK, "people sign in with a password: FORUM_OIDC_ISSUER is not set")
    try:
        keys = await provider.tried()
    except OSError as error:
        told = f"{settings.oidc.issuer} cannot be used ({error}): is FORUM_OIDC_ISSUER right, and can it be reached?"
        return Line("sign-on", MEND, told)
    return Line(
        "sign-on", OK, f"{settings.oidc.issuer} answers, keys: {keys}; it must know {settings.public_url}{BACK}"
    )


async def _broker(patient: Patient) -> Line:
    url = patient.settings.broker_url
    if not url:
        return Line("broker", OK, "this server is the only one: FORUM_BROKER_URL is not set")
    why = await why_away(url)
    if why:
        told = f"nobody answers ({why}): is FORUM_BROKER_URL right, and does Valkey run?"
        return Line("broker", MEND, told)
    return Line("broker", OK, "it answers; servers hear of each other")


# Libraries that are read at their first use: by the name of the module, the name under which each is installed, and
# what it is for. Those of the first are installed with Forum, those of the second with an extra.
LIBRARIES = {
    "typst": ("typst", "reports, posters and tickets to print"),
    "xlsxwriter": ("XlsxWriter", "workbooks"),
    "PIL": ("Pillow", "pictures"),
    "httpx2": ("httpx2", "webhooks and witnesses"),
}
EXTRAS = {
    "authlib": ("oidc", "single sign-on"),
    "joserfc": ("oidc", "single sign-on"),
    "redis": ("valkey", "several servers"),
}


async def _libraries(_: Patient) -> Line:
    missing = [f"{name} ({use})" for module, (name, use) in LIBRARIES.items() if not await _there(module)]
    if missing:
        told = f"not installed, or not to be read: {', '.join(missing)}"
        return Line("libraries", MEND, f"{told}. In the folder of Forum's source: pip install .")
    extras = {f"'.[{extra}]' for {use}": None for module, (extra, use) in EXTRAS.items() if not await _there(module)}
    more = f"; if you need it: pip install {', or '.join(extras)}" if extras else ""
    return Line("libraries", OK, f"those that are read at their first use are here{more}")


async def _there(module: str) -> bool:
    try:
        await asyncio.to_thread(import_module, module)
    except ImportError:
        return False
    return True


async def _drawing(_: Patient) -> Line:
    try:
        with needed("Pillow"):
            from PIL import features  # noqa: PLC0415 - it need not be there
        missing = [name for name in ("jpg", "zlib", "webp") if not features.check(name)]
        boxes = await asyncio.to_thread(ticket_sheet.boxes, [_LETTERS])
    except LibraryMissing as error:
        return Line("drawing", NOTE, f"not looked at, as {error.values['library']} is not there")
    if missing:
        return Line("drawing", MEND, f"Pillow was built without {', '.join(missing)}: pictures cannot be read")
    if boxes.letters:
        told = f"letters as {' '.join(boxes.letters)} would be printed as boxes"
        return Line("drawing", NOTE, f"{told}: where stories have them, apt install {' '.join(boxes.packages)}")
    return Line("drawing", OK, "pictures can be read, reports and tickets printed")


async def _files(_: Patient) -> Line:
    most = machine.raise_file_limit()
    if most is None:
        return Line("files", OK, "any number may be open, and so any number of phones")
    told = f"{most} may be open: room for about {most * 3 // 4} phones"
    if most < _FEW_FILES:
        return Line("files", NOTE, f"{told}; for more: LimitNOFILE=65536 in the service, or ulimit -Hn")
    return Line("files", OK, told)


async def _backups(patient: Patient) -> Line:
    plan = patient.settings.backups
    state = state_of(patient.settings, datetime.fromisoformat(SystemClock().now()))
    if plan is None or state is None:
        return Line("backups", NOTE, "FORUM_BACKUPS is not set: nobody backs this up unless you do (docs/backup.md)")
    why = f" ({state.failed_at} {state.why})" if state.why else ""
    if state.newest is None:
        told = f"there is none in {plan.folder} yet{why}; forum serve makes it"
        return Line("backups", MEND if why else NOTE, told)
    newest, file = state.newest
    told = f"the newest is {file}, of {newest:%Y-%m-%d %H:%M} UTC, {state.number} are there"
    if state.late:
        return Line("backups", MEND, f"{told}: it is too old{why}. Is the server running?")
    return Line("backups", NOTE if why else OK, f"{told}{why}")
