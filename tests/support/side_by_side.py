"""Measure of how work grows with what it is given, by the processor's time of two sizes side by side in one run."""

from __future__ import annotations

import time
from collections.abc import Callable

_LEAST = 0.0005  # seconds: below it a clock measures its own steps


def _seconds(work: Callable[[str], object], text: str) -> float:
    """Returns the least of three runs: what is slow is so each time, and noise is not."""
    took = []
    for _ in range(3):
        began = time.thread_time()
        work(text)
        took.append(time.thread_time() - began)
    return min(took)


def growth(work: Callable[[str], object], part: str, size: int) -> float:
    """Returns how many times as long this many letters of a repeated part take as a tenth of them: about ten, and a
    hundred where each letter is held against every other."""
    short, long = ((part * size)[:letters] for letters in (size // 10, size))
    return _seconds(work, long) / max(_seconds(work, short), _LEAST)
