"""The `forum` command. Each subcommand is one file in forum/cli/, read in only when it is asked for."""

from __future__ import annotations

import gc
import importlib
import sys
from types import ModuleType
from typing import Any, cast

import click

from forum import __version__
from forum.errors import FormErrors, ForumError

# The subcommand, and the module that holds a click command of the same name.
COMMANDS = {
    "serve": "forum.cli.serve",
    "rehearse": "forum.cli.rehearse",
    "export": "forum.cli.export",
    "verify": "forum.cli.verify",
    "record": "forum.cli.record",
    "backup": "forum.cli.backup",
    "restore": "forum.cli.restore",
    "doctor": "forum.cli.doctor",
    "upgrade": "forum.cli.upgrade",
    "retention": "forum.cli.retention",
    "scenarios": "forum.cli.scenarios",
    "user": "forum.cli.user",
    "organisation": "forum.cli.organisation",
}

# Said of each in `forum --help`, which need not import them for that.
SHORT = {
    "serve": "Serve pages, phones and the record.",
    "rehearse": "Rehearse a day with made-up people, and check every count.",
    "export": "Write decisions, votes and record to a zip file.",
    "verify": "Check an export, or a receipt.",
    "record": "Look after the record: check it, prove, compare.",
    "backup": "Back up database, signing key and pictures into a file.",
    "restore": "Restore a backup into an empty folder or database.",
    "doctor": "Look over settings, database, disk, clock, key and mail.",
    "upgrade": "Bring the database up to date for this version.",
    "retention": "Show for how long data is kept.",
    "scenarios": "Work with story files (.twee, and .html from Twine).",
    "user": "Add accounts, list them, and make organisers' tokens.",
    "organisation": "Say who the organisation is: name, logo, help lines.",
}

COULD_NOT = 2


class Commands(click.Group):
    """Finds subcommands in COMMANDS, and turns every known problem into one line and exit code 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Lists the commands in the order of the table: the order in which people meet them."""
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes a line for each command, without importing it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, SHORT[name]) for name in COMMANDS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Returns the command of this name, None for none. Imports its module."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(_imported(COMMANDS[cmd_name]), cmd_name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name]}.{cmd_name} is no click command")
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the subcommand; ends with 2 and one line for every known problem."""
        try:
            return super().invoke(ctx)
        except FormErrors as error:
            why = " ".join(map(str, error.fields.values()))
        except ForumError as error:
            why = str(error)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            help_for = error.ctx.command_path if error.ctx else "forum"
            why = f"{error.format_message()} See: {help_for} --help"
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            why = f"{where}{error.strerror or error}"
        except (KeyboardInterrupt, click.Abort):
            why = "Stopped before the end."
        click.echo(" ".join(why.split()), err=True)
        ctx.exit(COULD_NOT)


def _imported(name: str) -> ModuleType:
    """Imports a module. Nothing of what that makes ends soon, so Python looks for it neither meanwhile nor at the first
    collections after it: each of them would be a tenth of a start."""
    gc.disable()
    try:
        _import_structlog()
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()


def _import_structlog() -> None:
    """Imports structlog as where Rich is not installed. It would draw traces of errors with it, the values in them too,
    and a start would wait for that."""
    if "rich" not in sys.modules:
        sys.modules["rich"] = cast(ModuleType, None)  # Python's way to say that there is none
        importlib.import_module("structlog")
        del sys.modules["rich"]


@click.group(cls=Commands, context_settings={"max_content_width": 100})
@click.version_option(__version__, prog_name="forum")
def main() -> None:
    """Forum: stories replayed, voted on by a room, decided, and kept in a record that anybody can check."""


if __name__ == "__main__":
    main(prog_name="forum")
