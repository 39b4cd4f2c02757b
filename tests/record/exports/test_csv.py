"""The tables: what is in them, and that nothing in them runs."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.record_keeper import CRISIS, QUIET, a_keeper

from forum.record.verify.columns import COLUMNS as DERIVED_COLUMNS
from forum.record.verify.further_tables import DERIVED
from forum.record.verify.public_log import WITHDRAWN, Log
from forum.record.verify.stated_columns import STATED
from forum.record.verify.stated_tables import write_stated
from forum.record.verify.tables import BETWEEN, FORMULA, cell, table

COLUMNS = DERIVED_COLUMNS | STATED
DOCS = Path(__file__).parents[3] / "docs" / "exports.md"


@pytest.fixture(scope="module")
def log() -> Log:
    return a_keeper().log()


def written(name: str, log: Log) -> bytes:
    return table(COLUMNS[name], DERIVED[name](log)) if name in DERIVED else write_stated(log.stated)[name]


def read(name: str, log: Log) -> list[dict[str, str]]:
    text = written(name, log).decode("utf-8-sig")
    assert text.endswith("\r\n")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert all(None not in row and None not in row.values() for row in rows)
    return rows


@pytest.mark.parametrize("name", COLUMNS)
def test_every_table_has_its_columns_also_when_empty(name: str, log: Log) -> None:
    header = ",".join(COLUMNS[name])
    assert written(name, log).decode("utf-8-sig").split("\r\n")[0] == header
    assert written(name, Log((), {}, ())).decode("utf-8-sig") == header + "\r\n"


def test_the_docs_list_every_file_and_column() -> None:
    rows = [
        [part.strip() for part in line.strip("|").split("|")]
        for line in DOCS.read_text().splitlines()
        if line.startswith("| `")
    ]
    listed = [(row[0].strip("`"), row[1].strip("`"), row[2]) for row in rows]
    expected = [(name, column, words) for name, columns in COLUMNS.items() for column, words in columns.items()]
    assert listed == expected


@given(st.text(), st.text())
def test_what_is_written_is_what_is_read(one: str, two: str) -> None:
    data = table(["a", "b"], [{"a": one, "b": two}]) if encodable(one + two) else b""
    if not data:
        return
    [header, row] = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    assert header == ["a", "b"]
    assert row == ["'" + text if text.startswith(FORMULA) else text for text in (one, two)]


@pytest.mark.parametrize("name", COLUMNS)
def test_a_table_says_that_it_is_utf_8(name: str, log: Log) -> None:
    """By a byte order mark, once, before everything else: a double click garbles no letter."""
    for data in (written(name, log), written(name, Log((), {}, ()))):
        assert data.startswith(codecs.BOM_UTF8 + next(iter(COLUMNS[name])).encode())
        assert data.count(codecs.BOM_UTF8) == 1


@pytest.mark.parametrize("words", ["10-12", "1/2", "007", "1e5", "March 7", "TRUE", "tŷ"])
def test_what_a_spreadsheet_might_take_for_something_else_is_what_people_said(words: str) -> None:
    assert cell(words) == words


def encodable(text: str) -> bool:
    return not any("\ud800" <= c <= "\udfff" for c in text)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_starts_a_formula(start: str) -> None:
    assert cell(start + "1+1").lstrip('"').startswith("'")
    assert cell("a" + start).lstrip('"').startswith("a")


def test_numbers_stay_numbers() -> None:
    assert [cell(value) for value in (-1, 0, 7, None, True, False, "")] == ["-1", "0", "7", "", "yes", "no", ""]


def test_withdrawn_words_are_said_to_be_withdrawn() -> None:
    keeper = a_keeper()
    opened = next(iter(keeper.opened.values()))
    keeper.erase(CRISIS, [opened["question"]["sd"], opened["responses"][0]["label"]["sd"]])
    row = next(row for row in read("rounds.csv", keeper.log()) if row["round"] == opened["round"])
    assert row["question"] == WITHDRAWN
    assert row["responses"].split(BETWEEN)[:2] == [WITHDRAWN, "Send the police"]


def test_decisions_stand_beside_what_people_preferred(log: Log) -> None:
    first, second, third, fourth = read("decisions.csv", log)
    assert (first["outcome"], first["response"], first["response_label"]) == (
        "adopted with changes",
        "r1",
        "Send a nurse",
    )
    assert (first["preference"], first["preference_labels"], first["differs"]) == ("r2", "Send the police", "yes")
    assert first["rationale"] == "A nurse is there in twenty minutes.\nThe police are not."
    assert first["why"] == "The police have no beds"
    assert (second["outcome"], second["response"], second["why"]) == ("deferred", "", "")
    assert second["dissent"] == "Some have waited for years"
    assert third["demonstration"] == "yes"
    assert [row["session_kind"] for row in (first, second, third, fourth)] == ["room", "room", "room", "asynchronous"]
    assert log.entries[int(first["entry"])]["decision"] == first["decision"]


def test_every_round_is_there_with_how_far_it_came(log: Log) -> None:
    rounds = read("rounds.csv", log)
    assert [row["state"] for row in rounds] == [
        *["revealed"] * 6,
        *["annulled"] * 2,
        "closed",
        "open",
        *["revealed"] * 2,
    ]
    assert rounds[1]["second_of"] == rounds[0]["round"]
    assert rounds[0]["responses"] == 'Send a nurse | Send the police | =Call back, "soon" | None of these'
    assert rounds[2]["question"] == "'+And who should ring back?"
    assert (rounds[6]["ballots"], rounds[6]["annulled_because"]) == ("", "It was put badly")
    assert rounds[7]["annulled_because"] == "'@home could not see it"
    assert (rounds[8]["ballots"], rounds[8]["revealed_at"]) == ("33", "")
    assert rounds[9]["ballots"] == ""
    assert rounds[10]["commission_title"] == "A quiet room"
    assert [(row["session_kind"], row["closes_at"]) for row in rounds] == [
        *[("room", "")] * 11,
        ("asynchronous", "2026-11-27T18:00:00.000Z"),
    ]


def test_what_was_answered_alone_is_named_wherever_it_stands_beside_a_room(log: Log) -> None:
    rows = read("results_by_group.csv", log)
    kinds = {row["session"]: row["session_kind"] for row in rows}
    assert sorted(kinds.values()) == ["asynchronous", "room", "room"]
    assert {row["session_kind"] for row in read("view_shift.csv", log)} == {"room"}


def test_a_record_from_before_there_were_asynchronous_rounds_is_all_in_rooms(log: Log) -> None:
    new = ("kind", "closes_at")
    entries = []
    for entry in log.entries:
        if entry["type"] == "session opened":
            entries.append({key: value for key, value in entry.items() if key not in new})
        elif entry["type"] == "round opened":
            entries.append({key: value for key, value in entry.items() if key != "closes_at"})
        elif entry["type"] != "round extended":
            entries.append(entry)
    old = Log(tuple(entries), log.disclosures, log.ballots, log.commission)
    for name in ("rounds.csv", "results_by_group.csv", "decisions.csv"):
        assert {row["session_kind"] for row in read(name, old)} == {"room"}
    assert {row["closes_at"] for row in read("rounds.csv", old)} == {""}


def test_results_add_up_and_hold_no_small_group(log: Log) -> None:
    rows = read("results_by_group.csv", log)
    assert not {"Police", "Ambulance crews"} & {row["label"] for row in rows}
    first = [row for row in rows if row["round"] == rows[0]["round"]]
    heads = [row for row in first if row["measure"] == "head count"]
    assert [row["response"] for row in heads] == ["r1", "r2", "r3", "none"]
    assert sum(int(row["n"]) for row in heads) == int(heads[0]["of"]) == 33
    by_group = [row for row in first if row["measure"] == "group"]
    assert {row["label"]: row["of"] for row in by_group} == {
        "People who use services": "14",
        "Carers": "7",
        "Nurses": "6",
        "other groups": "6",
    }
    assert sum(int(row["n"]) for row in by_group) == 33
    voice = [row for row in first if row["measure"] == "equal voice"]
    assert abs(sum(int(row["basis_points"]) for row in voice) - 10_000) <= 2
    late = [row for row in rows if row["question"] == "Who stayed late?"]
    assert [row["measure"] for row in late] == ["head count"] * 4 + ["withheld"]
    assert late[-1]["note"].startswith("Nothing is shown by group")


def test_nothing_of_an_unrevealed_round_is_in_the_results(log: Log) -> None:
    for name in ("results_by_group.csv", "view_shift.csv"):
        questions = {row["question"] for row in read(name, log)}
        assert not questions & {"What nobody has seen the answer to", "What is being voted on now", ""}


def test_view_shift_has_margins_and_groups_where_given(log: Log) -> None:
    rows = read("view_shift.csv", log)
    pair = [row for row in rows if row["round"] == rows[0]["round"]]
    everyone = [row for row in pair if row["label"] == "everyone"]
    assert sum(int(row["n"]) for row in everyone) == 33
    assert {row["measure"] for row in everyone} == {"voted in both"}
    assert sum(int(row["n"]) for row in pair if row["label"] not in ("everyone", "")) == 33
    other = [row for row in rows if row["round"] != rows[0]["round"]]
    assert {row["label"] for row in other} == {"everyone", ""}
    assert {row["measure"] for row in other} == {"voted in both", "joined", "left", "withheld"}
    [joined] = [row for row in other if row["measure"] == "joined"]
    assert (joined["from"], joined["n"]) == ("", "1")


def test_commitments_say_who_does_what_by_when(log: Log) -> None:
    first, second = read("commitments.csv", log)
    assert (first["role"], first["what"], first["by"]) == (
        "Head of night services",
        "'-Two nurses, from April",
        "2027-03-31",
    )
    assert first["decision"] == second["decision"]
    assert [(row["answers"], row["noticed"], row["updates"]) for row in (first, second)] == [
        ("'=Somebody comes at night", "The rota at the door", "3"),
        ("", "", "1"),
    ]
    assert [(row["state"], row["owner"]) for row in (first, second)] == [
        ("partly", "Head of night services"),
        ("handed on", "'-Control room"),
    ]
    updates = read("updates.csv", log)
    assert [row["news_at"] for row in (first, second)] == [updates[2]["at"], updates[3]["at"]]
    assert [(row["state"], row["said"], row["because"], row["handed_to"], row["given_by"]) for row in updates] == [
        ("on track", "'+One is here", "", "", "owner"),
        ("done", "Both are here", "", "", "commissioner"),
        ("partly", "", "'@One has left", "", "owner"),
        ("handed on", "", "", "'-Control room", "owner"),
    ]
    noticed = read("noticed.csv", log)
    assert [(row["who"], row["n"], row["yes"], row["partly"], row["no"]) for row in noticed] == [
        ("followers", "15", "5", "", "10"),
        ("storytellers", "10", "", "5", ""),
    ]
    assert {row["update"] for row in noticed} == {updates[1]["update"]}
    assert [row["commitment"] for row in updates] == [first["commitment"]] * 3 + [second["commitment"]]


@pytest.mark.parametrize("name", COLUMNS)
def test_a_chosen_commission_is_alone_in_its_tables(name: str) -> None:
    for commission in (CRISIS, QUIET):
        rows = read(name, a_keeper().log(commission.id))
        assert {row["commission"] for row in rows} <= {commission.id}
