"""SugarCube's notation: macros between << and >>, comments, text without markup, setters and pictures in brackets."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from forum.stories import twee
from forum.stories.macros.notation import (
    CODE,
    COMMENT,
    LEFT_OUT,
    LOST,
    PUTS_IN,
    Next,
    Quotes,
    Span,
    Text,
    link,
    links,
    strings,
)

_PARTS = re.compile(r"/\*|/%|<<|\"\"\"|\{\{\{|<nowiki>|\[\[", re.IGNORECASE)
_COMMENTS = {"/*": "*/", "/%": "%/"}
_PLAIN = {'"""': '"""', "{{{": "}}}", "<nowiki>": "</nowiki>"}
_IN_MACRO = re.compile(r">>|[\"'`]|\[\[")
_MACRO = re.compile(
    r"<<\s{0,9}(/|end(?=(?:link|button|click|script|silently|silent|widget)\b))?\s{0,9}([A-Za-z][\w-]{0,60})?"
)
_CODE = frozenset({"script", "silently", "silent", "widget", "style", "createplaylist", "createaudiogroup"})
_LINKS = frozenset({"link", "button", "click"})
_SAYS = frozenset({"linkappend", "linkprepend", "linkrepeat"})
_SEVERAL = frozenset({"actions", "choice"})
_PUTS_IN = frozenset({"include", "display"})
_LEADS_BACK = frozenset({"return", "back"})
_MARKUP = re.compile(r"\[\[([^\[\]\n]{1,400})\](?:\[[^\[\]\n]{0,400}\])?\]")
_ARGUMENT = re.compile(
    r"\s*(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\[\[[^\[\]\n]{1,400}\](?:\[[^\[\]\n]{0,400}\])?\]|\S+)"
)
_PICTURE = re.compile(r"\[(?:img|<img|>img)\[[^\[\]\n]*\](?:\[[^\[\]\n]*\]){0,3}\]", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\[([^\[\]\n]*)\]")
_MARKS_OFF = "Here begin words without markup. The marks round them were left out."
_SETS = 'What this link does besides leading on was left out: "%(words)s".'


@dataclass
class _Open:
    """A macro that is not closed yet: its name, its start, the number of spans before it, the passages it leads to."""

    name: str
    start: int
    before: int
    words: str = ""
    targets: list[str] = field(default_factory=list)
    lost: bool = False


def macros(work: Text) -> None:
    """Removes comments and macros; those that lead to a passage become links."""
    text, at = work.text, 0
    ends = {mark: Next(text, mark) for mark in ("*/", "%/", '"""', "}}}", "</nowiki>", ">>", "]]", "\n")}
    quotes, scripts = Quotes(text), Next(text, "<</script>>")
    taken = _Taken(text)
    while part := _PARTS.search(text, at):
        mark, start, at = part[0].lower(), part.start(), part.end()
        if mark == "[[":
            if (end := ends["]]"].after(at)) < ends["\n"].after(at):
                at = end + 2
        elif mark == "<<":
            if (end := _end(text, at, quotes, ends[">>"], ends["]]"])) < 0:
                break
            taken.macro(start, end)
            at = end
            if text[start + 2 : start + 8].lower() == "script":  # JavaScript up to its closing macro
                code = scripts.after(at)
                at = code if code < len(text) else at
        else:
            closing = _COMMENTS.get(mark) or _PLAIN[mark]
            end = ends[closing].after(at)
            if end == len(text):
                continue
            if mark in _COMMENTS:
                taken.spans.append(Span(start, end + 2, "", COMMENT))
            else:
                taken.spans += [Span(start, at, "", _MARKS_OFF), Span(end, end + len(closing), "", "")]
            at = end + len(closing)
    work.cut(taken.spans)


def _end(text: str, at: int, quotes: Quotes, ends: Next, brackets: Next) -> int:
    """Returns the place after the macro that contains `at`, or -1. A ">>" in a string or a link does not end it."""
    plain = ends.after(at)
    if plain == len(text):
        return -1
    while part := _IN_MACRO.search(text, at):
        if part[0] == ">>":
            return part.end()
        if part[0] == "[[":
            end = brackets.after(part.end())
            at = end + 2 if end < len(text) else part.end()
        else:
            at = quotes.end(part.start())
    return plain + 2


