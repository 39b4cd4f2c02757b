"""Several sessions of a commission on one question: whether a vote may be given by group beside those before it.

Think of somebody who knows who came to which session, and is sure of one person that they answered alike each time.
That person's answer is one of those given in their row, in every session. Where rows of two sessions have only one
answer in common, it is that one; where all others of a row then have one answer, it is theirs. What was given cannot
be unseen, so the later vote gives nothing by group then, and no count where that alone would still tell.
docs/record.md says what this rests on; tests/voting/test_disclosure.py attacks it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeAlias

from forum.stories.visible_text import alike
from forum.voting import suppression
from forum.voting.methods import METHODS
from forum.voting.partition import BESIDE_ANOTHER, Partition
from forum.voting.round import NONE_OF_THESE, WITHDRAWN, Round, RoundState
from forum.voting.suppression import GroupId
from forum.voting.telling_tables import JudgedRow, telling, withheld_by_group, withheld_whole

# The mark of a ballot that does not name an answer, where it may name several.
NOT_NAMED = ""
# For each thing that is asked (the question, each statement to score, each answer to name or not) how often each answer
# (in words) was given.
Answers: TypeAlias = Mapping[str, Counter[str]]


@dataclass(frozen=True)
class Vote:
    """A closed vote: its round, how the groups of its session are put together, its ballots (group, choice), the
    threshold (people) and the ids of the groups that it was declared under."""

    round: Round
    partition: Partition
    ballots: Sequence[tuple[GroupId, str]]
    threshold: int
    groups: frozenset[str] = frozenset()


def asked_before(round_: Round, others: Iterable[Round]) -> Iterator[Round]:
    """Yields those of other sessions' rounds on the question of this one whose ballots were counted, and may be known.

    The rounds are of one commission. A question is one question where it is voted on in the same way, and either comes
    from the same scene, or has the same words and an answer in common ("none of these" apart), or asks those who voted
    about the same vote, in whatever words.
    """
    for other in others:
        counted = other.state in (RoundState.CLOSED, RoundState.REVEALED) or other.revealed_at
        if counted and other.session != round_.session and _one_question(round_, other):
            yield other


def given_beside(vote: Vote, before: Sequence[Vote]) -> Partition:
    """Returns the partition of a vote's session, in which the vote gives nothing by group where it could not be given
    beside the earlier ones on its question, and no count where nor could that.

    Of `before` a count is given, or may be; each has the partition of its round. Of a vote of too few nothing is given
    anyhow, so it is not judged. With a table that would tell others are withheld: telling_tables.py says which.
    """
    round_id, partition = vote.round.id, vote.partition
    if suppression.too_few(len(vote.ballots), vote.threshold):
        return partition
    given = _judged(replace(vote, partition=partition.of_round(round_id)), before)
    by_group = any(len(rows) > 1 for rows in given.values())
    if by_group and not any(withheld_by_group(rows) for rows in given.values()):
        return partition
    whole = _judged(replace(vote, partition=Partition((), BESIDE_ANOTHER)), before)
    if any(withheld_whole(room, given[thing] if by_group else []) for thing, [room] in whole.items()):
        return replace(partition, uncounted=(*partition.uncounted, round_id))
    return replace(partition, beside=(*partition.beside, round_id)) if by_group else partition


def _judged(vote: Vote, before: Sequence[Vote]) -> dict[str, list[JudgedRow]]:
    """Gives for each thing that is asked the rows of a vote, with the tables that would tell beside the earlier ones.

    It is one row where nothing is given by group, and none where nobody voted. A table tells where its row and some of
    the earlier ones of a group have one answer in common, and only one. A row of one mind says so of everybody in it
    already; but no other may be of one mind but for one.
    """
    label, now = _label_of(vote), _answers(vote)
    earlier = [_answers(one) for one in before]
    groups: dict[str, list[GroupId]] = {}
    for group in now:
        groups.setdefault(label(group), []).append(group)
    judged: dict[str, list[JudgedRow]] = {}
    for thing, words in _asked(vote.round).items() if groups else ():
        answers = list(dict.fromkeys(words.values()))
        for _, of_row in sorted(groups.items()):
            table = now[of_row[0]][thing]
            beside = [[one[group][thing] for one in earlier if thing in one.get(group, {})] for group in of_row]
            # Where the groups were changed in between, people of any row may be in this one.
            beside += [
                [answers_[thing]]
                for one, of_vote in zip(earlier, before, strict=True)
                if of_vote.groups != vote.groups
                for answers_ in one.values()
                if thing in answers_
            ]
            boxes = [box for rows in beside for box in telling(answers, table.total(), rows)]
            row = JudgedRow(tuple(table[answer] for answer in answers), tuple(sorted(set(boxes))))
            judged.setdefault(thing, []).append(row)
    return judged


def _answers(vote: Vote) -> dict[GroupId, Answers]:
    """Counts for each group the answers given in its row, or in the whole room where nothing is given by group."""
    way, label, asked = METHODS[vote.round.method], _label_of(vote), _asked(vote.round)
    ballots = Counter(label(group) for group, _ in vote.ballots)
    marks: dict[str, Counter[str]] = {row: Counter() for row in ballots}
    for (group, choice), times in Counter(vote.ballots).items():
        for mark in way.marks(choice):
            marks[label(group)][mark] += times
    of_row: dict[str, dict[str, Counter[str]]] = {row: {} for row in ballots}
    for row, (thing, words) in product(ballots, asked.items()):
        counts = marks[row]
        if NOT_NAMED in words:
            counts = counts | Counter({NOT_NAMED: ballots[row] - sum(counts[mark] for mark in words)})
        given: Counter[str] = Counter()
        for mark, answer in words.items():
            given[answer] += counts[mark]
        of_row[row][thing] = +given
    return {group: of_row[label(group)] for group in dict.fromkeys(group for group, _ in vote.ballots)}


def _asked(round_: Round) -> dict[str, dict[str, str]]:
    """Lists for each thing that is asked the answers in words, by the marks of which every ballot bears one.

    Of a story that was taken back an answer's id stands for its words.
    """
    way, responses = METHODS[round_.method], [response.id for response in round_.responses]
    label = {r.id: alike(r.label) for r in round_.responses if r.label != WITHDRAWN}

    def in_words(mark: str) -> str:
        response, equals, number = mark.partition("=")
        return label.get(response, response) + equals + number

    asked = {}
    for marks in way.one_of(responses) or [(mark, NOT_NAMED) for mark in way.columns(responses)]:
        thing = marks[0].partition("=")[0] if "=" in marks[0] or NOT_NAMED in marks else ""
        asked[in_words(thing)] = {mark: in_words(mark) for mark in marks}
    return asked


def _label_of(vote: Vote) -> Callable[[GroupId], str]:
    return suppression.label_of(vote.partition, Counter(group for group, _ in vote.ballots), vote.threshold)


def _one_question(a: Round, b: Round) -> bool:
    if a.method != b.method:
        return False
    if a.asks_about and a.asks_about == b.asks_about:
        return True
    if a.scenario is not None and (a.scenario, a.scene) == (b.scenario, b.scene):
        # Of a story that was taken back nothing says which scene it was: all its questions are taken for one.
        return a.scene is not None or a.question == WITHDRAWN or _same_words(a, b)
    return _same_words(a, b)


def _same_words(a: Round, b: Round) -> bool:
    offered = [{alike(r.label) for r in round_.responses if r.id != NONE_OF_THESE} for round_ in (a, b)]
    return alike(a.question) == alike(b.question) and bool(offered[0] & offered[1])
