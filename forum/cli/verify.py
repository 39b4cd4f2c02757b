"""`forum verify`: checks an export."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from forum.cli import json_option, report
from forum.record import audit
from forum.record.verify.verdict import FAIL, last_line


@click.command()
@click.argument("path", metavar="FILE.zip|FOLDER", type=click.Path(path_type=Path))
@click.option(
    "--key",
    metavar="PEM",
    type=click.Path(path_type=Path),
    help="The public key it must be signed with. Without it, the key that lies in the export.",
)
@json_option
@click.pass_context
def verify(ctx: click.Context, path: Path, key: Path | None, as_json: bool) -> None:
    """Check an export: PASS, FAIL or NOT CHECKED for each check.

    The zip as Forum made it, one that another program made of its folder, or the folder. The last line names what was
    not checked. Ends with 0 if nothing failed, 1 if anything did, 2 if there is no export that this version can read.
    """
    checks = audit.verify_at(path, key.read_bytes() if key else None)
    if as_json:
        report({"checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            line = f"{check.verdict:11}  {check.name}: {check.detail}"
            click.echo(line.encode("ascii", "backslashreplace").decode())
        click.echo(last_line(checks))
    ctx.exit(1 if any(check.verdict == FAIL for check in checks) else 0)
