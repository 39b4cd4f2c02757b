"""The order of what happens to a commission: each move begins where it stands, and nothing happens after its end; its
decisions are read before they are published, corrected and replaced (decision_course.py), and open what was predicted
(predictions.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forum.record.verify.decision_course import DecisionCourse
from forum.record.verify.encoding import canonical
from forum.record.verify.entry_shapes import place_of
from forum.record.verify.predictions import PredictionCourse

STAGES = ("assess needs", "plan", "secure", "monitor")
QUESTIONS = {
    "assess needs": ("lacks", "has"),
    "plan": ("options",),
    "secure": ("specified",),
    "monitor": ("judges", "measures"),
}
_NOT_AFTER_ITS_END = ("session opened", "stage moved", "stage note", "commission changed", "commission closed")


@dataclass
class _CommissionStands:
    """Where a commission stands, as far as its entries have said: its stage, "" while none did; the number of its
    version, 0 while none did, and the terms of it; whether one of its votes has closed.
    """

    stage: str = ""
    closed: bool = False
    version: int = 0
    terms: tuple[bytes, str | None] | None = None
    begun: bool = False
    voted: bool = False


class Cycle:
    """The commissions so far, as the next entry is held against them. `words` opens a digest; None where its words are
    not here.
    """

    def __init__(self, words: Callable[[Any], str | None] = lambda place: None) -> None:
        self._words = words
        self._there: dict[str, _CommissionStands] = {}
        self._decisions = DecisionCourse()
        self._predictions = PredictionCourse()

    def problems(self, entry: Mapping[str, Any]) -> Iterator[str]:
        """Yields a problem where an entry that fits its shape does not follow from where its commission stands."""
        stands, type_ = self._there.get(entry["commission"], _CommissionStands()), entry["type"]
        if stands.closed and type_ in _NOT_AFTER_ITS_END:
            yield "its commission is closed"
        if type_ == "commission reopened" and not stands.closed:
            yield "its commission is not closed"
        if type_ == "commission published" and stands.begun:
            yield "its commission was there before"
        if type_ == "commission changed" and entry["version"] != max(stands.version, 1) + 1:
            yield f"field version does not follow version {max(stands.version, 1)}"
        if type_ in ("session opened", "commission changed") and stands.stage not in ("", entry["about"]["stage"]):
            yield f"field about.stage is not the stage that the commission is in, {stands.stage}"
        if type_ == "session opened" and stands.terms is not None:
            (declared, decides), (known, decided) = self._terms(entry["about"]), stands.terms
            if declared != known or (None not in (decides, decided) and decides != decided):
                yield f"field about has not the terms of version {stands.version} of its commission"
        if type_ == "stage moved":
            if stands.stage not in ("", entry["from"]):
                yield f"field from is not the stage that the commission is in, {stands.stage}"
            if STAGES.index(entry["to"]) - STAGES.index(entry["from"]) not in (1, -1, -2, -3):
                yield "field to is neither the next stage nor one before"
        if type_ == "stage note" and entry["question"] not in QUESTIONS[entry["stage"]]:
            yield "field question is none of its stage"
        if type_ == "pledge" and not stands.voted:
            yield "no vote of its commission has closed yet"
        yield from self._decisions.problems(entry)
        yield from self._predictions.problems(entry)

    def add(self, entry: Mapping[str, Any]) -> None:
        """Adds an entry that fits its shape."""
        stands, type_ = self._there.setdefault(entry["commission"], _CommissionStands()), entry["type"]
        stands.voted = stands.voted or type_ == "round closed"
        stands.begun = stands.begun or type_ in (*_NOT_AFTER_ITS_END, "commission published")
        if type_ in ("commission published", "commission changed"):
            stands.stage, stands.version = entry["about"]["stage"], entry.get("version", 1)
            stands.terms = self._terms(entry["about"])
        if type_ == "stage moved":
            stands.stage = entry["to"]
        elif type_ == "session opened" and not entry.get("demonstration"):
            # The moves of a rehearsal's commission are not recorded.
            stands.stage = entry["about"]["stage"]
        elif type_ in ("commission closed", "commission reopened"):
            stands.closed = type_ == "commission closed"
        self._decisions.add(entry)
        self._predictions.add(entry)

    def _terms(self, about: Mapping[str, Any]) -> tuple[bytes, str | None]:
        """Returns what is declared besides the stage: all but who decides, and that in words, which each entry has with
        a digest of its own; None where they are not here.
        """
        power = {name: said for name, said in about["power"].items() if name != "decides"}
        terms = {name: said for name, said in about.items() if name != "stage"} | {"power": power}
        decides = about["power"]["decides"]
        return canonical(terms), decides if isinstance(decides, str) else self._words(decides)


def cycle_problems(entries: Sequence[Mapping[str, Any]], words: Callable[[Any], str | None]) -> Iterator[str]:
    """Yields a problem, with its place, for each entry that does not follow from where its commission stands. All fit
    their shapes; `words` is as for Cycle."""
    cycle = Cycle(words)
    for number, entry in enumerate(entries):
        for problem in cycle.problems(entry):
            yield f"{place_of(number, entry)}: {problem}"
        cycle.add(entry)
