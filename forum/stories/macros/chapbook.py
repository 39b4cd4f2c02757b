"""Chapbook's notation: variables at the top, modifiers in brackets on lines of their own, inserts in braces."""

from __future__ import annotations

import re

from forum.stories.macros.notation import CODE, COMMENT, LEFT_OUT, LOST, PUTS_IN, Span, Text, link, strings

_END_OF_VARIABLES = re.compile(r"^--[ \t]*$", re.MULTILINE)
_MODIFIER = re.compile(r"[ \t]*\[([^\[\n][^\n]+[^\]\n])\][ \t]*")
_CODE = re.compile(r"(?:java\s?script|js|css)", re.IGNORECASE)
_NEVER_SHOWN = re.compile(r"(?:note(?:\s+to\s+(?:my)?self)?|n\.?\s?b\.?|todo|fix\s?me|ifnever(?:\s.*)?)", re.IGNORECASE)
_INSERT = re.compile(r"\{(?:[^{}\n'\"]|'[^'\n]*'|\"[^\"\n]*\"|\{[^{}\n]*\})+\}|\{[^{}\n]+\}")
_LEADS = re.compile(r"\{\s{0,9}(?:link\s{1,9}to|redirect\s{1,9}to)\s{0,9}:", re.IGNORECASE)
_REVEALS = re.compile(r"\{\s{0,9}reveal\s{1,9}link\s{0,9}:", re.IGNORECASE)
_PASSAGE = re.compile(r"\bpassage(?:\s{1,9}named)?\s{0,9}:", re.IGNORECASE)
_BACK = re.compile(r"\{\s{0,9}back\s{1,9}link\b", re.IGNORECASE)
_PROPERTY = re.compile(r",\s{0,9}([a-z]\w{0,30})\s{0,9}:\s{0,9}(\"[^\"]*\"|'[^']*')", re.IGNORECASE)


def variables(work: Text) -> None:
    """Removes the variables at the beginning of a passage."""
    end = _END_OF_VARIABLES.search(work.text)
    if not end:
        return
    head = work.text[: end.start()]
    if all(":" in said for said in head.split("\n") if said.strip()):
        spans, at = [], 0
        for said in (*head.split("\n")[:-1], end[0]):
            if said.strip():
                spans.append(Span(at, at + len(said)))
            at += len(said) + 1
        work.cut(spans)


def modifiers(work: Text) -> None:
    """Removes modifiers, and the lines up to the next modifier where these are code or never shown."""
    spans, at, hidden, first = list[Span](), 0, "", -1

    def end_of_hidden(end: int) -> None:
        if hidden and first >= 0 and work.text[first:end].strip():
            said = work.text[first:end].rstrip()
            spans.append(Span(first, first + len(said), "", hidden))

    for line in work.text.split("\n"):
        modifier = _MODIFIER.fullmatch(line)
        if modifier:
            end_of_hidden(at)
            spans.append(Span(at, at + len(line)))
            each = [part.strip() for part in modifier[1].split(";")]
            code = any(_CODE.fullmatch(part) for part in each)
            hidden = CODE if code else COMMENT if any(_NEVER_SHOWN.fullmatch(part) for part in each) else ""
            first = -1
        elif hidden and first < 0 and line.strip():
            first = at
        at += len(line) + 1
    end_of_hidden(len(work.text))
    work.cut(spans)


def inserts(work: Text) -> None:
    """Removes inserts; those that lead to a passage become links, and the words of a reveal link stay."""
    work.cut(_insert(insert) for insert in _INSERT.finditer(work.text) if not insert[0].isspace())


def _insert(insert: re.Match[str]) -> Span:
    said = insert[0]
    start, end = insert.span()
    leads, reveals = _LEADS.match(said), _REVEALS.match(said)
    if opening := leads or reveals:
        properties = {name.lower(): (strings(value) or [""])[0] for name, value in _PROPERTY.findall(said[:2000])}
        first = re.match(r"\s*(\"[^\"]*\"|'[^']*')", said[opening.end() :])
        main = (strings(first[1]) or [""])[0] if first else ""
        if leads:
            return Span(start, end, link(properties.get("label", ""), main), LOST)
        return Span(start, end, main.replace("[[", "["), PUTS_IN if "passage" in properties else LEFT_OUT)
    if _PASSAGE.search(said[:60]):
        return Span(start, end, "", PUTS_IN)
    return Span(start, end, "", LOST if _BACK.match(said) else LEFT_OUT)
