"""What was worked out before from what does not change any more: the latest of it, in memory, for one store."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar

Made = TypeVar("Made", bound=object)


class Remembered:
    """Things by their kind and by all that they follow from. It belongs to a store, since another one, a copy of it
    with other ballots say, has rounds of the same ids."""

    def __init__(self) -> None:
        self._of: dict[str, OrderedDict[str, object]] = {}

    async def of(self, kind: type[Made], most: int, follows_from: object, make: Callable[[], Awaitable[Made]]) -> Made:
        """What was made before from the same, told by its `repr`; else what `make` makes now. The `most` latest of its
        kind are kept."""
        kept, key = self._of.setdefault(kind.__name__, OrderedDict()), repr(follows_from)
        made = kept.get(key)
        if not isinstance(made, kind):
            made = kept[key] = await make()
            if len(kept) > most:
                kept.popitem(last=False)
        return made

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))
