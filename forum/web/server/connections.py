"""Limits on connections, in number and in idle time, so that nobody keeps others out by taking all places.

Bounded is what a stranger can hold without an account: connections without a request, a head or a body that never
ends, an answer that is never read. A phone's websocket is none of these: it is counted, and never closed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Callable
from enum import IntEnum
from itertools import islice
from typing import Final, Protocol

import msgspec
import structlog

from forum.settings import Settings
from forum.web.server.door import Door
from forum.web.server.proxies import Proxies, address_in

# Bytes that a body must bring in FORUM_STALL_SECONDS: half a KB a second, as bad Wi-Fi brings between two drops.
LEAST: Final = 16 * 1024
# Proxies keep connections (Caddy for two minutes). One that is closed just as they use it is an error to somebody.
_PROXYS_IDLE = 150.0
_EVERY = 1.0
_AT_ONCE = 500
_JUST_NOW = 1.0  # seconds
_LOOKED_AT = 200

log = structlog.get_logger()


class Stage(IntEnum):
    """Something that a connection waits for. The first three only hold a place, and go first where places are
    scarce."""

    IDLE = 0
    HEAD = 1
    ENDING = 2
    BODY = 3
    READING = 4  # for the other end to read an answer
    WORKING = 5  # for us to make an answer


class Connected(Protocol):
    """A connection, as it is kept here."""

    place: str
    came: float

    def stage(self) -> Stage:
        """Returns what it waits for now."""

    def look(self, now: float) -> None:
        """Ends it where it has waited for too long. `now` is in seconds."""

    def cut(self) -> None:
        """Ends it immediately, as its place is needed."""


class Patience(msgspec.Struct, frozen=True):
    """Seconds until a connection has waited too long: an idle one, an idle one of a proxy's, one in a head, and one
    whose body or reader stands still."""

    idle: float = 15
    proxys: float = _PROXYS_IDLE
    head: float = 20
    stalled: float = 30


class Connections:
    """All connections of this server, and the door at which they begin. `most` is the largest number of them; None for
    no bound. `storing` says whether votes are being stored."""

    def __init__(
        self,
        settings: Settings,
        most: int | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        storing: Callable[[], bool] = lambda: False,
    ) -> None:
        self.monotonic = monotonic
        idle = float(settings.idle_seconds)
        self.patience = Patience(
            idle, max(idle, _PROXYS_IDLE), float(settings.head_seconds), float(settings.stall_seconds)
        )
        self._trusted = Proxies(settings)
        self._most = most
        self._most_of_one = settings.connections_per_address
        # Connections that speak HTTP, oldest first; websockets are only counted.
        self._http: dict[Connected, None] = {}
        self._of_place: dict[str, dict[Connected, None]] = {}
        self._counts: dict[str, int] = {}
        self.count = 0
        self.door = Door(monotonic, storing)

    def place_of(self, client: str) -> str:
        """Returns the place that a network address counts for: its own, or its IPv6 network (/64); "" for a trusted
        proxy."""
        address = address_in(client)
        if address is None:
            return client
        if self._trusted.trusts(address):
            return ""
        if isinstance(address, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((address, 64), strict=False))
        return str(address)

    def take(self, connection: Connected) -> bool:
        """Takes a new connection, ending an old one where there are too many; returns False where all are in use."""
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
        """Counts it as a websocket from now on, until it is gone."""
        self._http.pop(connection, None)
        self._of_place.get(connection.place, {}).pop(connection, None)

    def gone(self, connection: Connected) -> None:
        """Uncounts a connection that has ended. Called once for each that was taken."""
        self.upgraded(connection)
        self.socket_gone(connection.place)

    def socket_gone(self, place: str) -> None:
        """Uncounts a websocket of a place that has ended. Called once for each that was `upgraded`."""
        self.count -= 1
        self._counts[place] -= 1
        if not self._counts[place]:
            del self._counts[place]
            self._of_place.pop(place, None)

    def _free(self, among: dict[Connected, None]) -> bool:
        """Ends one connection that only holds a place, or whose other end is slow; returns False where there is
        none.

        The oldest that only holds a place goes, unless it came just now, as its first request needs a moment. Else it
        is the oldest of the larger kind among the oldest, as somebody holds so many of those.
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
        """Ends all connections that have waited for too long; gives others their turn in between."""
        for number, connection in enumerate(list(self._http)):
            if number % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)
            if connection in self._http:
                try:
                    connection.look(now)
                except Exception:  # a bug: the others are looked at all the same, and this one does not stay for ever
                    log.exception("a connection could not be looked at, and is ended")
                    connection.cut()

    async def watch(self) -> None:
        """Calls `look` every second, until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_EVERY)
            await self.look(loop.time())
