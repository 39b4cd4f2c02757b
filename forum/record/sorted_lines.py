"""Lines in sorted order, however many: sorted runs of them in a file, merged when they are read."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import BinaryIO

# Lines that are kept in memory and sorted together.
RUN = 10_000
_PIECE = 16 * 1024  # bytes of each run that are read at once


class SortedLines:
    """Lines (bytes without a line break in them), to be read in sorted order; at most RUN of them are in memory.

    The others are in `file`, which is empty at first and nobody else's.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._waiting: list[bytes] = []
        self._runs: list[tuple[int, int]] = []
        self._size = 0

    def add(self, lines: Iterable[bytes]) -> None:
        """Adds lines, before any is read."""
        self._waiting += lines
        if len(self._waiting) >= RUN:
            self._put_away()

    def __iter__(self) -> Iterator[bytes]:
        """Yields all lines in sorted order."""
        self._put_away()
        return heapq.merge(*(self._read(start, stop) for start, stop in self._runs))

    def _put_away(self) -> None:
        """Writes the lines in memory to the file, as one sorted run."""
        self._waiting.sort()
        start = self._size
        self._file.seek(start)
        for line in self._waiting:
            self._size += self._file.write(line + b"\n")
        self._runs.append((start, self._size))
        self._waiting = []

    def _read(self, start: int, stop: int) -> Iterator[bytes]:
        """Yields the lines of the run that lies from byte `start` to `stop`."""
        rest = b""
        while start < stop:
            self._file.seek(start)
            piece = self._file.read(min(_PIECE, stop - start))
            start += len(piece)
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
