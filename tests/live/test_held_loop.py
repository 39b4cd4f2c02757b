"""The watchdog names the function that holds the loop, and nothing while the loop waits, or others work."""

from __future__ import annotations

import asyncio
import sys
import time
from types import FrameType

import pytest

from forum.live import held_loop
from forum.live.held_loop import HELD, HeldLoop
from forum.live.metrics import HOLDS, text


def hold() -> None:
    began = time.thread_time()
    while time.thread_time() < began + 5 * HELD:
        sum(range(1000))


async def test_it_names_what_holds_the_loop() -> None:
    places: list[str] = []

    def told(place: str, _frame: FrameType) -> None:
        places.append(place)

    watch = HeldLoop(told, of_processor=True, pause=0.0)
    watch.start()
    for _ in range(20):
        await asyncio.sleep(HELD / 4)
    # Beside the loop anybody may work as long as they like.
    await asyncio.to_thread(hold)
    await asyncio.sleep(2 * HELD)
    assert places == []
    for _ in range(50):
        hold()
        await asyncio.sleep(0)
        if places:
            break
    await watch.stop()
    assert {place.rpartition(":")[2] for place in places} == {"hold"}
    places.clear()
    hold()
    await asyncio.sleep(0)
    assert places == []


def test_places_are_counted_up_to_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_loop, "MOST_PLACES", 2)
    HOLDS.clear()
    watch = HeldLoop(pause=0.0)
    frame = next(iter(sys._current_frames().values()))
    for place in ("forum.a:one", "forum.a:one", "forum.b:two", "forum.c:three", "forum.d:four"):
        watch._note(place, frame)
    said = text().decode()
    assert 'forum_loop_holds_total{place="forum.a:one"} 2.0' in said
    assert 'forum_loop_holds_total{place="elsewhere"} 2.0' in said
    assert "three" not in said
    HOLDS.clear()
