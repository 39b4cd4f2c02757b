"""Limit on bytes written: one bound on everything by which people without an account make the database grow.

All of a network address together may write FORUM_MEGABYTES_PER_ADDRESS in an hour. A known browser (devices.py) may
write a fifth of that; those that have just come, and those without a cookie, may write half of it together. Once half
is written, only browsers go on that have written little themselves, so that somebody who fills an address does not
stop those who write a story beside them. A refused request writes nothing, and the page says when to try again.
"""

from __future__ import annotations

from starlette.requests import HTTPConnection

from forum.errors import TooMany
from forum.stories.draft import Draft, fields
from forum.web.accounts.devices import KNOWN_AFTER, Who, who_of
from forum.web.rate_limits import AN_HOUR
from forum.web.site import site_of

_MEGABYTE = 1024 * 1024
_LITTLE = 200  # this part of an address's bytes counts as little: two hundred people may be writing at one address
_LONG = 120  # seconds from which on a wait is told in minutes
_SOON = "So much has been written from this network that it has to wait. Send this again in %(seconds)s seconds."
_LATER = "So much has been written from this network that it has to wait. Send this again in %(minutes)s minutes."


def write(request: HTTPConnection, size: int) -> None:
    """Counts bytes that are about to be written. Raises TooMany where this browser or network has used its share up."""
    who = who_of(request)
    wait = _wait(request, who)
    if wait:
        # A browser that has just come is soon known, and then counted by itself.
        soon = KNOWN_AFTER - who.age + 1 if who.device and not who.known else wait
        wait = min(wait, soon)
        raise TooMany(_SOON if wait < _LONG else _LATER, wait)
    add(request, size)


def add(request: HTTPConnection, size: int) -> None:
    """Counts bytes that were written."""
    who, weights = who_of(request), site_of(request).limits.weights
    weights.add(_own(who), size)
    weights.add(_all(who), size)


def size_of(draft: Draft) -> int:
    """Returns the size of a draft in characters."""
    return sum(len(text) for _, text in fields(draft))


def _wait(request: HTTPConnection, who: Who) -> int:
    site = site_of(request)
    weights, most = site.limits.weights, site.settings.megabytes_per_address * _MEGABYTE
    own = weights.wait(_own(who), most // 5 if who.known else most // 2, AN_HOUR)
    little = weights.lately(_own(who), AN_HOUR) < most // _LITTLE
    return max(own, weights.wait(_all(who), most if little else most // 2, AN_HOUR))


def _own(who: Who) -> str:
    return f"written {who.counted}"


def _all(who: Who) -> str:
    return f"written at {who.network}"
