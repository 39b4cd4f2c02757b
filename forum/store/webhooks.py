"""Webhooks and the messages to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import sqlalchemy as sa

from forum.ports.webhooks import HookMessage, MessageState, Webhook
from forum.store.base import Area, made, plain
from forum.store.tables import embedder as embedders
from forum.store.tables import hook_message as messages
from forum.store.tables import webhook as hooks

_NO_HOOK = "There is no such webhook any more."
_MOST_STOPPED = 20


class SqlWebhooks(Area):
    """The database's webhooks. The contract is ports.webhooks.Webhooks."""

    async def add_webhook(self, webhook: Webhook) -> None:
        """Adds a webhook."""
        await self._link.run(sa.insert(hooks).values(plain(webhook)))

    async def get_webhook(self, webhook: str, *, lock: bool = False) -> Webhook:
        """Returns a webhook. Raises NotFound."""
        wanted = sa.select(hooks).where(hooks.c.id == webhook)
        return made(await self._link.one(wanted.with_for_update() if lock else wanted, _NO_HOOK), Webhook)

    async def list_webhooks(self, commission: str) -> list[Webhook]:
        """Returns the webhooks of a commission, oldest first."""
        wanted = sa.select(hooks).where(hooks.c.commission == commission).order_by(hooks.c.seq)
        return [made(row, Webhook) for row in await self._link.rows(wanted)]

    async def stopped(self, commissions: Collection[str] | None) -> list[Webhook]:
        """Returns the webhooks of these commissions, or for None of all, that were stopped; at most twenty."""
        wanted = sa.select(hooks).where(hooks.c.stopped_at != "").order_by(hooks.c.seq).limit(_MOST_STOPPED)
        if commissions is not None:
            wanted = wanted.where(self._link.among(hooks.c.commission, list(commissions)))
        return [made(row, Webhook) for row in await self._link.rows(wanted)]

    async def save_webhook(self, webhook: Webhook) -> None:
        """Writes a changed webhook; one that was removed meanwhile stays so."""
        await self._link.run(sa.update(hooks).where(hooks.c.id == webhook.id).values(plain(webhook)))

    async def remove_webhook(self, webhook: str) -> None:
        """Deletes a webhook with its messages."""
        await self._link.run(sa.delete(messages).where(messages.c.webhook == webhook))
        await self._link.run(sa.delete(hooks).where(hooks.c.id == webhook))

    async def add_message(self, message: HookMessage) -> None:
        """Adds a message."""
        await self._link.run(sa.insert(messages).values(plain(message)))

    async def get_message(self, message: str) -> HookMessage:
        """Returns a message. Raises NotFound."""
        wanted = sa.select(messages).where(messages.c.id == message)
        return made(await self._link.one(wanted, "This message is not kept any more."), HookMessage)

    async def messages(self, webhook: str, skip: int, most: int) -> list[HookMessage]:
        """Returns messages to a webhook, newest first."""
        wanted = sa.select(messages).where(messages.c.webhook == webhook).order_by(messages.c.seq.desc())
        return [made(row, HookMessage) for row in await self._link.rows(wanted.offset(skip).limit(most))]

    async def count_messages(self, webhook: str) -> int:
        """Returns how many messages to a webhook are kept."""
        wanted = sa.select(sa.func.count().label("n")).select_from(messages).where(messages.c.webhook == webhook)
        return int((await self._link.rows(wanted))[0]["n"])

    async def claim(
        self, at: str, claim: str, until: str, most: int, without: Collection[str] = ()
    ) -> list[HookMessage]:
        """Claims messages that are due at this time and that nobody else has claimed, of each commission the one that
        waits for the longest, and returns them: until the time `until` no other process sends them. Those to a stopped
        webhook are left out, and those of the commissions `without`."""
        due = (messages.c.state == MessageState.WAITING, messages.c.not_before <= at, messages.c.claim_until <= at)
        order = (messages.c.not_before, messages.c.seq)
        place = sa.func.row_number().over(partition_by=hooks.c.commission, order_by=order)
        waiting = sa.select(messages.c.id, place.label("place")).join(hooks, hooks.c.id == messages.c.webhook)
        waiting = waiting.where(*due, hooks.c.stopped_at == "")
        if without:
            waiting = waiting.where(sa.not_(self._link.among(hooks.c.commission, list(without))))
        first = waiting.subquery()
        wanted = sa.select(messages).join(first, first.c.id == messages.c.id).where(first.c.place == 1)
        rows = await self._link.rows(wanted.order_by(*order).limit(most))
        mine = []
        for one in (made(row, HookMessage) for row in rows):
            # Held again as it is taken: of two processes that found the same message one gets it.
            taking = sa.update(messages).where(messages.c.id == one.id, *due)
            if await self._link.run(taking.values(claim=claim, claim_until=until)):
                mine.append(replace(one, claim=claim, claim_until=until))
        return mine

    async def save_message(self, message: HookMessage, claim: str) -> bool:
        """Writes a message after an attempt and ends its claim. Returns False, and writes nothing, where another
        process has claimed it since or it is gone."""
        done = replace(message, claim="", claim_until="")
        changed = sa.update(messages).where(messages.c.id == message.id, messages.c.claim == claim)
        return await self._link.run(changed.values(plain(done))) == 1

    async def forget_messages(self, before: str) -> None:
        """Deletes messages from before a time that do not wait any more."""
        gone = messages.c.at < before
        await self._link.run(sa.delete(messages).where(gone, messages.c.state != MessageState.WAITING))

    async def save_embedders(self, commission: str, addresses: Sequence[str]) -> None:
        """Writes which other sites may show what is published of a commission."""
        await self._link.put(embedders, {"commission": commission, "addresses": list(addresses)})

    async def embedders(self, commission: str) -> tuple[str, ...]:
        """Returns which other sites may show what is published of a commission; () for none."""
        rows = await self._link.rows(sa.select(embedders).where(embedders.c.commission == commission))
        return tuple(rows[0]["addresses"]) if rows else ()
