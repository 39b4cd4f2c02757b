"""What is held of one person: found, handed out and erased."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from forum.ports.personal_data import Kind


class Rights(Protocol):
    """Reads and erases what is held of one person."""

    async def here(self, device: str) -> list[str]:
        """Returns the ids of the participants that this device (a SHA-256) still is, one a session."""

    async def held_of(self, table: str, id_: str) -> dict[str, list[dict[str, Any]]]:
        """Returns every row about one story or participant by table, the row itself and those that refer to it, with
        the columns whose data is theirs (`personal_data.COLUMNS`); files and e-mail addresses are left out.
        """

    async def session_of(self, participant: str) -> str:
        """Returns the session of a participant. Raises NotFound."""

    async def marks(self, after: tuple[str, str], most: int) -> list[tuple[str, str]]:
        """Returns mark (`Version.by`) and story of browsers that wrote a version or a suggestion: `most` at most, those
        that sort after `after`, in order.
        """

    async def suggested(self, marks: Collection[str]) -> list[dict[str, Any]]:
        """Returns the suggestions that browsers with these marks sent, as their writers get them."""

    async def addressed(self, address: str) -> list[str]:
        """Returns the ids of the stories about which letters go to this address, whatever its case."""

    async def erase_participant(self, participant: str, *, device: bool) -> set[Kind]:
        """Erases a participant's words, further groups and "me too"; with `device` also the link to their browser and
        ticket. Their ballots and group stay. Returns the kinds of which there was something.
        """

    async def erase_marked(self, marks: Collection[str]) -> int:
        """Deletes the suggestions of browsers with these marks, and the marks beside versions; returns how many."""
