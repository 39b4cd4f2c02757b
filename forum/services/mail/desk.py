"""Desks: the kinds of people that letters go to, each with its own letters and its own place for addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

from forum.ports import Work
from forum.ports.clock import Clock
from forum.ports.mail import Letter, MailState

# News must be this old: another event may follow it, or be on its way to the disk, and one letter tells both.
SETTLED_MINUTES = 1
# The least time between two letters to one address, so that a busy day does not bring a mail every minute.
REST_MINUTES = 60

Row = TypeVar("Row")


class Step(msgspec.Struct, Generic[Row], frozen=True):
    """The next step with one row: `letter` is sent, and then the row becomes `after`, at once where there is no letter;
    or the row ends, as `end`. With none of the three nothing is to be done."""

    letter: Letter | None = None
    after: Row | None = None
    end: MailState | None = None


class Desk(Protocol[Row]):
    """One kind of people who get letters. A row has `address`, `not_before` and `tries`, as ports.mail.Subscription."""

    async def late(self, work: Work, clock: Clock) -> Sequence[Row]:
        """Returns the rows whose address is to be erased, whether or not letters can be sent."""
        ...

    async def due(self, work: Work, clock: Clock, size: int) -> Sequence[Row]:
        """Returns the rows that may have a letter now, the longest waiting first. `size` is the record's size."""
        ...

    async def step(self, work: Work, clock: Clock, row: Row, size: int) -> Step[Row]:
        """Returns the next step with a row, judged by what is published at this moment."""
        ...

    async def save(self, work: Work, after: Row, before: Row) -> bool:
        """Stores a changed row. Returns False, and stores nothing, where it changed since it was read."""
        ...

    async def end(self, work: Work, row: Row, why: MailState) -> bool:
        """Erases the address of a row. Returns True where it was there."""
        ...

    async def forget(self, work: Work, row: Row) -> bool:
        """Erases a late row, unless it changed since it was read. Returns True where an address went with it."""
        ...
