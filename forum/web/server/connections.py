"""Who may be connected, and for how long with nothing done: so that nobody can keep others out by taking all there is.

What is bounded is what a stranger can hold without an account: connections on which nothing is asked, a head or a body
that never ends, an answer that is never read. A phone's websocket is none of these; it is counted, and never closed
from here.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice
from typing import Final, Protocol

from forum.settings import Settings
from forum.web.server.proxies import Proxies, address_in

# Bytes that a body must bring in FORUM_STALL_SECONDS: half a KB a second, which bad Wi-Fi brings between two drops.
LEAST: Final = 16 * 1024
# Proxies keep connections (Caddy for two minutes). One that is closed as they take it up is an error to somebody.
_PROXYS_IDLE = 150.0
_EVERY = 1.0
_AT_ONCE = 500
_JUST_NOW = 1.0  # seconds
_LOOKED_AT = 200


class Stage(IntEnum):
    """What a connection waits for. The first three hold nothing but a place, and go first where places are scarce."""

    IDLE = 0
    HEAD = 1
    ENDING = 2
    BODY = 3
    READING = 4  # of an answer, by the other end
    WORKING = 5  # ours to do


class Connected(Protocol):
    """A connection as it is kept here."""

    place: str
    came: float

    def stage(self) -> Stage:
        """What it waits for now."""

    def look(self, now: float) -> None:
        """Ends it where it has waited for too long."""

    def cut(self) -> None:
        """Ends it at once: its place is needed."""


@dataclass(frozen=True)
class Patience:
    """Seconds until a connection has waited too long: idle, an idle one of a proxy's, a head, a body or a reader that
    stands still.
    """

    idle: float = 15
    proxys: float = _PROXYS_IDLE
    head: float = 20
    stalled: float = 30


class Connections:
    """All connections of this server. `most` is how many there can be; None for no bound."""

    def __init__(
        self, settings: Settings, most: int | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.monotonic = monotonic
        idle = float(settings.idle_seconds)
        self.patience = Patience(
            idle, max(idle, _PROXYS_IDLE), float(settings.head_seconds), float(settings.stall_seconds)
        )
        self._trusted = Proxies(settings)
        self._most = most
        self._most_of_one = settings.connections_per_address
        # Those that speak HTTP, in the order in which they came; websockets are only counted.
        self._http: dict[Connected, None] = {}
        self._of_place: dict[str, dict[Connected, None]] = {}
        self._counts: dict[str, int] = {}
        self.count = 0

    def place_of(self, client: str) -> str:
        """The place that a network address counts for: its own, or its IPv6 network (/64); "" for a trusted proxy."""
        address = address_in(client)
        if address is None:
            return client
        if self._trusted.trusts(address):
            return ""
        if isinstance(address, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((address, 64), strict=False))
        return str(address)

    def take(self, connection: Connected) -> bool:
        """Takes a new connection, in the place of an old one where there are too many. False where all are in use."""
        place = connection.place
        if place and self._counts.get(place, 0) >= self._most_of_one and not self._free(self._of_place.get(place, {})):
            return False
        if self._most is not None and self.count >= self._most and not self._free(self._http):
            return False
        self._http[connection] = None
        self._of_place.setdefault(place, {})[connection] = None
        self._counts[place] = self._counts.get(place, 0) + 1
        self.count += 1
        return True

    def upgraded(self, connection: Connected) -> None:
        """It is a websocket from now on: still counted, until it is gone."""
        self._http.pop(connection, None)
        self._of_place.get(connection.place, {}).pop(connection, None)

    def gone(self, connection: Connected) -> None:
        """It is no more. Called once for each that was taken."""
        self.upgraded(connection)
        self.count -= 1
        self._counts[connection.place] -= 1
        if not self._counts[connection.place]:
            del self._counts[connection.place]
            self._of_place.pop(connection.place, None)

    def _free(self, among: dict[Connected, None]) -> bool:
        """Ends one that only holds a place, or whose other end is slow. False where none is.

        The oldest that only holds a place goes, unless it came just now: whoever opens a connection and asks needs a
        moment between. Else it is the oldest of those that are the more among the oldest: somebody holds so many.
        """
        new: list[Connected] = []
        slow: list[Connected] = []
        now = self.monotonic()
        for connection in islice(among, _LOOKED_AT):
            stage = connection.stage()
            if stage < Stage.BODY and now - connection.came >= _JUST_NOW:
                connection.cut()
                return True
            if stage < Stage.WORKING:
                (new if stage < Stage.BODY else slow).append(connection)
        if not new and not slow:
            return False
        max(slow, new, key=len)[0].cut()
        return True

    async def look(self, now: float) -> None:
        """Ends all that have waited for too long; others have their turn between."""
        for number, connection in enumerate(list(self._http)):
            if number % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)
            if connection in self._http:
                connection.look(now)

    async def watch(self) -> None:
        """Looks every second, until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_EVERY)
            await self.look(loop.time())
