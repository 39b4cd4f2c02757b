"""The tables that exports have since format 4, and what these brought to rounds and decisions: that they say what the
record says, and no more."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from support.record_keeper import CRISIS, QUIET, a_keeper, a_keeper_of_ways

from forum.record.verify.columns import COLUMNS
from forum.record.verify.further_tables import DERIVED
from forum.record.verify.public_log import WITHDRAWN, Log
from forum.record.verify.tables import BETWEEN, Row
from forum.record.verify.tables import ROWS as TABLES

ROWS = {name: rows for name, rows in DERIVED.items() if name not in TABLES}


@pytest.fixture(scope="module")
def log() -> Log:
    return a_keeper().log()


def rows(name: str, log: Log) -> list[Row]:
    return list(ROWS[name](log))


@pytest.mark.parametrize("name", ROWS)
def test_every_row_has_the_columns_that_are_explained(name: str, log: Log) -> None:
    there = rows(name, log)
    assert there
    assert {tuple(row) for row in there} == {tuple(COLUMNS[name])}
    assert {type(value) for row in there for value in row.values()} <= {str, int, bool, type(None)}
    assert rows(name, Log((), {}, ())) == []


@pytest.mark.parametrize("name", ROWS)
def test_the_rows_of_commissions_are_those_of_everything(name: str, log: Log) -> None:
    apart = [row for one in (CRISIS, QUIET) for row in rows(name, a_keeper().log(one.id))]
    assert sorted(map(str, apart)) == sorted(map(str, rows(name, log)))


def test_a_session_has_a_row_for_each_group_with_how_many_were_invited(log: Log) -> None:
    there = rows("sessions.csv", log)
    opened = [entry for entry in log.entries if entry["type"] == "session opened"]
    assert len(there) == sum(len(entry["about"]["groups"]) for entry in opened)
    assert {row["group"]: row["invited"] for row in there if row["commission"] == CRISIS.id} == {
        group.label: group.invited for group in CRISIS.groups
    }
    by_session = {row["session"]: row for row in there}
    rounds = list(TABLES["rounds.csv"](log))
    assert {id_: row["rounds_opened"] for id_, row in by_session.items()} == Counter(row["session"] for row in rounds)
    assert sum(int(str(row["rounds_annulled"])) for row in by_session.values()) == 2
    assert {row["session_kind"] for row in there} == {"room", "asynchronous"}
    assert {row["decides"] for row in there} == {"The joint board"}


def test_every_response_of_every_table_is_an_option_with_its_id(log: Log) -> None:
    options = {(row["round"], row["response"]): row["response_label"] for row in rows("options.csv", log)}
    results = list(TABLES["results_by_group.csv"](log))
    named = {(row["round"], row["response"]): row["response_label"] for row in results if row["response"]}
    assert len(named) > 10
    assert named.items() <= options.items()
    numbers = [row["number"] for row in rows("options.csv", log)]
    assert numbers[:4] == [1, 2, 3, 4]


def test_an_option_that_the_replay_brought_is_told(log: Log) -> None:
    there = rows("options.csv", log)
    second = {row["round"]: row["second_of"] for row in TABLES["rounds.csv"](log)}
    for row in there:
        first = {one["response"] for one in there if one["round"] == second[row["round"]]}
        assert row["added"] == ((row["response"] not in first) if first else None)
    assert {row["added"] for row in there} >= {None, False}


def test_who_told_a_withdrawn_story_is_not_said(log: Log) -> None:
    first, *others = rows("stories.csv", log)
    assert (first["told_by"], first["withdrawn"], first["version"]) == ("Carers", False, 1)
    gone = log.entries[int(str(first["entry"]))]["title"]["sd"]
    left = {digest: words for digest, words in log.disclosures.items() if digest != gone}
    withdrawn, *same = rows("stories.csv", replace(log, disclosures=left))
    assert withdrawn == {**first, "title": WITHDRAWN, "told_by": None, "withdrawn": True}
    assert same == others


def test_moderators_acts_are_told_with_the_reason_that_was_published(log: Log) -> None:
    there = [(row["action"], row["because"]) for row in rows("moderation.csv", log)]
    assert there == [
        (entry["action"], log.words(entry["because"])) for entry in log.entries if entry["type"] == "moderation action"
    ]
    assert ("taken down", "=The street was named") in there
    assert ("kept", WITHDRAWN) in there


def test_an_erasure_says_how_many_texts_and_of_which_entries(log: Log) -> None:
    for row in rows("erasures.csv", log):
        erasure = log.entries[int(str(row["entry"]))]
        assert row["texts"] == len(erasure["digests"])
        for number in str(row["entries"]).split(" | "):
            assert any(digest in str(log.entries[int(number)]) for digest in erasure["digests"])
            assert int(number) < int(str(row["entry"]))


def test_a_round_says_who_could_come_and_what_was_decided_on_it(log: Log) -> None:
    rounds = {row["round"]: row for row in TABLES["rounds.csv"](log)}
    decisions = list(TABLES["decisions.csv"](log))
    assert len(decisions) > 2
    for decision in decisions:
        for round_ in str(decision["rounds"]).split(BETWEEN):
            assert (rounds[round_]["decisions"], rounds[round_]["outcome"]) == (
                decision["decision"],
                decision["outcome"],
            )
            assert rounds[round_]["contradictory"] is False
    undecided = [row for row in rounds.values() if not row["decisions"]]
    assert {(row["outcome"], row["contradictory"]) for row in undecided} == {("", None)}
    # Carers of the one commission, and both groups of the other, were invited without a number.
    assert {row["invited"] for row in rounds.values()} == {None}
    assert {row["entrance"] for row in rounds.values()} == {"open code", "open link"}


def test_every_group_invited_with_a_number_makes_a_sum(log: Log) -> None:
    entries = [
        {**entry, "about": {**entry["about"], "groups": [{"label": "A", "invited": 4}, {"label": "B", "invited": 3}]}}
        if entry["type"] == "session opened"
        else entry
        for entry in log.entries
    ]
    assert {row["invited"] for row in TABLES["rounds.csv"](replace(log, entries=tuple(entries)))} == {7}


def test_decisions_that_contradict_each_other_or_outlive_their_vote_are_told(log: Log) -> None:
    decision = next(entry for entry in log.entries if entry["type"] == "decision")
    round_ = decision["rounds"][-1]
    other = {**decision, "decision": "d" * 32, "outcome": "deferred", "response": None}
    again = {**decision, "decision": "e" * 32}
    annulled = {**next(e for e in log.entries if e["type"] == "round annulled"), "round": round_}

    def told(*more: dict[str, Any]) -> tuple[Row, dict[object, Row]]:
        longer = Log((*log.entries, *more), log.disclosures, log.ballots)
        round_row = next(row for row in TABLES["rounds.csv"](longer) if row["round"] == round_)
        return round_row, {row["decision"]: row for row in TABLES["decisions.csv"](longer)}

    row, decisions = told(again)
    assert (row["contradictory"], row["decisions"]) == (False, f"{decision['decision']} | {'e' * 32}")
    assert {one["contradicts"] for one in decisions.values()} == {""}
    row, decisions = told(other, again)
    assert (row["contradictory"], row["outcome"]) == (
        True,
        BETWEEN.join([decision["outcome"], "deferred", decision["outcome"]]),
    )
    assert decisions[decision["decision"]]["contradicts"] == "d" * 32
    assert decisions["d" * 32]["contradicts"] == f"{decision['decision']} | {'e' * 32}"
    assert {one["annulled_after"] for one in decisions.values()} == {""}
    row, decisions = told(annulled, {**other, "rounds": [decision["rounds"][0]]})
    assert row["state"] == "annulled"
    assert decisions[decision["decision"]]["annulled_after"] == round_
    assert decisions["d" * 32]["annulled_after"] == ""


def test_a_round_says_whether_the_quorum_was_met() -> None:
    said: list[object] = []
    for log in (a_keeper().log(), a_keeper_of_ways().log()):
        results = TABLES["results_by_group.csv"](log)
        quorum = {r["round"]: r["note"] for r in results if (r["measure"], r["label"]) == ("quorum", "everyone")}
        met = {row["round"]: row["quorum_met"] for row in TABLES["rounds.csv"](log)}
        assert met == {id_: {"reached": True, "missed": False}.get(str(quorum.get(id_))) for id_ in met}
        said += met.values()
    assert {True, False} <= {*said}
