"""Addresses of those who ask, behind proxies: whom X-Forwarded-For is believed from, and what it says."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs
from support.app import PASSWORD, House, a_house, words

from forum.errors import StartupProblem
from forum.settings import Settings
from forum.web.server.proxies import ForwardedHeaders, Noted, Proxies, address_in, never_believed

PROXY = "10.0.0.5"
DEFAULT = "127.0.0.1, ::1"


def trusting(text: str) -> Proxies:
    return Proxies(Settings.load({"FORUM_TRUSTED_PROXIES": text}))


async def seen(proxies: Proxies, peer: str, *headers: tuple[str, str], kind: str = "http") -> tuple[str, str]:
    """Returns the address and the scheme that pages see of a request that came from `peer` with these headers."""
    reached: list[dict[str, Any]] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope)

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    scheme = "ws" if kind == "websocket" else "http"
    scope = {"type": kind, "client": (peer, 40000), "scheme": scheme, "headers": sent}
    await ForwardedHeaders(inner, proxies)(scope, nothing, nothing)
    return str(reached[0]["client"][0]), str(reached[0]["scheme"])


def forwarded(*values: str) -> list[tuple[str, str]]:
    return [("X-Forwarded-For", value) for value in values]


@pytest.mark.parametrize(
    ("trusted", "peer", "told", "who"),
    [
        # by default this machine is believed, and nobody else
        (DEFAULT, "127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        (DEFAULT, "::1", ["2001:db8::7"], "2001:db8::7"),
        (DEFAULT, "::ffff:127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        (DEFAULT, "127.0.0.2", ["198.51.100.7"], "127.0.0.2"),
        (DEFAULT, PROXY, ["198.51.100.7"], PROXY),
        ("none", "127.0.0.1", ["198.51.100.7"], "127.0.0.1"),
        # addresses and networks, of both kinds
        ("10.0.0.0/8", PROXY, ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.7/24", PROXY, ["198.51.100.7"], "198.51.100.7"),
        ("10.0.1.0/24", PROXY, ["198.51.100.7"], PROXY),
        ("fd00::/8", "fd12::1%eth0", ["198.51.100.7"], "198.51.100.7"),
        ("192.0.2.1 10.0.0.5,fd00::/8", PROXY, ["198.51.100.7"], "198.51.100.7"),
        # whatever a client wrote stands before what the proxy wrote
        (PROXY, PROXY, ["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        (PROXY, PROXY, ["127.0.0.1, 10.0.0.5, 198.51.100.7"], "198.51.100.7"),
        (PROXY, PROXY, ["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
        # several trusted hops; the first that is not trusted is who asked
        ("10.0.0.0/8", PROXY, ["203.0.113.9, 198.51.100.7, 10.1.2.3"], "198.51.100.7"),
        ("10.0.0.0/8", PROXY, ["203.0.113.9, 198.51.100.7", "10.1.2.3,10.0.0.9"], "198.51.100.7"),
        ("10.0.0.0/8", PROXY, ["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        # as some proxies write it
        (PROXY, PROXY, ["198.51.100.7:4711"], "198.51.100.7"),
        (PROXY, PROXY, ["[2001:db8::7]:4711"], "2001:db8::7"),
        (PROXY, PROXY, ["[2001:db8::7]"], "2001:db8::7"),
        (PROXY, PROXY, ["2001:DB8:0::7"], "2001:db8::7"),
        (PROXY, PROXY, ["::ffff:198.51.100.7"], "198.51.100.7"),
        # what is no address is nobody: the last that is known counts
        (PROXY, PROXY, [""], PROXY),
        (PROXY, PROXY, ["unknown"], PROXY),
        (PROXY, PROXY, ["198.51.100.7, unknown"], PROXY),
        (PROXY, PROXY, ["198.51.100.7, _hidden:1"], PROXY),
        (PROXY, PROXY, ["x" * 100_000], PROXY),
        (PROXY, PROXY, ["1" * 100_000], PROXY),
        (PROXY, PROXY, ["198.51.100.7\x00"], PROXY),
        (PROXY, PROXY, ["198.51.100.777"], PROXY),
        ("10.0.0.0/8", PROXY, ["bad, 10.1.2.3"], "10.1.2.3"),
        # nothing is read without end
        (PROXY, PROXY, ["203.0.113.9, " * 50_000 + "198.51.100.7"], "198.51.100.7"),
        ("10.0.0.0/8", PROXY, ["203.0.113.9, " + "10.1.2.3, " * 50_000 + "10.9.9.9"], "10.1.2.3"),
        ("10.0.0.0/8", PROXY, ["203.0.113.9" + "," * 995 + "10.9.9.9"], "10.9.9.9"),
    ],
)
async def test_the_last_address_that_is_no_trusted_proxys_is_who_asked(
    trusted: str, peer: str, told: list[str], who: str
) -> None:
    address, _ = await seen(trusting(trusted), peer, *forwarded(*told))
    assert address_in(address) == address_in(who)


async def test_an_address_that_was_cut_in_two_is_none() -> None:
    # 1000 bytes are read: without its first sign the first one would be an address.
    told = "1203.0.13.9" + (", " + "10.1.2.3".rjust(53)) * 18
    assert len(told) == 1001
    address, _ = await seen(trusting("10.0.0.0/8"), PROXY, *forwarded(told))
    assert address == "10.1.2.3"


@pytest.mark.parametrize(
    ("peer", "values", "kind", "scheme"),
    [
        (PROXY, ["https"], "http", "https"),
        (PROXY, ["HTTPS "], "http", "https"),
        (PROXY, ["https"], "websocket", "wss"),
        (PROXY, ["wss"], "websocket", "wss"),
        (PROXY, ["wss"], "http", "https"),
        (PROXY, ["http"], "websocket", "ws"),
        (PROXY, ["http, https"], "http", "https"),
        (PROXY, ["https", "http"], "http", "http"),
        (PROXY, ["javascript"], "http", "http"),
        (PROXY, ["https" * 9999], "http", "http"),
        (PROXY, [""], "http", "http"),
        ("192.0.2.1", ["https"], "http", "http"),
        ("192.0.2.1", ["https"], "websocket", "ws"),
    ],
)
async def test_the_nearest_trusted_proxy_says_by_which_scheme(
    peer: str, values: list[str], kind: str, scheme: str
) -> None:
    headers = [("X-Forwarded-Proto", value) for value in values]
    assert (await seen(trusting(PROXY), peer, *headers, kind=kind))[1] == scheme


async def test_headers_that_most_proxies_pass_on_from_strangers_are_not_read() -> None:
    lies = [
        ("Forwarded", "for=198.51.100.7;proto=https;host=evil.test"),
        ("X-Real-IP", "198.51.100.7"),
        ("X-Forwarded-Host", "evil.test"),
    ]
    assert await seen(trusting(PROXY), PROXY, *lies) == (PROXY, "http")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("caddy", "not caddy: names are not looked up"),
        ("10.0.0.0/33", "not 10.0.0.0/33"),
        ("10.0.0", "not 10.0.0:"),
        ("*", "not *:"),
        ("0.0.0.0/0", "0.0.0.0/0 is everybody"),
        ("10.0.0.1 ::/0", "::/0 is everybody"),
    ],
)
def test_a_list_of_proxies_that_cannot_be_is_told(value: str, said: str) -> None:
    with pytest.raises(StartupProblem) as problem:
        Settings.load({"FORUM_TRUSTED_PROXIES": value})
    assert said in str(problem.value)
    assert "FORUM_TRUSTED_PROXIES" in str(problem.value)


@pytest.mark.parametrize(
    ("host", "public", "trusted", "never"),
    [
        ("0.0.0.0", "https://forum.example.org", DEFAULT, False),
        ("0.0.0.0", "https://forum.example.org", "none", True),
        ("127.0.0.1", "https://forum.example.org", DEFAULT, False),
        ("127.0.0.1", "https://forum.example.org", PROXY, True),
        ("localhost", "https://forum.example.org", PROXY, True),
        ("192.0.2.7", "https://forum.example.org", DEFAULT, True),
        ("192.0.2.7", "https://forum.example.org", PROXY, False),
        ("192.0.2.7", "http://forum.example.org", DEFAULT, False),
        ("192.0.2.7", "", DEFAULT, False),
    ],
)
def test_a_proxy_that_can_never_be_believed_is_known_at_start(
    host: str, public: str, trusted: str, never: bool
) -> None:
    environ = {"FORUM_HOST": host, "FORUM_PUBLIC_URL": public, "FORUM_TRUSTED_PROXIES": trusted}
    assert never_believed(Settings.load(environ)) is never


class Hands:
    """A monotonic clock that a test moves by hand."""

    time = 1000.0

    def __call__(self) -> float:
        return self.time


def test_a_few_proxies_are_remembered_for_a_day_and_strangers_drive_none_out() -> None:
    hands = Hands()
    proxies = Proxies(Settings.load({}), hands)
    own = Noted(PROXY, believed=False)
    with capture_logs() as logs:
        for stranger in range(100):
            proxies.note(ipaddress.ip_address(PROXY), believed=False)
            proxies.note(ipaddress.ip_address(f"192.0.2.{stranger}"), believed=False)
    assert len(proxies.noted()) == len(logs) == 8
    assert own in proxies.noted()
    hands.time += 24 * 3600 - 1
    proxies.note(ipaddress.ip_address(PROXY), believed=False)
    hands.time += 2
    assert proxies.noted() == (own,)


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template, sign_ins_per_address=2, trusted_proxies=PROXY) as house:
        yield house


async def wrong(browser: httpx2.AsyncClient, who: str, times: int = 1) -> int:
    """Signs in wrongly, each time as somebody else; returns the last answer's status."""
    for n in range(times):
        form = {"login": f"nobody-{who}-{n}", "password": "wrong wrong wrong"}
        answer = await browser.post("/sign-in", data=form, headers={"X-Forwarded-For": who})
    return answer.status_code


