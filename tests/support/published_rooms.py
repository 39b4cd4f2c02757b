"""Made-up rooms, most of 15 to 40 people, with two votes on one question, and all that is published of them as facts.

Each profile is a habit of ordinary rooms: who comes late or goes early, papers, tablets, a live count, a vote that is
annulled and asked again, a second room. Results come from `forum.voting.suppression`, as for pages and exports.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import combinations
from math import ceil, floor

from forum.live import live_count
from forum.voting import one_question, reason, small_numbers, suppression
from forum.voting.commission import Commission, DecisionPower, Group
from forum.voting.one_question import Vote
from forum.voting.partition import Partition
from forum.voting.result import Result
from forum.voting.round import Response, Round
from forum.voting.suppression import GroupId
from forum.voting.view_shift import ViewShift, view_shift
from support.disclosure_solver import (
    GUESSES,
    Fact,
    Kind,
    Votes,
    Withheld,
    exactly,
    kinds_of,
    worked_out,
    worked_out_of_friends,
)

MARKS = ("r1", "r2", "r3")
LETTERS = "abcdef"
AGREED = 12.0  # the weight of an answer that nearly everybody of a group gives
FAR = 4  # how far from what happened a guess of a withheld row and room together is
POWER = DecisionPower("consultation", "the board", "the order", "the budget")
PHONE, ON_PAPER, ON_TABLET = "phone", "paper", "tablet"
FOLLOWED = "followed"
WROTE = ", wrote a reason"
BLUR_REACH: int | None = None  # farthest from 0 that live_count.blur can be; None: anything


@dataclass(frozen=True)
class Profile:
    """A habit of rooms: shares of people who are in both votes, vote on paper or on a tablet, and change their mind.

    `size` is how few and how many people there can be. `live` shows a live count, `again` annuls the first vote and
    asks it anew: its attacker supposes that nobody votes differently the second time. `remembered`: the attacker saw
    the annulled vote's table while it was shown, or has an older export. `rooms` is how many sessions there are on the
    question, each with one vote (else it is one with two): their attacker is sure of one person, whom they know well,
    that they vote alike each time. `reasons` is the share of people
    who give a reason with the first vote; `writing_seen`: the attacker saw who. `small_numbers`: what is
    published keeps to small-number rules, and then people of one mind are no excuse. `marks` are the answers.
    `agreed` is the share of groups in which nearly everybody answers alike. `back`: the second vote asks some of those
    of the first, days later, whether they were understood.
    """

    both: float = 0.95
    paper: float = 0.0
    tablet: float = 0.0
    moved: float = 0.25
    late: float = 0.5
    live: bool = False
    size: tuple[int, int] = (15, 40)
    again: bool = False
    remembered: bool = False
    rooms: int = 1
    reasons: float = 0.0
    writing_seen: bool = False
    small_numbers: bool = False
    marks: tuple[str, ...] = MARKS
    agreed: float = 0.0
    back: bool = False


PROFILES: Mapping[str, Profile] = {
    "95 % in both votes": Profile(),
    "80 % in both votes": Profile(both=0.8),
    "latecomers": Profile(both=0.85, late=1.0),
    "leavers": Profile(both=0.85, late=0.0),
    "papers": Profile(paper=0.25),
    "tablets": Profile(tablet=0.25),
    "nobody moves": Profile(both=0.9, moved=0.0),
    "many change their minds": Profile(both=0.9, moved=0.7),
    "live count": Profile(live=True),
    "few people": Profile(both=0.8, size=(2, 9)),
    "annulled and asked again": Profile(both=0.9, moved=0.0, again=True),
    "reasons": Profile(reasons=0.5),
    "small-number rules": Profile(both=0.85, size=(12, 70), small_numbers=True),
    "two rooms on one question": Profile(both=0.9, moved=0.0, rooms=2),
    "two rooms, half of them in both": Profile(both=0.5, moved=0.0, rooms=2),
    "two rooms and an asynchronous round": Profile(both=0.5, moved=0.0, rooms=3),
    "two rooms, two answers": Profile(both=0.6, moved=0.0, rooms=2, marks=MARKS[:2], agreed=0.6),
    "two rooms, a round, two answers": Profile(both=0.6, moved=0.0, rooms=3, marks=MARKS[:2], agreed=0.6),
    "did we get you right?": Profile(both=0.8, moved=1.0, late=0.0, back=True),
    "did we get you right, of few?": Profile(both=0.6, moved=1.0, late=0.0, size=(5, 18), back=True),
}
# Nothing can be taken back from somebody's head: what is left to an attacker who was in the room is counted, not held.
REMEMBERED = Profile(both=0.9, moved=0.0, again=True, remembered=True)


@dataclass(frozen=True)
class Person:
    """Somebody of a group, with what a neighbour saw of each of their votes, and how they voted."""

    group: GroupId
    seen: tuple[str, ...]
    votes: tuple[str, ...]
    wrote: bool = False

    @property
    def on_phones(self) -> bool:
        """Says whether their ballots of both votes are known to be one person's."""
        return all(seen.startswith(PHONE) for seen in self.seen)


