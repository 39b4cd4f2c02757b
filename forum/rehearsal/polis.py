"""Conversations exported from Polis (compdemocracy.org), read from the text of their CSV files.

Properties of such exports that matter here:

- File names may begin with a date and the conversation's id ("2025-06-19-1201-3abcdefghi-votes.csv"), and
  participants-votes.csv is called participant-votes.csv since 2024: a file is known by the end of its name.
- votes.csv has one row for each time somebody voted, sorted by statement, so it is sorted by time here. A person may
  vote on a statement again: the last vote counts. Times were milliseconds once, and are seconds now.
- participants-votes.csv has one row for each participant, with their group (computed, or blank) and their last vote on
  each statement. participant-votes.csv is made from votes in no order: where somebody changed their mind, it may hold
  the earlier vote. Of two votes in one second it alone shows which was the last.
- comments.csv has the statements in any order, some without votes, with totals that also count replaced votes: they are
  wrong where somebody changed their mind, and `source_totals_wrong` lists those.
- Columns come and go between exports (`xid`): they are found by name.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from forum.errors import BadInput
from forum.stories.visible_text import trimmed
from forum.voting.marks_and_shares import OpinionMark

SUMMARY, COMMENTS, VOTES, PARTICIPANTS = FILES = (
    "summary.csv",
    "comments.csv",
    "votes.csv",
    "participants-votes.csv",
)

# The choices of the method `opinion` by the value of a vote in an export.
_VALUES: Mapping[str, str] = {"1": OpinionMark.AGREE, "-1": OpinionMark.DISAGREE, "0": OpinionMark.PASS}

_NAME = re.compile(
    r"(?P<before>.*?)(?P<kind>participants?-votes|summary|comments|votes)(?P<after>(?: ?\(\d{1,3}\)| \d{1,3})?)\.csv",
    re.IGNORECASE | re.DOTALL,
)
_TODAY = "participant-votes"

_NUMBER = re.compile(r"-?[0-9]{1,18}")


class Statement(msgspec.Struct, frozen=True):
    """A statement. `text` is "" where comments.csv does not have it."""

    id: int
    text: str


class Participant(msgspec.Struct, frozen=True):
    """A participant: the export's number for them, and the number of their group (None where it is blank)."""

    id: int
    group: int | None


class Vote(msgspec.Struct, frozen=True):
    """A vote: its time (as exported), the numbers of statement and participant, and the opinion."""

    at: int
    statement: int
    participant: int
    choice: str


@dataclass(frozen=True)
class Conversation:
    """A whole conversation. `statements` are those with votes, by number; `participants` by number; `votes` by time.

    `source_totals_wrong` lists the statements whose totals in comments.csv differ from their votes: {"statement",
    "text", "published": {"agrees", "disagrees"}, "true": {"agrees", "disagrees"}}. `cells_behind` counts the cells of
    participant-votes.csv with a vote that its participant changed later.
    """

    topic: str
    url: str
    statements: tuple[Statement, ...]
    participants: tuple[Participant, ...]
    votes: tuple[Vote, ...]
    source_totals_wrong: tuple[dict[str, Any], ...]
    cells_behind: int = 0

    def expected(self) -> dict[int, dict[str, int]]:
        """Returns the tally of every statement by opinion, zeros included, from everybody's last vote."""
        counts: dict[int, dict[str, int]] = {s.id: dict.fromkeys(OpinionMark, 0) for s in self.statements}
        for (statement, _), choice in _last(self.votes).items():
            counts[statement][choice] += 1
        return counts


class FileName(msgspec.Struct, frozen=True):
    """The name of an export's file: its kind, one of FILES, and the parts of the name `before` and `after` that.

    `today` is True for the newer name of the participants' file.
    """

    kind: str
    before: str
    after: str
    today: bool

    @classmethod
    def read(cls, name: str) -> FileName | None:
        """Returns the parts of a file's name; None for a file that is not part of an export, or is not needed."""
        match = _NAME.fullmatch(name)
        if not match:
            return None
        kind = match["kind"].lower()
        return cls(PARTICIPANTS if kind == _TODAY else f"{kind}.csv", match["before"], match["after"], kind == _TODAY)

    def beside(self, kind: str) -> str:
        """Returns the name of the file of this kind in the same export, as Polis names it today."""
        return f"{self.before}{_TODAY if kind == PARTICIPANTS else kind.removesuffix('.csv')}{self.after}.csv"


