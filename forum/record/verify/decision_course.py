"""The course of decisions: each is read by a second person before it is published, where that was declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class DecisionCourse:
    """The decisions so far, and what was declared for them, as the next entry is held against them."""

    def __init__(self) -> None:
        self._required: set[str] = set()
        self._session_of: dict[str, str] = {}

    def problems(self, entry: Mapping[str, Any]) -> Iterator[str]:
        """Yields a problem where an entry that fits its shape does not follow from the decisions so far."""
        if entry["type"] == "decision":
            sessions = {self._session_of.get(round_) for round_ in entry["rounds"]}
            if sessions & self._required and entry.get("second_reader") != "read":
                yield "its commission had declared a second reader, and nobody read it before it was published"

    def add(self, entry: Mapping[str, Any]) -> None:
        """Adds an entry that fits its shape."""
        if entry["type"] == "session opened" and entry["about"].get("second_reader") == "required":
            self._required.add(entry["session"])
        elif entry["type"] == "round opened":
            self._session_of[entry["round"]] = entry["session"]
