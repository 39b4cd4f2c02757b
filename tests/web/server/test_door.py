"""Those who were sent away, at the door."""

from __future__ import annotations

from forum.web.server import door
from forum.web.server.door import Door


def _cookies(*cookies: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"house.test"), *((b"cookie", each) for each in cookies)]


def test_who_was_sent_away_is_refused_by_any_cookie_for_so_long_and_nobody_else() -> None:
    now = [1000.0]
    refusing = Door(lambda: now[0])
    assert not refusing.refusal_of(_cookies(b"forum_device=aa"))
    refusing.turn_away("aa", 60)
    for cookies in ((b"forum_device=aa",), (b'x=y; forum_device_8000="aa"',), (b"x=y", b"forum_device=aa;z=1")):
        answer = refusing.refusal_of(_cookies(*cookies))
        assert answer.startswith(b"HTTP/1.1 429 ")
        assert b"\r\nRetry-After: 60\r\n" in answer
    for cookie in (b"forum_device=ab", b"aa=forum_device", b""):
        assert not refusing.refusal_of(_cookies(cookie))
    assert not refusing.refusal_of(_cookies())
    now[0] += 59.5
    assert b"Retry-After: 1\r\n" in refusing.refusal_of(_cookies(b"forum_device=aa"))
    now[0] += 1
    assert not refusing.refusal_of(_cookies(b"forum_device=aa"))


def test_those_whose_time_is_over_are_forgotten() -> None:
    now = [0.0]
    refusing = Door(lambda: now[0])
    for number in range(door._KEPT):
        refusing.turn_away(f"gone {number}", 1)
    now[0] = 5.0
    refusing.turn_away("a", 60)
    assert list(refusing._until) == [b"a"]
