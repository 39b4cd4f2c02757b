"""Work that takes long because of what somebody sent: done in a thread, so that live rooms do not wait for it.

Two at a time, whoever asks: more of them would only take the interpreter from each other, and from the rooms.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import ParamSpec, TypeVar

import anyio
from anyio import to_thread

AT_ONCE = 2

P = ParamSpec("P")
T = TypeVar("T")


async def long(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """What a function returns that may take up to two seconds; it runs in a thread, in the reader's language."""
    return await to_thread.run_sync(partial(function, *arguments, **named), limiter=_limiter())


@cache
def _limiter() -> anyio.CapacityLimiter:
    return anyio.CapacityLimiter(AT_ONCE)
