"""`forum export`: writes an export to a file."""

from __future__ import annotations

import secrets
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click

from forum.adapters import report_pdf
from forum.adapters import workbook as workbooks
from forum.cli import checkpoints_of, data_option, json_option, opened, report, run, say, settings_for
from forum.record.popolo import popolo as votes
from forum.record.verify.public_log import Log
from forum.services import exports
from forum.settings import Settings
from forum.web import report as reports


@click.command()
@click.option("--out", required=True, metavar="FILE", type=click.Path(path_type=Path), help="Where to write it.")
@click.option("--commission", metavar="ID", help="Only this commission.")
@click.option("--session", metavar="ID", help="Only this session. Without it and --commission, everything.")
@click.option("--workbook", is_flag=True, help="Only the tables, as one file for a spreadsheet program (FILE.xlsx).")
@click.option("--popolo", is_flag=True, help="Only the votes, in Popolo's terms (FILE.json).")
@click.option(
    "--report",
    "as_report",
    is_flag=True,
    help="Only a report, to read and print: FILE.pdf, or a page where FILE ends in .html.",
)
@data_option
@json_option
def export(
    out: Path,
    commission: str | None,
    session: str | None,
    workbook: bool,
    popolo: bool,
    as_report: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Write the decisions, votes and record to a zip file that anybody can check."""
    settings = settings_for(data)
    say(f"Reading the record in {settings.data} ...")
    if workbook + popolo + as_report > 1:
        raise click.UsageError("Choose --workbook, --popolo or --report, not both.")
    if as_report and out.suffix not in (".html", ".pdf"):
        raise click.UsageError("A report is a PDF or a page: end the name of --out with .pdf or .html.")
    told = partial(_report, as_pdf=out.suffix == ".pdf") if as_report else None
    write = workbooks.write if workbook else votes if popolo else told
    # Written beside its place and then moved into it: a half-written export never bears the name.
    draft = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    facts: dict[str, int] = {}
    try:
        if write:
            draft.write_bytes(run(_written(settings, commission, session, write)))
        else:
            with draft.open("w+b") as file, tempfile.TemporaryFile(dir=out.parent) as aside:
                facts = run(_packed(settings, commission, session, file, aside))
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
    if write:
        what = "tables" if workbook else "votes" if popolo else "report"
        say(f"Wrote {out}: the {what}, to read and count. It is not signed; the zip without this option is.")
        if as_json:
            report({"file": str(out)})
        return
    say(f"Wrote {out}: {facts['entries']} entries, {facts['ballots']} ballots.")
    say(f"Check it with: forum verify {out}")
    if as_json:
        report({"file": str(out), **facts})


async def _packed(
    settings: Settings, commission: str | None, session: str | None, file: BinaryIO, aside: BinaryIO
) -> dict[str, int]:
    async with opened(settings) as store:
        checkpoints = await checkpoints_of(store, settings)
        with click.progressbar(length=0, label="Opening votes", file=sys.stderr) as bar:

            def progress(done: int, of: int) -> None:
                bar.length = of
                bar.update(done - bar.pos)

            return await exports.write(checkpoints, file, aside, commission, settings.licence, progress, session)


async def _written(
    settings: Settings, commission: str | None, session: str | None, write: Callable[[Log], bytes]
) -> bytes:
    async with opened(settings) as store:
        return write(await exports.read_log(store, commission, session))


def _report(log: Log, *, as_pdf: bool) -> bytes:
    made, title = list(reports.blocks(log)), reports.title_of(log)
    return report_pdf.pdf(made, title, "en") if as_pdf else reports.html(made, title)
