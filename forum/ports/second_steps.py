"""Second steps of signing in: the secret of somebody's app for codes, and their recovery codes."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec


class Must(StrEnum):
    """People who must have a second step: nobody, whoever has a role, or administrators."""

    NONE = "none"
    STAFF = "staff"
    ADMINISTRATORS = "administrators"


class SecondStep(msgspec.Struct, frozen=True):
    """Somebody's second step: the secret of their app, sealed with the server's key, since when it is on, the number
    of the half-minute whose code was taken last, and how many wrong codes were tried in a row since."""

    person: str
    sealed: str
    at: str
    last: int
    wrong: int = 0


class Codes(Protocol):
    """Codes of apps, as RFC 6238 has them, and the sealing of their secrets. The key is 32 bytes."""

    def new_secret(self, key: bytes, person: str) -> str:
        """Makes a secret, sealed for one person (by id)."""

    def typed_key(self, key: bytes, person: str, sealed: str) -> str:
        """Returns a secret as somebody types it into an app, "" where it cannot be opened with this key for this
        person."""

    def address(self, key: bytes, person: str, sealed: str, login: str, name: str) -> str:
        """Returns the address that an app reads from a QR code, "" where the secret cannot be opened."""

    def half_minute(self, key: bytes, person: str, sealed: str, code: str, at: str) -> int | None:
        """Returns the number of the half-minute that a code is of: this one, the one before or the one after; None for
        a code of none of them, and where the secret cannot be opened."""


class SecondSteps(Protocol):
    """Second steps. Recovery codes are passed as SHA-256 (hex)."""

    async def get_second_step(self, person: str) -> SecondStep | None:
        """Returns somebody's second step, None where it is off."""

    async def all_second_steps(self) -> dict[str, str]:
        """Returns since when each person's second step is on, by their id."""

    async def add_second_step(self, step: SecondStep) -> bool:
        """Turns a second step on. Returns False where it is on already."""

    async def count_try(self, person: str, most: int) -> bool:
        """Counts a code that is tried as a wrong one, until `clear_tries`. Returns False where `most` wrong ones were
        tried in a row before, or the second step is off."""

    async def clear_tries(self, person: str) -> None:
        """Begins to count wrong codes anew."""

    async def use_half_minute(self, person: str, number: int) -> bool:
        """Uses the codes of a half-minute up, and all before it. Returns True exactly once."""

    async def drop_second_step(self, person: str) -> bool:
        """Turns a second step off, and deletes its recovery codes. Returns False where it was off."""

    async def set_recovery_codes(self, person: str, codes: Sequence[str]) -> None:
        """Replaces somebody's recovery codes."""

    async def use_recovery_code(self, person: str, code: str) -> bool:
        """Uses a recovery code up. Returns True exactly once for each."""

    async def count_recovery_codes(self, person: str) -> int:
        """Returns how many recovery codes somebody has left."""
