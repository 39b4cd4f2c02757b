"""Locks by key: one after the other, and none that nobody uses."""

from __future__ import annotations

import asyncio
import gc

from forum.live.locks import Locks


async def test_those_of_one_key_take_turns_and_afterwards_no_lock_is_left() -> None:
    locks, order = Locks(), list[str]()

    async def in_turn(key: str, name: str) -> None:
        async with locks[key]:
            order.append(f"{name} in")
            await asyncio.sleep(0)
            order.append(f"{name} out")

    async with locks["b"]:
        everybody = asyncio.gather(in_turn("a", "1"), in_turn("a", "2"), in_turn("b", "3"))
        await asyncio.sleep(0)
        assert len(locks) == 2
    await everybody
    assert [one for one in order if not one.startswith("3")] == ["1 in", "1 out", "2 in", "2 out"]
    assert len(locks) == 0


async def test_one_that_somebody_gave_up_waiting_for_is_free_and_goes_too() -> None:
    locks = Locks()

    async def waits() -> None:
        async with locks["a"]:
            pass

    async with locks["a"]:
        waiting = asyncio.create_task(waits())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        del waiting
    async with locks["a"]:
        assert len(locks) == 1
    gc.collect()  # what was cancelled holds itself
    assert len(locks) == 0
