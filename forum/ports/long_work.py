"""Work that takes long because of what somebody sent: done in a thread, so that live rooms do not wait for it.

Two at a time, whoever asks: more of them would only take the interpreter from each other, and from the rooms. A unit
of work that writes waits for no turn, since others wait for it; there is one such at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import ParamSpec, TypeVar

import anyio
from anyio import to_thread

from forum.stories import scenario
from forum.stories.scenario import Scenario

AT_ONCE = 2
LONG = 1024 * 1024  # characters: as long as any text may be
SHORT = 8 * 1024  # characters of a text that is worked through at once, in some milliseconds

P = ParamSpec("P")
T = TypeVar("T")


async def long(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """What a function returns that may take up to two seconds; it runs in a thread, in the reader's language."""
    return await to_thread.run_sync(partial(function, *arguments, **named), limiter=_limiter())


async def within(length: int, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """What a function returns that works through a text of so many characters, within a unit of work: a SHORT one at
    once, a longer one in a thread that waits for no other.
    """
    if length <= SHORT:
        return function(*arguments, **named)
    return await to_thread.run_sync(partial(function, *arguments, **named))


async def parsed(twee: str) -> Scenario:
    """`scenario.parse` of a story that is kept, within a unit of work or without one."""
    return await within(len(twee), scenario.parse, twee)


@cache
def _limiter() -> anyio.CapacityLimiter:
    return anyio.CapacityLimiter(AT_ONCE)
