"""The background task of a server that sends webhooks their messages, signed (Standard Webhooks), until each is taken.

A message is claimed before it is sent, so that of several servers of one database one sends it. It is sent again under
the same id for three days, with longer and longer pauses that chance stretches, so that nobody is asked by many at
once. A webhook that took nothing for so long is stopped, which stands on the work list of those who keep it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol
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
AT_ONCE = 8
CLAIMED_MINUTES = 5
# Seconds until the next attempt, by how many there were; the last one over and over.
PAUSES = (5, 300, 1800, 7200, 18000, 36000)
MOST_DAYS, KEPT_DAYS = 3, 30
GONE = 410

log = structlog.get_logger()


class HookPost(Protocol):
    """Sends to addresses that anybody may have typed."""

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> int:
        """Posts a body and returns the status of the answer. Raises OSError, in a few words, where the address may not
        be asked, or does not answer in time; NotTried where it was not asked at all."""


class Deliveries:
    """Sends messages for as long as the server runs; `once` is one round. `address` is this installation's, `key` what
    the secrets of webhooks follow from."""

    def __init__(self, store: Store, clock: Clock, post: HookPost, address: str, key: bytes) -> None:
        self.key = key
        self._store = store
        self._clock = clock
        self._post = post
        self._address = address
        self._rounds = Periodic(self.once, EVERY, self._failed)

    def start(self) -> None:
        """Starts the task: a round at once, and then one every EVERY seconds."""
        self._rounds.start()

    def wake(self) -> None:
        """Starts the next round now."""
        self._rounds.wake()

    async def stop(self) -> None:
        """Stops the task and returns when what is under way was sent."""
        await self._rounds.stop()

    def _failed(self, error: Exception) -> None:
        log.warning("a round of webhooks failed", error=type(error).__name__)

    async def once(self) -> None:
        """Sends what is due, AT_ONCE at a time, until nothing is. Raises StoreUnavailable."""
        while True:
            now, claim = self._clock.now(), uuid4().hex
            async with self._store.begin() as work:
                due = await work.webhooks.claim(now, claim, self._clock.later(minutes=CLAIMED_MINUTES), AT_ONCE)
                if not due:
                    await work.webhooks.forget_messages(self._clock.later(days=-KEPT_DAYS))
                    return
                hooks = {one: await work.webhooks.get_webhook(one) for one in {message.webhook for message in due}}
            tried = await asyncio.gather(*(self._try(hooks[one.webhook], one) for one in due))
            await self._keep(claim, tried)
            if self._rounds.stopping:
                return

    async def _try(self, hook: Webhook, message: HookMessage) -> tuple[HookMessage, int | None]:
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
            status = await self._post.post(hook.url, headers, body)
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

    async def _keep(self, claim: str, tried: Sequence[tuple[HookMessage, int | None]]) -> None:
        async with self._store.begin() as work:
            for message, status in tried:
                if not await work.webhooks.save_message(message, claim) or status is None:
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


# Addresses by what a message is about, the most particular first.
_PAGES = {"commitment": "promises", "decision": "decisions", "round": "rounds", "session": "sessions"}
