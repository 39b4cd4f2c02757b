"""Cost of pages at 100,000 entries of the record and 3,000 ballots: `python tests/bench/dear_pages.py [ENTRIES]`.

Builds the data straight into a store of its own, starts a real server on it, and prints for each page the server's CPU
in milliseconds a request (of many, the first not among them) and the first one's time. Run it on the code before and
after a change, on one machine.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
# What is imported below lies in the folders that were named just now.
# ruff: noqa: E402

import httpx2
from support.factories import CLOCK, a_commission, a_session, new_id
from support.ready_session import join, server_store
from support.server_process import Serving

from forum.ports import Store
from forum.record.verify.encoding import canonical
from forum.record.verify.merkle_tree import leaf_hash
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk

TRIES = 30


def many_entries(file: Path, commission: str, number: int) -> None:
    """Appends so many entries of no meaning, in one transaction."""
    with closing(sqlite3.connect(file)) as database:
        [(start,)] = database.execute("SELECT coalesce(max(position) + 1, 0) FROM entry").fetchall()

        def rows() -> list[tuple[int, str, bytes, bytes]]:
            made = []
            for at in range(start, start + number):
                body = canonical({"type": "a test", "at": CLOCK.now(), "commission": commission, "number": at})
                made.append((at, commission, body, leaf_hash(body)))
            return made

        database.executemany("INSERT INTO entry (position, commission, body, leaf_hash) VALUES (?, ?, ?, ?)", rows())
        database.commit()


def many_ballots(file: Path, session: str, round_id: str, number: int) -> None:
    """Adds so many people with a ballot each, in one transaction."""
    with closing(sqlite3.connect(file)) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(participant)")]
        people, ballots = [], []
        for at in range(number):
            who, group = new_id(), f"g{at % 4 + 1}"
            known: dict[str, str | int] = {"id": who, "session": session, "group_id": group, "observer": 0}
            known |= {"device": secrets.token_hex(32), "joined_at": CLOCK.now(), "at": CLOCK.now()}
            people.append(known)
            ballots.append((round_id, who, f"r{at % 2 + 1}", "", group, new_id(), new_id(), new_id(), CLOCK.now(), ""))
        used = [name for name in columns if name in people[0]]
        holes = ", ".join("?" * len(used))
        database.executemany(
            f"INSERT INTO participant ({', '.join(used)}) VALUES ({holes})",
            [[one[name] for name in used] for one in people],
        )
        database.executemany(
            "INSERT INTO ballot (round, participant, choice, reason, group_id, ballot, salt, group_salt, at, condition)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ballots,
        )
        database.commit()


async def a_shown_vote(store: Store, file: Path, ballots: int, story: str = "") -> tuple[str, str, str]:
    """Makes a commission, a session and a round whose result is on screen; returns the commission's id, the code and
    the round's id."""
    async with store.begin() as work:
        found = next((one for one in await work.commissions.list_commissions() if one.demonstration), None)
        commission = found if story and found else a_commission()
        live = a_session(commission, scenarios=(story,) if story else ())
        if commission is not found:
            await work.commissions.add_commission(commission)
        await work.sessions.add_session(live)
    acts = Desk(store, CLOCK)
    asked = (await cues.ask_question(acts, live.id, "Who?", ["A nurse", "The police"], none=True)).round
    assert asked is not None
    await facilitation.open_round(acts, live.id, asked.id)
    await asyncio.to_thread(many_ballots, file, live.id, asked.id, ballots)
    await facilitation.close_round(acts, live.id, asked.id)
    await facilitation.reveal_round(acts, live.id, asked.id)
    return commission.id, live.code, asked.id


async def the_pages(store: Store, file: Path, base: str, entries: int, ballots: int) -> dict[str, dict[str, str]]:
    """Fills the data; every dear page with the headers that it is asked with."""
    commission, code, round_id = await a_shown_vote(store, file, ballots)
    async with store.read() as work:
        story = next(one for one in await work.stories.list_stories() if one.published_at)
    demonstration, _, _ = await a_shown_vote(store, file, ballots, story.id)
    await asyncio.to_thread(many_entries, file, commission, entries)
    cookie = await join(base, code)
    pages = [
        "/record/checkpoint", f"/record/{entries // 2}", f"/record/{entries // 2}?as=tlog-proof", "/record",
        f"/record?commission={commission}", "/record/tile/0/000", "/record/tile/1/000.p/1", "/record/tile/0/999",
        "/record/tile/entries/000", f"/rounds/{round_id}/ballots.jsonl", f"/stories/{story.id}",
        f"/stories/{story.id}/feed.atom", f"/commissions/{demonstration}", f"/commissions/{demonstration}/feed.atom",
    ]  # fmt: skip
    return {page: {} for page in pages} | {f"/s/{code}": {"Cookie": cookie}}


async def measured(server: Serving, page: str, headers: dict[str, str], tries: int) -> tuple[int, float, float]:
    """Asks for a page and measures; returns its status, the first one's milliseconds, and the server's CPU a request in
    milliseconds."""

    def cpu() -> float:
        fields = Path(f"/proc/{server.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async with httpx2.AsyncClient(base_url=server.base, headers=headers, timeout=120) as browser:
        began = time.perf_counter()
        status = (await browser.get(page)).status_code
        first = 1000 * (time.perf_counter() - began)
        before = cpu()
        for _ in range(tries):
            await browser.get(page)
        return status, first, 1000 * (cpu() - before) / tries


async def main(entries: int, ballots: int) -> None:
    """Prints a line a page."""
    with tempfile.TemporaryDirectory(prefix="forum-dear-") as where:
        data = Path(where)
        with await asyncio.to_thread(Serving, data) as server:
            async with server_store(data) as store:
                pages = await the_pages(store, data / "forum.db", server.base, entries, ballots)
            print(f"{entries} entries, {ballots} ballots\n{'page':66} status  first ms  CPU ms each")
            for page, headers in pages.items():
                status, first, each = await measured(server, page, headers, TRIES)
                print(f"{page[:66]:66} {status:6} {first:9.0f} {each:12.1f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, 3000))
