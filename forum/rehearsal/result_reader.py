"""Reading of results from screens: the numbers in the tables of their HTML, compared with the published result.

A screen shows a result as a table (templates/methods/, templates/live/screens/results.html) with a column of counts,
one for each round of a run-off, or one for each possible score; beside it is a table by group. Columns are found by
their English headings, since a rehearsal's screens are in English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any, Final

_RESULT, _HEAT = "result", "heat"
_COUNTED: Final = frozenset({"Votes", "Now", "Could accept it"})
_NUMBERED: Final = ("How many gave", "Round")
_RAN_OUT: Final = "Ran out"
_BEFORE: Final = "Before"  # the heading of the cells of a first vote, which are left out
_SHIFT: Final = "From the first vote (rows) to this vote (columns)"
_DASH: Final = "–"
_NUMBER = re.compile(r"[0-9]+")
_VOTED = re.compile(r"data-voted>([0-9]+)<")


@dataclass
class Board:
    """A table: its classes, its caption, and its rows as texts of cells, without the cells of a first vote."""

    kinds: frozenset[str]
    caption: str = ""
    rows: list[list[str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.boards: list[Board] = []
        self._into = ""  # "caption", "cell", or nothing
        self._inside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = frozenset((dict(attrs).get("class") or "").split())
        if tag == "table":
            self.boards.append(Board(classes))
            self._inside += 1
        elif not self._inside:
            return
        elif tag == "caption":
            self._into = "caption"
        elif tag == "tr":
            self.boards[-1].rows.append([])
        elif tag in {"td", "th"}:
            self._into = "" if "before" in classes else "cell"
            if self._into and self.boards[-1].rows:
                self.boards[-1].rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._inside -= 1
        if tag in {"td", "th", "caption", "table"}:
            self._into = ""

    def handle_data(self, data: str) -> None:
        if not self._inside or not self._into:
            return
        board = self.boards[-1]
        if self._into == "caption":
            board.caption = f"{board.caption} {data.strip()}".strip()
        elif board.rows and board.rows[-1]:
            board.rows[-1][-1] = f"{board.rows[-1][-1]} {data.strip()}".strip()


@lru_cache(maxsize=64)
def boards(html: str) -> tuple[Board, ...]:
    """Returns the tables of a screen."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return tuple(reader.boards)


def turnout(html: str) -> int | None:
    """Returns the number of votes that a screen was drawn with, None where it shows none."""
    match = _VOTED.search(html)
    return int(match[1]) if match else None


def shown(html: str) -> list[list[int | None]] | None:
    """Returns the numbers of the result on a screen, row by row; None where there is no result on it.

    A row is a response's count; of a run-off its votes in each round (None where it is out); of scores how many gave
    each number.
    """
    for board in boards(html):
        if _RESULT not in board.kinds or _HEAT in board.kinds or not board.rows:
            continue
        heading = [words for words in board.rows[0] if words != _BEFORE]
        columns = [n for n, words in enumerate(heading) if words in _COUNTED or words.startswith(_NUMBERED)]
        # left out: rows that only name a response, and the row of exhausted ballots
        rows = [row for row in board.rows[1:] if len(row) == len(heading) and not row[0].startswith(_RAN_OUT)]
        if columns:
            return [[_number(row[n]) for n in columns] for row in rows]
    return None


def by_group(html: str) -> dict[str, list[str]] | None:
    """Returns the cells of the result by group on a screen, by group label; None where there is no such table."""
    for board in boards(html):
        if _HEAT in board.kinds and board.caption != _SHIFT:
            return {row[0]: row[1:] for row in board.rows[1:]}
    return None


def expected(result: Mapping[str, Any]) -> list[list[int | None]] | None:
    """Returns the rows that `shown` must find on a screen with this result (as Result.to_json gives it)."""
    if not result["n"] or not result["counts"]:  # nobody voted, or too few for a count to be shown
        return None
    figures = result.get("figures") or {}
    counts: Mapping[str, int] = result["counts"]
    if "rounds" in figures:
        return [[step["counts"].get(response) for step in figures["rounds"]] for response in counts]
    if "mean" in figures:
        return [[n for mark, n in counts.items() if mark.startswith(f"{id_}=")] for id_ in figures["mean"]]
    return [[count] for count in counts.values()]


def differs(html: str, result: Mapping[str, Any], *, in_turn: bool = False) -> str:
    """Returns the first difference between a screen and this result in words; "" where there is none. `in_turn`: the
    screen shows the whole room and the groups one after the other, so that one of both is enough."""
    numbers, groups = shown(html), by_group(html)
    if numbers != (due := expected(result)) and not (in_turn and numbers is None and groups):
        return f"{_words(numbers)} in the place of {_words(due)}"
    if in_turn and not groups:
        return ""
    rows = {row["label"]: [str(count) for count in row["counts"].values()] for row in result["by_group"] or ()}
    groups = groups or {}
    if list(groups) != (list(rows) if result["n"] else []):
        return f"the groups {list(groups)} in the place of {list(rows)}"
    scores = "mean" in (result.get("figures") or {})
    wrong = [label for label, cells in groups.items() if not scores and cells != rows[label]]
    return f"other numbers for {wrong[0]}" if wrong else ""


def _words(rows: list[list[int | None]] | None) -> str:
    if rows is None:
        return "no result"
    return " / ".join(" ".join(_DASH if n is None else str(n) for n in row) for row in rows)


def _number(cell: str) -> int | None:
    match = _NUMBER.match(cell)
    return int(match[0]) if match else None
