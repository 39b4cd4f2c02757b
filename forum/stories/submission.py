"""Stories as they are stored: text, status, and kept versions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from forum.stories.draft import Draft


class StoryStatus(StrEnum):
    """Statuses of a story: written by its contributor, sent to the moderators, and what came of that."""

    WRITING = "writing"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    HELD = "held"
    WITHDRAWN = "withdrawn"


class VersionKind(StrEnum):
    """Kinds of a kept version, by what was done to the draft."""

    BEGUN = "begun"
    WRITTEN = "written"
    TAKEN_IN = "suggestion taken in"
    BROUGHT_BACK = "brought back"
    SENT = "sent"
    PUBLISHED = "published"


@dataclass(frozen=True)
class Submission:
    """A story that somebody submitted. `twee` is the whole story; `link` is the SHA-256 (hex) of its private link's
    key.

    While it is written for the first time `twee` is empty, and its words are in its draft. `told_by` is a group id of
    the commission or None. `because` is the moderator's reason for returning or holding it or its new version. The
    three `may_` are its writer's permissions; `published_at` is when it became public, "" if never. `revision` is a
    new version (the whole story) of an accepted one that no moderator has read yet. `to_shape`: it was sent without a
    question, for somebody else to propose one (shaping.py). A withdrawn story has
    `withdrawn_at` and no words: title, twee, revision and because are empty.
    """

    id: str
    commission: str
    title: str
    twee: str
    status: StoryStatus
    told_by: str | None = None
    link: str = ""
    because: str = ""
    submitted_at: str = ""
    moderated_at: str = ""
    may_perform: bool = False
    may_publish: bool = False
    may_quote: bool = False
    published_at: str = ""
    withdrawn_at: str = ""
    revision: str = ""
    revised_at: str = ""
    to_shape: bool = False


@dataclass(frozen=True)
class Version:
    """An earlier state of a story's draft. `number` counts from 1 in its story.

    `by` tells one browser's writing from another's and means nothing elsewhere; "" where it is unknown.
    """

    story: str
    number: int
    at: str
    kind: VersionKind
    draft: Draft
    by: str = ""


class Kept(msgspec.Struct, frozen=True):
    """A version without its words; its fields are as in Version."""

    number: int
    at: str
    kind: VersionKind
    by: str
