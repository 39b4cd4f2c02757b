"""The conditions that a decision answers: the top ones all, each once, in order, as voting/condition.py sorts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

# How many of the conditions that most people asked for must be answered.
TOP_CONDITIONS = 5


def must_answer(decision: Mapping[str, Any]) -> int:
    """Returns how many conditions a "decision" had to answer: none where it does not answer the vote, or tells none."""
    told = decision.get("conditions")
    if told is None or decision["outcome"] in ("deferred", "acknowledged"):
        return 0
    given: int = told["given"]
    return min(given, TOP_CONDITIONS)


def condition_problems(entries: Sequence[Mapping[str, Any]], words: Callable[[Any], str | None]) -> Iterator[str]:
    """Yields a problem for each decision with a top condition that has no answer, or an answer to no condition of its
    votes. `words` opens a digest; None where its words are not here.
    """
    kinds: dict[str, str] = {}
    told_before = False
    for entry in entries:
        if entry["type"] == "round opened":
            kinds[entry["round"]] = entry["kind"]
        elif entry["type"] == "decision":
            told = entry.get("conditions")
            on_stage = "conditions" in entry and kinds.get(entry["rounds"][-1]) == "policy vote"
            if told is None and told_before and not on_stage:
                yield f"decision {entry['decision']}: it does not say which conditions it answers"
            told_before = told_before or "conditions" in entry
            for problem in _wrong_answers(entry, words) if told else ():
                yield f"decision {entry['decision']}: {problem}"


def _wrong_answers(entry: Mapping[str, Any], words: Callable[[Any], str | None]) -> Iterator[str]:
    given, answered = entry["conditions"]["given"], entry["conditions"]["answered"]
    if len(answered) < must_answer(entry):
        yield f"a condition has no answer: it answers {len(answered)} of {given}"
    if len(answered) > given:
        yield f"an answer is to no condition: it answers {len(answered)} of {given}"
    before: tuple[int, str] | None = None
    known = set()
    for number, one in enumerate(answered, 1):
        said = words(one["condition"])
        if one["round"] not in entry["rounds"]:
            yield f"answer {number} is to a condition of another vote"
        if words(one["answer"]) == "":
            yield f"condition {number} has no answer"
        if said is not None:
            if said in known:
                yield f"answer {number} is to a condition that is answered before"
            known.add(said)
        this = (-one["asked"], said or "")
        # Words that were taken back have no place in the alphabet.
        if before is not None and (this[0] < before[0] or (said and before[1] and this < before)):
            yield f"condition {number} is not in its place: more people asked for it than for the one before"
        before = this
