"""Draws the paths of a story as SVG: its scenes in layers, and the ways between them.

The steps are those of layered graph drawing (Sugiyama, Tagawa, Toda 1981): layers, rows, order, positions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec

from forum.stories.paths import MOST_SCENES, MOST_WAYS, Place, Way, places
from forum.stories.scenario import Scenario
from forum.web.charts.svg import LINE, Drawing, width, wrapped

PIXELS = 0.8  # for each unit: text 20 units high has 16 pixels


_BOX, _LABEL, _THREAD = 240, 200, 12


_PAD, _SIDE, _BETWEEN, _GAP = 10, 14, 20, 38


_SWEEPS = 4


class Words(msgspec.Struct, frozen=True):
    """Words in the picture, in English with %-places; pass those of the reader's language."""

    start: str = "Start"
    decision: str = "Decision point"
    stop: str = "Stop point"
    ending: str = "Ending"
    unreached: str = "No way leads here"
    back: str = "back to %(number)s"
    nowhere: str = "leads nowhere"
    summary: str = "The list below says the same."


ENGLISH = Words()


@dataclass(eq=False)
class _Node:
    """A thing in a row of the picture: a scene, the words of a way, or the thread of a way that passes through the
    row.

    `rank` is its place in the row while rows are ordered, `x` the middle of its width in units.
    """

    kind: str
    width: float
    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    above: list[_Node] = field(default_factory=list)
    below: list[_Node] = field(default_factory=list)
    x: float = 0.0
    rank: float = 0.0

    @property
    def height(self) -> float:
        text = LINE * (len(self.lines) + len(self.notes))
        return text + 2 * _PAD if self.kind.startswith("path-scene") else text


def picture(story: Scenario, title: str, *, words: Words = ENGLISH, key: str = "") -> str:
    """Returns the paths as SVG; "" where there are no scenes, or too many to be drawn. `key` keeps two on one page
    apart."""
    every = places(story)
    if not every or len(every) > MOST_SCENES or sum(len(place.ways) for place in every) > MOST_WAYS:
        return ""
    rows = _rows(every, words)
    _order(rows)
    _spread(rows)
    left = min(node.x - node.width / 2 for row in rows for node in row)
    right = max(node.x + node.width / 2 for row in rows for node in row)
    art = Drawing(round(right - left + 2 * _SIDE), title, ("paths", title, story, words, key))
    tops, y = [], float(_SIDE)
    for row in rows:
        for node in row:
            node.x += _SIDE - left
        tops.append(y)
        y += max((node.height for node in row), default=0.0) + _GAP
    _draw(art, rows, tops)
    art.height = y - _GAP + _SIDE
    art.say(words.summary)
    return art.svg("paths", PIXELS)


def _layers(every: Sequence[Place]) -> tuple[dict[int, int], set[tuple[int, int]]]:
    """Returns the layer of each place from the top (0), and the ways (from, to) that lead back up."""
    after = {place.number: [way.number for way in place.ways if way.number] for place in every}
    done: list[int] = []
    state: dict[int, int] = {}
    back: set[tuple[int, int]] = set()
    for root in list(after):
        if root in state:
            continue
        state[root] = 1
        walk = [(root, iter(after[root]))]
        while walk:
            here, ahead = walk[-1]
            for to in ahead:
                if state.get(to) == 1:
                    back.add((here, to))
                elif to not in state:
                    state[to] = 1
                    walk.append((to, iter(after[to])))
                    break
            else:
                state[here] = 2
                done.append(here)
                walk.pop()
    layer = dict.fromkeys(after, 0)
    for here in reversed(done):
        for to in after[here]:
            if (here, to) not in back:
                layer[to] = max(layer[to], layer[here] + 1)
    return layer, back


def _rows(every: Sequence[Place], words: Words) -> list[list[_Node]]:
    """Returns the rows: scenes in the even ones, words of ways in the odd ones; a long way has a thread in each
    between."""
    layer, back = _layers(every)
    rows: list[list[_Node]] = [[] for _ in range(2 * max(layer.values()) + 2)]
    scenes = {place.number: _scene(place, words) for place in every}
    for place in every:
        node, at = scenes[place.number], 2 * layer[place.number]
        rows[at].append(node)
        for way in place.ways:
            up = not way.number or (place.number, way.number) in back
            last = _words(place, way, up, words)
            rows[at + 1].append(last)
            _join(node, last)
            if up:
                continue
            for row in range(at + 2, 2 * layer[way.number]):
                thread = _Node("path-thread", _THREAD)
                rows[row].append(thread)
                _join(last, thread)
                last = thread
            _join(last, scenes[way.number])
    return [row for row in rows if row]


