"""`forum retention`: how long data is kept here, when it was last removed, and the word that the clock is right."""

from __future__ import annotations

from pathlib import Path

import click

from forum.adapters.clock import SystemClock
from forum.cli import data_option, json_option, opened, report, run, settings_for
from forum.services import retention as retentions
from forum.services.retention import OpenVote, State
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
    state, confirmed, votes = run(_asked(settings, confirm=confirm))
    if as_json:
        facts = {"periods": dict(settings.operator.periods), "ran_at": state.ran_at, "refused_at": state.refused_at}
        told = [{"session": v.session.id, "since": v.since, "waited_for": v.waited_for} for v in votes]
        report(facts | {"confirmed": state.confirmed, "open_votes": told})
        return
    for name, days in settings.operator.periods.items():
        click.echo(f"{name}: {days} days")
    click.echo(f"Last run: {state.ran_at or 'none yet'}")
    for vote in votes:
        left = "nothing is removed meanwhile" if vote.waited_for else "it was forgotten, and is not waited for"
        click.echo(f"A vote is open in {vote.session.title!r}, last heard of {vote.since}: {left}.")
    if confirm and not confirmed:
        click.echo("There was nothing to confirm.")
    elif state.confirmed:
        click.echo("The clock is confirmed. What is over is removed within the hour.")
    elif state.refused_at:
        click.echo(f"Nothing is removed since {state.refused_at}: look at the clock, then --confirm.")


async def _asked(settings: Settings, *, confirm: bool) -> tuple[State, bool, list[OpenVote]]:
    async with opened(settings) as store:
        confirmed = confirm and await retentions.confirm(store)
        async with store.read() as work:
            votes = await retentions.open_votes(work, SystemClock().now())
            return await retentions.state(work), confirmed, votes
