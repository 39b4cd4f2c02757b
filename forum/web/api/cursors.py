"""Pages of lists: a cursor says after which item a page begins, so that what is added meanwhile moves nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from forum.errors import BadInput

T = TypeVar("T")
_MOST_START = 10_000_000


def cursor(place: str | int) -> str:
    """Returns the cursor of a page that begins after the item with this id, or at this place."""
    return base64.urlsafe_b64encode(str(place).encode()).decode().rstrip("=")


def id_in(given: str) -> str:
    """Returns the id that a cursor names, "" for none. Raises BadInput."""
    try:
        return base64.b64decode(given + "=" * (-len(given) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise _unknown() from error


def place_in(given: str) -> int:
    """Returns the place that a cursor names, 0 for none. Raises BadInput."""
    place = id_in(given)
    if not place:
        return 0
    if not (place.isascii() and place.isdigit() and len(place) < 9 and int(place) <= _MOST_START):
        raise _unknown()
    return int(place)


def after(every: Sequence[T], id_of: Callable[[T], str], given: str, most: int) -> tuple[Sequence[T], str | None]:
    """Returns the page of a list that a cursor names, and the cursor of the next one. Raises BadInput."""
    last = id_in(given)
    start = 0
    if last:
        start = next((place for place, one in enumerate(every, 1) if id_of(one) == last), 0)
        if not start:
            raise _unknown()
    page = every[start : start + most]
    return page, cursor(id_of(page[-1])) if page and start + most < len(every) else None


def _unknown() -> BadInput:
    return BadInput("There is no such cursor. Begin at the first page again, without one.", field="cursor")
