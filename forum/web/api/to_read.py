"""Types of what moderators read over the API: stories, appeals, evidence, statements of groups, pledges of help."""

from __future__ import annotations

from msgspec import Struct

from forum.web.api.schema import Address, Day, Time
from forum.web.api.shapes import Answer


class Report(Struct, frozen=True, kw_only=True):
    """A reader's report on a public story that nobody has answered."""

    id: str
    words: str
    at: Time


class ProposedHere(Struct, frozen=True, kw_only=True):
    """A question that was proposed to a story's writer, who has not answered."""

    id: str
    question: str
    answers: tuple[str, ...]
    at: Time


class StoryToRead(Answer, frozen=True, kw_only=True):
    """A story as its moderators read it. Who acts on it sends back `state` and `read`, which stands for this text.
    `to_shape`: it waits for a question; `proposed` are those that its writer has not answered."""

    id: str
    commission: str
    title: str
    state: str
    told_by: str | None
    text: str
    read: str
    to_shape: bool
    may_publish: bool
    may_perform: bool
    reports: tuple[Report, ...]
    proposed: tuple[ProposedHere, ...] = ()
    page: Address


class AppealToRead(Struct, frozen=True, kw_only=True):
    """A writer's appeal that waits, with what it is against. `yours`: you did that, so another moderator answers."""

    id: str
    story: str
    title: str
    words: str
    at: Time
    against: str
    because: str
    yours: bool
    page: Address


class EvidenceToRead(Struct, frozen=True, kw_only=True):
    """A piece of evidence beside a story: a link, or a file of `size` bytes at `file`. `state` is waiting, shown or
    declined; of what was declined only the title and the reason are kept. Who acts on it sends back `read`, which
    stands for all of it, with the file."""

    id: str
    kind: str
    title: str
    url: str
    file: str | None
    size: int
    read: str
    state: str
    because: str
    added_at: Time


class StatementToRead(Struct, frozen=True, kw_only=True):
    """A statement of a group that a decision goes against, which waits to be read. Who acts on it sends back `read`,
    which stands for these words."""

    id: str
    decision: str
    group: str
    words: str
    read: str
    sent_at: Time
    page: Address


class PledgeToRead(Struct, frozen=True, kw_only=True):
    """A pledge of help that waits to be read. Nobody knows whose it is."""

    id: str
    words: str
    name: str
    day: Day
