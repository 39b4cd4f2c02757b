"""Results by group, with small groups protected: the one place that decides what may be shown.

Whoever shows, pushes, records or exports a result asks here, so that no two of them differ by a few people.
`_placed` decides for one round; `freeze`, `published`, `label_of` and `view_shift` all stand on it.

What is kept from whom. Think of somebody who knows everything published, which group each person is in, and
even who voted in which round, but not how. They must not be able to work out how a group with fewer ballots
than the threshold voted. Whatever is published stays true when two people of the same row who voted in the
same rounds swap their ballots; so a small group is hidden by the others in its row, of whom there are
always enough to reach the threshold. Two limits, said openly: the head count of the whole room is always
given, and where everybody in a row answered alike, the row says so of each of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from forum.commission import Commission
from forum.viewshift import (
    NOBODY_FOLLOWED,
    NOT_FOLLOWED,
    WHOLE_ROOM_ONLY,
    Attendance,
    GroupId,
    ShiftRow,
    ViewShift,
    Votes,
    attendance,
    in_order,
    moves,
)

__all__ = [
    "EVERYONE",
    "NEW_GROUP",
    "NOBODY_FOLLOWED",
    "NOT_FOLLOWED",
    "POOL",
    "TOO_FEW_NOW",
    "TOO_SMALL",
    "WHOLE_ROOM_ONLY",
    "GroupId",
    "Partition",
    "Result",
    "Row",
    "ShiftRow",
    "TableRow",
    "ViewShift",
    "Votes",
    "dissenting",
    "freeze",
    "label_of",
    "preference",
    "published",
    "view_shift",
]

POOL = "other groups"
EVERYONE = "everyone"

# Why something is not given: English sentences, which are the gettext message ids.
TOO_SMALL = "Nothing is shown by group, because that could show how a small group voted."
TOO_FEW_NOW = "Nothing is shown by group for this vote, because too few people from one of the groups voted."
NEW_GROUP = "Nothing is shown by group for this vote, because a group took part that did not vote before."


@dataclass(frozen=True)
class Row:
    """One published row: its label, and the ids of the groups whose ballots it holds.

    None stands for "prefer not to say". A pool has at least two groups, any other row has one.
    """

    label: str
    groups: tuple[GroupId, ...]

    @property
    def pooled(self) -> bool:
        """Whether this is the row of the small groups together."""
        return len(self.groups) > 1


@dataclass(frozen=True)
class Partition:
    """How a session's groups are shown, fixed when its first round closes.

    `rows` is empty where nothing may be given by group; `withheld` then says why (an English sentence, a
    gettext message id), and is None otherwise.
    """

    rows: tuple[Row, ...]
    withheld: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As {"rows": [{"label", "groups": [id or null]}], "withheld"}."""
        return {
            "rows": [{"label": row.label, "groups": list(row.groups)} for row in self.rows],
            "withheld": self.withheld,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Partition:
        """The partition that `to_json` wrote."""
        rows = tuple(Row(row["label"], tuple(row["groups"])) for row in data["rows"])
        return cls(rows, data["withheld"])


@dataclass(frozen=True)
class TableRow:
    """One row of a result by group: `n` ballots, and how many for each response (zeros included)."""

    label: str
    n: int
    counts: dict[str, int]


@dataclass(frozen=True)
class Result:
    """What may be shown of one round.

    `counts` is the head count of all `n` ballots, every response in order, zeros included. `rows` is the
    same by group, empty where nothing may be given by group; `withheld` then says why. `equal_voice` is in
    basis points (0 to 10000) for every response: the mean of the rows' shares, each row weighing the same,
    halves rounded up; None where there are no rows. `shift` is there for a vote after a replay.
    """

    counts: dict[str, int]
    n: int
    rows: tuple[TableRow, ...]
    withheld: str | None
    equal_voice: dict[str, int] | None
    shift: ViewShift | None = None

    def with_shift(self, shift: ViewShift) -> Result:
        """The same with a view shift."""
        return replace(self, shift=shift)

    def to_json(self) -> dict[str, Any]:
        """As the `result` of a "round revealed" entry."""
        by_group = [{"label": row.label, "n": row.n, "counts": dict(row.counts)} for row in self.rows]
        return {
            "counts": dict(self.counts),
            "n": self.n,
            "by_group": by_group or None,
            "withheld": self.withheld,
            "equal_voice": None if self.equal_voice is None else dict(self.equal_voice),
            "view_shift": None if self.shift is None else self.shift.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Result:
        """The result that `to_json` wrote, also after RFC 8785 has sorted the keys."""
        voice, shift = data["equal_voice"], data["view_shift"]
        return cls(
            counts=in_order(data["counts"]),
            n=data["n"],
            rows=tuple(TableRow(r["label"], r["n"], in_order(r["counts"])) for r in data["by_group"] or ()),
            withheld=data["withheld"],
            equal_voice=None if voice is None else in_order(voice),
            shift=None if shift is None else ViewShift.from_json(shift),
        )


# ---------------------------------------------------------------- the decisions


def freeze(counts: Mapping[GroupId, int], commission: Commission) -> Partition:
    """How the groups of a session are shown from now on.

    `counts` are the ballots of the session's first closed round by group. Groups below the commission's
    threshold, and always "prefer not to say", become one pool; the smallest of the others join it until it
    has at least two groups and reaches the threshold. Rows stand in the commission's order, the pool last.
    """
    order = [group.id for group in commission.groups]
    order += sorted(group for group in counts if group is not None and group not in order)
    present = [group for group in order if counts.get(group, 0) > 0]
    shown = [g for g in present if counts[g] >= commission.threshold and commission.group_label(g) is not None]
    pool: list[GroupId] = [group for group in present if group not in shown]
    if counts.get(None, 0) > 0:
        pool.append(None)
    while pool and shown and (len(pool) < 2 or sum(counts[g] for g in pool) < commission.threshold):
        smallest = min(shown, key=lambda group: counts[group])
        shown.remove(smallest)
        pool.append(smallest)

    rows = [Row(str(commission.group_label(group)), (group,)) for group in shown]
    if pool:
        pool.sort(key=lambda group: len(order) if group is None else order.index(group))
        rows.append(Row(_pool_label(commission), tuple(pool)))
    return Partition(tuple(rows)) if len(rows) >= 2 else Partition((), TOO_SMALL)


def published(
    partition: Partition, ballots: Sequence[tuple[GroupId, str]], responses: Sequence[str], threshold: int
) -> Result:
    """What may be shown of a round with these `ballots` (group id, response id): all by group, or nothing.

    Raises ValueError for a ballot whose choice is none of `responses`.
    """
    row_of, withheld = _placed(partition, Counter(group for group, _ in ballots), threshold)
    counts = _count(responses, (choice for _, choice in ballots))
    if withheld is not None:
        return Result(counts, len(ballots), (), withheld, None)
    table = []
    for row in partition.rows:
        of_row = _count(responses, (choice for group, choice in ballots if row_of[group] == row))
        table.append(TableRow(row.label, sum(of_row.values()), of_row))
    voice = {
        response: _basis_points(sum((Fraction(row.counts[response], row.n) for row in table), Fraction()) / len(table))
        for response in responses
    }
    return Result(counts, len(ballots), tuple(table), None, voice)


def label_of(partition: Partition, groups_in_round: Mapping[GroupId, int], threshold: int) -> Callable[[GroupId], str]:
    """The label that a ballot's leaf commits to, by the group of its participant.

    `groups_in_round` are the ballots of the round by group. The label is that of the row where the round is
    given by group; else it is "everyone" for all.
    """
    row_of, withheld = _placed(partition, groups_in_round, threshold)
    if withheld is not None:
        return lambda group: EVERYONE
    return lambda group: row_of[group].label


def view_shift(
    first_id: str,
    partition: Partition,
    first: Votes,
    second: Votes,
    responses: Sequence[str],
    threshold: int,
    by_group_ok: bool,
) -> ViewShift:
    """Who moved between two rounds on the same question, as far as it may be shown.

    `first` and `second` are their ballots by participant: (group id, response id); a participant's group is
    the same in both. `by_group_ok` says that both rounds gave results by group. What is given hangs on who
    came, never on how they voted:

    - by group, where in every row those who voted in both, joined and left are each nobody or enough;
    - else for the whole room. But when three police officers go home, "those who left" are the police; so
    - where only few of the pool (or of a group that has become small) stayed, joined or left, its people
      are not followed at all: their ballots stand in `left` and `joined`, and the sentence in `withheld`
      says so.
    """
    group_of = {person: group for person, (group, _) in [*first.items(), *second.items()]}
    people: dict[Row | None, list[str]] = {row: [] for row in partition.rows}
    for person, group in group_of.items():
        people.setdefault(_row_for(partition, group), []).append(person)
    came = {row: attendance(members, first, second) for row, members in people.items()}
    room = attendance(group_of, first, second)
    whole = moves(group_of, first, second, responses)

    if by_group_ok and all(row is not None and part.none_or_enough(threshold) for row, part in came.items()):
        rows = (ShiftRow(r.label, *moves(people[r], first, second, responses)) for r in partition.rows)
        return ViewShift(first_id, *whole, rows=tuple(rows))

    weak = {row for row, part in came.items() if _weak(row, part, threshold)}
    # With nobody in both rounds, or the same people in both, joined and left say only what the head counts
    # say.
    if not weak or room.both == 0 or room.joined == room.left == 0:
        return ViewShift(first_id, *whole, withheld=WHOLE_ROOM_ONLY)
    apart = {person for row in came if row in weak or row is None or row.pooled for person in people[row]}
    if any(0 < len(apart & votes.keys()) < threshold for votes in (first, second)):
        apart = set(group_of)
    kept = moves(group_of, first, second, responses, apart)
    return ViewShift(first_id, *kept, withheld=NOT_FOLLOWED if kept[0] else NOBODY_FOLLOWED)


def in_the_room(joined: Mapping[GroupId, int], threshold: int) -> dict[GroupId, int | None]:
    """How many joined from each group, for the facilitator; None stands for some, but fewer than the threshold.

    The number of a small group is nobody's vote, but beside a head count it is a step towards one.
    """
    return {group: n if n == 0 or n >= threshold else None for group, n in joined.items()}


def preference(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Every response that shares the top, in order; () where nobody voted."""
    top = max(counts.values(), default=0)
    return tuple(response for response, n in counts.items() if n == top) if top else ()


def dissenting(rows: Sequence[TableRow], response: str) -> tuple[TableRow, ...]:
    """The published rows whose own preference does not contain `response`."""
    return tuple(row for row in rows if response not in preference(row.counts))


def _row_for(partition: Partition, group: GroupId) -> Row | None:
    """The row that holds a group's ballots; one that was not in the first round joins the pool, if any."""
    own = next((row for row in partition.rows if group in row.groups), None)
    return own or next((row for row in partition.rows if row.pooled), None)


def _placed(
    partition: Partition, groups_in_round: Mapping[GroupId, int], threshold: int
) -> tuple[dict[GroupId, Row], str | None]:
    """The row of every group with ballots in a round, and None; or why nothing is given by group in it.

    Every ballot is in a row, or none is: else the head count less the rows would tell the rest.
    """
    if not partition.rows:
        return {}, partition.withheld or TOO_SMALL
    row_of: dict[GroupId, Row] = {}
    ballots: Counter[Row] = Counter()
    for group, n in groups_in_round.items():
        if n > 0:
            row = _row_for(partition, group)
            if row is None:
                return {}, NEW_GROUP
            row_of[group] = row
            ballots[row] += n
    if any(ballots[row] < threshold for row in partition.rows):
        return {}, TOO_FEW_NOW
    return row_of, None


def _weak(row: Row | None, came: Attendance, threshold: int) -> bool:
    """Whether the whole room's view shift could single out people of a small group in this row.

    A row of several groups hides each of them only among those who came to the same rounds. A group with a
    row of its own is not small, unless it has become so in one of the two rounds.
    """
    if row is None or row.pooled:
        return not came.none_or_enough(threshold)
    return 0 < came.first < threshold or 0 < came.second < threshold


def _pool_label(commission: Commission) -> str:
    """The pool's label, made unlike the label of any group."""
    label = POOL
    while any(group.label.casefold() == label.casefold() for group in commission.groups):
        label += " together"
    return label


def _count(responses: Sequence[str], choices: Iterable[str]) -> dict[str, int]:
    counts = dict.fromkeys(responses, 0)
    for choice in choices:
        if choice not in counts:
            raise ValueError(f"a ballot for {choice!r}, which is none of {list(responses)}")
        counts[choice] += 1
    return counts


def _basis_points(share: Fraction) -> int:
    """A share of the whole in hundredths of a per cent, halves rounded up."""
    return int(share * 10_000 + Fraction(1, 2))