def _scene(place: Place, words: Words) -> _Node:
    scene = place.scene
    said = (
        (words.start, place.start),
        (words.decision, scene.decision),
        (words.stop, scene.stop),
        (words.ending, place.ending and not scene.decision and place.reached),
        (words.unreached, not place.reached),
    )
    notes = [line for word, true in said if true for line in wrapped(word, _BOX - 2 * _PAD)]
    lines = wrapped(f"{place.number}. {scene.name}", _BOX - 2 * _PAD)
    return _Node("path-scene decision" if scene.decision else "path-scene", _BOX, lines, notes)


def _words(place: Place, way: Way, up: bool, words: Words) -> _Node:
    plain = not place.scene.decision and way.words.casefold() == way.to.casefold()
    lines = [] if plain and not up else wrapped(way.words, _LABEL)
    notes = []
    if up:
        notes = wrapped(words.back % {"number": way.number} if way.number else words.nowhere, _LABEL)
    if not lines:
        return _Node("path-thread", _THREAD)
    return _Node("path-words", max(width(line) for line in [*lines, *notes]), lines, notes)


def _join(above: _Node, below: _Node) -> None:
    above.below.append(below)
    below.above.append(above)


def _order(rows: Sequence[list[_Node]]) -> None:
    """Sorts each row by the mean place of its neighbours above, then below, in turn, so that few lines cross."""
    for sweep in range(2 * _SWEEPS + 1):
        down = sweep % 2 == 0
        for row in rows:
            for index, node in enumerate(row):
                node.rank = index
        for row in rows if down else reversed(rows):
            beside = {id(node): node.above if down else node.below for node in row}
            row.sort(key=lambda node: _mean((n.rank for n in beside[id(node)]), node.rank))
            for index, node in enumerate(row):
                node.rank = index


def _mean(values: Iterable[float], otherwise: float) -> float:
    each = list(values)
    return sum(each) / len(each) if each else otherwise


def _spread(rows: Sequence[list[_Node]]) -> None:
    """Gives each node its `x`, as near as possible to the mean of its neighbours."""
    for row in rows:
        _place(row, [0.0] * len(row))
    for sweep in range(2 * _SWEEPS + 1):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            _place(row, [_mean((n.x for n in (node.above if down else node.below)), node.x) for node in row])


def _place(row: Sequence[_Node], wanted: Sequence[float]) -> None:
    """Gives the nodes of a row, in their order, the `x` closest to the wanted ones (least squares) without
    overlaps.

    Subtracting the room that the nodes before each take turns "far enough apart" into "not falling", which pooling
    adjacent violators solves.
    """
    offsets = [0.0]
    for one, other in pairwise(row):
        offsets.append(offsets[-1] + (one.width + other.width) / 2 + _BETWEEN)
    pools: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        mean, count = want - offset, 1
        while pools and pools[-1][0] > mean:
            before, many = pools.pop()
            mean, count = (before * many + mean * count) / (many + count), many + count
        pools.append((mean, count))
    levels = [mean for mean, count in pools for _ in range(count)]
    for node, level, offset in zip(row, levels, offsets, strict=True):
        node.x = level + offset


def _draw(art: Drawing, rows: Sequence[Sequence[_Node]], tops: Sequence[float]) -> None:
    for row, top in zip(rows, tops, strict=True):
        bottom = top + max(node.height for node in row)
        for node in row:
            end = top + node.height
            points = [(node.x, end)] if end == bottom else [(node.x, end), (node.x, bottom)]
            for below in node.below:
                heads = below.kind.startswith("path-scene")
                art.line([*points, (below.x, bottom + _GAP)], "path-line", arrow=heads)
    for row, top in zip(rows, tops, strict=True):
        for node in row:
            if node.kind == "path-thread":
                continue
            inside = 0.0
            if node.kind.startswith("path-scene"):
                inside = _PAD
                art.box(node.x - _BOX / 2, top, _BOX, node.height, node.kind, 6)
                if "decision" in node.kind:
                    art.box(node.x - _BOX / 2 + 5, top + 5, _BOX - 10, node.height - 10, "path-inner", 3)
            kind = "chart-heading" if inside else ""
            y = art.text(node.x, top + inside, node.lines, "middle", kind)
            art.text(node.x, y, node.notes, "middle", "chart-note")
