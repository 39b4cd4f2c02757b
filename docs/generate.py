"""Writes the pages of docs/ that the program can tell by itself: `python docs/generate.py`.

cli.md comes from the commands' own help, settings.md from the table in forum/settings.py, wire.md from the messages in
forum/live/messages.py; and in record.md, whose other parts are written by hand, the types of entries come from the
table in forum/record/verify/entry_shapes.py. A test fails while one of them is not what this would write.
"""

from __future__ import annotations

from collections.abc import Iterator
from inspect import getdoc
from pathlib import Path
from typing import get_args

import click
import msgspec

from forum import settings
from forum.__main__ import main
from forum.live import message_allowance, room
from forum.live import messages as wire
from forum.record.verify import entry_shapes
from forum.record.verify.kinds import Field
from forum.sessions import participant_view
from forum.voting.reason import MOST_WORDS

HERE = Path(__file__).parent
_WIDTH = 100
_NOTE = "<!-- Written by docs/generate.py. Change the program instead. -->"

_CLI = """# The command line

After `pip install`, the command is `forum`; in a clone without it, `python -m forum` is the same, and
`python run.py` is `forum serve`.

What the commands have in common (each one's help says which of these it has):

- `--data DIR` says where the data is; without it the setting `FORUM_DATA`, or `forum-data`. (`forum rehearse` has a
  rule of its own: see below.)
- `--json` reports as JSON, alone on standard output. Progress and words go to standard error.
- The exit code is 0 for done, 1 where the answer is no, and 2 where it could not be done, with one line that says why.
"""

_SETTINGS = """# Settings

Each is an environment variable. An option on the command line wins over it.

| variable | when not set | what it does |
|---|---|---|
"""

_WIRE = """# The messages between screens and server

One JSON object in each text frame of a websocket. Its `t` names its type. The set is closed and has a version
({version}), which the server's `hello` tells.

- A phone's socket is `/s/CODE/socket`, with the cookie that the join page set; the projector's is
  `/projector/KEY/socket`, the console's `/console/SESSION/socket`, a shared tablet's `/tablet/KEY/socket`. (A tablet
  only listens: its ballots are posted, each with its own voter.) Every handshake must come with an `Origin` of the
  server's own.
- A screen passes over a type that it does not know. The server answers what it does not know with `refused` and keeps
  the socket open, unless it keeps happening. The same goes for too many messages: {burst} at once and {refill} a second
  are taken, whatever the number of a participant's sockets; who goes on far faster is sent away for {out} seconds.
  So is who sends {rubbish} messages that cannot be read (one more is taken each minute; bytes that are no frame or
  begin one that is too long end the socket, and count as {broken}), and whose sockets come more than {many} times and
  then more than once in two seconds. Who comes back meanwhile is answered with
  429 and `Retry-After`.
- A participant has at most {sockets} sockets: one more closes the oldest, which is told so and must not come back by
  itself. A session has at most {screens} sockets of each other kind of screen: one more is told to come back later.
- A frame to the server holds at most {largest} characters, a reason at most {reason}.
- `ack` means that the ballot is on disk. The same `cast` again, on whichever connection, gets the same answer and is
  counted once.
"""


def cli() -> str:
    """docs/cli.md."""
    parts = [_NOTE, "", _CLI]
    top = click.Context(main, info_name="forum", terminal_width=_WIDTH, max_content_width=_WIDTH)
    for context in (top, *_commands(top)):
        depth = "#" * max(2, len(context.command_path.split()))
        parts += [f"{depth} {context.command_path}", "", "```text", context.command.get_help(context), "```", ""]
    return "\n".join(parts).rstrip() + "\n"


def _commands(context: click.Context) -> Iterator[click.Context]:
    """The contexts of every subcommand below this one, parents first."""
    group = context.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            below = click.Context(
                command, parent=context, info_name=name, terminal_width=_WIDTH, max_content_width=_WIDTH
            )
            yield below
            yield from _commands(below)


def settings_table() -> str:
    """docs/settings.md."""
    rows = (
        f"| `{row.env}` | {f'`{row.default}`' if row.default else '(empty)'} | {row.help} |" for row in settings.TABLE
    )
    return f"{_NOTE}\n\n{_SETTINGS}" + "\n".join(rows) + "\n"


