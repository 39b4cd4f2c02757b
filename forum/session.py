"""A live session: one event in a room, with a join code, and what the facilitator has put before everybody."""

from __future__ import annotations

from dataclasses import dataclass, field

from forum.groups import Partition

ROOM, ASYNCHRONOUS = SESSIONS = ("room", "asynchronous")


@dataclass(frozen=True)
class Cue:
    """What everybody sees now.

    `kind` is one of KINDS; `scenario` and `scene` name what is played ("scene"), `round` the question put
    ("question", "result"). `replay` says that the scene is played a second time.
    """

    KINDS = ("welcome", "scene", "question", "result", "ended")

    kind: str = "welcome"
    scenario: str | None = None
    scene: str | None = None
    round: str | None = None
    replay: bool = False


@dataclass(frozen=True)
class LiveSession:
    """One live session. `version` grows by one with every change that screens must show, and never goes back.

    `code` is what phones join with (six digits); `projector` is the random key of the projector's own link.
    `partition` says how groups are shown; it is None until the first round of the session has closed, then fixed.
    `kind` is one of SESSIONS. An asynchronous session is no event in a room: it holds one story and one round, which is
    open for days; its code is letters, the end of a link. It has no cue and is never ended, its round is all there is.
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
    kind: str = ROOM

    @property
    def asynchronous(self) -> bool:
        """Whether people answer on their own, over days."""
        return self.kind == ASYNCHRONOUS


@dataclass(frozen=True)
class Participant:
    """One browser that joined a session. `group` is a group id, None for "prefer not to say"."""

    id: str
    session: str
    group: str | None
    joined_at: str
