"""How a browser is known in a session: by a digest that no other session has, and only as long as it must be."""

from __future__ import annotations

import hashlib
from typing import Final

# Before every digest comes a hexadecimal digit, so this is after all of them, in every database's order.
GONE: Final = "gone"


def salted(session: str, device: str) -> str:
    """What a session knows a device by (64 hex digits).

    The session's id is random, and so is what `device` is a digest of: of two sessions nobody can tell which of their
    participants are the same browser.
    """
    return hashlib.sha256(f"{session} {device}".encode()).hexdigest()
