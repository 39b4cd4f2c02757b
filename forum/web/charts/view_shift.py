"""The chart of a view shift as SVG: who moved from which response to which (an alluvial diagram)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from forum.voting.view_shift import ViewShift
from forum.web.charts.results import BAR, ENGLISH, GAP, JOINED, LEFT, NARROW, TIGHT, WIDE, Words, series_class
from forum.web.charts.svg import LINE, Drawing, width, wrapped

_LONG = 12  # longest label, in characters, that stands beside a bar of a narrow chart
_KEY = 26  # room for a letter in the list below a chart


class _Plan(msgspec.Struct, frozen=True):
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


class _Slot(msgspec.Struct, frozen=True):
    """Room for one bar: the middle of its height, and where the bar begins; units from the top of the picture."""

    middle: float
    top: float


class _Places(msgspec.Struct, frozen=True):
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
    Those who are not followed have a bar of their own in each column. The ids in `new` were
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
    away = {JOINED: words.not_followed, LEFT: words.not_followed}
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
    side = digits + GAP + longest
    first, second = (wrapped(heading, whole / 2 - GAP) for heading in headings)
    top = LINE * max(len(first), len(second)) + GAP
    least = [[TIGHT * len(label) for label in column.values()] for column in plan.lines]
    tall = max(320 if wide else 165, 40 + max(map(sum, least)))
    scale = _scale([list(column.values()) for column in plan.counts], least, tall)
    return _Places(
        digits=digits,
        side=side,
        edges=(side + GAP, whole - side - GAP - BAR),
        headings=(first, second),
        scale=scale,
        slots=(_slots(plan.counts[0], least[0], scale, top, tall), _slots(plan.counts[1], least[1], scale, top, tall)),
        height=top + tall + GAP,
    )


def _slots(
    counts: Mapping[str, int], least: Sequence[float], scale: float, top: float, tall: float
) -> dict[str, _Slot]:
    """Shares the height `tall` of a column, from `top` down, among its bars; each gets at least its `least` height."""
    heights = [max(n * scale + GAP, low) for n, low in zip(counts.values(), least, strict=True)]
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
        (0, 0, "start", "end", side, side - digits - GAP),
        (1, art.width, "end", "start", art.width - side, art.width - side + digits + GAP),
    ):
        art.text(x, 0, places.headings[end], heading_anchor, "chart-heading")
        for node, n in plan.counts[end].items():
            slot, label = places.slots[end][node], plan.lines[end][node]
            art.bar(places.edges[end], slot.top, BAR, n * places.scale, series_class(node))
            art.text(number_at, slot.middle - LINE / 2, [f"{n:,}"], anchor, "chart-number")
            kind = "chart-key" if len(plan.shown[node]) <= _LONG else ""
            art.text(label_at, slot.middle - TIGHT * len(label) / 2, label, anchor, kind, line_height=TIGHT)
    tops = [{node: slot.top for node, slot in column.items()} for column in places.slots]
    _ribbons(art, plan.flows, tops, (places.edges[0] + BAR, places.edges[1]), places.scale)
    art.height = places.height


def _describe(art: Drawing, plan: _Plan, headings: tuple[str, str], words: Words) -> None:
    """Adds both columns and every flow to the words that stand for the picture."""
    for heading, counts in zip(headings, plan.counts, strict=True):
        art.say(f"{heading}: " + _listed(plan.names, counts, words))
    for (before, after), n in plan.flows.items():
        art.say(words.move % {"before": plan.names[before], "after": plan.names[after], "number": f"{n:,}"})


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
        art.ribbon(edges, starts[flow], flows[flow] * scale, series_class(flow[0]), kind)


def _legend(art: Drawing, labels: Mapping[str, str], short: Mapping[str, str]) -> None:
    """Draws the meaning of the letters below the chart, where there are letters."""
    for response, label in labels.items():
        if short[response] != label:
            indent = BAR + GAP + _KEY
            art.bar(0, art.height + 4, BAR, BAR, series_class(response))
            art.text(BAR + GAP, art.height, [short[response]], "start", "chart-key")
            art.height = art.text(indent, art.height, wrapped(label, art.width - indent), "start", "")


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
            sum(max(n * middle + GAP, place) for n, place in zip(column, places, strict=True))
            for column, places in zip(counts, least, strict=True)
        )
        low, high = (middle, high) if max(needed) <= tall else (low, middle)
    return low


def _listed(names: Mapping[str, str], counts: Mapping[str, int], words: Words) -> str:
    return ", ".join(words.count % {"label": names[node], "number": f"{n:,}"} for node, n in counts.items())
