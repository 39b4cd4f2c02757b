"""A broker over Valkey or Redis: its publish and subscribe, nothing kept there.

One task reads, one writes; where either fails, both connections are given up and made anew, and every topic is
subscribed to again. Topics are asked for once more only then, so nothing that comes here can ask for work without end.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple, cast

import msgspec
import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from forum.live.metrics import BROKER
from forum.ports.broker import MOST_BYTES, Back, Heard

# Bytes that wait to be sent; beyond them the oldest message is lost.
MOST_WAITING = 4 * 1024 * 1024
# Seconds after which a message that could not be sent is not sent any more: whoever it was for has read the database
# meanwhile, and refuses what is old (seal.py).
STALE = 30.0
# Messages in one write.
_AT_ONCE = 500
# Seconds: to connect or be answered; between two questions whether the other end is there; before another try, drawn
# between the first and the last.
_ANSWER = 3.0
_QUIET = 5.0
_AGAIN = (0.1, 2.0)
# A topic that is always listened to, so that there is a connection to ask whether it stands.
_NOBODYS = "forum:nobody"

log = structlog.get_logger()


class _Listener(msgspec.Struct, frozen=True):
    heard: Heard
    back: Back


class _Waiting(NamedTuple):
    topic: str
    message: bytes
    since: float  # the event loop's seconds


class ValkeyBroker:
    """A broker at an address as redis://HOST or rediss://USER:PASSWORD@HOST:PORT."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._listeners: dict[str, _Listener] = {}
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._asked: dict[str, bool] = {}  # topics to subscribe to (True) or to leave, in this order
        self._work = asyncio.Event()
        self._empty = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        self._away = False

    @property
    def alone(self) -> bool:
        """As Broker has it."""
        return False

    def publish(self, topic: str, message: bytes) -> None:
        """As Broker has it."""
        if len(message) > MOST_BYTES:
            BROKER.labels("too large").inc()
            return
        self._empty.clear()
        self._waiting.append(_Waiting(topic, message, asyncio.get_running_loop().time()))
        self._bytes += len(message)
        while self._bytes > MOST_WAITING:
            self._drop_first()
        self._work.set()

    def _drop_first(self) -> None:
        self._bytes -= len(self._waiting.popleft().message)
        BROKER.labels("not sent").inc()

    def subscribe(self, topic: str, heard: Heard, back: Back) -> None:
        """As Broker has it."""
        self._listeners[topic] = _Listener(heard, back)
        self._ask(topic, wanted=True)

    def unsubscribe(self, topic: str) -> None:
        """As Broker has it."""
        if self._listeners.pop(topic, None) is not None:
            self._ask(topic, wanted=False)

    def _ask(self, topic: str, *, wanted: bool) -> None:
        self._asked.pop(topic, None)  # it goes to the end
        self._asked[topic] = wanted
        self._work.set()

    async def start(self) -> None:
        """As Broker has it."""
        if self._task is None:
            self._ending.clear()
            self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """As Broker has it."""
        if self._task is None:
            return
        if self._waiting and not self._away:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), 0.2)
        # Not cancelled at once: a connection that is just being made then would stay open, and so would the event loop.
        self._ending.set()
        # No longer than an answer takes: the end of a server does not wait for a broker that hangs.
        await asyncio.wait([self._task], timeout=_ANSWER)
        await _ended([self._task])
        self._task = None

    async def _keep(self) -> None:
        """Holds the connections, and makes them anew for as long as it takes."""
        while not self._ending.is_set():
            try:
                await self._connected()
            except (RedisError, OSError, TimeoutError) as error:
                if not self._away:
                    # Without the address, which may have a password in it.
                    log.warning("the broker is away; screens follow other processes later", why=type(error).__name__)
                self._away = True
            except Exception:
                log.exception("the line to the broker failed")
                self._away = True
            first, last = _AGAIN
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), first + secrets.randbelow(1000) / 1000 * (last - first))

    async def _connected(self) -> None:
        """Connects, and reads and writes until that fails or is to end; raises what it failed with."""
        client = _client(self._url)
        pubsub = client.pubsub()
        over = asyncio.Event()
        ending = asyncio.create_task(self._ending.wait())
        writing: list[asyncio.Task[None]] = []
        reading: list[asyncio.Task[None]] = []
        try:
            self._asked = {}
            await pubsub.subscribe(_NOBODYS, *self._listeners)
            if self._away:
                log.info("the broker is back")
            self._away = False
            old = asyncio.get_running_loop().time() - STALE
            while self._waiting and self._waiting[0].since < old:
                self._drop_first()
            self._work.set()  # for what waits since the line failed
            reading = [asyncio.create_task(self._read(pubsub))]
            writing = [asyncio.create_task(self._write(client, pubsub, over))]
            await asyncio.wait([*reading, *writing, ending], return_when=asyncio.FIRST_COMPLETED)
            for task in (*reading, *writing):
                if task.done():
                    task.result()
        finally:
            over.set()
            self._work.set()
            if writing:
                await asyncio.wait(writing, timeout=_ANSWER)
            await _ended([*reading, *writing, ending])
            with suppress(RedisError, OSError):
                await cast(Any, pubsub).aclose()  # not typed
            with suppress(RedisError, OSError):
                await client.aclose()

    async def _read(self, pubsub: PubSub) -> None:
        quiet = 0
        while True:
            message: dict[str, Any] | None = await pubsub.get_message(timeout=_QUIET)
            if message is not None:
                quiet = 0
                self._take(message)
            elif quiet:
                raise TimeoutError("the broker does not answer")
            else:
                quiet = 1
                await pubsub.ping()

    def _take(self, message: dict[str, Any]) -> None:
        topic = bytes(message["channel"] or b"").decode(errors="replace")
        listener = self._listeners.get(topic)
        if listener is None:
            return
        if message["type"] == "subscribe":
            _tell(listener.back)
        elif message["type"] == "message":
            data = bytes(message["data"])
            if len(data) > MOST_BYTES:
                BROKER.labels("too large").inc()
                return
            BROKER.labels("heard").inc()
            _tell(lambda: listener.heard(data))

    async def _write(self, client: Redis, pubsub: PubSub, over: asyncio.Event) -> None:
        while True:
            await self._work.wait()
            if over.is_set():
                return
            self._work.clear()
            asked, self._asked = self._asked, {}
            for wanted, ask in ((True, pubsub.subscribe), (False, pubsub.unsubscribe)):
                topics = [topic for topic, is_wanted in asked.items() if is_wanted is wanted]
                if topics:
                    await ask(*topics)
            if self._waiting:
                async with client.pipeline(transaction=False) as line:
                    batch = [self._waiting[i] for i in range(min(_AT_ONCE, len(self._waiting)))]
                    for one in batch:
                        line.publish(one.topic, one.message)
                    await line.execute()
                BROKER.labels("sent").inc(len(batch))
                for one in batch:
                    # What was thrown away meanwhile, for want of room, was the oldest of these.
                    if self._waiting and self._waiting[0] is one:
                        self._bytes -= len(self._waiting.popleft().message)
                if self._waiting:
                    self._work.set()
                else:
                    self._empty.set()


async def _ended(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancels tasks until they have ended, for at most as long as an answer takes: the library loses a cancellation
    that comes with a timeout of its own, and goes on."""
    for _ in range(int(_ANSWER / _AGAIN[0])):
        waiting = [task for task in tasks if not task.done()]
        if not waiting:
            break
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=_AGAIN[0])
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()  # of what is over already; nobody need be told


def _client(url: str) -> Redis:
    return Redis.from_url(
        url,
        protocol=2,
        socket_connect_timeout=_ANSWER,
        socket_timeout=_ANSWER,
        retry=Retry(NoBackoff(), 0),
    )


async def why_away(url: str) -> str:
    """Asks the broker at an address whether it is there; returns the kind of error where it is not, and no more: what
    an error says may have a password in it. "" where it answers."""
    try:
        async with _client(url) as client:
            await client.ping()
    except (RedisError, OSError, TimeoutError) as error:
        return type(error).__name__
    return ""


def _tell(tell: Back) -> None:
    """Calls it; logs what it raises, so that one listener keeps no message from another."""
    try:
        tell()
    except Exception:
        log.exception("a message of another process could not be taken")
