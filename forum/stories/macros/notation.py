"""The text of a passage while a story format's notation is removed from it, and the notes on that."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from forum.errors import filled
from forum.stories import twee

# Control characters as marks: the text holds none by then but tabs, so they cannot be mistaken for words.
TAKEN = "\x01"  # replaces each character of a macro while brackets are matched
SPACE, NOTHING = "\x02", "\x06"  # the line is joined to the next one, with a space or without
OPEN, CLOSE = "\x04", "\x05"  # all lines between these are joined

LEFT_OUT = '"%(words)s" was left out: it is an instruction to the story format, not words.'
CODE = '"%(words)s" was left out: it is code, not words.'
COMMENT = '"%(words)s" was left out: it is a note of the writer, which readers do not see.'
PUTS_IN = '"%(words)s" was left out: it puts the words of another passage here. Copy them here if they belong here.'
LOST = '"%(words)s" was left out: only the story format knows where it leads. Make it a link to a passage.'
_MADE_A_LINK = '"%(words)s" was made a plain link.'
_MOST_ARGUMENTS = 2000  # letters of a macro that are looked at for where it leads
_STRING = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|`((?:[^`\\]|\\.)*)`", re.DOTALL)


class Span(NamedTuple):
    """A part of the text, from `start` to before `end`, with its replacement `instead` and the `sentence` of
    its note.
    """

    start: int
    end: int
    instead: str = ""
    sentence: str = LEFT_OUT


@dataclass
class Text:
    """The text of a passage while parts are removed; `notes` are (index of the line, sentence)."""

    text: str
    notes: list[tuple[int, str]] = field(default_factory=list)

    def starts(self) -> list[int]:
        """Returns the place where each line begins; joined lines count as they were before."""
        return [0, *accumulate(len(line) + 1 for line in re.split(f"[\n{SPACE}{NOTHING}]", self.text))][:-1]

    def note(self, starts: Sequence[int], at: int, sentence: str) -> None:
        """Adds a note on the line of the place `at`."""
        self.notes.append((bisect_right(starts, at) - 1, sentence))

    def cut(self, spans: Iterable[Span]) -> None:
        """Replaces each span and keeps the line breaks in it. Of two spans that overlap the first counts."""
        ordered = sorted(spans)
        if not ordered:
            return
        starts, parts, done = self.starts(), [], 0
        for start, end, instead, sentence in ordered:
            if start < done:
                continue
            said = self.text[start:end]
            if "[[" in instead and not said.startswith("[["):
                self.note(starts, start, filled(_MADE_A_LINK, words=shown(said)))
            elif "%(words)s" in sentence:
                self.note(starts, start, filled(sentence, words=shown(said)))
            elif sentence:
                self.note(starts, start, sentence)
            parts += [self.text[done:start], instead]
            if instead not in (SPACE, NOTHING):
                parts += [letter for letter in said if letter in f"\n{SPACE}{NOTHING}"]
            done = end
        self.text = "".join([*parts, self.text[done:]])


def shown(said: str) -> str:
    """Returns a part of the text as a sentence can quote it."""
    return twee.shorten(re.sub(f"[\n{TAKEN}{SPACE}{NOTHING}{OPEN}{CLOSE}]+", " ", said[:200]).strip())


class Next:
    """A search for the next place of a mark. Asked for ever later places, it scans the text once."""

    def __init__(self, text: str, mark: str) -> None:
        self._text, self._mark, self._found = text, mark, -1

    def after(self, at: int) -> int:
        """Returns the first place of the mark from `at` on; the end of the text where there is none."""
        if self._found < at:
            place = self._text.find(self._mark, at)
            self._found = place if place >= 0 else len(self._text)
        return self._found


class Quotes:
    """The ends of quoted strings in a program; a string must end before an empty line."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._marks: dict[str, list[int]] = {"'": [], '"': [], "`": []}
        for quote in re.finditer(r"\\.|[\"'`]", text, re.DOTALL):
            if quote[0] in self._marks:
                self._marks[quote[0]].append(quote.start())
        self._empty = Next(text, "\n\n")

    def end(self, at: int) -> int:
        """Returns the place after the string that begins at `at`; the next place where no string does."""
        before = self._text[at - 1 : at]
        marks = self._marks[self._text[at]]
        index = bisect_right(marks, at)
        # A quote after a letter is an apostrophe, as in "the $bag's weight".
        if before.isalnum() or before == "_" or index == len(marks) or marks[index] > self._empty.after(at):
            return at + 1
        return marks[index] + 1


def strings(arguments: str) -> list[str] | None:
    """Returns a macro's arguments if all are strings, separated by commas or spaces; else None."""
    values: list[str] = []
    said = arguments.strip()
    if len(said) > _MOST_ARGUMENTS:
        return None
    at = 0
    while at < len(said):
        string = _STRING.match(said, at)
        if not string:
            return None
        values.append(re.sub(r"\\(.)", r"\1", string[string.lastindex or 1]))
        at = string.end()
        while at < len(said) and said[at] in ", \t\n":
            at += 1
    return values


def link(words: str, to: str) -> str:
    """Returns a link in Twee notation; "" where words or target cannot stand in one."""
    words, to = " ".join(words.split()), " ".join(to.split())
    if not to or twee.link_fault(words) or twee.link_fault(to, target=True):
        return ""
    return twee.write_link(words or to, to)


def links(words: str, targets: Sequence[str]) -> str:
    """Returns a link to each target: the first with these words, the others with their own names."""
    each = dict.fromkeys(targets)
    written = [link(words if number == 0 else to, to) for number, to in enumerate(each)]
    return " ".join(text for text in written if text)
