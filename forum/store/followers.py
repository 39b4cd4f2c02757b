"""Followers: addresses that are told by e-mail what becomes of something."""

from __future__ import annotations

import sqlalchemy as sa

from forum.ports.followers import Followed, Follower, Subject
from forum.ports.mail import MailState
from forum.store.base import Area, made, plain
from forum.store.tables import follower as followers


class SqlFollowers(Area):
    """The database's followers. The contract is ports.followers.Followers."""

    async def add_follower(self, follower: Follower) -> bool:
        """Stores a follower. Returns False where this address follows the same thing already."""
        return await self._link.add(followers, plain(follower))

    async def follower(self, subject: Subject, address: str) -> Follower | None:
        """Returns the follower of a thing with this address, whatever its case, or None."""
        found = await self._those(sa.and_(_of(subject), _at(address)))
        return found[0] if found else None

    async def follower_by_key(self, key: str) -> Follower:
        """Returns the follower with this key. Raises NotFound."""
        wanted = sa.select(followers).where(followers.c.key == key)
        return made(await self._link.one(wanted, "There is nothing at this address."), Follower)

    async def count_followers(self, subject: Subject) -> int:
        """Returns how many addresses follow a thing, confirmed or not."""
        rows = await self._link.rows(sa.select(sa.func.count().label("many")).where(_of(subject)))
        return int(rows[0]["many"])

    async def asked_followers(self, at: str, most: int) -> list[Follower]:
        """Returns at most so many followers whose mail that asks for confirmation is due."""
        return await self._those(sa.and_(followers.c.state == MailState.ASKED, followers.c.not_before <= at), most)

    async def subjects(self) -> list[Subject]:
        """Returns every thing that has a confirmed follower."""
        wanted = sa.select(followers.c.kind, followers.c.about).distinct()
        rows = await self._link.rows(wanted.where(followers.c.state == MailState.CONFIRMED))
        return [Subject(Followed(row["kind"]), row["about"]) for row in rows]

    async def untold_followers(self, subject: Subject, news_at: str, at: str, most: int) -> list[Follower]:
        """Returns confirmed followers of a thing who were not told of what came at `news_at`."""
        untold = sa.and_(followers.c.told_until < news_at, followers.c.not_before <= at)
        return await self._those(sa.and_(_of(subject), followers.c.state == MailState.CONFIRMED, untold), most)

    async def late_followers(self, at: str, quiet: str) -> list[Follower]:
        """Returns the followers who did not confirm in time, and those told of nothing since the moment `quiet`."""
        waits = sa.and_(followers.c.state != MailState.CONFIRMED, followers.c.until <= at)
        return await self._those(
            sa.or_(waits, sa.and_(followers.c.state == MailState.CONFIRMED, followers.c.told_until <= quiet))
        )

    async def save_follower(self, follower: Follower, before: Follower) -> bool:
        """Stores a changed follower. Returns False where it is gone or its state is not that of `before`."""
        update = sa.update(followers).where(followers.c.id == before.id, followers.c.state == before.state)
        return await self._link.run(update.values(plain(follower))) == 1

    async def erase_follower(self, follower: str) -> bool:
        """Deletes a follower by its id. Returns True where there was one."""
        return await self._link.run(sa.delete(followers).where(followers.c.id == follower)) == 1

    async def erase_followers_at(self, address: str) -> int:
        """Deletes every follower with this address, whatever its case; returns how many there were."""
        return await self._link.run(sa.delete(followers).where(_at(address)))

    async def _those(self, where: sa.ColumnElement[bool], most: int | None = None) -> list[Follower]:
        wanted = sa.select(followers).where(where).order_by(followers.c.not_before, followers.c.id).limit(most)
        return [made(row, Follower) for row in await self._link.rows(wanted)]


def _of(subject: Subject) -> sa.ColumnElement[bool]:
    return sa.and_(followers.c.kind == subject.kind, followers.c.about == subject.id)


def _at(address: str) -> sa.ColumnElement[bool]:
    return sa.func.lower(followers.c.address) == address.lower()
