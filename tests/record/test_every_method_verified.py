"""Every way of voting in the record: counted again by verify.py alone and by the whole program, and no lie passes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.record_keeper import CRISIS, ROOM, SIGNER, WAYS, Keeper, a_keeper_of_ways, people, votes_of

from forum.errors import CastRefused
from forum.record import audit, export_zip
from forum.record.exports import EXPORTS
from forum.record.verify import methods
from forum.record.verify.archive import unpack
from forum.record.verify.checks import NEEDS_FORUM, verify_files
from forum.record.verify.encoding import parse_lines
from forum.record.verify.methods import tally
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS, RecordError
from forum.voting.methods import METHODS


def packed(keeper: Keeper) -> bytes:
    return export_zip.pack(keeper.log(), SIGNER)


def failed(data: bytes) -> set[str]:
    return {check.name for check in audit.verify(data) if check.verdict == FAIL}


def failed_in_bare_python(data: bytes) -> set[str]:
    return {check.name for check in verify_files(unpack(data)[0]) if check.verdict == FAIL}


def result(keeper: Keeper, method: str) -> dict[str, Any]:
    """Returns the result of the first vote of this way, to be tampered with."""
    of = next(round_ for round_, opened in keeper.opened.items() if opened["method"] == method)
    found: dict[str, Any] = next(
        entry["result"] for entry in keeper.entries if entry["type"] == "round revealed" and entry["round"] == of
    )
    return found


def test_a_true_record_of_every_way_passes_every_check() -> None:
    data = packed(a_keeper_of_ways())
    assert {check.verdict for check in audit.verify(data)} == {PASS}, [
        c for c in audit.verify(data) if c.verdict != PASS
    ]
    bare = {check.name: check for check in verify_files(unpack(data)[0])}
    assert bare["head counts"].verdict == PASS
    assert bare["head counts"].detail == f"{2 * len(WAYS)} rounds counted again, each with the recorded result"
    assert {name for name, check in bare.items() if check.verdict == NOT_CHECKED} == {*NEEDS_FORUM}


@pytest.mark.parametrize("method", WAYS)
def test_a_count_that_is_not_the_ballots_fails_with_and_without_forum(method: str) -> None:
    keeper = a_keeper_of_ways()
    counts = result(keeper, method)["counts"]
    first = next(mark for mark, n in counts.items() if n)
    counts[first] -= 1
    assert "head counts" in failed_in_bare_python(packed(keeper))
    assert {"head counts", "re-tally"} <= failed(packed(keeper))


@pytest.mark.parametrize(
    ("method", "change"),
    [
        ("ranked", lambda figures: figures["winners"].reverse() or figures["winners"].append("r1")),
        ("ranked", lambda figures: figures["rounds"].pop()),
        ("ranked", lambda figures: figures["rounds"][0]["out"].append("r1")),
        ("score", lambda figures: figures["mean"].update(r1=49_999)),
        ("score", lambda figures: figures["median"].update(r1=10_000)),
    ],
)
def test_figures_that_do_not_follow_from_the_ballots_fail(
    method: str, change: Callable[[dict[str, Any]], object]
) -> None:
    keeper = a_keeper_of_ways()
    change(result(keeper, method)["figures"])
    assert "head counts" in failed_in_bare_python(packed(keeper))
    assert {"head counts", "re-tally"} <= failed(packed(keeper))


def test_figures_left_out_or_made_up_fail() -> None:
    keeper = a_keeper_of_ways()
    del result(keeper, "ranked")["figures"]
    assert {"head counts", "re-tally"} <= failed(packed(keeper))
    keeper = a_keeper_of_ways()
    result(keeper, "single")["figures"] = {"winners": ["r1"]}
    assert {"head counts", "re-tally"} <= failed(packed(keeper))


def test_a_consensus_that_does_not_follow_from_the_rows_fails() -> None:
    for change in ({"consensus": 9000}, {"consensus": None}):
        keeper = a_keeper_of_ways()
        result(keeper, "opinion").update(change)
        assert "equal voice" in failed(packed(keeper)) or "re-tally" in failed(packed(keeper))
    keeper = a_keeper_of_ways()
    result(keeper, "single")["consensus"] = 5000
    assert "equal voice" in failed(packed(keeper))


def test_a_quorum_told_otherwise_than_it_was_declared_or_reached_fails() -> None:
    def hidden(keeper: Keeper) -> None:
        del result(keeper, "approval")["quorum"]

    def reached(keeper: Keeper) -> None:
        result(keeper, "approval")["quorum"]["reached"] = True

    def lowered(keeper: Keeper) -> None:
        result(keeper, "approval")["quorum"]["ballots"] = 1

    for lie in (hidden, reached, lowered):
        keeper = a_keeper_of_ways()
        assert result(keeper, "approval")["quorum"]["reached"] is False
        lie(keeper)
        assert "quorum" in failed(packed(keeper))


def a_quorum_by_group(*absent: str | None, short: list[str] | None = None, reached: bool = False) -> tuple[Any, bytes]:
    """Makes a record with a quorum by group from which these groups stayed away; gives its quorum and the export.
    `short` and `reached`, where given, are put in the place of the truth."""
    keeper, voted = Keeper(), people({group: n for group, n in ROOM.items() if group not in absent})
    day = keeper.session(CRISIS, "A quorum by group")
    declared: dict[str, Any] = {"responses": ("r1", "r2"), "quorum": {"ballots": 0, "each_group": 5}}
    asked = keeper.open(CRISIS, day, "Who should come?", **declared)
    keeper.close(CRISIS, asked, votes_of(voted, "r1", "r2"))
    keeper.reveal(CRISIS, asked)
    said = keeper.entries[-1]["result"]["quorum"]
    if short is not None:
        said |= {"short": short, "reached": reached}
    return said, packed(keeper)


def test_groups_from_which_nobody_voted_are_named_and_the_record_passes() -> None:
    for absent, short in (
        (("police", "crews", None), ["Police", "Ambulance crews"]),
        (("police",), ["Police"]),
        (("carers", "nurses"), ["Carers", "Nurses"]),
    ):
        said, data = a_quorum_by_group(*absent)
        assert (said["reached"], said["short"]) == (False, short)
        assert failed(data) == set()


def test_a_record_that_hides_or_invents_an_empty_group_fails() -> None:
    # Without small groups put together, who has no row has no ballot.
    assert "quorum" in failed(a_quorum_by_group("police", "crews", None, short=[], reached=True)[1])
    assert "quorum" in failed(a_quorum_by_group("police", "crews", None, short=["Police"])[1])
    # With them: nobody is empty who has a row, and two groups at least must be left for the others' row.
    assert "quorum" in failed(a_quorum_by_group("police", short=["Carers"])[1])
    assert "quorum" in failed(a_quorum_by_group("police", short=["Nurses", "Police"])[1])
    assert "quorum" in failed(a_quorum_by_group("police", short=["Police"], reached=True)[1])


def test_first_places_by_group_must_add_up_though_ranked_ballots_have_no_group() -> None:
    def moved(keeper: Keeper) -> None:
        counts = result(keeper, "ranked")["by_group"][0]["counts"]
        first = next(mark for mark, n in counts.items() if n)
        counts[first], counts["r1"] = counts[first] - 1, counts["r1"] + 1 + (first == "r1")

    def small(keeper: Keeper) -> None:
        rows = result(keeper, "ranked")["by_group"]
        rows[0]["n"] = 2

    for lie in (moved, small):
        keeper = a_keeper_of_ways()
        lie(keeper)
        assert "results by group" in failed(packed(keeper))
    lines = parse_lines(unpack(packed(a_keeper_of_ways()))[0]["ballots.jsonl"])
    ranked = {of for of, opened in a_keeper_of_ways().opened.items() if opened["method"] == "ranked"}
    assert {line["label"] for line in lines if line["leaf"]["round"] in ranked} == {"everyone"}
    assert {line["label"] for line in lines if line["leaf"]["round"] not in ranked} > {"Carers", "Nurses"}


@pytest.mark.parametrize("method", WAYS)
def test_an_opened_ballot_that_the_round_did_not_allow_fails(method: str) -> None:
    keeper = a_keeper_of_ways()
    of = next(round_ for round_, opened in keeper.opened.items() if opened["method"] == method)
    keeper.ballots[of][0]["leaf"]["choice"] = "r1 r1"
    assert "opened ballots" in failed_in_bare_python(packed(keeper))


def test_a_second_vote_in_another_way_is_no_second_vote() -> None:
    keeper = a_keeper_of_ways()
    second = [of for of, opened in keeper.opened.items() if opened["method"] == "approval"][1]
    keeper.opened[second]["method"] = "single"
    assert "order of rounds" in failed_in_bare_python(packed(keeper))


def test_a_way_that_no_format_has_fails_as_a_field_and_is_not_counted() -> None:
    keeper = a_keeper_of_ways()
    for opened in keeper.opened.values():
        if opened["method"] == "opinion":
            opened["method"] = "by lot"
    checks = {check.name: check for check in verify_files(unpack(packed(keeper))[0])}
    assert checks["head counts"].verdict == NOT_CHECKED
    assert "2 use another way of counting" in checks["head counts"].detail
    assert {check.verdict for check in audit.verify(packed(keeper)) if check.name == "re-tally"} == {NOT_CHECKED}
    assert failed(packed(keeper)) == {"entries"}


def choices_of(method: str) -> st.SearchStrategy[list[str]]:
    odd = ["", "r9", "r1 r1", "r2 r1", "r1>none>r2", "none r1", "r1=6", "r1=1", "agree_if ", "r1>r1"]
    return st.lists(st.sampled_from([*WAYS[method][1], *odd]), max_size=12)


@pytest.mark.parametrize("method", WAYS)
@settings(deadline=None)
@given(data=st.data())
def test_bare_python_counts_and_refuses_what_the_method_does(method: str, data: st.DataObject) -> None:
    way, responses = METHODS[method], WAYS[method][0]
    choices = data.draw(choices_of(method))
    try:
        counts = way.tally(choices, responses)
    except CastRefused:
        with pytest.raises(RecordError):
            tally(method, choices, responses)
        return
    assert tally(method, choices, responses) == counts
    assert methods.figures(method, choices, responses) == way.figures(choices, responses)


ORDERS = ["r1", "r2", "r3", "none", "r1>r2", "r2>r1", "r2>r3>r1", "r3>r1>none", "r3>r2", "r1>r3>r2>none"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(ORDERS), max_size=30))
def test_the_two_run_offs_are_one(choices: list[str]) -> None:
    responses = ["r1", "r2", "r3", "none"]
    assert methods.figures("ranked", choices, responses) == METHODS["ranked"].figures(choices, responses)


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from("12345")] * 3), max_size=30))
def test_the_two_means_and_medians_are_one(scores: list[tuple[str, str, str]]) -> None:
    responses = ["r1", "r2", "r3"]
    choices = [" ".join(f"{r}={n}" for r, n in zip(responses, given, strict=True)) for given in scores]
    assert methods.figures("score", choices, responses) == METHODS["score"].figures(choices, responses)


# ---------------------------------------------------------------- the tables


def table(name: str) -> list[dict[str, str]]:
    return list(
        csv.DictReader(io.StringIO(b"".join(EXPORTS[name](a_keeper_of_ways().log())).decode("utf-8-sig"), newline=""))
    )


def rows(method: str, measure: str) -> list[dict[str, str]]:
    """Returns the rows of a measure in the first round of this way."""
    of = next(row["round"] for row in table("rounds.csv") if row["method"] == method)
    return [row for row in table("results_by_group.csv") if (row["round"], row["measure"]) == (of, measure)]


def test_the_table_of_rounds_says_how_people_voted_and_what_was_declared() -> None:
    first = {row["method"]: row for row in reversed(table("rounds.csv"))}
    assert list(reversed(first)) == list(WAYS)
    assert (first["approval"]["quorum"], first["approval"]["quorum_each_group"]) == ("40", "6")
    assert (first["single"]["quorum"], first["single"]["quorum_each_group"]) == ("20", "")
    assert first["single"]["live"] == "yes"


def test_a_run_off_has_a_row_for_every_response_in_every_round() -> None:
    of_round: dict[str, dict[str, str]] = {}
    for row in rows("ranked", "run-off"):
        of_round.setdefault(row["run_off_round"], {})[row["response"]] = row["note"]
    assert list(of_round) == [str(n) for n in range(1, len(of_round) + 1)]
    assert list(of_round["1"]) == ["r1", "r2", "r3", "none"]
    assert all("out" in notes.values() for notes in list(of_round.values())[:-1])
    assert {"wins", "can win"} & set(list(of_round.values())[-1].values())


def test_scores_stances_and_opinions_stand_beside_the_response_they_are_about() -> None:
    assert [(row["response"], row["mark"]) for row in rows("score", "head count")] == [
        (response, mark) for response in ("r1", "r2") for mark in "12345"
    ]
    assert [row["response"] for row in rows("score", "mean")] == ["r1", "r2"]
    assert [row["response"] for row in rows("score", "equal voice")] == ["r1", "r2"]
    assert {(row["response"], row["mark"]) for row in rows("consent", "head count")} == {
        ("r1", "agree"),
        ("r1", "agree_if"),
        ("r1", "stand_aside"),
        ("r1", "cannot_live_with"),
    }
    [consensus] = rows("opinion", "consensus")
    assert (consensus["response"], consensus["mark"]) == ("r1", "agree")
    assert 0 < int(consensus["basis_points"]) < 10_000


def test_a_missed_quorum_stands_in_the_table_and_so_do_the_groups_that_missed_it() -> None:
    assert [(row["label"], row["note"]) for row in rows("approval", "quorum")] == [("everyone", "missed")]
    assert [(row["label"], row["note"]) for row in rows("single", "quorum")] == [("everyone", "reached")]
