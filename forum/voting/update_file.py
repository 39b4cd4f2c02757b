"""Files beside updates of commitments: one picture or PDF each, which shows what became of a promise."""

from __future__ import annotations

import msgspec

MOST_SHOWS = 120
# Of one commitment, whatever its updates.
MOST_FILES = 20


class UpdateFile(msgspec.Struct, frozen=True):
    """The file beside an update, whose id is its own: what it `shows` in words, its media type, its size in bytes and
    the SHA-256 of its content in hex.

    Once a moderator took it away, at `withdrawn_at`, neither words nor content nor SHA-256 are left.
    """

    id: str
    commitment: str
    shows: str
    media: str
    size: int
    sha256: str
    withdrawn_at: str = ""
