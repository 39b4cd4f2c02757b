"""A ticket: a single-use code that lets one person of a group into a session."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ticket:
    """A single-use code for one session and group (None: prefer not to say). `code` is its SHA-256.

    `number` is what is printed beside the code, from 1. `participant` is who came with it; `replaces` the number of the
    ticket in whose place it was issued. One with `revoked_at` is dead.
    """

    id: str
    session: str
    number: int
    group: str | None
    code: str
    issued_at: str
    used_at: str = ""
    participant: str | None = None
    revoked_at: str = ""
    replaces: int | None = None
