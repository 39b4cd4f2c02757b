"""Answers to whether people have noticed what was promised, kept until they are counted."""

from __future__ import annotations

from typing import Protocol

import msgspec

from forum.voting.noticed import Asked, Noticed


class NoticedAnswer(msgspec.Struct, frozen=True):
    """One answer. `key` is the digest of the link that gave it, which is kept nowhere else: a mailed link is made of
    random bits when its letter is written, and a storyteller's of the key of their private link. So no row leads from
    the answer to an address or a story. `asking` is the update at which the asking began."""

    key: str
    commitment: str
    asking: str
    who: Asked
    said: Noticed


class NoticedAnswers(Protocol):
    """Answers of askings that were not counted yet."""

    async def put_noticed(self, answer: NoticedAnswer) -> None:
        """Stores an answer, in the place of any that its link gave before."""

    async def noticed(self, key: str) -> NoticedAnswer | None:
        """Returns the answer that the link with this digest gave, or None."""

    async def remove_noticed(self, key: str) -> None:
        """Deletes the answer that the link with this digest gave; does nothing where there is none."""

    async def askings(self) -> list[tuple[str, str]]:
        """Returns commitment and asking of all answers, each pair once."""

    async def count_noticed(self, asking: str) -> dict[Asked, dict[Noticed, int]]:
        """Returns how many of each kind of people gave each answer in an asking."""

    async def erase_noticed(self, asking: str) -> int:
        """Deletes the answers of an asking; returns how many there were."""