@dataclass(frozen=True)
class Room:
    """People of two votes, first and second, or of one vote in each of several sessions, with the threshold of their
    commission."""

    profile: Profile
    threshold: int
    people: tuple[Person, ...]

    @property
    def votes(self) -> range:
        """Numbers the votes, from 0."""
        return range(max(2, self.profile.rooms))

    @property
    def alike(self) -> list[tuple[int, int]]:
        """Lists the pairs of votes in which the attacker supposes that people vote alike."""
        return [*combinations(self.votes, 2)] if self.profile.again or self.profile.rooms > 1 else []

    @property
    def commission(self) -> Commission:
        """Returns the commission that asks."""
        listed = tuple(Group(letter, f"Group {letter.upper()}") for letter in LETTERS)
        return Commission(
            *("c", "Title", "Question?", "plan", POWER, listed, self.threshold),
            small_numbers=self.profile.small_numbers,
        )


def a_room(chance: random.Random, profile: Profile) -> Room:
    """Makes up a room of 15 to 40 people."""
    threshold = chance.choice((3, 5, 5))
    size = chance.randint(*profile.size)
    letters = [*chance.sample(LETTERS, chance.randint(3, 6)), None]
    weights = [chance.uniform(0.3, 2.0) for _ in letters]
    marks = profile.marks
    leaning = {letter: [chance.uniform(0.2, 2.0) for _ in marks] for letter in letters}
    for letter in letters if profile.agreed else ():
        if chance.random() < profile.agreed:
            leaning[letter][chance.randrange(len(marks))] = AGREED
    people = []
    for _ in range(size):
        group = chance.choices(letters, weights)[0]
        first = chance.choices(marks, leaning[group])[0]
        second = chance.choices(marks, leaning[group])[0] if chance.random() < profile.moved else first
        how = chance.random()
        device = ON_PAPER if how < profile.paper else ON_TABLET if how < profile.paper + profile.tablet else PHONE
        if chance.random() < profile.both:
            seen, votes = (device, device), (first, second)
        elif chance.random() < profile.late:
            seen, votes = ("", device), ("", second)
        else:
            seen, votes = (device, ""), (first, "")
        further: list[tuple[str, str]] = []
        for _ in range(profile.rooms - 2):
            again = chance.random() < profile.both
            further.append((device if again else "", first if again else ""))
        wrote = bool(profile.reasons and votes[0] and chance.random() < profile.reasons)
        people.append(Person(group, (*seen, *(s for s, _ in further)), (*votes, *(v for _, v in further)), wrote))
    chance.shuffle(people)
    room = Room(profile, threshold, tuple(people))
    return room if all(any(person.votes[i] for person in people) for i in room.votes) else a_room(chance, profile)


