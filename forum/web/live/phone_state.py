"""The part of a page that belongs to one phone: its stop, its reason, what it says "me too" to. Never in what every
phone is sent."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from forum.ports import Store
from forum.sessions.participant_view import Mine
from forum.sessions.session import CueKind
from forum.sessions.view import RoomView
from forum.stories.visible_text import trimmed
from forum.voting.round import RoundState

# As templates have it where no phone is meant: what is pushed is the same for all.
NOBODYS: Mapping[str, Any] = {
    "my_stop": None,
    "my_reason": None,
    "my_too": frozenset(),
    "retyped": {},
    "said_no": "",
    "history": "",
    "group": "",
    "fixed": False,
    "again": False,
    "group_right": "",
    "group_wrong": "",
}


def left_over(view: RoomView, own: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Returns what a phone is told of a stop or a reason that was refused, and the words of it, where its form is no
    longer on the page to say and to hold them: the scene is over, the session has ended."""
    typed: Mapping[str, str] = own.get("retyped", {})
    cue, round_ = view.session.cue, view.round
    stopping = cue.kind == CueKind.SCENE and bool(cue.showing) and view.run.taken is None and not view.session.paused
    if stopping and typed.get("showing") == cue.showing:
        return "", ()
    explaining = view.result is not None and round_ is not None and round_.state == RoundState.REVEALED
    told = "" if explaining else str(own.get("said_no", ""))
    if explaining and round_ is not None and typed.get("round") == round_.id:
        return "", ()
    return told, tuple(words for name in ("how", "reason", "condition") if (words := trimmed(typed.get(name, ""))))


async def own_of(store: Store, participant: str, view: RoomView, mine: Mine, page: int) -> dict[str, Any]:
    """Returns what this participant has in the scene or the question on screen: what its phone is told (`mine`), which
    names those reasons that are on the first page alone; on a later `page` the others too, which are read."""
    too: Set[str] = frozenset(mine.too)
    if page > 1 and view.round is not None:
        async with store.read() as work:
            too = await work.reasons.said(participant, view.round.id)
    return {"my_stop": mine.stop, "my_reason": mine.reason, "my_too": too}
