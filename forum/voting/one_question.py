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
from typing import TypeAlias

from forum.stories.visible_text import alike
from forum.voting import suppression
from forum.voting.methods import METHODS
from forum.voting.partition import BESIDE_ANOTHER, Partition
from forum.voting.round import NONE_OF_THESE, WITHDRAWN, Round, RoundState
from forum.voting.suppression import GroupId

# For each thing that is asked (the question, or each statement to score) how often each answer (in words) was given.
Answers: TypeAlias = Mapping[str, Counter[str]]


@dataclass(frozen=True)
class Vote:
    """A closed vote: its round, how the groups of its session are put together, and its ballots (group, choice)."""

    round: Round
    partition: Partition
    ballots: Sequence[tuple[GroupId, str]]


def asked_before(round_: Round, others: Iterable[Round]) -> Iterator[Round]:
    """Yields those of other sessions' rounds on the question of this one whose ballots were counted, and may be known.

    The rounds are of one commission. A question is one question where it is voted on in the same way, and either comes
    from the same scene, or has the same words and an answer in common ("none of these" apart).
    """
    for other in others:
        counted = other.state in (RoundState.CLOSED, RoundState.REVEALED) or other.revealed_at
        if counted and other.session != round_.session and _one_question(round_, other):
            yield other


def given_beside(vote: Vote, before: Sequence[Vote], threshold: int) -> Partition:
    """Returns the partition of a vote's session, in which the vote gives nothing by group where it could not be given
    beside the earlier ones on its question, and no count where nor could that.

    Of `before` a count is given, or may be; each has the partition of its round. Of a vote of too few nothing is given
    anyhow, so it is not judged.
    """
    round_id, partition = vote.round.id, vote.partition
    if suppression.too_few(len(vote.ballots), threshold):
        return partition
    if may_stand_beside(replace(vote, partition=partition.of_round(round_id)), before, threshold):
        return partition
    if may_stand_beside(replace(vote, partition=Partition((), BESIDE_ANOTHER)), before, threshold):
        return replace(partition, beside=(*partition.beside, round_id))
    return replace(partition, uncounted=(*partition.uncounted, round_id))


def may_stand_beside(vote: Vote, before: Iterable[Vote], threshold: int) -> bool:
    """Says whether a vote may be given as it is, by group or for the whole room, beside the earlier ones on its
    question, in other sessions.

    It may not where, for some group and some of these votes, the answers given in the group's rows have one in common,
    and only one. A row of one mind says so of everybody in it already; but no other may be of one mind but for one.
    """
    given = [_answers(earlier, threshold) for earlier in before]
    for group, asked in _answers(vote, threshold).items():
        for thing, answers in asked.items():
            rows = [answers, *(earlier[group][thing] for earlier in given if thing in earlier.get(group, {}))]
            if _tells_by_what_is_common(rows) or any(_tells_of_the_rest(answers, row) for row in rows[1:]):
                return False
    return True


def _tells_by_what_is_common(rows: Sequence[Counter[str]]) -> bool:
    """Says whether the first row and some of the others, each of more than one answer, have but one in common."""
    first, *others = (frozenset(row) for row in rows)
    possible = {first} if len(first) > 1 else set()
    for other in others:
        if len(other) > 1:
            possible |= {known & other for known in possible}
    return any(len(known) == 1 for known in possible)


def _tells_of_the_rest(one: Counter[str], other: Counter[str]) -> bool:
    """Says whether one row is of one mind, and the other too once the same answer is taken out of it once."""
    return any(len(a) == 1 and len(b) == 2 and b[answer] == 1 for a, b in ((one, other), (other, one)) for answer in a)


def _answers(vote: Vote, threshold: int) -> dict[GroupId, Answers]:
    """Counts for each group the answers given in its row, or in the whole room where nothing is given by group."""
    way, responses = METHODS[vote.round.method], [response.id for response in vote.round.responses]
    words = {response.id: alike(response.label) for response in vote.round.responses}
    label = _label_of(vote, threshold)
    marks: dict[str, Counter[str]] = {}
    for group, choice in vote.ballots:
        marks.setdefault(label(group), Counter()).update(way.marks(choice))

    def in_words(mark: str) -> str:
        response, equals, number = mark.partition("=")
        return words.get(response, response) + equals + number

    asked = {
        words[columns[0].partition("=")[0]] if "=" in columns[0] else "": columns for columns in way.one_of(responses)
    }
    return {
        group: {
            thing: Counter(
                {in_words(mark): marks[label(group)][mark] for mark in columns if mark in marks[label(group)]}
            )
            for thing, columns in asked.items()
        }
        for group in {group for group, _ in vote.ballots}
    }


def _label_of(vote: Vote, threshold: int) -> Callable[[GroupId], str]:
    return suppression.label_of(vote.partition, Counter(group for group, _ in vote.ballots), threshold)


def _one_question(a: Round, b: Round) -> bool:
    if a.method != b.method:
        return False
    if a.scenario is not None and (a.scenario, a.scene) == (b.scenario, b.scene):
        # Of a story that was taken back nothing says which scene it was: all its questions are taken for one.
        return a.scene is not None or a.question == WITHDRAWN or _same_words(a, b)
    return _same_words(a, b)


def _same_words(a: Round, b: Round) -> bool:
    offered = [{alike(r.label) for r in round_.responses if r.id != NONE_OF_THESE} for round_ in (a, b)]
    return alike(a.question) == alike(b.question) and bool(offered[0] & offered[1])
