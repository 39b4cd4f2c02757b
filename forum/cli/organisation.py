"""`forum organisation`: what the organisation says of itself, for whoever has the server's folder."""

from __future__ import annotations

from pathlib import Path

import click

from forum.adapters import picture_process
from forum.adapters.clock import SystemClock
from forum.cli import data_option, json_option, opened, report, run, say, settings_for
from forum.errors import BadInput
from forum.ports.organisation import MOST_CHANGES, Organisation
from forum.services import organisation as acts
from forum.services.organisation import Change
from forum.settings import Settings
from forum.stories import evidence_files
from forum.web.i18n.languages import LOCALES, load

_FROM_FILE = "@"


@click.group()
def organisation() -> None:
    """Say who the organisation is: name, logo, colour, whom people can ring, statements."""


@organisation.command()
@data_option
@json_option
def show(*, data: Path | None, as_json: bool) -> None:
    """Show what is said now, a line each, as `set` takes it."""
    now = run(_now(settings_for(data)))
    if as_json:
        report({"number": now.number, "said": dict(now.said), "logo": now.logo})
        return
    for name, words in now.said.items():
        click.echo(f"{name}={words}")
    if now.logo:
        click.echo(f"logo: {now.logo}")
    if not now.said and not now.logo:
        say("Nothing is said yet. See: forum organisation set --help")


async def _now(settings: Settings) -> Organisation:
    async with opened(settings) as store, store.read() as work:
        return await work.organisation.latest_organisation()


@organisation.command(name="set")
@click.argument("said", nargs=-1, metavar="[NAME=WORDS]...")
@click.option(
    "--logo",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="A PNG or JPEG; it is drawn anew, and made small.",
)
@click.option("--no-logo", is_flag=True, help="Take the logo away.")
@data_option
@json_option
def set_(said: tuple[str, ...], *, logo: Path | None, no_logo: bool, data: Path | None, as_json: bool) -> None:
    """Change what is said. A server that runs shows it within half a minute.

    Names: name, accent, accent_dark, emergency, support, imprint, accessibility_contact, accessibility, controller,
    contact, ground, privacy. In Welsh as name.cy, support.cy, imprint.cy, accessibility.cy, privacy.cy. WORDS that
    begin with @ are read from that file; nothing after = says it no longer.
    """
    if not said and not logo and not no_logo:
        raise BadInput("Say what to change, as name=WORDS, or give --logo FILE.")
    content = _content(logo) if logo else None
    now = run(_set(settings_for(data), dict(map(_pair, said)), content, no_logo=no_logo))
    if as_json:
        report({"number": now.number, "said": dict(now.said), "logo": now.logo})
    else:
        click.echo("Saved.")


def _pair(typed: str) -> tuple[str, str]:
    name, equals, words = typed.partition("=")
    if not equals:
        raise BadInput("Write NAME=WORDS, not %(typed)s.", typed=typed)
    if words.startswith(_FROM_FILE):
        try:
            words = Path(words.removeprefix(_FROM_FILE)).read_text("utf-8")
        except UnicodeDecodeError as error:
            raise BadInput("%(file)s is no text in UTF-8.", file=words.removeprefix(_FROM_FILE)) from error
    return name, words.replace("\r\n", "\n")


def _content(file: Path) -> bytes:
    evidence_files.check_size(file.stat().st_size)
    return file.read_bytes()


async def _set(settings: Settings, said: dict[str, str], content: bytes | None, *, no_logo: bool) -> Organisation:
    languages = load([LOCALES, *([settings.locales] if settings.locales else [])])
    logo = await acts.logo_of(picture_process.checked, content) if content is not None else None
    async with opened(settings) as store:
        asked = Change(said, logo, no_logo=no_logo)
        return await acts.change(store, SystemClock(), [one.code for one in languages.all], asked)


@organisation.command()
@data_option
@json_option
def history(*, data: Path | None, as_json: bool) -> None:
    """List the latest changes, newest first: when, by whom, and what."""
    every, names = run(_changes(settings_for(data)))
    changes = every[:MOST_CHANGES]
    if as_json:
        report(
            {
                "changes": [
                    {"number": one.number, "at": one.at, "by": names.get(one.by or ""), "changed": list(one.changed)}
                    for one in changes
                ]
            }
        )
        return
    for one in changes:
        click.echo(f"{one.at}\t{names.get(one.by or '', 'forum organisation')}\t{', '.join(one.changed)}")


async def _changes(settings: Settings) -> tuple[list[Organisation], dict[str, str]]:
    async with opened(settings) as store, store.read() as work:
        changes = await work.organisation.organisation_changes()
        return changes, {person.id: person.login for person in await work.people.list_people()}
