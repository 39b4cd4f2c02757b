"""The difference between two texts, line by line, for a reader who has the earlier one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeAlias

# Lines of the text before, from the first up to (not with) the second; or a line that is new.
Piece: TypeAlias = tuple[int, int] | str


def patch(before: Sequence[str], after: Sequence[str]) -> list[Piece]:
    """Returns the pieces of which `after` is made: as few as can be, and no line that is in `before`, wherever it has
    moved."""
    places = defaultdict(list)
    for place, line in enumerate(before):
        places[line].append(place)
    pieces: list[Piece] = []
    done = 0
    while done < len(after):
        here = after[done]
        run = max([_alike(before, place, after, done) for place in places.get(here, ())], default=None)
        if run is None:
            pieces.append(here)
            done += 1
        else:
            length, start = run
            pieces.append((start, start + length))
            done += length
    return pieces


def _alike(before: Sequence[str], place: int, after: Sequence[str], done: int) -> tuple[int, int]:
    """Returns how many lines are equal from there on, and the place itself."""
    most = min(len(before) - place, len(after) - done)
    return next((n for n in range(most) if before[place + n] != after[done + n]), most), place


def patched(before: Sequence[str], pieces: Sequence[Piece]) -> list[str]:
    """Returns the text that `patch` was made for, as static/live/room-connection.js makes it too."""
    return [line for piece in pieces for line in ([piece] if isinstance(piece, str) else before[piece[0] : piece[1]])]
