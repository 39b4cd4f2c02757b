"""The part of a session that one participant alone sees: their vote, their stop, their reasons."""

from __future__ import annotations

import msgspec


class Yours(msgspec.Struct, frozen=True):
    """The vote that the server has counted for this phone in one round."""

    round: str
    choice: str
    reason: str = ""
    condition: str = ""


class YourStop(msgspec.Struct, frozen=True):
    """The stop of this phone in the scene that is played again now."""

    showing: str
    character: str
    how: str


class YourReason(msgspec.Struct, frozen=True):
    """The reason that this phone's participant wrote on the question whose result is on screen."""

    round: str
    words: str
    condition: str


class Mine(msgspec.Struct, frozen=True, tag_field="t", tag="mine"):
    """The votes and words of this phone's participant now, in the place of what hello and every message since said:
    another tab or device of theirs has sent something, whichever way. `too` are the reasons they say "me too" to,
    `group` the id of the group that they come from ("" for those who prefer not to say).
    """

    yours: list[Yours] = []
    stop: YourStop | None = None
    reason: YourReason | None = None
    too: list[str] = []
    group: str = ""
