"""What a story format puts into a passage besides words: macros, hooks, code and HTML, taken out, and each one told.

Forum plays plain text. The formats that Twine comes with each have their own notation (Harlowe, SugarCube, Snowman,
Chapbook); of a format that is not known, everything that looks like one of theirs is taken out. Every pass goes over
the text once, however it was written, and keeps its line breaks, so that a line can be named.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from forum import twee
from forum.errors import filled

HARLOWE, SUGARCUBE, SNOWMAN, CHAPBOOK, PAPERTHIN = "harlowe", "sugarcube", "snowman", "chapbook", "paperthin"
FORMATS = (HARLOWE, SUGARCUBE, SNOWMAN, CHAPBOOK, PAPERTHIN)

# Those of Harlowe's that stand by themselves or before a hook. It reads their names without case, dashes and
# underscores. Words in round brackets that begin with anything else, as "(Nurse: come in)", are words.
_HARLOWE = re.compile(
    "set|put|move|unpack|print|display|if|unless|elseif|else|for|loop|either|cond|nth|"
    "link(replace|reveal|repeat|goto|undo|rerun|revealgoto|show|storylet|fullscreen)?|cyclinglink|seqlink|sequencelink|"
    "dropdown|checkbox|checkboxfullscreen|inputbox|forceinputbox|"
    "(click|mouseover|mouseout)(replace|append|prepend|goto|undo|rerun)?|"
    "live|event|afterer|replace|append|prepend|rerun|show|hide|change|enchant|enchantin|"
    "(transition|t8n)(time|depart|arrive|delay|skip)?|"
    "text(style|colou?r|rotate[xyz]?|size|indent)|colou?r|background|bg|font|align|box|floatbox|css|hook|opacity|border|"
    "cornerradius|linestyle|linkstyle|charstyle|collapse|nobr|verbatim|verbatimprint|meter|columns|"
    "visited|savegame|loadgame|goto|undo|redirect|restart|reload|openurl|gotourl|alert|prompt|confirm|dialog|"
    "random|storylet|openstorylets|storyletsby|exclusivity|urgency|macro|output|outputdata|seed|metadata|ignore|debug"
)
_TAKEN = "\x01"  # where a macro stood; no other control character is left in the text by then
_CAPITALS = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_QUOTED = r"\s*(?:\"([^\"\n]*)\"|'([^'\n]*)')\s*"
_LINK_GOTO = re.compile(rf"\(\s*link-?goto\s*:{_QUOTED}(?:,{_QUOTED})?\)", re.IGNORECASE)
_LINK_MACRO = re.compile(rf"<<\s*(?:link|button){_QUOTED}{_QUOTED}>>", re.IGNORECASE)
_MACRO_PARTS = re.compile(r"\(\s{0,8}([A-Za-z][\w-]{0,40})\s{0,8}:|[()]|(?<!\w)['\"]|(?<=\w)\"|(?<=\w)'")
_HOOK_PARTS = re.compile(r"\|[\w-]{1,60}[>)]\[|" + _TAKEN + r"[ ]?\[(?!\[(?!\[))|\]<[\w-]{1,60}\||\[\[|\[|\]")
_SETTER = re.compile(r"\[\[([^\[\]\n]*)\]\[[^\[\]\n]*\]\]")
_PICTURE = re.compile(r"\[(?:img|<img|>img)\[[^\[\]\n]*\](?:\[[^\[\]\n]*\])*\]", re.IGNORECASE)
_HTML = re.compile(
    r"</?(?:a|abbr|article|aside|audio|b|big|blockquote|body|br|button|canvas|center|cite|code|del|details|div|em|embed|"
    r"figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|li|link|main|mark|"
    r"meta|nav|object|ol|option|p|picture|pre|q|s|script|section|select|small|source|span|strike|strong|style|sub|"
    r"summary|sup|svg|table|tbody|td|textarea|tfoot|th|thead|title|tr|tt|u|ul|video|[a-z]+-[a-z0-9-]{1,40})"
    r"(?:\s[^<>]*|/)?>",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"</?(?:br|p|div|li|tr|td|th|h[1-6]|hr)\b", re.IGNORECASE)
_MODIFIER = re.compile(r"^[ \t]*\[[^\[\]\n]+\][ \t]*$", re.MULTILINE)
_INSERT = re.compile(r"\{[^{}\n]+\}")
_VARIABLE = re.compile(r"\$[A-Za-z_]\w{0,60}")

_CLOSERS = ("</", "<</")
_MADE_A_LINK = '"%(words)s" was made a plain link.'
_LEFT_OUT = '"%(words)s" was left out: it is an instruction to the story format, not words.'


@dataclass
class _Text:
    """A passage's text while parts are taken out; `notes` are (index of the line, sentence)."""

    text: str
    notes: list[tuple[int, str]] = field(default_factory=list)

    def note(self, starts: Sequence[int], at: int, sentence: str) -> None:
        self.notes.append((bisect_right(starts, at) - 1, sentence))

    def starts(self) -> list[int]:
        """Where each line begins."""
        return [0, *accumulate(len(line) + 1 for line in self.text.split("\n"))][:-1]

    def cut(self, spans: Iterator[tuple[int, int, str]], sentence: str) -> None:
        """Puts another text in place of each span, from left to right; the line breaks in it stay."""
        starts, parts, done, opened = self.starts(), [], 0, False
        for start, end, instead in spans:
            said = self.text[start:end]
            if instead.startswith("[[") and not said.startswith("[["):
                self.note(starts, start, filled(_MADE_A_LINK, words=twee.shorten(said)))
            elif opened and said.startswith(_CLOSERS):
                pass  # what it closes was told
            elif "%(words)s" in sentence:
                self.note(starts, start, filled(sentence, words=twee.shorten(said.replace(_TAKEN, ""))))
            elif sentence:
                self.note(starts, start, sentence)
            opened = True
            parts += [self.text[done:start], instead, "\n" * said.count("\n")]
            done = end
        self.text = "".join([*parts, self.text[done:]])


