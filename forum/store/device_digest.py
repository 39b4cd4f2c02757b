"""Digests by which a session recognises a browser, different in each session."""

from __future__ import annotations

import hashlib
from typing import Final

# Sorts after every digest in both databases, since digests begin with a hexadecimal digit.
GONE: Final = "gone"


def salted(session: str, device: str) -> str:
    """Returns the digest (64 hex digits) by which a session knows a device.

    `device` is itself a digest of a random value, and the session's id is random: nobody can tell from two sessions
    which of their participants used one browser.
    """
    return hashlib.sha256(f"{session} {device}".encode()).hexdigest()
