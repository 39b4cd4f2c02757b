"""Participants who were expelled a moment ago: whoever was known as one of them before that, and is still on the way
into the room, holds a ticket that was taken back or replaced."""

from __future__ import annotations

# Seconds for which it is kept. A phone is on its way for a few.
KEPT = 60.0


class Expelled:
    """Times (the event loop's seconds) of the last minute, by participant."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}

    def add(self, participant: str, now: float) -> None:
        """Notes that a participant is expelled now."""
        self._at = {one: at for one, at in self._at.items() if now - at < KEPT}
        self._at[participant] = now

    def since(self, participant: str, known: float) -> bool:
        """Tells whether a participant was expelled after it was read, at the time `known`, whose the phone is."""
        at = self._at.get(participant)
        return at is not None and at >= known
