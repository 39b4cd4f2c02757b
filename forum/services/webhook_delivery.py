"""The background task of a server that sends webhooks their messages, signed (Standard Webhooks), until each is taken.

A message is claimed before it is sent, so that of several servers of one database one sends it. Each commission has
its turn, and few places at once: addresses that do not answer delay nobody else's messages. It is sent again under
the same id for three days, with longer and longer pauses that chance stretches, so that nobody is asked by many at
once. A webhook that took nothing for so long is stopped, which stands on the work list of those who keep it.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias
from uuid import uuid4

import msgspec
import structlog

from forum.ports import Store
from forum.ports.clock import Clock
from forum.ports.webhooks import HookMessage, MessageState, NotTried, Webhook
from forum.services.periodic import Periodic
from forum.services.webhooks import signature
from forum.sessions.local_time import written

EVERY = 10.0
# Messages that are sent at once, and those of them of one commission.
AT_ONCE, OF_ONE = 8, 2
CLAIMED_MINUTES = 5
# Seconds until the next attempt, by how many there were; the last one over and over.
PAUSES = (5, 300, 1800, 7200, 18000, 36000)
MOST_DAYS, KEPT_DAYS = 3, 30
GONE = 410

log = structlog.get_logger()


# A message after an attempt, and the status of the answer: 0 for none, None where the attempt was not made.
Tried: TypeAlias = tuple[HookMessage, int | None]
# What is being sent now, with its commission.
Going: TypeAlias = dict[asyncio.Task[Tried], str]


class HookPost(Protocol):
    """Sends to addresses that anybody may have typed."""

    async def post(self, url: str, headers: dict[str, str], body: bytes, whose: str) -> int:
        """Posts a body and returns the status of the answer; `whose` names the commission, which has its share of what
        there is little of. Raises OSError, in a few words, where the address may not be asked, or does not answer in
        time; NotTried where it was not asked at all."""


class Deliveries:
    """Sends messages for as long as the server runs; `once` is one round. `address` is this installation's, `key` what
    the secrets of webhooks follow from."""

    def __init__(self, store: Store, clock: Clock, post: HookPost, address: str, key: bytes) -> None:
        self.key = key
        self._store = store
        self._clock = clock
        self._post = post
        self._address = address
        self._woken = asyncio.Event()
        self._rounds = Periodic(self.once, EVERY, self._failed)

    def start(self) -> None:
        """Starts the task: a round at once, and then one every EVERY seconds."""
        self._rounds.start()

    def wake(self) -> None:
        """Looks for messages now, also where a round is under way."""
        self._woken.set()
        self._rounds.wake()

    async def stop(self) -> None:
        """Stops the task and returns when what is under way was sent."""
        await self._rounds.stop()

    def _failed(self, error: Exception) -> None:
        log.warning("a round of webhooks failed", error=type(error).__name__)

    async def once(self) -> None:
        """Sends what is due until nothing is: AT_ONCE messages at a time, OF_ONE of one commission, each commission in
        its turn. Raises StoreUnavailable."""
        going: Going = {}
        had: set[str] = set()  # commissions that had their turn, until all have
        try:
            while True:
                self._woken.clear()  # before it looks: what is put out meanwhile wakes it again
                if not self._rounds.stopping and len(going) < AT_ONCE:
                    for hook, message in await self._claimed(going, had):
                        going[asyncio.create_task(self._try(hook, message))] = hook.commission
                if not going:
                    break
                if done := await self._ended(going):
                    for task in done:
                        del going[task]
                    await self._keep(task.result() for task in done if not _broke(task))
        finally:
            if going:
                await asyncio.wait(going)
        async with self._store.begin() as work:
            await work.webhooks.forget_messages(self._clock.later(days=-KEPT_DAYS))

    async def _ended(self, going: Going) -> list[asyncio.Task[Tried]]:
        """Waits until an attempt has ended, or there may be more to send beside those that hang. Returns the attempts
        that have ended."""
        woken = asyncio.create_task(self._woken.wait())
        try:
            await asyncio.wait([*going, woken], timeout=EVERY, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
        return [task for task in going if task.done()]

    async def _claimed(self, going: Going, had: set[str]) -> list[tuple[Webhook, HookMessage]]:
        """Claims messages for the places that are free."""
        found: list[tuple[Webhook, HookMessage]] = []
        now, until, each = self._clock.now(), self._clock.later(minutes=CLAIMED_MINUTES), Counter(going.values())
        async with self._store.begin() as work:
            while free := AT_ONCE - len(going) - len(found):
                full = {commission for commission, number in each.items() if number >= OF_ONE}
                due = await work.webhooks.claim(now, uuid4().hex, until, free, without=full | had)
                for message in due:
                    hook = await work.webhooks.get_webhook(message.webhook)
                    found.append((hook, message))
                    each[hook.commission] += 1
                    had.add(hook.commission)
                if len(due) < free:
                    if not had:
                        break
                    had.clear()  # everybody who waits had their turn: another goes round
        return found

    async def _try(self, hook: Webhook, message: HookMessage) -> Tried:
        """Makes one attempt. Returns the message after it, and the status of the answer, 0 for none; None where it was
        not made, which does not count."""
        now = self._clock.now()
        body, stamp = self.body(message), str(int(datetime.fromisoformat(now).timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Forum",
            "webhook-id": message.id,
            "webhook-timestamp": stamp,
            "webhook-signature": signature(self.key, hook.id, message.id, stamp, body),
        }
        try:
            status = await self._post.post(hook.url, headers, body, hook.commission)
            heard = str(status)
        except NotTried:
            soon = datetime.fromisoformat(now) + timedelta(seconds=PAUSES[0])
            return replace(message, not_before=written(soon)), None
        except OSError as error:
            status, heard = 0, str(error)[:200]
        after = replace(message, tries=message.tries + 1, tried_at=now, heard=heard)
        if 200 <= status < 300:
            return replace(after, state=MessageState.SENT), status
        pause = PAUSES[min(message.tries, len(PAUSES) - 1)]
        # Chance that nothing secret hangs on (S311).
        next_at = datetime.fromisoformat(now) + timedelta(seconds=pause * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
        late = written(next_at) > written(datetime.fromisoformat(message.at) + timedelta(days=MOST_DAYS))
        return replace(after, not_before=written(next_at), state=MessageState.GIVEN_UP if late else after.state), status

    def body(self, message: HookMessage) -> bytes:
        """Returns the body of a message: the same at each attempt. It holds ids and addresses, and no words."""
        facts = message.facts
        page, api = next(
            (f"/{start}/{facts[name]}", f"/{start}/{facts[name]}") for name, start in _PAGES.items() if name in facts
        )
        if page.startswith("/rounds/"):
            page = f"/sessions/{facts['session']}" if "session" in facts else f"/record/{facts['entry']}"
        links = {
            "page": self._address + page,
            "api": f"{self._address}/api/v1{api}",
            "record": f"{self._address}/record/{facts['entry']}",
        }
        told = {"type": str(message.event), "timestamp": message.at, "data": {**facts, **links}}
        return msgspec.json.encode(told)

    async def _keep(self, tried: Iterable[Tried]) -> None:
        async with self._store.begin() as work:
            for message, status in tried:
                if not await work.webhooks.save_message(message, message.claim) or status is None:
                    continue
                hook = await work.webhooks.get_webhook(message.webhook, lock=True)
                if message.state is MessageState.SENT:
                    after = replace(hook, failing_since="")
                else:
                    stops = status == GONE or message.state is MessageState.GIVEN_UP
                    after = replace(
                        hook,
                        failing_since=hook.failing_since or message.tried_at,
                        stopped_at=message.tried_at if stops and not hook.stopped_at else hook.stopped_at,
                    )
                if after != hook:
                    await work.webhooks.save_webhook(after)


def _broke(task: asyncio.Task[Tried]) -> bool:
    """Tells whether an attempt ended by a fault of Forum's own, which keeps no other message; logs that. Its message is
    sent again once its claim has run out."""
    error = task.exception()
    if error is not None:
        log.error("a message to a webhook was not sent", error=type(error).__name__)
    return error is not None


# Addresses by what a message is about, the most particular first.
_PAGES = {"commitment": "promises", "decision": "decisions", "round": "rounds", "session": "sessions"}