def messages() -> str:
    """docs/wire.md."""
    words = _WIRE.format(
        version=wire.VERSION, largest=wire.MAX_MESSAGE, reason=MOST_WORDS, burst=int(message_allowance.BURST),
        refill=int(message_allowance.REFILL), out=int(message_allowance.OUT), sockets=room.MOST_SOCKETS,
        rubbish=int(message_allowance.UNREADABLE), broken=int(message_allowance.BROKEN),
        many=int(message_allowance.COMINGS),
        screens=room.MOST_SCREENS,
    )  # fmt: skip
    parts = [_NOTE, "", words]
    parts += ["## From the server to a screen", "", *_messages(get_args(wire.ToScreen))]
    parts += ["## From a phone to the server", "", *_messages(get_args(wire.FromPhone))]
    parts += ["## Parts of messages", "", *_messages((wire.RoundNow, wire.Choice, participant_view.Yours))]
    parts += ["## Refusals", "", "| code | what it means |", "|---|---|"]
    parts += [f"| `{code}` | {meaning} |" for code, meaning in wire.REFUSALS.items()]
    parts += ["", "## Goodbyes that say why", "", "| `why` | what it means |", "|---|---|"]
    parts += [f"| `{code}` | {meaning} |" for code, meaning in wire.GOODBYES.items()]
    return "\n".join(parts) + "\n"


def _messages(structs: tuple[type[msgspec.Struct], ...]) -> Iterator[str]:
    for struct in structs:
        tag = struct.__struct_config__.tag
        yield f"### {f'`{tag}`' if tag else struct.__name__}"
        yield ""
        yield getdoc(struct) or ""
        yield ""
        fields = msgspec.structs.fields(struct)
        if fields:
            yield "| field | type | when left out |"
            yield "|---|---|---|"
        for field in fields:
            kind = str(struct.__annotations__[field.name]).replace("|", "or")
            yield f"| `{field.encode_name}` | {kind} | {_default(field)} |"
        if fields:
            yield ""


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "never left out"
    default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    return f"`{msgspec.json.encode(default).decode()}`"


_ENTRIES_BEGIN = "<!-- Entry types, written by docs/generate.py from forum/record/verify/entry_shapes.py. -->"
_ENTRIES_END = "<!-- End of the entry types. -->"


def record() -> str:
    """docs/record.md with the types of entries."""
    page = (HERE / "record.md").read_text("utf-8")
    before, _, rest = page.partition(_ENTRIES_BEGIN)
    _, _, after = rest.partition(_ENTRIES_END)
    return "\n".join([before + _ENTRIES_BEGIN, "", *_entry_types(), _ENTRIES_END + after])


def _entry_types() -> Iterator[str]:
    yield "Every entry has:"
    yield ""
    yield from _fields(entry_shapes.COMMON)
    for type_, shape in entry_shapes.SHAPES.items():
        yield f"#### `{type_}`"
        yield ""
        yield shape.tells
        yield ""
        yield from _fields(shape.fields)


def _fields(fields: tuple[Field, ...]) -> Iterator[str]:
    yield "| field | what it holds | what it is | may be left out |"
    yield "|---|---|---|---|"
    yield from (row for field in fields for row in _rows(field, ""))
    yield ""


def _rows(field: Field, within: str) -> Iterator[str]:
    """The rows of a field and, where it is an object or holds some, of the fields in it."""
    yield f"| `{within}{field.name}` | {field.about} | {field.kind.words} | {field.left_out or 'never'} |"
    for kind in field.kind.either or (field.kind,):
        inside, path = kind, f"{within}{field.name}"
        while inside.each is not None:
            inside, path = inside.each, f"{path}[]"
        for part in inside.fields or ():
            yield from _rows(part, f"{path}.")


PAGES = {"cli.md": cli, "settings.md": settings_table, "wire.md": messages, "record.md": record}

if __name__ == "__main__":
    for name, write in PAGES.items():
        (HERE / name).write_text(write())
