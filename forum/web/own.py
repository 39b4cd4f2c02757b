"""What belongs to one phone: its stop, its reason, to what it says "me too". Never in what every phone is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forum.ports import Store
from forum.screen import View

# As templates have it where no phone is meant: what is pushed is the same for all.
NOBODYS: Mapping[str, Any] = {"my_stop": None, "my_reason": None, "my_too": frozenset(), "retyped": {}, "said_no": ""}


async def own_of(store: Store, participant: str, view: View) -> dict[str, Any]:
    """What this participant has in the scene or the question on screen."""
    showing, round_ = view.session.cue.showing, view.round
    async with store.read() as work:
        return {
            "my_stop": await work.stops.yours(participant, showing) if showing else None,
            "my_reason": await work.reasons.yours(participant, round_.id) if round_ else None,
            "my_too": await work.reasons.said(participant, round_.id) if round_ else frozenset(),
        }
