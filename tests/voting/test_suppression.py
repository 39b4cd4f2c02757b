from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.record.verify.export import DEVICE, PAPER, PAPER_OR_DEVICE
from forum.voting.commission import Commission, DecisionPower, Group
from forum.voting.difference import dissenting
from forum.voting.methods import METHODS
from forum.voting.partition import NO_COUNT_BESIDE
from forum.voting.quorum import Quorum, Turnout
from forum.voting.suppression import (
    EVERYONE,
    NEW_GROUP,
    NO_COUNT,
    TOO_EARLY,
    TOO_FEW_NOW,
    TOO_SMALL,
    GroupId,
    Partition,
    Result,
    Row,
    TableRow,
    equal_voice,
    freeze,
    in_the_room,
    label_of,
    no_count,
    nothing_by_group,
    origin_of,
    preference,
    published,
    settled,
    so_far,
)

POWER = DecisionPower("consultation", "the board", "the order", "the budget")
LABELS = {"n": "Nurses", "c": "Carers", "p": "Police", "a": "Ambulance"}


def commission(threshold: int = 5, labels: dict[str, str] = LABELS) -> Commission:
    listed = tuple(Group(id_, label) for id_, label in labels.items())
    return Commission("1", "Urgent care", "What first?", "plan", POWER, listed, threshold)


def rows(counts: dict[GroupId, int], threshold: int = 5) -> list[tuple[str, tuple[GroupId, ...]]]:
    return [(row.label, row.groups) for row in freeze(counts, commission(threshold)).rows]


def ballots(**votes: str) -> list[tuple[GroupId, str]]:
    """Makes ballots: ballots(n="112") is three nurses, two for r1, one for r2."""
    return [(None if g == "nobody" else g, f"r{digit}") for g, digits in votes.items() for digit in digits]


TWO_ROWS = Partition((Row("Nurses", ("n",)), Row("Carers", ("c",))))
WITH_POOL = Partition((Row("Nurses", ("n",)), Row("other groups", ("p", "a", None))))


# ---------------------------------------------------------------- the partition


def test_large_groups_stand_alone_in_the_commissions_order() -> None:
    assert rows({"c": 9, "n": 5}) == [("Nurses", ("n",)), ("Carers", ("c",))]


def test_small_groups_are_pooled_last() -> None:
    assert rows({"p": 2, "n": 9, "a": 4, "c": 5}) == [
        ("Nurses", ("n",)),
        ("Carers", ("c",)),
        ("other groups", ("p", "a")),
    ]


def test_prefer_not_to_say_is_pooled_however_many_they_are() -> None:
    assert rows({"n": 9, "c": 8, "a": 2, None: 50}) == [
        ("Nurses", ("n",)),
        ("Carers", ("c",)),
        ("other groups", ("a", None)),
    ]


def test_a_pool_of_one_group_takes_in_the_next_smallest() -> None:
    assert rows({"n": 9, "c": 6, "p": 7, None: 20}) == [
        ("Nurses", ("n",)),
        ("Police", ("p",)),
        ("other groups", ("c", None)),
    ]


def test_a_pool_below_the_threshold_takes_in_the_next_smallest() -> None:
    assert rows({"n": 9, "c": 6, "p": 2, "a": 2}) == [
        ("Nurses", ("n",)),
        ("other groups", ("c", "p", "a")),
    ]


def test_the_threshold_is_the_commissions() -> None:
    assert rows({"n": 3, "c": 2}, threshold=2) == [("Nurses", ("n",)), ("Carers", ("c",))]
    assert rows({"n": 30, "c": 20, "p": 19, "a": 1}, threshold=20) == [
        ("Nurses", ("n",)),
        ("Carers", ("c",)),
        ("other groups", ("p", "a")),
    ]


def test_a_group_without_ballots_is_in_no_row() -> None:
    assert rows({"n": 9, "c": 6, "p": 0, None: 0}) == [("Nurses", ("n",)), ("Carers", ("c",))]


