"""Picture of the stops along a scene: one bar for each stretch of time, and the same in words."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from forum.sessions.stop import Bar
from forum.web.charts.svg import LINE, Drawing

_WIDE, _TALL, _GAP = 640, 120, 6


class Words(msgspec.Struct, frozen=True):
    """Words in the picture, with %(...)s to be filled in."""

    title: str = "Stops since the scene was put up"
    bar: str = "From %(start)s to %(end)s: %(number)s"


ENGLISH = Words()


def clock(seconds: int) -> str:
    """Returns seconds as minutes and seconds, "1:05"."""
    return f"{seconds // 60}:{seconds % 60:02}"


def picture(bars: Sequence[Bar], words: Words = ENGLISH) -> str:
    """Returns the stops as SVG; its description names every bar. Raises ValueError for no bars."""
    if not bars:
        raise ValueError("no stops, so no wave")
    art = Drawing(_WIDE, words.title, ("wave", words.title, tuple(bars)))
    most, room = max(bar.stops for bar in bars), _WIDE / len(bars)
    for number, bar in enumerate(bars):
        x, height = number * room, _TALL * bar.stops / most
        if bar.stops:
            art.bar(x + _GAP / 2, LINE + _TALL - height, room - _GAP, height, "series-1")
            art.text(x + room / 2, _TALL - height, [str(bar.stops)], "middle", "chart-number")
            art.say(
                words.bar % {"start": clock(bar.start), "end": clock(bar.end), "number": f"{bar.stops:,}"},
            )
    art.text(0, LINE + _TALL, [clock(bars[0].start)], "start", "")
    art.text(_WIDE, LINE + _TALL, [clock(bars[-1].end)], "end", "")
    art.height = _TALL + 2 * LINE + _GAP
    return art.svg()
