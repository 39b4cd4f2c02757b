"""The timers of a room's tallies: the first change is sent at once, those after it together.

Screens other than phones get at most five tallies a second. Phones show no more of them than a live count, and every
frame costs their battery and data: they get one in two seconds, and none that tells only of who came and went.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from forum.live.messages import Screen, Tally, encode

TICK = 0.2  # seconds
PHONES_TICK = 2.0  # seconds


class TallyFrames(msgspec.Struct, frozen=True):
    """One tally as frames: for consoles with the phones' health in it, for all other screens without."""

    plain: str
    console: str

    def of(self, kind: Screen) -> str:
        """Returns the frame for a kind of screen."""
        return self.console if kind == "console" else self.plain


def frames_of(tally: Tally) -> TallyFrames:
    """Encodes a tally that has the phones' health in it."""
    return TallyFrames(encode(replace(tally, health=None, pages=0)), encode(tally))


@dataclass(eq=False)
class Channel:
    """Kinds of screens that are sent tallies together, one in `interval` seconds at most.

    `news` gives the part of a tally that must have changed for another to be sent; `sent` is that part of the last one,
    `sent_at` when it was sent (the event loop's seconds), `timer` calls when the next one may be.
    """

    kinds: frozenset[Screen]
    interval: float
    news: Callable[[Tally], Tally]
    sent: Tally | None = None
    sent_at: float = 0.0
    timer: asyncio.TimerHandle | None = None


class TallyTicker:
    """Sends a room's tallies on two channels, `screens` and `phones`.

    `tally` gives the numbers of now, health included; `send` puts frames into the outboxes of these kinds of screens;
    `next_change` gives the time at which the numbers change by themselves, None for never.
    """

    def __init__(
        self,
        tally: Callable[[], Tally],
        send: Callable[[frozenset[Screen], TallyFrames], None],
        next_change: Callable[[float], float | None],
    ) -> None:
        self._tally = tally
        self._send_frames = send
        self._next_change = next_change
        self.screens = Channel(frozenset({"tablet", "projector", "console"}), TICK, lambda tally: tally)
        self.phones = Channel(
            frozenset({"phone"}), PHONES_TICK, lambda tally: replace(tally, present=0, health=None, pages=0)
        )
        self._later: asyncio.TimerHandle | None = None
        self._over = False

    def changed(self) -> None:
        """Sends the tally on each channel, at once or when its interval is over; calls until then share it."""
        if self._over:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        for channel in (self.screens, self.phones):
            if channel.timer is not None:
                continue
            due = channel.sent_at + channel.interval
            if due <= now:
                self.send(channel)
            else:
                channel.timer = loop.call_at(due, self.send, channel)

    def send(self, channel: Channel) -> None:
        """Sends the tally on one channel, where there is news in it."""
        channel.timer = None
        channel.sent_at = asyncio.get_running_loop().time()
        tally = self._tally()
        news = channel.news(tally)
        if news != channel.sent:
            channel.sent = news
            self._send_frames(channel.kinds, frames_of(tally))
        self._wait_for_silence()

    def sent(self, tally: Tally) -> None:
        """Notes that all screens were sent this tally otherwise (with a state): it is no news any more."""
        for channel in (self.screens, self.phones):
            channel.sent = channel.news(tally)

    def cancel(self) -> None:
        """Cancels its timers, and sends nothing any more. For closing down."""
        self._over = True
        for timer in self.timers:
            timer.cancel()

    @property
    def timers(self) -> list[asyncio.TimerHandle]:
        """The calls that are to come."""
        every = (self._later, self.screens.timer, self.phones.timer)
        return [timer for timer in every if timer is not None]

    def _wait_for_silence(self) -> None:
        """Schedules another look for when numbers change because nothing was heard of a phone."""
        loop = asyncio.get_running_loop()
        due = self._next_change(loop.time())
        if self._later is not None:
            self._later.cancel()
        self._later = loop.call_at(due, self.changed) if due is not None else None
