"""Limits of messages for each participant, over all their sockets, and however often they come back.

Somebody who presses quickly is told to wait, and goes on. Who goes on far too fast all the same, sends what is no
message again and again, or comes and goes without end, is sent away, and stays out for a while. Times are seconds of
any clock that only goes forward; whoever calls has it.
"""

from __future__ import annotations

from dataclasses import dataclass

# So many messages at once, and so many more a second.
BURST = 30.0
REFILL = 10.0
# So many beyond those are refused; the next one is one too many. This, too, fills up again by REFILL a second.
PATIENCE = 200.0
# So many messages that cannot be read, and so many more a second: the next one is one too many.
UNREADABLE = 20.0
UNREADABLE_REFILL = 1 / 60
# Bytes that are no frame, or begin one that is too long, end the socket, and count as so many of those.
BROKEN = 10.0
# A participant's sockets come so often, and so many times more a second. Bad Wi-Fi brings a phone back again and again.
COMINGS = 60.0
COMINGS_REFILL = 0.5
# So many seconds does somebody who was sent away stay out.
OUT = 60.0
# So many casts of one participant at once, and so many more a second: people change their minds a few times.
CHANGES = 200.0
CHANGES_REFILL = 0.1
_KEPT = 10_000


@dataclass
class Allowance:
    """The messages that one participant, or a screen that is nobody's, may still send."""

    messages: float = BURST
    patience: float = PATIENCE
    unreadable: float = UNREADABLE
    comings: float = COMINGS
    at: float = 0.0
    out: float = 0.0

    def _fill_up(self, now: float) -> None:
        since = now - self.at
        self.messages = min(BURST, self.messages + since * REFILL)
        self.patience = min(PATIENCE, self.patience + since * REFILL)
        self.unreadable = min(UNREADABLE, self.unreadable + since * UNREADABLE_REFILL)
        self.comings = min(COMINGS, self.comings + since * COMINGS_REFILL)
        self.at = now

    def take(self, now: float) -> bool:
        """Takes one more message now; returns false where it is one too many."""
        self._fill_up(now)
        if self.messages >= 1:
            self.messages -= 1
            return True
        self.patience -= 1
        return False

    @property
    def spent(self) -> bool:
        """True where it was far too fast for too long."""
        return self.patience < 0

    def take_unreadable(self, now: float, weight: float = 1.0) -> bool:
        """Takes something that cannot be read, which counts as `weight` such messages; returns false, and keeps it out,
        where there are too many."""
        self._fill_up(now)
        self.unreadable -= weight
        if self.unreadable < 1:
            self.keep_out(now)
        return self.unreadable >= 1

    def take_coming(self, now: float) -> None:
        """Takes one more socket that comes; keeps it out where there are too many."""
        self._fill_up(now)
        self.comings -= 1
        if self.comings < 0:
            self.keep_out(now)

    def keep_out(self, now: float) -> None:
        """Keeps it out for OUT seconds."""
        self.out = now + OUT

    def full(self, now: float) -> bool:
        """Returns true where it is as a new one, so that it can be forgotten."""
        self._fill_up(now)
        return now >= self.out and (self.messages, self.patience, self.unreadable, self.comings) == _FULL


_FULL = (BURST, PATIENCE, UNREADABLE, COMINGS)


class Changes:
    """Limits of casts for each participant: every cast is remembered for good, so that the same one again is known.
    CHANGES at once, and as many more as CHANGES_REFILL makes of the seconds since."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[float, float]] = {}  # what was left, and when
        self._sweep = _KEPT

    def take(self, participant: str, now: float) -> bool:
        """Takes one more cast now; returns false where it is one too many."""
        left, at = self._of.get(participant, (CHANGES, now))
        left = min(CHANGES, left + (now - at) * CHANGES_REFILL)
        if left < 1:
            return False
        if len(self._of) >= self._sweep:
            whole = CHANGES / CHANGES_REFILL
            self._of = {who: kept for who, kept in self._of.items() if now - kept[1] < whole}
            self._sweep = max(_KEPT, 2 * len(self._of))
        self._of[participant] = (left - 1, now)
        return True


class Allowances:
    """The allowance of every participant who is here, or was lately."""

    def __init__(self) -> None:
        self._of: dict[str, Allowance] = {}
        self._sweep = _KEPT

    def of(self, participant: str, now: float) -> Allowance:
        """Returns the one that all sockets of a participant share."""
        if len(self._of) >= self._sweep:
            self._of = {who: allowance for who, allowance in self._of.items() if not allowance.full(now)}
            self._sweep = max(_KEPT, 2 * len(self._of))
        return self._of.setdefault(participant, Allowance(at=now))

    def out(self, participant: str, now: float) -> float:
        """Returns for how many seconds yet this participant stays out; 0 for one who may come in."""
        allowance = self._of.get(participant)
        return max(0.0, allowance.out - now) if allowance is not None else 0.0
