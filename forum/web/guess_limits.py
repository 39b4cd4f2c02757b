"""Limits on acts of people without an account (reports, new stories, saves), and on wrong guesses of codes and
links.

Many people share one network address, so nobody is counted with everybody. A browser that is known (devices.py) has a
limit of its own. Browsers of a network that have just come share one, and so do those that keep no cookie. Somebody
who floods with one browser, or without cookies, stops only themselves; somebody who makes browsers up delays others
that have just come by half a minute at most, until those are known.

A right code, ticket or link is never limited: it is looked up first, and only wrong ones are counted.
"""

from __future__ import annotations

from collections import Counter

import msgspec
from starlette.requests import HTTPConnection

from forum.errors import TooMany
from forum.web.accounts.devices import KNOWN_AFTER, Who, who_of
from forum.web.rate_limits import TEN_MINUTES, too_many
from forum.web.site import site_of

# All known browsers of one network together may act this many times as often as one of them.
ALL_OF_A_NETWORK = 10
# This many wrong guesses are answered immediately; each further one takes _LONGER seconds more, up to _LONGEST.
_AT_ONCE, _LONGER, _LONGEST = 20, 0.02, 1.0
# Slowed answers of one network at the same time; more are refused, so that they do not use up connections.
_WAITING = 16
_GUESSED = (
    "Too many wrong tries from this network. What is right works all the same: check it sign by sign. Otherwise wait "
    "%(minutes)s minutes and try again."
)


class Share(msgspec.Struct, frozen=True):
    """Number of acts that one browser may do in `window` seconds; all new browsers of a network together may do
    `most`."""

    name: str
    most: int
    window: int
    own: int = 0  # acts of one known browser; 0 stands for `most`

    def most_of(self, who: Who) -> int:
        """Returns the limit for `who`: a known browser is counted alone, others with their network."""
        return self.own or self.most if who.known else self.most

    def wait(self, request: HTTPConnection) -> int:
        """Returns the seconds until this act is allowed from here; 0 for now."""
        who, limits = who_of(request), site_of(request).limits
        wait = limits.wait(f"{self.name} {who.counted}", self.most_of(who), self.window)
        if who.known:
            wait = max(wait, limits.wait(self._all(who), ALL_OF_A_NETWORK * self.most_of(who), self.window))
        return wait

    def check(self, request: HTTPConnection) -> None:
        """Raises TooMany where this browser, or its network, has used its share up."""
        who, wait = who_of(request), self.wait(request)
        if wait:
            # A browser that has just come is soon known, and need not wait for the share that others have used up.
            soon = KNOWN_AFTER - who.age + 1 if who.device and not who.known else wait
            raise too_many(min(wait, soon))

    def count(self, request: HTTPConnection) -> None:
        """Counts the act now."""
        who, limits = who_of(request), site_of(request).limits
        limits.count(f"{self.name} {who.counted}")
        if who.known:
            limits.count(self._all(who))

    def take(self, request: HTTPConnection) -> None:
        """Raises TooMany as `check` does; otherwise counts the act."""
        self.check(request)
        self.count(request)

    def left(self, request: HTTPConnection) -> int:
        """Returns how many more of these acts are allowed from here now."""
        who, limits = who_of(request), site_of(request).limits
        left = limits.left(f"{self.name} {who.counted}", self.most_of(who), self.window)
        if who.known:
            left = min(left, limits.left(self._all(who), ALL_OF_A_NETWORK * self.most_of(who), self.window))
        return left

    def _all(self, who: Who) -> str:
        return f"{self.name} of all known at {who.network}"


async def guessed(request: HTTPConnection, what: str, most: int) -> None:
    """Counts a wrong guess, after it was looked up, and delays its answer; a known browser is counted alone.

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
        limits.waiting += Counter()  # drops keys whose count is 0
