"""Tickets to sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from forum.errors import IllegalMove
from forum.sessions.ticket import Ticket
from forum.store.base import Area, Row
from forum.store.device_digest import salted
from forum.store.tables import participant as participants
from forum.store.tables import ticket as tickets

_NOBODY: Final = "There is no such participant."


class SqlTickets(Area):
    """The database's tickets. The contract is ports.sessions.Tickets."""

    async def add_tickets(self, tickets_: Sequence[Ticket]) -> None:
        """Adds tickets. Raises IllegalMove where a number is taken: somebody else issued tickets at this moment."""
        for one in tickets_:
            row = {
                "id": one.id,
                "session": one.session,
                "number": one.number,
                "group_id": one.group,
                "code": one.code,
                "issued_at": one.issued_at,
                "used_at": one.used_at,
                "participant": one.participant,
                "revoked_at": one.revoked_at,
                "replaces": one.replaces,
            }
            if not await self._link.add(tickets, row):
                raise IllegalMove("Somebody else issued tickets at this moment. Try again.")

    async def list_tickets(self, session: str) -> list[Ticket]:
        """Returns the tickets of a session by number."""
        wanted = sa.select(tickets).where(tickets.c.session == session).order_by(tickets.c.number)
        return [_ticket(row) for row in await self._link.rows(wanted)]

    async def ticket_by_code(self, session: str, code: str) -> Ticket | None:
        """Returns the ticket with this code, or None."""
        wanted = sa.select(tickets).where(tickets.c.session == session, tickets.c.code == code)
        rows = await self._link.rows(wanted)
        return _ticket(rows[0]) if rows else None

    async def use(self, ticket: str, participant: str, at: str) -> bool:
        """Gives a ticket to a participant. Returns False, and changes nothing, where it was used or revoked before."""
        fresh = (tickets.c.id == ticket, tickets.c.used_at == "", tickets.c.revoked_at == "")
        return await self._link.run(sa.update(tickets).where(*fresh).values(participant=participant, used_at=at)) == 1

    async def revoke(self, ticket: str, at: str) -> bool:
        """Revokes a ticket. Returns False where it was revoked before."""
        good = (tickets.c.id == ticket, tickets.c.revoked_at == "")
        return await self._link.run(sa.update(tickets).where(*good).values(revoked_at=at)) == 1

    async def move_ticket(self, participant: str, device: str) -> None:
        """Moves a participant to this device (a SHA-256); the device used before is nobody's. Raises NotFound."""
        mine = participants.c.id == participant
        row = await self._link.one(sa.select(participants.c.session).where(mine), _NOBODY)
        here = salted(row["session"], device)
        await self._link.change(sa.update(participants).where(mine).values(device=here), _NOBODY)


def _ticket(row: Row) -> Ticket:
    return Ticket(
        id=row["id"],
        session=row["session"],
        number=row["number"],
        group=row["group_id"],
        code=row["code"],
        issued_at=row["issued_at"],
        used_at=row["used_at"],
        participant=row["participant"],
        revoked_at=row["revoked_at"],
        replaces=row["replaces"],
    )
