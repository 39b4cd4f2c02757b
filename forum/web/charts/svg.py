"""SVG drawing: shapes with fill and texture, lines of text, and a description in words.

The reader's fonts are not known, so the width of a text is estimated, and rather too wide.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise

TEXT, LINE = 20, 25
_HAIR = 0.6  # the least width of anything drawn: one person in five thousand can still be seen

# Textures by series: a path in a square tile, and the tile's size. The first series is plain.
_TEXTURES: Mapping[str, tuple[str, int]] = {
    "series-2": ("M-3 9L9 -3M0 18L18 0M9 21L21 9", 12),
    "series-3": ("M4 4h0M10 10h0", 12),
    "series-4": ("M-3 3L9 15M-3 -9L15 9", 12),
    "series-5": ("M0 4H8", 8),
    "series-6": ("M0 5H10M5 0V10", 10),
    "series-none": ("M5 0V10", 10),
}
# Characters that XML 1.0 cannot hold, not even escaped.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Widths of letters as parts of the text's height, for bold text in the usual sans-serif fonts; and what has none: marks
# that join or part letters, and that say which way a text runs.
_MARKS = frozenset("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
_NARROW, _BROAD = frozenset("iIjlt.,:;!|'()[] "), frozenset("ABCDGHKMNOQRUVWXYZmw%@&")


class Drawing:
    """An SVG picture being drawn. Set `height` at the end; the picture's ids hold a digest of `shape`."""

    def __init__(self, width: int, title: str, shape: object) -> None:
        self.width = width
        self.height = 0.0
        self._title = title
        self._id = "chart-" + hashlib.sha256(repr(shape).encode("utf-8", "replace")).hexdigest()[:10]
        self._parts: list[str] = []
        self._said: list[str] = []
        self._textures: dict[str, None] = {}

    def text(
        self, x: float, y: float, lines: Sequence[str], anchor: str, kind: str, *, line_height: float = LINE
    ) -> float:
        """Draws lines of text from y down; returns the y below them."""
        weight = ' font-weight="600"' if kind else ""
        for line in lines:
            y += line_height
            base = y - line_height / 2 + TEXT * 0.35
            self._parts.append(
                f'<text class="chart-text{" " + kind if kind else ""}" x="{_n(x)}" y="{_n(base)}"'
                f' font-size="{TEXT}" text-anchor="{anchor}" fill="currentColor"{weight}>{_escaped(line)}</text>'
            )
        return y

    def bar(self, x: float, y: float, width: float, height: float, series: str) -> None:
        """Draws a rectangle in a series' fill and texture, at least _HAIR thick; nothing where it has no size."""
        if width > 0 and height > 0:
            width, height = max(width, _HAIR), max(height, _HAIR)
            self._area(f"M{_n(x)} {_n(y)}h{_n(width)}v{_n(height)}h{_n(-width)}z", series, textured=True)

    def plate(self, x: float, y: float, width: float, height: float) -> None:
        """Draws the ground of a text that stands on a texture, around this middle."""
        left, top = _n(x - width / 2), _n(y - height / 2)
        self._parts.append(
            f'<rect class="chart-plate" x="{left}" y="{top}" width="{_n(width)}" height="{_n(height)}"'
            ' rx="4" fill="#fff"/>'
        )

    def ribbon(self, edges: tuple[float, float], starts: Sequence[float], thick: float, series: str, kind: str) -> None:
        """Draws a band of constant thickness from one edge to the other, at least _HAIR thick."""
        thick = max(thick, _HAIR)
        (a, b), (y, z), half = edges, starts, (edges[0] + edges[1]) / 2
        path = (
            f"M{_n(a)} {_n(y)}C{_n(half)} {_n(y)} {_n(half)} {_n(z)} {_n(b)} {_n(z)}V{_n(z + thick)}"
            f"C{_n(half)} {_n(z + thick)} {_n(half)} {_n(y + thick)} {_n(a)} {_n(y + thick)}z"
        )
        opacity = {"stayed": 0.35, "moved": 0.9, "away": 0.3}[kind]
        self._parts.append(f'<g class="ribbon {kind}" fill-opacity="{opacity}">')
        self._area(path, series, textured=kind == "moved")
        self._parts.append("</g>")

    def _area(self, path: str, series: str, *, textured: bool) -> None:
        self._parts.append(f'<path class="{series}" d="{path}"/>')
        if textured and series in _TEXTURES:
            self._textures[series] = None
            self._parts.append(f'<path fill="url(#{self._id}-{series})" d="{path}"/>')

    def box(self, x: float, y: float, width: float, height: float, kind: str, round_: float) -> None:
        """Draws an outlined rectangle with round corners."""
        self._parts.append(
            f'<rect class="{kind}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(round_)}"'
            ' fill="none" stroke="currentColor" stroke-width="2"/>'
        )

    def line(self, points: Sequence[tuple[float, float]], kind: str, *, arrow: bool = False) -> None:
        """Draws a line downwards through these points, straight where possible, else bent; with an arrow head on
        request."""
        path = f"M{_n(points[0][0])} {_n(points[0][1])}"
        for (x, y), (to_x, to_y) in pairwise(points):
            half = (y + to_y) / 2
            bent = f"C{_n(x)} {_n(half)} {_n(to_x)} {_n(half)} {_n(to_x)} {_n(to_y)}"
            path += f"V{_n(to_y)}" if x == to_x else bent
        self._parts.append(f'<path class="{kind}" d="{path}" fill="none" stroke="currentColor" stroke-width="2"/>')
        if arrow:
            x, y = points[-1]
            head = f"M{_n(x - 7)} {_n(y - 11)}L{_n(x)} {_n(y)}L{_n(x + 7)} {_n(y - 11)}z"
            self._parts.append(f'<path class="{kind}-head" d="{head}" fill="currentColor"/>')

    def say(self, sentence: str) -> None:
        """Adds a sentence to the description, which stands for the picture where it cannot be seen."""
        self._said.append(sentence)

    def svg(self, kind: str = "chart", natural: float = 0.0) -> str:
        """Returns the whole picture. `natural` gives it a size of its own: so many pixels for each unit."""
        size = f' width="{_n(self.width * natural)}" height="{_n(self.height * natural)}"' if natural else ""
        patterns = "".join(
            f'<pattern id="{self._id}-{series}" width="{_TEXTURES[series][1]}" height="{_TEXTURES[series][1]}"'
            f' patternUnits="userSpaceOnUse"><path class="chart-texture" d="{_TEXTURES[series][0]}" fill="none"'
            ' stroke="#fff" stroke-width="2.5" stroke-linecap="round"/></pattern>'
            for series in self._textures
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="{kind}" viewBox="0 0 {self.width} {_n(self.height)}"{size}'
            f' role="img" aria-labelledby="{self._id}-title" aria-describedby="{self._id}-desc">'
            f'<title id="{self._id}-title">{_escaped(self._title)}</title>'
            f'<desc id="{self._id}-desc">{_escaped("; ".join(self._said))}</desc>'
            f"{f'<defs>{patterns}</defs>' if patterns else ''}{''.join(self._parts)}</svg>"
        )


def width(text: str) -> float:
    """Returns the estimated width of a line of text."""
    broad = sum(
        0.0 if c in _MARKS else 0.76 if c in _BROAD else 0.36 if c in _NARROW else 0.6 if c < "\u1100" else 1.05
        for c in text
    )
    return TEXT * broad


def wrapped(text: str, room: float) -> list[str]:
    """Breaks a text into lines that fit into `room`, about equally long; a word that is too long is broken."""
    lines = _filled(text, room)
    while len(lines) > 1 and len(narrower := _filled(text, room - TEXT / 2)) == len(lines):
        lines, room = narrower, room - TEXT / 2
    return lines


def _filled(text: str, room: float) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in re.split("[ \t\r\n]+", text.strip()):
        if line and width(f"{line} {word}") <= room:
            line = f"{line} {word}"
            continue
        lines += [line] if line else []
        line = ""
        for letter in word:
            if line and width(line + letter) > room:
                lines.append(line)
                line = ""
            line += letter
    return [*lines, line]


def _escaped(text: str) -> str:
    return escape(_UNWRITABLE.sub("\ufffd", text))


def _n(number: float) -> str:
    """Returns a length as text, rounded to a thousandth of a unit."""
    return f"{round(number, 3) + 0.0:.10g}"
