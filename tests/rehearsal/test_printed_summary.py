"""Summary of a rehearsal for people: every number, and whatever was not as it should be, by name."""

from __future__ import annotations

import io

import pytest

from forum.rehearsal.printed_summary import show
from forum.rehearsal.report import Report, RoundReport

WELL = RoundReport("Who should come?", {"A": 3}, {"A": 3}, True, ballots=3, papers=2, dropped=2, late=1, compared=14)


def said(report: Report, monkeypatch: pytest.MonkeyPatch, columns: int = 110) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = io.StringIO()
    show(report, out)
    return " ".join(out.getvalue().split())


def test_a_good_day_says_so_with_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    report = Report(30, rounds=[WELL], refusals={"closed": 4}, refused=4, said={"stops": 9}, compared=77)
    report.screens = {"phone": 30, "projector": 2}
    words = said(report, monkeypatch)
    assert "All is well. 30 phones, 2 projectors: compared" in words
    for line in (
        "Phones │ 30",
        "closed │ 4",
        "Stops │ 9",
        "Screens compared with the database │ 77",
        "Differences │ 0",
    ):
        assert line in words
    assert "│ Who should come? │ single, 2 on paper │ 3 │ yes │ 2 │ 1 │ 14 │ 0 │" in words


def test_what_was_wrong_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = RoundReport("Who?", {"A": 3}, {"A": 4}, False)
    one = {"when": "Who? (shown)", "screen": "projector 2", "what": "result", "shows": "3", "should": "4"}
    report = Report(4, rounds=[bad], untold=["closed: no words"], differing=[one] * 31, left_out=["papers: alone"])
    words = said(report, monkeypatch)
    assert not report.well
    assert "NOT ALL IS WELL" in words
    assert "Who? It was counted as 3 A, and should be 4 A." in words
    assert "Who? (shown): projector 2: result: it shows 3, it should be 4." in words
    assert "And 1 more differences." in words
    assert "Not told as it should be: closed: no words." in words
    assert "Left out: papers: alone." in words


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_its_table_is_readable_at_any_width(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    long = RoundReport("What should come first? " * 20, {"A": 3}, {"A": 3}, True, ballots=123)
    words = said(Report(4, rounds=[long]), monkeypatch, columns)
    assert "123" in words
    assert "yes" in words
    assert "…" in words


@pytest.mark.parametrize(
    "wrong",
    [
        {"lost": 1},
        {"doubled": 1},
        {"untold": ["closed: no words"]},
        {"differing": [{"screen": "phone 1"}]},
        {"rounds": [RoundReport("Who?", {}, {}, False)]},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_nothing_of_this_is_well(wrong: dict[str, object]) -> None:
    assert Report(1).well
    report = Report(1)
    for name, value in wrong.items():
        setattr(report, name, value)
    assert not report.well