class _File(msgspec.Struct, frozen=True):
    """A file: its name for error messages, and its text."""

    name: str
    text: str
    today: bool


def read(files: Mapping[str, str]) -> Conversation:
    """Returns the conversation in these files: their texts by name, as Polis names them now or did before.

    Raises BadInput, naming file and line, for a missing or malformed file, and where the table of participants
    disagrees with the votes.
    """
    by_kind = {
        said.kind: _File(name, text, said.today) for name, text in files.items() if (said := FileName.read(name))
    }
    missing = [kind for kind in FILES if kind not in by_kind]
    if missing:
        raise BadInput("%(file)s is missing: this is no conversation exported from Polis.", file=missing[0])
    about = _summary(by_kind[SUMMARY])
    votes = sorted(_votes(by_kind[VOTES]), key=lambda vote: vote.at)
    if not votes:
        raise BadInput("%(file)s holds no votes.", file=by_kind[VOTES].name)
    comments = dict(_comments(by_kind[COMMENTS]))
    voted_on = sorted({vote.statement for vote in votes})
    statements = tuple(Statement(number, comments[number][0] if number in comments else "") for number in voted_on)
    people = _people(by_kind[PARTICIPANTS], votes, by_kind[VOTES].name)
    votes.sort(key=lambda vote: (vote.at, people.last.get((vote.statement, vote.participant)) == vote.choice))
    participants = tuple(sorted(people.participants, key=lambda person: person.id))
    read_so_far = Conversation(about.get("topic", ""), about.get("url", ""), statements, participants, tuple(votes), ())
    wrong = tuple(_wrong_totals(statements, read_so_far.expected(), comments))
    return replace(read_so_far, source_totals_wrong=wrong, cells_behind=people.behind)


def _last(votes: Sequence[Vote]) -> dict[tuple[int, int], str]:
    """Returns the choice that counts by (statement, participant), given votes in time order."""
    return {(vote.statement, vote.participant): vote.choice for vote in votes}


# ---------------------------------------------------------------- the four files


def _summary(file: _File) -> dict[str, str]:
    return {row[0]: trimmed(row[1]) for _, row in _records(file) if len(row) >= 2}


def _votes(file: _File) -> Iterator[Vote]:
    for line, row in _rows(file, ("timestamp", "comment-id", "voter-id", "vote")):
        yield Vote(
            _number(file, line, row, "timestamp"),
            _number(file, line, row, "comment-id"),
            _number(file, line, row, "voter-id"),
            _choice(file, line, "vote", row["vote"]),
        )


def _comments(file: _File) -> Iterator[tuple[int, tuple[str, int, int]]]:
    """Yields each statement with its text and its published totals, agrees and disagrees."""
    seen: set[int] = set()
    for line, row in _rows(file, ("comment-id", "agrees", "disagrees", "comment-body")):
        number = _number(file, line, row, "comment-id")
        if number in seen:
            raise _bad(file, line, "statement %(number)s is there twice", number=number)
        seen.add(number)
        totals = (_number(file, line, row, "agrees"), _number(file, line, row, "disagrees"))
        yield number, (trimmed(" ".join(row["comment-body"].split())), *totals)


@dataclass
class _People:
    """The participants; the `last` of several votes in one second, by (statement, participant); the number of cells
    `behind`.
    """

    participants: list[Participant] = field(default_factory=list)
    last: dict[tuple[int, int], str] = field(default_factory=dict)
    behind: int = 0


