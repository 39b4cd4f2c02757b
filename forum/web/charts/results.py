"""Charts as SVG, made on the server: plain strings that a page puts inline.

There is no style attribute and no script, so a strict content security policy holds; every text is escaped. Sizes are
in units of the view box. A chart is 400 units wide with text 20 high: on a phone of 320 pixels that is 16 pixels, and
in half the width of a projected page a thirtieth of its height. `wide=True` gives 800 units for the same text, with the
words beside the bars, for a figure that has the whole width of a large screen.

Nothing hangs on colour alone: each response has its place, its letter or words, its number and its texture.

Class names, for static/forum.css (presentation attributes give each a plain look without it):
    chart                   the svg element
    chart-text              every text; with it chart-heading, chart-number or chart-key (a letter)
    series-1 .. series-6    the fill of a response by its number (r7 begins again at 1); series-none: "none of these"
    series-away             the fill of those who joined, left or are not followed
    chart-texture           the stroke of lines and dots laid over a fill; best in the colour of the page
    ribbon                  a band of people in the alluvial picture; with it "moved", "stayed" or "away"
    chart-plate             the ground under a number that stands on a fill; best in the colour of the page
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from forum.voting.counting import AGREE, AGREE_IF, CANNOT_LIVE_WITH, DISAGREE, STAND_ASIDE
from forum.voting.suppression import ViewShift
from forum.web.charts.svg import LINE, Drawing, width, wrapped

NARROW, WIDE = 400, 800
_TIGHT = 22  # the height of a line where room is short
JOINED, LEFT, RAN_OUT = "joined", "left", "ran out"

# The fills of what is counted where it is not a response: who is for it, half for it, aside, against it.
_FIXED = {AGREE: 1, AGREE_IF: 5, STAND_ASIDE: 2, CANNOT_LIVE_WITH: 4, DISAGREE: 4}

_GAP = 8
_BAR = 18
_SHARE = 30  # how thick a bar of shares() is
_KEY = 26  # room for a letter in the list below a chart
_LONG = 12  # letters in a label that still stands beside a bar of a narrow chart


@dataclass(frozen=True)
class Row:
    """One bar of shares(): its words, how much of each response, and what is written for each where not the number."""

    label: str
    parts: Mapping[str, int]
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Words:
    """What the charts themselves say: English, with %-places; pass the reader's own language."""

    joined: str = "New"
    left: str = "Gone"
    not_followed: str = "Not followed"
    ran_out: str = "Ran out"
    count: str = "%(label)s: %(number)s"
    move: str = "%(before)s to %(after)s: %(number)s"


ENGLISH = Words()


