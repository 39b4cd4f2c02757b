"""Single sign-on: whom the provider names comes in to their own account, and no answer that lies lets anybody in."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from support.app import House, words
from support.factories import CLOCK
from support.identity_provider import CLIENT, SECRET, TestProvider, a_provider

from forum.adapters import oidc
from forum.adapters.oidc import OidcProvider
from forum.errors import StartupProblem
from forum.ports.accounts import Person
from forum.ports.second_steps import SecondStep
from forum.ports.sign_on import IdentityProvider
from forum.services import second_steps
from forum.settings import Settings
from forum.web.cookies import PENDING

BACK = "/sign-in/provider/back"


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[TestProvider]:
    async with a_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: TestProvider, house: House, monkeypatch: pytest.MonkeyPatch) -> TestProvider:
    """Puts the provider into the house's settings, as if it had started with it."""
    running.be_right()
    named = IdentityProvider(running.issuer, CLIENT, SECRET, "Anytown login")
    settings = replace(house.site.settings, oidc=named)
    asked = OidcProvider(named, "http://house.test" + BACK)
    monkeypatch.setattr(house.app.state, "site", replace(house.site, settings=settings, provider=asked))
    return running


@pytest.fixture
async def mo(house: House) -> Person:
    return await house.person("Mo@example.org", "moderator")


async def come_back(browser: httpx2.AsyncClient, provider: TestProvider, **changes: str) -> httpx2.Response:
    """Goes to the provider and back, with changes of what is brought back."""
    begun = await browser.get("/sign-in/provider?next=/moderate")
    assert begun.status_code == 303, words(begun)
    return await browser.get(BACK, params=provider.visited(begun.headers["location"]) | changes)


async def may(browser: httpx2.AsyncClient) -> bool:
    return (await browser.get("/moderate")).status_code == 200


async def test_who_is_known_comes_in_to_their_own_account_and_stays_bound_to_it(
    house: House, provider: TestProvider, mo: Person
) -> None:
    async with house.browser() as browser, house.browser() as second:
        assert "Sign in with Anytown login" in words(await browser.get("/sign-in?next=/moderate"))
        answer = await come_back(browser, provider)
        assert (answer.status_code, answer.headers["location"]) == (303, "/moderate")
        assert await may(browser)
        # From now on the identity counts, whatever becomes of the address.
        provider.claims.update(email="other@example.org", email_verified=False)
        assert (await come_back(second, provider)).status_code == 303
        assert provider.asked.count("/keys") == 1
    async with house.store.read() as work:
        acts = [(act.what, act.about) for act in await work.audit.acts(person=mo.id, most=9)]
    assert [what for what, _ in acts] == ["signed in by provider", "signed in by provider", "bound to provider"]
    assert acts[-1][1] == "Anytown login"


async def test_another_identity_with_the_same_address_stays_out_until_an_administrator_unbinds(
    house: House, provider: TestProvider, mo: Person
) -> None:
    async with house.browser() as browser, house.browser() as other, house.signed_in("administrator") as admin:
        await come_back(browser, provider)
        provider.sub = "sub-2"
        refused = await come_back(other, provider)
        assert (refused.status_code, await may(other)) == (403, False)
        assert "ask your administrator to undo that" in words(refused)
        assert "Bound to single sign-on since" in words(await admin.get("/people"))
        assert (await admin.post(f"/people/{mo.id}/unbind")).status_code == 303
        assert not await may(browser)
        assert (await come_back(other, provider)).status_code == 303
        assert "undid how Mo@Example.Org is bound" in words(await admin.get("/people/audit"))


async def test_a_second_step_is_asked_for_here_unless_the_provider_asked_for_one(
    house: House, provider: TestProvider, mo: Person
) -> None:
    async with house.store.begin() as work:
        await work.second_steps.add_second_step(SecondStep(mo.id, "sealed", CLOCK.now(), 0))
    for amr, onward in (
        (None, "/sign-in/code?next=/moderate"),
        (["pwd"], "/sign-in/code?next=/moderate"),
        (["otp"], None),
        (["hwk", "otp"], None),
        ("mfa", None),
    ):
        provider.claims["amr"] = amr
        async with house.browser() as browser:
            answer = await come_back(browser, provider)
            assert (answer.headers["location"], await may(browser)) == (onward or "/sign-in/code?next=/moderate", False)
    provider.claims["amr"] = ["pwd", "otp"]
    async with house.browser() as browser:
        assert (await come_back(browser, provider)).headers["location"] == "/moderate"
        assert await may(browser)


