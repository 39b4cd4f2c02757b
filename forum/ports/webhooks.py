"""Webhooks: addresses of other programs that are told what was published, and the messages to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class HookEvent(StrEnum):
    """Events that a webhook may be told of, each once its entry is in the record."""

    SESSION_OPENED = "session.opened"
    RESULT_SHOWN = "result.shown"
    DECISION_MADE = "decision.made"
    PROMISE_MOVED = "promise.moved"


class MessageState(StrEnum):
    """States of a message to a webhook."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given up"


class NotTried(OSError):
    """Raised where a message could not be sent because this server was busy: its webhook has done nothing wrong."""


@dataclass(frozen=True)
class Webhook:
    """An address that is told of events of a commission. `by` is the id of the account that set it up. `failing_since`
    is when the first message failed that none has gone through after, "" for none; `stopped_at` is when it was stopped
    for that, or was found gone."""

    id: str
    commission: str
    url: str
    events: tuple[HookEvent, ...]
    by: str
    created_at: str
    failing_since: str = ""
    stopped_at: str = ""


@dataclass(frozen=True)
class HookMessage:
    """A message to a webhook: ids alone, in `facts`. It is sent again under the same id until it is taken. `heard` is
    what the latest attempt came to in a few words, `tries` how many there were."""

    id: str
    webhook: str
    event: HookEvent
    at: str
    facts: dict[str, str | int]
    state: MessageState = MessageState.WAITING
    tries: int = 0
    not_before: str = ""
    tried_at: str = ""
    heard: str = ""
    claim: str = ""
    claim_until: str = ""


class Webhooks(Protocol):
    """Webhooks and the messages to them, and the sites that show results in their own pages."""

    async def add_webhook(self, webhook: Webhook) -> None:
        """Adds a webhook."""

    async def get_webhook(self, webhook: str, *, lock: bool = False) -> Webhook:
        """Returns a webhook. Raises NotFound."""

    async def list_webhooks(self, commission: str) -> list[Webhook]:
        """Returns the webhooks of a commission, oldest first."""

    async def stopped(self, commissions: Collection[str] | None) -> list[Webhook]:
        """Returns the webhooks of these commissions, or for None of all, that were stopped; at most twenty."""

    async def save_webhook(self, webhook: Webhook) -> None:
        """Writes a changed webhook; one that was removed meanwhile stays so."""

    async def remove_webhook(self, webhook: str) -> None:
        """Deletes a webhook with its messages."""

    async def add_message(self, message: HookMessage) -> None:
        """Adds a message."""

    async def get_message(self, message: str) -> HookMessage:
        """Returns a message. Raises NotFound."""

    async def messages(self, webhook: str, skip: int, most: int) -> list[HookMessage]:
        """Returns messages to a webhook, newest first."""

    async def count_messages(self, webhook: str) -> int:
        """Returns how many messages to a webhook are kept."""

    async def claim(
        self, at: str, claim: str, until: str, most: int, without: Collection[str] = ()
    ) -> list[HookMessage]:
        """Claims messages that are due at this time and that nobody else has claimed, of each commission the one that
        waits for the longest, and returns them: until the time `until` no other process sends them. Those to a stopped
        webhook are left out, and those of the commissions `without`."""

    async def save_message(self, message: HookMessage, claim: str) -> bool:
        """Writes a message after an attempt and ends its claim. Returns False, and writes nothing, where another
        process has claimed it since or it is gone."""

    async def forget_messages(self, before: str) -> None:
        """Deletes messages from before a time that do not wait any more."""

    async def save_embedders(self, commission: str, addresses: Sequence[str]) -> None:
        """Writes which other sites may show what is published of a commission."""

    async def embedders(self, commission: str) -> tuple[str, ...]:
        """Returns which other sites may show what is published of a commission; () for none."""
