"""Shaping: a story that was sent with what happened alone gets its question and responses from somebody else.

It is published once its teller has said yes and a moderator has read the whole, in either order:

    sent without a question --proposed--> waits for its teller's yes --no--> waits for shaping, or for the next proposal
    a moderator agrees to the whole as one proposal makes it --yes, unchanged--> published
    any other yes --> the whole is sent, and waits to be read
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from forum.stories.submission import StoryStatus, Submission
from forum.stories.suggestion import Suggestion, SuggestionKind


class Shape(StrEnum):
    """States of a story's shaping. One that has its question, or was not sent for shaping, is SHAPED."""

    SHAPED = ""
    WANTED = "waits for shaping"
    PROPOSED = "waits for its teller's yes"


class AfterYes(StrEnum):
    """What a teller's yes does beside taking the question into the draft."""

    KEPT = "kept"
    SENT = "sent"
    PUBLISHED = "published"


def shape_of(story: Submission, suggestions: Iterable[Suggestion]) -> Shape:
    """Returns the state of a story's shaping, given the suggestions for it."""
    if story.status != StoryStatus.SUBMITTED or not story.to_shape:
        return Shape.SHAPED
    return Shape.PROPOSED if open_proposals(suggestions) else Shape.WANTED


def open_proposals(suggestions: Iterable[Suggestion]) -> list[Suggestion]:
    """Returns the questions that wait for the teller's answer."""
    return [one for one in suggestions if one.kind == SuggestionKind.QUESTION and not one.outcome]


def after_yes(story: Submission, agreed: str, read: str) -> AfterYes:
    """Returns what follows from a teller's yes: `read` is the fingerprint of the whole story as the yes makes it, ""
    where it cannot be sent as it is; `agreed` of the one that a moderator has agreed to, "" for none."""
    if story.status != StoryStatus.SUBMITTED or not story.to_shape or not read:
        return AfterYes.KEPT
    return AfterYes.PUBLISHED if agreed == read and story.may_publish else AfterYes.SENT