async def test_an_account_is_bound_once_its_second_step_is_passed(
    house: House, provider: TestProvider, mo: Person
) -> None:
    async def bound() -> dict[str, str]:
        async with house.store.read() as work:
            return {one: binding.sub for one, binding in (await work.bindings.all_bindings()).items()}

    async with house.store.begin() as work:
        await work.second_steps.add_second_step(SecondStep(mo.id, "sealed", CLOCK.now(), 0))
    [recovery, *_] = await second_steps.make_codes(house.store, CLOCK, mo)
    provider.sub = "sub-of-a-stranger"
    async with house.browser() as stranger, house.browser() as browser:
        await come_back(stranger, provider)
        assert await bound() == {}, "whoever has the address alone takes no account"
        provider.sub = "sub-of-mo"
        await come_back(browser, provider)
        owner, until, _sub, proof = browser.cookies[PENDING].split(".")
        browser.cookies.clear()
        browser.cookies[PENDING] = f"{owner}.{until}.{b64encode(b'another').decode()}.{proof}"
        assert (await browser.get("/sign-in/code")).headers["location"] == "/sign-in"
        browser.cookies.clear()
        await come_back(browser, provider)
        assert (await browser.post("/sign-in/code", data={"recovery": recovery})).status_code == 303
        assert (await may(browser), await bound()) == (True, {mo.id: "sub-of-mo"})


LIES: Mapping[str, Mapping[str, Any]] = {
    "wrong nonce": {"nonce": "0" * 64},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "another"},
    "many audiences and no party": {"aud": [CLIENT, "another"]},
    "another party": {"azp": "another"},
    "another issuer": {"iss": "https://evil.example"},
    "expired": {"exp": 1},
    "no end": {"exp": "never"},
    "made long ago": {"iat": 1},
    "not good yet": {"nbf": 2**40},
    "nobody": {"sub": ""},
    "not verified": {"email_verified": False},
    "verified in a word": {"email_verified": "true"},
    "an address that looks alike": {"email": "ｍo@example.org"},
    "nobody's address": {"email": "eve@example.org"},
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_token_that_lies_lets_nobody_in(house: House, provider: TestProvider, mo: Person, lie: str) -> None:
    provider.claims.update(LIES[lie])
    async with house.browser() as browser:
        refused = await come_back(browser, provider)
        assert (refused.status_code, await may(browser)) == (403, False)
        assert 'name="password"' in refused.text
        provider.be_right()
        assert (await come_back(browser, provider)).status_code == 303


