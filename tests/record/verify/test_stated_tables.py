"""The tables that an operator states: a row that the record does not bear out is named, whoever signed it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support.forged_exports import details, failed
from support.record_keeper import CRISIS, SIGNER, a_keeper

from forum.record import export_zip
from forum.record.verify.public_log import Log
from forum.record.verify.stated_columns import STATED
from forum.record.verify.stated_tables import stated_problems, write_stated

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def log() -> Log:
    return a_keeper().log()


def rows_of(log: Log) -> Rows:
    return {name: [dict(row) for row in log.stated[name]] for name in STATED}


def drop(rows: Rows, name: str) -> None:
    del rows[name][0]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda rows: drop(rows, "attendance.csv"), "attendance.csv has not one row for each session"),
        (lambda rows: rows["attendance.csv"][0].update(session="0" * 32), "attendance.csv, row 1: of a session"),
        (lambda rows: rows["attendance.csv"][0].update(commission_title="X"), "not the commission of its session"),
        (lambda rows: rows["reasons.csv"][0].update(question="Another?"), "reasons.csv, row 1: not the question"),
        (lambda rows: rows["reasons.csv"][0].update(response_label="Both"), "not an answer of its round"),
        (lambda rows: rows["reasons.csv"][0].update(group="Police"), "a group that the result does not show"),
        (lambda rows: rows["reasons.csv"][0].update(words="", condition=""), "reasons.csv, row 1: without words"),
        (lambda rows: rows["reasons.csv"].insert(0, rows["reasons.csv"].pop(1)), "reasons.csv is not sorted"),
        (lambda rows: rows["stops.csv"][0].update(group="Everybody"), "with a group that was not invited"),
        (lambda rows: rows["stops.csv"][0].update(verdict="perhaps"), "no verdict of a magic check"),
        (lambda rows: rows["stops.csv"][0].update(magic_check="0" * 32), "names a round of another session"),
        (lambda rows: drop(rows, "proposals.csv"), "an amendment of no proposal"),
        (lambda rows: rows["proposals.csv"][0].update(round=rows["reasons.csv"][0]["round"]), "no vote on a proposal"),
        (lambda rows: rows["proposals.csv"][0].update(words=""), "proposals.csv, row 1: without words"),
        (lambda rows: rows["amendments.csv"][0].update(state="refused"), "no state of an amendment"),
        (lambda rows: rows["evidence.csv"][0].update(scenario="0" * 32), "evidence.csv, row 1: of a story"),
        (lambda rows: rows["evidence.csv"][0].update(commission="0" * 32), "not the commission of its story"),
    ],
)
def test_a_row_that_the_record_does_not_bear_out_is_named(log: Log, change: Callable[[Rows], Any], wrong: str) -> None:
    rows = rows_of(log)
    assert stated_problems(log, write_stated(rows)) == []
    change(rows)
    assert any(wrong in problem for problem in stated_problems(log, write_stated(rows)))


def test_a_reason_of_an_annulled_or_a_hidden_result_is_named(log: Log) -> None:
    annulled = next(id_ for id_, steps in log.rounds.items() if steps.revealed and steps.annulled)
    sealed = next(id_ for id_, steps in log.rounds.items() if steps.closed and not steps.revealed)
    for round_ in (annulled, sealed, "0" * 32):
        rows = rows_of(log)
        rows["reasons.csv"][0]["round"] = round_
        assert "reasons.csv, row 1: of a round whose result is not shown" in stated_problems(log, write_stated(rows))


def test_words_of_another_commission_or_of_a_withdrawn_story_are_named(log: Log) -> None:
    files = write_stated(log.stated)
    assert "attendance.csv, row 2: of a session that is not in this export" in stated_problems(
        replace(log, commission=CRISIS.id), files
    )
    title = next(log.chosen("scenario published"))[1]["title"]["sd"]
    without = replace(log, disclosures={key: value for key, value in log.disclosures.items() if key != title})
    assert "evidence.csv, row 1: of a story that is not published, or was withdrawn" in stated_problems(without, files)
    taken_down = {**log.entries[-1], "type": "moderation action", "action": "taken down"}
    taken_down["scenario"] = next(log.chosen("scenario published"))[1]["scenario"]
    held = replace(without, entries=(*log.entries, taken_down))
    assert "evidence.csv, row 1: of a story that a moderator holds" in stated_problems(held, files)


def test_a_table_written_otherwise_or_with_other_columns_fails_whoever_signed_it(log: Log) -> None:
    files = write_stated(log.stated)
    runs = {**files, "stops.csv": files["stops.csv"].replace(b"\"'=Ring", b'"=Ring')}
    assert runs != files
    assert stated_problems(log, runs) == ["stops.csv is not written as Forum does"]
    with pytest.raises(ValueError, match="has not the columns"):
        stated_problems(log, {**files, "stops.csv": files["stops.csv"].replace(b"tried", b"shown", 1)})
    rows = rows_of(log)
    rows["reasons.csv"][0]["group"] = "Police"
    forged = export_zip.pack(replace(log, stated=rows), SIGNER)
    assert failed(forged) == {"tables"}
    assert "reasons.csv, row 1" in details(forged)["tables"]
