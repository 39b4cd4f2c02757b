"""The places of each session for phones: by what it can hold, not by where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Doors that are remembered: more than sessions that anybody joins at one time.
MOST_DOORS: Final = 1000


@dataclass
class Door:
    """The count of those who came into one session. `made_up` are those that joined without a cookie that Forum had
    given them. It is not `counted` where it is known only that somebody was refused by another process."""

    taken: int = 0
    made_up: int = 0
    opened: int = 1  # how often it was opened: at the beginning, and whenever an organiser let more in
    refused: bool = False  # whether somebody was, since it was opened last
    counted: bool = False


class Places:
    """The doors of this process's sessions. Each time one is opened it takes `each` more phones.

    Half of them at most go to whoever joins without the cookie of the page that they should have come from. Of more
    than MOST_DOORS, the one that nobody has joined for longest is forgotten: it is counted anew when somebody does.
    """

    def __init__(self, each: int) -> None:
        self.each = each
        self._doors: dict[str, Door] = {}

    def knows(self, session: str) -> bool:
        """Returns true where `begin` was called for this session."""
        return session in self._doors and self._doors[session].counted

    def begin(self, session: str, taken: int) -> None:
        """Sets how many have joined; does nothing where they were counted before."""
        self._door(session, taken)

    def take(self, session: str, *, proved: bool) -> bool:
        """Takes a place; returns false where there is none."""
        door = self._door(session)
        most = self.each * door.opened
        if door.taken >= most or (not proved and door.made_up >= most // 2):
            door.refused = door.refused or door.taken >= most
            return False
        door.taken += 1
        door.made_up += not proved
        return True

    def give_back(self, session: str, *, proved: bool) -> None:
        """Gives back a place that was taken and is not needed after all."""
        door = self._doors.get(session)
        if door is not None:
            door.taken -= 1
            door.made_up -= not proved

    def full(self, session: str) -> bool:
        """Returns true where somebody was not let in since it was opened last."""
        return session in self._doors and self._doors[session].refused

    def recount(self, session: str, taken: int) -> None:
        """Takes how many have joined in all, where others let people in too."""
        door = self._door(session, taken)
        door.taken = max(door.taken, taken)

    def refuse(self, session: str) -> None:
        """Notes that somebody was not let in elsewhere, so that it can be opened here."""
        self._door(session).refused = True

    def open(self, session: str) -> None:
        """Lets in as many more as the first time, where somebody was not let in."""
        door = self._doors.get(session)
        if door is not None and door.refused:
            door.opened += 1
            door.refused = False

    def _door(self, session: str, taken: int | None = None) -> Door:
        """Returns the door of a session, made where there is none, as the one that was used last. `taken` is how many
        have joined; it is set once."""
        door = self._doors.pop(session, None) or Door()
        if taken is not None and not door.counted:
            door.taken, door.counted = taken, True
        self._doors[session] = door
        if len(self._doors) > MOST_DOORS:
            del self._doors[next(iter(self._doors))]
        return door
