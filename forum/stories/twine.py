"""Import of stories that Twine 2 published or archived: HTML in, scenarios and notes out.

Source: iftechfoundation/twine-specs, twine-2-htmloutput-spec.md v1.0.1 and twine-2-archive-spec.md v1.0.0. A published
file is one story with the program that plays it; an archive is any number of stories. Only the elements of these
specifications are read, and only well-formed start tags: the file is scanned once, so that no content can take long.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from html.parser import HTMLParser
from itertools import accumulate, pairwise

from forum.errors import Problem, StoryProblems, filled
from forum.stories import twee
from forum.stories.foreign_import import MAX_BYTES, Imported, read_twee, refuse_too_many_signs
from forum.stories.foreign_story import HIDDEN, Part, RawStory, adapt
from forum.stories.scenario import Scenario

MAX_ARCHIVE_BYTES = 8 * 1024 * 1024
MAX_STORIES = 50
MAX_TAG = 8192
# Limits of a whole file, over all its stories: elements, characters in their tags, lines, entities.
MOST_ELEMENTS, MOST_IN_TAGS, MOST_LINES, MOST_ENTITIES = 5_000, 512 * 1024, 60_000, 100_000
ENDINGS = (".html", ".htm")

_STORY, _PASSAGE, _COLOUR = "tw-storydata", "tw-passagedata", "tw-tag"
_STORY_BYTES = re.compile(rb"<tw-storydata[\s/>]", re.IGNORECASE)
_TWEE_BYTES = re.compile(rb"^::", re.MULTILINE)
_OF_INTEREST = re.compile(rf"<!--|<(?:script|style)\b|</?(?:{_STORY}|{_PASSAGE}|{_COLOUR})(?=[\s/>])", re.IGNORECASE)
_END_OF_PASSAGE = re.compile(rf"</{_PASSAGE}\s*>|(?=</?(?:{_STORY}|{_PASSAGE})[\s/>])", re.IGNORECASE)
_END_OF_CODE = {kind: re.compile(rf"</{kind}\s*>", re.IGNORECASE) for kind in ("script", "style")}
_TAG = re.compile(
    r"<(/?)([a-z-]+)((?:\s+[^\s\"'<>/=]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>=`]+))?)*)\s*/?>", re.IGNORECASE
)
# Character references too large for any character: Python refuses some of them.
_NO_CHARACTER = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")

_TOO_MUCH = "There is more in this file than Forum reads. Publish each story by itself, without its code."
_HOW_TO_PUBLISH = filled('In Twine, open the story and choose "Build", then "Publish to File".')


def read_file(name: str, source: bytes) -> Imported:
    """Returns the stories of a file, read as HTML or Twee according to its content, whatever it is called.

    Raises StoryProblems, with notes, where there is none that can be used.
    """
    if _STORY_BYTES.search(source) or (name.casefold().endswith(ENDINGS) and not _TWEE_BYTES.search(source)):
        return read(source)
    return read_twee(source)


def read(source: bytes | str) -> Imported:
    """Returns the stories of a published file or an archive.

    Of several stories the usable ones are taken, and the problems of the others are among the notes. Raises
    StoryProblems, with the notes, where none can be used.
    """
    data = source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass")
    _refuse_too_big(data)
    text = twee.text_of(source)
    if text.count("\n") > MOST_LINES or text.count("&") > MOST_ENTITIES:
        raise StoryProblems([Problem(1, _TOO_MUCH)])
    text = _NO_CHARACTER.sub("&#xFFFD;", text)
    stories = _Reader(text).stories()
    refuse_too_many_signs(stories)
    if not stories:
        message = filled("There is no Twine story in this file. %(how)s", how=_HOW_TO_PUBLISH)
        raise StoryProblems([Problem(1, message)])
    scenarios: list[Scenario] = []
    notes: list[Problem] = []
    problems: list[Problem] = []
    heads: list[Problem] = []
    for story in stories:
        try:
            scenario, left = adapt(story)
        except StoryProblems as error:
            called = twee.shorten(" ".join(story.title.split())) or "without a name"
            heads.append(
                Problem(
                    story.line, filled('The story "%(called)s" was left out, because of what follows.', called=called)
                )
            )
            problems += error.problems
            notes += error.notes
        else:
            scenarios.append(scenario)
            notes += left
    if not scenarios:
        raise StoryProblems(problems, notes)
    return Imported(tuple(scenarios), tuple(sorted([*heads, *problems, *notes])))


def _refuse_too_big(data: bytes) -> None:
    """Raises StoryProblems for data bigger than a story or an archive may be, before it is parsed."""
    begins = [match.start() for match in _STORY_BYTES.finditer(data)]
    sentence = ""
    if len(data) > MAX_ARCHIVE_BYTES:
        sentence = "The file is too big. An archive can have 8 MiB. Publish each story by itself."
    elif len(begins) > MAX_STORIES:
        sentence = filled(
            "There are %(length)s stories in this file. Send at most %(most)s at once.",
            length=f"{len(begins):,}",
            most=MAX_STORIES,
        )
    elif len(data) > MAX_BYTES and len(begins) < 2:
        sentence = 'The file is too big. A story can have 1 MiB. In Twine, choose "Build", then "Export As Twee".'
    if sentence:
        raise StoryProblems([Problem(1, sentence)])
    for start, end in pairwise([*begins, len(data)]):
        if end - start > MAX_BYTES:
            line = data.count(b"\n", 0, start) + 1
            raise StoryProblems([Problem(line, "This story is too big. A story can have 1 MiB.")])


class _Attributes(HTMLParser):
    """A reader of one start tag; of an attribute given twice the first counts, as in a browser."""

    def __init__(self, tag: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.feed(tag)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            self.values.setdefault(name, value or "")


class _Reader:
    """A scanner that goes through a file from one element of interest to the next."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
        self._found: list[RawStory] = []
        self._story: RawStory | None = None
        self._start_pid = ""
        self._pids: dict[str, str] = {}
        self._told: set[str] = set()
        self._elements = self._in_tags = 0

    def stories(self) -> list[RawStory]:
        at = 0
        while tag := _OF_INTEREST.search(self._text, at):
            kind = tag[0].lower()
            if kind == "<!--":
                at = self._text.find("-->", tag.end())
            elif kind in {"<script", "<style"}:
                at = self._code(tag.end(), kind[1:])
            else:
                at = self._element(tag.start(), kind)
            if at < 0:
                break
        if self._story:
            self._story.note(
                self._line(len(self._text)), "The file ends in the middle of a story. What follows is missing."
            )
            self._end_story()
        return self._found

    def _line(self, at: int) -> int:
        return bisect_right(self._starts, at)

    def _once(self, at: int, sentence: str) -> None:
        if self._story and sentence not in self._told:
            self._told.add(sentence)
            self._story.note(self._line(at), sentence)

    def _code(self, at: int, kind: str) -> int:
        begin = self._text.find(">", at) + 1
        end = _END_OF_CODE[kind].search(self._text, begin) if begin else None
        if not end:
            return -1
        if self._story and self._text[begin : end.start()].strip():
            what = "JavaScript" if kind == "script" else filled("stylesheet")
            self._story.note(
                self._line(at), filled("The story's own %(what)s was left out: a story holds no code.", what=what)
            )
        return end.end()

    def _element(self, at: int, kind: str) -> int:
        tag = _TAG.match(self._text, at, at + MAX_TAG)
        self._elements += 1
        self._in_tags += len(tag[0]) if tag else 0
        if self._elements > MOST_ELEMENTS or self._in_tags > MOST_IN_TAGS:
            raise StoryProblems([Problem(self._line(at), _TOO_MUCH)])
        if not tag:
            if self._story:
                self._story.note(
                    self._line(at), filled('The tag "%(kind)s" that begins here cannot be read.', kind=kind.strip("</"))
                )
            return at + 1
        if kind == f"<{_STORY}":
            if self._story:
                self._story.note(self._line(at), "This story is not closed. It ends where the next one begins.")
                self._end_story()
            self._begin_story(at, _Attributes(tag[0]).values)
        elif kind == f"</{_STORY}":
            self._end_story()
        elif kind == f"<{_PASSAGE}":
            return self._passage(at, tag.end(), _Attributes(tag[0]).values)
        elif kind == f"<{_COLOUR}":
            self._once(at, "The colours of tags were left out.")
        return tag.end()

    def _begin_story(self, at: int, said: dict[str, str]) -> None:
        self._story = RawStory(
            self._line(at), title=said.get("name", ""), ifid=said.get("ifid", ""), format=said.get("format", "")
        )
        self._start_pid = said.get("startnode", "").strip()
        self._pids, self._told = {}, set()

    def _end_story(self) -> None:
        if self._story:
            self._story.start = self._pids.get(self._start_pid, "")
            self._found.append(self._story)
        self._story = None

    def _passage(self, at: int, begin: int, said: dict[str, str]) -> int:
        end = _END_OF_PASSAGE.search(self._text, begin)
        stop, after = end.span() if end else (len(self._text), len(self._text))
        line = self._line(at)
        if not self._story:
            return after
        if stop == after:
            self._story.note(line, "This passage is not closed. It ends where the next element begins.")
        if said.get("position") or said.get("size"):
            self._once(at, "Where the passages stand on Twine's map was left out.")
        first = self._line(begin)
        lines = tuple(
            (number, part)
            for number, raw in enumerate(self._text[begin:stop].split("\n"), start=first)
            for part in html.unescape(raw).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        )
        name = HIDDEN.sub("", said.get("name", "")).strip()
        self._story.parts.append(Part(name, tuple(said.get("tags", "").split()), line, lines))
        if (pid := said.get("pid", "").strip()) and name:
            self._pids.setdefault(pid, name)
        return after
