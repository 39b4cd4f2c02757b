"""Differences between rows of the database and what an entry of the record says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from forum.record.entry_rows import GONE, differences
from forum.services.record_entries import Words
from forum.services.record_known import Entry

# A table, a row, a column, what is there and what should be.
Unlike: TypeAlias = tuple[str, str, str, str, str]


def columns(table: str, row: str, said: Entry, made: Entry) -> Iterator[Unlike]:
    """Yields the columns of a row that are not what is said of them."""
    for column, should, there in differences({name: said.get(name) for name in made}, made):
        yield table, row, column, told(there), told(should)


def order(table: str, row: str, rows: Iterable[tuple[str, int | None]]) -> Iterator[Unlike]:
    """Yields the place of a row where it is another one than its entry gives it: `rows` are (id, entry) of all those
    that pages show in this order. Those that no entry tells of have none."""
    known = [(entry, id_) for id_, entry in rows if entry is not None]
    there, should = [id_ for _, id_ in known], [id_ for _, id_ in sorted(known)]
    if row in there and there.index(row) != should.index(row):
        yield table, row, "seq", f"the row with number {there.index(row)}", f"number {should.index(row)}, from 0"


def told(value: Any) -> str:
    """Returns a value as a difference tells it: at most 200 characters of it."""
    text = "withdrawn" if value is GONE else ascii(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


def plain_facts(facts: Any) -> Any:
    """Returns facts as an entry has them, with the words themselves in their places."""
    if isinstance(facts, Words):
        return facts.value
    if isinstance(facts, Mapping):
        return {name: plain_facts(fact) for name, fact in facts.items()}
    if isinstance(facts, list | tuple):
        return [plain_facts(fact) for fact in facts]
    return str(facts) if isinstance(facts, str) else facts


def missing(table: str, row: str) -> Unlike:
    """Returns that a row which an entry tells of is not there."""
    return table, row, "id", "gone", "a row: an entry tells of it"
