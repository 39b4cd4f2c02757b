"""Cost of pages of a large house: `PYTHONPATH=tests:. python tests/bench/pages_at_size.py [SHARE]`.

Fills a house with 500 votes in one commission, 5,000 stories, 2,000 that wait to be read, 100,000 entries of the record
and 1,000 decisions (or SHARE of each), asks the application itself for each page and prints, of TRIES requests: how
many statements the database was asked, the 95th percentile of CPU in ms (target 50), and of the longest step of the
loop (target 20). The last column is the least CPU in that of the cheapest page, which a busy machine changes less.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import pytest
from support.app import House, a_house
from support.loop_watch import Asker, watched
from support.many_rows import LARGE, fill
from support.statements import counted_statements
from support.voted_session import FIRST, SECOND, a_vote

from forum.services import permissions
from forum.store import SqlStore
from forum.web.cookies import SIGNED_IN

TRIES = 20
CPU_TARGET, STEP_TARGET = 50.0, 20.0  # ms
CHEAPEST = "/link-off"


async def the_pages(house: House, share: float) -> tuple[Asker, list[str]]:
    """Fills the house; returns somebody signed in, and the pages."""
    assert isinstance(house.store, SqlStore)
    voted = await a_vote(house.store, FIRST, SECOND)
    async with house.store.read() as work:
        commission = await work.commissions.get_commission(voted.live.commission)
    shown, _key = await house.story(commission)
    shown = await house.moderated(shown, "accept")
    waiting, _key = await house.story(commission, "It waits")
    token = await house.session_token(await house.person("all", *permissions.ROLES))
    await fill(house.store, voted, shown, waiting, LARGE.times(share))
    own = f"/commissions/{commission.id}"
    lists = [
        "/",
        "/stories",
        "/stories?words=story",
        "/stories?page=100",
        "/moderate",
        "/moderate?page=40",
        "/moderation",
    ]
    record = ["/record", "/record/entries", "/record/entries?page=50", "/record/checkpoint", "/record/70"]
    work_pages = ["/decide", "/work", "/organise", f"/organise{own}", f"/organise/sessions/{voted.live.id}"]
    pages = [CHEAPEST, own, f"{own}/feed.atom", *lists, *record, *work_pages, "/promises", f"/stories/{shown.id}"]
    return Asker(house, f"{SIGNED_IN}={token}"), pages


async def main(share: float) -> bool:
    """Prints a line a page; tells whether each met its targets."""
    met, cheap = True, 0.0
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        asked = counted_statements(patch)
        async with a_house(Path(folder)) as house:
            someone, pages = await the_pages(house, share)
            print(f"{'page':58} statements  CPU ms  step ms  x cheapest", flush=True)
            with watched(patch) as watch:
                for page in pages:
                    status, _shown = await someone.ask("GET", page)
                    if status != 200:
                        raise RuntimeError(f"{page}: {status}")
                    spent, steps, number = [], [], 0
                    for _ in range(TRIES):
                        asked.clear()
                        watch.forget()
                        began = time.process_time()
                        await someone.ask("GET", page)
                        spent.append(1000 * (time.process_time() - began))
                        steps.append(1000 * watch.loop)
                        number = len(asked)
                    cpu, step = sorted(spent)[int(0.95 * TRIES) - 1], sorted(steps)[int(0.95 * TRIES) - 1]
                    cheap = cheap or min(spent)
                    met = met and cpu <= CPU_TARGET and step <= STEP_TARGET
                    print(f"{page[:58]:58} {number:10} {cpu:7.1f} {step:8.1f} {min(spent) / cheap:11.1f}", flush=True)
    return met


if __name__ == "__main__":
    raise SystemExit(not asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)))
