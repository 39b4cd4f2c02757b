"""Sixty connections of one client that ask for the dearest pages without a pause, and what others wait for.

By hand, at full size (100,000 entries): python tests/attack/dear_pages.py --large
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent.parent / "bench")]

import httpx2
from bench.dear_pages import the_pages
from crowding import beside

from attack.target import Row, Target, run, target

_CONNECTIONS = 60


async def asked(where: Target, page: str, headers: dict[str, str], seconds: float) -> list[Row]:
    """Sixty connections ask for one page again and again; how long others wait, and the CPU of each answer."""
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
        each = 1000 * (where.cpu() - before) / max(1, answered)
    how = f"60 connections: {page[:27]}"
    return [
        Row(how, "others wait, at the median", healthy.median, "ms", 3000),
        Row(how, "CPU of an answer", each, "ms", 60),
    ]


async def attack(large: bool = False) -> list[Row]:
    """Every dear page for a while; the two dearest, at a small size, where it is not `large`."""
    rows: list[Row] = []
    async with target() as where, beside(where.data) as store:
        size = (100_000, 3000) if large else (5_000, 300)
        pages = await the_pages(store, where.data / "forum.db", where.server.base, *size)
        for page, headers in pages.items() if large else list(pages.items())[:2]:
            rows += await asked(where, page, headers, 2 if large else 0.3)
    return rows


if __name__ == "__main__":
    run(partial(attack, "--large" in sys.argv))
