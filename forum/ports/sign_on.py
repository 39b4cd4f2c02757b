"""Single sign-on by OpenID Connect: the provider, whom it says somebody is, and which account is bound to whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import msgspec


class TokenRefused(Exception):
    """An answer of the provider that is no proof of who somebody is. Its words are for the log, and name nobody."""


@dataclass(frozen=True)
class IdentityProvider:
    """The provider as the settings name it: `issuer` as its tokens must say it, how this Forum is known there, and the
    words of the button."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    name: str


class Identity(msgspec.Struct, frozen=True):
    """Somebody as a provider's token says: `sub` is theirs there for good. `email` is "" unless the provider says that
    it has verified it; `second` is True where it says that they gave more than a password there."""

    issuer: str
    sub: str
    email: str = ""
    second: bool = False


class Binding(msgspec.Struct, frozen=True):
    """An account (by id) that is bound to an identity at a provider, and since when."""

    person: str
    issuer: str
    sub: str
    at: str


class Provider(Protocol):
    """The provider. What it asks is asked over the network: OSError where it does not answer, or not usably."""

    async def sign_in_address(self, state: str, nonce: str, verifier: str) -> str:
        """Returns the address at the provider to which a browser goes to sign in."""

    async def identity(self, code: str, nonce: str, verifier: str, at: str) -> Identity:
        """Returns who somebody is that came back with a code. Raises TokenRefused where that is not proved."""


class Bindings(Protocol):
    """Which account is bound to which identity: at most one each."""

    async def bound_to(self, issuer: str, sub: str) -> str:
        """Returns the account (by id) that is bound to an identity, "" for none."""

    async def all_bindings(self) -> dict[str, Binding]:
        """Returns every binding, by its account."""

    async def bind(self, binding: Binding) -> bool:
        """Binds an account. Returns False where it, or the identity, is bound already."""

    async def unbind(self, person: str) -> bool:
        """Undoes the binding of an account. Returns False where there is none."""