def plain(lines: Sequence[str], story_format: str) -> tuple[list[str], list[tuple[int, str]]]:
    """The words of a passage, line for line, and what was left out: (index of the line, sentence), in order.

    `lines` hold nothing that `twee.hidden` finds. `story_format` is a name as Twine writes it, in any case.
    """
    work = _Text("\n".join(lines))
    known = story_format.casefold().strip()
    for name, rule in _RULES:
        if name in (known, "") or (known not in FORMATS and name != CHAPBOOK):
            rule(work)
    work.text = work.text.replace(_TAKEN, "")
    return work.text.split("\n"), sorted(work.notes)


def _between(opening: str, closing: str) -> Callable[[_Text], None]:
    def rule(work: _Text) -> None:
        def spans() -> Iterator[tuple[int, int, str]]:
            low, at = work.text.translate(_CAPITALS), 0
            while (start := low.find(opening, at)) >= 0 and (end := low.find(closing, start + len(opening))) >= 0:
                at = end + len(closing)
                yield start, at, _way_on(_LINK_MACRO.fullmatch(work.text[start:at]) if opening == "<<" else None)

        work.cut(spans(), _LEFT_OUT)

    return rule


def _way_on(found: re.Match[str] | None) -> str:
    """A link in place of a macro that is nothing else than one."""
    if not found:
        return ""
    words, to = (found[1] or found[2] or ""), (found[3] or found[4] or found[1] or found[2] or "")
    if twee.link_fault(words) or twee.link_fault(to, target=True):
        return ""
    return twee.write_link(words.strip(), to.strip())


def _matches(pattern: re.Pattern[str], instead: str, sentence: str) -> Callable[[_Text], None]:
    def rule(work: _Text) -> None:
        work.cut(((m.start(), m.end(), m.expand(instead)) for m in pattern.finditer(work.text)), sentence)

    return rule


