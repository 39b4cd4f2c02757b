"""Data whose time is over, by the period of `personal_data.PERIODS` that it falls under."""

from __future__ import annotations

from typing import Protocol


class Retention(Protocol):
    """Finds and removes what has been kept long enough."""

    async def unsent(self, before: str, most: int, *, only: str | None = None) -> list[tuple[str, str]]:
        """Returns the id and link digest of at most `most` stories (or of `only` this one) that were never sent,
        unchanged since `before`.
        """

    async def returned(self, before: str, most: int, *, only: str | None = None) -> list[str]:
        """Returns the ids of at most `most` stories (or of `only` this one) that wait for their writer since before
        this time: they were returned, or the newest question proposed for them has no answer."""

    async def delete_story(self, story: str) -> None:
        """Deletes a story that was never sent, with every row of every table that refers to it."""

    async def remove(self, period: str, before: str, most: int) -> int:
        """Removes at most `most` pieces of data of a period from before this time, and returns how many.

        Knows the periods marks, notes, attendance, sign_ins, staff_acts and undo. Raises KeyError for another one.
        """
