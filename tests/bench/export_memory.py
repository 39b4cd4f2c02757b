"""Memory of an export: `python tests/bench/export_memory.py [BALLOTS]` fills a database with that many ballots (100,000
unless said) in one round, exports it with the command, and prints seconds and the most memory that was used.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.factories import CLOCK, a_room, new_id
from support.voted_session import LABELS, QUESTION, required

from forum.adapters.clock import SystemClock
from forum.cli import opened, settings_for
from forum.ports import Store
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.store.tables import ballot, participant

MOST = 300  # MB
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
        link = work.rounds._link  # type: ignore[attr-defined]
        for table, rows in ((participant, people), (ballot, votes)):
            for first in range(0, len(rows), 1_000):
                await link.run(sa.insert(table).values(rows[first : first + 1_000]))


def main() -> None:
    """Fills, exports and prints; ends with 1 where the export took more than MOST."""
    ballots = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder) / "data", Path(folder) / "out.zip"
        asyncio.run(fill(data, ballots))
        print(f"{ballots:,} ballots are in {data}", flush=True)
        begun = time.monotonic()
        command = [sys.executable, "-m", "forum", "export", "--out", str(out), "--data", str(data)]
        process = subprocess.Popen(command)
        _, status, used = os.wait4(process.pid, 0)
        most = used.ru_maxrss / 1024
        seconds, size = time.monotonic() - begun, out.stat().st_size / 1e6
        print(f"exit {status}, {seconds:.1f} s, a zip of {size:.0f} MB, most memory {most:.0f} MB")
    sys.exit(status != 0 or most > MOST)


if __name__ == "__main__":
    main()
