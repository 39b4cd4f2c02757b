"""Moderators' acts, writers' appeals, readers' reports."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from forum.errors import IllegalMove
from forum.store.base import Area, having, made, plain
from forum.store.tables import appeal as appeals
from forum.store.tables import moderation as acts
from forum.store.tables import report as reports
from forum.stories.moderation import Act, Appeal, AppealOutcome, Report, ReportAnswer

_ANSWERED = "Another moderator has answered this a moment ago. Nothing was changed."


class SqlModeration(Area):
    """The database's moderation. The contract is ports.stories.Moderation."""

    async def add_act(self, act: Act) -> None:
        """Adds an act."""
        await self._link.run(sa.insert(acts).values(plain(act)))

    async def list_acts(self, story: str) -> list[Act]:
        """Returns the acts on a story, oldest first."""
        rows = await self._link.rows(having(acts.c.story, order=acts.c.seq), {"story": story})
        return [made(row, Act) for row in rows]

    async def log(self, start: int = 0, most: int = 50) -> list[Act]:
        """Returns up to `most` acts that stand in the record, newest first, after skipping `start`."""
        wanted = sa.select(acts).where(acts.c.entry.is_not(None)).order_by(acts.c.seq.desc())
        return [made(row, Act) for row in await self._link.rows(wanted.offset(start).limit(most))]

    async def count_acts(self) -> int:
        """Returns how many acts stand in the record."""
        counted = sa.select(sa.func.count().label("acts")).select_from(acts).where(acts.c.entry.is_not(None))
        rows = await self._link.rows(counted)
        return int(rows[0]["acts"])

    async def add_appeal(self, appeal: Appeal) -> bool:
        """Adds an appeal. Returns False, and stores nothing, where there was one against this act before."""
        return await self._link.add(appeals, plain(appeal))

    async def appeals(self, story: str | None = None) -> list[Appeal]:
        """Returns the appeals of one story, or all that are unanswered; oldest first."""
        which = appeals.c.outcome == AppealOutcome.OPEN if story is None else appeals.c.story == story
        rows = await self._link.rows(sa.select(appeals).where(which).order_by(appeals.c.seq))
        return [made(row, Appeal) for row in rows]

    async def answer_appeal(self, appeal: Appeal) -> None:
        """Writes outcome, reason, moderator and time. Raises IllegalMove where the appeal was answered already."""
        open_one = sa.update(appeals).where(appeals.c.id == appeal.id, appeals.c.outcome == AppealOutcome.OPEN)
        if await self._link.run(open_one.values(plain(appeal))) == 0:
            raise IllegalMove(_ANSWERED)

    async def add_report(self, report: Report) -> bool:
        """Adds a report. Returns False where its id is taken."""
        return await self._link.add(reports, plain(report))

    async def reports(self, story: str | None = None) -> list[Report]:
        """Returns the reports on one story, or all that are unanswered; oldest first."""
        which = reports.c.answer == ReportAnswer.OPEN if story is None else reports.c.story == story
        rows = await self._link.rows(sa.select(reports).where(which).order_by(reports.c.seq))
        return [made(row, Report) for row in rows]

    async def answer_reports(self, story: str, ids: Sequence[str], answer: ReportAnswer, at: str) -> None:
        """Writes the answer to these reports. Raises IllegalMove where one is missing, another story's, or answered
        already.
        """
        wanted = set(ids)
        update = sa.update(reports).where(
            reports.c.story == story,
            reports.c.answer == ReportAnswer.OPEN,
            self._link.among(reports.c.id, list(wanted)),
        )
        if await self._link.run(update.values(answer=answer, answered_at=at)) != len(wanted):
            raise IllegalMove(_ANSWERED)

    async def erase_story(self, story: str) -> None:
        """Deletes every word about a story: reasons, appeals, reports, and the fingerprints of its texts."""
        await self._link.run(sa.update(acts).where(acts.c.story == story).values(because="", read=""))
        await self._link.run(sa.update(appeals).where(appeals.c.story == story).values(words="", because=""))
        await self._link.run(sa.update(reports).where(reports.c.story == story).values(words=""))
