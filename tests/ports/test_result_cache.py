"""Results worked out once: by one of those who want them, within a bound, and forgotten when they have to be."""

from __future__ import annotations

import asyncio

import pytest

from forum.ports.result_cache import Drawn, Remembered


class Maker:
    """Makes a text when it is let, and counts."""

    def __init__(self, text: str = "made") -> None:
        self.text = text
        self.times = 0
        self.let = asyncio.Event()

    async def __call__(self) -> Drawn:
        self.times += 1
        await self.let.wait()
        return Drawn(self.text)


async def test_whoever_asks_meanwhile_waits_for_the_one_who_makes_it() -> None:
    kept, make = Remembered(), Maker()
    asking = [asyncio.create_task(kept.of(Drawn, 5, "a", make)) for _ in range(60)]
    await asyncio.sleep(0)
    make.let.set()
    assert await asyncio.gather(*asking) == ["made"] * 60
    assert make.times == 1


async def test_where_the_one_who_makes_it_is_sent_away_the_next_one_does() -> None:
    kept, make = Remembered(), Maker()
    first, *others = [asyncio.create_task(kept.of(Drawn, 5, "a", make)) for _ in range(3)]
    await asyncio.sleep(0)
    first.cancel()
    make.let.set()
    assert await asyncio.gather(*others) == ["made", "made"]
    assert make.times == 2
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_what_is_forgotten_while_it_is_made_is_not_kept() -> None:
    kept, make = Remembered(), Maker("before")
    asking = asyncio.create_task(kept.of(Drawn, 5, "a", make))
    await asyncio.sleep(0)
    kept.forget(Drawn)
    make.let.set()
    assert await asking == "before"
    assert len(kept) == 0
    make.text = "after"
    assert await kept.of(Drawn, 5, "a", make) == "after"


async def test_as_much_is_kept_as_is_said_the_latest_of_it() -> None:
    kept = Remembered()
    for name in "abcd":
        make = Maker(name * 4)
        make.let.set()
        assert await kept.of(Drawn, 9, name, make, len) == name * 4
    assert len(kept) == 2
    long = Maker("x" * 10)
    long.let.set()
    assert await kept.of(Drawn, 9, "x", long, len) == "x" * 10
    assert len(kept) == 0
