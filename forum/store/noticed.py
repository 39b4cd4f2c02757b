"""Answers to whether people have noticed what was promised."""

from __future__ import annotations

import sqlalchemy as sa

from forum.ports.noticed import NoticedAnswer
from forum.store.base import Area, having, made, plain
from forum.store.tables import noticed_answer as answers
from forum.voting.noticed import Asked, Noticed


class SqlNoticedAnswers(Area):
    """The database's answers. The contract is ports.noticed.NoticedAnswers."""

    async def put_noticed(self, answer: NoticedAnswer) -> None:
        """Stores an answer, in the place of any that its link gave before."""
        await self._link.put(answers, plain(answer))

    async def noticed(self, key: str) -> NoticedAnswer | None:
        """Returns the answer that the link with this digest gave, or None."""
        rows = await self._link.rows(having(answers.c.key), {"key": key})
        return made(rows[0], NoticedAnswer) if rows else None

    async def remove_noticed(self, key: str) -> None:
        """Deletes the answer that the link with this digest gave; does nothing where there is none."""
        await self._link.run(sa.delete(answers).where(answers.c.key == key))

    async def askings(self) -> list[tuple[str, str]]:
        """Returns commitment and asking of all answers, each pair once."""
        rows = await self._link.rows(sa.select(answers.c.commitment, answers.c.asking).distinct())
        return [(row["commitment"], row["asking"]) for row in rows]

    async def count_noticed(self, asking: str) -> dict[Asked, dict[Noticed, int]]:
        """Returns how many of each kind of people gave each answer in an asking."""
        counted = sa.select(answers.c.who, answers.c.said, sa.func.count().label("many"))
        found: dict[Asked, dict[Noticed, int]] = {}
        for row in await self._link.rows(
            counted.where(answers.c.asking == asking).group_by(answers.c.who, answers.c.said)
        ):
            found.setdefault(Asked(row["who"]), {})[Noticed(row["said"])] = int(row["many"])
        return found

    async def erase_noticed(self, asking: str) -> int:
        """Deletes the answers of an asking; returns how many there were."""
        return await self._link.run(sa.delete(answers).where(answers.c.asking == asking))