async def test_wrong_sign_ins_by_one_behind_a_trusted_proxy_lock_nobody_else_out(house: House) -> None:
    await house.person("mo", "organiser")
    right = {"login": "mo", "password": PASSWORD}
    async with house.browser(PROXY) as proxy:
        assert await wrong(proxy, "198.51.100.7", 3) == 429
        # nor do they get out of it by writing another address before their own
        assert await wrong(proxy, "203.0.113.9, 198.51.100.7") == 429
        answer = await proxy.post("/sign-in", data=right, headers={"X-Forwarded-For": "198.51.100.8"})
        assert answer.status_code == 303
        assert "Secure" not in answer.headers["set-cookie"]
        tls = {"X-Forwarded-For": "198.51.100.8", "X-Forwarded-Proto": "https", "Origin": "https://house.test"}
        answer = await proxy.post("/sign-in", data=right, headers=tls)
        assert answer.status_code == 303
        assert "Secure" in answer.headers["set-cookie"]
    # whoever is no trusted proxy does not choose an address
    async with house.browser("192.0.2.66") as stranger:
        assert [await wrong(stranger, f"198.51.100.{n}") for n in range(3)] == [422, 422, 429]


async def test_the_organisers_page_warns_of_a_proxy_that_is_not_trusted_or_says_too_little(house: House) -> None:
    async with house.signed_in("organiser") as organiser:
        assert "passed on for others" not in words(await organiser.get("/organise"))
        async with house.browser("192.0.2.66") as proxy:
            for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Proto"):
                await proxy.get("/", headers={name: "198.51.100.7"})
        shown = words(await organiser.get("/organise"))
        assert shown.count("Requests from 192.0.2.66 say that they are passed on for others.") == 1
        assert "FORUM_TRUSTED_PROXIES" in shown
    async with a_house_of_defaults(house) as other, other.signed_in("organiser") as organiser:
        async with other.browser("127.0.0.1") as proxy:
            await proxy.get("/", headers={"Host": "127.0.0.1:8000"})
            await proxy.get("/", headers={"Host": "[::1]:8000"})
            await proxy.get("/", headers={"Host": "this-machine:8000"})
            await proxy.get("/", headers={"X-Forwarded-For": "198.51.100.7", "Host": "forum.example.org"})
            assert other.site.proxies.noted() == ()
            await proxy.get("/", headers={"Host": "forum.example.org"})
        shown = words(await organiser.get("/organise"))
        assert "through a proxy at 127.0.0.1 that does not say who asks" in shown


def a_house_of_defaults(house: House) -> Any:
    folder = house.site.settings.data / "other"
    folder.mkdir()
    return a_house(folder, house.site.settings.data / "forum.db", public_url="https://forum.example.org")
