"""Charts of results as SVG, made on the server: strings that a page contains. Here are bars cut into shares, and what
all charts of results have; the chart of a view shift is in view_shift.py.

There is no style attribute and no script, so that a strict content security policy holds; every text is escaped.
Sizes are in units of the view box. A chart is 400 units wide with text 20 high: on a phone of 320 pixels that is 16
pixels, and in half the width of a projected page a thirtieth of its height. `wide=True` gives 800 units for the same
text, with the words beside the bars, for a figure as wide as a large screen.

Colour is never the only sign: each response has its place, its letter or words, its number and its texture.

Class names, for static/forum.css (presentation attributes give each a plain look without it):
    chart                   the svg element
    chart-text              every text; with it chart-heading, chart-number or chart-key (a letter)
    series-1 .. series-6    the fill of a response by its number (r7 begins again at 1); series-none: "none of these"
    series-away             the fill of those who are not followed
    chart-texture           the stroke of lines and dots laid over a fill; best in the colour of the page
    ribbon                  a band of people in the alluvial picture; with it "moved", "stayed" or "away"
    chart-plate             the ground under a number that stands on a fill; best in the colour of the page
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from forum.voting.methods import hue_of_mark
from forum.web.charts.svg import LINE, Drawing, width, wrapped

NARROW, WIDE = 400, 800
TIGHT = 22  # the height of a line where room is short
JOINED, LEFT, RAN_OUT = "joined", "left", "ran out"
GAP = 8
BAR = 18  # thickness of a bar, unless it is one of shares()
_SHARE = 30  # thickness of a bar of shares()


class Row(msgspec.Struct, frozen=True):
    """One bar of shares(): its words, the number of each response, and words for a number where not the number
    itself."""

    label: str
    parts: Mapping[str, int]
    said: Mapping[str, str] = msgspec.field(default_factory=dict)


class Words(msgspec.Struct, frozen=True):
    """Words in the charts, in English with %-places; pass those of the reader's language."""

    not_followed: str = "Not followed"
    ran_out: str = "Ran out"
    count: str = "%(label)s: %(number)s"
    move: str = "%(before)s to %(after)s: %(number)s"


ENGLISH = Words()


def shares(
    rows: Sequence[Row],
    labels: Mapping[str, str],
    title: str,
    *,
    words: Words = ENGLISH,
    broad: int = NARROW,
    legend: bool = True,
) -> str:
    """Draws one bar for each row, all equally long, cut into the shares of the responses, with letter and number on
    each.

    `labels` has every response id with its words, in order; other parts of a row (votes that ran out) come last. The
    words stand above the bars, unless `legend` is False. `broad` is the width in units. A row without any votes is an
    empty line.
    """
    art = Drawing(broad, title, ("shares", title, rows, list(labels.items()), broad, legend))
    letters = {response: chr(ord("A") + i) for i, response in enumerate(labels)}
    if legend:
        _key(art, labels, letters)
    lines = [wrapped(row.label, art.width * 0.3) for row in rows]
    side = max((width(line) for label in lines for line in label), default=0.0) + 2 * GAP
    room = art.width - side
    for row, label in zip(rows, lines, strict=True):
        tall = max(_SHARE, TIGHT * len(label))
        middle = art.height + tall / 2
        art.text(0, middle - TIGHT * len(label) / 2, label, "start", "", line_height=TIGHT)
        whole, x, said = sum(row.parts.values()), side, []
        for response in [*labels, *(r for r in row.parts if r not in labels)]:
            part = row.parts.get(response, 0)
            if not part:
                continue
            number, long = row.said.get(response, f"{part:,}"), room * part / whole
            series = series_class(response) if response in labels else "series-away"
            art.bar(x, middle - _SHARE / 2, long, _SHARE, series)
            for text in (f"{letters.get(response, '–')} {number}", number):
                if width(text) + GAP <= long:
                    art.plate(x + long / 2, middle, width(text) + GAP / 2, LINE)
                    art.text(x + long / 2, middle - LINE / 2, [text], "middle", "chart-number")
                    break
            said.append(words.count % {"label": labels.get(response, words.ran_out), "number": number})
            x += long
        art.say(words.count % {"label": row.label, "number": ", ".join(said)})
        art.height += tall + GAP
    return art.svg()


# ---------------------------------------------------------------- parts


def _key(art: Drawing, labels: Mapping[str, str], letters: Mapping[str, str]) -> None:
    """Draws the meaning of the letters above the bars, side by side as far as they fit."""
    x = 0.0
    for response, label in labels.items():
        text = f"{letters[response]} {label}"
        long = BAR + GAP + width(text) + 2 * GAP
        if x and x + long > art.width:
            x = 0.0
            art.height += LINE
        art.bar(x, art.height + 4, BAR, BAR, series_class(response))
        art.text(x + BAR + GAP, art.height, [text], "start", "chart-key")
        x += long
    art.height += LINE + GAP


def series_class(node: str) -> str:
    """Returns the class that colours a response, or those who were away."""
    if node in {JOINED, LEFT}:
        return "series-away"
    if hue_of_mark(node):
        return f"series-{hue_of_mark(node)}"
    return f"series-{(int(node[1:]) - 1) % 6 + 1}" if re.fullmatch("r[0-9]+", node) else "series-none"
