"""Files that an export derives from the log: one module for each format, one row here for each file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from forum.record.exports import csv, jsonl
from forum.record.verify.public_log import Log

_AT_ONCE = 1_000  # lines that are joined to a piece


def in_pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yields lines in larger pieces, so that a file need not be whole in memory."""
    remaining = iter(lines)
    while some := list(islice(remaining, _AT_ONCE)):
        yield b"".join(some)


def _whole(write: Callable[[Log], bytes]) -> Callable[[Log], Iterator[bytes]]:
    return lambda log: iter((write(log),))


def _cut(lines: Callable[[Log], Iterator[bytes]]) -> Callable[[Log], Iterator[bytes]]:
    return lambda log: in_pieces(lines(log))


# Writers of the derived files: each yields its file in pieces. They raise RecordError, LookupError or TypeError where
# the log is damaged.
EXPORTS: dict[str, Callable[[Log], Iterator[bytes]]] = {
    **{name: _whole(write) for name, write in csv.FILES.items()},
    **{name: _cut(lines) for name, lines in jsonl.FILES.items()},
}
