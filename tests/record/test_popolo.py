"""Votes in Popolo's terms: held against its JSON Schemas, here in few words, and against the tables."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from support.record_keeper import CRISIS, a_keeper, a_keeper_of_ways

from forum.record.popolo import popolo
from forum.record.verify.public_log import Log
from forum.record.verify.tables import ROWS

TEXT = {"type": ["string", "null"]}
TIME = {"type": ["string", "null"], "format": "date-time"}
GROUP = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
# As the schemas count, group_result, vote_event and motion of the standard have it; no other fields are used.
COUNT = {
    "type": "object",
    "properties": {"option": {"type": "string"}, "value": {"type": "integer"}, "group": GROUP},
    "required": ["option", "value"],
    "additionalProperties": False,
}
GROUP_RESULT = {
    "type": "object",
    "properties": {"group": GROUP, "result": {"type": "string"}},
    "required": ["result"],
    "additionalProperties": False,
}
VOTE_EVENT = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("id", "organization_id", "legislative_session_id", "motion_id", "classification"), TEXT),
        **dict.fromkeys(("start_date", "end_date"), TIME),
        "result": TEXT,
        "counts": {"type": "array", "items": COUNT},
        "group_results": {"type": "array", "items": GROUP_RESULT},
    },
    "additionalProperties": False,
}
MOTION = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("id", "organization_id", "legislative_session_id", "text", "result"), TEXT),
        "date": TIME,
        "vote_events": {"type": "array", "items": VOTE_EVENT},
    },
    "additionalProperties": False,
}


def read(log: Log) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(popolo(log))
    return document


def events(document: dict[str, Any]) -> dict[str, Any]:
    return {event["id"]: event for motion in document["motions"] for event in motion["vote_events"]}


LOGS = {"everything": lambda: a_keeper().log(), "every way of voting": lambda: a_keeper_of_ways().log()}


@pytest.mark.parametrize("name", LOGS)
def test_it_holds_what_the_standard_has_and_nothing_else(name: str) -> None:
    document = read(LOGS[name]())
    assert set(document) == {"organizations", "events", "motions"}
    assert document["motions"]
    for motion in document["motions"]:
        jsonschema.validate(motion, MOTION)
    sessions = {event["id"] for event in document["events"]}
    commissions = {one["id"] for one in document["organizations"]}
    for one in (*document["motions"], *events(document).values()):
        assert one["legislative_session_id"] in sessions
        assert one["organization_id"] in commissions


@pytest.mark.parametrize("name", LOGS)
def test_its_counts_are_those_of_the_tables_and_groups_only_those_shown(name: str) -> None:
    log = LOGS[name]()
    there: dict[tuple[str, str], list[int]] = {}
    for id_, event in events(read(log)).items():
        for count in event.get("counts", ()):
            label = count["group"]["name"] if "group" in count else "everyone"
            there.setdefault((id_, label), []).append(count["value"])
    wanted: dict[tuple[str, str], list[int]] = {}
    for row in ROWS["results_by_group.csv"](log):
        if row["measure"] in ("head count", "group"):
            wanted.setdefault((str(row["round"]), str(row["label"])), []).append(int(str(row["n"])))
    assert {key: sorted(values) for key, values in there.items()} == {
        key: sorted(values) for key, values in wanted.items()
    }
    assert len(wanted) > 10


def test_the_vote_after_the_replay_is_on_the_same_motion_and_decisions_are_its_result() -> None:
    log = a_keeper().log(CRISIS.id)
    document = read(log)
    second = {row["round"]: row["second_of"] for row in ROWS["rounds.csv"](log) if row["second_of"]}
    assert second
    for later, first in second.items():
        assert events(document)[str(later)]["motion_id"] == first
    for decision in ROWS["decisions.csv"](log):
        last = str(decision["rounds"]).rpartition(" | ")[2]
        motion = events(document)[last]["motion_id"]
        assert decision["outcome"] in {one["result"] for one in document["motions"] if one["id"] == motion}
        assert events(document)[last]["result"] in (decision["preference_labels"], "annulled")


def test_a_vote_whose_result_was_not_shown_has_no_counts() -> None:
    log = a_keeper().log()
    hidden = {row["round"] for row in ROWS["rounds.csv"](log) if not row["revealed_at"]}
    assert len(hidden) >= 2
    assert all("counts" not in events(read(log))[str(id_)] for id_ in hidden)
    assert read(Log((), {}, ())) == {"organizations": [], "events": [], "motions": []}