@dataclass
class Published:
    """All that is published of a room: facts, and the results that they come from."""

    people: list[tuple[Kind, Votes]]
    facts: list[Fact] = field(default_factory=list)
    results: list[tuple[Partition, Result]] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)


def publish(room: Room) -> Published:
    """Publishes every vote: tables, opened ballots, live counts and the view shift."""
    counted = [_live_counts(room, i) if room.profile.live else [] for i in room.votes]
    enough = not any(
        suppression.too_few(sum(bool(p.votes[i]) for p in room.people), room.threshold) for i in room.votes
    )
    followed = room.profile.rooms == 1 and not room.profile.again and not room.profile.back
    shift = _shift(room) if enough and followed else None
    still = Counter(shift.cells if shift else {})
    people: list[tuple[Kind, Votes]] = []
    for number, person in enumerate(room.people, 1):
        seen = list(person.seen)
        for i in room.votes:
            if seen[i] and counted[i]:
                before = sum(number <= shown.passed for shown in counted[i])
                seen[i] += f" before {before} counts"
        if person.wrote and room.profile.writing_seen:
            seen[0] += WROTE
        lot = ""
        first, second = person.votes[:2]
        if person.on_phones and still[first, second]:
            still[first, second] -= 1
            lot = FOLLOWED
        kind = Kind(person.group, tuple(seen), ("", FOLLOWED) if shift and person.on_phones else ("",))
        people.append((kind, (*person.votes, lot)))
    given = Published(people)
    partition = None
    earlier: list[Vote] = []
    for i in room.votes:
        if partition is None or room.profile.rooms > 1:
            partition = suppression.freeze(Counter(p.group for p in room.people if p.votes[i]), room.commission)
            vote = Vote(_round(room, i), partition, _ballots(room, i), room.threshold)
            partition = one_question.given_beside(vote, earlier).of_round(vote.round.id)
            if partition != vote.partition:
                given.withheld.append(_withheld(room, i, vote, earlier))
            if suppression.no_count(partition, len(vote.ballots), room.threshold) is None:
                earlier.append(replace(vote, partition=partition))
        elif room.profile.back:
            partition = _asked_back(room)
        given.results.append((partition, _result(room, partition, i)))
        if room.profile.again and i == 0 and not room.profile.remembered:
            continue  # withdrawn, and its ballots are opened no more
        if not given.results[i][1].counts:
            continue  # too few for a count, and for their ballots, or beside another's
        given.facts += _table(room, i, *given.results[i])
        given.facts += _opened(room, partition, i, given.results[i][1])
        for times, shown in enumerate(counted[i], 1):
            given.facts += _live(i, len(counted[i]) - times + 1, shown)
    if room.profile.reasons:
        given.facts += _reasons(room, given.results[0][0])
    if shift:
        given.facts += _moves(room, shift, given.results[0][1], given.results[1][1])
    return given


def _asked_back(room: Room) -> Partition:
    """Puts the groups of those who are asked whether they were understood together: it is a session of its own, in
    which those of a group that few voted in are counted as if they had not said it."""
    voted = Counter(person.group for person in room.people if person.votes[0])
    kept = {group for group, n in voted.items() if n >= room.threshold}
    present = Counter(person.group if person.group in kept else None for person in room.people if person.votes[1])
    return suppression.freeze(present, room.commission)


def fixed(room: Room, *, sure_of_all: bool = False, knows_rule: bool = True) -> list[tuple[Kind, int, str]]:
    """Lists those whose vote is worked out, but for people of a row, or a room, that was of one mind.

    With `sure_of_all` the attacker of several sessions is sure that nobody at all votes differently in another. With
    `knows_rule` they draw conclusions from what was withheld beside another session, which takes seconds a room.
    """
    given = publish(room)
    solve = worked_out_of_friends if room.profile.rooms > 1 and not sure_of_all else worked_out
    withheld = given.withheld if knows_rule else []
    out = solve(kinds_of(given.people), room.profile.marks, given.facts, room.alike, withheld)
    if room.profile.small_numbers:
        return out
    return [(kind, i, mark) for kind, i, mark in out if not _of_one_mind(room, given, kind, i, room.alike)]


