"""People with an account, their sign-ins and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Person:
    """Somebody with an account. `roles` are names from roles.ROLES; `password` is an argon2 hash, or empty."""

    id: str
    login: str
    name: str
    roles: tuple[str, ...]
    password: str = ""
    created_at: str = ""


@dataclass(frozen=True)
class Token:
    """An organiser's token for machines. Only a SHA-256 of it is kept."""

    id: str
    person: str
    label: str
    created_at: str
    revoked_at: str = ""


class People(Protocol):
    """Accounts, sign-ins, the first administrator's link, organisers' tokens. Secrets come in hashed (SHA-256 hex)."""

    async def add_person(self, person: Person) -> None:
        """Raises BadInput(field="login") where the login (compared without case) is taken."""

    async def by_login(self, login: str) -> Person | None: ...
    async def list_people(self, *, lock: bool = False) -> list[Person]:
        """In the order they were added. `lock` keeps every other unit of work from changing them until this one
        ends."""
        ...

    async def set_roles(self, person: str, roles: Sequence[str]) -> None: ...
    async def set_password(self, person: str, password: str) -> None: ...
    async def sign_out_everywhere(self, person: str) -> None:
        """Ends every sign-in of theirs."""

    async def sign_in(self, token: str, person: str, at: str, until: str) -> None: ...
    async def signed_in(self, token: str, at: str) -> Person | None:
        """Whose sign-in this is; None where there is none, or it has run out."""

    async def sign_out(self, token: str) -> None: ...
    async def set_first_link(self, token: str, until: str) -> None:
        """The only link that now makes the first administrator; any earlier one dies."""

    async def first_link_holds(self, token: str, at: str) -> bool: ...
    async def use_first_link(self, token: str, at: str) -> bool:
        """Consumes it. True exactly once, and only before it runs out."""

    async def add_token(self, token: Token, secret: str) -> None: ...
    async def tokens(self, person: str) -> list[Token]: ...
    async def revoke_token(self, person: str, token: str, at: str) -> None: ...
    async def token_holder(self, secret: str) -> Person | None:
        """Whose token this is; None where it does not exist or was revoked."""
