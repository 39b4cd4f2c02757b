"""Snowman's notation: JavaScript in templates, which may lead to a passage."""

from __future__ import annotations

import re

from forum.stories.macros.notation import CODE, LOST, Next, Span, Text, link

_SHOWS = re.compile(r"story\.show\(\s{0,9}(?:\"([^\"\n]*)\"|'([^'\n]*)')\s{0,9}[,)]")


def templates(work: Text) -> None:
    """Removes `<% %>`; code that shows a passage by name is replaced by a link to it."""
    text, at = work.text, 0
    ends = Next(text, "%>")
    spans: list[Span] = []
    while (start := text.find("<%", at)) >= 0 and (end := ends.after(start + 2)) < len(text):
        at = end + 2
        code = text[start:at]
        shows = _SHOWS.search(code)
        to = link("", shows[1] or shows[2] or "") if shows else ""
        spans.append(Span(start, at, to, LOST if "story.show(" in code else CODE))
    work.cut(spans)
