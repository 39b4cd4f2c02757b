"""Notation that several formats share: HTML, marks for bold and italics, backslashes that join lines, pairs of
marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from forum.stories.macros.notation import LEFT_OUT, LOST, NOTHING, Next, Span, Text, link

_HTML = re.compile(
    r"</?(?:a|abbr|article|aside|audio|b|big|blockquote|body|br|button|canvas|center|cite|code|del|details|div|em|embed|"
    r"figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|li|link|main|mark|"
    r"meta|nav|object|ol|option|p|picture|pre|q|s|script|section|select|small|source|span|strike|strong|style|sub|"
    r"summary|sup|svg|table|tbody|td|textarea|tfoot|th|thead|title|tr|tt|u|ul|video|[a-z]+-[a-z0-9-]{1,40})"
    r"(?:\s[^<>]*|/)?>",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"</?(?:br|p|div|li|tr|td|th|h[1-6]|hr)\b", re.IGNORECASE)
_NAME = re.compile(r"<([a-z0-9-]+)", re.IGNORECASE)
_LEADS = re.compile(
    r"\s(?:data-passage|passage-name)\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))"
    r"|story\.show\(\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|&quot;([^&]*)&quot;)",
    re.IGNORECASE,
)
_WORKED_OUT = re.compile(r"\s(?:sc-eval:|@)data-passage\b", re.IGNORECASE)
_NO_WAYS = frozenset({"img", "audio", "video", "source"})  # there it names a passage that holds a picture
_LONGEST_WAY = 2000  # letters between the two tags of a link
_HTML_LEFT_OUT = '"%(words)s" was left out: it is HTML. The words in it were kept.'
_MARKS_LEFT_OUT = "Marks for bold, italics, headings or where words stand were left out. The words were kept."
_JOINED = "The backslash that joins this line with another was left out."


def between(opening: str, closing: str, sentence: str = LEFT_OUT) -> Callable[[Text], None]:
    """Returns a rule that removes everything between two marks, given in lower case, with the marks.

    A first mark right after another "<" is left alone: it belongs to a SugarCube macro.
    """

    def rule(work: Text) -> None:
        # Only ASCII is put in lower case, so that the length, and with it every place, stays the same.
        low = re.sub("[A-Z]+", lambda capitals: capitals[0].lower(), work.text)
        ends, at = Next(low, closing), 0
        spans: list[Span] = []
        while (start := low.find(opening, at)) >= 0 and (end := ends.after(start + len(opening))) < len(low):
            macro = low[start - 1 : start] == "<"
            at = start + 1 if macro else end + len(closing)
            if not macro:
                spans.append(Span(start, at, "", sentence))
        work.cut(spans)

    return rule


def html(work: Text) -> None:
    """Removes HTML tags; an element that leads to a passage becomes a link."""
    text = work.text

    def spans() -> Iterator[Span]:
        at, opened = 0, False
        while tag := _HTML.search(text, at):
            at = tag.end()
            if way := _way(text, tag):
                at = way.end
                yield way
                continue
            closes = opened and tag[0].startswith("</")  # what it closes was told
            lost = LOST if _WORKED_OUT.search(tag[0]) else _HTML_LEFT_OUT
            yield Span(tag.start(), at, " " if _BLOCK.match(tag[0]) else "", "" if closes else lost)
            opened = True

    work.cut(spans())


def _way(text: str, tag: re.Match[str]) -> Span | None:
    """Returns the span of a whole element that leads to a passage, replaced by a link; None for other tags."""
    name, leads = _NAME.match(tag[0]), _LEADS.search(tag[0])
    if not name or not leads or name[1].lower() in _NO_WAYS:
        return None
    to = next(part for part in leads.groups() if part is not None)
    end = re.compile(rf"</{name[1]}\s{{0,9}}>", re.IGNORECASE).search(text, tag.end(), tag.end() + _LONGEST_WAY)
    words = _HTML.sub(" ", text[tag.end() : end.start()]) if end else ""
    instead = link(words, to) or link("", to)
    return Span(tag.start(), end.end() if end else tag.end(), instead) if instead else None


def joined(work: Text) -> None:
    """Joins lines at a backslash at the end of a line or at the beginning of the next."""
    work.cut(Span(m.start(), m.end(), NOTHING, _JOINED) for m in re.finditer(r"\\\n|\n\\(?!\n)", work.text))


def _pair(mark: str, before: str = "", after: str = "") -> str:
    """Returns a pattern for words between two marks on one line. It searches no further than the next mark."""
    m = re.escape(mark)
    return rf"{before}{m}(?=\S)((?:(?!{m})[^\n])+)(?<=\S){m}{after}"


_SLASHES = _pair("//", r"(?<![:/])", r"(?!/)").replace(r"(?<=\S)", r"(?<![\s:/])")
_RULE, _HEADING = r"^[ \t]*(?:-{3,}|(?:\*[ \t]?){3,}|_{3,})[ \t]*$", r"^[ \t]*#{1,6}[ \t]+(?=\S)"
_ALIGNED = r"^[ \t]*(?:=+>|<=+|=+><=+|<=+>|\|=+\|?|=+\|=*|=+\|\|=+)[ \t]*$"
_ONE_STAR = r"(?<![\w*])\*(?=[^\s*])([^*\n]+)(?<=\S)\*(?![\w*])"
_ONE_LINE = r"(?<![\w_])_(?=[^\s_])([^_\n]+)(?<=\S)_(?![\w_])"


def styles(*patterns: str) -> Callable[[Text], None]:
    """Returns a rule that removes the marks of each pattern and keeps its group, if it has one."""
    compiled = [re.compile(pattern, re.MULTILINE) for pattern in patterns]

    def rule(work: Text) -> None:
        for pattern in compiled:
            work.cut(
                Span(m.start(), m.end(), m[1] if pattern.groups else "", _MARKS_LEFT_OUT)
                for m in pattern.finditer(work.text)
                if "[[" not in m[0] or pattern.groups
            )

    return rule


harlowe_styles = styles(
    _ALIGNED,
    _RULE,
    r"^[ \t]*#{1,6}[ \t]*(?=[^\s#])",
    _pair("''"),
    _SLASHES,
    _pair("~~"),
    _pair("^^"),
    _pair("**"),
    _ONE_STAR,
)
sugarcube_styles = styles(
    r"@@(?:[^@\n;]{1,80};){0,5}([^@\n]*)@@",
    r"^-{4,}[ \t]*$",
    r"^!{1,6}[ \t]*(?=[^\s!])",
    r"^(?:>+|<<<)[ \t]*",
    _pair("''"),
    _SLASHES,
    _pair("__"),
    _pair("=="),
    _pair("~~"),
    _pair("^^"),
)
markdown_styles = styles(
    _RULE, _HEADING, r"^[ \t]*>[ \t]*", _pair("**"), _pair("__"), _pair("~~"), _ONE_STAR, _ONE_LINE, r"`([^`\n]+)`"
)
