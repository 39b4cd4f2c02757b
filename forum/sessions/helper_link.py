"""Links of helpers on the day: each opens one screen of one session, for some hours, without an account."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Helper(StrEnum):
    """What a helper does, and so what their screen shows."""

    SCRIBE = "scribe"  # writes down what was tried, proposals and amendments
    COUNTER = "paper counter"  # enters and confirms the papers of a vote
    CARE = "care host"  # sees that somebody needs a break, never who


class HelperLink(msgspec.Struct, frozen=True):
    """A helper's link. `key` is the digest of its key, `label` says whose it is in the organiser's own words; it works
    until the time `until`, or until it was switched off at `revoked_at` ("" while it was not). `made_by` is the id of
    the organiser who made it, "" where that was not kept yet.
    """

    id: str
    session: str
    helper: Helper
    label: str
    key: str
    made_at: str
    until: str
    revoked_at: str = ""
    made_by: str = ""

    def works(self, at: str) -> bool:
        """Tells whether it opens its screen at a time."""
        return not self.revoked_at and at < self.until
