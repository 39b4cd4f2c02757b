"""Limits of what has no right answer to look up (reports, new stories, saves), and of guesses at what has one.

Many people share one network address, so nobody is counted with everybody. A browser that is known (devices.py) has a
limit of its own. Those of a network that have just come share one, and so do those that prove nothing. Whoever floods
with one browser, or without cookies, stops themselves; who makes browsers up on the spot lets others that have just
come wait half a minute at most, until theirs are known.

What is right is never limited: a code, a ticket, a link is looked up first, and only what was wrong is counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from forum.errors import TooMany
from forum.web.accounts.devices import KNOWN_AFTER, Who, who_of
from forum.web.rate_limits import TEN_MINUTES, too_many
from forum.web.site import site_of

# All known browsers of one network together may do so many times what one may.
ALL_OF_A_NETWORK = 10
# Wrong guesses are answered at once up to so many; from then on each takes a little longer, up to a second.
_AT_ONCE, _LONGER, _LONGEST = 20, 0.02, 1.0
# Slowed answers of one network that wait at the same time; more are refused, so that waiting costs nobody a connection.
_WAITING = 16
_GUESSED = (
    "Too many wrong tries from this network. What is right works all the same: check it sign by sign. Otherwise wait "
    "%(minutes)s minutes and try again."
)


@dataclass(frozen=True)
class Share:
    """What one browser may do in `window` seconds; all of a network that have just come may do `most` together."""

    name: str
    most: int
    window: int
    own: int = 0  # of one known browser; 0: `most`

    def most_of(self, who: Who) -> int:
        """What may be done by whoever is counted with this one: a known browser alone."""
        return self.own or self.most if who.known else self.most

    def wait(self, request: HTTPConnection) -> int:
        """In how many seconds this may be done from here: 0 for now."""
        who, limits = who_of(request), site_of(request).limits
        wait = limits.wait(f"{self.name} {who.counted}", self.most_of(who), self.window)
        if who.known:
            wait = max(wait, limits.wait(self._all(who), ALL_OF_A_NETWORK * self.most_of(who), self.window))
        return wait

    def check(self, request: HTTPConnection) -> None:
        """Raises TooMany where this browser, or its network, has done as much as it may."""
        who, wait = who_of(request), self.wait(request)
        if wait:
            # A browser that has just come is known soon: it need not wait for what those before it have used up.
            soon = KNOWN_AFTER - who.age + 1 if who.device and not who.known else wait
            raise too_many(min(wait, soon))

    def count(self, request: HTTPConnection) -> None:
        """Remembers that it was done now."""
        who, limits = who_of(request), site_of(request).limits
        limits.count(f"{self.name} {who.counted}")
        if who.known:
            limits.count(self._all(who))

    def take(self, request: HTTPConnection) -> None:
        """`check`, and where it passes `count`."""
        self.check(request)
        self.count(request)

    def left(self, request: HTTPConnection) -> int:
        """How much more may be done from here now."""
        who, limits = who_of(request), site_of(request).limits
        left = limits.left(f"{self.name} {who.counted}", self.most_of(who), self.window)
        if who.known:
            left = min(left, limits.left(self._all(who), ALL_OF_A_NETWORK * self.most_of(who), self.window))
        return left

    def _all(self, who: Who) -> str:
        return f"{self.name} of all known at {who.network}"


async def guessed(request: HTTPConnection, what: str, most: int) -> None:
    """Counts a wrong guess, after it was looked up, and lets it wait; whoever is known is counted alone.

    Raises TooMany after `most` of them in ten minutes, or where too many of this network wait already.
    """
    share, who, limits = Share(f"wrong {what}", most, TEN_MINUTES), who_of(request), site_of(request).limits
    tries = limits.lately(f"{share.name} {who.counted}", TEN_MINUTES)
    wait = share.wait(request)
    if wait:
        raise TooMany(_GUESSED, wait)
    share.count(request)
    if tries < _AT_ONCE:
        return
    if limits.waiting[who.network] >= _WAITING:
        raise TooMany(_GUESSED, 1)
    limits.waiting[who.network] += 1
    try:
        await limits.sleep(min(_LONGEST, (tries - _AT_ONCE) * _LONGER))
    finally:
        limits.waiting[who.network] -= 1
        limits.waiting += Counter()  # forgets those at 0
