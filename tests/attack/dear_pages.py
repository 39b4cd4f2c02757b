"""Sixty connections of one client that ask for the dearest pages without a pause, and what others wait for.

By hand, at full size (100,000 entries): python tests/attack/dear_pages.py --large
"""

from __future__ import annotations

import asyncio
import re
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent.parent / "bench")]

import httpx2
from bench.dear_pages import the_pages
from support.ready_session import server_store

from attack.target import Row, Target, run, target

_CONNECTIONS = 60
# The most that an answer may cost, in answers with the page on which a code is typed: that one has next to nothing on
# it, and is as slow as the machine is. When stories were drawn for every reader theirs cost twenty of them.
_CHEAP, _DEAREST = "/join", 10.0
# One of each kind: what is told of the record, what is drawn, what is read for a phone.
_SMALL = re.compile(r"/record|/stories/[^/]*|/s/.*")


async def asked(where: Target, page: str, headers: dict[str, str], seconds: float) -> tuple[float, float]:
    """Asks for one page again and again on sixty connections; gives how long others wait at the median, and the CPU of
    each answer, both in pages."""
    over = asyncio.Event()
    answered = 0

    async def again_and_again(browser: httpx2.AsyncClient) -> None:
        nonlocal answered
        while not over.is_set():
            with suppress(httpx2.HTTPError):
                await browser.get(page)
                answered += 1

    limits = httpx2.Limits(max_connections=_CONNECTIONS)
    async with httpx2.AsyncClient(base_url=where.server.base, headers=headers, timeout=60, limits=limits) as browser:
        await browser.get(page)
        before, answered = where.cpu(), 0
        async with where.others("/join") as healthy:
            asking = [asyncio.create_task(again_and_again(browser)) for _ in range(_CONNECTIONS)]
            await asyncio.sleep(seconds)
            over.set()
            await asyncio.gather(*asking)
        each = (where.cpu() - before) / max(1, answered)
    return healthy.median, each


async def attack(large: bool = False) -> list[Row]:
    """Asks for every dear page for a while; for one of each kind, at a small size, where it is not `large`."""
    rows: list[Row] = []
    async with target() as where, server_store(where.data) as store:
        size = (100_000, 3000) if large else (5_000, 300)
        pages = await the_pages(store, where.data / "forum.db", where.server.base, *size)
        if not large:
            pages = {page: headers for page, headers in pages.items() if _SMALL.fullmatch(page)}
        seconds = 2 if large else 0.3
        _waited, cheap = await asked(where, _CHEAP, {}, seconds)
        for page, headers in pages.items():
            waited, each = await asked(where, page, headers, seconds)
            how = f"60 connections: {page[:27]}"
            rows += [
                Row(how, "others wait, at the median", waited, "pages", 30),
                Row(how, f"CPU of an answer ({each:.1f} pages)", each / cheap, "cheap", _DEAREST),
            ]
    return rows


if __name__ == "__main__":
    run(partial(attack, "--large" in sys.argv))
