"""Charts of results as SVG, made on the server: strings that a page contains.

There is no style attribute and no script, so that a strict content security policy holds; every text is escaped.
Sizes are in units of the view box. A chart is 400 units wide with text 20 high: on a phone of 320 pixels that is 16
pixels, and in half the width of a projected page a thirtieth of its height. `wide=True` gives 800 units for the same
text, with the words beside the bars, for a figure as wide as a large screen.

Colour is never the only sign: each response has its place, its letter or words, its number and its texture.

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

from forum.voting.methods import hue_of_mark
from forum.voting.suppression import ViewShift
from forum.web.charts.svg import LINE, Drawing, width, wrapped

NARROW, WIDE = 400, 800
_TIGHT = 22  # the height of a line where room is short
JOINED, LEFT, RAN_OUT = "joined", "left", "ran out"

_GAP = 8
_BAR = 18
_SHARE = 30  # thickness of a bar of shares()
_KEY = 26  # room for a letter in the list below a chart
_LONG = 12  # longest label, in characters, that stands beside a bar of a narrow chart


@dataclass(frozen=True)
class Row:
    """One bar of shares(): its words, the number of each response, and words for a number where not the number
    itself."""

    label: str
    parts: Mapping[str, int]
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Words:
    """Words in the charts, in English with %-places; pass those of the reader's language."""

    joined: str = "New"
    left: str = "Gone"
    not_followed: str = "Not followed"
    ran_out: str = "Ran out"
    count: str = "%(label)s: %(number)s"
    move: str = "%(before)s to %(after)s: %(number)s"


ENGLISH = Words()


@dataclass(frozen=True)
class _Plan:
    """Contents of an alluvial picture, before anything has a place.

    `flows` are people by (response before, response after), with JOINED or LEFT for the side on which they were away.
    `counts` are the two columns: people by node, from the top down. `names` are every node's full words; `shown` is
    what stands beside its bar, as lines in `lines` (one mapping a column).
    """

    flows: Mapping[tuple[str, str], int]
    present: Sequence[str]
    counts: tuple[Mapping[str, int], Mapping[str, int]]
    names: Mapping[str, str]
    short: Mapping[str, str]
    shown: Mapping[str, str]
    lines: tuple[Mapping[str, Sequence[str]], Mapping[str, Sequence[str]]]


@dataclass(frozen=True)
class _Slot:
    """Room for one bar: the middle of its height, and where the bar begins; units from the top of the picture."""

    middle: float
    top: float


@dataclass(frozen=True)
class _Places:
    """Positions of everything in an alluvial picture, in units of the view box.

    `edges` are the left edges of the two columns of bars, `side` is the width of the words beside a column, `digits`
    that of its numbers. `scale` is the height of one person. `slots` has the room of each bar, one mapping a column.
    """

    digits: float
    side: float
    edges: tuple[float, float]
    headings: tuple[Sequence[str], Sequence[str]]
    scale: float
    slots: tuple[Mapping[str, _Slot], Mapping[str, _Slot]]
    height: float


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
    """Draws who moved from which response to which, as SVG: two columns of bars with ribbons between them.

    A bar or ribbon is as thick as there are people in it. `labels` has every response id with its words, in order.
    Those who joined have a bar of their own in the first column, those who left in the second. The ids in `new` were
    not offered the first time. Where labels are long and the chart is not wide, the bars carry letters and a list
    below says what they stand for. `key` keeps two equal charts on one page apart.
    """
    plan = _plan(shift, labels, new, words, wide=wide)
    shape = ("alluvial", title, sorted(plan.flows.items()), list(labels.items()), wide, key)
    art = Drawing(WIDE if wide else NARROW, title, shape)
    places = _place(plan, art.width, (first_heading, second_heading), wide=wide)
    _draw(art, plan, places)
    _legend(art, {response: labels[response] for response in plan.present}, plan.short)
    _describe(art, plan, (first_heading, second_heading), words)
    return art.svg()


def _plan(shift: ViewShift, labels: Mapping[str, str], new: Collection[str], words: Words, *, wide: bool) -> _Plan:
    """Returns the flows, the two columns of an alluvial picture and the words beside their bars."""
    flows = {cell: n for cell, n in shift.cells.items() if n}
    flows |= {(JOINED, after): n for after, n in shift.joined.items() if n}
    flows |= {(before, LEFT): n for before, n in shift.left.items() if n}
    present = [response for response in labels if any(response in flow for flow in flows)]
    offered = [response for response in present if response not in new]
    first = [*offered, JOINED] if shift.joined else offered
    second = [*present, LEFT] if shift.left else present
    joined, left = (words.joined, words.left) if shift.all_followed else (words.not_followed, words.not_followed)
    away = {JOINED: joined, LEFT: left}
    short = labels if wide else _short(labels)
    shown = {**short, **away}
    room = 250 if wide else 100
    return _Plan(
        flows=flows,
        present=present,
        counts=(_people(flows, first, 0), _people(flows, second, 1)),
        names={**labels, **away},
        short=short,
        shown=shown,
        lines=(
            {node: wrapped(shown[node], room) for node in first},
            {node: wrapped(shown[node], room) for node in second},
        ),
    )


def _people(flows: Mapping[tuple[str, str], int], column: Sequence[str], end: int) -> dict[str, int]:
    """Returns how many people each node of a column has; `end` is 0 for the first column, 1 for the second."""
    return {node: sum(n for flow, n in flows.items() if flow[end] == node) for node in column}


