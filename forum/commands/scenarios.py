"""`forum scenarios`: stories on disk, looked at before anybody plays them."""

from __future__ import annotations

from pathlib import Path

import click

from forum import scenario, twee
from forum.commands import json_option, report, say
from forum.errors import Problem, StoryProblems


@click.group()
def scenarios() -> None:
    """Work with story files (.twee)."""


@scenarios.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Check story files, and print each problem as FILE:LINE: MESSAGE.

    Exits 0 when every story is good, 1 when there are problems, 2 when a file cannot be read.
    """
    reports: list[dict[str, object]] = []
    found = unreadable = 0
    for file in files:
        name = click.format_filename(file)
        try:
            source = _read(file)
        except OSError as error:
            unreadable += 1
            why = error.strerror or "it cannot be read"
            say(f"{name}: {why}")
            reports.append({"file": name, "error": why})
            continue
        facts, problems = _look(source)
        found += len(problems)
        reports.append({"file": name, **facts, "problems": problems})
        if not as_json:
            for problem in problems:
                click.echo(f"{name}:{problem.line}: {problem.message}")
    if as_json:
        report({"problems": found, "files": reports})
    ctx.exit(2 if unreadable else 1 if found else 0)


def _read(file: Path) -> bytes:
    # One byte over the limit is enough for the parser to refuse it: the file may be as big as a disk.
    with file.open("rb") as stream:
        return stream.read(twee.MAX_BYTES + 1)


def _look(source: bytes) -> tuple[dict[str, object], tuple[Problem, ...]]:
    """What the report says of a good story, or what is wrong with it."""
    try:
        story = scenario.parse(source)
    except StoryProblems as error:
        return {}, error.problems
    return {"title": story.title, "scenes": len(story.scenes), "decisions": len(story.decisions)}, ()
