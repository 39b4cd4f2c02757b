"""Second steps of signing in."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from forum.ports.second_steps import SecondStep
from forum.store.base import Area, made, plain
from forum.store.tables import recovery_code as kept
from forum.store.tables import second_step as steps


class SqlSecondSteps(Area):
    """The database's second steps. The contract is ports.second_steps.SecondSteps."""

    async def get_second_step(self, person: str) -> SecondStep | None:
        """Returns somebody's second step, None where it is off."""
        rows = await self._link.rows(sa.select(steps).where(steps.c.person == person))
        return made(rows[0], SecondStep) if rows else None

    async def all_second_steps(self) -> dict[str, str]:
        """Returns since when each person's second step is on, by their id."""
        return {row["person"]: row["at"] for row in await self._link.rows(sa.select(steps.c.person, steps.c.at))}

    async def add_second_step(self, step: SecondStep) -> bool:
        """Turns a second step on. Returns False where it is on already."""
        return await self._link.add(steps, plain(step))

    async def count_try(self, person: str, most: int) -> bool:
        """Counts a code that is tried as a wrong one, until `clear_tries`. Returns False where `most` wrong ones were
        tried in a row before, or the second step is off."""
        tried = sa.update(steps).where(steps.c.person == person, steps.c.wrong < most).values(wrong=steps.c.wrong + 1)
        return await self._link.run(tried) == 1

    async def clear_tries(self, person: str) -> None:
        """Begins to count wrong codes anew."""
        await self._link.run(sa.update(steps).where(steps.c.person == person).values(wrong=0))

    async def use_half_minute(self, person: str, number: int) -> bool:
        """Uses the codes of a half-minute up, and all before it. Returns True exactly once."""
        used = sa.update(steps).where(steps.c.person == person, steps.c.last < number).values(last=number)
        return await self._link.run(used) == 1

    async def drop_second_step(self, person: str) -> bool:
        """Turns a second step off, and deletes its recovery codes. Returns False where it was off."""
        await self.set_recovery_codes(person, ())
        return await self._link.run(sa.delete(steps).where(steps.c.person == person)) == 1

    async def set_recovery_codes(self, person: str, codes: Sequence[str]) -> None:
        """Replaces somebody's recovery codes."""
        await self._link.run(sa.delete(kept).where(kept.c.person == person))
        if codes:
            await self._link.run(sa.insert(kept).values([{"person": person, "code": code} for code in codes]))

    async def use_recovery_code(self, person: str, code: str) -> bool:
        """Uses a recovery code up. Returns True exactly once for each."""
        return await self._link.run(sa.delete(kept).where(kept.c.person == person, kept.c.code == code)) == 1

    async def count_recovery_codes(self, person: str) -> int:
        """Returns how many recovery codes somebody has left."""
        wanted = sa.select(sa.func.count().label("number")).where(kept.c.person == person)
        return int((await self._link.rows(wanted))[0]["number"])