@pytest.mark.parametrize(
    "counts",
    [{}, {"n": 0}, {"n": 50}, {None: 50}, {"n": 9, "p": 4}, {"n": 4, "c": 4, "p": 4}, {"n": 9, None: 1}],
)
def test_fewer_than_two_rows_are_none_and_it_says_why(counts: dict[GroupId, int]) -> None:
    assert freeze(counts, commission()) == Partition((), TOO_SMALL)


def test_a_group_nobody_knows_is_pooled() -> None:
    assert rows({"n": 9, "c": 8, "x": 7, "p": 1})[-1] == ("other groups", ("p", "x"))
    # However many they are, and though the pool would do without them.
    assert rows({"n": 9, "c": 8, "x": 20, "p": 3, "a": 3}) == [
        ("Nurses", ("n",)),
        ("Carers", ("c",)),
        ("other groups", ("p", "a", "x")),
    ]
    assert rows({"n": 9, "c": 8, "x": 20}) == [("Nurses", ("n",)), ("other groups", ("c", "x"))]


def test_the_pools_label_is_unlike_any_groups() -> None:
    labels = {"n": "Nurses", "c": "Carers", "o": "Other Groups"}
    frozen = freeze({"n": 9, "c": 9, "o": 4, None: 1}, commission(labels=labels))
    assert [row.label for row in frozen.rows] == ["Nurses", "Carers", "other groups together"]


some_counts = st.dictionaries(st.sampled_from([*LABELS, None]), st.integers(0, 12))


@given(some_counts, st.integers(2, 8))
def test_every_row_is_large_enough_and_every_ballot_is_in_one(counts: dict[GroupId, int], threshold: int) -> None:
    frozen = freeze(counts, commission(threshold))
    in_rows = [group for row in frozen.rows for group in row.groups]
    assert (frozen.withheld is None) == (len(frozen.rows) >= 2)
    if frozen.rows:
        assert Counter(in_rows) == Counter(group for group, n in counts.items() if n)
    for row in frozen.rows:
        assert sum(counts[group] for group in row.groups) >= threshold
        # Alone stands only a group that is no small one and says what it is.
        assert row.pooled or (row.groups[0] is not None and counts[row.groups[0]] >= threshold)
    assert sum(row.pooled for row in frozen.rows) <= 1


# ---------------------------------------------------------------- the result of a round


def test_a_result_has_every_response_and_every_row() -> None:
    result = published(TWO_ROWS, ballots(n="11123", c="22222"), ["r1", "r2", "r3", "none"], 5)
    assert result == Result(
        counts={"r1": 3, "r2": 6, "r3": 1, "none": 0},
        n=10,
        rows=(
            TableRow("Nurses", 5, {"r1": 3, "r2": 1, "r3": 1, "none": 0}),
            TableRow("Carers", 5, {"r1": 0, "r2": 5, "r3": 0, "none": 0}),
        ),
        withheld=None,
        equal_voice={"r1": 3000, "r2": 6000, "r3": 1000, "none": 0},
    )


def test_equal_voice_weighs_every_row_the_same_whatever_its_size() -> None:
    result = published(TWO_ROWS, ballots(n="1" * 90, c="22222"), ["r1", "r2"], 5)
    assert result.equal_voice == {"r1": 5000, "r2": 5000}


def test_equal_voice_rounds_halves_up() -> None:
    # 1/32 is 312.5 basis points, 31/32 is 9687.5: rounding to even would give 312 and 9688.
    result = published(TWO_ROWS, ballots(n="1" + "2" * 31, c="1" + "2" * 31), ["r1", "r2"], 5)
    assert result.equal_voice == {"r1": 313, "r2": 9688}
    thirds = published(TWO_ROWS, ballots(n="112", c="112"), ["r1", "r2"], 2)
    assert thirds.equal_voice == {"r1": 6667, "r2": 3333}