def _people(file: _File, votes: Sequence[Vote], votes_file: str) -> _People:
    """Returns the participants, with their rows checked against the votes, which are in time order."""
    cast: dict[tuple[int, int], list[Vote]] = {}
    for vote in votes:
        cast.setdefault((vote.statement, vote.participant), []).append(vote)
    people = _People()
    seen: set[int] = set()
    statements: list[str] = []
    for line, row in _rows(file, ("participant", "group-id")):
        statements = statements or [name for name in row if _NUMBER.fullmatch(name)]
        number = _number(file, line, row, "participant")
        if number in seen:
            raise _bad(file, line, "participant %(number)s is there twice", number=number)
        seen.add(number)
        for name in statements:
            here = _choice(file, line, name, row[name]) if row[name] else None
            theirs = cast.get((int(name), number), [])
            if here == (theirs[-1].choice if theirs else None):
                continue
            times = [vote.at for vote in theirs if vote.choice == here]
            if not times or not file.today:
                which = "none of theirs" if file.today else "not their last one"
                raise _bad(
                    file,
                    line,
                    f"the vote of participant %(number)s on statement %(statement)s is {which} in %(votes)s",
                    number=number,
                    statement=name,
                    votes=votes_file,
                )
            if times[-1] == theirs[-1].at:
                people.last[int(name), number] = here or ""
            else:
                people.behind += 1
        group = _number(file, line, row, "group-id") if row["group-id"] else None
        people.participants.append(Participant(number, group))
    for vote in votes:
        if vote.participant not in seen:
            raise BadInput(
                "%(file)s has no participant %(number)s, who voted.", file=file.name, number=vote.participant
            )
        if str(vote.statement) not in statements:
            raise BadInput(
                "%(file)s has no column for statement %(number)s, which has votes.",
                file=file.name,
                number=vote.statement,
            )
    return people


def _wrong_totals(
    statements: Sequence[Statement],
    expected: Mapping[int, Mapping[str, int]],
    comments: Mapping[int, tuple[str, int, int]],
) -> Iterator[dict[str, Any]]:
    for statement in statements:
        if statement.id not in comments:
            continue
        text, *published = comments[statement.id]
        true = [expected[statement.id][OpinionMark.AGREE], expected[statement.id][OpinionMark.DISAGREE]]
        if published != true:
            names = ("agrees", "disagrees")
            yield {
                "statement": statement.id,
                "text": text,
                "published": dict(zip(names, published, strict=True)),
                "true": dict(zip(names, true, strict=True)),
            }


# ---------------------------------------------------------------- CSV


def _records(file: _File) -> Iterator[tuple[int, list[str]]]:
    """Yields every record with the number of the line it begins on; empty lines are left out."""
    reader = csv.reader(io.StringIO(file.text.removeprefix("\ufeff"), newline=""), strict=True)
    line = 1
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise _bad(file, line, "this is not CSV: %(why)s", why=str(error)) from error
        if row is None:
            return
        if row:
            yield line, row
        line = reader.line_num + 1


def _rows(file: _File, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yields every record after the header, by column name."""
    records = _records(file)
    line, header = next(records, (1, []))
    header = [name.strip() for name in header]
    for name in needed:
        if name not in header:
            raise _bad(file, line, "there is no column %(column)s", column=name)
    for name in header:
        if header.count(name) > 1:
            raise _bad(file, line, "there are two columns %(column)s", column=name)
    for line, row in records:
        if len(row) != len(header):
            raise _bad(file, line, "there are %(found)s fields, not %(wanted)s", found=len(row), wanted=len(header))
        yield line, dict(zip(header, row, strict=True))


def _number(file: _File, line: int, row: Mapping[str, str], column: str) -> int:
    if not _NUMBER.fullmatch(row[column]):
        raise _bad(file, line, "%(column)s is %(value)r, which is no number", column=column, value=row[column][:40])
    return int(row[column])


def _choice(file: _File, line: int, column: str, value: str) -> str:
    if value not in _VALUES:
        raise _bad(file, line, "%(column)s is %(value)r, not 1, 0 or -1", column=column, value=value[:40])
    return _VALUES[value]


def _bad(file: _File, line: int, what: str, **values: object) -> BadInput:
    return BadInput("%(file)s, line %(line)s: %(what)s.", file=file.name, line=line, what=what % values)