def alluvial(
    shift: ViewShift,
    labels: Mapping[str, str],
    title: str,
    first_heading: str,
    second_heading: str,
    *,
    new: Collection[str] = (),
    words: Words = ENGLISH,
    wide: bool = False,
    key: str = "",
) -> str:
    """Who moved from what to what: two columns of bars with ribbons between them, as thick as there are people.

    `labels` has every response id with its words, in order. Those who joined have a bar of their own in the first
    column, those who left in the second. The ids in `new` were not offered the first time. Where labels are long and
    the chart is not wide, the bars carry letters and a list below says what they are. `key` keeps two equal charts on
    one page apart.
    """
    away = (words.joined, words.left) if shift.all_followed else (words.not_followed, words.not_followed)
    names = {**labels, JOINED: away[0], LEFT: away[1]}
    flows = {cell: n for cell, n in shift.cells.items() if n}
    flows |= {(JOINED, after): n for after, n in shift.joined.items() if n}
    flows |= {(before, LEFT): n for before, n in shift.left.items() if n}
    present = [response for response in labels if any(response in flow for flow in flows)]
    offered = [response for response in present if response not in new]
    columns = ([*offered, JOINED] if shift.joined else offered, [*present, LEFT] if shift.left else present)
    counts = [{node: sum(n for f, n in flows.items() if f[end] == node) for node in columns[end]} for end in (0, 1)]

    art = Drawing(
        WIDE if wide else NARROW, title, ("alluvial", title, sorted(flows.items()), list(labels.items()), wide, key)
    )
    short = labels if wide else _short(labels)
    shown = {**short, JOINED: away[0], LEFT: away[1]}
    lines = [{node: wrapped(shown[node], 250 if wide else 100) for node in column} for column in columns]
    digits = width(max((f"{n:,}" for column in counts for n in column.values()), key=len, default=""))
    longest = max((width(line) for column in lines for label in column.values() for line in label), default=0.0)
    side = digits + _GAP + longest
    edges = (side + _GAP, art.width - side - _GAP - _BAR)

    headings = [wrapped(heading, art.width / 2 - _GAP) for heading in (first_heading, second_heading)]
    top = LINE * max(len(heading) for heading in headings) + _GAP
    least = [[_TIGHT * len(label) for label in column.values()] for column in lines]
    tall = max(320 if wide else 165, 40 + max(map(sum, least)))
    scale = _scale([list(column.values()) for column in counts], least, tall)

    tops: list[dict[str, float]] = []
    for end, x, edge, anchor, number_at, label_at in (
        (0, 0, edges[0], "end", side, side - digits - _GAP),
        (1, art.width, edges[1], "start", art.width - side, art.width - side + digits + _GAP),
    ):
        art.text(x, 0, headings[end], "end" if end else "start", "chart-heading")
        slots = [max(n * scale + _GAP, low) for n, low in zip(counts[end].values(), least[end], strict=True)]
        spare = (tall - sum(slots)) / len(slots) if slots else 0.0
        tops.append({})
        y: float = top
        for (node, n), slot in zip(counts[end].items(), slots, strict=True):
            middle = y + (slot + spare) / 2
            tops[end][node] = middle - n * scale / 2
            art.bar(edge, tops[end][node], _BAR, n * scale, _series(node))
            art.text(number_at, middle - LINE / 2, [f"{n:,}"], anchor, "chart-number")
            label = lines[end][node]
            kind = "chart-key" if len(shown[node]) <= _LONG else ""
            art.text(label_at, middle - _TIGHT * len(label) / 2, label, anchor, kind, line_height=_TIGHT)
            y += slot + spare
    _ribbons(art, flows, tops, (edges[0] + _BAR, edges[1]), scale)
    art.height = top + tall + _GAP
    _legend(art, {response: labels[response] for response in present}, short)

    art.say(f"{first_heading}: " + _listed(names, counts[0], words))
    art.say(f"{second_heading}: " + _listed(names, counts[1], words))
    for (before, after), n in flows.items():
        art.say(words.move % {"before": names[before], "after": names[after], "number": f"{n:,}"})
    return art.svg()


def shares(
    rows: Sequence[Row],
    labels: Mapping[str, str],
    title: str,
    *,
    words: Words = ENGLISH,
    broad: int = NARROW,
    legend: bool = True,
) -> str:
    """One bar for each row, as long as the others, cut into what each response has of it: letter and number on each.

    `labels` has every response id with its words, in order; what a row has besides (votes that ran out) comes last. The
    words stand above the bars, unless there is another `legend`. `broad` is the width in units. A row in
    which nobody counts is an empty line.
    """
    art = Drawing(broad, title, ("shares", title, rows, list(labels.items()), broad, legend))
    letters = {response: chr(ord("A") + i) for i, response in enumerate(labels)}
    if legend:
        _key(art, labels, letters)
    lines = [wrapped(row.label, art.width * 0.3) for row in rows]
    side = max((width(line) for label in lines for line in label), default=0.0) + 2 * _GAP
    room = art.width - side
    for row, label in zip(rows, lines, strict=True):
        tall = max(_SHARE, _TIGHT * len(label))
        middle = art.height + tall / 2
        art.text(0, middle - _TIGHT * len(label) / 2, label, "start", "", line_height=_TIGHT)
        whole, x, said = sum(row.parts.values()), side, []
        for response in [*labels, *(r for r in row.parts if r not in labels)]:
            part = row.parts.get(response, 0)
            if not part:
                continue
            number, long = row.said.get(response, f"{part:,}"), room * part / whole
            series = _series(response) if response in labels else "series-away"
            art.bar(x, middle - _SHARE / 2, long, _SHARE, series)
            for text in (f"{letters.get(response, '–')} {number}", number):
                if width(text) + _GAP <= long:
                    art.plate(x + long / 2, middle, width(text) + _GAP / 2, LINE)
                    art.text(x + long / 2, middle - LINE / 2, [text], "middle", "chart-number")
                    break
            said.append(words.count % {"label": labels.get(response, words.ran_out), "number": number})
            x += long
        art.say(words.count % {"label": row.label, "number": ", ".join(said)})
        art.height += tall + _GAP
    return art.svg()


