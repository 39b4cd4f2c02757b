"""Story files as large as they may be, full of what takes long to read, sent without an account."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))


import httpx2
from support.app import filled_form

from attack.target import Row, Target, run, target

_HEAD = (
    ':: StoryTitle\nx\n\n:: StoryData\n{"ifid": "AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA", "format": "Harlowe", '
    '"start": "a"}\n\n'
)
_ABOUT = ":: About [forum]\ntold by: x\n\n"
MOST = 1024 * 1024


def of_names(size: int = 229 * 1024) -> str:
    """Makes a story that can be used, most of which looks like names, numbers and addresses."""
    told = "\n".join(f"[[Ana Xu {n:05} of 07700 900123, 1 Elm Road, N1 1AA->a]]" for n in range(min(950, size // 60)))
    told = f"{_HEAD}{_ABOUT}:: a\nShe waits.\n\n[[On->s0]]\n{told}\n"
    words = "Ana Xu of 07700 900123, 1 Elm Road, N1 1AA. " * 85
    scenes = (f"\n:: s{n}\n{words.strip()}\n\n[[On->s{n + 1}]]\n" for n in range((size - len(told)) // len(words) - 1))
    told += "".join(scenes)
    return told + f"\n:: s{told.count('[[On->') - 1}\nShe waits.\n"


def of_signs(part: str, size: int = MOST) -> str:
    """Makes a story of another tool's, full of one piece of notation."""
    return _HEAD + ":: a\n" + part * ((size - len(_HEAD) - 10) // len(part))


def of_macros(size: int = MOST) -> str:
    """Makes a story of another tool's, with as much notation as is looked at, spread over as many words as there may
    be."""
    macro, many = "(if:a)[b]", 9000
    return _HEAD + ":: a\n" + (macro + "Ana Xu " * ((size // many - len(macro)) // 7)) * many


async def attack(large: bool = False) -> list[Row]:
    """Sends each file once, or four times at once; then opens the page on which a story of very many ways would be
    written."""
    files = {"names, 229 KB": of_names(), "macros, 1 MB": of_macros()}
    if large:
        files["$a$a, 1 MB"] = of_signs("$a")
        files |= {f"{part!r}, 1 MB": of_signs(part) for part in ("$a\n", "<b>", "[[a]]", "''a''", "\n:: a\nx")}
    rows = []
    async with target() as house, _browser(house) as browser:
        commission = (await browser.get("/commissions")).text.partition('href="/commissions/')[2].partition('"')[0]
        path = f"/commissions/{commission}/tell/file"
        for name, text in files.items():
            began = house.cpu()
            async with house.others() as others:
                answers = await asyncio.gather(*(_send(browser, path, text) for _ in range(1 + 3 * large)))
            took = house.cpu() - began
            assert {answer.status_code for answer in answers} <= {200, 422}
            rows.append(Row(f"story file of {name}", "CPU until it is answered", took / len(answers), "pages", 1250))
            rows.append(Row(f"story file of {name}", "others wait at most", others.worst, "pages", 20))
        rows += await _ways(house, browser, path, 4 if large else 1)
    return rows


async def _ways(house: Target, browser: httpx2.AsyncClient, path: str, times: int) -> list[Row]:
    """Opens the page for writing a story of 300 scenes with three ways each, so many times at once."""
    allowed: dict[str, str | list[str]] = {"may_perform": "yes", "may_publish": "yes", "may_quote": "no"}
    fields = filled_form(await browser.get(path), {"group": "", **allowed})
    sent = await browser.post(path, data=fields, files={"file": ("a.twee", of_ways(300).encode(), "text/plain")})
    assert sent.status_code == 303, sent.text
    page = str(sent.headers["location"]).partition("?")[0] + "/write"
    before = house.cpu()
    async with house.others() as others:
        answers = await asyncio.gather(*(browser.get(page) for _ in range(times)))
    cost = (house.cpu() - before) / times
    name = "page of a story of 300 scenes, 900 ways"
    size = max(len(answer.content) for answer in answers) / 1024 / 1024
    return [
        Row(name, "its size", size, "MB", 2),
        Row(name, "CPU of the server", cost, "pages", 30),
        Row(name, "others wait at most", others.worst, "pages", 20),
    ]


def of_ways(scenes: int) -> str:
    """Makes a story of which each scene leads to three others."""
    told = (
        f"\n:: s{n}\nShe waits.\n\n" + "".join(f"[[Go {m}->s{(n + m + 1) % scenes}]]\n" for m in range(3))
        for n in range(scenes)
    )
    return f"{_HEAD}{_ABOUT}:: a\nShe waits.\n\n[[On->s0]]\n" + "".join(told)


def _browser(house: Target) -> httpx2.AsyncClient:
    base = f"http://{house.host}"
    return httpx2.AsyncClient(base_url=base, headers={"Origin": base, "Accept": "text/html"}, timeout=300)


async def _send(browser: httpx2.AsyncClient, path: str, text: str) -> httpx2.Response:
    return await browser.post(path, data={"key": ""}, files={"file": ("a.twee", text.encode(), "text/plain")})


if __name__ == "__main__":
    run(lambda: attack("--large" in sys.argv))
