"""Moderation of stories: acts, appeals, reports, and the evidence beside a story."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from forum.stories.submission import StoryStatus


class ModerationAction(StrEnum):
    """Actions of a moderator on a story, as the record names them once they are done."""

    ACCEPTED = "accepted"
    RETURNED = "returned"
    HELD = "held"
    RELEASED = "released"
    TAKEN_DOWN = "taken down"
    KEPT = "kept"
    ACCEPTED_VERSION = "new version accepted"
    RETURNED_VERSION = "new version returned"
    SHOWED_EVIDENCE = "evidence shown"
    DECLINED_EVIDENCE = "evidence declined"
    UPHELD = "decision upheld"
    OVERTURNED = "decision overturned"
    ERASED = "erased"


class AppealOutcome(StrEnum):
    """Outcomes of an appeal, said of the act that it is against."""

    OPEN = ""
    UPHELD = "upheld"
    OVERTURNED = "overturned"


class ReportAnswer(StrEnum):
    """Answers to a report: the story stays public, or does not."""

    OPEN = ""
    KEPT = "kept"
    TAKEN_DOWN = "taken down"


@dataclass(frozen=True)
class Act:
    """An act of a moderator on a story.

    `before` is the story's status until then, `read` the fingerprint of the text that was read, `sent_at` the time that
    text was sent. `because` is the reason, for the writer; with `public` it stands in the public log too. `by` is the
    moderator (a person's id, or ""): it is never shown, and decides who may answer an appeal. `entry` is the index of
    its record entry, None for a rehearsal that is not recorded.
    """

    id: str
    story: str
    action: ModerationAction
    before: StoryStatus
    because: str = ""
    public: bool = False
    by: str = ""
    read: str = ""
    sent_at: str = ""
    at: str = ""
    entry: int | None = None


@dataclass(frozen=True)
class Appeal:
    """A writer's appeal against an act on their story.

    `words` are the writer's. `because` is the reason of the answer, for the writer; `by` is who answered.
    """

    id: str
    story: str
    act: str
    words: str
    at: str
    outcome: AppealOutcome = AppealOutcome.OPEN
    because: str = ""
    by: str = ""
    answered_at: str = ""


@dataclass(frozen=True)
class Report:
    """A reader's complaint about a public story."""

    id: str
    story: str
    words: str
    at: str
    answer: ReportAnswer = ReportAnswer.OPEN
    answered_at: str = ""


@dataclass(frozen=True)
class Evidence:
    """A link or a file beside a story. `kind` is "link" (with `url`) or a media type of evidence_files.MEDIA.

    `size` is the file's in bytes. It is public once a moderator has shown it, as long as the story is. `because` is the
    reason it was declined; then neither url nor content is kept.
    """

    id: str
    story: str
    kind: str
    title: str
    url: str = ""
    size: int = 0
    added_at: str = ""
    shown_at: str = ""
    declined_at: str = ""
    because: str = ""
