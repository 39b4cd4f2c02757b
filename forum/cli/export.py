"""`forum export`: writes an export to a file."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from forum.adapters import workbook as workbooks
from forum.cli import checkpoints_of, data_option, json_option, opened, report, run, say, settings_for
from forum.services import exports
from forum.settings import Settings


@click.command()
@click.option("--out", required=True, metavar="FILE", type=click.Path(path_type=Path), help="Where to write it.")
@click.option("--commission", metavar="ID", help="Only this commission. Without it, everything.")
@click.option("--workbook", is_flag=True, help="Only the tables, as one file for a spreadsheet program (FILE.xlsx).")
@data_option
@json_option
def export(out: Path, commission: str | None, workbook: bool, data: Path | None, as_json: bool) -> None:
    """Write the decisions, votes and record to a zip file that anybody can check."""
    settings = settings_for(data)
    say(f"Reading the record in {settings.data} ...")
    packed = run(_workbook(settings, commission) if workbook else _packed(settings, commission))
    # Written beside its place and then moved into it: a half-written export never bears the name.
    draft = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        draft.write_bytes(packed)
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
    if workbook:
        say(f"Wrote {out}: the tables, to read and count. It is not signed; without --workbook you get what is.")
        if as_json:
            report({"file": str(out)})
        return
    facts = exports.summary(packed)
    say(f"Wrote {out}: {facts['entries']} entries, {facts['ballots']} ballots.")
    say(f"Check it with: forum verify {out}")
    if as_json:
        report({"file": str(out), **facts})


async def _packed(settings: Settings, commission: str | None) -> bytes:
    async with opened(settings) as store:
        return await exports.export(await checkpoints_of(store, settings), commission, settings.licence)


async def _workbook(settings: Settings, commission: str | None) -> bytes:
    async with opened(settings) as store:
        return workbooks.write(await exports.read_log(store, commission, ballots=False))
