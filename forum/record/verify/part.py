"""The part of a record that an export is of: all of it, one commission, or one session with what follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from forum.record.verify.disclosures import digests_in
from forum.record.verify.entry_shapes import leaves_of
from forum.record.verify.kinds import Kind
from forum.record.verify.verdict import RecordError

# What is told of a vote of another session that a decision names: the question with its answers, and the result.
_TOLD_ELSEWHERE = ("round opened", "round revealed")


@dataclass(frozen=True)
class Part:
    """The part of a record that an export is of; without a commission and a session it is everything.

    To a session belong its own entries, each decision that names one of its votes, what names such a decision, the
    stories that it chose or voted on with what moderators did with these, and the erasures of any of those words.
    `things` are (kind, id) of the session, its votes, these decisions and what they lead to, `stories` and `votes` the
    ids of the stories and of all votes that are named, of whichever session, and `digests` those of its words.
    """

    commission: str | None = None
    session: str | None = None
    things: frozenset[tuple[str, str]] = frozenset()
    stories: frozenset[str] = frozenset()
    votes: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()

    def covers(self, entry: Mapping[str, Any]) -> bool:
        """Returns whether an entry belongs to this part: its rows, and of a vote its ballots."""
        if self.session is None:
            return self.commission in (None, entry["commission"])
        if "session" in entry:
            return bool(entry["session"] == self.session)
        if entry["type"] == "erasure":
            return not self.digests.isdisjoint(entry["digests"])
        return entry.get("scenario") in self.stories or any(thing in self.things for _, thing in _things(entry))

    def opens(self, entry: Mapping[str, Any]) -> bool:
        """Returns whether the words beside an entry are given: of all that it covers, and of votes elsewhere that it
        names.
        """
        return self.covers(entry) or (entry["type"] in _TOLD_ELSEWHERE and entry["round"] in self.votes)


def part_of(entries: Sequence[Mapping[str, Any]], commission: str | None, session: str | None) -> Part:
    """Returns the part of a record that is of this session, of this commission, or all of it (both None).

    Raises RecordError where the record has no such session of this commission.
    """
    if session is None:
        return Part(commission)
    if not any(
        (entry["type"], entry.get("session"), entry["commission"]) == ("session opened", session, commission)
        for entry in entries
    ):
        raise RecordError(f"the record has no session {session!a} of commission {commission!a}")
    things, stories, votes = {("session", session)}, set[str](), set[str]()
    for entry in entries:
        if entry.get("session", session) != session:
            continue
        its = list(_things(entry))
        if any(thing in things for _, thing in its):
            things |= {thing for kind, thing in its if kind.makes}
            votes |= {id_ for _, (of, id_) in its if of == "round"}
            stories |= {id_ for id_ in (entry.get("scenario"), *entry.get("scenarios", ())) if id_ is not None}
    part = Part(commission, session, frozenset(things), frozenset(stories), frozenset(votes))
    words = (digest for entry in entries if part.covers(entry) for digest in digests_in(entry))
    return replace(part, digests=frozenset(words))


def _things(entry: Mapping[str, Any]) -> Iterator[tuple[Kind, tuple[str, str]]]:
    """Yields each session, vote, decision or other thing that an entry makes or names: the kind of its field, and what
    thing it is with its id.
    """
    for kind, value, _ in leaves_of(entry):
        if of := kind.makes or kind.of:
            yield kind, (of, value)
