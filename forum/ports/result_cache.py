"""A cache of results computed from data that no longer changes; one for each store, in memory."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar

Made = TypeVar("Made", bound=object)


class Drawn(str):
    """Markup drawn from the words of a story. All of it is forgotten whenever any story is withdrawn."""

    __slots__ = ()


def _one(_made: object) -> int:
    return 1


class Remembered:
    """Results by their type and by everything they were computed from.

    It belongs to one store: another store, for example a copy with other ballots, has rounds with the same ids.
    """

    def __init__(self) -> None:
        self._of: dict[str, OrderedDict[str, tuple[object, int]]] = {}
        # Results being made now, by kind and key: callers that want the same one wait for it.
        self._making: dict[tuple[str, str], asyncio.Event] = {}

    async def of(
        self,
        kind: type[Made],
        most: int,
        follows_from: object,
        make: Callable[[], Awaitable[Made]],
        size: Callable[[Made], int] = _one,
    ) -> Made:
        """Returns the kept result for `follows_from` (compared by its `repr`), or awaits `make` and keeps what it
        returns.

        `make` runs once, however many callers ask meanwhile. The latest results of a kind are kept, up to `most` in
        number, or in the sum of `size` over them.
        """
        kept, key = self._of.setdefault(kind.__name__, OrderedDict()), repr(follows_from)
        here = (kind.__name__, key)
        while key not in kept and here in self._making:
            await self._making[here].wait()
        made, _size = kept.get(key, (None, 0))
        if isinstance(made, kind):
            return made
        done = self._making[here] = asyncio.Event()
        try:
            fresh = await make()
        finally:
            del self._making[here]
            done.set()
        # After a `forget` during `make`, `kept` is no longer in `self._of`: the result is returned but not kept.
        kept[key] = (fresh, size(fresh))
        while sum(weight for _made, weight in kept.values()) > most:
            kept.popitem(last=False)
        return fresh

    def has(self, kind: type[object], follows_from: object) -> bool:
        """Tells whether the result for `follows_from` is kept."""
        return repr(follows_from) in self._of.get(kind.__name__, ())

    def forget(self, kind: type[object]) -> None:
        """Forgets all results of a kind, including those being made now."""
        self._of.pop(kind.__name__, None)

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))
