"""The JSON-lines files of an export: the record, its words, and the opened ballots; one canonical JSON object a
line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from forum.record.ballot_leaves import hash_of
from forum.record.verify.encoding import canonical
from forum.record.verify.public_log import Log


def _lines(values: Iterable[object]) -> Iterator[bytes]:
    return (canonical(value) + b"\n" for value in values)


def entries(log: Log) -> Iterator[bytes]:
    """Yields the lines of record.jsonl: every entry, whichever commission was chosen, because the root is computed over
    all.
    """
    return _lines(log.entries)


def disclosures(log: Log) -> Iterator[bytes]:
    """Yields the lines of disclosures.jsonl: {"digest", "disclosure"} for the chosen words that were not withdrawn."""
    return _lines(
        {"digest": digest, "disclosure": log.disclosures[digest]}
        for digest in log.digests()
        if digest in log.disclosures
    )


def ballots(log: Log) -> Iterator[bytes]:
    """Yields the lines of ballots.jsonl: the opened ballots of all rounds, sorted by leaf hash."""
    return _lines(dict(line) for line in sorted(log.ballots, key=lambda line: hash_of(line["leaf"])))


FILES: dict[str, Callable[[Log], Iterator[bytes]]] = {
    "ballots.jsonl": ballots,
    "record.jsonl": entries,
    "disclosures.jsonl": disclosures,
}
