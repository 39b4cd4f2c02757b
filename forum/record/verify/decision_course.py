"""The course of decisions: each is read by a second person before it is published, where that was declared; it may be
corrected, and replaced by a newer one, after which nothing is added to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class DecisionCourse:
    """The decisions so far, and what was declared for them, as the next entry is held against them."""

    def __init__(self) -> None:
        self._required: set[str] = set()
        self._session_of: dict[str, str] = {}
        self._made: dict[str, int] = {}
        self._promised: dict[str, str] = {}
        self._replaced: set[str] = set()

    def problems(self, entry: Mapping[str, Any]) -> Iterator[str]:
        """Yields a problem where an entry that fits its shape does not follow from the decisions so far."""
        type_ = entry["type"]
        if type_ == "decision":
            sessions = {self._session_of.get(round_) for round_ in entry["rounds"]}
            if sessions & self._required and entry.get("second_reader") != "read":
                yield "its commission had declared a second reader, and nobody read it before it was published"
        elif type_ in ("decision corrected", "decision replaced", "commitment"):
            if entry["decision"] in self._replaced:
                yield "its decision was replaced before"
        elif type_ == "commitment update" and self._promised.get(entry["commitment"]) in self._replaced:
            yield "the decision of its commitment was replaced before"
        if type_ == "decision replaced":
            if self._made.get(entry["by"], 0) <= self._made.get(entry["decision"], 0):
                yield "field by names no newer decision than the one that is replaced"
            if entry["by"] in self._replaced:
                yield "field by names a decision that was replaced itself"

    def add(self, entry: Mapping[str, Any]) -> None:
        """Adds an entry that fits its shape."""
        type_ = entry["type"]
        if type_ == "session opened" and entry["about"].get("second_reader") == "required":
            self._required.add(entry["session"])
        elif type_ == "round opened":
            self._session_of[entry["round"]] = entry["session"]
        elif type_ == "decision":
            self._made.setdefault(entry["decision"], len(self._made) + 1)
        elif type_ == "commitment":
            self._promised[entry["commitment"]] = entry["decision"]
        elif type_ == "decision replaced":
            self._replaced.add(entry["decision"])
