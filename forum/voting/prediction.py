"""Sealed predictions: what those who decide expect a room to say, written before it votes, opened with the decision."""

from __future__ import annotations

from dataclasses import dataclass

MOST_PREDICTED = 4000


@dataclass(frozen=True)
class Prediction:
    """The prediction for a session: what those who decide `expect` the room to say, and what would change their
    `minds`, each with the salt that its digest was made with.

    `entry` is the index of the record entry with the digests, `opening` of the one that opens it, None without (in a
    rehearsal). `decision` is the id of the decision that it was opened with, "" while it is sealed.
    """

    id: str
    session: str
    expect: str
    minds: str
    expect_salt: str
    minds_salt: str
    sealed_at: str
    entry: int | None = None
    decision: str = ""
    opening: int | None = None
