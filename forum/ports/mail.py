"""Mail: subscriptions to news of a story, letters, and the mail server."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Protocol


class MailState(StrEnum):
    """States of a subscription."""

    ASKED = "asked"
    SENT_OUT = "sent"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    DONE = "done"


@dataclass(frozen=True)
class Subscription:
    """A request to be told by e-mail what becomes of a story; at most one for each story.

    "asked": the mail that asks for confirmation is still to be sent. "sent": it was sent
    and must be answered before `until`. "confirmed": events after `told_until` are to be reported. "refused" and "done"
    say why the address was erased; `address` is empty in these two states and in no other.

    `key` is part of the links in its mails and can only confirm or stop. `seen` is the size of the record when the
    story was last looked at. It is looked at again when the record has grown or `look_at` has come, but not before
    `not_before`. `tries` counts mails that were refused for the time being.
    """

    id: str
    story: str
    address: str
    key: str
    state: MailState
    asked_at: str
    until: str
    told_until: str
    not_before: str
    look_at: str
    seen: int = 0
    tries: int = 0


@dataclass(frozen=True)
class Letter:
    """A mail ready to be sent: plain text to one address, sent at `at`.

    `id` is the same when the same mail is sent again; `stop` is the address of the page that ends these mails.
    `sender` is the name that it comes from, "" for Forum's own.
    """

    to: str
    subject: str
    text: str
    id: str
    stop: str
    at: str
    sender: str = ""


class Posted(Enum):
    """The outcome of sending a letter. LATER: the receiver's server takes none for now. DOWN: our own mail server takes
    none.
    """

    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"
    DOWN = "down"


class Post(Protocol):
    """A sender of letters."""

    async def send(self, letter: Letter) -> Posted:
        """Sends a letter within a minute and returns the outcome. Never raises for anything that a mail server does."""


class Mail(Protocol):
    """Subscriptions to news of stories by e-mail."""

    async def add_subscription(self, subscription: Subscription) -> None:
        """Stores a subscription and replaces any earlier one for its story."""

    async def get_subscription(self, story: str) -> Subscription | None:
        """Returns the subscription for a story, or None."""

    async def by_key(self, key: str) -> Subscription:
        """Returns the subscription with this key. Raises NotFound."""

    async def list_due_subscriptions(self, at: str, size: int) -> list[Subscription]:
        """Returns the asked and confirmed subscriptions to look at now, the longest waiting first. `size` is the
        record's size.
        """

    async def late(self, at: str) -> list[Subscription]:
        """Returns the subscriptions that were not confirmed in time."""

    async def save_subscription(self, subscription: Subscription, before: Subscription) -> bool:
        """Stores a changed subscription. Returns False, and stores nothing, where it is gone or its state is not that
        of `before`.
        """

    async def erase_story(self, story: str) -> bool:
        """Deletes the subscription for a story. Returns True where an address was deleted with it."""
