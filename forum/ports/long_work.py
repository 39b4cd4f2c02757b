"""Running of long computations in threads, so that live rooms do not wait for them.

At most two run at a time in the process: more would take the interpreter from each other and from the rooms. A
computation inside a unit of work that writes does not queue for these two places, since other units wait for that unit;
there is at most one such at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import ParamSpec, TypeVar

import anyio
from anyio import to_thread

from forum.stories import scenario_twee
from forum.stories.scenario import Scenario

AT_ONCE = 2
LONG = 1024 * 1024  # characters: the longest text that is accepted
SHORT = 8 * 1024  # characters: a text up to this length takes milliseconds and is handled without a thread

P = ParamSpec("P")
T = TypeVar("T")


async def long(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Runs a function that may take up to two seconds in a thread and returns its result.

    At most AT_ONCE such calls run at a time. The thread keeps the context variables, so also the reader's language.
    """
    return await to_thread.run_sync(partial(function, *arguments, **named), limiter=_limiter())


async def within(length: int, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Runs a function over a text of `length` characters inside a unit of work and returns its result.

    Up to SHORT characters it runs at once; a longer text goes to a thread, without queueing for a place.
    """
    if length <= SHORT:
        return function(*arguments, **named)
    return await to_thread.run_sync(partial(function, *arguments, **named))


async def parsed(twee: str) -> Scenario:
    """Returns `scenario_twee.parse` of a stored story, inside or outside a unit of work."""
    return await within(len(twee), scenario_twee.parse, twee)


@cache
def _limiter() -> anyio.CapacityLimiter:
    return anyio.CapacityLimiter(AT_ONCE)
