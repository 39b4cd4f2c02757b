"""Passwords: the one form of each, its length, and what makes and checks hashes of them."""

from __future__ import annotations

import enum
import re
import unicodedata
from typing import Protocol

# Characters that a new password has, counted in the form of `prepared`.
FEWEST = 12
MOST = 200

# Unicode's separators of words (Zs).
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


def prepared(password: str) -> str:
    """Returns the one form of a password, however a device writes it: composed (NFC), every space U+0020 (RFC 8265,
    the OpaqueString profile)."""
    return unicodedata.normalize("NFC", _SPACES.sub(" ", password))


class Fit(enum.Enum):
    """The answer to "does this password belong to this hash?". BEFORE: yes, and the hash is to be made anew, for it is
    of a form, or of parameters, that are no longer used."""

    NO = enum.auto()
    YES = enum.auto()
    BEFORE = enum.auto()


class Passwords(Protocol):
    """Makes and checks the hashes of passwords. Both are slow on purpose, and neither blocks the event loop."""

    async def hashed(self, password: str) -> str:
        """Returns the hash to store, of the `prepared` form, with its own salt and parameters."""
        ...

    async def fit(self, stored: str, password: str) -> Fit:
        """Says whether the password belongs to a stored hash. For the hash "" (nobody's) it takes as long, and the
        answer is NO."""
        ...
