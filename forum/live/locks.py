"""Locks by key, as one for each session: each is there only while somebody holds it or waits for it."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary


class Locks:
    """The locks that are in use now, by key; `async with locks[key]` holds one."""

    def __init__(self) -> None:
        # Whoever holds a lock or waits for it refers to it: after the last of them, nothing does, and it is gone.
        self._used: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def __getitem__(self, key: str) -> asyncio.Lock:
        return self._used.setdefault(key, asyncio.Lock())

    def __len__(self) -> int:
        return len(self._used)
