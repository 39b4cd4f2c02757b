"""Acts of many phones at once: they join, ask who they are in their session, and what is their own there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from forum.sessions.session import LiveSession, Participant


class Sent(msgspec.Struct, frozen=True):
    """The ballot of a participant in one round, with its words."""

    round: str
    choice: str
    reason: str
    condition: str


@dataclass
class Own:
    """The things of one participant in a session: their ballots, their stop in one showing (character, how), their
    reason in one round (words, condition), the reasons to which they say "me too", their group's id."""

    ballots: list[Sent]
    too: set[str]
    stop: tuple[str, str] | None = None
    reason: tuple[str, str] | None = None
    group: str | None = None


class Phones(Protocol):
    """Each answers in as many statements for a thousand phones as for one."""

    async def join(self, joining: Sequence[tuple[Participant, str]]) -> list[Participant]:
        """Adds participants with their devices, and returns for each what Sessions.join would."""

    async def known(self, asked: Sequence[tuple[str, str]]) -> list[tuple[LiveSession | None, Participant | None]]:
        """Returns, for each join code and device (a SHA-256; "" for none), the session of that code, as
        Sessions.session_by_code has it, and the participant that the device has in it. None where there is none."""

    async def own(
        self, participants: Collection[str], rounds: Collection[str], showing: str, shown: str, listed: Collection[str]
    ) -> dict[str, Own]:
        """Returns what each of these participants has: ballots in `rounds`, the stop in `showing`, the reason in the
        round `shown` ("" for no showing or round), "me too" of the reasons `listed`."""
