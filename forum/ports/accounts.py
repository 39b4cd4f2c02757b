"""Accounts: people with their sign-ins, and tokens for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import msgspec

from forum.errors import message

LOGIN_TAKEN = message("This sign-in name is taken. Choose another one.")


class Role(StrEnum):
    """Roles of an account. What each may do stands in services/permissions.py."""

    ADMINISTRATOR = "administrator"
    ORGANISER = "organiser"
    MODERATOR = "moderator"
    COMMISSIONER = "commissioner"
    SECOND_READER = "second reader"


@dataclass(frozen=True)
class Person:
    """An account. `password` is an argon2 hash, or empty.

    `roles` count in every commission; `roles_in` names those that count in one alone, by its id.
    """

    id: str
    login: str
    name: str
    roles: tuple[Role, ...]
    password: str = ""
    created_at: str = ""
    roles_in: Mapping[str, tuple[Role, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Token:
    """A token with which somebody's programs sign in. Only the SHA-256 of its secret is stored.

    It stands for a role in a commission (by id), until the day `expires_on` (ISO). One of the older kind has neither
    role nor commission, and stands for its maker. `used_on` is the day on which it was last used, "" for never.
    """

    id: str
    person: str
    label: str
    created_at: str
    revoked_at: str = ""
    commission: str = ""
    role: str = ""
    expires_on: str = ""
    used_on: str = ""


class SignIn(msgspec.Struct, frozen=True):
    """A sign-in on one browser: the digest of its key, whose, when, until when, which browser in a few words, and the
    day on which it was last used (2026-11-22). The last two are "" in those of earlier versions."""

    token: str
    person: str
    at: str
    until: str
    device: str = ""
    used_on: str = ""


class People(Protocol):
    """Accounts, sign-ins, the first administrator's link and tokens. Secrets are passed as SHA-256 (hex)."""

    async def add_person(self, person: Person) -> None:
        """Adds an account. Raises BadInput(field="login") where the login is taken, compared without case."""

    async def by_login(self, login: str) -> Person | None:
        """Returns the account with this login, compared without case, or None."""

    async def list_people(self, *, lock: bool = False) -> list[Person]:
        """Returns all accounts in the order they were added. `lock` makes other units that lock or change them wait
        until this one ends.
        """

    async def set_roles(self, person: str, roles: Sequence[Role]) -> None:
        """Replaces a person's roles that count in every commission."""

    async def set_roles_in(self, person: str, roles_in: Mapping[str, Sequence[Role]]) -> None:
        """Replaces a person's roles that count in one commission alone, by the commission's id."""

    async def set_password(self, person: str, password: str) -> None:
        """Replaces a person's password hash."""

    async def sign_out_everywhere(self, person: str, *, but: str = "") -> int:
        """Ends every sign-in of a person, but for one. Returns how many ended."""

    async def add_sign_in(self, begun: SignIn) -> None:
        """Stores a sign-in, and deletes those that have expired."""

    async def sign_in(self, token: str, person: str, at: str, until: str) -> None:
        """Stores a sign-in that lasts until `until`."""

    async def signed_in(self, token: str, at: str) -> Person | None:
        """Returns the person signed in with this token, or None where there is no such sign-in or it has expired."""

    async def get_sign_in(self, token: str, at: str) -> tuple[Person, SignIn] | None:
        """Returns the sign-in with this token and whose it is, or None as `signed_in` does."""

    async def sign_ins(self, person: str, at: str, most: int) -> list[SignIn]:
        """Returns at most `most` sign-ins of a person that have not expired, newest first."""

    async def use_sign_in(self, token: str, day: str) -> None:
        """Notes the day on which a sign-in was last used; does nothing where there is none."""

    async def sign_out(self, token: str) -> None:
        """Ends one sign-in; does nothing where there is none."""

    async def set_first_link(self, token: str, until: str) -> None:
        """Stores the link that makes the first administrator and invalidates any earlier one."""

    async def first_link_holds(self, token: str, at: str) -> bool:
        """Returns whether this is the current link and has not expired."""

    async def use_first_link(self, token: str, at: str) -> bool:
        """Uses the link up. Returns True exactly once, and only before it expires."""

    async def add_token(self, token: Token, secret: str) -> None:
        """Stores a token with the SHA-256 of its secret."""

    async def tokens(self, person: str) -> list[Token]:
        """Returns a person's tokens, revoked ones too, in the order they were made."""

    async def revoke_token(self, person: str, token: str, at: str) -> None:
        """Revokes a token; the time of an earlier revocation stays. Raises NotFound where the person has no
        such token.
        """

    async def token_with(self, secret: str) -> tuple[Person, Token] | None:
        """Returns the token with this secret and whose it is, or None where there is none or it was revoked."""

    async def use_token(self, token: str, day: str) -> None:
        """Notes the day on which a token was last used."""
