"""Plan of a crowd, which goes to the process that plays it, and what it fails with.

Both stand alone, as a server needs them from its start on and the crowd with its browsers' ways only in a rehearsal.
"""

from __future__ import annotations

from dataclasses import dataclass

from forum.errors import ForumError


class RehearsalFailed(ForumError):
    """An error that ended the rehearsal; its sentence says why."""

    code = "rehearsal"


@dataclass(frozen=True)
class Plan:
    """A crowd to send in: `base` is the server's address, `groups` are ids, `slow` and `drop` shares of the people;
    they vote within `spread` seconds."""

    base: str
    code: str
    projector: str
    session: str
    groups: tuple[str, ...]
    people: int
    slow: float
    drop: float
    spread: float
    seed: int
