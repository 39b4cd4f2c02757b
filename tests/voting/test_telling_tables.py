"""What is withheld beside another session's vote, read by somebody who knows the rule and lists all that it can be."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product
from typing import TypeAlias

import pytest

from forum.voting import telling_tables
from forum.voting.one_question import Vote, given_beside
from forum.voting.partition import Partition, Row
from forum.voting.round import Response, Round

GROUPS = "gh"
BY_GROUP, WHOLE = Partition(tuple(Row(group, (group,)) for group in GROUPS)), Partition((), "For the whole room.")
# The tables of rows, as the answers that were given: ("ABB", "AAA").
Tables: TypeAlias = tuple[str, ...]


def a_vote(session: str, answers: str, rows: Tables, partition: Partition) -> Vote:
    responses = tuple(Response(f"r{number}", answer) for number, answer in enumerate(answers))
    ballots = [(group, f"r{answers.index(a)}") for group, row in zip(GROUPS, rows, strict=False) for a in row]
    return Vote(Round(session, session, "Which?", responses), partition, list(ballots), 3)


def tables(answers: str, n: int) -> Iterator[str]:
    """Lists every way in which so many people can have given these answers."""
    for bars in combinations(range(n + len(answers) - 1), len(answers) - 1):
        ends = (-1, *bars, n + len(answers) - 1)
        yield "".join(answer * (ends[place + 1] - ends[place] - 1) for place, answer in enumerate(answers))


def spelt(table: Sequence[int]) -> str:
    return "".join(answer * n for answer, n in zip("ABC", table, strict=True))


def withheld(answers: str, earlier: Tables, sizes: Sequence[int], partition: Partition) -> list[list[Tables]]:
    """Lists, for each thing that can be said of a later vote beside the earlier one, all votes of which it is said."""
    before = [a_vote("monday", answers, earlier, partition)]
    said: dict[str, list[Tables]] = defaultdict(list)
    for rows in product(*(tables(answers, n) for n in sizes)):
        made = given_beside(a_vote("tuesday", answers, rows, partition), before)
        if made.uncounted:
            said["no count"].append(rows)
        elif made.beside:
            said["".join(sorted("".join(rows)))].append(rows)
    return list(said.values())


def told(possible: Iterable[Tables], earlier: Tables) -> bool:
    """Says whether something follows of somebody in a row, or of somebody beside one who is known to answer alike."""
    each = [tuple(Counter(row) for row in rows) for rows in possible]
    for one, before in enumerate(map(Counter, earlier)):
        if len({a for rows in each for a in rows[one]}) == 1:
            return True
        known = {a for rows in each for a in rows[one] if a in before}
        if len(known) == 1 and len(before) > 1:
            return True
        if known and len(before) > 1 and len({b for a in known for b in before - Counter(a)}) == 1:
            return True
        for other in range(len(earlier)):
            beside = [rows[other] - Counter(a if one == other else "") for a in known for rows in each if rows[one][a]]
            if known and len({b for row in beside for b in row}) == 1:
                return True
    return False


CASES: list[tuple[str, Tables, tuple[int, ...]]] = [
    ("AB", ("ABBBBB",), (5,)),
    ("AB", ("AAAAA",), (5,)),
    ("AB", ("AAAAA",), (9,)),
    ("AB", ("ABBB", "AABB"), (4, 4)),
    ("AB", ("ABBBB", "AAABBB"), (5, 5)),
    ("AB", ("AAAA", "ABBB"), (5, 3)),
    ("ABC", ("AAB",), (5,)),
    ("ABC", ("ABBB",), (6,)),
    ("ABC", ("AAB", "ABC"), (4, 4)),
    ("ABC", ("AAB", "CCB"), (3, 4)),
    ("ABC", ("ABB", "CCC"), (3, 3)),
    ("ABCD", ("AAB",), (4,)),
]
CASE = ("answers", "earlier", "sizes")


@pytest.mark.parametrize(CASE, CASES)
def test_that_a_result_is_withheld_tells_of_nobody(answers: str, earlier: Tables, sizes: Sequence[int]) -> None:
    partition = BY_GROUP if len(sizes) > 1 else WHOLE
    found = withheld(answers, earlier, sizes, partition)
    assert found
    assert not any(told(possible, earlier) for possible in found)


@pytest.mark.parametrize(CASE, [case for case in CASES if case[0] == "AB" or case[1] == ("AAB", "CCB")])
def test_the_telling_tables_alone_would_tell(
    answers: str, earlier: Tables, sizes: Sequence[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling_tables, "_with_others", lambda rows, _: rows)
    found = withheld(answers, earlier, sizes, BY_GROUP if len(sizes) > 1 else WHOLE)
    assert any(told(possible, earlier) for possible in found)


def test_a_table_of_a_box_is_found_where_there_is_one() -> None:
    chance = random.Random(1)
    every = [tuple(map(row.count, "ABC")) for row in tables("ABC", 4)]

    def bounds() -> tuple[tuple[int, ...], tuple[int, ...]]:
        low, high = zip(*(sorted(chance.choices(range(5), k=2)) for _ in "ABC"), strict=True)
        return low, high

    hits = 0
    for _ in range(500):
        (low, high), (least, most), reach = bounds(), bounds(), chance.randrange(3)
        inside = [one for one in every if all(a <= n <= b for a, n, b in zip(low, one, high, strict=True))]
        if not inside:
            continue
        near = [one for one in every if any((Counter(spelt(one)) - Counter(spelt(x))).total() <= reach for x in inside)]
        box = telling_tables.Box(low, high, reach)
        assert [one for one in every if box.holds(one)] == near
        wanted = [one for one in near if all(a <= n <= b for a, n, b in zip(least, one, most, strict=True))]
        found = tuple(box.find(4, least, most))
        assert found in wanted if wanted else found == ()
        hits += bool(wanted)
    assert 50 < hits < 450


def test_of_two_answers_those_a_ballot_or_two_away_are_withheld_too() -> None:
    [possible] = withheld("AB", ("ABBBBB",), (5,), WHOLE)
    assert possible == [("AAABB",), ("AAAAB",), ("AAAAA",)]


def test_a_row_with_all_answers_withholds_nothing() -> None:
    assert withheld("ABC", ("AABBC", "ABCC"), (4, 4), BY_GROUP) == []
