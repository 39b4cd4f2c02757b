"""Keys, and the digests that the database keeps of them.

A key is a random text that opens something to whoever has it: a private link, a sign-in, an organiser's token, the
first administrator's link; or that tells a browser again. Where only a digest is kept, a copy of the database opens
nothing.
"""

from __future__ import annotations

import hashlib
import re
import secrets

_KEY = re.compile(r"[A-Za-z0-9_-]{32}")


def new_key() -> str:
    """Makes the key of a link or of a browser: 192 random bits, as 32 characters that need no escaping in a URL."""
    return secrets.token_urlsafe(24)


def new_token() -> str:
    """Makes the key of a sign-in or of an organiser's token: 256 random bits, as 43 characters as in `new_key`."""
    return secrets.token_urlsafe(32)


def is_key(text: str) -> bool:
    """True for a text that `new_key` could have made."""
    return bool(_KEY.fullmatch(text))


def digest(key: str) -> str:
    """Gives what the database keeps of a key: its SHA-256, 64 hex digits."""
    return hashlib.sha256(key.encode()).hexdigest()


def digest_of_no_key() -> str:
    """Gives a digest to put in the place of a key's, where nobody is to have the key: that of 256 random bits."""
    return hashlib.sha256(secrets.token_bytes(32)).hexdigest()