# ---------------------------------------------------------------- parts


def _key(art: Drawing, labels: Mapping[str, str], letters: Mapping[str, str]) -> None:
    """What the letters stand for, side by side as far as they fit."""
    x = 0.0
    for response, label in labels.items():
        text = f"{letters[response]} {label}"
        long = _BAR + _GAP + width(text) + 2 * _GAP
        if x and x + long > art.width:
            x = 0.0
            art.height += LINE
        art.bar(x, art.height + 4, _BAR, _BAR, _series(response))
        art.text(x + _BAR + _GAP, art.height, [text], "start", "chart-key")
        x += long
    art.height += LINE + _GAP


def _ribbons(
    art: Drawing,
    flows: Mapping[tuple[str, str], int],
    tops: Sequence[Mapping[str, float]],
    edges: tuple[float, float],
    scale: float,
) -> None:
    """Every flow as a band from its place on one bar to its place on the other; on each bar in the other's order."""
    taken = [dict(column) for column in tops]
    starts: dict[tuple[str, str], list[float]] = {flow: [0.0, 0.0] for flow in flows}
    for end in (0, 1):
        for across in tops[1 - end]:
            for flow in (flow for flow in flows if flow[1 - end] == across):
                starts[flow][end] = taken[end][flow[end]]
                taken[end][flow[end]] += flows[flow] * scale
    # Those who stayed lie below, the thinnest of the others on top, so that none is hidden.
    for flow in sorted(flows, key=lambda flow: (flow[0] != flow[1], -flows[flow])):
        kind = "away" if JOINED in flow or LEFT in flow else "stayed" if flow[0] == flow[1] else "moved"
        art.ribbon(edges, starts[flow], flows[flow] * scale, _series(flow[0]), kind)


def _legend(art: Drawing, labels: Mapping[str, str], short: Mapping[str, str]) -> None:
    """What the letters stand for, where there are letters."""
    for response, label in labels.items():
        if short[response] != label:
            indent = _BAR + _GAP + _KEY
            art.bar(0, art.height + 4, _BAR, _BAR, _series(response))
            art.text(_BAR + _GAP, art.height, [short[response]], "start", "chart-key")
            art.height = art.text(indent, art.height, wrapped(label, art.width - indent), "start", "")


def _series(node: str) -> str:
    """The class that colours a response, or those who are away."""
    if node in {JOINED, LEFT}:
        return "series-away"
    if node in _FIXED:
        return f"series-{_FIXED[node]}"
    return f"series-{(int(node[1:]) - 1) % 6 + 1}" if re.fullmatch("r[0-9]+", node) else "series-none"


def _short(labels: Mapping[str, str]) -> dict[str, str]:
    """Letters in place of the labels, where one of them is long."""
    if max(map(len, labels.values()), default=0) <= _LONG:
        return dict(labels)
    return {response: chr(ord("A") + i) for i, response in enumerate(labels)}


def _scale(counts: Sequence[Sequence[int]], least: Sequence[Sequence[float]], tall: float) -> float:
    """The height of one person, such that both columns fit when each bar's place is no lower than its words."""
    low, high = 0.0, tall / max(max(map(sum, counts), default=0), 1)
    for _ in range(40):
        middle = (low + high) / 2
        needed = (
            sum(max(n * middle + _GAP, place) for n, place in zip(column, places, strict=True))
            for column, places in zip(counts, least, strict=True)
        )
        low, high = (middle, high) if max(needed) <= tall else (low, middle)
    return low


def _listed(names: Mapping[str, str], counts: Mapping[str, int], words: Words) -> str:
    return ", ".join(words.count % {"label": names[node], "number": f"{n:,}"} for node, n in counts.items())
