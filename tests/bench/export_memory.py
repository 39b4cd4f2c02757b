"""Memory of an export: `python tests/bench/export_memory.py [BALLOTS]` fills a database with that many ballots (100,000
unless said) in one round, exports it with the command and several times from the page, and prints seconds and the most
memory used, and what the server holds after each, so that a leak shows.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.factories import CLOCK, a_room, new_id
from support.server_process import Serving
from support.voted_session import LABELS, QUESTION, required

from forum.adapters.clock import SystemClock
from forum.cli import opened, settings_for
from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.services.keys import digest
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.store.tables import ballot, participant
from forum.web.cookies import SIGNED_IN

MOST = 300  # MB
TIMES = 5  # exports from the page, one after another
_PIECE = 5_000


async def fill(folder: Path, ballots: int) -> None:
    """Makes a session in which so many people voted, and shows the result."""
    async with opened(settings_for(folder), make=True) as store:
        live, _ = await a_room(store, ["g1"] * 6 + ["g2"] * 6, declared=True)
        desk = Desk(store, SystemClock())
        round_ = required((await cues.ask_question(desk, live.id, QUESTION, LABELS, none=True)).round).id
        await facilitation.open_round(desk, live.id, round_)
        for start in range(0, ballots, _PIECE):
            await _cast(store, live.id, round_, range(start, min(start + _PIECE, ballots)))
        await facilitation.close_round(desk, live.id, round_)
        await facilitation.reveal_round(desk, live.id, round_)


async def _cast(store: Store, session: str, round_: str, numbers: range) -> None:
    """Adds people and their ballots, straight into the tables."""
    at = CLOCK.now()
    people = [
        {"id": new_id(), "session": session, "device": new_id() * 2, "group_id": f"g{1 + n % 2}", "joined_at": at}
        for n in numbers
    ]
    votes = [
        {
            "round": round_,
            "participant": one["id"],
            "choice": f"r{1 + n % 3}",
            "reason": "",
            "group_id": one["group_id"],
        }
        | {"ballot": new_id(), "salt": new_id(), "group_salt": new_id(), "at": at}
        for n, one in zip(numbers, people, strict=True)
    ]
    async with store.begin() as work:
        # Past the port, which casts one ballot after another: a hundred thousand would take minutes.
        link = work.rounds._link  # type: ignore[attr-defined]
        for table, rows in ((participant, people), (ballot, votes)):
            for first in range(0, len(rows), 1_000):
                await link.run(sa.insert(table).values(rows[first : first + 1_000]))


async def sign_in(folder: Path) -> str:
    """Adds somebody who may export; returns the token of their cookie."""
    clock, token = SystemClock(), new_id()
    person = Person(new_id(), "ines", "Ines", (Role.COMMISSIONER,), "", clock.now())
    async with opened(settings_for(folder)) as store, store.begin() as work:
        await work.people.add_person(person)
        await work.people.sign_in(digest(token), person.id, clock.now(), clock.later(hours=1))
    return token


def by_command(data: Path, out: Path) -> tuple[bool, int]:
    """Exports with the command. Returns whether it could, and the most memory that it used, in MB."""
    process = subprocess.Popen([sys.executable, "-m", "forum", "export", "--out", str(out), "--data", str(data)])
    _, status, used = os.wait4(process.pid, 0)
    return status == 0, used.ru_maxrss // 1024


def by_page(data: Path, out: Path) -> tuple[bool, int]:
    """Exports from the page, TIMES times. Returns whether it could, and the most memory that the server used by then,
    in MB."""
    token, whole, most = asyncio.run(sign_in(data)), True, 0
    with Serving(data, program=("-c", "from forum.__main__ import main; main()", "serve")) as server:
        for number in range(1, TIMES + 1):
            asked = urllib.request.Request(f"{server.base}/export", headers={"Cookie": f"{SIGNED_IN}={token}"})
            with urllib.request.urlopen(asked) as answer, out.open("wb") as file:
                shutil.copyfileobj(answer, file)
            whole = whole and out.stat().st_size == int(answer.headers["Content-Length"])
            status = Path(f"/proc/{server.process.pid}/status").read_text("utf-8")
            most, now = (int(status.partition(f"{name}:")[2].split()[0]) // 1024 for name in ("VmHWM", "VmRSS"))
            print(f"export {number} from the page: the server holds {now} MB, at most {most} MB so far", flush=True)
    return whole, most


def main() -> None:
    """Fills, exports in both ways and prints; ends with 1 where one failed or took more than MOST."""
    ballots = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    fine = True
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        asyncio.run(fill(data, ballots))
        print(f"{ballots:,} ballots are in {data}", flush=True)
        for way in (by_command, by_page):
            out = Path(folder) / "out.zip"
            begun = time.monotonic()
            done, most = way(data, out)
            seconds, size = time.monotonic() - begun, out.stat().st_size / 1e6
            print(f"{way.__name__}: {done}, {seconds:.1f} s, a zip of {size:.0f} MB, most memory {most} MB", flush=True)
            fine = fine and done and most <= MOST
    sys.exit(not fine)


if __name__ == "__main__":
    main()