def _harlowe_macros(work: _Text) -> None:
    spans: list[tuple[int, int, str]] = []
    open_since, depth, quote = -1, 0, ""
    for part in _MACRO_PARTS.finditer(work.text):
        mark = part[0]
        if depth == 0:
            if part[1] and _HARLOWE.fullmatch(re.sub("[-_]", "", part[1]).lower()):
                open_since, depth = part.start(), 1
        elif mark in {"'", '"'}:
            # After a letter it is the end of a text, or the 's of "the $bag's weight".
            before = work.text[part.start() - 1]
            if quote == mark:
                quote = ""
            elif not quote and not (before.isalnum() or before == "_"):
                quote = mark
        elif not quote and mark.startswith("("):
            depth += 1
        elif not quote and mark == ")":
            depth -= 1
            if depth == 0:
                said = work.text[open_since : part.end()]
                spans.append((open_since, part.end(), _way_on(_LINK_GOTO.fullmatch(said)) or _TAKEN))
    if depth:
        sentence = "There is no end to the macro that begins here. It stands in the text as it is."
        work.note(work.starts(), open_since, sentence)
    work.cut(iter(spans), _LEFT_OUT)


def _harlowe_hooks(work: _Text) -> None:
    text, at = work.text, 0
    ends, breaks = _Next(text, "]]"), _Next(text, "\n")
    stack: list[tuple[tuple[int, int], bool]] = []  # brackets not closed yet; whether each is known to be a hook's
    spans: list[tuple[int, int]] = []
    while part := _HOOK_PARTS.search(text, at):
        mark, at = part[0], part.end()
        if mark == "[[":
            if (end := ends.after(at)) < breaks.after(at):
                at = end + 2
        elif mark.endswith("["):
            stack.append((part.span(), mark != "["))
        elif stack:
            beside, hook = stack.pop()
            if hook or mark != "]":
                spans += [beside, part.span()]
    spans.sort()
    starts = work.starts()
    for start, _ in spans:
        if text[start] != "]":
            work.note(starts, start, "The hook that begins here was taken off. Its words were kept.")
    work.cut(((start, end, "") for start, end in spans), "")


class _Next:
    """Where a mark stands next: asked for places further and further on, it looks at the text once."""

    def __init__(self, text: str, mark: str) -> None:
        self._text, self._mark, self._found = text, mark, -1

    def after(self, at: int) -> int:
        """The first place from `at` on; the end of the text where there is none."""
        if self._found < at:
            found = self._text.find(self._mark, at)
            self._found = found if found >= 0 else len(self._text)
        return self._found


def _html(work: _Text) -> None:
    def spans() -> Iterator[tuple[int, int, str]]:
        for found in _HTML.finditer(work.text):
            yield found.start(), found.end(), " " if _BLOCK.match(found[0]) else ""

    work.cut(spans(), '"%(words)s" was left out: it is HTML. The words in it were kept.')


def _chapbook_variables(work: _Text) -> None:
    head, line, _rest = work.text.partition("\n--\n")
    if line and all(":" in said for said in head.split("\n") if said.strip()):
        work.cut(iter([(0, len(head) + len(line) - 1, "")]), _LEFT_OUT)


def _variables(work: _Text) -> None:
    starts = work.starts()
    for found in _VARIABLE.finditer(work.text):
        work.note(
            starts, found.start(), filled('"%(found)s" is a variable. It stands in the text as it is.', found=found[0])
        )


# In this order; "" is for every format.
_RULES: tuple[tuple[str, Callable[[_Text], None]], ...] = (
    ("", _between("<!--", "-->")),
    ("", _between("<script", "</script>")),
    ("", _between("<style", "</style>")),
    (CHAPBOOK, _chapbook_variables),
    (CHAPBOOK, _matches(_MODIFIER, "", _LEFT_OUT)),
    (CHAPBOOK, _matches(_INSERT, "", _LEFT_OUT)),
    (SNOWMAN, _between("<%", "%>")),
    (SUGARCUBE, _between("<<", ">>")),
    (SUGARCUBE, _matches(_PICTURE, "", _LEFT_OUT)),
    (SUGARCUBE, _matches(_SETTER, r"[[\1]]", 'What this link does besides leading on was left out: "%(words)s".')),
    (HARLOWE, _harlowe_macros),
    (HARLOWE, _harlowe_hooks),
    ("", _html),
    (HARLOWE, _variables),
    (SUGARCUBE, _variables),
)