class _Taken:
    """The spans to remove, collected macro by macro."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._open: list[_Open] = []
        self._names = Counter[str]()
        self.spans: list[Span] = []

    def macro(self, start: int, end: int) -> None:
        """Adds the next macro, from `start` to before `end`."""
        said = self._text[start:end]
        head = _MACRO.match(said)
        name = ((head[2] if head else "") or "").lower()
        if head and head[1]:
            self._close(name, start, end)
            return
        arguments = said[head.end() if head else 2 : -2]
        if name in _LINKS or name in _CODE:
            self._begin(name, start, end, arguments)
        elif name == "goto":
            words, targets, lost = _leads(arguments)
            where = targets or ([words] if words and not lost else [])
            if self._open and self._open[-1].name in _LINKS:
                self._open[-1].targets += where
                self._open[-1].lost = self._open[-1].lost or not where
            self.spans.append(Span(start, end, links("", where), LOST))
        elif name in _SEVERAL:
            self.spans.append(Span(start, end, "".join(_each(name, arguments)), LOST))
        elif name in _SAYS:
            self.spans.append(Span(start, end, _leads(arguments)[0] + " "))
        elif name in _LEADS_BACK:
            words, targets, _ = _leads(arguments)
            self.spans.append(Span(start, end, links(words, targets), LOST))
        elif name == "textbox":
            given = [argument[1] for argument in _ARGUMENT.finditer(arguments[:2000])]
            to = (strings(given[2]) or [""])[0] if len(given) > 2 else ""
            self.spans.append(Span(start, end, link("", to)))
        else:
            self.spans.append(Span(start, end, "", PUTS_IN if name in _PUTS_IN else LEFT_OUT))

    def _begin(self, name: str, start: int, end: int, arguments: str) -> None:
        words, targets, lost = _leads(arguments) if name in _LINKS else ("", [], False)
        self._open.append(_Open(name, start, len(self.spans), words, targets, lost))
        self._names[name] += 1
        instead = links(words, targets) or ("" if "[[" in words else words)
        self.spans.append(Span(start, end, instead, LOST if lost else LEFT_OUT))

    def _close(self, name: str, start: int, end: int) -> None:
        if not self._names[name]:
            # a closing macro without an opening one: noted only where nothing was noted before
            self.spans.append(Span(start, end, "", "" if self.spans else LEFT_OUT))
            return
        while True:
            opened = self._open.pop()
            self._names[opened.name] -= 1
            if opened.name == name:
                break
        # The content is never shown: it runs when the link is chosen. So spans inside are dropped.
        del self.spans[opened.before :]
        if name in _CODE:
            self.spans.append(Span(opened.start, end, "", CODE))
        else:
            instead = links(opened.words, opened.targets) or ("" if "[[" in opened.words else opened.words)
            self.spans.append(Span(opened.start, end, instead, LOST if opened.lost else LEFT_OUT))


def _leads(arguments: str) -> tuple[str, list[str], bool]:
    """Returns a link's words, its targets, and whether it leads to a place that only SugarCube can work out."""
    words, targets = "", list[str]()
    for number, argument in enumerate(_ARGUMENT.finditer(arguments[:2000])):
        if markup := _MARKUP.fullmatch(argument[1]):
            words, to = twee.divide(markup[1])
            return words, [to], False
        given = strings(argument[1])
        if number == 0:
            words = given[0] if given else ""
            if not given:
                return "", [], bool(argument[1].strip())
        elif given:
            return words, [given[0]], False
        else:
            return words, [], True
    return words, targets, False


def _each(name: str, arguments: str) -> list[str]:
    """Returns the links of a macro that holds several, joined in one text."""
    made: list[str] = []
    given = [argument[1] for argument in _ARGUMENT.finditer(arguments[:2000])]
    if name == "choice" and len(given) > 1:
        both = [(strings(argument) or [""])[0] for argument in given[:2]]
        return [link(both[1], both[0])]
    for argument in given:
        if markup := _MARKUP.fullmatch(argument):
            made.append(link(*twee.divide(markup[1])))
        else:
            made += [link("", to) for to in strings(argument) or []]
    return [" ".join(text for text in made if text)]


def brackets(work: Text) -> None:
    """Removes pictures, and setters in links; a picture that leads to a passage becomes a link."""
    text = work.text
    spans = [_picture(picture) for picture in _PICTURE.finditer(text)]
    ends, breaks, at = Next(text, "]]"), Next(text, "\n"), 0
    while (start := text.find("[[", at)) >= 0:
        at = start + 2
        if (end := ends.after(at)) < breaks.after(at):
            inside, divided, _ = text[at:end].partition("][")
            if divided:
                spans.append(Span(start, end + 2, f"[[{inside}]]", _SETS))
            at = end + 2
    work.cut(spans)


def _picture(picture: re.Match[str]) -> Span:
    title, *more = _IN_BRACKETS.findall(picture[0])
    words = title.rpartition("|")[0] if "|" in title else ""
    to = more[0] if more and not more[0].startswith(("$", "_", "http:", "https:")) else ""
    return Span(picture.start(), picture.end(), link(words, to))
