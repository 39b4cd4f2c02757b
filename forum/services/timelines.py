"""Timelines of commissions: what of the record stands on each, in its order, with what it can be chosen by.

An index of entries alone, as `record_cache.Contents` keeps it: no words, which pages read as they show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STORY = "story"  # the kind of a step by which a story became public
# Kinds of what stands on a timeline, by the type of the entry; entries of other types do not stand there.
KINDS: Mapping[str, str] = {
    "scenario published": STORY,
    "session opened": "session",
    "session called off": "session",
    "round revealed": "vote",
    "round annulled": "vote",
    "decision": "decision",
    "decision corrected": "decision",
    "decision replaced": "decision",
    "minority statement": "decision",
    "answer date moved": "decision",
    "prediction sealed": "session",
    "prediction opened": "decision",
    "commitment": "promise",
    "commitment update": "update",
    "commission published": "stage",
    "commission changed": "stage",
    "stage moved": "stage",
    "stage note": "stage",
    "commission closed": "stage",
    "commission reopened": "stage",
}


@dataclass
class Step:
    """A step on a timeline: the index of its entry, its kind, its day (ISO, UTC), the stage of that time, "" where
    nothing says it, and the story that it goes back to, None for none.

    `status` is how a promise stands now, the outcome of a decision, the state of an update; else "".
    """

    index: int
    kind: str
    day: str
    stage: str
    story: str | None = None
    status: str = ""


@dataclass
class Timelines:
    """The timelines of all commissions so far, by commission, oldest first."""

    of: dict[str, list[Step]] = field(default_factory=dict)
    _stages: dict[str, str] = field(default_factory=dict)
    # The story of each round, decision and promise; the step of each promise, and that of each result shown.
    _stories: dict[str, str | None] = field(default_factory=dict)
    _promises: dict[str, Step] = field(default_factory=dict)
    _results: dict[str, Step] = field(default_factory=dict)

    def add(self, index: int, entry: Mapping[str, Any]) -> None:
        """Adds the next entry."""
        type_, of = entry["type"], entry["commission"]
        if type_ in ("commission published", "commission changed", "session opened"):
            self._stages[of] = entry["about"]["stage"]
        elif type_ == "stage moved":
            self._stages[of] = entry["to"]
        elif type_ == "round opened":
            self._stories[entry["round"]] = entry["scenario"]
        if type_ not in KINDS:
            return
        step = Step(index, KINDS[type_], entry["at"][:10], self._stages.get(of, ""), self._story(entry))
        steps = self.of.setdefault(of, [])
        if type_ == "round revealed":
            self._results[entry["round"]] = step
        elif type_ == "round annulled" and (shown := self._results.pop(entry["round"], None)):
            steps.remove(shown)  # what was annulled is not shown any more
        elif type_ == "decision":
            step.status = entry["outcome"]
            self._stories[entry["decision"]] = step.story
        elif type_ == "commitment":
            step.status = "no news yet"
            self._stories[entry["commitment"]], self._promises[entry["commitment"]] = step.story, step
        elif type_ == "commitment update":
            step.status = entry["state"]
            if promise := self._promises.get(entry["commitment"]):
                promise.status = entry["state"]
        steps.append(step)

    def _story(self, entry: Mapping[str, Any]) -> str | None:
        if entry["type"] == "scenario published":
            return str(entry["scenario"])
        thing = entry.get("round") or entry.get("commitment") or (entry.get("rounds") or ("",))[-1]
        if entry["type"] in (
            "commitment",
            "decision corrected",
            "decision replaced",
            "minority statement",
            "prediction opened",
        ):
            thing = entry["decision"]
        return self._stories.get(thing)
