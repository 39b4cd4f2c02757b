"""Small-number rules, where a commission declared them: what leaves the room is rounded, and small numbers hidden."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forum.record.verify.methods import METHODS, columns_of, tally
from forum.record.verify.rounds import Steps

# Numbers of people are rounded to a multiple of it.
STEP = 5
# Why no count is given of a vote of enough ballots; forum.voting.small_numbers has these words too.
NOTHING_OUTSIDE = (
    "No result of this vote is given outside the room: its numbers are small, and could show how somebody voted."
)


def in_small_numbers(steps: Steps) -> bool:
    """Returns whether a round was declared to keep to small-number rules."""
    return "small_numbers" in steps.opened


def rounded(n: int, threshold: int) -> int:
    """Returns a number of at least the threshold as it is published: the nearest multiple of STEP that is no less."""
    return STEP * max((n + STEP // 2) // STEP, -(-threshold // STEP))


def is_rounded(n: object, threshold: int) -> bool:
    """Returns whether a number can be one that was rounded."""
    return type(n) is int and n % STEP == 0 and n >= threshold


def could_be(n: int, threshold: int) -> range:
    """Returns the numbers that are published as `n`."""
    least = threshold if n == rounded(threshold, threshold) else n - STEP // 2
    return range(least, n + STEP // 2 + 1)


def small_number_problems(round_id: str, steps: Steps, choices: Sequence[str], labels: Sequence[str]) -> Iterator[str]:
    """Yields a problem for each rule that the result of a round does not keep to.

    `choices` and `labels` are those of its opened ballots. A result that is rounded although nothing of the kind was
    declared is a problem too.
    """
    said = steps.result
    if said is None:
        return
    found: Iterator[str]
    if not in_small_numbers(steps):
        parts = {"hidden", "preferred", "sealed"} & said.keys()
        found = iter([f"{', '.join(sorted(parts))}: no small-number rules were declared"] if parts else ())
    elif not {"hidden", "preferred"} <= said.keys():
        found = iter(["small-number rules were declared, and it does not keep to them"])
    elif not said["counts"]:
        found = _nothing_given(said)
    else:
        found = _given(steps, said, choices, labels)
    yield from (f"round {round_id}: {problem}" for problem in found)


def _nothing_given(said: Mapping[str, Any]) -> Iterator[str]:
    if said["hidden"] or said["preferred"] or "sealed" not in said:
        yield "it gives no count, but something that follows from one"


def _given(steps: Steps, said: Mapping[str, Any], choices: Sequence[str], labels: Sequence[str]) -> Iterator[str]:
    threshold, method = steps.opened["threshold"], steps.opened["method"]
    responses = [response["id"] for response in steps.opened["responses"]]
    rows = said["by_group"] or ()
    for part in (said, *rows):
        where = f"the row {part['label']!a}" if part is not said else "the whole room"
        numbers = [part["n"], *part["counts"].values()]
        if not all(is_rounded(n, threshold) for n in numbers):
            yield f"{where}: a number is below the threshold, or not rounded to {STEP}"
        if "hidden" not in part:
            yield f"{where}: it does not say which numbers are hidden"
        elif method in METHODS and sorted([*part["counts"], *part["hidden"]]) != sorted(
            map(str, columns_of(method, responses))
        ):
            yield f"{where}: its numbers and what is hidden are not the answers of the round"
        if max(numbers) > part["n"]:
            yield f"{where}: an answer has more than all ballots"
    if any(row["n"] > said["n"] or any(n > said["counts"].get(m, n) for m, n in row["counts"].items()) for row in rows):
        yield "a row has more than the whole room"
    if "figures" in said or (any(row.get("hidden") for row in rows) and (said["equal_voice"] or "consensus" in said)):
        yield "it gives figures that follow from hidden numbers, or are not rounded"
    yield from _shift_problems(steps, said, threshold)
    # Of the other methods more than these numbers tells it, or it is not one of them.
    if method in ("single", "approval") and not _can_be_preferred(said):
        yield "what it says people preferred is not what has the highest numbers"
    if "sealed" in said:
        return
    if said["hidden"] or any(label != "everyone" for label in labels):
        yield "its ballots are opened with their groups, or although numbers are hidden"
    if any(n < threshold for n in Counter(choices).values()):
        yield "its ballots are opened, although fewer than the threshold made one choice"
    if method in METHODS:
        exact = tally(method, choices, responses)
        counted = {mark: rounded(n, threshold) for mark, n in exact.items() if n >= threshold}
        if (counted, rounded(len(choices), threshold)) != (said["counts"], said["n"]):
            yield "the ballots do not add up to the result"


def _can_be_preferred(said: Mapping[str, Any]) -> bool:
    """Returns whether what is preferred are the answers with the highest number that is given."""
    top = max(said["counts"].values())
    return set(said["preferred"]) == {mark for mark, n in said["counts"].items() if n == top}


def _shift_problems(steps: Steps, said: Mapping[str, Any], threshold: int) -> Iterator[str]:
    shift = said["view_shift"]
    if shift is None:
        return
    if shift["joined"] or shift["left"] or shift["by_group"]:
        yield "the view shift gives more than the moves that enough people made"
    for cell in shift["cells"]:
        if not is_rounded(cell["n"], threshold):
            yield "the view shift has a number below the threshold, or not rounded"
        elif cell["n"] > said["counts"].get(cell["to"], 0):
            yield "the view shift leads to an answer whose number is hidden, or has more than it"
