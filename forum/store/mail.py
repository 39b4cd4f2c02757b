"""Who wants to be told of a story by e-mail."""

from __future__ import annotations

import sqlalchemy as sa

from forum.ports.mail import ASKED, CONFIRMED, SENT_OUT, Subscription
from forum.store.base import Area, Row, made, plain
from forum.store.tables import mail


class SqlMail(Area):
    """ports.Mail."""

    async def add_subscription(self, subscription: Subscription) -> None:
        """Keeps it in the place of whatever there was for its story."""
        await self._link.put(mail, plain(subscription))

    async def get_subscription(self, story: str) -> Subscription | None:
        """The one of a story, None where there is none."""
        rows = await self._link.rows(sa.select(mail).where(mail.c.story == story))
        return _subscription(rows[0]) if rows else None

    async def by_key(self, key: str) -> Subscription:
        """Raises NotFound."""
        wanted = sa.select(mail).where(mail.c.key == key)
        return _subscription(await self._link.one(wanted, "There is nothing at this address."))

    async def list_due_subscriptions(self, at: str, size: int) -> list[Subscription]:
        """Those to be looked at, with `size` entries in the record; who waits longest first."""
        grown = sa.or_(mail.c.look_at <= at, mail.c.seen < size)
        wanted = sa.or_(mail.c.state == ASKED, sa.and_(mail.c.state == CONFIRMED, grown))
        return await self._those(sa.and_(mail.c.not_before <= at, wanted))

    async def late(self, at: str) -> list[Subscription]:
        """Those not confirmed in time."""
        return await self._those(sa.and_(mail.c.state.in_((ASKED, SENT_OUT)), mail.c.until <= at))

    async def save_subscription(self, subscription: Subscription, before: Subscription) -> bool:
        """False, and nothing is kept, where it is gone or its state is no longer that of `before`."""
        update = sa.update(mail).where(mail.c.id == before.id, mail.c.state == before.state)
        return await self._link.run(update.values(plain(subscription))) == 1

    async def erase_story(self, story: str) -> bool:
        """Deletes what there is for a story. True where an address went with it."""
        before = await self.get_subscription(story)
        await self._link.run(sa.delete(mail).where(mail.c.story == story))
        return before is not None and before.address != ""

    async def _those(self, where: sa.ColumnElement[bool]) -> list[Subscription]:
        rows = await self._link.rows(sa.select(mail).where(where).order_by(mail.c.not_before, mail.c.asked_at))
        return [_subscription(row) for row in rows]


def _subscription(row: Row) -> Subscription:
    return made(row, Subscription)
