"""Suggestions for a story that is written together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SuggestionKind(StrEnum):
    """Kinds of a suggestion."""

    SCENE = "scene"
    RESPONSE = "response"
    CORRECTION = "correction"
    QUESTION = "question"
    EVIDENCE = "evidence"


class SuggestionOutcome(StrEnum):
    """Answers to a suggestion."""

    WAITING = ""
    TAKEN = "accepted"
    TAKEN_CHANGED = "accepted with changes"
    DECLINED = "declined"


@dataclass(frozen=True)
class Suggestion:
    """A suggestion for a story that is built together.

    A scene has a `title` (its name, or none) and `words`; `place` is the card it goes after, or the way it goes into
    ("" for the end). A response has `words` for the decision point `place`. A correction has new `words` for the field
    `place`, and in `seen` the mark of the text that its writer saw. A question for a story without one is its `title`,
    and its responses are the lines of `words`. Evidence has a `title` and a `url`. `group` is a group id of the
    commission or None; `name` is given only by writers who wish to be named; `by` is as in Version.

    `staff` marks a question from the moderation queue. `agreed` is the fingerprint of the whole story with this
    question, once the moderator `agreed_by` has read it as that.
    """

    id: str
    story: str
    kind: SuggestionKind
    words: str
    at: str
    place: str = ""
    seen: str = ""
    title: str = ""
    url: str = ""
    group: str | None = None
    name: str = ""
    by: str = ""
    outcome: SuggestionOutcome = SuggestionOutcome.WAITING
    because: str = ""
    answered_at: str = ""
    staff: bool = False
    agreed: str = ""
    agreed_by: str = ""


SUGGESTIONS = tuple(SuggestionKind)
OUTCOMES = (SuggestionOutcome.TAKEN, SuggestionOutcome.TAKEN_CHANGED, SuggestionOutcome.DECLINED)
