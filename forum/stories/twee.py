"""Twee 3 notation: reading and writing passages, and the links in their text.

Source: iftechfoundation/twine-specs, twee-3-specification.md, v3.0.2. Where it says nothing, this does as Twine: a line
of text that looks like a header is written with a backslash before it, and of the arrows in a link the last "->"
counts, else the first "<-", else the last "|".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

import msgspec

from forum.errors import Problem, StoryProblems, filled

MAX_BYTES = 256 * 1024
# Further limits of one file, because each of these takes time.
MOST_LINES, MOST_PASSAGES, MOST_LINKS = 200_000, 1_000, 1_000
HEADER = "::"

_ESCAPED = re.compile(r"\\(.)")
_NEEDS_ESCAPE = re.compile(r"[\\\[\]{}]")
# Characters that turn the reading direction or are invisible, so that a projector would not show what the file says;
# also control characters (except newline and tab) and halves of surrogate pairs.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_HIDDEN_BUT_RETURNS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
# Other line ends that str.splitlines() knows; text copied from Word and chats contains them.
_BREAKS = re.compile("[\u2028\u2029\x85\x0b\x0c]")
ENDS = re.compile("[\n\r\u2028\u2029\x85\x0b\x0c]")
# Characters beside links that do not make their line a sentence: bullets, numbers, separators.
_BULLETS = "*-+•·|/,;.:()0123456789 \t"


class Passage(msgspec.Struct, frozen=True):
    """A passage. `line` is the 1-based line of its header; `body` is its text, line by line, unescaped.

    `body[i]` stands on line `line + 1 + i` of the file.
    """

    name: str
    tags: tuple[str, ...]
    line: int
    body: tuple[str, ...]


def decode(source: bytes | str) -> str:
    """Returns the text of a UTF-8 file without its byte order mark, every line end a newline.

    Raises StoryProblems where it is over MAX_BYTES, not UTF-8, or holds a NUL.
    """
    size = len(source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise StoryProblems(
            [Problem(1, filled("The file is too big. A story can have %(most)s KiB.", most=MAX_BYTES // 1024))]
        )
    return text_of(source)


def refuse_too_much(text: str) -> None:
    """Raises StoryProblems for a text with more lines, passages or links than a file may hold, before it is parsed."""
    lines = "There are %(there)s lines in this file. Forum reads %(most)s. Make it shorter."
    passages = "There are %(there)s passages in this file. Forum reads %(most)s. Make the story smaller."
    links = "There are %(there)s links in this file. Forum reads %(most)s. Make the story smaller."
    for there, most, sentence in (
        (len(ENDS.findall(text)), MOST_LINES, lines),
        (text.count(f"\n{HEADER}"), MOST_PASSAGES, passages),
        (text.count("[["), MOST_LINKS, links),
    ):
        if there > most:
            raise StoryProblems([Problem(1, filled(sentence, there=f"{there:,}", most=f"{most:,}"))])


def text_of(source: bytes | str) -> str:
    """Returns the text of a file of any size; raises StoryProblems as `decode` does, except for its size."""
    if isinstance(source, bytes):
        try:
            text = source.decode("utf-8")
        except UnicodeDecodeError as error:
            line = source.count(b"\n", 0, error.start) + 1
            raise StoryProblems([Problem(line, "This is not UTF-8 text. Save the file as UTF-8.")]) from error
    else:
        text = source
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if (nul := text.find("\0")) >= 0:
        message = "This is not text: it holds a NUL character. Save the file as UTF-8."
        raise StoryProblems([Problem(text.count("\n", 0, nul) + 1, message)])
    return text


def hidden(text: str) -> str | None:
    """Returns the first character of `text` that no story may hold, as "U+202E"; None where there is none.

    Not allowed are control characters (except newline and tab), halves of surrogate pairs, and invisible characters
    that turn the reading direction or separate lines.
    """
    match = _HIDDEN.search(text)
    return f"U+{ord(match[0]):04X}" if match else None


def without_hidden(text: str) -> str:
    """Returns `text` without the characters that `hidden` finds, except returns, which `tidy` makes newlines of."""
    return _HIDDEN_BUT_RETURNS.sub("", text)


def shorten(text: str) -> str:
    """Returns `text` as a message can quote it: at most 60 characters, none hidden."""
    seen = "".join("\ufffd" if char in "\n\t" or hidden(char) else char for char in text[:61])
    return seen if len(seen) <= 60 else seen[:57] + "..."


def lines_of(line: str) -> list[str]:
    """Splits a line of a file at line breaks other than a newline."""
    return _BREAKS.split(line)


def tidy(text: str) -> str:
    """Returns plain text in canonical form: lines stripped, single empty lines between paragraphs, none at the ends."""
    lines: list[str] = []
    for line in (raw.strip() for raw in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).rstrip("\n")


def read(text: str, *, keep: bool = False) -> tuple[list[Passage], list[Problem]]:
    """Returns the passages of a decoded file in order, and every problem of its form.

    A passage without a name is left out. A hidden character is a problem, once a line, and is read as U+FFFD so that
    the rest can still be checked; with `keep` it stays, and the caller reports it. Line breaks other than a newline
    stay within their line: `lines_of` splits it.
    """
    problems: list[Problem] = []
    heads: list[tuple[int, str, tuple[str, ...]]] = []
    bodies: list[list[str]] = []
    stray = False
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw
        if not keep and (code := hidden(_BREAKS.sub("", raw))):
            problems.append(
                Problem(number, filled("There is a hidden character here (%(code)s). Take it out.", code=code))
            )
            line = "".join("\ufffd" if hidden(char) and not _BREAKS.match(char) else char for char in raw)
        if line.startswith(HEADER):
            name, tags, faults = _header(_BREAKS.sub(" ", line))
            problems += [Problem(number, fault) for fault in faults]
            heads.append((number, name, tags))
            bodies.append([])
        elif bodies:
            bodies[-1].append(_unescape_line(line))
        elif line.strip() and not stray:
            stray = True
            problems.append(Problem(number, 'There is text before the first passage. A passage starts with "::".'))
    passages = [
        Passage(name, tags, number, tuple(body))
        for (number, name, tags), body in zip(heads, bodies, strict=True)
        if name
    ]
    return passages, problems


def _header(line: str) -> tuple[str, tuple[str, ...], list[str]]:
    rest = line.removeprefix(HEADER)
    faults: list[str] = []
    end = _unescaped(rest, "[{")
    if _unescaped(rest[:end], "]}") < end:
        faults.append("Put a backslash before each bracket in a passage's name.")
    name = _decode_name(rest[:end]).strip()
    if not name:
        faults.append('This passage has no name. Write it after "::".')
    tags: tuple[str, ...] = ()
    if rest[end : end + 1] == "[":
        close = _unescaped(rest, "]", end + 1)
        if close == len(rest):
            faults.append('The tags are not closed. Put "]" after the last one.')
        tags = tuple(_decode_name(tag) for tag in rest[end + 1 : close].split())
        end = close + 1
    after = rest[end:].strip()
    if after:
        try:
            good = isinstance(json.loads(after), dict)
        except (ValueError, RecursionError):
            good = False
        if not good:
            faults.append("What follows the passage's name and tags is not a JSON object.")
    return name, tags, faults


def _unescaped(text: str, wanted: str, start: int = 0) -> int:
    """Returns the index, from `start`, of the first of the characters `wanted` without a backslash before it; else
    len(text).
    """
    index = start
    while index < len(text):
        if text[index] == "\\":
            index += 1
        elif text[index] in wanted:
            return index
        index += 1
    return len(text)


def _decode_name(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _encode_name(text: str) -> str:
    return _NEEDS_ESCAPE.sub(r"\\\g<0>", text)


def _unescape_line(line: str) -> str:
    # Twine removes the backslash of "\:" at the start of a line; of several, one is removed.
    return line[1:] if re.match(r"\\+:", line) else line


def _escape_line(line: str) -> str:
    return "\\" + line if re.match(r"::|\\+:", line) else line


def take_links(line: str) -> tuple[str, list[tuple[str, str]], list[str]]:
    """Returns a line of text without its links, the links as (words, scene), and the problems in them.

    A line with nothing but links (bullets and numbers allowed) becomes empty; a link in a sentence leaves its words
    there.
    """
    said, beside = [], []
    links: list[tuple[str, str]] = []
    faults: list[str] = []
    at = 0
    while (start := line.find("[[", at)) >= 0:
        end = line.find("]]", start + 2)
        content = line[start + 2 : end] if end >= 0 else ""
        if end < 0 or "[[" in content:
            faults.append('This link is not closed. Put "]]" at its end.')
            return line.replace("[[", ""), links, faults
        words, to = divide(content)
        if "][" in content:
            faults.append("A link can hold words and a scene, and nothing else.")
        elif not words or not to:
            faults.append("A link needs words and a scene: [[words->scene]].")
        else:
            links.append((words, to))
        said += [line[at:start], words]
        beside.append(line[at:start])
        at = end + 2
    beside.append(line[at:])
    if (links or faults) and not "".join(beside).strip(_BULLETS):
        return "", links, faults
    return "".join([*said, line[at:]]), links, faults


def divide(content: str) -> tuple[str, str]:
    """Returns the words and the scene in the content of a link's brackets."""
    if "->" in content:
        words, _, to = content.rpartition("->")
    elif "<-" in content:
        to, _, words = content.partition("<-")
    elif "|" in content:
        words, _, to = content.rpartition("|")
    else:
        words = to = content
    return words.strip(), to.strip()


def write_link(words: str, to: str) -> str:
    """Returns the link as a line. `link_fault` must find nothing in either part."""
    plain = words == to and not any(mark in to for mark in ("->", "<-", "|"))
    return f"[[{to}]]" if plain else f"[[{words}->{to}]]"


def link_fault(text: str, *, target: bool = False) -> str | None:
    """Returns why `text` cannot stand in a link, as its words or (`target`) as its scene; None where it can."""
    for mark in ("[[", "]]", "]["):
        if mark in text:
            return filled('it holds "%(mark)s"', mark=mark)
    if target and "->" in text:
        return filled('it holds "->"')
    if target and text.endswith("]"):
        return filled('it ends with "]"')
    return None


def write_passage(name: str, tags: Sequence[str], body: Iterable[str]) -> str:
    """Returns a passage with header and text, ending with a newline. Tags must hold no spaces, `name` no newline."""
    block = f" [{' '.join(_encode_name(tag) for tag in tags)}]" if tags else ""
    lines = [f"{HEADER} {_encode_name(name)}{block}", *(_escape_line(line) for line in body)]
    return "\n".join(lines) + "\n"
