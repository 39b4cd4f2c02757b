"""`forum upgrade`: says what a new version would do to a database before it does it, or does it now."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click

from forum import __version__
from forum.adapters.clock import SystemClock
from forum.adapters.sign_on import provider_of
from forum.cli import data_option, json_option, report, run, say, settings_for
from forum.errors import StartupProblem
from forum.live.brokers import broker_of
from forum.settings import Settings
from forum.store import contents_of, migrate, migrations_after

_NOTHING, _DONE = "It is up to date.", "It is up to date now."
_RECENT = timedelta(days=1)  # a backup that is younger is good enough to go back to


@click.command()
@click.option("--check", is_flag=True, help="Only say what would be done; nothing is changed.")
@data_option
@json_option
@click.pass_context
def upgrade(ctx: click.Context, data: Path | None, *, check: bool, as_json: bool) -> None:
    """Bring the database up to date for this version, as the next start of the server would.

    Make a backup first. With --check it only says which migrations there are, whether the newest backup of
    FORUM_BACKUPS is less than a day old, and which library that the settings need is not installed; it ends with 1
    where there are migrations and no such backup, or a library is missing, else with 0.
    """
    settings = settings_for(data)
    missing = _missing(settings)
    for one in missing:
        say(one)
    found = run(contents_of(settings.database_url)) if settings.data.is_dir() else None
    if found is None:
        raise StartupProblem("There is no Forum data in %(folder)s to bring up to date.", folder=settings.data)
    waiting = migrations_after(found.revision)
    newest = _newest(settings)
    recent = newest is not None and newest > datetime.fromisoformat(SystemClock().now()) - _RECENT
    say(f"This is Forum {__version__}; the database is of revision {found.revision}.")
    for one in waiting:
        click.echo(one, err=as_json)
    if not waiting:
        say(_NOTHING)
    elif check:
        say(_told(settings, newest, recent=recent))
    else:
        run(migrate(settings.database_url))
        say(_DONE)
    if as_json:
        report(
            {
                "version": __version__,
                "revision": found.revision,
                "migrations": waiting,
                "backup": newest,
                "missing": missing,
            }
        )
    ctx.exit(1 if check and (missing or (waiting and not recent)) else 0)


def _missing(settings: Settings) -> list[str]:
    """Says of each library that the settings need and that is not installed how to install it: without it a server of
    this version ends as soon as it starts."""
    found = []
    for needed in (
        lambda: broker_of(settings.broker_url),
        lambda: provider_of(settings.oidc, settings.public_url),
    ):
        try:
            needed()
        except StartupProblem as problem:
            found.append(str(problem))
    return found


def _newest(settings: Settings) -> datetime | None:
    made = settings.backups.made() if settings.backups else []
    return made[0][0] if made else None


def _told(settings: Settings, newest: datetime | None, *, recent: bool) -> str:
    if recent:
        return (
            f"The newest backup is of {newest:%Y-%m-%d %H:%M} UTC. Going back means restoring it with the old version."
        )
    if settings.backups is None:
        return "FORUM_BACKUPS is not set, so nobody knows whether there is a backup. Make one now: forum backup FILE"
    when = f"is of {newest:%Y-%m-%d %H:%M} UTC" if newest else "is not there"
    return f"The newest backup in {settings.backups.folder} {when}. Make one now: forum backup FILE"
