"""Import of stories from other tools: what Forum can play is kept, and everything left out is noted by line.

`scenario_twee.parse` refuses a file with any problem, which is right for stories written for Forum. A foreign file may
have been written for anything, so only what makes the story unusable is a problem; everything else is a note.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

import msgspec

from forum.errors import Problem, StoryProblems, filled
from forum.stories import scenario_twee, story_file, twee
from forum.stories.foreign_story import CODE, Part, RawStory, adapt
from forum.stories.scenario import Scenario

MAX_BYTES = 1024 * 1024  # of one story, with everything else in its file
# The most line ends, and signs that could be a story format's notation, in a file's passages. Each may need a note,
# which takes some hundredths of a millisecond.
MOST_SIGNS = 40_000
_SIGNS = "$<[]({`&@\\^~*_=|#>/!'\""


class Imported(msgspec.Struct, frozen=True):
    """The stories of a file, each accepted by `scenario_twee.validate`, and notes on everything left out or changed."""

    scenarios: tuple[Scenario, ...]
    notes: tuple[Problem, ...] = ()


def read_twee(source: bytes | str) -> Imported:
    """Returns the story of a .twee file: as `scenario_twee.parse` reads it, or else as much of it as can be kept.

    Raises StoryProblems, with the notes, for a story that cannot be used.
    """
    size = len(source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise StoryProblems([Problem(1, "The file is too big. A story file can have 1 MiB (1,048,576 bytes).")])
    source, read_as = _in_other_letters(source)
    twee.refuse_too_much(source if isinstance(source, str) else source.decode("utf-8", "replace"))
    try:
        return Imported((scenario_twee.parse(source, new=True),), read_as)
    except StoryProblems:
        text = twee.text_of(source)
    passages, faults = twee.read(text, keep=True)
    raw = RawStory(1, notes=[*read_as, *faults])
    for passage in passages:
        if passage.name == story_file.TITLE:
            raw.title = raw.title or "\n".join(passage.body).strip()
        elif passage.name == story_file.DATA:
            data, wrong = story_file.story_data(passage)
            raw.notes += wrong
            said = {key: value for key, value in (data or {}).items() if isinstance(value, str)}
            raw.ifid, raw.format = said.get("ifid", ""), said.get("format", "")
            raw.start = said.get("start", "")
        else:
            lines = tuple(enumerate(passage.body, start=passage.line + 1))
            raw.parts.append(Part(passage.name, passage.tags, passage.line, lines))
    refuse_too_many_signs([raw])
    story, notes = adapt(raw)
    return Imported((story,), notes)


def _in_other_letters(source: bytes | str) -> tuple[bytes | str, tuple[Problem, ...]]:
    """Returns a Twee file saved as UTF-16 or Windows-1252 as text, with a note; any other file unchanged."""
    if isinstance(source, str):
        return source, ()
    wide = source.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if wide else "cp1252"
    try:
        if not wide:
            source.decode("utf-8")
            return source, ()
    except UnicodeDecodeError:
        pass
    try:
        text = source.decode(encoding)
    except UnicodeDecodeError:
        return source, ()
    if "\0" in text or not re.search(r"^::", text, re.MULTILINE):
        return source, ()
    called = "UTF-16" if wide else "Windows-1252"
    sentence = (
        "This file is not UTF-8. It was read as %(encoding)s: look whether accents and quotation marks are right."
    )
    return text, (Problem(1, filled(sentence, encoding=called)),)


def refuse_too_many_signs(stories: Sequence[RawStory]) -> None:
    """Raises StoryProblems where the passages hold more possible notation than can be removed in a short time."""
    words = [part for story in stories for part in story.parts if not set(CODE) & set(part.tags)]
    text = "\n".join(said for part in words for _, said in part.lines)
    twee.refuse_too_much(text)
    there = sum(text.count(sign) for sign in _SIGNS) + len(twee.ENDS.findall(text))
    if there > MOST_SIGNS:
        sentence = (
            "There are %(there)s signs in this file that could be macros, links, HTML or new lines. Forum looks at "
            "%(most)s. Take out what only a story format understands."
        )
        raise StoryProblems([Problem(1, filled(sentence, there=f"{there:,}", most=f"{MOST_SIGNS:,}"))])
