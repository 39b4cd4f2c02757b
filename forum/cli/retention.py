"""`forum retention`: how long data is kept here, when it was last removed, and the word that the clock is right."""

from __future__ import annotations

from pathlib import Path

import click

from forum.cli import data_option, json_option, opened, report, run, settings_for
from forum.services import retention as retentions
from forum.services.retention import State
from forum.settings import Settings


@click.command()
@click.option("--confirm", is_flag=True, help="Say that this machine's clock is right, where removing waits for it.")
@data_option
@json_option
def retention(*, confirm: bool, data: Path | None, as_json: bool) -> None:
    """Show for how long data is kept, and when what was over was last removed.

    The server removes it by itself, once a day, and the record says how much. Where the clock says that it last did so
    more than a month ago, it removes nothing until --confirm.
    """
    settings = settings_for(data)
    state, confirmed = run(_asked(settings, confirm=confirm))
    if as_json:
        facts = {"periods": dict(settings.operator.periods), "ran_at": state.ran_at, "refused_at": state.refused_at}
        report(facts | {"confirmed": state.confirmed})
        return
    for name, days in settings.operator.periods.items():
        click.echo(f"{name}: {days} days")
    click.echo(f"Last run: {state.ran_at or 'none yet'}")
    if confirm and not confirmed:
        click.echo("There was nothing to confirm.")
    elif state.confirmed:
        click.echo("The clock is confirmed. What is over is removed within the hour.")
    elif state.refused_at:
        click.echo(f"Nothing is removed since {state.refused_at}: look at the clock, then --confirm.")


async def _asked(settings: Settings, *, confirm: bool) -> tuple[State, bool]:
    async with opened(settings) as store:
        confirmed = confirm and await retentions.confirm(store)
        async with store.read() as work:
            return await retentions.state(work), confirmed