def test_a_later_round_with_a_row_below_the_threshold_gives_nothing_by_group() -> None:
    result = published(TWO_ROWS, ballots(n="1111111", c="2222"), ["r1", "r2"], 5)
    assert result == Result({"r1": 7, "r2": 4}, 11, (), TOO_FEW_NOW, None)


def test_a_later_round_with_an_empty_row_gives_nothing_by_group() -> None:
    assert published(TWO_ROWS, ballots(n="1111111"), ["r1", "r2"], 5).withheld == TOO_FEW_NOW


def test_a_group_unseen_in_the_first_round_joins_the_pool() -> None:
    result = published(WITH_POOL, ballots(n="11111", p="22", a="22", c="1"), ["r1", "r2"], 5)
    assert [(row.label, row.n) for row in result.rows] == [("Nurses", 5), ("other groups", 5)]


def test_a_group_unseen_in_the_first_round_and_no_pool_gives_nothing_by_group() -> None:
    big = ballots(n="11111", c="22222")
    assert published(TWO_ROWS, [*big, *ballots(p="1" * 9)], ["r1", "r2"], 5).withheld == NEW_GROUP
    assert published(TWO_ROWS, [*big, *ballots(nobody="1")], ["r1", "r2"], 5).withheld == NEW_GROUP


def test_what_the_partition_withholds_stays_withheld() -> None:
    result = published(Partition((), TOO_SMALL), ballots(n="1" * 90, c="2" * 90), ["r1", "r2"], 5)
    assert (result.rows, result.withheld, result.equal_voice) == ((), TOO_SMALL, None)


def test_a_round_without_ballots() -> None:
    assert published(TWO_ROWS, [], ["r1"], 5) == Result({"r1": 0}, 0, (), TOO_FEW_NOW, None)


def test_a_ballot_for_no_response_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not allow"):
        published(TWO_ROWS, [("n", "r9")], ["r1"], 5)


some_ballots = st.lists(st.tuples(st.sampled_from([*LABELS, None]), st.sampled_from(["r1", "r2", "none"])), max_size=60)


@given(some_counts, some_ballots, st.integers(2, 6))
def test_rows_add_up_to_the_head_count_or_are_not_given(
    counts: dict[GroupId, int], cast: list[tuple[GroupId, str]], threshold: int
) -> None:
    frozen = freeze(counts, commission(threshold))
    result = published(frozen, cast, ["r1", "r2", "none"], threshold)
    if 0 < len(cast) < threshold:
        assert result == Result({}, len(cast), (), NO_COUNT, None)
        return
    assert result.counts == {r: sum(c == r for _, c in cast) for r in ("r1", "r2", "none")}
    assert result.n == len(cast)
    assert bool(result.rows) == (result.withheld is None) == (result.equal_voice is not None)
    if result.rows:
        assert sum((Counter(row.counts) for row in result.rows), Counter()) == +Counter(result.counts)
        assert all(row.n == sum(row.counts.values()) >= threshold for row in result.rows)
        assert [row.label for row in result.rows] == [row.label for row in frozen.rows]

    label = label_of(frozen, Counter(group for group, _ in cast), threshold)
    by_label = Counter(label(group) for group, _ in cast)
    assert by_label == ({row.label: row.n for row in result.rows} or ({EVERYONE: len(cast)} if cast else {}))


# ---------------------------------------------------------------- every way of voting

CHOICES = {
    "single": (["r1", "r2", "none"], ["r1", "r2", "none"]),
    "approval": (["r1", "r2", "none"], ["r1", "r2", "r1 r2", "none"]),
    "ranked": (["r1", "r2", "none"], ["r1", "r1>r2", "r2>r1", "none", "r2>none"]),
    "score": (["r1", "r2"], ["r1=1 r2=5", "r1=4 r2=4", "r1=2 r2=3"]),
    "consent": (["r1"], ["agree", "agree_if", "stand_aside", "cannot_live_with"]),
    "opinion": (["r1"], ["agree", "disagree", "pass"]),
}


