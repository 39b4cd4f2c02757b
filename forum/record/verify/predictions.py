"""The course of sealed predictions: the last one sealed for a session is opened as it was, with the first decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SEALED_WORDS = ("expect", "minds")


class PredictionCourse:
    """The predictions so far, as the next entry is held against them. `waiting` has the first decision on the votes of
    each session whose prediction was sealed and not opened, by session."""

    def __init__(self) -> None:
        self._sealed: dict[str, Mapping[str, Any]] = {}
        self._last: dict[str, str] = {}
        self._session_of: dict[str, str] = {}
        self._decided: dict[str, str] = {}
        self.waiting: dict[str, str] = {}

    def problems(self, entry: Mapping[str, Any]) -> Iterator[str]:
        """Yields a problem where an entry that fits its shape opens what was not sealed so."""
        if entry["type"] != "prediction opened" or entry["prediction"] not in self._sealed:
            return
        sealed = self._sealed[entry["prediction"]]
        session = sealed["session"]
        if self._last[session] != entry["prediction"]:
            yield "another prediction took its place before the first vote"
        if self._decided.get(session) != entry["decision"]:
            yield "field decision is not the first decision on a vote of its session"
        for name in SEALED_WORDS:
            if entry[name]["sd"] != sealed[name]:
                yield f"field {name} has not the digest that was sealed before the first vote"

    def add(self, entry: Mapping[str, Any]) -> None:
        """Adds an entry that fits its shape."""
        type_ = entry["type"]
        if type_ == "round opened":
            self._session_of[entry["round"]] = entry["session"]
        elif type_ == "prediction sealed":
            self._sealed[entry["prediction"]] = entry
            self._last[entry["session"]] = entry["prediction"]
        elif type_ == "decision":
            for session in {self._session_of.get(round_, "") for round_ in entry["rounds"]}:
                if session in self._last and session not in self._decided:
                    self._decided[session] = self.waiting[session] = entry["decision"]
        elif type_ == "prediction opened" and entry["prediction"] in self._sealed:
            self.waiting.pop(self._sealed[entry["prediction"]]["session"], None)


def prediction_problems(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yields a problem for each decision with which a sealed prediction should have been opened, and was not."""
    course = PredictionCourse()
    for entry in entries:
        course.add(entry)
    for decision in course.waiting.values():
        yield f"decision {decision}: the prediction that was sealed for its session is not opened with it"
