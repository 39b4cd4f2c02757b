"""Results by group, with small groups protected: the one place that decides what may be shown.

Whoever shows, pushes, records or exports a result asks here, so that no two of them differ by a few people.
`_placed` decides for one round; `freeze`, `published` and `label_of` stand on it. What is said of who moved from one
vote to the next is decided in view_shift.py.

What is kept from whom. Think of somebody who knows everything published, which group each person is in, and
even who voted in which round, but not how. They must not be able to work out how a group with fewer ballots
than the threshold voted. Whatever is published stays true when two people of the same row who voted in the
same rounds swap their ballots; so a small group is hidden by the others in its row, of whom there are
always enough to reach the threshold. Where the whole room is smaller than that, no number is given of it. One limit,
said openly: where everybody in a row, or in the room, answered alike, that says so of each of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from forum.errors import CastRefused
from forum.voting.ballot import LEAF_EDITION, BallotOrigin
from forum.voting.commission import Commission, Group
from forum.voting.consensus import group_informed
from forum.voting.marks_and_shares import OpinionMark, basis_points
from forum.voting.methods import METHODS
from forum.voting.partition import NO_COUNT_BESIDE, TOO_EARLY, Partition, Row
from forum.voting.quorum import NO_QUORUM, Quorum, empty_groups
from forum.voting.result import Result, TableRow
from forum.voting.view_shift import GroupId

__all__ = [
    "EVERYONE",
    "NEW_GROUP",
    "NO_COUNT",
    "ONCE_WITH_GROUP",
    "ONLY_WITH_TICKETS",
    "POOL",
    "STEP",
    "TOO_EARLY",
    "TOO_FEW_NOW",
    "TOO_SMALL",
    "GroupId",
    "Partition",
    "Result",
    "Row",
    "TableRow",
    "consensus_of",
    "equal_voice",
    "freeze",
    "in_the_room",
    "label_of",
    "live_step",
    "no_count",
    "nothing_by_group",
    "opened_by",
    "origin_of",
    "preference",
    "published",
    "settled",
    "so_far",
    "too_few",
]

POOL = "other groups"
EVERYONE = "everyone"
ONCE_WITH_GROUP = ("approval", "score")  # methods whose ballots were opened with a group in leaves of edition 1
TIMES_TICKETS = 2  # thresholds that a live count needs
TIMES_OPEN = 10  # the same where anybody can join
STEP = 5  # percent, to which a live count is rounded

# Why something is not given: English sentences, which are the gettext message ids.
TOO_SMALL = "Nothing is shown by group, because that could show how a small group voted."
TOO_FEW_NOW = "Nothing is shown by group for this vote, because too few people from one of the groups voted."
ONLY_WITH_TICKETS = (
    "Nothing is shown by group in this session: anybody can join it from any group. Results by group need tickets."
)
NO_COUNT = "Too few people voted for a result to be shown, because it could show how somebody voted."
NEW_GROUP = "Nothing is shown by group for this vote, because a group took part that did not vote before."


# ---------------------------------------------------------------- the decisions


def freeze(counts: Mapping[GroupId, int], commission: Commission) -> Partition:
    """Decides how the groups of a session are shown from now on.

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


def settled(
    partition: Partition | None, round_id: str, counts: Mapping[GroupId, int], joined: int, commission: Commission
) -> Partition:
    """Gives a session's partition once a round is closed: fixed by the first one in which groups can be judged.

    `counts` are the round's ballots by group, `joined` is how many people are in the room (0 where that says nothing).
    Groups can be judged where `freeze` gives rows and at least half of the room voted: a practice of two, or a vote
    before most have come, would else put groups together for a whole day. Until then nothing is given by group.
    """
    if partition is not None and partition.fixed:
        return partition
    before = partition or Partition(())
    made = freeze(counts, commission)
    if made.rows and 2 * sum(counts.values()) >= joined:
        return replace(before, rows=made.rows, withheld=None)
    return replace(before, withheld=TOO_EARLY, closed_before=(*before.closed_before, round_id))


