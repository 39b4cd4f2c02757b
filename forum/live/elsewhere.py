"""The phones of one session that other processes hold, as they say themselves, and the sums with this process's own.

Each process names its phones (8 bytes a participant) whenever they change and again every few seconds, and everybody
unites the sets: so a participant with a phone here and a tab there counts once, a message that is lost, doubled or late
is mended by the next, and what is not renewed vanishes with its process. Counts alone, summed, could do none of this;
a table of who is connected would cost a commit for every phone that comes or goes.
"""

from __future__ import annotations

from array import array
from collections.abc import Set
from dataclasses import dataclass
from functools import cached_property

import msgspec

from forum.live.messages import Health
from forum.live.news import MOST_HERE, Here, Names
from forum.live.presence import Presence, Who

# Seconds for which what another process says holds: three times as long as the longest pause between two messages.
HOLDS = 15.0
# Seconds for which the numbers of all processes together are not worked out again, though phones come and go here: that
# goes through everybody's names, and a hall that comes at once would have it done for each of them.
UNITED = 0.2
# Processes that are heeded for one session.
MOST_PROCESSES = 500

_NONE: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Phones:
    """Phones by name: connected, polling, lost, and those of people who follow without voting. `more` are connected
    besides."""

    connected: frozenset[int] = _NONE
    polling: frozenset[int] = _NONE
    lost: frozenset[int] = _NONE
    observing: frozenset[int] = _NONE
    more: int = 0

    @cached_property
    def present(self) -> int:
        """How many phones of people who vote are here."""
        return len((self.connected | self.polling) - self.observing) + self.more

    @cached_property
    def health(self) -> Health:
        """How they are connected, each participant once, as well as they are anywhere."""
        polling = self.polling - self.connected
        return Health(len(self.connected) + self.more, len(polling), len(self.lost - self.connected - polling))


class _Said(msgspec.Struct, frozen=True):
    number: int
    at: float
    phones: Phones
    pages: int


class Elsewhere:
    """What other processes have said of one session, by process. `version` grows with each change of it."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.version = 0
        self._phones: Phones | None = Phones()
        self._said: dict[str, _Said] = {}

    @property
    def phones(self) -> Phones:
        """The phones of all of them. United when somebody asks, which is a few times a second, and not for each message
        of each process: with a hundred of them and a million names that would be all a core can do."""
        if self._phones is None:
            self._phones = self._united()
        return self._phones

    @property
    def pages(self) -> int:
        """Into how many pages the longest result on a big screen there is cut."""
        return max((said.pages for said in self._said.values()), default=0)

    def take(self, here: Here, now: float) -> bool:
        """Takes what a process says; returns true where that changes anything."""
        before = self._said.get(here.sender)
        if before is None and len(self._said) >= MOST_PROCESSES:
            return False
        if before is not None and here.number <= before.number:
            return False
        packed = (here.connected, here.polling, here.lost, here.observing)
        if any(len(names) % 8 for names in packed):
            return False
        connected, polling, lost, observing = map(_unpacked, packed)
        phones = Phones(connected, polling, lost, observing, here.more)
        self._said[here.sender] = _Said(here.number, now, phones, here.pages)
        if before is not None and (before.phones, before.pages) == (phones, here.pages):
            return False
        self._changed()
        return True

    def age(self, now: float) -> bool:
        """Forgets processes that have said nothing for long; returns true where there were any."""
        silent = [sender for sender, said in self._said.items() if now - said.at >= HOLDS]
        for sender in silent:
            del self._said[sender]
        if silent:
            self._changed()
        return bool(silent)

    def _changed(self) -> None:
        self.version += 1
        self._phones = None

    def _united(self) -> Phones:
        every = [said.phones for said in self._said.values()]
        return Phones(
            _NONE.union(*(one.connected for one in every)),
            _NONE.union(*(one.polling for one in every)),
            _NONE.union(*(one.lost for one in every)),
            _NONE.union(*(one.observing for one in every)),
            sum(one.more for one in every),
        )


@dataclass
class Shared:
    """A room as the other processes know it: what they said of it, and when it is to be told of and looked at again."""

    elsewhere: Elsewhere
    number: int = 0
    said: tuple[int, int] = (-1, 0)  # changes of presence, and pages
    renew_at: float = 0.0
    look_at: float = 0.0
    looks: int = 0
    whole_at: float = 0.0  # when all of it is due to be read


class Everywhere:
    """The phones of a session on this process and all others, with the numbers that Presence gives of its own."""

    def __init__(self, presence: Presence, elsewhere: Elsewhere) -> None:
        self._presence = presence
        self._elsewhere = elsewhere
        self._seen = (-1, -1)
        self._seen_at = -UNITED
        self._together = Phones()

    def present(self, now: float) -> int:
        """As Presence has it."""
        return self._now(now).present

    def health(self, now: float) -> Health:
        """As Presence has it."""
        return self._now(now).health

    def due(self, now: float) -> float | None:
        """As Presence has it, or sooner where the numbers were not worked out for what is new; what becomes of other
        processes is said by them."""
        due = self._presence.due(now)
        if self._seen == self._changes:
            return due
        soon = self._seen_at + UNITED
        return soon if due is None else min(soon, due)

    @property
    def _changes(self) -> tuple[int, int]:
        return self._presence.changes, self._elsewhere.version

    def _now(self, now: float) -> Phones:
        who = self._presence.who(now)
        seen = self._changes
        if seen != self._seen and not self._seen_at <= now < self._seen_at + UNITED:
            own = named(who, self._elsewhere.names)
            there = self._elsewhere.phones
            self._seen, self._seen_at = seen, now
            self._together = Phones(
                own.connected | there.connected,
                own.polling | there.polling,
                own.lost | there.lost,
                own.observing | there.observing,
                there.more,
            )
        return self._together


def named(who: Who, names: Names) -> Phones:
    """Gives this process's phones by name."""

    def of(participants: Set[str]) -> frozenset[int]:
        return frozenset(map(names.of, participants))

    return Phones(of(who.connected), of(who.polling), of(who.lost), of(who.observing))


def here_of(phones: Phones, sender: str, number: int, pages: int) -> Here:
    """Makes the message that names these phones; of far too many connected ones some are counted alone."""
    others = [sorted(some)[: MOST_HERE // 5] for some in (phones.polling, phones.lost, phones.observing)]
    connected = sorted(phones.connected)
    first = MOST_HERE - sum(map(len, others))
    polling, lost, observing = map(_packed, others)
    return Here(sender, number, _packed(connected[:first]), polling, lost, observing, len(connected[first:]), pages)


def _packed(names: list[int]) -> bytes:
    return array("Q", names).tobytes()


def _unpacked(names: bytes) -> frozenset[int]:
    return frozenset(array("Q", names))