def cast_by(**votes: list[str]) -> list[tuple[GroupId, str]]:
    """Makes ballots: cast_by(n=["agree"] * 3) is three nurses who agree."""
    return [(group, choice) for group, choices in votes.items() for choice in choices]


def test_no_way_of_voting_is_left_out() -> None:
    assert list(CHOICES) == list(METHODS)


@pytest.mark.parametrize("method", CHOICES)
@settings(deadline=None)
@given(data=st.data())
def test_the_sum_over_groups_is_the_whole(method: str, data: st.DataObject) -> None:
    responses, choices = CHOICES[method]
    cast = data.draw(st.lists(st.tuples(st.sampled_from([*LABELS, None]), st.sampled_from(choices)), max_size=60))
    frozen = freeze(data.draw(some_counts), commission(2))
    result = published(frozen, cast, responses, 2, method=method)
    assert bool(result.rows) == (result.withheld is None) == (result.equal_voice is not None)
    if result.rows:
        assert sum(row.n for row in result.rows) == result.n
        for mark, n in result.counts.items():
            assert sum(row.counts[mark] for row in result.rows) == n
    assert Result.from_json(json.loads(json.dumps(result.to_json(), sort_keys=True))) == result


@pytest.mark.parametrize("method", CHOICES)
@settings(deadline=None)
@given(data=st.data(), times=st.integers(2, 6))
def test_equal_voice_is_the_same_when_one_group_comes_in_greater_numbers(
    method: str, data: st.DataObject, times: int
) -> None:
    responses, choices = CHOICES[method]
    votes = {group: data.draw(st.lists(st.sampled_from(choices), min_size=5, max_size=9)) for group in ("n", "c")}
    growing = data.draw(st.sampled_from(["n", "c"]))
    grown = {group: cast * (times if group == growing else 1) for group, cast in votes.items()}
    once, more = (
        published(TWO_ROWS, [(g, choice) for g in cast for choice in cast[g]], responses, 5, method=method)
        for cast in (votes, grown)
    )
    assert once.equal_voice is not None
    assert once.equal_voice == more.equal_voice


def test_equal_voice_of_scores_is_the_mean_of_means() -> None:
    cast = cast_by(n=["r1=5"] * 20, c=["r1=1"] * 4 + ["r1=2"])
    result = published(TWO_ROWS, cast, ["r1"], 5, method="score")
    assert result.equal_voice == {"r1": 31_000}
    assert result.figures == {"mean": {"r1": 42_400}, "median": {"r1": 50_000}}


def test_of_a_run_off_only_first_places_are_given_by_group() -> None:
    cast = cast_by(n=["r1>r2"] * 5, c=["r2>none"] * 6)
    result = published(TWO_ROWS, cast, ["r1", "r2", "none"], 5, method="ranked")
    assert [row.counts for row in result.rows] == [{"r1": 5, "r2": 0, "none": 0}, {"r1": 0, "r2": 6, "none": 0}]
    assert result.figures is not None
    assert result.figures["winners"] == ["r2"]


def test_ballots_that_are_nearly_signatures_are_opened_without_a_group() -> None:
    present: dict[GroupId, int] = {"n": 9, "c": 9}
    for edition, without in ((1, {"ranked"}), (2, {"approval", "ranked", "score"})):
        labels = {method: label_of(TWO_ROWS, present, 5, method, edition)("n") for method in METHODS}
        assert labels == {method: EVERYONE if method in without else "Nurses" for method in METHODS}


def test_consensus_is_the_product_over_the_rows() -> None:
    cast = cast_by(n=["agree"] * 8, c=["agree"] * 4 + ["disagree"])
    result = published(TWO_ROWS, cast, ["r1"], 5, method="opinion")
    # 9/10 * 5/7
    assert result.consensus == 6429


