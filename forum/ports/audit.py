"""Acts of staff on accounts, exports and settings: who did what, and when. Never anything that participants did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

MOST_ABOUT = 200


class What(StrEnum):
    """Acts that are kept. Those of a sign-in that failed are nobody's: `whom` is the account that it was tried on."""

    SIGNED_IN = "signed in"
    SIGNED_IN_BY_PROVIDER = "signed in by provider"
    SIGN_IN_FAILED = "sign-in failed"
    SIGNED_OUT = "signed out"
    SIGN_INS_ENDED = "sign-ins ended"
    PASSWORD_CHANGED = "password changed"  # noqa: S105 - words
    ACCOUNT_ADDED = "account added"
    ROLES_CHANGED = "roles changed"
    SECOND_STEP_ON = "second step on"
    SECOND_STEP_OFF = "second step off"
    RECOVERY_CODES_MADE = "recovery codes made"
    RECOVERY_CODE_USED = "recovery code used"
    SECOND_STEP_LOCKED = "second step locked"
    BOUND = "bound to provider"
    UNBOUND = "unbound from provider"
    TOKEN_MADE = "token made"  # noqa: S105 - words
    TOKEN_REVOKED = "token revoked"  # noqa: S105 - words
    WEBHOOK_ADDED = "webhook added"
    WEBHOOK_STARTED = "webhook started again"
    WEBHOOK_REMOVED = "webhook removed"
    EMBEDDERS_CHANGED = "sites that embed changed"
    EXPORTED = "exported"
    ORGANISATION_CHANGED = "organisation changed"


@dataclass(frozen=True)
class StaffAct:
    """One act: when, by whom (the id of an account, "" for nobody who is known, or the command line), what, on whose
    account (an id, or ""), and what it was about in a few words."""

    at: str
    by: str
    what: What
    whom: str = ""
    about: str = ""
    seq: int = 0


class Audit(Protocol):
    """Acts of staff."""

    async def add_act(self, act: StaffAct) -> None:
        """Adds an act; its `seq` is given by the database."""

    async def acts(self, *, person: str = "", what: Sequence[What] = (), most: int, skip: int = 0) -> list[StaffAct]:
        """Returns at most `most` acts after `skip` others, newest first: those by a person or on their account, where
        one is named, and of these kinds, where any are."""

    async def count_acts(self, *, person: str = "", what: Sequence[What] = ()) -> int:
        """Returns how many acts `acts` would find."""
