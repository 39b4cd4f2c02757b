"""A live session: one event in a room, with a join code, and what the facilitator has put before everybody."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import msgspec

from forum.voting.reason import ReasonReading
from forum.voting.suppression import Partition


class SessionKind(StrEnum):
    """Kinds of a session: an event in a room, or one vote that people answer on their own, over days."""

    ROOM = "room"
    ASYNCHRONOUS = "asynchronous"


class CueKind(StrEnum):
    """Kinds of what everybody sees."""

    WELCOME = "welcome"
    SCENE = "scene"
    QUESTION = "question"
    RESULT = "result"
    NOTE = "note"
    PROPOSALS = "proposals"
    ENDED = "ended"


@dataclass(frozen=True)
class Cue:
    """The cue that everybody sees now.

    `scenario` and `scene` name what is played ("scene"), `round` the question put
    ("question", "result"), `words` what the organisers wrote ("note"). `replay` says that the scene is played a second
    time; `showing` is then the random id of this one playing, and `since` when it began. `item` is the id of the latest
    cue that was taken from the programme, `seen` the ids of the stories that were on until now, in their order.
    `reasons`: the big screen shows the reasons in the place of the result; `groups`: it shows the result by group.
    `page`: how far the facilitator has turned a result that is too long for it, 0 while it turns by itself.
    """

    kind: CueKind = CueKind.WELCOME
    scenario: str | None = None
    scene: str | None = None
    round: str | None = None
    replay: bool = False
    words: str = ""
    item: str = ""
    seen: tuple[str, ...] = ()
    showing: str = ""
    since: str = ""
    minutes: int = 0
    reasons: bool = False
    groups: bool = False
    page: int = 0


class Entrance(StrEnum):
    """Ways in: the code on the screen, a ticket, or (an asynchronous session) a page that anybody may open, or only
    those who voted before."""

    OPEN_CODE = "open code"
    TICKETS = "tickets"
    OPEN_LINK = "open link"
    VOTERS = "those who voted"


ENTRANCES = (Entrance.OPEN_CODE, Entrance.TICKETS)  # to a room, as organisers choose


@dataclass(frozen=True)
class LiveSession:
    """One live session. `version` grows by one with every change that screens must show, and never goes back.

    `code` is what phones join with (six digits); `projector` is the random key of the projector's own link.
    `partition` says how groups are shown; it is None until the first round of the session has closed.
    An asynchronous session is no event in a room: it holds one story and one round, which is
    open for days; its code is letters, the end of a link. It has no cue and is never ended, its round is all there is.
    `tablet` is the random key of the link for shared tablets, if there is one.
    `badges_off`: nothing is shown by group until the facilitator lifts it; `held` are the rounds that were shown
    meanwhile, whose results are not in the record yet.
    `reasons` says who reads what people write with their votes.
    `no_receipts`: nobody is given a receipt of their ballot, as was declared when the session was made.
    `called_off_at` is when a planned one was called off, and why; it has ended then, and was never opened.
    `stage` is the stage that the commission was in when the session was made, `terms` the number of its version.
    `opened_at` is when it was opened, "" while it is planned: until then nobody is in it and nothing of it is recorded.
    `ended_at` is when it was ended last, "" in sessions that are older than this.
    """

    id: str
    commission: str
    title: str
    code: str
    projector: str
    scenarios: tuple[str, ...]
    cue: Cue = field(default_factory=Cue)
    version: int = 1
    paused: bool = False
    ended: bool = False
    rehearsal: bool = False
    recorded: bool = True
    partition: Partition | None = None
    opened_at: str = ""
    kind: SessionKind = SessionKind.ROOM
    reasons: ReasonReading = ReasonReading.KEPT
    entrance: Entrance = Entrance.OPEN_CODE
    tablet: str = ""
    badges_off: bool = False
    held: tuple[str, ...] = ()
    ended_at: str = ""
    no_receipts: bool = False
    stage: str = ""
    terms: int = 1
    called_off_at: str = ""
    called_off_because: str = ""

    def changed(self) -> LiveSession:
        """Returns the session with its version one higher, so that screens ask for the state again."""
        return replace(self, version=self.version + 1)

    @property
    def planned(self) -> bool:
        """True until it is opened."""
        return not self.opened_at and not self.ended

    @property
    def asynchronous(self) -> bool:
        """True where people answer on their own, over days."""
        return self.kind == SessionKind.ASYNCHRONOUS


class LastAct(msgspec.Struct, frozen=True):
    """The facilitator's last act in a session, while it can be undone: `act` is its name in the console's addresses.

    `changes` are what it did, as undo.py keeps them: by what was changed, how that was before and after.
    """

    id: str
    session: str
    act: str
    at: str
    changes: dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Participant:
    """One browser that joined a session. `group` is a group id, None for "prefer not to say".

    An `observer` follows without voting.
    `passing`: it stands for one ballot (on a shared tablet, or on paper) and is not counted among those who are here.
    """

    id: str
    session: str
    group: str | None
    joined_at: str
    passing: bool = False
    observer: bool = False


class CareRequest(StrEnum):
    """Things that people can ask for without a name: a break, more time to vote."""

    BREAK = "break"
    TIME = "time"


class Asked(msgspec.Struct, frozen=True):
    """The number of times something was asked for in a session, and how many of them were seen. Nothing tells by
    whom."""

    number: int
    seen: int

    @property
    def waiting(self) -> int:
        """The number that nobody has seen yet."""
        return self.number - self.seen
