"""Forum's own mark: on every answer there is, so that a page believes nobody else's; and what a refusal says."""

from __future__ import annotations

import re

import httpx2
import pytest
from support.app import ADDRESS, House

from forum import errors
from forum.live.messages import REFUSALS, TRY_AGAIN, VERSION
from forum.web.errors import STATUS, status_of
from forum.web.middleware import MARK
from forum.web.templates import STATIC

MACHINE = {"Accept": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/no-such-page", 404),
        ("GET", "/s/482913", 404),
        ("DELETE", "/", 405),
        ("POST", "/join", 422),
        ("GET", "/organise", 303),
        ("GET", "/static/ask.js?v=1", 200),
        ("GET", "/static/no-such.js", 404),
        ("HEAD", "/record", 200),
    ],
)
async def test_every_answer_carries_it_to_people_and_to_programs(
    house: House, method: str, path: str, status: int
) -> None:
    async with house.browser() as browser:
        for accept in ("text/html", "application/json"):
            answer = await browser.request(method, path, headers={"Accept": accept})
            assert answer.headers[MARK] == str(VERSION), accept
            assert answer.status_code == (401 if status == 303 and accept != "text/html" else status)


async def test_it_is_on_what_is_refused_before_any_page(house: House) -> None:
    async with house.browser() as browser:
        stranger = await browser.post("/join", headers=MACHINE | {"Origin": "http://evil.test"})
        assert (stranger.status_code, stranger.headers[MARK]) == (403, str(VERSION))
        # A proxy that names another host is put right, and then the same is taken.
        assert stranger.json()["error"] | {"words": ""} == {"code": "other_site", "words": "", "again": True}
        large = await browser.post("/join", content=b"code=" + b"1" * 1_100_000, headers=MACHINE)
        assert (large.status_code, large.headers[MARK]) == (413, str(VERSION))


async def test_the_answer_to_a_bug_carries_it_with_all_that_goes_with_every_answer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    through = httpx2.ASGITransport(app=house.app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=through, base_url=ADDRESS) as browser:
        with monkeypatch.context() as patch:
            patch.setattr(house.site.store, "read", broken)
            page, machine = await browser.get("/"), await browser.get("/", headers=MACHINE)
    for answer in (page, machine):
        assert (answer.status_code, answer.headers[MARK]) == (500, str(VERSION))
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["Cache-Control"] == "no-store"
    assert machine.json()["error"]["again"] is True


def test_what_ends_something_for_good_is_told_from_what_may_be_sent_again() -> None:
    again = {errors.TooMany, errors.StoreUnavailable}
    assert {kind for kind in STATUS if kind.again} == again
    assert {status_of(kind("x", 1) if kind is errors.TooMany else kind("x")) for kind in again} == {429, 503}
    assert set(REFUSALS) >= TRY_AGAIN == {"too_fast", "not_stored", "stop_not_stored"}


@pytest.mark.parametrize(
    ("path", "code", "again"),
    [
        ("/s/482913/now", "not_found", False),
        ("/s/482913/later", "http_404", True),
        ("/people", "sign_in_needed", False),
    ],
)
async def test_a_refusal_says_whether_it_is_for_good(house: House, path: str, code: str, again: bool) -> None:
    async with house.browser() as browser:
        told = (await browser.get(path, headers=MACHINE)).json()["error"]
    assert (told["code"], told["again"]) == (code, again)


def test_every_script_asks_by_the_one_module_that_knows_the_mark() -> None:
    """live/display-settings.js sends its one request, and reads no answer."""
    asks, connects = set(), set()
    for script in STATIC.rglob("*.js"):
        name, text = script.relative_to(STATIC).as_posix(), script.read_text()
        asks |= {name} if re.search(r"\bfetch\(|XMLHttpRequest|EventSource|sendBeacon", text) else set()
        connects |= {name} if "WebSocket(" in text else set()
        assert "event.code" not in text, "a close code is anybody's"
    assert asks == {"ask.js", "live/display-settings.js"}
    assert connects == {"live/room-connection.js"}
