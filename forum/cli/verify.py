"""`forum verify`: checks an export, or a receipt."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from forum.cli import json_option, report
from forum.record import audit
from forum.record.verify.verdict import FAIL, last_line


@click.command()
@click.argument("path", metavar="FILE.zip|FOLDER", type=click.Path(path_type=Path), required=False)
@click.option(
    "--key",
    metavar="PEM",
    type=click.Path(path_type=Path),
    help="The public key it must be signed with. Without it, the key that lies in the export or receipt.",
)
@click.option("--receipt", metavar="FILE", type=click.Path(path_type=Path), help="Check this receipt of one ballot.")
@click.option(
    "--export",
    metavar="ZIP|FOLDER",
    type=click.Path(path_type=Path),
    help="With --receipt: the export to hold it against.",
)
@click.option(
    "--checkpoint",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="With --receipt: a checkpoint that somebody else has, to hold it against.",
)
@json_option
@click.pass_context
def verify(
    ctx: click.Context,
    path: Path | None,
    key: Path | None,
    receipt: Path | None,
    export: Path | None,
    checkpoint: Path | None,
    as_json: bool,
) -> None:
    """Check an export, or a receipt: PASS, FAIL or NOT CHECKED for each check.

    The zip as Forum made it, one that another program made of its folder, or the folder. The last line names what was
    not checked. Ends with 0 if nothing failed, 1 if anything did, 2 if there is no export, or receipt, that this
    version can read.
    """
    pinned = key.read_bytes() if key else None
    if receipt is not None and path is None and not (export and checkpoint):
        checks = audit.verify_receipt_at(receipt, export, key=pinned, checkpoint=checkpoint)
    elif receipt is None and path is not None and not (export or checkpoint):
        checks = audit.verify_at(path, pinned)
    else:
        raise click.UsageError("Give an export to check, or --receipt FILE with --export or --checkpoint, not both.")
    if as_json:
        report({"checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            line = f"{check.verdict:11}  {check.name}: {check.detail}"
            click.echo(line.encode("ascii", "backslashreplace").decode())
        click.echo(last_line(checks, "export" if receipt is None else "receipt"))
    ctx.exit(1 if any(check.verdict == FAIL for check in checks) else 0)
