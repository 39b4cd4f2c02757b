"""Letters: who asked for them, what is posted, and the mail server."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


@dataclass(frozen=True)
class Subscription:
    """Somebody who wants to be told by e-mail what becomes of a story: one for each story at most.

    `state` is one of MAIL_STATES. "asked": the mail that asks whether the address is theirs is still to be sent;
    "sent": it was, and is to be answered until `until`; "confirmed": what happened after `told_until` is to be told.
    "refused" and "done" say why there is no address any more: `address` is empty then, and in no other state.
    `key` is that of the links in its mails, which can confirm and stop, nothing else. `seen` is the size of the record
    when the story was last looked at: it is looked at again when the record has grown, or `look_at` has come, but
    not before `not_before`. `tries` counts mails that were not taken for now.
    """

    id: str
    story: str
    address: str
    key: str
    state: str
    asked_at: str
    until: str
    told_until: str
    not_before: str
    look_at: str
    seen: int = 0
    tries: int = 0


MAIL_STATES = (ASKED, SENT_OUT, CONFIRMED, REFUSED, DONE) = ("asked", "sent", "confirmed", "refused", "done")


@dataclass(frozen=True)
class Letter:
    """A mail that is ready: plain text, from us to one address.

    `id` is the same for the same mail sent again, `stop` the address of the page that ends them, `at` when it is sent.
    """

    to: str
    subject: str
    text: str
    id: str
    stop: str
    at: str


class Posted(Enum):
    """What became of a letter. LATER: its receiver takes none for now; DOWN: the mail server takes none from us."""

    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"
    DOWN = "down"


class Post(Protocol):
    """Sends letters."""

    async def send(self, letter: Letter) -> Posted:
        """Never raises for what a mail server does, and takes a minute at most."""
        ...


class Mail(Protocol):
    """Who wants to be told of a story by e-mail."""

    async def add_subscription(self, subscription: Subscription) -> None:
        """In the place of whatever there was for its story."""

    async def get_subscription(self, story: str) -> Subscription | None: ...
    async def by_key(self, key: str) -> Subscription: ...
    async def list_due_subscriptions(self, at: str, size: int) -> list[Subscription]:
        """Those to be looked at, with `size` entries in the record: asked or confirmed; who waits longest first."""
        ...

    async def late(self, at: str) -> list[Subscription]:
        """Those not confirmed in time."""
        ...

    async def save_subscription(self, subscription: Subscription, before: Subscription) -> bool:
        """False, and nothing is kept, where it is gone or its state is no longer that of `before`."""
        ...

    async def erase_story(self, story: str) -> bool:
        """Deletes what there is for a story. True where an address went with it."""
        ...
