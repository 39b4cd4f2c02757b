"""Types of what the API answers to writes: what was made or changed, as far as the next request needs it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from forum.web.api.schema import Address, Choice, Result, Time
from forum.web.api.shapes import Answer

Entry = Annotated[int | None, Meta(description="Its entry in the record; null where it has none, as in a rehearsal.")]


class Done(Answer, frozen=True, kw_only=True):
    """Something that was made or changed. `version` is what a later change of it has to name, where it has one."""

    id: str
    version: int | None = None
    state: str = ""
    entry: Entry = None
    page: Address


class SessionMade(Answer, frozen=True, kw_only=True):
    """A session that was made or changed. Whoever has the address of its projector can put it on a wall."""

    id: str
    version: int
    state: str
    code: str
    projector: Address
    page: Address


class RoundDone(Answer, frozen=True, kw_only=True):
    """A session after an act of its facilitator: its version, and the vote that the act was about, with its count once
    it is closed and its result once it is shown."""

    session: str
    version: int
    round: str | None = None
    state: str = ""
    answers: tuple[Choice, ...] = ()
    closes_at: Time | None = None
    count: int | None = None
    result: Result | None = None
    page: Address


class PlannedItem(Struct, frozen=True, kw_only=True):
    """A cue of a programme."""

    id: str
    kind: str
    words: str


class PlannedSection(Struct, frozen=True, kw_only=True):
    """A section of a programme, with its cues in their order."""

    id: str
    title: str
    starts: str
    ends: str
    items: tuple[PlannedItem, ...]


class ProgrammeKept(Answer, frozen=True, kw_only=True):
    """The programme of a session after its latest change, which has this number."""

    session: str
    number: int
    sections: tuple[PlannedSection, ...]
    page: Address


class Hook(Answer, frozen=True, kw_only=True):
    """A webhook of a commission. Its `secret`, which signs what is sent to it, is told once, when it is made."""

    id: str
    url: str
    events: tuple[str, ...]
    created_at: Time
    stopped_at: Time | None
    secret: str | None = None


class SealedPrediction(Answer, frozen=True, kw_only=True):
    """What those who decide expect a room to say; `id` is null where nothing is sealed. It is opened with `decision`.
    `may_be_sealed` is false once a vote of the session was opened."""

    session: str
    id: str | None
    expect: str
    minds: str
    sealed_at: Time | None
    decision: str | None
    entry: Entry = None
    may_be_sealed: bool
    page: Address


class LettingSites(Answer, frozen=True, kw_only=True):
    """Sites that may show the results of a commission within their pages."""

    commission: str
    addresses: tuple[str, ...]
    page: Address


class HookMessageTold(Answer, frozen=True, kw_only=True):
    """A message to a webhook. `state` is waiting, sent or given up; `heard` is what the latest try came to."""

    id: str
    event: str
    at: Time
    facts: dict[str, str | int]
    state: str
    tries: int
    tried_at: Time | None
    heard: str
