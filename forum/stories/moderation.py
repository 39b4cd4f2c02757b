"""What moderators decide on, and what lies beside a story: acts, appeals, reports, evidence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Act:
    """One thing a moderator did with a story. `action` is one of submissions.ACTS.

    `before` is the story's status until then, `read` the fingerprint of the text that was read, `sent_at` when that
    text was sent. `because` is the reason, for the writer; `public` says that it stands in the public log too. `by` is
    who did it (a person's id, or empty): it is never shown, and decides who may answer an appeal. `entry` is the index
    of its record entry, None for a rehearsal that is not recorded.
    """

    id: str
    story: str
    action: str
    before: str
    because: str = ""
    public: bool = False
    by: str = ""
    read: str = ""
    sent_at: str = ""
    at: str = ""
    entry: int | None = None


@dataclass(frozen=True)
class Appeal:
    """A writer's appeal against one act on their story. `outcome` is "", "upheld" or "overturned" (the act, that is).

    `words` are the writer's, `because` is the answer's reason, which the writer reads; `by` is who answered.
    """

    id: str
    story: str
    act: str
    words: str
    at: str
    outcome: str = ""
    because: str = ""
    by: str = ""
    answered_at: str = ""


@dataclass(frozen=True)
class Report:
    """What a reader of a public story found wrong with it. `answer` is "", "kept" or "taken down"."""

    id: str
    story: str
    words: str
    at: str
    answer: str = ""
    answered_at: str = ""


@dataclass(frozen=True)
class Evidence:
    """A link or a file beside a story. `kind` is "link" (then `url` is where to) or a media type of files.MEDIA.

    `size` is the file's in bytes. It is public once a moderator has shown it, while the story is; `because` is why it
    was declined, and then neither its url nor its content is kept.
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
