"""The sheet of tickets: a PDF with as many pages as it needs, whatever is written on it."""

from __future__ import annotations

import re

from forum.ticketsheet import Slip, Words, sheet

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
