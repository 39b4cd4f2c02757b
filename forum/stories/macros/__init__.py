"""Removal of story formats' notation (macros, hooks, code, HTML) from a passage, with a note on each part removed.

Forum plays plain text. The formats that come with Twine (Harlowe, SugarCube, Snowman, Chapbook) each have a notation of
their own; for an unknown format everything that looks like one of theirs is removed. Macros that lead to a passage
become links. Every rule scans the text once, whatever its content, and keeps its line breaks, so that notes can name a
line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from forum.errors import filled
from forum.stories.macros import chapbook, harlowe, markup, snowman, sugarcube
from forum.stories.macros.notation import CLOSE, CODE, COMMENT, NOTHING, OPEN, SPACE, Text

HARLOWE, SUGARCUBE, SNOWMAN, CHAPBOOK, PAPERTHIN = "harlowe", "sugarcube", "snowman", "chapbook", "paperthin"
_UNKNOWN = "?"
FORMATS = (HARLOWE, SUGARCUBE, SNOWMAN, CHAPBOOK, PAPERTHIN)

_VARIABLE = re.compile(r"\$[A-Za-z_]\w{0,60}")


def plain(lines: Sequence[str], story_format: str) -> tuple[list[str | None], list[tuple[int, str]]]:
    """Returns a passage's lines without notation, and the notes on it: (index of the line, sentence), in order.

    A line is None where the format joins it to the line before it. `lines` must hold nothing that `twee.hidden` finds
    and may be empty. `story_format` is a name as Twine writes it, in any case.
    """
    if not lines:
        return [], []
    work = Text("\n".join(lines))
    known = story_format.casefold().strip()
    for name, rule, only in _RULES:
        if name in (known, "") or (known not in FORMATS and not only):
            rule(work)
    left: list[str | None] = []
    for line in _one_line(work.text).split("\n"):
        more = line.count(SPACE) + line.count(NOTHING)
        parts = line.replace(NOTHING, "").split(SPACE)
        words = " ".join(part.strip(" \t") for part in parts if part.strip(" \t")) if len(parts) > 1 else parts[0]
        left += [words, *[None] * more]
    return left, sorted(work.notes)


def _one_line(text: str) -> str:
    """Returns the text without the marks OPEN and CLOSE, with the lines between them joined."""
    if OPEN not in text:
        return text.replace(CLOSE, "")
    parts, depth = [], 0
    for part in re.split(f"([{OPEN}{CLOSE}\n])", text):
        if part in (OPEN, CLOSE):
            depth = max(0, depth + (1 if part == OPEN else -1))
        else:
            parts.append(SPACE if part == "\n" and depth else part)
    return "".join(parts)


def _variables(work: Text) -> None:
    starts = work.starts() if "$" in work.text else []
    for variable in _VARIABLE.finditer(work.text):
        work.note(
            starts,
            variable.start(),
            filled('"%(found)s" is a variable. It stands in the text as it is.', found=variable[0]),
        )


# The rules in the order they run: format ("" for all), rule, and whether it is skipped for unknown formats.
_RULES: tuple[tuple[str, Callable[[Text], None], bool], ...] = (
    ("", markup.between("<!--", "-->", COMMENT), False),
    ("", markup.between("<script", "</script>", CODE), False),
    ("", markup.between("<style", "</style>", CODE), False),
    (CHAPBOOK, chapbook.variables, True),
    (CHAPBOOK, chapbook.modifiers, True),
    (CHAPBOOK, chapbook.inserts, True),
    (SNOWMAN, snowman.templates, False),
    (SUGARCUBE, sugarcube.macros, False),
    (SUGARCUBE, sugarcube.brackets, False),
    (HARLOWE, harlowe.macros, True),
    (_UNKNOWN, harlowe.macros_alone, False),
    ("", markup.html, False),
    (HARLOWE, markup.harlowe_styles, True),
    (SUGARCUBE, markup.sugarcube_styles, True),
    (CHAPBOOK, markup.markdown_styles, True),
    (HARLOWE, markup.joined, True),
    (SUGARCUBE, markup.joined, True),
    (HARLOWE, _variables, False),
    (SUGARCUBE, _variables, False),
)
