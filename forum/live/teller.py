"""What one process tells the others of its sessions: news gathered for a moment, and sent as one message."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field

from forum.live.news import MOST_NEWS, Here, Names, News, encode
from forum.live.seal import Seal
from forum.ports.broker import Broker

# Seconds for which small news wait for others like them.
SOON = 0.2


@dataclass
class Told:
    """News of a session that were not sent yet; as messages they are News."""

    changed: bool = False
    joined: bool = False
    let_in: bool = False
    full: bool = False
    voted: dict[str, int] = field(default_factory=dict)
    own: set[int] = field(default_factory=set)
    expelled: set[int] = field(default_factory=set)


class Teller:
    """Sends what is told of each session to its topic. `me` names this process in messages."""

    def __init__(self, broker: Broker, names: Names, seal: Seal) -> None:
        self.me = secrets.token_hex(8)
        self._broker = broker
        self._names = names
        self._seal = seal
        # Several Forums may share one broker: each has topics of its own, which only who has its key can name.
        self._prefix = f"forum:{names.of('topics'):x}:"
        self._told: dict[str, Told] = {}
        self._sending: dict[str, asyncio.TimerHandle] = {}

    def topic(self, session_id: str) -> str:
        """Returns the topic of a session."""
        return self._prefix + session_id

    def soon(self, session_id: str) -> Told:
        """Returns the news that go out within SOON, to add to them."""
        if session_id not in self._sending:
            self._sending[session_id] = asyncio.get_running_loop().call_later(SOON, self._send, session_id)
        return self._told.setdefault(session_id, Told())

    def now(self, session_id: str) -> Told:
        """Returns the news that go out at the end of this step of the event loop, to add to them."""
        told = self.soon(session_id)
        self._sending[session_id].cancel()
        self._sending[session_id] = asyncio.get_running_loop().call_later(0, self._send, session_id)
        return told

    def own(self, session_id: str, participant: str) -> None:
        """Tells soon that something of a participant has changed that all their screens show."""
        told = self.soon(session_id)
        told.own.add(self._names.of(participant))
        if len(told.own) >= MOST_NEWS:
            self._send(session_id)

    def here(self, session_id: str, here: Here) -> None:
        """Tells at once who is here."""
        self._publish(session_id, encode(here))

    def send_all(self) -> None:
        """Sends at once what still waits. For closing down."""
        for session_id in list(self._told):
            self._send(session_id)

    def _send(self, session_id: str) -> None:
        self._sending.pop(session_id).cancel()
        told = self._told.pop(session_id)
        news = News(
            self.me, told.changed, told.joined, told.let_in, told.full, dict(list(told.voted.items())[-100:]),
            sorted(told.own), sorted(told.expelled)[:MOST_NEWS],
        )  # fmt: skip
        self._publish(session_id, encode(news))

    def _publish(self, session_id: str, message: bytes) -> None:
        topic = self.topic(session_id)
        self._broker.publish(topic, self._seal.put(topic, message))
