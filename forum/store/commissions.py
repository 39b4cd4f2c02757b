"""Commissions with their groups, support lines and versions."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from forum.sessions.session import LiveSession
from forum.store.base import Area, Row, having, made, plain
from forum.store.tables import commission as table
from forum.store.tables import commission_version as versions
from forum.voting.commission import TERMS, Commission, CommissionVersion

_NO_COMMISSION = "There is no such commission."
_ALL = sa.select(table).order_by(table.c.seq.desc())
_VERSIONED = sa.select(table, *(versions.c[name] for name in ("number", "terms", "because", "at", "entry"))).join(
    versions, versions.c.commission == table.c.id
)
_OF_SESSION = _VERSIONED.where(table.c.id == sa.bindparam("id"), versions.c.number == sa.bindparam("number"))
_VERSIONS = _VERSIONED.where(table.c.id == sa.bindparam("id")).order_by(versions.c.number)


class SqlCommissions(Area):
    """The database's commissions. The contract is ports.commissions.Commissions."""

    async def add_commission(self, commission: Commission) -> None:
        """Adds a commission; one that is no draft with its first version, which no entry tells of."""
        await self._link.run(sa.insert(table).values(plain(commission)))
        if not commission.draft:
            await self._add(CommissionVersion(commission.version, commission, "", commission.created_at))

    async def get_commission(self, commission: str, *, lock: bool = False, draft: bool = False) -> Commission:
        """Returns a commission with its newest terms; a draft only with `draft`. `lock` makes other units that lock it
        wait until this one ends. Raises NotFound.
        """
        wanted = having(table.c.id)
        if not draft:
            wanted = wanted.where(sa.not_(table.c.draft))
        if lock:
            wanted = wanted.with_for_update(key_share=True)
        return _commission(await self._link.one(wanted, _NO_COMMISSION, {"id": commission}))

    async def of_session(self, session: LiveSession, *, lock: bool = False) -> Commission:
        """Returns the commission of a session with the terms and the stage that the session was made under. `lock` as
        in `get_commission`. Raises NotFound.
        """
        wanted = _OF_SESSION.with_for_update(key_share=True, of=table) if lock else _OF_SESSION
        row = await self._link.one(wanted, _NO_COMMISSION, {"id": session.commission, "number": session.terms})
        return _as_of(row, stage=session.stage)

    async def save_commission(self, commission: Commission) -> None:
        """Writes a changed commission, of which no terms were changed unless it is a draft. Raises NotFound."""
        await self._link.change(
            sa.update(table).where(table.c.id == commission.id).values(plain(commission)), _NO_COMMISSION
        )

    async def add_version(self, version: CommissionVersion) -> None:
        """Adds a version, the newest from now on, and writes the commission with its terms."""
        await self._add(version)
        await self.save_commission(version.about)

    async def versions(self, commission: str) -> list[CommissionVersion]:
        """Returns the versions of a commission, oldest first."""
        return [
            CommissionVersion(row["number"], _as_of(row), row["because"], row["at"], row["entry"])
            for row in await self._link.rows(_VERSIONS, {"id": commission})
        ]

    async def titles(self, commissions: Collection[str]) -> dict[str, str]:
        """Returns the titles of these commissions by id; unknown ids are left out."""
        wanted = sa.select(table.c.id, table.c.title).where(self._link.among(table.c.id, commissions))
        return {row["id"]: row["title"] for row in await self._link.rows(wanted)}

    async def some_commissions(self, commissions: Collection[str]) -> list[Commission]:
        """Returns these commissions with their newest terms, newest first; unknown ids and drafts are left out."""
        wanted = _ALL.where(self._link.among(table.c.id, commissions), sa.not_(table.c.draft))
        return [_commission(row) for row in await self._link.rows(wanted)] if commissions else []

    async def newest_commissions(self, most: int) -> list[Commission]:
        """Returns the newest commissions with their newest terms, newest first; without drafts and rehearsals."""
        wanted = _ALL.where(sa.not_(table.c.draft), sa.not_(table.c.rehearsal)).limit(most)
        return [_commission(row) for row in await self._link.rows(wanted)]

    async def list_commissions(self, *, drafts: bool = False) -> list[Commission]:
        """Returns all commissions with their newest terms, newest first; drafts only with `drafts`."""
        wanted = _ALL if drafts else _ALL.where(sa.not_(table.c.draft))
        return [_commission(row) for row in await self._link.rows(wanted)]

    async def _add(self, version: CommissionVersion) -> None:
        about = plain(version.about)
        row = {
            "commission": version.about.id,
            "number": version.number,
            "terms": {name: about[name] for name in TERMS},
            "because": version.because,
            "at": version.at,
            "entry": version.entry,
        }
        await self._link.run(sa.insert(versions).values(row))


def _commission(row: Row) -> Commission:
    return made(row, Commission)


def _as_of(row: Row, **more: object) -> Commission:
    """Returns a row of a commission with one of its versions as the commission with the terms of that version."""
    return made(row, Commission, **row["terms"], version=row["number"], **more)