def test_consensus_is_not_given_where_nothing_is_by_group_nor_for_anything_but_opinions() -> None:
    few = cast_by(n=["agree"] * 8, c=["agree"] * 4)
    assert published(TWO_ROWS, few, ["r1"], 5, method="opinion").consensus is None
    many = cast_by(n=["agree"] * 8, c=["agree"] * 8)
    assert published(TWO_ROWS, many, ["r1"], 5, method="consent").consensus is None


def test_a_quorum_is_held_against_the_published_rows() -> None:
    cast = ballots(n="1" * 9, p="222", a="22")
    for quorum, reached, short in (
        (Quorum(14, 5), True, ()),
        (Quorum(15), False, ()),
        (Quorum(0, 6), False, ("other groups",)),
        (Quorum(15, 10), False, ("Nurses", "other groups")),
    ):
        turnout = published(WITH_POOL, cast, ["r1", "r2"], 5, quorum=quorum).quorum
        assert turnout == Turnout(quorum.ballots, quorum.each_group, reached, short)
    assert published(WITH_POOL, cast, ["r1", "r2"], 5).quorum is None


def test_a_quorum_by_group_says_nothing_where_nothing_is_given_by_group() -> None:
    cast = ballots(n="1" * 9, p="222")
    for quorum, reached in ((Quorum(12, 5), None), (Quorum(13, 5), False), (Quorum(12), True)):
        turnout = published(WITH_POOL, cast, ["r1", "r2"], 5, quorum=quorum).quorum
        assert turnout == Turnout(quorum.ballots, quorum.each_group, reached, ())


INVITED = commission().groups


def test_an_invited_group_from_which_nobody_voted_has_missed_its_quorum() -> None:
    cast = ballots(n="11111", c="22222")
    result = published(TWO_ROWS, cast, ["r1", "r2"], 5, quorum=Quorum(0, 5), invited=INVITED)
    assert result.quorum == Turnout(0, 5, False, ("Police", "Ambulance"))
    # Without a quorum by group nothing is asked of them.
    assert published(TWO_ROWS, cast, ["r1", "r2"], 5, quorum=Quorum(10), invited=INVITED).quorum == Turnout(
        10, 0, True, ()
    )


def test_an_empty_group_is_named_beside_a_pool_that_still_hides_two_groups() -> None:
    pool = Partition((Row("Nurses", ("n",)), Row("other groups", ("p", "a"))))
    cast = ballots(n="11111", p="222", a="22")
    result = published(pool, cast, ["r1", "r2"], 5, quorum=Quorum(0, 5), invited=INVITED)
    assert result.quorum == Turnout(0, 5, False, ("Carers",))


def test_an_empty_group_is_not_named_where_that_would_tell_whose_row_the_pool_is() -> None:
    # Named, the carers and the ambulance would leave the police alone with whoever does not say.
    result = published(
        WITH_POOL,
        ballots(n="11111", p="2222", nobody="1"),
        ["r1", "r2"],
        5,
        quorum=Quorum(0, 5),
        invited=INVITED,
    )
    assert result.rows
    assert result.quorum == Turnout(0, 5, None, ())


def test_nothing_is_said_of_empty_groups_where_nothing_is_given_by_group() -> None:
    result = published(TWO_ROWS, ballots(n="1" * 9), ["r1", "r2"], 5, quorum=Quorum(0, 5), invited=INVITED)
    assert result.quorum == Turnout(0, 5, None, ())


def test_a_live_count_begins_at_the_threshold() -> None:
    assert so_far({"r1": 3, "r2": 1}, 4, 5, lambda: 0) is None
    assert so_far({"r1": 3, "r2": 2}, 5, 5, lambda: 0) == {"r1": 60, "r2": 40}


@pytest.mark.parametrize("method", CHOICES)
def test_a_choice_that_the_method_does_not_allow_is_an_error(method: str) -> None:
    with pytest.raises(ValueError, match="does not allow"):
        published(TWO_ROWS, [("n", "r1~r2")], CHOICES[method][0], 5, method=method)


