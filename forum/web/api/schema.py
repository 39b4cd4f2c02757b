"""Types of what the HTTP API says and takes: answers are made of them, and the description at /api/v1/openapi.json is.

An id is the one that the thing has in addresses, in the record and in exports, so that all of them can be joined.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from forum.web.api.shapes import Answer

Time = Annotated[str, Meta(description="A moment in UTC (RFC 3339).", extra_json_schema={"format": "date-time"})]
Day = Annotated[str, Meta(description="A day (RFC 3339).", extra_json_schema={"format": "date"})]
Address = Annotated[str, Meta(description="Address of the page for people.", extra_json_schema={"format": "uri"})]
Marks = Annotated[dict[str, int], Meta(description="A number by the id of an answer, or by a mark of the method.")]


class Group(Struct, frozen=True, kw_only=True):
    """A group of people of a commission; `invited` is null where nobody counted."""

    id: str
    label: str
    invited: int | None = None


class Power(Struct, frozen=True, kw_only=True):
    """How far a vote binds, declared before it: who decides, what can change, and within how many days they answer."""

    level: str
    decides: str
    can_change: str
    cannot_change: str
    answer_by_days: int | None = None


class Commission(Answer, frozen=True, kw_only=True):
    """A commission with its newest terms. `threshold` is the smallest group whose numbers are shown on their own."""

    id: str
    title: str
    question: str
    stage: str
    closed_at: Time | None
    power: Power
    groups: tuple[Group, ...]
    threshold: int
    small_numbers: bool
    version: int
    created_at: Time | None
    demonstration: bool
    rehearsal: bool
    page: Address


class StageMove(Struct, frozen=True, kw_only=True):
    """A move of a commission from one stage to another; `entry` is its number in the record."""

    id: str
    came_from: str
    went_to: str
    learnt: str
    better: str
    took_part: str
    at: Time
    entry: int | None


class StageNote(Struct, frozen=True, kw_only=True):
    """An answer to a question of a stage; `decision` is the one that it follows from."""

    id: str
    stage: str
    question: str
    words: str
    decision: str | None
    at: Time
    entry: int | None


class Stages(Answer, frozen=True, kw_only=True):
    """Course of a commission: where it stands, its moves so far, and what was answered in its stages, oldest first.
    `acts` is what the next move has to name."""

    commission: str
    stage: str
    closed: bool
    acts: int
    moves: tuple[StageMove, ...]
    notes: tuple[StageNote, ...]


class Session(Answer, frozen=True, kw_only=True):
    """A live session. `state` is rehearsal, planned, called off, going on or ended. `stories` are those of its stories
    that everybody may read; `came` is null where that is not told."""

    id: str
    commission: str
    title: str
    state: str
    day: Day | None
    place: str
    opened_at: Time | None
    ended_at: Time | None
    called_off_at: Time | None
    called_off_because: str
    stories: tuple[str, ...] = ()
    came: int | None = None
    recorded: bool = True
    page: Address


class Choice(Struct, frozen=True):
    """An answer that people could choose."""

    id: str
    label: str


class GroupResult(Struct, frozen=True, kw_only=True):
    """The result of one group, as it is shown: marks in `hidden` have a number that is not given."""

    label: str
    n: int
    counts: Marks
    hidden: tuple[str, ...] = ()


class Result(Struct, frozen=True, kw_only=True):
    """A result as its page shows it, and as the record has it, with no number more. `withheld` says why nothing is
    given by group, or no count at all; `equal_voice` is in hundredths of a percent (of a mark, for scores)."""

    n: int
    counts: Marks
    by_group: tuple[GroupResult, ...] | None = None
    withheld: str | None = None
    equal_voice: Marks | None = None
    view_shift: dict[str, Any] | None = None
    figures: dict[str, Any] | None = None
    consensus: int | None = None
    quorum: dict[str, Any] | None = None
    preferred: tuple[str, ...] | None = None
    hidden: tuple[str, ...] = ()
    sealed: bool = False


class Round(Answer, frozen=True, kw_only=True):
    """A vote that was opened. Of one about a story that nobody may read any more there are no words and no result
    (`readable` is false). `number` counts the questions of a live session from 1; null where people answer alone."""

    id: str
    session: str
    commission: str
    number: int | None
    kind: str
    method: str
    state: str
    readable: bool
    question: str
    answers: tuple[Choice, ...]
    story: str | None
    second_of: str | None
    opened_at: Time | None
    closes_at: Time | None
    closed_at: Time | None
    revealed_at: Time | None
    annulled_at: Time | None
    annulled_because: str
    result: Result | None
    decisions: tuple[str, ...] = ()
    answer_due_on: Day | None = None
    page: Address


class Correction(Struct, frozen=True, kw_only=True):
    """A correction beside a decision, or the decision that replaced it."""

    id: str
    words: str
    replaced_by: str | None
    because: str
    at: Time
    entry: int | None


class Difference(Struct, frozen=True):
    """What a decision differs from beside the head count, and what those who decided say to it."""

    kind: str
    group: str
    answer: str


class Decision(Answer, frozen=True, kw_only=True):
    """A published decision. `answer` is the id of the answer that it is about; `entry` is its number in the record."""

    id: str
    commission: str
    rounds: tuple[str, ...]
    outcome: str
    answer: str | None
    rationale: str
    why: str
    dissent: str
    earlier: str
    until: Day | None
    decided_on: Day | None
    decided_at: Time
    told: dict[str, str]
    differences: tuple[Difference, ...] | None
    second_reader: str | None
    state: str
    corrections: tuple[Correction, ...]
    replaces: tuple[str, ...]
    promises: tuple[str, ...]
    entry: int | None
    page: Address


class FileBeside(Struct, frozen=True, kw_only=True):
    """A picture or a PDF beside the news of a promise; `url` is null where a moderator took it away."""

    shows: str
    media: str
    size: int
    url: Address | None


class Update(Struct, frozen=True, kw_only=True):
    """News of a promise."""

    id: str
    state: str
    at: Time
    said: str
    because: str
    handed_to: str
    given_by: str
    file: FileBeside | None = None


class Promise(Answer, frozen=True, kw_only=True):
    """A promise: which role does what by which day. `owner` is the role that has to do it now; `story` is the story
    that it answers, where everybody may read it, and `answers` the need in words."""

    id: str
    decision: str
    commission: str
    role: str
    owner: str
    what: str
    by: Day
    answers: str
    story: str | None
    noticed: str
    state: str
    overdue: bool
    made_at: Time | None
    replaced_at: Time | None
    updates: tuple[Update, ...]
    page: Address


class Story(Answer, frozen=True, kw_only=True):
    """A published story. `twee` is the whole text, given for one story alone; `told_by` is a group's name."""

    id: str
    commission: str
    title: str
    told_by: str | None
    published_at: Time | None
    twee: str | None = None
    page: Address


class RecordHead(Answer, frozen=True, kw_only=True):
    """State of the public record, and where its signed checkpoint, its key and all of its entries are."""

    size: int
    checkpoint: Address
    checkpoints: Address
    public_key: Address
    entries: Address
    disclosures: Address


class Entry(Struct, frozen=True, kw_only=True):
    """An entry of the record. `body` is what is signed for: words stand in it as digests alone; `hash` is its RFC 9162
    leaf hash (hex), and its page has the proof."""

    index: int
    type: str
    at: Time
    commission: str
    hash: str
    body: dict[str, Any]
    page: Address


class Duty(Struct, frozen=True, kw_only=True):
    """A kind of work that the role of the token may do, and how many wait."""

    kind: str
    count: int
    waits: bool


class Work(Answer, frozen=True, kw_only=True):
    """Work that waits for the role of the token, in its commission."""

    waiting: int
    duties: tuple[Duty, ...]
