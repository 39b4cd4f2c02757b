"""The history that the versions of sessions count in, agreed on by all processes that serve one database.

It is kept in the database, as a number and a random part. Where the data goes back to an earlier state under running
processes, the first that sees it puts the next one there, and the others take that up.
"""

from __future__ import annotations

import secrets

from forum.ports import Store, Work

HISTORY = "room_history"


async def kept(work: Work) -> str:
    """Returns the history in the database; "" for none."""
    return await work.facts.get_fact(HISTORY) or ""


async def agree(store: Store, mine: str) -> str:
    """Returns the history that holds: that of the database, or `mine` where it is a later one, which is kept then. One
    that is no number and random part, as "", stands for none yet."""
    async with store.begin() as work:
        there = await work.facts.get_fact(HISTORY, lock=True) or ""
        if _number(there) and _number(there) >= _number(mine):
            return there
        holds = mine if _number(mine) else following("")
        await work.facts.set_fact(HISTORY, holds)
        return holds


def following(history: str) -> str:
    """Makes the next history after one."""
    return f"{_number(history) + 1}-{secrets.token_hex(8)}"


def _number(history: str) -> int:
    """Returns which history it is, counted from 1; 0 for none."""
    first, dash, _ = history.partition("-")
    return int(first) if dash and first.isascii() and first.isdigit() and len(first) < 10 else 0
