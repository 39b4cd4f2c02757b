"""The simulated network: which phones lose their connection in which round, and which are slow.

A share is written as a percentage or as a fraction: "20%", "0.2".
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from forum.errors import BadInput
from forum.rehearsal.script import Act

# When a phone is cut off: before it sends; after sending, before the answer; or until after the round has closed.
BEFORE, AFTER, LATE = "before", "after", "late"

SLOW_RATE: Final = 4000.0  # bytes a second: 32 kbit/s
SLOW_DELAY: Final = 0.8  # seconds before each message is sent

_SHARE = re.compile(r"(?P<number>[0-9]{1,3}(\.[0-9]{1,6})?)(?P<percent> ?%)?")


@dataclass(frozen=True)
class Pace:
    """The speed of a slow phone: bytes received a second, and seconds before each message is sent."""

    rate: float = SLOW_RATE
    delay: float = SLOW_DELAY


@dataclass(frozen=True)
class Network:
    """The `slow` phones with their `pace`, and for each round, by its number, when each cut-off phone loses its
    connection.
    """

    slow: frozenset[int] = frozenset()
    drops: tuple[dict[int, str], ...] = field(default=())
    pace: Pace = Pace()

    def of(self, number: int) -> dict[int, str]:
        """Returns when each cut-off phone of a round loses its connection."""
        return self.drops[number] if number < len(self.drops) else {}

    def late(self, number: int) -> frozenset[int]:
        """Returns the phones that come back after that round has closed."""
        return frozenset(phone for phone, when in self.of(number).items() if when == LATE)


def share(text: str) -> float:
    """Returns a written share as a number from 0 to 1. Raises BadInput."""
    match = _SHARE.fullmatch(text.strip())
    number = float(match["number"]) / (100 if match["percent"] else 1) if match else -1.0
    if not 0 <= number <= 1:
        raise BadInput("%(text)s is no share of the phones. Write it as 20%% or 0.2.", text=text)
    return number


def planned(acts: Sequence[Act], phones: int, *, drop: float, slow: float, seed: int) -> Network:
    """Draws the slow phones and the cut-off ones of each round; the same seed gives the same network.

    Of the phones cut off in a round one in ten, and at least one of three or more, comes back too late; the others are
    cut off alternately before and after sending.
    """
    rng = random.Random(f"network {seed}")
    drops = []
    for act in acts:
        drops.append(cut_off(sorted(act.last_votes()), drop, rng))
    return Network(frozenset(rng.sample(range(phones), round(slow * phones))), tuple(drops))


def cut_off(voters: Sequence[int], drop: float, rng: random.Random) -> dict[int, str]:
    """Draws when each cut-off phone of a round loses its connection, as `planned` says."""
    cut = rng.sample(voters, round(drop * len(voters)))
    late = max(1, len(cut) // 10) if len(cut) > 2 else 0
    return {phone: LATE if n < late else AFTER if n % 2 else BEFORE for n, phone in enumerate(cut)}
