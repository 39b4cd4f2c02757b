"""Stops as rules: what may follow what, the wave, who may be named, and what the next vote offers."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.factories import a_commission

from forum.errors import IllegalMove
from forum.sessions.stop import MOST_BARS, MOVES, Run, Stop, StopState, credits, moved, offered, wave
from forum.voting.round import NONE_OF_THESE, Response, Round

BASE = Stop("s1", "day", "now", "2026-11-22T10:00:00.000Z", "story", "scene", "2026-11-22T10:00:00.000Z", "p1", "g1")


def at(seconds: int) -> Stop:
    """Returns a stop so many seconds after the scene was put up."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return replace(BASE, at=f"2026-11-22T{10 + hours:02}:{minutes:02}:{rest:02}.400Z")


def test_a_move_that_was_made_already_changes_nothing_and_another_one_meanwhile_is_told() -> None:
    for move, (from_, to) in MOVES.items():
        for state in StopState:
            stop = replace(BASE, state=state)
            if state in (*from_, to):
                assert moved(stop, move) == to
            else:
                with pytest.raises(IllegalMove, match="Somebody else"):
                    moved(stop, move)


def test_everything_that_is_done_with_a_stop_can_be_undone() -> None:
    for move in MOVES:
        if move != "put back":
            assert moved(replace(BASE, state=MOVES[move][1]), "put back") == "waiting"


def test_no_stops_make_no_wave() -> None:
    assert wave([]) == ()


def test_a_wave_has_every_stop_in_the_bar_of_its_moment() -> None:
    bars = wave([at(0), at(4), at(5), at(31)])
    assert [(bar.start, bar.end, bar.stops) for bar in bars] == [
        (0, 5, 2), (5, 10, 1), (10, 15, 0), (15, 20, 0), (20, 25, 0), (25, 30, 0), (30, 35, 1),
    ]  # fmt: skip


@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=40))
def test_no_wave_is_wider_than_its_picture_and_none_loses_a_stop(seconds: list[int]) -> None:
    bars = wave([at(each) for each in seconds])
    assert len(bars) <= MOST_BARS
    assert sum(bar.stops for bar in bars) == len(seconds)
    assert bars[0].start == 0
    assert all(one.end == other.start for one, other in pairwise(bars))


def test_a_stop_that_a_clock_put_before_its_scene_counts_from_the_start() -> None:
    assert replace(BASE, at="2026-11-22T09:59:59.000Z").seconds == 0


class TestCredit:
    def test_a_group_is_named_from_the_threshold_on(self) -> None:
        named = credits({"g1": 5, "g2": 9, "g3": 4, "g4": 3}, a_commission())
        assert named == {"g1": "People who use services", "g2": "Carers"}

    def test_whoever_did_not_say_is_somebody(self) -> None:
        assert None not in credits({"g1": 8, "g2": 9, None: 12}, a_commission())

    def test_one_small_group_is_not_the_only_one_without_a_name(self) -> None:
        """Else "somebody" would be one of the three police officers; the next smallest group goes unnamed too."""
        named = credits({"g1": 20, "g2": 15, "g3": 9, "g4": 3}, a_commission())
        assert named == {"g1": "People who use services", "g2": "Carers"}

    def test_where_hiding_takes_nearly_everybody_nobody_is_named(self) -> None:
        assert credits({"g1": 20, "g4": 2}, a_commission()) == {}
        assert credits({}, a_commission()) == {}

    def test_numbers_are_by_named_group_and_all_the_others_together(self) -> None:
        stops = [replace(BASE, group=group) for group in ("g1", "g3", None, "g1", "g4")]
        named: dict[str | None, str] = {"g2": "Carers", "g1": "People who use services"}
        assert Run((), {BASE.since: named}).counted(stops) == (("People who use services", 2), ("", 3))

    def test_who_is_named_is_settled_when_the_scene_is_put_up(self) -> None:
        later = replace(BASE, since="2026-11-22T11:00:00.000Z", group="g2")
        run = Run((), {BASE.since: {"g1": "Carers"}, later.since: {"g1": "Carers", "g2": "Nurses"}})
        assert run.credit(later) == "Nurses"
        assert run.credit(replace(BASE, group="g2")) == ""
        assert run.counted([later, replace(BASE, group="g2")]) == (("Nurses", 1), ("", 1))


class TestRun:
    def test_only_the_taken_stop_of_the_showing_that_is_on_is_on_screen(self) -> None:
        earlier = replace(BASE, id="s0", showing="before", state=StopState.TAKEN)
        now = replace(BASE, state=StopState.TAKEN)
        assert Run((earlier, now), {}, "now").taken == now
        assert Run((earlier, now), {}, "").taken is None
        assert Run((earlier,), {}, "now").taken is None

    def test_those_with_words_come_first_and_deferred_ones_outlive_their_scene(self) -> None:
        plain, said = replace(BASE, id="s2"), replace(BASE, id="s3", how="Sit down")
        deferred = replace(BASE, id="s4", showing="before", state=StopState.DEFERRED)
        run = Run((plain, said, deferred), {}, "now")
        assert [s.id for s in run.queue] == ["s3", "s2"]
        assert [s.id for s in run.aside] == ["s4"]


class TestNextVote:
    FIRST = Round(
        "r", "day", "Who?", (Response("r1", "A"), Response("r2", "B"), Response(NONE_OF_THESE, "None of these"))
    )

    def test_the_first_answers_keep_their_ids_and_none_stays_last(self) -> None:
        new = [replace(BASE, response="Ben kneels"), replace(BASE, response="Ask Mr Cole")]
        after = offered(self.FIRST, new)
        assert [(r.id, r.label) for r in after] == [
            ("r1", "A"), ("r2", "B"), ("r3", "Ben kneels"), ("r4", "Ask Mr Cole"), ("none", "None of these"),
        ]  # fmt: skip

    def test_an_answer_that_was_left_out_does_not_give_its_number_to_another(self) -> None:
        first = replace(self.FIRST, responses=(Response("r1", "A"), Response("r3", "C")))
        assert [r.id for r in offered(first, [replace(BASE, response="Ben kneels")])] == ["r1", "r3", "r4"]

    def test_without_interventions_it_is_the_same_question(self) -> None:
        assert offered(self.FIRST, []) == self.FIRST.responses