# ---------------------------------------------------------------- labels, preference, dissent


def test_a_leaf_commits_to_the_label_of_its_row() -> None:
    label = label_of(WITH_POOL, {"n": 5, "p": 3, "a": 2, "c": 1, None: 1}, 5)
    assert [label(group) for group in ("n", "p", "a", "c", None)] == ["Nurses"] + ["other groups"] * 4


def test_a_leaf_commits_to_everyone_where_nothing_is_given_by_group() -> None:
    label = label_of(WITH_POOL, {"n": 4, "p": 3, "a": 2}, 5)
    assert {label(group) for group in ("n", "p", "a")} == {EVERYONE}


def test_preference_is_every_response_that_shares_the_top() -> None:
    def preferred(**counts: int) -> tuple[str, ...]:
        return preference(Result(counts, sum(counts.values()), (), None, None))

    assert preferred(r1=1, r2=3, none=0) == ("r2",)
    assert preferred(r1=3, r2=1, none=3) == ("r1", "none")
    assert preferred(r1=0, r2=0) == ()
    assert preferred() == ()


def test_preference_is_the_methods() -> None:
    cast = cast_by(n=["r1", "r1", "r2>r3", "r3>r2", "r3>r2"])
    result = published(TWO_ROWS, cast, ["r1", "r2", "r3"], 5, method="ranked")
    assert result.counts == {"r1": 2, "r2": 1, "r3": 2}
    assert preference(result, "ranked") == ("r3",)
    assert dissenting((TableRow("Nurses", 5, result.counts),), "r1", "ranked") == ()


def test_dissenting_rows_would_rather_have_something_else() -> None:
    for_it = TableRow("Nurses", 5, {"r1": 3, "r2": 2})
    torn = TableRow("Carers", 6, {"r1": 3, "r2": 3})
    against = TableRow("Police", 5, {"r1": 2, "r2": 3})
    assert dissenting((for_it, torn, against), "r1") == (against,)
    assert dissenting((for_it, torn, against), "none") == (for_it, torn, against)


# ---------------------------------------------------------------- JSON


def test_the_json_of_a_result() -> None:
    result = published(TWO_ROWS, ballots(n="11112", c="22222"), ["r1", "r2"], 5)
    assert result.to_json() == {
        "counts": {"r1": 4, "r2": 6},
        "n": 10,
        "by_group": [
            {"label": "Nurses", "n": 5, "counts": {"r1": 4, "r2": 1}},
            {"label": "Carers", "n": 5, "counts": {"r1": 0, "r2": 5}},
        ],
        "withheld": None,
        "equal_voice": {"r1": 4000, "r2": 6000},
        "view_shift": None,
    }
    nothing = published(TWO_ROWS, [], ["r1"], 5).to_json()
    assert (nothing["by_group"], nothing["withheld"], nothing["equal_voice"]) == (None, TOO_FEW_NOW, None)


def test_a_result_comes_back_in_order_from_sorted_json() -> None:
    responses = [*(f"r{i}" for i in range(1, 13)), "none"]
    cast = [(group, choice) for group in ("n", "c") for choice in responses]
    result = published(TWO_ROWS, cast, responses, 5)
    again = Result.from_json(json.loads(json.dumps(result.to_json(), sort_keys=True)))
    assert again == result
    assert list(again.counts) == list(again.rows[0].counts) == list(again.equal_voice or {}) == responses


@given(some_counts, st.integers(2, 8))
def test_a_partition_comes_back_from_json(counts: dict[GroupId, int], threshold: int) -> None:
    frozen = freeze(counts, commission(threshold))
    assert Partition.from_json(json.loads(json.dumps(frozen.to_json()))) == frozen


