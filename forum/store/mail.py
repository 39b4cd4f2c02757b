"""Subscriptions to news of stories by e-mail."""

from __future__ import annotations

import sqlalchemy as sa

from forum.ports.mail import MailState, Subscription
from forum.store.base import Area, Row, made, plain
from forum.store.tables import mail


class SqlMail(Area):
    """The database's mail. The contract is ports.mail.Mail."""

    async def add_subscription(self, subscription: Subscription) -> None:
        """Stores a subscription and replaces any earlier one for its story."""
        await self._link.put(mail, plain(subscription))

    async def get_subscription(self, story: str) -> Subscription | None:
        """Returns the subscription for a story, or None."""
        rows = await self._link.rows(sa.select(mail).where(mail.c.story == story))
        return _subscription(rows[0]) if rows else None

    async def by_key(self, key: str) -> Subscription:
        """Returns the subscription with this key. Raises NotFound."""
        wanted = sa.select(mail).where(mail.c.key == key)
        return _subscription(await self._link.one(wanted, "There is nothing at this address."))

    async def list_due_subscriptions(self, at: str, size: int) -> list[Subscription]:
        """Returns the asked and confirmed subscriptions to look at now, the longest waiting first. `size` is the
        record's size.
        """
        grown = sa.or_(mail.c.look_at <= at, mail.c.seen < size)
        wanted = sa.or_(mail.c.state == MailState.ASKED, sa.and_(mail.c.state == MailState.CONFIRMED, grown))
        return await self._those(sa.and_(mail.c.not_before <= at, wanted))

    async def late(self, at: str) -> list[Subscription]:
        """Returns the subscriptions that were not confirmed in time."""
        return await self._those(sa.and_(mail.c.state.in_((MailState.ASKED, MailState.SENT_OUT)), mail.c.until <= at))

    async def save_subscription(self, subscription: Subscription, before: Subscription) -> bool:
        """Stores a changed subscription. Returns False, and stores nothing, where it is gone or its state is not that
        of `before`.
        """
        update = sa.update(mail).where(mail.c.id == before.id, mail.c.state == before.state)
        return await self._link.run(update.values(plain(subscription))) == 1

    async def erase_story(self, story: str) -> bool:
        """Deletes the subscription for a story. Returns True where an address was deleted with it."""
        before = await self.get_subscription(story)
        await self._link.run(sa.delete(mail).where(mail.c.story == story))
        return before is not None and before.address != ""

    async def _those(self, where: sa.ColumnElement[bool]) -> list[Subscription]:
        rows = await self._link.rows(sa.select(mail).where(where).order_by(mail.c.not_before, mail.c.asked_at))
        return [_subscription(row) for row in rows]


def _subscription(row: Row) -> Subscription:
    return made(row, Subscription)
