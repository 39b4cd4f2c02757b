"""The order of entries: which may follow which, and at what time, as the table of their shapes says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from forum.record.verify.entry_shapes import leaves_of, misfits_of, place_of
from forum.record.verify.kinds import TAKEN_BACK, Kind

# A server's clock may be put back while a vote goes on, so an entry may be this much earlier than what it follows.
CLOCK_ROOM = timedelta(hours=1)


@dataclass
class _Thing:
    """A session, round, decision or commitment in the record: its first entry, and its latest and every step of it."""

    first: Mapping[str, Any]
    last: Mapping[str, Any]
    last_number: int
    steps: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Given:
    """Words in the record: whose they are, the name in their disclosure, their place, and what may become of them.

    `discloses` is the kind of what stands there instead of text. `annulled_with` are the rounds of which one must be
    annulled before they may be withdrawn; () where nothing must be.
    """

    commission: str
    name: str
    place: str
    withdrawable: bool
    discloses: Kind | None = None
    annulled_with: tuple[str, ...] = ()


class Past:
    """The entries so far, as the next one is held against them.

    `whole` tells whether these are all the entries: else what an entry names, and is not among them, is no problem.
    """

    def __init__(self, *, whole: bool = True) -> None:
        self._whole = whole
        self.words: dict[str, _Given] = {}
        self._things: dict[tuple[str, str], _Thing] = {}
        self._withdrawn: dict[str, int] = {}
        self._first_digest: dict[str, int] = {}

    def problems(self, entry: Mapping[str, Any]) -> Iterator[str]:
        """Yields a problem for each field in which an entry that fits its shape does not follow from those before."""
        here: set[str] = set()
        for kind, value, path in leaves_of(entry):
            if kind.makes and (kind.makes, value) in self._things:
                yield f"{path} is there before, in entry {self._things[kind.makes, value].last_number}"
            elif kind.of:
                yield from self._named(entry, kind, value, path)
            elif kind.opens:
                digest = value["sd"]
                if digest in self.words:
                    yield f"{path} has the same digest as {self.words[digest].place}"
                elif digest in here:
                    yield f"{path} has the same digest as another field of it"
                here.add(digest)
            elif kind.older and kind.older in self._first_digest:
                yield f"{path} holds plain text, where entry {self._first_digest[kind.older]} has a digest"
            elif kind is TAKEN_BACK:
                given = self.words.get(value)
                if given is None or given.commission != entry["commission"]:
                    yield f"{path} stands for no words that were there before"
                elif not given.withdrawable:
                    yield f"{path} stands for words that nobody can withdraw: {given.place}"
                elif given.annulled_with and not any(self._annulled(round_) for round_ in given.annulled_with):
                    yield f"{path} stands for what may be withdrawn once its vote is annulled: {given.place}"
                elif value in self._withdrawn or value in here:
                    yield f"{path} stands for words that were withdrawn before"
                here.add(value)

    def _named(self, entry: Mapping[str, Any], kind: Kind, value: str, path: str) -> Iterator[str]:
        thing = self._things.get((kind.of, value))
        if thing is None:
            if self._whole:
                yield f"{path} names no {kind.of} that was there before"
            return
        if any(thing.first.get(name) != entry.get(name) for name in ("commission", "demonstration")):
            yield f"{path} names a {kind.of} of another commission, or a demonstration's"
        session = thing.first.get("session")
        if kind.of == "round" and (entry.get("session", session) == session) == kind.elsewhere:
            yield f"{path} names a round of {'this very' if kind.elsewhere else 'another'} session"
        if kind.only and thing.first["kind"] not in kind.only:
            yield f"{path} names a {thing.first['kind']}, not a {' or '.join(kind.only)}"
        for type_ in kind.after:
            if type_ not in thing.steps:
                yield f"{path} names a {kind.of} that has no {type_!a} before"
        for type_ in kind.before:
            if type_ in thing.steps:
                yield f"{path} names a {kind.of} that has a {type_!a} before, entry {thing.steps[type_]}"
        if _moment(entry["at"]) < _moment(thing.last["at"]) - CLOCK_ROOM:
            yield f"field at lies before that of entry {thing.last_number}, which it follows"

    def _annulled(self, round_: str) -> bool:
        thing = self._things.get(("round", round_))
        return thing is not None and "round annulled" in thing.steps

    def _rounds_before(self, entry: Mapping[str, Any]) -> tuple[str, ...]:
        """Returns an entry's round, or the rounds it rests on, and the first vote before each where there is one."""
        own = (entry["round"],) if "round" in entry else (*entry["rounds"],)
        opened = (self._things.get(("round", round_)) for round_ in own)
        firsts = (thing.first.get("second_of") for thing in opened if thing)
        return tuple(dict.fromkeys([*own, *(first for first in firsts if first)]))

    def no_earlier(self, entry: Mapping[str, Any]) -> str:
        """Returns the time of an entry, or, where that lies too far before something it names, the time of this."""
        things = [self._things.get((kind.of, value)) for kind, value, _ in leaves_of(entry) if kind.of]
        latest: str = max((thing.last["at"] for thing in things if thing), default=entry["at"])
        return latest if _moment(entry["at"]) < _moment(latest) - CLOCK_ROOM else entry["at"]

    def add(self, number: int, entry: Mapping[str, Any]) -> None:
        """Adds the entry with this number (from 0), which fits its shape, to the past."""
        for kind, value, path in leaves_of(entry):
            if kind.opens:
                place = f"{place_of(number, entry)}: {path}"
                rounds = self._rounds_before(entry) if kind.annulled else ()
                given = _Given(entry["commission"], kind.opens, place, kind.withdrawable, kind.discloses, rounds)
                self.words.setdefault(value["sd"], given)
                self._first_digest.setdefault(kind.opens, number)
            elif kind is TAKEN_BACK:
                self._withdrawn.setdefault(value, number)
            elif kind.makes:
                self._things.setdefault((kind.makes, value), _Thing(entry, entry, number))
            thing = self._things.get((kind.makes or kind.of, value)) if kind.makes or kind.of else None
            if thing is not None:
                thing.steps.setdefault(entry["type"], number)
                if thing.last["at"] <= entry["at"]:
                    thing.last, thing.last_number = entry, number


def entry_problems(entries: list[dict[str, Any]]) -> tuple[list[str], Past]:
    """Returns a problem, with its place, for each field that does not fit its type or what came before; and the past.

    An entry that does not fit its type is not held against the others, nor they against it.
    """
    past, problems = Past(), []
    for number, entry in enumerate(entries):
        found = list(misfits_of(entry))
        if not found:
            found = list(past.problems(entry))
            past.add(number, entry)
        problems += [f"{place_of(number, entry)}: {problem}" for problem in found]
    return problems, past


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at)