def test_who_is_in_the_room_names_no_small_number() -> None:
    assert in_the_room({"a": 12, "b": 4, "c": 0, None: 5}, 5) == {"a": 12, "b": None, "c": 0, None: 5}


def test_there_is_no_equal_voice_without_rows_or_with_a_row_of_nobody() -> None:
    assert equal_voice(()) is None
    assert equal_voice((TableRow("Nurses", 2, {"r1": 2}), TableRow("Carers", 0, {"r1": 0}))) is None


# ---------------------------------------------------------------- when groups are settled


def test_a_practice_of_two_does_not_settle_the_day() -> None:
    practice = settled(None, "practice", {"n": 1, "p": 1}, 30, commission())
    assert (practice.rows, practice.fixed) == ((), False)
    day = settled(practice, "first", {"n": 9, "c": 6, "p": 3, "a": 2}, 30, commission())
    assert [row.label for row in day.rows] == ["Nurses", "Carers", "other groups"]
    assert day.fixed
    assert (day.of_round("practice").rows, day.of_round("practice").withheld) == ((), TOO_EARLY)
    assert day.of_round("first").rows == day.of_round("a later one").rows == day.rows
    assert settled(day, "second", {"n": 30, "c": 30, "a": 30}, 90, commission()) is day
    assert Partition.from_json(day.to_json()) == day


@pytest.mark.parametrize(("joined", "fixed"), [(40, True), (41, False), (0, True)])
def test_half_of_the_room_settles_it(joined: int, fixed: bool) -> None:
    assert settled(None, "r", {"n": 10, "c": 10}, joined, commission()).fixed is fixed


def test_what_could_not_be_given_beside_another_session_stays_so_when_groups_are_settled() -> None:
    practice = replace(
        settled(None, "one", {"n": 1, "p": 1}, 30, commission()), beside=("one",), uncounted=("another",)
    )
    few: dict[GroupId, int] = {"n": 1, "p": 1}
    enough: dict[GroupId, int] = {"n": 10, "c": 10}
    for counts in (few, enough):
        later = settled(practice, "second", counts, 30, commission())
        assert (later.beside, later.uncounted) == (("one",), ("another",))
        assert no_count(later.of_round("another"), 20, 5) == NO_COUNT_BESIDE


def test_what_was_settled_before_this_rule_stays() -> None:
    old = Partition.from_json({"rows": [], "withheld": TOO_SMALL})
    assert settled(old, "r", {"n": 10, "c": 10}, 20, commission()) is old


def test_a_warning_says_that_a_vote_would_give_nothing_by_group() -> None:
    assert nothing_by_group(None, {"n": 9, "p": 2}, commission())
    assert not nothing_by_group(None, {"n": 9, "c": 6, "p": 5}, commission())
    assert nothing_by_group(TWO_ROWS, {"n": 9, "c": 4}, commission())
    assert not nothing_by_group(TWO_ROWS, {"n": 9, "c": 5}, commission())
    assert nothing_by_group(Partition((), TOO_SMALL), {"n": 9, "c": 6, "p": 5}, commission())


# ---------------------------------------------------------------- how a ballot came


@pytest.mark.parametrize(
    ("papers", "devices", "said"),
    [(5, 5, {PAPER, DEVICE}), (5, 0, {PAPER}), (4, 6, {PAPER_OR_DEVICE}), (6, 4, {PAPER_OR_DEVICE}), (0, 10, {""})],
)
def test_leaves_of_before_tell_papers_from_devices_where_both_are_enough_in_every_row(
    papers: int, devices: int, said: set[str]
) -> None:
    came = [("n", True)] * papers + [("n", False)] * devices + [("c", True)] * 5 * bool(papers)
    today, before = origin_of(TWO_ROWS, came, 5), origin_of(TWO_ROWS, came, 5, edition=1)
    assert {today(paper) for _group, paper in came} == {PAPER_OR_DEVICE if papers else ""}
    origin = before
    assert {origin(paper) for group, paper in came if group == "n"} == said
