"""The broker: carries small messages between the server processes of one Forum, while their rooms are live.

Nothing that comes over it is the truth: the database has that. A message is a hint (read this again) or a partial count
of what one process alone can see (the phones connected to it). So every use must go on, and end up right, where
messages are lost, come twice, come late or in another order, or were written by somebody else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

# Longer messages are neither sent nor handed on.
MOST_BYTES: Final = 128 * 1024

Heard: TypeAlias = Callable[[bytes], None]
Back: TypeAlias = Callable[[], None]


class Broker(Protocol):
    """A line to the other processes. It finds its way back by itself when it was cut; no call here fails or waits for
    that.

    A message goes to every process that has subscribed to its topic, and may come back to the one that sent it.
    """

    @property
    def alone(self) -> bool:
        """True where no other process can ever listen: then nothing need be said, and nothing is heard."""

    def publish(self, topic: str, message: bytes) -> None:
        """Sends a message of at most MOST_BYTES to a topic, and returns at once.

        It is lost where the line is cut for long, or far too many wait: the oldest go first.
        """

    def subscribe(self, topic: str, heard: Heard, back: Back) -> None:
        """Has `heard` called with each message of a topic, and returns at once. A second call for a topic takes the
        place of the first.

        `back` is called each time that listening has begun: soon after this call, and after every gap, in which
        messages were lost without a trace. Whoever listens reads the truth again then.
        """

    def unsubscribe(self, topic: str) -> None:
        """Ends that; neither is called from now on."""

    async def start(self) -> None:
        """Begins to connect, and returns at once, whether or not anybody answers."""

    async def stop(self) -> None:
        """Sends what still waits where that takes no time, and ends."""
