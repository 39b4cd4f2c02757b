"""Every way of voting on one page: what people said, and what comes of it, worked out by hand.

Read a row as: in this way of voting, with these answers on offer, these ballots are counted like this, and the room
then prefers these. Ballots stand between commas, as docs/methods.md writes them; "3 x" is the same ballot three times.
"r2" was withdrawn where r1 and r3 are on offer. Only marks that somebody gave are written down; the others are nought.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from forum.voting.methods import METHODS

TABLE = """
single
what happens             | on offer      | ballots              | counted            | preferred
one answer has most      | r1 r2 none    | 3 x r1, 2 x r2, none | r1 3, r2 2, none 1 | r1
a tie                    | r1 r2 r3 none | 2 x r1, 2 x r3, r2   | r1 2, r2 1, r3 2   | r1 r3
a tie with none of these | r1 r2 none    | r1, none             | r1 1, none 1       | r1 none
no votes                 | r1 r2 none    |                      |                    |
one vote                 | r1 r2 none    | r2                   | r2 1               | r2
r2 was withdrawn         | r1 r3 none    | 2 x r3, r1           | r1 1, r3 2         | r3

approval
what happens           | on offer   | ballots         | counted            | preferred
more marks than people | r1 r2 none | r1 r2, r2, none | r1 1, r2 2, none 1 | r2
a tie                  | r1 r2 none | r1 r2, r1, r2   | r1 2, r2 2         | r1 r2
no votes               | r1 r2 none |                 |                    |
one vote               | r1 r2 none | r1 r2           | r1 1, r2 1         | r1 r2
r2 was withdrawn       | r1 r3 none | r1 r3, r3       | r1 1, r3 2         | r3

ranked
what happens               | on offer   | ballots                      | counted          | preferred
more than half at once     | r1 r2 none | 2 x r1>r2, r2                | r1 2, r2 1       | r1
the first is overtaken     | r1 r2 r3   | 4 x r1, 2 x r2>r3, 3 x r3>r2 | r1 4, r2 2, r3 3 | r3
a tie that decides nothing | r1 r2 r3   | 3 x r1, 2 x r2>r1, 2 x r3>r1 | r1 3, r2 2, r3 2 | r1
a tie that decides         | r1 r2 r3   | 3 x r1, 2 x r2>r3, 2 x r3>r1 | r1 3, r2 2, r3 2 | r1 r3
a tie at the end           | r1 r2 none | 2 x r1, 2 x r2               | r1 2, r2 2       | r1 r2
no votes                   | r1 r2 none |                              |                  |
one vote                   | r1 r2 none | r2>r1>none                   | r2 1             | r2
r2 was withdrawn           | r1 r3 none | r3>r1, r3, r1>r3             | r1 1, r3 2       | r3

score
what happens     | on offer | ballots                  | counted                        | preferred
the highest mean | r1 r2    | 2 x r1=5 r2=1, r1=3 r2=5 | r1=5 2, r1=3 1, r2=1 2, r2=5 1 | r1
a tie of means   | r1 r2    | r1=3 r2=1, r1=3 r2=5     | r1=3 2, r2=1 1, r2=5 1         | r1 r2
no votes         | r1 r2    |                          |                                |
one vote         | r1 r2    | r1=2 r2=4                | r1=2 1, r2=4 1                 | r2
r2 was withdrawn | r1 r3    | r1=2 r3=4                | r1=2 1, r3=4 1                 | r3

consent
what happens              | on offer | ballots                          | counted                            | preferred
consent, with a condition | r1       | 2 x agree, agree_if, stand_aside | agree 2, agree_if 1, stand_aside 1 | r1
one cannot live with it   | r1       | 9 x agree, cannot_live_with      | agree 9, cannot_live_with 1        |
a tie of stances          | r1       | agree, stand_aside               | agree 1, stand_aside 1             | r1
nobody is for it          | r1       | 2 x stand_aside                  | stand_aside 2                      |
no votes                  | r1       |                                  |                                    |
one vote                  | r1       | agree_if                         | agree_if 1                         | r1

opinion
what happens             | on offer | ballots                       | counted                     | preferred
more agree than disagree | r1       | 2 x agree, disagree, 5 x pass | agree 2, disagree 1, pass 5 | r1
a tie                    | r1       | agree, disagree               | agree 1, disagree 1         |
no votes                 | r1       |                               |                             |
one vote                 | r1       | disagree                      | disagree 1                  |
"""


def rows() -> Iterator[list[str]]:
    """Yields the table's rows, cell by cell, each with its way of voting as the first."""
    for part in TABLE.strip().split("\n\n"):
        way, _head, *lines = part.splitlines()
        yield from ([way, *(cell.strip() for cell in line.split("|"))] for line in lines)


def several(cell: str) -> list[str]:
    """Splits a cell at its commas and repeats each part as often as its "3 x" says."""
    parts = [part.strip().rpartition("x ") for part in cell.split(",") if part.strip()]
    return [ballot for times, _, ballot in parts for _ in range(int(times) if times else 1)]


@pytest.mark.parametrize(("method", "case", "offered", "ballots", "counted", "preferred"), list(rows()))
def test_what_people_said_comes_to_this(
    method: str, case: str, offered: str, ballots: str, counted: str, preferred: str
) -> None:
    way, responses, choices = METHODS[method], offered.split(), several(ballots)
    for choice in choices:
        way.check(choice, responses)
    tally = way.tally(choices, responses)
    given = {mark: int(n) for mark, _, n in (part.strip().rpartition(" ") for part in counted.split(",")) if mark}
    assert {mark: n for mark, n in tally.items() if n} == given
    assert list(way.preferred(tally, way.figures(choices, responses))) == preferred.split()


def test_every_way_has_a_tie_no_votes_one_vote_and_where_it_can_one_withdrawn() -> None:
    cases = Counter(
        (row[0], word) for row in rows() for word in ("tie", "no votes", "one vote", "withdrawn") if word in row[1]
    )
    for method, way in METHODS.items():
        assert all(cases[method, word] for word in ("tie", "no votes", "one vote")), method
        assert bool(cases[method, "withdrawn"]) == (way.MOST > 1), method
