"""Counts of what people noticed of commitments: of askings that have ended, rounded, none below the threshold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from forum.record.verify.small_numbers import is_rounded

ASKED_AT = ("done", "partly")
ASKED_DAYS = timedelta(days=28)
WHO_NOTICED = ("followers", "storytellers")
_LEAST_ROOM = 5  # by so many more than the threshold each row has people


def noticed_problems(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yields a problem for each count of what was noticed that is not of an asking that has ended before it, is there
    twice, or has a number below the threshold of the vote that its commitment rests on."""
    thresholds: dict[str, int] = {}
    least: dict[str, int] = {}
    promised: dict[str, int] = {}
    updates: dict[str, list[Mapping[str, Any]]] = {}
    counted: set[str] = set()
    for entry in entries:
        type_ = entry["type"]
        if type_ == "round opened":
            thresholds[entry["round"]] = entry["threshold"]
        elif type_ == "decision":
            least[entry["decision"]] = max((thresholds.get(one, 0) for one in entry["rounds"][-1:]), default=0)
        elif type_ == "commitment":
            promised[entry["commitment"]] = least.get(entry["decision"], 0)
        elif type_ == "commitment update":
            updates.setdefault(entry["commitment"], []).append(entry)
        elif type_ == "commitment noticed":
            place = f"noticed {entry['update']}"
            if entry["update"] in counted:
                yield f"{place}: it is counted twice"
            counted.add(entry["update"])
            yield from _asking_problems(place, entry, updates.get(entry["commitment"], []))
            yield from _count_problems(place, entry["answers"], promised.get(entry["commitment"], 0))


def _asking_problems(place: str, entry: Mapping[str, Any], updates: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yields a problem where the update at which people were asked is not of this commitment, or the asking is open."""
    at = next((index for index, one in enumerate(updates) if one["update"] == entry["update"]), None)
    if at is None:
        yield f"{place}: there is no such update of its commitment before it"
        return
    asked = updates[at]
    if asked["state"] not in ASKED_AT:
        yield f"{place}: nobody is asked when a commitment is {asked['state']}"
    changed = any(one["state"] != asked["state"] for one in updates[at + 1 :])
    if not changed and datetime.fromisoformat(entry["at"]) < datetime.fromisoformat(asked["at"]) + ASKED_DAYS:
        yield f"{place}: it is counted before {ASKED_DAYS.days} days have passed or the state has changed"


def _count_problems(place: str, answers: Sequence[Mapping[str, Any]], threshold: int) -> Iterator[str]:
    """Yields a problem where answers are of no kind of people, or of one twice, or a number may not be given."""
    if [one["who"] for one in answers] not in (list(WHO_NOTICED), *([one] for one in WHO_NOTICED)):
        yield f"{place}: it is not of each kind of people once"
    for one in answers:
        if one["n"] < threshold + _LEAST_ROOM:
            yield f"{place}: a row is of too few people"
        given = [one[name] for name in ("n", "yes", "partly", "no") if one[name] is not None]
        if not all(is_rounded(number, threshold) for number in given):
            yield f"{place}: a number is below the threshold, or not rounded"
        if any(one[name] is not None and one[name] > one["n"] for name in ("yes", "partly", "no")):
            yield f"{place}: more gave one answer than answered"
