"""One field of a long story saved again and again, this way and that: what the database's files grow by."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))


import httpx2

from attack.pictures import begun, browser_of
from attack.target import Row, Target, run, target
from forum.stories.draft import mark

_CARDS = 22
_WORDS = "He stands at the door and nobody knows what to say to him now. " * 63
_OTHER = "She waits in the kitchen until somebody tells her what it is all about. " * 54


async def attack(large: bool = False) -> list[Row]:
    """Saves one field 150 times, by one browser and by two in turn."""
    rows = []
    async with target() as house:
        for who in (1, 2) if large else (1,):
            async with browser_of(house) as one, browser_of(house) as other:
                key = await begun(one)
                edits = [{"do": "put_back", "card": f"x{n}", "text": _WORDS[:3900]} for n in range(_CARDS)]
                await _save(one, key, edits)
                before = disk(house)
                text = _WORDS[:3900]
                for turn in range(150):
                    browser = (one, other)[turn % who]
                    new = f"{turn} {(_WORDS, _OTHER)[turn % 2]}"[:4000]
                    await _save(browser, key, [{"do": "set", "field": "x1.text", "seen": [mark(text)], "text": new}])
                    text = new
                grown = (disk(house) - before) / 1e6
            rows.append(Row(f"150 saves of one field, {who} browser(s)", "written for good", grown, "MB", 1.5 * who))
    return rows


def disk(house: Target) -> int:
    """Gives the size of the database in bytes, with its log, which is written over again and again."""
    with closing(sqlite3.connect(house.data / "forum.db")) as looking:
        (pages,) = looking.execute("PRAGMA page_count").fetchone()
        (size,) = looking.execute("PRAGMA page_size").fetchone()
    return int(pages) * int(size)


async def _save(browser: httpx2.AsyncClient, key: str, edits: Sequence[Mapping[str, object]]) -> None:
    answer = await browser.post(f"/my-story/{key}/save", json={"edits": edits})
    assert answer.status_code == 200, answer.text
    assert not answer.json()["clashes"], answer.text[:500]
    assert not answer.json()["errors"], answer.text[:500]


if __name__ == "__main__":
    run(lambda: attack("--large" in sys.argv))
