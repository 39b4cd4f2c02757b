"""The door: in whose turn those who come are let in, and how those are refused who were sent away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from support.jumping_loop import run_jumping

from forum.live import giving_way
from forum.web.server import door
from forum.web.server.door import AT_ONCE, Door

PATH = b"/s/123456/socket"


async def test_many_who_come_at_once_are_let_in_a_few_in_a_step_and_in_their_order() -> None:
    letting, came = Door(time.monotonic), list[int]()

    def fail() -> bool:
        raise RuntimeError("a bug")

    letting.let_in("a", fail)
    for number in range(3 * AT_ONCE):
        letting.let_in("a", lambda number=number: not came.append(number))  # type: ignore[func-returns-value,misc]
    steps = []
    while len(came) < 3 * AT_ONCE:
        await asyncio.sleep(0)
        steps.append(len(came))
    assert steps == [AT_ONCE - 1, 2 * AT_ONCE - 1, 3 * AT_ONCE - 1, 3 * AT_ONCE]
    assert came == list(range(3 * AT_ONCE))
    # The next is let in at once, and nobody else with it.
    letting.let_in("a", lambda: not came.append(-1))  # type: ignore[func-returns-value]
    await asyncio.sleep(0)
    assert came[-1] == -1


def test_nobody_is_let_in_while_votes_are_stored_unless_that_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(giving_way, "GIVE_WAY", 100.0)
    monkeypatch.setattr(giving_way, "LOOK", 1.0)

    async def let_in(seconds: float) -> float:
        """Returns when somebody was let in who came just after another, where votes are stored for so long then."""
        loop = asyncio.get_running_loop()
        began = loop.time() - seconds
        letting = Door(time.monotonic, lambda: loop.time() < began + seconds)
        first, second = asyncio.Event(), asyncio.Event()
        letting.let_in("a", lambda: not first.set())  # type: ignore[func-returns-value]
        await first.wait()
        began = loop.time()
        letting.let_in("a", lambda: not second.set())  # type: ignore[func-returns-value]
        await second.wait()
        return loop.time() - began

    assert run_jumping(let_in(0)) < 1
    assert 50 <= run_jumping(let_in(50)) < 60
    assert 100 <= run_jumping(let_in(6000)) < 110


async def test_places_come_in_turns_and_who_does_not_wait_any_more_takes_nobodys() -> None:
    letting, came = Door(time.monotonic), list[str]()

    def begin(what: str, *, waits: bool = True) -> Callable[[], bool]:
        def begins() -> bool:
            came.extend([what] * waits)
            return waits

        return begins

    for number in range(1000):
        letting.let_in("many", begin("many", waits=number > 50))
    letting.let_in("one", begin("one"))
    await asyncio.sleep(0)
    assert sorted(came) == ["many", "one"]


def _cookies(*cookies: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"house.test"), *((b"cookie", each) for each in cookies)]


def test_who_was_sent_away_is_refused_by_any_cookie_for_so_long_and_nobody_else() -> None:
    now = [1000.0]
    refusing = Door(lambda: now[0])
    assert not refusing.refusal_of(b"/s/123456/socket?v=1", _cookies(b"forum_device=aa"))
    refusing.turn_away(PATH, "aa", 60)
    for cookies in ((b"forum_device=aa",), (b'x=y; forum_device_8000="aa"',), (b"x=y", b"forum_device=aa;z=1")):
        answer = refusing.refusal_of(b"/s/123456/socket?v=1", _cookies(*cookies))
        assert answer.startswith(b"HTTP/1.1 429 ")
        assert b"\r\nRetry-After: 60\r\n" in answer
    for cookie in (b"forum_device=ab", b"aa=forum_device", b""):
        assert not refusing.refusal_of(b"/s/123456/socket?v=1", _cookies(cookie))
    assert not refusing.refusal_of(b"/s/123456/socket?v=1", _cookies())
    assert not refusing.refusal_of(b"/projector/key/socket", _cookies(b"forum_device=aa"))
    now[0] += 59.5
    assert b"Retry-After: 1\r\n" in refusing.refusal_of(b"/s/123456/socket?v=1", _cookies(b"forum_device=aa"))
    now[0] += 1
    assert not refusing.refusal_of(b"/s/123456/socket?v=1", _cookies(b"forum_device=aa"))


def test_those_whose_time_is_over_are_forgotten() -> None:
    now = [0.0]
    refusing = Door(lambda: now[0])
    for number in range(door._KEPT):
        refusing.turn_away(PATH, f"gone {number}", 1)
    now[0] = 5.0
    refusing.turn_away(PATH, "a", 60)
    assert list(refusing._until) == [(PATH, b"a")]
