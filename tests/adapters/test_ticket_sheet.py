"""The sheet of tickets: a PDF with as many pages as it needs, whatever is written on it."""

from __future__ import annotations

import re

import pytest

from forum.adapters import ticket_sheet
from forum.adapters.ticket_sheet import Slip, Words, boxes, sheet

WORDS = Words("A day", "en", "Point your camera at the square", "forum.test/join", "One vote", "QR code")


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def a_slip(number: int, group: str = "Carers") -> Slip:
    return Slip(f"No. {number}", group, "K7MQ-2RXP-9FHT", "http://forum.test/s/123456/ticket/K7MQ2RXP9FHT")


def test_eight_tickets_stand_on_a_page_of_a4() -> None:
    eight, nine = (sheet([a_slip(n) for n in range(count)], WORDS) for count in (8, 9))
    assert (pages(eight), pages(nine)) == (1, 2)
    assert eight.startswith(b"%PDF-")
    assert re.search(rb"/MediaBox\s*\[\s*0 0 595\.\d+ 841\.\d+\s*\]", eight)
    assert b"pdfuaid" in eight


def test_words_are_printed_and_never_run() -> None:
    odd = '"]) #panic("x") $a$ \\ {{ }} <b>'
    assert pages(sheet([a_slip(1, odd)], WORDS)) == 1


def test_a_name_that_no_font_has_does_not_keep_the_codes_from_being_printed() -> None:
    assert pages(sheet([a_slip(1, "\U0001f3ad \ue000")], WORDS)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Carers & staff",
        "Gofalwyr \u0175 \u0177 \u2013 \u201cni\u201d",
        "cafe\u0301",
        "a\u00adb\u200b",
        "1 \u00bd \u20ac?\n\tx",
    ],
)
def test_ordinary_letters_are_never_called_boxes(text: str) -> None:
    assert boxes([text, text]) == ticket_sheet.Boxes()


PRIVATE = "\U000f1234"


def test_letters_that_no_font_has_are_named_once_and_without_a_package() -> None:
    assert boxes([f"A {PRIVATE}", PRIVATE, "B"]) == ticket_sheet.Boxes((PRIVATE,), ())


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("\u62a4\u7406", "fonts-noto-cjk"),
        ("\u304b\u306a", "fonts-noto-cjk"),
        ("\ud55c\uad6d", "fonts-noto-cjk"),
        ("\U0001f9d1", "fonts-noto-color-emoji"),
        ("\u0a2a\u0a70\u0a1c\u0a3e\u0a2c\u0a40", "fonts-noto-core"),
        ("\u0dc3\u0dd2\u0d82\u0dc4\u0dbd", "fonts-noto-core"),
        ("\u1218", "fonts-noto-core"),
    ],
)
def test_what_is_called_a_box_is_what_typst_would_not_draw(text: str, package: str) -> None:
    """Holds with whatever fonts are here: either nothing is missing and the accessible PDF comes, or the package is
    named."""
    found = boxes([text])
    printed = sheet([a_slip(1, text)], WORDS)
    assert (b"pdfuaid" in printed) is (found.letters == ())
    assert found.packages == ((package,) if found.letters else ())
    assert set(found.letters) <= set(text)


def test_scripts_from_right_to_left_that_a_font_has_are_printed() -> None:
    text = "\u0631\u0639\u0627\u064a\u0629 \u05e2\u05d1\u05e8\u05d9\u05ea"
    assert (b"pdfuaid" in sheet([a_slip(1, text)], WORDS)) is (boxes([text]).letters == ())


def test_very_many_letters_are_not_all_looked_at() -> None:
    assert len(boxes("".join(chr(0xF0000 + n)) for n in range(500)).letters) == 12
