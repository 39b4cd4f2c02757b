"""A conversation exported from Polis (compdemocracy.org), read from the text of its CSV files.

What such an export is like, as far as it matters here:

- votes.csv has one row for each time somebody voted, sorted by statement, so it is sorted by time here. The same person
  may vote on a statement again: the last vote counts.
- participants-votes.csv has one row for each participant, with their group (computed, or blank) and their last vote on
  each statement.
- comments.csv has the statements in any order, some of which nobody voted on, with totals that also count votes that
  were taken back: they are wrong where somebody changed their mind, and `source_totals_wrong` says where.
- Columns come and go between exports (`xid`): they are found by name.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forum.counting import AGREE, DISAGREE, OPINIONS, PASS
from forum.errors import BadInput

SUMMARY, COMMENTS, VOTES, PARTICIPANTS = FILES = (
    "summary.csv",
    "comments.csv",
    "votes.csv",
    "participants-votes.csv",
)

# What somebody can say to a statement: the choices of the method `opinion`, by the value that a vote has in an export.
_VALUES: Mapping[str, str] = {"1": AGREE, "-1": DISAGREE, "0": PASS}

_NUMBER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True)
class Statement:
    """One statement. `text` is "" where comments.csv does not have it."""

    id: int
    text: str


@dataclass(frozen=True)
class Participant:
    """One participant: the export's number for them, and the number of their group (None where it is blank)."""

    id: int
    group: int | None


@dataclass(frozen=True)
class Vote:
    """One vote: when (milliseconds since 1970), on which statement, by whom, and the opinion."""

    at: int
    statement: int
    participant: int
    choice: str


@dataclass(frozen=True)
class Conversation:
    """A whole conversation. `statements` are those with votes, by number; `participants` by number; `votes` by time.

    `source_totals_wrong` lists the statements whose totals in comments.csv are not what the votes come to:
    {"statement", "text", "published": {"agrees", "disagrees"}, "true": {"agrees", "disagrees"}}.
    """

    topic: str
    url: str
    statements: tuple[Statement, ...]
    participants: tuple[Participant, ...]
    votes: tuple[Vote, ...]
    source_totals_wrong: tuple[dict[str, Any], ...]

    def expected(self) -> dict[int, dict[str, int]]:
        """The tally of every statement by opinion, zeros included: everybody's last vote."""
        counts = {statement.id: dict.fromkeys(OPINIONS, 0) for statement in self.statements}
        for (statement, _), choice in _last(self.votes).items():
            counts[statement][choice] += 1
        return counts


def read(files: Mapping[str, str]) -> Conversation:
    """The conversation in these files: the text of each by its name (FILES).

    Raises BadInput, naming the file and the line, for a file that is missing or malformed, and where
    participants-votes.csv is not what votes.csv comes to.
    """
    missing = [name for name in FILES if name not in files]
    if missing:
        raise BadInput("%(file)s is missing: this is no conversation exported from Polis.", file=missing[0])
    about = _summary(files[SUMMARY])
    votes = tuple(sorted(_votes(files[VOTES]), key=lambda vote: vote.at))
    if not votes:
        raise BadInput("%(file)s holds no votes.", file=VOTES)
    comments = dict(_comments(files[COMMENTS]))
    voted_on = sorted({vote.statement for vote in votes})
    statements = tuple(Statement(number, comments[number][0] if number in comments else "") for number in voted_on)
    participants = tuple(sorted(_participants(files[PARTICIPANTS], votes), key=lambda person: person.id))
    read_so_far = Conversation(about.get("topic", ""), about.get("url", ""), statements, participants, votes, ())
    wrong = tuple(_wrong_totals(statements, read_so_far.expected(), comments))
    return Conversation(about.get("topic", ""), about.get("url", ""), statements, participants, votes, wrong)


def _last(votes: Sequence[Vote]) -> dict[tuple[int, int], str]:
    """What counts in the end: the choice by statement and participant, of votes in time order."""
    return {(vote.statement, vote.participant): vote.choice for vote in votes}


# ---------------------------------------------------------------- the four files


def _summary(text: str) -> dict[str, str]:
    return {row[0]: row[1] for _, row in _records(SUMMARY, text) if len(row) >= 2}


