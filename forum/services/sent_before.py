"""Forms that come again under the id of what they made before: sent twice, or gone back to and changed."""

from __future__ import annotations

from typing import TypeVar

from forum.errors import SentBefore, filled, message

Kept = TypeVar("Kept")

_SENT_BEFORE = message(
    "This form was sent before. What it said then stands; what you changed since is not kept, but it is still here. "
    "%(then)s"
)

# What to do next, where it is the same in several forms; pages give a form that comes back with it a new id.
SEND_ONCE_MORE = message("Send it once more to have both.")


def unchanged(kept: Kept, then: str, **typed: object) -> Kept:
    """Returns what a form made before, where it has in these attributes what is `typed` now.

    Raises SentBefore where anything differs, so that nobody takes changed words for kept ones; the sentence `then` says
    what whoever changed them can do.
    """
    if any(getattr(kept, name) != value for name, value in typed.items()):
        raise changed(then)
    return kept


def changed(then: str) -> SentBefore:
    """Returns the error for a form that says something else than when it was sent before."""
    return SentBefore(_SENT_BEFORE, then=filled(then))
