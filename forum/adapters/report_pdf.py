"""The commissioner's report as a PDF (A4, tagged, PDF/UA-1 where the fonts here have every letter), drawn by Typst.

A report is a list of blocks, which forum/web/report.py makes; the HTML of the same report is made of the same blocks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from forum.errors import needed

# The data comes in as JSON and is never part of the program.
_REPORT = b"""
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title, date: none)
#set page(paper: "a4", margin: 20mm, numbering: if data.poster { none } else { "1" })
#set text(lang: data.lang, region: data.region, size: if data.poster { 15pt } else { 10.5pt }, font: "Libertinus Serif")
#set table(stroke: 0.4pt + luma(150), inset: 5pt)
#show heading: set block(above: 1.4em, below: 0.7em)
#if data.by != none {
  block(below: 1.6em, grid(columns: (auto, 1fr), column-gutter: 4mm, align: horizon,
    if data.by.logo != "" {
      let height = if data.poster { 16mm } else { 11mm }
      image(bytes(data.by.logo), format: "svg", height: height, alt: data.by.name)
    },
    text(weight: "bold", data.by.name)))
}
#let lines(words) = words.split("\\n").join(linebreak())
#for one in data.blocks {
  if one.kind == "heading" { heading(level: one.level, lines(one.words)) }
  if one.kind == "paragraph" { par(lines(one.words)) }
  if one.kind == "items" { list(..one.items.map(lines)) }
  if one.kind == "table" {
    block(sticky: true, strong(lines(one.caption)))
    table(
      columns: (2fr,) + (1fr,) * (one.head.len() - 1),
      table.header(..one.head.map(words => strong(lines(words)))),
      ..one.rows.flatten().map(lines),
    )
  }
  if one.kind == "picture" { image(bytes(one.svg), format: "svg", width: 100%, alt: one.alt) }
}
"""
# Fills of forum/web/charts as static/forum.css has them, for files that have no style sheet beside them.
CHART_STYLE = (
    ".series-1{fill:#135e57}.series-2{fill:#c26a1b}.series-3{fill:#6a4ba0}.series-4{fill:#a5293c}"
    ".series-5{fill:#35699f}.series-6{fill:#7c6a1d}.series-none,.series-away{fill:#85786d}"
)
_LANGUAGE = re.compile("([a-z]{2,3})(?:-([A-Z]{2}))?")
ZERO_WIDTH = "\u200b"  # a space of no width, at which a line may end
_LONG_WORD = re.compile(r"\S{32,}")
_PIECE = 24  # letters of a long word after which a line may end


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the report's title."""

    level: int
    words: str
    kind: str = "heading"


@dataclass(frozen=True)
class Paragraph:
    """Words, which may have several lines."""

    words: str
    kind: str = "paragraph"


@dataclass(frozen=True)
class Items:
    """A list without numbers."""

    items: tuple[str, ...]
    kind: str = "items"


@dataclass(frozen=True)
class Table:
    """A table whose first row and first column are headings; every row is as long as `head`."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kind: str = "table"


@dataclass(frozen=True)
class Picture:
    """A picture as SVG, and the words that stand for it."""

    svg: str
    alt: str
    kind: str = "picture"


Block = Heading | Paragraph | Items | Table | Picture


@dataclass(frozen=True)
class Letterhead:
    """The organisation at the top of a report: its name, and its logo as SVG ("" for none)."""

    name: str
    logo: str = ""


def pdf(blocks: Sequence[Block], title: str, lang: str, *, poster: bool = False, by: Letterhead | None = None) -> bytes:
    """Draws the report; the same blocks give the same bytes. Words are text, whatever they look like; a very long one
    may be broken at a line's end. `lang` is a language's code, with its region or without (cy, pt-BR); for any other
    the report is said to be in no language ("und", ISO 639-2). A `poster` has larger letters, and no numbers of pages;
    `by` stands at the top.
    """
    with needed("typst"):
        import typst  # noqa: PLC0415 - here, in a thread: a start should not wait for it

    known = _LANGUAGE.fullmatch(lang)
    of_it = {"lang": known[1], "region": known[2]} if known else {"lang": "und", "region": None}
    head = {"by": asdict(by) if by else None, "poster": poster}
    data = of_it | head | {"title": breakable(title), "blocks": [_plain(block) for block in blocks]}
    inputs = {"data": json.dumps(data)}
    try:
        return typst.compile(_REPORT, sys_inputs=inputs, pdf_standards="ua-1")
    except typst.TypstError:
        # Letters that no font here has: PDF/UA refuses them, and the report is needed all the same.
        return typst.compile(_REPORT, sys_inputs=inputs)


def _plain(block: Block) -> dict[str, object]:
    if isinstance(block, Picture):
        return asdict(block) | {"svg": block.svg.replace(">", f"><style>{CHART_STYLE}</style>", 1)}
    return {key: _broken(value) for key, value in asdict(block).items()}


def _broken(value: object) -> object:
    """Makes the long words in all texts of a value breakable."""
    if isinstance(value, str):
        return breakable(value)
    return [_broken(one) for one in value] if isinstance(value, (list, tuple)) else value


def breakable(text: str) -> str:
    """Puts ZERO_WIDTH into words that are longer than a line may be."""
    return _LONG_WORD.sub(lambda word: ZERO_WIDTH.join(re.findall(f".{{1,{_PIECE}}}", word[0])), text)
