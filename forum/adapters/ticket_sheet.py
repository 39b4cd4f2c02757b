"""Tickets as a PDF to print and cut: eight on a sheet of A4, each with its QR code, readable by screen readers too.

A letter that no font on this machine has is printed as a box. `boxes` says which those would be, before anything is
printed: Typst itself is asked, with the fonts that it finds, so it is the truth on this machine.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import msgspec
import segno

from forum.errors import needed

# The data comes in as JSON and is never part of the program.
_SHEET = b"""
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#set page(paper: "a4", margin: 12mm)
#set text(lang: data.lang, size: 10pt, font: "Libertinus Serif")
#let ticket(one) = box(
  width: 100%, height: 64mm, stroke: (paint: luma(120), thickness: 0.6pt, dash: "dashed"), inset: 5mm,
  grid(columns: (1fr, 42mm), column-gutter: 4mm,
    {
      if data.mark != "" {
        text(size: 14pt, weight: "bold", fill: rgb("#8a4b00"), upper(data.mark))
        linebreak()
      }
      if data.by != "" {
        text(size: 9pt, weight: "bold", data.by)
        linebreak()
      }
      text(size: 9pt, data.title)
      linebreak()
      text(size: 13pt, weight: "bold", one.group)
      v(2mm)
      text(size: 9pt, data.how)
      linebreak()
      text(size: 9pt, data.address)
      v(1mm)
      text(size: 12pt, font: "DejaVu Sans Mono", weight: "bold", one.code)
      v(1fr)
      text(size: 8pt, data.once)
      linebreak()
      text(size: 8pt, one.number)
    },
    image(bytes(one.qr), format: "svg", width: 42mm, alt: data.alt),
  ),
)
#grid(columns: (1fr, 1fr), ..data.tickets.map(ticket))
"""


# One line for each letter, in the sheet's own font and whatever else is found for it.
_LETTERS = b"""
#set document(title: "Letters")
#set text(font: "Libertinus Serif")
#for letter in json(bytes(sys.inputs.data)) { box(letter); linebreak() }
"""
# Letters, digits and marks of European languages: the font that Typst brings along has them.
_EVERYWHERE = re.compile("[\\s!-~\u00a0-\u017f\u2010-\u2015\u2018-\u201d\u2026]*")
_REFUSED = re.compile(r'the text `"(.*?)"` could not be displayed', re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-fA-F]{1,6})\}")
_MOST_BOXES = 12  # that are named: each takes a look of some hundredths of a second
_CJK, _EMOJI, _OTHERS = "fonts-noto-cjk", "fonts-noto-color-emoji", "fonts-noto-core"
_PACKAGES = (
    (0x1100, 0x11FF, _CJK),  # Hangul
    (0x2E80, 0x2FDF, _CJK),  # radicals
    (0x3000, 0x9FFF, _CJK),  # Kana, Bopomofo, Hangul, Han
    (0xA960, 0xA97F, _CJK),
    (0xAC00, 0xD7FF, _CJK),
    (0xF900, 0xFAFF, _CJK),
    (0xFF00, 0xFFEF, _CJK),
    (0x20000, 0x3FFFF, _CJK),
    (0x2600, 0x27BF, _EMOJI),
    (0x1F000, 0x1FAFF, _EMOJI),
)


class Boxes(msgspec.Struct, frozen=True):
    """Letters that would be boxes, and Debian's `packages` with fonts that have them (none for private letters)."""

    letters: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


def boxes(texts: Iterable[str]) -> Boxes:
    """Finds letters of these texts that would be printed as boxes, _MOST_BOXES at the most, in up to half a second."""
    with needed("typst"):
        import typst  # noqa: PLC0415 - here, in a thread: a start should not wait for it

    # Joiners, marks and the like are drawn with what stands before them.
    letters = {
        letter
        for letter in dict.fromkeys("".join(text for text in texts if not _EVERYWHERE.fullmatch(text)))
        if unicodedata.category(letter) not in ("Cf", "Cc", "Mn", "Me", "Mc", "Zs")
        and not _EVERYWHERE.fullmatch(letter)
    }
    unprintable: list[str] = []
    while letters and len(unprintable) < _MOST_BOXES:
        try:
            typst.compile(_LETTERS, sys_inputs={"data": json.dumps(sorted(letters))}, pdf_standards="ua-1")
        except typst.TypstError as error:
            said = _REFUSED.search(str(error))
            text = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), said[1]) if said else ""
            refused = [letter for letter in text if letter in letters]
            if not refused:
                break
            unprintable += refused
            letters -= set(refused)
        else:
            break
    return Boxes(
        tuple(unprintable), tuple(sorted({package for letter in unprintable if (package := _package(letter))}))
    )


def _package(letter: str) -> str:
    if unicodedata.category(letter) in ("Co", "Cn", "Cs"):
        return ""
    return next((package for first, last, package in _PACKAGES if first <= ord(letter) <= last), _OTHERS)


@dataclass(frozen=True)
class Slip:
    """One ticket as it is printed; `link` is what its QR code leads to."""

    number: str
    group: str
    code: str
    link: str


@dataclass(frozen=True)
class Words:
    """The words on every ticket, in the reader's language; `mark` stands on those of a rehearsal, "" on real ones.
    `by` is the organisation, "" where it has said no name."""

    title: str
    lang: str
    how: str
    address: str
    once: str
    alt: str
    mark: str = ""
    by: str = ""


def check() -> None:
    """Raises LibraryMissing where nothing can be drawn: before codes are made that only a sheet would show."""
    with needed("typst"):
        import typst  # noqa: F401, PLC0415 - to see whether it is there, when a start is long over


def sheet(slips: Sequence[Slip], words: Words) -> bytes:
    """Draws the PDF, eight tickets a page."""
    with needed("typst"):
        import typst  # noqa: PLC0415 - here, in a thread: a start should not wait for it

    tickets = [
        asdict(slip) | {"qr": segno.make(slip.link, error="m").svg_inline(border=0, omitsize=True)} for slip in slips
    ]
    data = json.dumps(asdict(words) | {"tickets": tickets})
    try:
        return typst.compile(_SHEET, sys_inputs={"data": data}, pdf_standards="ua-1")
    except typst.TypstError:
        # A group's name in letters that no font here has: PDF/UA refuses it, and the codes are needed all the same.
        return typst.compile(_SHEET, sys_inputs={"data": data})