def _of_one_mind(room: Room, given: Published, kind: Kind, vote: int, alike: Sequence[tuple[int, int]]) -> bool:
    votes = {vote, *(i for pair in alike if vote in pair for i in pair if kind.came(i))}
    for i in votes:
        partition, result = given.results[i]
        row = next((r for r in result.rows if r.label == _label(partition, kind.group)), None)
        for n, counts in [(result.n, result.counts)] + ([(row.n, row.counts)] if row else []):
            if n >= room.threshold and n in counts.values():
                return True
    return False


def _label(partition: Partition, group: GroupId) -> str:
    row = suppression._row_for(partition, group)
    return row.label if row else ""


def _result(room: Room, partition: Partition, i: int) -> Result:
    exact = suppression.published(partition, _ballots(room, i), room.profile.marks, room.threshold)
    if not room.profile.small_numbers:
        return exact
    return small_numbers.outside(exact, [choice for _, choice in _ballots(room, i)], room.profile.marks, room.threshold)


def _ballots(room: Room, i: int) -> list[tuple[GroupId, str]]:
    return [(p.group, p.votes[i]) for p in room.people if p.votes[i]]


def _round(room: Room, i: int) -> Round:
    responses = tuple(Response(mark, mark) for mark in room.profile.marks)
    return Round(f"round {i}", f"session {i}", "Question?", responses)


def _bears(vote: int, mark: str, who: Callable[[Kind], bool] = lambda kind: True) -> Callable[[Kind, Votes], bool]:
    """Makes the test of a fact: they are some of these people, and voted so in this vote."""
    return lambda kind, votes: votes[vote] == mark and who(kind)


def _in_row(partition: Partition, label: str) -> Callable[[Kind], bool]:
    return lambda kind: _label(partition, kind.group) == label


def _table(room: Room, i: int, partition: Partition, result: Result) -> Iterator[Fact]:
    if result.rounded:
        yield from _rounded_table(room, i, partition, result)
        return
    for mark, n in result.counts.items():
        yield exactly(n, _bears(i, mark))
    for row in result.rows:
        for mark, n in row.counts.items():
            yield exactly(n, _bears(i, mark, _in_row(partition, row.label)))


def _rounded_table(room: Room, i: int, partition: Partition, result: Result) -> Iterator[Fact]:
    """Gives the facts of a result by small-number rules: between which numbers each is that is given. A number that is
    not given can be any."""
    parts: list[tuple[Mapping[str, int], Sequence[str], Callable[[Kind], bool]]] = [
        (result.counts, result.hidden, lambda kind: True)
    ]
    parts += [(row.counts, row.hidden, _in_row(partition, row.label)) for row in result.rows]
    for counts, hidden, who in parts:
        for mark in counts.keys() - set(hidden):
            could = small_numbers.could_be(counts[mark], room.threshold)
            yield Fact(_bears(i, mark, who), could[0], could[-1])


def _withheld(room: Room, i: int, vote: Vote, earlier: Sequence[Vote]) -> Withheld:
    """Gives what the published rule tells of a vote that was withheld beside these earlier ones: its ballots were such
    that it would be withheld, and as far as it was. Who came is known, and so is what was given of the earlier ones."""
    before = tuple(earlier)

    @cache
    def made_of(cast: frozenset[tuple[tuple[GroupId, str], int]]) -> Partition:
        ballots = [one for one, n in cast for _ in range(n)]
        return one_question.given_beside(replace(vote, ballots=ballots), before)

    was = made_of(frozenset(Counter(vote.ballots).items()))
    return Withheld(i, lambda cast: made_of(frozenset(cast.items())) == was, tuple(_guesses(room, i, vote)))