def _votes(text: str) -> Iterator[Vote]:
    for line, row in _rows(VOTES, text, ("timestamp", "comment-id", "voter-id", "vote")):
        yield Vote(
            _number(VOTES, line, row, "timestamp"),
            _number(VOTES, line, row, "comment-id"),
            _number(VOTES, line, row, "voter-id"),
            _choice(VOTES, line, "vote", row["vote"]),
        )


def _comments(text: str) -> Iterator[tuple[int, tuple[str, int, int]]]:
    """By statement: its text and its published totals, agrees and disagrees."""
    seen: set[int] = set()
    for line, row in _rows(COMMENTS, text, ("comment-id", "agrees", "disagrees", "comment-body")):
        number = _number(COMMENTS, line, row, "comment-id")
        if number in seen:
            raise _bad(COMMENTS, line, "statement %(number)s is there twice", number=number)
        seen.add(number)
        totals = (_number(COMMENTS, line, row, "agrees"), _number(COMMENTS, line, row, "disagrees"))
        yield number, (" ".join(row["comment-body"].split()), *totals)


def _participants(text: str, votes: Sequence[Vote]) -> Iterator[Participant]:
    """Everybody, with their row held against what votes.csv says of them."""
    last = _last(votes)
    seen: set[int] = set()
    statements: list[str] = []
    for line, row in _rows(PARTICIPANTS, text, ("participant", "group-id")):
        statements = statements or [name for name in row if _NUMBER.fullmatch(name)]
        number = _number(PARTICIPANTS, line, row, "participant")
        if number in seen:
            raise _bad(PARTICIPANTS, line, "participant %(number)s is there twice", number=number)
        seen.add(number)
        for name in statements:
            here = _choice(PARTICIPANTS, line, name, row[name]) if row[name] else None
            if here != last.get((int(name), number)):
                raise _bad(
                    PARTICIPANTS,
                    line,
                    "the vote of participant %(number)s on statement %(statement)s is not their last one in votes.csv",
                    number=number,
                    statement=name,
                )
        yield Participant(number, _number(PARTICIPANTS, line, row, "group-id") if row["group-id"] else None)
    for vote in votes:
        if vote.participant not in seen:
            raise BadInput(
                "%(file)s has no participant %(number)s, who voted.", file=PARTICIPANTS, number=vote.participant
            )
        if str(vote.statement) not in statements:
            raise BadInput(
                "%(file)s has no column for statement %(number)s, which has votes.",
                file=PARTICIPANTS,
                number=vote.statement,
            )


def _wrong_totals(
    statements: Sequence[Statement],
    expected: Mapping[int, Mapping[str, int]],
    comments: Mapping[int, tuple[str, int, int]],
) -> Iterator[dict[str, Any]]:
    for statement in statements:
        if statement.id not in comments:
            continue
        text, *published = comments[statement.id]
        true = [expected[statement.id][AGREE], expected[statement.id][DISAGREE]]
        if published != true:
            names = ("agrees", "disagrees")
            yield {
                "statement": statement.id,
                "text": text,
                "published": dict(zip(names, published, strict=True)),
                "true": dict(zip(names, true, strict=True)),
            }


# ---------------------------------------------------------------- CSV


def _records(file: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Every record with the number of the line it begins on; empty lines are left out."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
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


def _rows(file: str, text: str, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Every record after the header, by column name."""
    records = _records(file, text)
    line, header = next(records, (1, []))
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


def _number(file: str, line: int, row: Mapping[str, str], column: str) -> int:
    if not _NUMBER.fullmatch(row[column]):
        raise _bad(file, line, "%(column)s is %(value)r, which is no number", column=column, value=row[column][:40])
    return int(row[column])


def _choice(file: str, line: int, column: str, value: str) -> str:
    if value not in _VALUES:
        raise _bad(file, line, "%(column)s is %(value)r, not 1, 0 or -1", column=column, value=value[:40])
    return _VALUES[value]


def _bad(file: str, line: int, what: str, **values: object) -> BadInput:
    return BadInput("%(file)s, line %(line)s: %(what)s.", file=file, line=line, what=what % values)
