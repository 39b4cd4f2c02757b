"""The shares of everybody that a vote may show while it is open, where it said so from the start.

Given from so many votes upward (suppression.live_step), never by group, blurred and rounded, and only once as many more
have voted: whoever sees somebody tap and the numbers move must not learn from that how this one voted.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from itertools import count

from forum.voting.methods import METHODS
from forum.voting.round import Round, RoundState
from forum.voting.suppression import so_far


def blur() -> int:
    """Draws a whole number, most often near 0 and now and then any: k with a chance of one third of 2^-|k|.

    It is the two-sided geometric distribution of Ghosh, Roughgarden and Sundararajan (2012), with alpha 1/2.
    """
    chance = secrets.SystemRandom()

    def tails() -> int:
        return next(n for n in count() if chance.random() < 1 / 2)

    return tails() - tails()


def counting(round_: Round | None) -> str:
    """Returns the id of a round whose count is shown now; empty where it is not."""
    return round_.id if round_ is not None and round_.live and round_.state == RoundState.OPEN else ""


class LiveCount:
    """The shares, in percent, that are shown of one round. It begins with nothing shown and `voted` ballots that nobody
    saw counted.

    `least` is how many votes the first count needs, and each after it.
    """

    def __init__(self, round_: Round | None, least: int, voted: int) -> None:
        self.shown: dict[str, int] | None = None
        self._round = round_ if counting(round_) else None
        self._least = least
        self._seen = voted

    @property
    def round(self) -> str:
        """The id of the round that is counted; empty where none is."""
        return counting(self._round)

    def due(self, voted: int) -> bool:
        """Returns true where so many have voted by now that another count may be shown."""
        return self._round is not None and voted - self._seen >= self._least

    def take(self, choices: Mapping[str, int]) -> bool:
        """Takes how many ballots there are of each choice; returns true where there is something new to show."""
        n = sum(choices.values())
        return self.due(n) and self.adopt(n, self.drawn(choices))

    def drawn(self, choices: Mapping[str, int]) -> dict[str, int]:
        """Draws shares that may be shown of these ballots; shows nothing. Twice gives two different ones: only one of
        them may ever be shown to anybody."""
        if self._round is None:
            return {}
        given = [choice for choice, times in choices.items() for _ in range(times)]
        counts = METHODS[self._round.method].tally(given, [response.id for response in self._round.responses])
        return so_far(counts, len(given), self._least, blur) or {}

    def adopt(self, n: int, shares: dict[str, int]) -> bool:
        """Takes shares that were drawn of `n` ballots; returns true where they are newer than what is shown."""
        if self._round is None or (self.shown is not None and n <= self._seen):
            return False
        self._seen = n
        self.shown = shares
        return True

    @property
    def least(self) -> int:
        """How many votes the first count needs, and each after it."""
        return self._least
