"""Votes as Popolo has them (popoloproject.com): a motion for each question, a vote event for each vote on it.

No vote of anybody is in it, only counts and what groups chose, as far as they may be shown. Two things do not fit the
standard: a ballot may name several responses, so counts may add up to more than the ballots (of scores, each response
is an option with each number); and a result is what most people chose, not that a motion passed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from forum.record.verify.public_log import Log
from forum.record.verify.rounds import Steps
from forum.record.verify.tables import BETWEEN
from forum.voting.methods import METHODS

MEDIA_TYPE = "application/json"


def popolo(log: Log) -> bytes:
    """Returns the organisations (commissions), events (sessions) and motions of a log as indented JSON."""
    motions: dict[str, dict[str, Any]] = {}
    for round_id, steps in log.rounds.items():
        opened = steps.opened
        first = opened["second_of"] if opened["second_of"] in motions else round_id
        if first == round_id:
            motions[round_id] = {
                "id": round_id,
                "organization_id": opened["commission"],
                "legislative_session_id": opened["session"],
                "text": log.words(opened["question"]),
                "date": opened["at"],
                "result": None,
                "vote_events": [],
            }
        motions[first]["vote_events"].append(_vote_event(log, steps, first))
    for _, decision in log.chosen("decision"):
        for motion in motions.values():
            if any(event["id"] in decision["rounds"] for event in motion["vote_events"]):
                motion["result"] = decision["outcome"]
    sessions = [entry for _, entry in log.chosen("session opened")]
    document = {
        "organizations": [
            {"id": id_, "name": log.titles[id_], "classification": "commission"}
            for id_ in dict.fromkeys(entry["commission"] for entry in sessions)
        ],
        "events": [
            {
                "id": entry["session"],
                "name": entry["title"],
                "classification": entry.get("kind", "room"),
                "start_date": entry["at"],
                "organization_id": entry["commission"],
            }
            for entry in sessions
        ],
        "motions": list(motions.values()),
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def _vote_event(log: Log, steps: Steps, motion: str) -> dict[str, Any]:
    """Returns one vote; without counts and results where its result was not shown, or withdrawn."""
    opened, closed = steps.opened, steps.closed
    event: dict[str, Any] = {
        "id": opened["round"],
        "motion_id": motion,
        "organization_id": opened["commission"],
        "legislative_session_id": opened["session"],
        "classification": opened["kind"],
        "start_date": opened["at"],
        "end_date": closed["at"] if closed else None,
        "result": "annulled" if steps.annulled else None,
    }
    result = steps.result
    if result is None or not result["counts"]:
        return event
    labels = {response["id"]: log.words(response["label"]) for response in opened["responses"]}
    groups = result["by_group"] or []
    event["counts"] = [
        *_counts(result["counts"], labels),
        *(count | {"group": {"name": row["label"]}} for row in groups for count in _counts(row["counts"], labels)),
    ]
    event["result"] = event["result"] or _chosen(opened["method"], result, labels)
    event["group_results"] = [
        {"group": {"name": row["label"]}, "result": _chosen(opened["method"], row, labels)} for row in groups
    ]
    return event


def _counts(counts: Mapping[str, int], labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Returns how many ballots bear each mark: a response in words, "RESPONSE: NUMBER" for a score, or a stance."""
    options = []
    for mark, value in counts.items():
        response, _, score = mark.partition("=")
        words = labels.get(response, response)
        options.append({"option": f"{words}: {score}" if score else words, "value": value})
    return options


def _chosen(method: str, result: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Returns what most chose, in words; "" where nothing was, and for a way of voting that is not known here.

    By small-number rules the result itself says it, and of a group it is told where no number is hidden.
    """
    way = METHODS.get(method)
    chosen: Sequence[str] = result.get("preferred", ())
    if way and "preferred" not in result and not result.get("hidden"):
        chosen = way.preferred(result["counts"], result.get("figures"))
    return BETWEEN.join(labels.get(response, response) for response in chosen)
