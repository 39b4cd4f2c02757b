"""The count that a vote shows while it is open, drawn once for all processes: the first that asks for a step draws it.

Shares drawn twice of the same ballots, or of one ballot more, would let whoever sees both work out a vote. So what may
be shown is what the database has, and a step is drawn while the session's row is locked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from forum.ports import Store, Work
from forum.voting.round import Round


class Drawn(msgspec.Struct, frozen=True):
    """Shares in percent, as they may be shown, of the `voted` ballots that there were when they were drawn."""

    voted: int
    shares: dict[str, int]


Draw = Callable[[Mapping[str, int]], dict[str, int]]


async def drawn(work: Work, round_id: str) -> Drawn | None:
    """Returns the latest shares that were drawn of a round; None where there are none."""
    fact = await work.facts.get_fact(_name(round_id))
    return msgspec.json.decode(fact, type=Drawn) if fact else None


async def draw_once(store: Store, round_: Round, least: int, draw: Draw) -> Drawn | None:
    """Returns the latest shares of a round: those that another process has drawn, or new ones by `draw` where `least`
    more have voted since; None where so few have voted that there are none."""
    async with store.begin() as work:
        await work.sessions.get_session(round_.session, lock=True)
        before = await drawn(work, round_.id)
        choices = await work.rounds.choices(round_.id)
        voted = sum(choices.values())
        if voted - (before.voted if before is not None else 0) < least:
            return before
        new = Drawn(voted, draw(choices))
        await work.facts.set_fact(_name(round_.id), msgspec.json.encode(new).decode())
    return new


def _name(round_id: str) -> str:
    return f"live_count {round_id}"
