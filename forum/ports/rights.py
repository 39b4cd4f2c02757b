"""What is held of one person: found, handed out and erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from forum.ports.personal_data import Kind


class Rights(Protocol):
    """Reads and erases what is held of one person."""

    async def here(self, device: str) -> list[str]:
        """Returns the ids of the participants that this device (a SHA-256) still is, one a session."""

    async def held_of(self, table: str, id_: str) -> Mapping[str, Sequence[Mapping[str, object]]]:
        """Returns every row about one story, participant or suggestion by table, the row itself and those that refer
        to it, with the columns whose data is theirs (`personal_data.COLUMNS`); files are left out.
        """

    async def marked(self) -> list[tuple[str, str, str]]:
        """Returns the id, story and browser mark of every suggestion that has a mark."""

    async def erase_participant(self, participant: str, *, device: bool) -> set[Kind]:
        """Erases a participant's words, further groups and "me too"; with `device` also the link to their browser and
        ticket. Their ballots and group stay. Returns the kinds of which there was something.
        """

    async def erase_suggestion(self, suggestion: str) -> None:
        """Deletes a suggestion with its answer."""