def _place(plan: _Plan, whole: int, headings: tuple[str, str], *, wide: bool) -> _Places:
    """Returns where everything goes in an alluvial picture that is `whole` units wide."""
    digits = width(max((f"{n:,}" for column in plan.counts for n in column.values()), key=len, default=""))
    longest = max((width(line) for column in plan.lines for label in column.values() for line in label), default=0.0)
    side = digits + _GAP + longest
    first, second = (wrapped(heading, whole / 2 - _GAP) for heading in headings)
    top = LINE * max(len(first), len(second)) + _GAP
    least = [[_TIGHT * len(label) for label in column.values()] for column in plan.lines]
    tall = max(320 if wide else 165, 40 + max(map(sum, least)))
    scale = _scale([list(column.values()) for column in plan.counts], least, tall)
    return _Places(
        digits=digits,
        side=side,
        edges=(side + _GAP, whole - side - _GAP - _BAR),
        headings=(first, second),
        scale=scale,
        slots=(_slots(plan.counts[0], least[0], scale, top, tall), _slots(plan.counts[1], least[1], scale, top, tall)),
        height=top + tall + _GAP,
    )


def _slots(
    counts: Mapping[str, int], least: Sequence[float], scale: float, top: float, tall: float
) -> dict[str, _Slot]:
    """Shares the height `tall` of a column, from `top` down, among its bars; each gets at least its `least` height."""
    heights = [max(n * scale + _GAP, low) for n, low in zip(counts.values(), least, strict=True)]
    spare = (tall - sum(heights)) / len(heights) if heights else 0.0
    slots: dict[str, _Slot] = {}
    y = top
    for (node, n), height in zip(counts.items(), heights, strict=True):
        middle = y + (height + spare) / 2
        slots[node] = _Slot(middle, middle - n * scale / 2)
        y += height + spare
    return slots


def _draw(art: Drawing, plan: _Plan, places: _Places) -> None:
    """Draws the headings, the bars with their numbers and labels, and the ribbons; sets the height of the picture."""
    side, digits = places.side, places.digits
    for end, x, heading_anchor, anchor, number_at, label_at in (
        (0, 0, "start", "end", side, side - digits - _GAP),
        (1, art.width, "end", "start", art.width - side, art.width - side + digits + _GAP),
    ):
        art.text(x, 0, places.headings[end], heading_anchor, "chart-heading")
        for node, n in plan.counts[end].items():
            slot, label = places.slots[end][node], plan.lines[end][node]
            art.bar(places.edges[end], slot.top, _BAR, n * places.scale, _series(node))
            art.text(number_at, slot.middle - LINE / 2, [f"{n:,}"], anchor, "chart-number")
            kind = "chart-key" if len(plan.shown[node]) <= _LONG else ""
            art.text(label_at, slot.middle - _TIGHT * len(label) / 2, label, anchor, kind, line_height=_TIGHT)
    tops = [{node: slot.top for node, slot in column.items()} for column in places.slots]
    _ribbons(art, plan.flows, tops, (places.edges[0] + _BAR, places.edges[1]), places.scale)
    art.height = places.height


def _describe(art: Drawing, plan: _Plan, headings: tuple[str, str], words: Words) -> None:
    """Adds both columns and every flow to the words that stand for the picture."""
    for heading, counts in zip(headings, plan.counts, strict=True):
        art.say(f"{heading}: " + _listed(plan.names, counts, words))
    for (before, after), n in plan.flows.items():
        art.say(words.move % {"before": plan.names[before], "after": plan.names[after], "number": f"{n:,}"})


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
    """Draws the meaning of the letters above the bars, side by side as far as they fit."""
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
    """Draws every flow as a ribbon from its bar to its other bar; on each bar in the order of the other column."""
    taken = [dict(column) for column in tops]
    starts: dict[tuple[str, str], list[float]] = {flow: [0.0, 0.0] for flow in flows}
    for end in (0, 1):
        for across in tops[1 - end]:
            for flow in (flow for flow in flows if flow[1 - end] == across):
                starts[flow][end] = taken[end][flow[end]]
                taken[end][flow[end]] += flows[flow] * scale
    # Those who stayed lie at the bottom, the thinnest of the others on top, so that none is hidden.
    for flow in sorted(flows, key=lambda flow: (flow[0] != flow[1], -flows[flow])):
        kind = "away" if JOINED in flow or LEFT in flow else "stayed" if flow[0] == flow[1] else "moved"
        art.ribbon(edges, starts[flow], flows[flow] * scale, _series(flow[0]), kind)


def _legend(art: Drawing, labels: Mapping[str, str], short: Mapping[str, str]) -> None:
    """Draws the meaning of the letters below the chart, where there are letters."""
    for response, label in labels.items():
        if short[response] != label:
            indent = _BAR + _GAP + _KEY
            art.bar(0, art.height + 4, _BAR, _BAR, _series(response))
            art.text(_BAR + _GAP, art.height, [short[response]], "start", "chart-key")
            art.height = art.text(indent, art.height, wrapped(label, art.width - indent), "start", "")


def _series(node: str) -> str:
    """Returns the class that colours a response, or those who were away."""
    if node in {JOINED, LEFT}:
        return "series-away"
    if hue_of_mark(node):
        return f"series-{hue_of_mark(node)}"
    return f"series-{(int(node[1:]) - 1) % 6 + 1}" if re.fullmatch("r[0-9]+", node) else "series-none"


def _short(labels: Mapping[str, str]) -> dict[str, str]:
    """Returns letters in place of the labels, where one of them is long."""
    if max(map(len, labels.values()), default=0) <= _LONG:
        return dict(labels)
    return {response: chr(ord("A") + i) for i, response in enumerate(labels)}


def _scale(counts: Sequence[Sequence[int]], least: Sequence[Sequence[float]], tall: float) -> float:
    """Returns the height of one person for which both columns fit, each bar having at least the room of its words."""
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
