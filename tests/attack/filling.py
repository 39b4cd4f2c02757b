"""Long stories begun one after another, each left as it is: what the database grows by."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))


from attack.pictures import browser_of
from attack.saves import disk
from attack.target import Row, run, target
from forum.services.keys import new_key

_CARDS = 15
_WORDS = "He stands at the door and nobody knows what to say to him now. " * 63


async def attack(large: bool = False) -> list[Row]:
    """Writes with one browser where an address may write a megabyte an hour; large: as many as 50 MB, the setting's
    default."""
    most, tries = (50, 1200) if large else (1, 30)
    settings = {"FORUM_MEGABYTES_PER_ADDRESS": str(most), "FORUM_STORIES_PER_ADDRESS": "100000"}
    async with target(settings | {"FORUM_SAVES_PER_ADDRESS": "100000"}) as house, browser_of(house) as browser:
        page = await browser.get("/commissions")
        commission = page.text.partition('href="/commissions/')[2].partition('"')[0]
        before, codes = disk(house), []
        edits = [{"do": "put_back", "card": f"x{n}", "text": _WORDS[:3900]} for n in range(_CARDS)]
        for _ in range(tries):
            asked = {"edits": edits, "commission": commission}
            codes.append((await browser.post(f"/my-story/{new_key()}/save", json=asked)).status_code)
        grown = (disk(house) - before) / 1e6
    assert set(codes) <= {200, 429}, codes
    return [Row(f"{tries} long stories, one browser", f"written, {most} MB allowed", grown, "MB", 1.6 * most)]


if __name__ == "__main__":
    run(lambda: attack("--large" in sys.argv))
