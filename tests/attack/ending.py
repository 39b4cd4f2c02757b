"""The server is told to stop while somebody's large pictures are looked at: whether it ends.

python tests/attack/ending.py
"""

from __future__ import annotations

import asyncio
import io
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from PIL import Image

from attack.pictures import begun, browser_of, send
from attack.target import Row, run, target


async def attack(large: bool = False) -> list[Row]:
    """Sends SIGTERM while four pictures wait or are looked at."""
    async with target() as house, browser_of(house) as browser:
        path = f"/my-story/{await begun(browser)}/evidence"
        busy = [asyncio.create_task(send(browser, path, large_one(n))) for n in range(4)]
        await asyncio.sleep(0.3)
        await asyncio.to_thread(house.server.stop)  # which raises where it takes more than a minute
        await asyncio.gather(*busy, return_exceptions=True)
        left = house.server.process.poll() is None
    return [Row("SIGTERM while 4 pictures of 25 megapixels wait", "servers left", float(left), "", 0)]


def large_one(seed: int) -> bytes:
    """Makes a picture of as many pixels as one may have, or nearly."""
    out = io.BytesIO()
    Image.new("L", (5000, 5000 + seed), seed).save(out, "PNG", compress_level=1)
    return out.getvalue()


if __name__ == "__main__":
    run(lambda: attack("--large" in sys.argv))
