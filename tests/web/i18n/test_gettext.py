"""Every word that a page shows goes through gettext."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from forum.web.templates import TEMPLATES, environment

# Names that are the same in every language.
NAMES = {"Forum", "/check", "/rounds/", "/ballots.jsonl", "/record/", "python verify.py FILE.zip"}  # and what is typed
NAME = re.compile(r'(?<!\S)[a-z-]+="')  # of an attribute that a macro writes into somebody else's tag
TAG = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)
SPOKEN_ATTRIBUTE = re.compile(r'\b(?:alt|placeholder|aria-label|title|content)="([^"]*[A-Za-z]{3}[^"]*)"')
WORD = re.compile(r"[A-Za-z]{2,}")


def bare_words(source: str) -> list[str]:
    """Finds text of a template that is neither markup nor inside gettext."""
    plain, translating = [], False
    awaiting_name = False
    for _line, kind, value in environment().lex(source):
        if kind == "block_begin":
            awaiting_name = True
        elif kind == "name" and awaiting_name:
            awaiting_name = False
            translating = value == "trans" or (translating and value != "endtrans")
        elif kind == "data":
            plain.append("" if translating else value)
        elif kind in {"variable_begin", "variable_end", "block_end"}:
            plain.append("\x00" if kind == "variable_begin" else "")
    text = "".join(plain)
    spoken = [a for a in SPOKEN_ATTRIBUTE.findall(text) if not a.startswith(("width=", "light", "#", "noindex"))]
    words = [
        w
        for w in (piece.strip() for piece in re.split(r"[\x00]|\s{2,}", NAME.sub("  ", TAG.sub("  ", text))))
        if WORD.search(w)
    ]
    return [w for w in words + spoken if w not in NAMES]


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda p: str(p.relative_to(TEMPLATES)))
def test_no_template_has_a_word_that_cannot_be_translated(template: Path) -> None:
    assert bare_words(template.read_text()) == []


def test_the_test_would_notice() -> None:
    assert bare_words("<p>Hello there</p>") == ["Hello there"]
    assert bare_words('<img alt="A picture of it">') == ["A picture of it"]
    assert bare_words("<p>{% trans %}Hello{% endtrans %}</p><b>{{ _('Good day') }}</b>") == []
