"""A story is taken back beside a large database, while a vote is open: how long votes stand."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))


from attack.target import Row, run
from forum.services import scrub
from forum.services.setting_values import sqlite_url
from forum.store import migrate, open_store


async def attack(large: bool = False) -> list[Row]:
    """Units of work like those of votes, one after another, while the database is wiped."""
    megabytes = 400 if large else 100
    with tempfile.TemporaryDirectory(prefix="forum-attack-") as where:
        path = Path(where) / "forum.db"
        await migrate(sqlite_url(path))
        _fill(path, megabytes)
        store = await open_store(sqlite_url(path))
        took: list[float] = []
        try:
            async with store.begin() as work:
                await scrub.to_do(work, "2026-11-28T12:00:00+00:00")
            wiping = asyncio.create_task(scrub.scrub(store))
            began = time.perf_counter()
            await asyncio.sleep(0.05)
            while time.perf_counter() - began < 3:
                asked = time.perf_counter()
                async with store.begin() as work:
                    await work.facts.set_fact("vote", str(asked))
                took.append(time.perf_counter() - asked)
            await wiping
            async with store.begin() as work:
                left = bool(await work.facts.get_fact(scrub.TO_SCRUB))
                await scrub.to_do(work, "2026-11-28T12:00:00+00:00")
            began = time.perf_counter()
            await scrub.scrub(store)
            alone = time.perf_counter() - began
            async with store.read() as work:
                done = not await work.facts.get_fact(scrub.TO_SCRUB)
        finally:
            await store.close()
    assert done
    name = f"a story taken back beside {megabytes} MB"
    return [
        # But for two, which may have waited for the processor.
        Row(name, "votes wait, of the time of wiping alone", sorted(took)[-3] / alone, "", 0.5),
        Row(name, "left to be done while votes come", float(left), "", 1),
    ]


def _fill(path: Path, megabytes: int) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE ballast (words TEXT)")
        database.executemany("INSERT INTO ballast VALUES (?)", (("x" * 900_000,) for _ in range(megabytes)))
        database.commit()


if __name__ == "__main__":
    run(lambda: attack("--large" in sys.argv))
