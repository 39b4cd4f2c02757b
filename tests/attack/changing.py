"""One phone that changes its vote again and again, each time under a new id: what the database remembers for good."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))


import httpx2
from support.factories import new_id
from support.ready_session import a_vote, join, server_store

from attack.target import Row, run, target


async def attack(large: bool = False) -> list[Row]:
    """Makes 300 changes by form, fifty at a time; large: 3,000."""
    number = 3000 if large else 300
    async with target() as where, server_store(where.data) as store:
        crowd = await a_vote(store)
        cookie = await join(where.server.base, crowd.session.code)
        sent = {"Origin": where.server.base, "Cookie": cookie, "Accept": "application/json"}
        codes: list[int] = []
        async with httpx2.AsyncClient(base_url=where.server.base, headers=sent, timeout=60) as phone:

            async def change(turn: int) -> int:
                form = {"round": crowd.round, "choice": f"r{turn % 2 + 1}", "cast": new_id()}
                return (await phone.post(f"/s/{crowd.session.code}/vote", data=form)).status_code

            for begin in range(0, number, 50):
                codes += await asyncio.gather(*(change(turn) for turn in range(begin, begin + 50)))
        with closing(sqlite3.connect(where.data / "forum.db")) as looking:
            (kept,) = looking.execute("SELECT count(*) FROM casting").fetchone()
    assert set(codes) <= {200, 409}, codes
    return [Row(f"one phone changes its vote {number} times", "casts kept for good", kept, "", 350 if large else 250)]


if __name__ == "__main__":
    run(lambda: attack("--large" in sys.argv))