def _guesses(room: Room, i: int, vote: Vote) -> Iterator[list[Fact]]:
    """Guesses the tables of all rows of the vote as they were, since beside them others in other votes are possible;
    which answers nobody gave in one of its rows, or in the room; then the table of a row, or with it that of the room,
    those nearest to what happened first."""
    label = suppression.label_of(vote.partition, Counter(group for group, _ in vote.ballots), room.threshold)
    rows = list(dict.fromkeys(label(group) for group, _ in vote.ballots))
    marks = room.profile.marks

    def given(counts: Mapping[str, int], row: str | None) -> list[Fact]:
        return [
            exactly(n, _bears(i, mark, lambda kind: row in (None, label(kind.group)))) for mark, n in counts.items()
        ]

    def happened(row: str | None) -> Counter[str]:
        return Counter(mark for group, mark in vote.ballots if row in (None, label(group)))

    def near(row: str | None) -> list[tuple[int, list[Fact]]]:
        return [(away, given(table, row)) for away, table in _tables(happened(row), marks)]

    missing = [dict.fromkeys(some, 0) for n in range(1, len(marks)) for some in combinations(marks, n)]
    yield [fact for row in rows for fact in given({mark: happened(row)[mark] for mark in marks}, row)]
    yield []
    yield from (given(none, row) for none in missing for row in (None, *rows))
    yield from (given(none, None) + given(some, row) for none in missing for row in rows for some in missing)
    of_rows = [one for row in rows for one in near(row)]
    both = [(away + far, [*one, *whole]) for away, one in of_rows for far, whole in near(None) if away + far < FAR]
    yield from (facts for _, facts in sorted(of_rows + both, key=lambda one: one[0])[:GUESSES])


def _tables(counts: Mapping[str, int], marks: Sequence[str]) -> Iterator[tuple[int, dict[str, int]]]:
    """Lists all tables of as many ballots, each with how many of these have to change for it."""
    n = sum(counts.values())
    for bars in combinations(range(n + len(marks) - 1), len(marks) - 1):
        ends = (-1, *bars, n + len(marks) - 1)
        made = {mark: ends[place + 1] - ends[place] - 1 for place, mark in enumerate(marks)}
        yield sum(max(0, made[mark] - counts.get(mark, 0)) for mark in marks), made


def _opened(room: Room, partition: Partition, i: int, result: Result) -> Iterator[Fact]:
    if result.sealed:
        return
    partition = suppression.opened_by(partition, room.commission)
    voters = [person for person in room.people if person.votes[i]]
    label = suppression.label_of(partition, Counter(p.group for p in voters), room.threshold)
    papers = [(person.group, person.seen[i] == ON_PAPER) for person in voters]
    origin = suppression.origin_of(partition, papers, room.threshold)

    def opened_as(group: GroupId, seen: str) -> tuple[str, str]:
        return label(group), origin(seen.startswith(ON_PAPER))

    opened = Counter((opened_as(p.group, p.seen[i]), p.votes[i]) for p in voters)
    for heading in {heading for heading, _ in opened}:

        def under(kind: Kind, heading: tuple[str, str] = heading) -> bool:
            return opened_as(kind.group, kind.seen[i]) == heading

        for mark in room.profile.marks:
            yield exactly(opened[heading, mark], _bears(i, mark, under))


def _reasons(room: Room, partition: Partition) -> Iterator[Fact]:
    """Gives the facts of the reasons that stand under the first result: their choices, and the groups beside them."""
    label = suppression.label_of(partition, Counter(p.group for p in room.people if p.votes[0]), room.threshold)
    reasons = [(label(person.group), person.votes[0]) for person in room.people if person.wrote]
    named = Counter(zip(reason.names_beside(reasons, room.threshold), (mark for _, mark in reasons), strict=True))
    if not room.profile.writing_seen:
        for (name, mark), n in named.items():
            if name:
                yield Fact(_bears(0, mark, _in_row(partition, name)), n, len(room.people))
        return
    for mark in room.profile.marks:
        of_mark = [kept for _, kept in reasons].count(mark)
        yield exactly(of_mark, _bears(0, mark, _wrote))
        for row in partition.rows:

            def in_row(kind: Kind, label: str = row.label) -> bool:
                return _wrote(kind) and _label(partition, kind.group) == label

            if n := named[row.label, mark]:
                yield exactly(n, _bears(0, mark, in_row))
            else:
                yield Fact(_bears(0, mark, in_row), 0, room.threshold - 1)