def nothing_by_group(partition: Partition | None, joined: Mapping[GroupId, int], commission: Commission) -> bool:
    """Says whether a vote of everybody who joined, by group, would give nothing by group."""
    if partition is None or not partition.fixed:
        return not freeze(joined, commission).rows
    return _placed(partition, joined, commission.threshold)[1] is not None


def published(
    partition: Partition,
    ballots: Sequence[tuple[GroupId, str]],
    responses: Sequence[str],
    threshold: int,
    *,
    method: str = "single",
    quorum: Quorum = NO_QUORUM,
    invited: Sequence[Group] = (),
    however_few: bool = False,
) -> Result:
    """Works out the result that may be shown of `ballots` (group id, choice): all by group, or nothing by group.

    Where `no_count` says why, no count is given either, but with `however_few`: records of before have one.

    `responses` are the ids of its responses, `method` one of methods.METHODS, `invited` the commission's groups. Of a
    run-off only first places are given by group: its rounds are for the whole room. Raises ValueError for a choice that
    the method does not allow.
    """
    way = METHODS[method]
    of_group: dict[GroupId, list[str]] = {}
    for group, choice in ballots:
        of_group.setdefault(group, []).append(choice)
    present = Counter({group: len(made) for group, made in of_group.items()})
    row_of, withheld = _placed(partition, present, threshold)
    choices = [choice for _, choice in ballots]
    try:
        counts = way.tally(choices, responses)
    except CastRefused as error:
        raise ValueError(f"a ballot that {method} with {list(responses)} does not allow: {error}") from error
    whole = Result(counts, len(ballots), (), withheld, None, figures=way.figures(choices, responses))
    if (reason := no_count(partition, whole.n, threshold)) and not however_few:
        return Result({}, whole.n, (), reason, None, quorum=quorum.held_against(whole.n, {}))
    if withheld is not None:
        return replace(whole, quorum=quorum.held_against(whole.n, {}))
    alone = {row.label for row in partition.rows if not row.pooled}
    came = {group.label: present[group.id] for group in invited}
    empty = empty_groups(came, alone, pool=len(alone) < len(partition.rows))
    table = []
    for row in partition.rows:
        of_row = [choice for group, made in of_group.items() if row_of[group] == row for choice in made]
        table.append(TableRow(row.label, len(of_row), way.tally(of_row, responses)))
    return replace(
        whole,
        rows=tuple(table),
        equal_voice=equal_voice(table, method),
        consensus=consensus_of(table) if way.CONSENSUS else None,
        quorum=quorum.held_against(whole.n, {row.label: row.n for row in table}, empty),
    )


def no_count(partition: Partition, n: int, threshold: int) -> str | None:
    """Returns why no count is given of a round's `n` ballots (an English sentence, a gettext message id), or None.

    `partition` is that of the round.
    """
    if too_few(n, threshold):
        return NO_COUNT
    return NO_COUNT_BESIDE if n and partition.withheld == NO_COUNT_BESIDE else None


def too_few(n: int, threshold: int) -> bool:
    """Says whether `n` ballots of a whole room are some, and too few for a count."""
    return 0 < n < threshold


def equal_voice(rows: Sequence[TableRow], method: str = "single") -> dict[str, int] | None:
    """Works out the mean of the rows' shares, each row weighing the same, in basis points; None without rows."""
    shares = [METHODS[method].shares(row.counts, row.n) for row in rows]
    if not shares or not all(shares):
        return None
    return {
        key: basis_points(sum((shares_of_row[key] for shares_of_row in shares), Fraction()) / len(rows))
        for key in shares[0]
    }


def consensus_of(rows: Sequence[TableRow]) -> int | None:
    """Works out the group-informed consensus on a statement, in basis points; None where there are no rows."""
    return basis_points(group_informed((row.counts[OpinionMark.AGREE], row.n) for row in rows)) if rows else None


def live_step(threshold: int, *, tickets: bool) -> int:
    """Gives the number of votes after which the shares of an open vote are shown, and shown anew.

    With an open code or link anybody can cast votes in many browsers, knows how those fell, and takes them off what is
    shown. There it takes ten times the threshold, so that many others' votes are among them.
    """
    return (TIMES_TICKETS if tickets else TIMES_OPEN) * threshold


