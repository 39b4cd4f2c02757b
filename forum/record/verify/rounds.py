"""The rounds in a record: when each was opened, extended, closed, revealed or annulled."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeGuard

from forum.record.verify.disclosures import digests_in, open_disclosure
from forum.record.verify.verdict import RecordError


@dataclass
class Steps:
    """The entries of the record about one round, None where a step has not happened.

    `closes_at` is the latest announced closing time of an asynchronous round; None in a room. `result` is what was
    shown, with its view shift; None where nothing was shown, or where it was withdrawn.
    """

    opened: dict[str, Any]
    closed: dict[str, Any] | None = None
    revealed: dict[str, Any] | None = None
    annulled: dict[str, Any] | None = None
    closes_at: str | None = None
    result: dict[str, Any] | None = None


def rounds(entries: Sequence[dict[str, Any]], disclosures: Mapping[str, str]) -> dict[str, Steps]:
    """Returns every round in the record by its id, in the order they were opened; `disclosures` are by digest.

    Raises RecordError unless the steps are opened, closed, revealed, in that order and each at most once. An annulment
    may follow any of them and ends the round. Until it closes, an asynchronous round may be extended.
    """
    by_id: dict[str, Steps] = {}
    for entry in entries:
        kind, round_id = entry["type"], entry.get("round")
        if kind not in ("round opened", "round extended", "round closed", "round revealed", "round annulled"):
            continue
        if kind == "round opened":
            if type(round_id) is not str or round_id in by_id:
                raise RecordError(f"round {round_id} is opened twice")
            by_id[round_id] = Steps(entry, closes_at=entry.get("closes_at"))
            continue
        steps = by_id.get(round_id) if type(round_id) is str else None
        if steps is None or steps.annulled or steps.opened["session"] != entry["session"]:
            raise RecordError(f"{kind} does not fit what came before, round {round_id}")
        if entry["commission"] != steps.opened["commission"]:
            raise RecordError(f"round {round_id} belongs to two commissions")
        if kind == "round annulled":
            steps.annulled = entry
        elif kind == "round extended" and not steps.closed:
            steps.closes_at = _extended(steps, entry)
        elif kind == "round closed" and not steps.closed:
            steps.closed = entry
        elif kind == "round revealed" and steps.closed and not steps.revealed:
            steps.revealed = entry
            steps.result = result_of(entry, disclosures)
        else:
            raise RecordError(f"{kind} does not fit what came before, round {round_id}")
    return by_id


def result_of(revealed: Mapping[str, Any], disclosures: Mapping[str, str]) -> dict[str, Any] | None:
    """Returns the result that a "round revealed" tells, with its `view_shift` (None for none); None where it was
    withdrawn.

    `disclosures` are the encoded ones by digest. Records of before have the result itself in the entry. Raises
    RecordError for a disclosure that cannot be read.
    """
    if "sd" not in revealed["result"]:
        plain: dict[str, Any] = revealed["result"]
        return plain
    parts = {name: list(digests_in(revealed.get(name))) for name in ("result", "view_shift")}
    told = {
        name: open_disclosure(disclosures[digest])[2]
        for name, digests in parts.items()
        for digest in digests
        if digest in disclosures
    }
    return {**told["result"], "view_shift": told.get("view_shift")} if "result" in told else None


def weighed_of(decision: Mapping[str, Any], disclosures: Mapping[str, str]) -> dict[str, Any] | None:
    """Returns how a "decision" lies to what people preferred: its `preference`, `differs` and `differences`; None where
    that was withdrawn with an annulled vote.

    Records of before have the first two in the entry itself, and no more. Raises RecordError or KeyError where neither
    is there.
    """
    if "weighed" not in decision:
        return {"preference": decision["preference"], "differs": decision["differs"], "differences": []}
    encoded = disclosures.get(decision["weighed"]["sd"])
    weighed: dict[str, Any] | None = None if encoded is None else open_disclosure(encoded)[2]
    return weighed


def _extended(steps: Steps, entry: Mapping[str, Any]) -> str:
    """Returns the extended closing time of an asynchronous round. Raises RecordError unless it is later than the
    earlier one, and was set before that.
    """
    before, now = steps.closes_at, entry["closes_at"]
    if type(before) is not str or not is_moment(now) or not entry["at"] < before < now:
        raise RecordError(f"round {entry['round']}: the time that it is given is no more time")
    return now


def is_moment(value: object) -> TypeGuard[str]:
    """Returns whether a value is a time as the record writes it, as 2026-11-25T18:00:00.000Z.

    Only times written this way can be compared as text.
    """
    if type(value) is not str or not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}\.[0-9]{3}Z", value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