def _wrote(kind: Kind) -> bool:
    return kind.seen[0].endswith(WROTE)


@dataclass(frozen=True)
class _Shares:
    """Shares that were shown once `passed` people had passed, `n` of them with a ballot."""

    passed: int
    n: int
    shares: Mapping[str, int]


def _live_counts(room: Room, i: int) -> list[_Shares]:
    """Lists the shares that are shown while people vote in their order."""
    shown: list[_Shares] = []
    counts: Counter[str] = Counter(dict.fromkeys(room.profile.marks, 0))
    least = suppression.live_step(room.threshold, tickets=True)
    seen = 0
    for passed, person in enumerate(room.people, 1):
        if not person.votes[i]:
            continue
        counts[person.votes[i]] += 1
        shares = suppression.so_far(counts, counts.total(), least, live_count.blur)
        if shares is not None and counts.total() - seen >= least:
            seen = counts.total()
            shown.append(_Shares(passed, seen, shares))
    return shown


def _live(i: int, later: int, shown: _Shares) -> Iterator[Fact]:
    """Gives what follows from shares after which there were `later` others, themselves among them: nothing, where the
    blur can be any number."""
    if BLUR_REACH is None:
        return
    for mark, share in shown.shares.items():
        half = suppression.STEP / 2
        least = ceil(shown.n * (share - half) / 100) - BLUR_REACH if share else 0
        most = floor(shown.n * (share + half) / 100) + BLUR_REACH if share < 100 else shown.n
        yield Fact(
            _bears(i, mark, lambda kind: int(kind.seen[i].split(" ")[-2]) >= later), max(0, least), min(shown.n, most)
        )


def _shift(room: Room) -> ViewShift:
    """Works out the view shift of a room's two votes. A paper, and a tablet, is a new participant each time."""
    first, second = (
        {
            (f"{n}" if person.seen[i].startswith(PHONE) else f"{n} {i}"): person.votes[i]
            for n, person in enumerate(room.people)
            if person.votes[i]
        }
        for i in (0, 1)
    )
    return view_shift("1", first, second, room.profile.marks, room.threshold, random.Random(len(first)).random)


def _rounded_moves(room: Room, shift: ViewShift, first: Result, second: Result) -> Iterator[Fact]:
    """Gives the facts of a view shift by small-number rules: between which numbers each move is that is given."""
    if not (first.counts and second.counts):
        return
    told = small_numbers._shift(shift, first, second.hidden, room.threshold)
    for (before, after), n in told.cells.items():
        could = small_numbers.could_be(n, room.threshold)

        def moved(kind: Kind, votes: Votes, move: Votes = (before, after, FOLLOWED)) -> bool:
            return votes == move

        yield Fact(moved, could[0], could[-1])


def _moves(room: Room, given: ViewShift, first: Result, second: Result) -> Iterator[Fact]:
    """Gives the facts of a view shift: of those followed so many moved so, or fewer than the threshold."""
    if room.profile.small_numbers:
        yield from _rounded_moves(room, given, first, second)
        return

    def moved(before: str, after: str) -> Callable[[Kind, Votes], bool]:
        return lambda kind, votes: votes == (before, after, FOLLOWED)

    for mark in MARKS:
        for after in MARKS:
            if (mark, after) in given.cells:
                yield exactly(given.cells[mark, after], moved(mark, after))
            else:
                yield Fact(moved(mark, after), 0, room.threshold - 1)
