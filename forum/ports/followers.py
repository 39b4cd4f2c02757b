"""Followers: addresses that are told by e-mail what becomes of a commission, a decision or a promise."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import msgspec

from forum.ports.mail import MailState


class Followed(StrEnum):
    """Kinds of thing that can be followed."""

    COMMISSION = "commission"
    DECISION = "decision"
    PROMISE = "promise"


class Subject(msgspec.Struct, frozen=True):
    """One thing that can be followed: its kind, and its id."""

    kind: Followed
    id: str


@dataclass(frozen=True)
class Follower:
    """An address that follows one thing; `about` is the id of that thing, `kind` its kind.

    "asked": the mail that asks for confirmation is still to be sent. "sent": it was sent and must be answered before
    `until`. "confirmed": what was published after `told_until` is to be told, but not before `not_before`. It has no
    other state: a row is deleted with its address. `key` is part of the links in its mails and can only confirm or
    stop. `tries` counts mails that were refused for the time being.
    """

    id: str
    kind: Followed
    about: str
    address: str
    key: str
    state: MailState
    asked_at: str
    until: str
    told_until: str
    not_before: str
    tries: int = 0

    @property
    def subject(self) -> Subject:
        """Returns the thing that is followed."""
        return Subject(self.kind, self.about)


class Followers(Protocol):
    """Those who follow something by e-mail. No row refers to a ballot, a browser or a person."""

    async def add_follower(self, follower: Follower) -> bool:
        """Stores a follower. Returns False, and stores nothing, where this address follows the same thing already."""

    async def follower(self, subject: Subject, address: str) -> Follower | None:
        """Returns the follower of a thing with this address, whatever its case, or None."""

    async def follower_by_key(self, key: str) -> Follower:
        """Returns the follower with this key. Raises NotFound."""

    async def count_followers(self, subject: Subject) -> int:
        """Returns how many addresses follow a thing, confirmed or not."""

    async def asked_followers(self, at: str, most: int) -> list[Follower]:
        """Returns at most so many followers whose mail that asks for confirmation is due, the longest waiting first."""

    async def subjects(self) -> list[Subject]:
        """Returns every thing that has a confirmed follower."""

    async def untold_followers(self, subject: Subject, news_at: str, at: str, most: int) -> list[Follower]:
        """Returns at most so many confirmed followers of a thing who were not told of what came at `news_at`, and may
        be written to at `at`; the longest waiting first."""

    async def late_followers(self, at: str, quiet: str) -> list[Follower]:
        """Returns the followers who did not confirm in time, and those told of nothing since the moment `quiet`."""

    async def save_follower(self, follower: Follower, before: Follower) -> bool:
        """Stores a changed follower. Returns False, and stores nothing, where it is gone or its state is not that of
        `before`."""

    async def erase_follower(self, follower: str) -> bool:
        """Deletes a follower by its id. Returns True where there was one."""

    async def erase_followers_at(self, address: str) -> int:
        """Deletes every follower with this address, whatever its case; returns how many there were."""
