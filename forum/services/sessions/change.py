"""One change that an act of the facilitator made in a session: what each kind of change has in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import msgspec

from forum.ports import Work
from forum.sessions.session import LastAct, LiveSession


class Change(msgspec.Struct, frozen=True):
    """One thing that an act changed: its id, and how it was `before` (None where it was new) and `after`.

    The id is "" for what a session has one of.
    """

    KIND: ClassVar[str] = ""

    id: str
    before: Any
    after: Any

    @classmethod
    async def look(cls, work: Work, session: LiveSession) -> Mapping[str, Any]:
        """Gives the things of this kind as they are now, by id: of each that much that facilitators can change."""
        raise NotImplementedError  # each kind's own; a msgspec struct cannot be an abstract class

    @classmethod
    def undoes_new(cls, after: Any) -> bool:
        """Says whether undoing an act puts aside what was not there before it, and is `after` it."""
        return True

    async def check(self, work: Work, session: LiveSession, last: LastAct, now: str) -> None:
        """Raises IllegalMove where this cannot be as it was before the act `last`, at the time `now`."""

    async def put_back(self, work: Work, session: LiveSession) -> LiveSession:
        """Restores the thing, or puts aside one that was new; gives the session as it is then, not saved yet."""
        raise NotImplementedError  # each kind's own; a msgspec struct cannot be an abstract class

    @property
    def name(self) -> str:
        """Its name in the database: "paused", or "stop 5f0c..."."""
        return f"{self.KIND} {self.id}".rstrip()


class SwitchChange(Change, frozen=True):
    """A field of the session that is on or off; it has the name of the kind."""

    before: bool
    after: bool

    @classmethod
    async def look(cls, work: Work, session: LiveSession) -> dict[str, bool]:
        """Gives whether it is on."""
        return {"": getattr(session, cls.KIND)}

    async def put_back(self, work: Work, session: LiveSession) -> LiveSession:
        """Switches it as it was."""
        was: dict[str, Any] = {self.KIND: self.before}
        return replace(session, **was)
