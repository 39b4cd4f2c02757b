"""Tickets as a PDF to print and cut: eight on a sheet of A4, each with its QR code, readable by screen readers too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import segno
import typst

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


@dataclass(frozen=True)
class Slip:
    """One ticket as it is printed; `link` is what its QR code leads to."""

    number: str
    group: str
    code: str
    link: str


@dataclass(frozen=True)
class Words:
    """What stands on every ticket, in the reader's language; `mark` where it is none of a real event."""

    title: str
    lang: str
    how: str
    address: str
    once: str
    alt: str
    mark: str = ""


def sheet(slips: Sequence[Slip], words: Words) -> bytes:
    """The PDF, eight tickets a page."""
    tickets = [
        asdict(slip) | {"qr": segno.make(slip.link, error="m").svg_inline(border=0, omitsize=True)} for slip in slips
    ]
    data = json.dumps(asdict(words) | {"tickets": tickets})
    try:
        return typst.compile(_SHEET, sys_inputs={"data": data}, pdf_standards="ua-1")
    except typst.TypstError:
        # A group's name in letters that no font here has: PDF/UA refuses it, and the codes are needed all the same.
        return typst.compile(_SHEET, sys_inputs={"data": data})
