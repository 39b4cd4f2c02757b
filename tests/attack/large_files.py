"""Story files as large as they may be, full of what takes long to read, sent without an account."""

from __future__ import annotations

import asyncio
import sys
import time

import httpx2

from attack.target import Row, Target, run, target

_HEAD = (
    ':: StoryTitle\nx\n\n:: StoryData\n{"ifid": "AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA", "format": "Harlowe", '
    '"start": "a"}\n\n'
)
_ABOUT = ":: About [forum]\ntold by: x\n\n"
MOST = 1024 * 1024


def of_names(size: int = 229 * 1024) -> str:
    """A story that can be used, most of which looks like names, numbers and addresses."""
    links = "\n".join(f"[[Ana Xu {n:05} of 07700 900123, 1 Elm Road, N1 1AA->a]]" for n in range(size // 55))
    return f"{_HEAD}{_ABOUT}:: a\nShe waits.\n\n{links[:size].rpartition(chr(10))[0]}\n"


def of_signs(part: str, size: int = MOST) -> str:
    """A story of another tool's, full of one piece of notation."""
    return _HEAD + ":: a\n" + part * ((size - len(_HEAD) - 10) // len(part))


async def attack(large: bool = False) -> list[Row]:
    """Each file once, and the file of names four times at once."""
    files = {"names, 229 KB": of_names(), "$a$a, 1 MB": of_signs("$a")}
    if large:
        files |= {f"{part!r}, 1 MB": of_signs(part) for part in ("$a\n", "<b>", "[[a]]", "''a''", "\n:: a\nx")}
    rows = []
    async with target() as house, _browser(house) as browser:
        commission = (await browser.get("/commissions")).text.partition('href="/commissions/')[2].partition('"')[0]
        path = f"/commissions/{commission}/tell/file"
        for name, text in files.items():
            began = time.perf_counter()
            async with house.others() as others:
                answers = await asyncio.gather(*(_send(browser, path, text) for _ in range(1 + 3 * large)))
            took = time.perf_counter() - began
            assert {answer.status_code for answer in answers} <= {200, 422}
            rows.append(Row(f"story file of {name}", "until it is answered", took / len(answers), "s", 10))
            rows.append(Row(f"story file of {name}", "others wait at most", others.worst, "ms", 3000))
    return rows


def _browser(house: Target) -> httpx2.AsyncClient:
    base = f"http://{house.host}"
    return httpx2.AsyncClient(base_url=base, headers={"Origin": base, "Accept": "text/html"}, timeout=300)


async def _send(browser: httpx2.AsyncClient, path: str, text: str) -> httpx2.Response:
    return await browser.post(path, data={"key": ""}, files={"file": ("a.twee", text.encode(), "text/plain")})


if __name__ == "__main__":
    run(lambda: attack("--large" in sys.argv))
