"""What was worked out before from what does not change any more: the latest of it, in memory, for one store."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar

Made = TypeVar("Made", bound=object)


class Drawn(str):
    """What was drawn for pages from the words of a story. All of it is forgotten when any story is taken back."""

    __slots__ = ()


def _one(_made: object) -> int:
    return 1


class Remembered:
    """Things by their kind and by all that they follow from. It belongs to a store, since another one, a copy of it
    with other ballots say, has rounds of the same ids."""

    def __init__(self) -> None:
        self._of: dict[str, OrderedDict[str, tuple[object, int]]] = {}
        # What is being made now, by its kind and its key.
        self._making: dict[tuple[str, str], asyncio.Event] = {}

    async def of(
        self,
        kind: type[Made],
        most: int,
        follows_from: object,
        make: Callable[[], Awaitable[Made]],
        size: Callable[[Made], int] = _one,
    ) -> Made:
        """What was made before from the same, told by its `repr`; else what `make` makes now: once, whoever else asks
        for it meanwhile. The latest of its kind are kept, up to `most` of them, or of what `size` measures in each."""
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
        # Forgotten meanwhile, it is kept nowhere.
        kept[key] = (fresh, size(fresh))
        while sum(weight for _made, weight in kept.values()) > most:
            kept.popitem(last=False)
        return fresh

    def forget(self, kind: type[object]) -> None:
        """Forgets all of a kind, and what is being made of it now."""
        self._of.pop(kind.__name__, None)

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))