@pytest.mark.parametrize("how", ["none", "public key as secret", "client secret", "another key", "garbage"])
async def test_a_signature_that_does_not_hold_lets_nobody_in(
    house: House, provider: TestProvider, mo: Person, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "none":
        provider.head["alg"] = "none"
    elif how == "another key":
        provider.signing = TestProvider().key
    elif how == "garbage":
        monkeypatch.setattr(provider, "id_token", lambda nonce: "a.b.c")
    else:
        provider.head["alg"] = "HS256"
        provider.signing = provider.key.as_pem(private=False) if how.startswith("public") else SECRET.encode()
    async with house.browser() as browser:
        assert ((await come_back(browser, provider)).status_code, await may(browser)) == (403, False)


async def test_a_way_back_is_good_once_on_the_browser_that_began_it(
    house: House, provider: TestProvider, mo: Person
) -> None:
    async with house.browser() as browser, house.browser() as thief:
        begun = await browser.get("/sign-in/provider?next=//evil.example")
        cookie = {name: value for name, value in browser.cookies.items() if name.startswith("forum_sign_on")}
        [header] = [one for one in begun.headers.get_list("set-cookie") if one.startswith("forum_sign_on")]
        assert {"HttpOnly", "SameSite=lax", "Max-Age=600"} <= {part.strip() for part in header.split(";")}
        brought = provider.visited(begun.headers["location"])
        # Brought to another browser, or with another state, it opens nothing.
        await thief.get("/sign-in/provider")
        for stranger in (thief, browser):
            wrong = brought if stranger is thief else brought | {"state": "0" * 64}
            refused = await stranger.get(BACK, params=wrong)
            assert (refused.status_code, "Begin again" in words(refused)) == (422, True)
        assert "/token" not in provider.asked
        browser.cookies.update(cookie)
        done = await browser.get(BACK, params=brought)
        assert (done.status_code, done.headers["location"]) == (303, "/work")
        # With the cookie brought back too: neither the way nor the code is good again.
        thief.cookies.update(cookie)
        again = await thief.get(BACK, params=brought)
        assert (again.status_code, provider.asked.count("/token"), await may(thief)) == (422, 1, False)
        code = brought["code"]
        assert (await come_back(thief, provider, code=code)).status_code == 403
        for changes, status in (({"iss": "https://evil.example"}, 403), ({"error": "access_denied"}, 403)):
            assert (await come_back(thief, provider, **changes)).status_code == status
        assert not await may(thief)


AWAY: Mapping[str, tuple[str, int, bytes]] = {
    "away": ("/.well-known/openid-configuration", 500, b""),
    "it sends on": ("/.well-known/openid-configuration", 302, b""),
    "no object": ("/.well-known/openid-configuration", 200, b"[" * 5000),
    "another issuer": ("/.well-known/openid-configuration", 200, b"issuer"),
    "huge keys": ("/keys", 200, b" " * oidc.MOST_BYTES),
    "many keys": ("/keys", 200, json.dumps({"keys": [{}] * 51}).encode()),
    "shared keys": ("/keys", 200, json.dumps({"keys": [{"kty": "oct", "k": "abcd"}]}).encode()),
}


@pytest.mark.parametrize("how", AWAY)
async def test_a_provider_that_does_not_answer_properly_is_told_and_passwords_still_work(
    house: House, provider: TestProvider, mo: Person, how: str
) -> None:
    path, status, body = AWAY[how]
    if how == "another issuer":
        # All else is right, and of right size.
        body = provider.answer(path, b"", "")[1].replace(b'"issuer": "http', b'"issuer": "https')
    elif how == "huge keys":
        body += provider.answer(path, b"", "")[1]
    provider.asked.clear()
    provider.lies[path] = status, body
    async with house.browser() as browser:
        for _ in range(2):
            refused = await browser.get("/sign-in/provider")
            assert (refused.status_code, 'name="password"' in refused.text) == (503, True)
            assert "Anytown login does not answer properly just now" in words(refused)
        assert provider.asked.count("/.well-known/openid-configuration") == 1
        form = {"login": "mo@example.org", "password": "seven quiet green kettles"}
        assert (await browser.post("/sign-in", data=form)).status_code == 303


async def test_it_is_limited_as_sign_ins_are(house: House, provider: TestProvider, mo: Person) -> None:
    site = house.site
    house.app.state.site = replace(site, settings=replace(site.settings, sign_ins_per_address=2))
    provider.claims["aud"] = "another"
    async with house.browser() as browser:
        assert [(await come_back(browser, provider)).status_code for _ in range(3)] == [403, 403, 429]
    assert provider.asked.count("/token") == 2


async def test_where_there_is_no_provider_nothing_is_there(house: House) -> None:
    async with house.browser() as browser:
        assert (await browser.get("/sign-in/provider")).status_code == 404
        assert (await browser.get(BACK)).status_code == 404
        assert "Or with a login" not in words(await browser.get("/sign-in"))


RIGHT = {
    "FORUM_OIDC_ISSUER": "https://login.example.org",
    "FORUM_OIDC_CLIENT_ID": "forum",
    "FORUM_OIDC_CLIENT_SECRET": "secret",
    "FORUM_PUBLIC_URL": "https://example.org/forum",
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"FORUM_OIDC_ISSUER": "http://login.example.org"},
        {"FORUM_OIDC_ISSUER": "https://login.example.org?x=1"},
        {"FORUM_OIDC_ISSUER": ""},
        {"FORUM_PUBLIC_URL": ""},
        {"FORUM_OIDC_CLIENT_ID": ""},
        {"FORUM_OIDC_CLIENT_SECRET": ""},
        {"FORUM_OIDC_CLIENT_SECRET_FILE": "/nowhere"},
        {"FORUM_OIDC_CLIENT_SECRET": "", "FORUM_OIDC_CLIENT_SECRET_FILE": "/nowhere"},
        {"FORUM_OIDC_NAME": "x" * 61},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(StartupProblem) as refused:
        Settings.load(RIGHT | wrong)
    assert "secret" not in str(refused.value).split()


async def test_below_a_path_the_provider_is_told_the_whole_way_back(provider: TestProvider) -> None:
    loaded = Settings.load(RIGHT | {"FORUM_OIDC_ISSUER": provider.issuer})
    assert loaded.oidc is not None
    address = await OidcProvider(loaded.oidc, loaded.public_url + BACK).sign_in_address("s", "n", "v" * 43)
    assert parse_qs(urlsplit(address).query)["redirect_uri"] == ["https://example.org/forum" + BACK]
