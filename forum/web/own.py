"""What belongs to one phone: its stop, its reason, to what it says "me too". Never in what every phone is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forum.ports import Store
from forum.round import REVEALED
from forum.screen import View
from forum.visible import trimmed

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
    "group_right": False,
    "group_wrong": "",
}


def left_over(view: View, own: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """What a phone is told of a stop or a reason that was refused, and the words of it, where its form is no longer on
    the page to say and to hold them: the scene is over, the session has ended."""
    typed: Mapping[str, str] = own.get("retyped", {})
    cue, round_ = view.session.cue, view.round
    stopping = cue.kind == "scene" and bool(cue.showing) and view.run.taken is None and not view.session.paused
    if stopping and typed.get("showing") == cue.showing:
        return "", ()
    explaining = view.result is not None and round_ is not None and round_.state == REVEALED
    told = "" if explaining else str(own.get("said_no", ""))
    if explaining and round_ is not None and typed.get("round") == round_.id:
        return "", ()
    return told, tuple(words for name in ("how", "reason", "condition") if (words := trimmed(typed.get(name, ""))))


async def own_of(store: Store, participant: str, view: View) -> dict[str, Any]:
    """What this participant has in the scene or the question on screen."""
    showing, round_ = view.session.cue.showing, view.round
    async with store.read() as work:
        return {
            "my_stop": await work.stops.yours(participant, showing) if showing else None,
            "my_reason": await work.reasons.yours(participant, round_.id) if round_ else None,
            "my_too": await work.reasons.said(participant, round_.id) if round_ else frozenset(),
        }