def so_far(counts: Mapping[str, int], n: int, least: int, blurred_by: Callable[[], int]) -> dict[str, int] | None:
    """Gives the shares that a vote with a live count may show while it is open, in percent; None below `least` votes.

    Each count is blurred by a number that `blurred_by` draws (any, most often near 0), and its share rounded to STEP
    percent. Whatever is shown can have come from every count, so
    the last shares shown and the final count fix nobody; a count as it is, however rounded, would at times fix the
    last who voted.
    """
    if n < least:
        return None
    shares = {mark: 100 * (times + blurred_by()) / n for mark, times in counts.items()}
    return {mark: min(100, max(0, STEP * round(share / STEP))) for mark, share in shares.items()}


def label_of(
    partition: Partition,
    groups_in_round: Mapping[GroupId, int],
    threshold: int,
    method: str = "single",
    edition: int = LEAF_EDITION,
) -> Callable[[GroupId], str]:
    """Gives a function from a participant's group to the label that the ballot's leaf commits to.

    `groups_in_round` are the ballots of the round by group. The label is that of the row where the round is
    given by group and its method opens ballots with it; else it is "everyone" for all.
    """
    row_of, withheld = _placed(partition, groups_in_round, threshold)
    with_group = METHODS[method].WITH_GROUP or (edition == 1 and method in ONCE_WITH_GROUP)
    if withheld is not None or not with_group:
        return lambda group: EVERYONE
    return lambda group: row_of[group].label


def opened_by(partition: Partition, commission: Commission) -> Partition:
    """Gives the partition by which a round's ballots are opened: without groups, where numbers by group are rounded
    (small_numbers.py). `partition` is that of the round."""
    return Partition(()) if commission.small_numbers else partition


def origin_of(
    partition: Partition,
    ballots: Sequence[tuple[GroupId, bool]],
    threshold: int,
    method: str = "single",
    edition: int = LEAF_EDITION,
) -> Callable[[bool], str]:
    """Gives a function that maps "was it a paper?" to the origin in the ballot's leaf: a BallotOrigin, or "".

    `ballots` are the round's: (group id, whether on paper). Where there is no paper the leaf says nothing. Else every
    ballot says that it was on one or the other: papers that are all of one mind would tell of everybody who used one.
    In leaves of edition 1 it says which, where in every published row the papers, and the others, are each nobody or
    enough.
    """
    if not any(paper for _, paper in ballots):
        return lambda paper: ""
    label = label_of(partition, Counter(group for group, _ in ballots), threshold, method, edition)
    if edition > 1 or any(n < threshold for n in Counter((label(group), paper) for group, paper in ballots).values()):
        return lambda paper: BallotOrigin.PAPER_OR_DEVICE
    return lambda paper: BallotOrigin.PAPER if paper else BallotOrigin.DEVICE


def in_the_room(joined: Mapping[GroupId, int], threshold: int) -> dict[GroupId, int | None]:
    """Gives how many joined from each group; None stands for some, but fewer than the threshold.

    The number of a small group is nobody's vote, but beside a head count it is a step towards one.
    """
    return {group: n if n == 0 or n >= threshold else None for group, n in joined.items()}


def preference(result: Result, method: str = "single") -> tuple[str, ...]:
    """Lists the responses that the room prefers, all of them where several are level; () for none."""
    if result.preferred is not None:
        return result.preferred
    return METHODS[method].preferred(result.counts, result.figures) if result.counts else ()


def _row_for(partition: Partition, group: GroupId) -> Row | None:
    """Finds the row that holds a group's ballots; one that was not in the first round joins the pool, if any."""
    own = next((row for row in partition.rows if group in row.groups), None)
    return own or next((row for row in partition.rows if row.pooled), None)


def _placed(
    partition: Partition, groups_in_round: Mapping[GroupId, int], threshold: int
) -> tuple[dict[GroupId, Row], str | None]:
    """Gives the row of every group with ballots in a round, and None; or {} and the reason for nothing by group.

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


def _pool_label(commission: Commission) -> str:
    """Makes the pool's label, unlike the label of any group."""
    label = POOL
    while any(group.label.casefold() == label.casefold() for group in commission.groups):
        label += " together"
    return label
