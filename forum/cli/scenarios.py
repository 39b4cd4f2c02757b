"""`forum scenarios`: checks story files before anybody plays them."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import click

from forum.cli import json_option, report, say
from forum.errors import Problem, StoryProblems
from forum.stories import scenario_twee, twee, twine
from forum.stories.scenario import Scenario


@click.group()
def scenarios() -> None:
    """Work with story files (.twee, and .html from Twine)."""


@scenarios.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Check story files, and print each problem as FILE:LINE: MESSAGE.

    Twine's own files (.html: a story that was published, or an archive) are imported, and whatever Forum leaves out of
    them is printed as FILE:LINE: note: MESSAGE. A note is no problem.

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
        facts, problems, notes = _look_at_twine(source) if _is_html(file) else _look(source)
        found += len(problems)
        reports.append({"file": name, **facts, "problems": problems} | ({"notes": notes} if notes else {}))
        if not as_json:
            for note in notes:
                click.echo(f"{name}:{note.line}: note: {note.message}")
            for problem in problems:
                click.echo(f"{name}:{problem.line}: {problem.message}")
    if as_json:
        report({"problems": found, "files": reports})
    ctx.exit(2 if unreadable else 1 if found else 0)


def _read(file: Path) -> bytes:
    # One byte over the limit is enough for the parser to refuse it: the file may be as big as a disk.
    with file.open("rb") as stream:
        return stream.read((twine.MAX_ARCHIVE_BYTES if _is_html(file) else twee.MAX_BYTES) + 1)


def _is_html(file: Path) -> bool:
    return file.name.casefold().endswith(twine.ENDINGS)


_Look: TypeAlias = tuple[dict[str, object], tuple[Problem, ...], tuple[Problem, ...]]


def _look(source: bytes) -> _Look:
    """Returns the facts of a good story, or its problems; never notes."""
    try:
        return _facts(scenario_twee.parse(source, new=True)), (), ()
    except StoryProblems as error:
        return {}, error.problems, ()


def _look_at_twine(source: bytes) -> _Look:
    """Returns the facts of the stories in a file from Twine, their problems, and the notes of the import."""
    try:
        imported = twine.read(source)
    except StoryProblems as error:
        return {}, error.problems, error.notes
    each = [_facts(story) for story in imported.scenarios]
    return (each[0] if len(each) == 1 else {"stories": each}), (), imported.notes


def _facts(story: Scenario) -> dict[str, object]:
    return {"title": story.title, "scenes": len(story.scenes), "decisions": len(story.decisions)}
