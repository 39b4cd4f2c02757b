"""The second step of signing in: turned on with a code, asked for after the password, and never passed twice by one."""

from __future__ import annotations

import re
from base64 import b32decode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from support.app import PASSWORD, House, field, words
from support.factories import CLOCK

from forum.adapters import one_time_codes
from forum.errors import BadInput
from forum.ports.accounts import Person
from forum.ports.audit import What
from forum.ports.second_steps import Must
from forum.ports.sign_on import Binding
from forum.services import accounts, second_steps
from forum.settings import Settings
from forum.web.accounts import code_check

KEY = bytes(range(32))


def code_of(secret: str, later: int = 0) -> str:
    """Returns the code of a typed key, so many half-minutes from now."""
    at = int(datetime.fromisoformat(CLOCK.now()).timestamp()) + 30 * later
    return TOTP(b32decode(secret.replace(" ", "")), 6, SHA1(), 30).generate(at).decode()


async def password(browser: httpx2.AsyncClient, onward: str = "") -> httpx2.Response:
    return await browser.post("/sign-in", data={"login": "mo", "password": PASSWORD, "next": onward})


async def may(browser: httpx2.AsyncClient) -> bool:
    return (await browser.get("/moderate")).status_code == 200


def key_on(shown: httpx2.Response) -> str:
    [key] = re.findall(r'<code class="typed">([A-Z2-7 ]+)</code>', shown.text)
    return str(key)


def codes_on(shown: httpx2.Response) -> list[str]:
    return re.findall(r"<li><code>([a-z0-9-]{19})</code></li>", shown.text)


async def turned_on(browser: httpx2.AsyncClient) -> tuple[str, list[str]]:
    """Turns the second step on. Returns its key and the recovery codes."""
    shown = await browser.get("/account/second-step")
    form = {"act": "on", "sealed": field(shown, "sealed"), "code": code_of(key_on(shown)), "before": PASSWORD}
    answer = await browser.post("/account/second-step", data=form)
    assert answer.status_code == 200, words(answer)
    return key_on(shown), codes_on(answer)


@pytest.fixture
async def mo(house: House) -> Person:
    return await house.person("mo", "moderator")


@pytest.fixture
async def here(house: House, mo: Person) -> AsyncIterator[httpx2.AsyncClient]:
    async with house.browser() as browser:
        assert (await password(browser)).status_code == 303
        yield browser


def test_codes_are_those_of_the_standard_and_a_secret_is_opened_for_its_person_alone() -> None:
    sealed = one_time_codes.new_secret(KEY, "mo")
    secret = one_time_codes.typed_key(KEY, "mo", sealed)
    now = CLOCK.now()
    found = [one_time_codes.half_minute(KEY, "mo", sealed, code_of(secret, step), now) for step in range(-2, 3)]
    assert [one is not None for one in found] == [False, True, True, True, False]
    assert secret not in sealed
    for key, person, text in ((KEY, "eve", sealed), (KEY[::-1], "mo", sealed), (KEY, "mo", "x"), (KEY, "mo", "é")):
        assert one_time_codes.typed_key(key, person, text) == ""
        assert one_time_codes.half_minute(key, person, text, code_of(secret), now) is None
    assert "secret=" + secret in one_time_codes.address(KEY, "mo", sealed, "mo", "Forum")


async def test_it_counts_once_a_code_and_the_password_are_right(house: House, here: httpx2.AsyncClient) -> None:
    shown = await here.get("/account/second-step")
    assert "<svg" in shown.text
    form = {"act": "on", "sealed": field(shown, "sealed"), "code": code_of(key_on(shown)), "before": PASSWORD}
    for wrong in ({"code": "000000"}, {"before": "not my password"}, {"before": ""}, {"sealed": "made up"}):
        refused = await here.post("/account/second-step", data=form | wrong)
        assert refused.status_code == 422
        assert wrong.get("sealed") or key_on(refused) == key_on(shown)
    async with house.browser() as other:
        assert (await password(other)).headers["location"] == "/work"
    _, codes = await turned_on(here)
    assert (len(codes), len(set(codes))) == (10, 10)
    assert not codes_on(await here.get("/account/second-step"))
    assert "10 recovery codes left" in words(await here.get("/account"))


async def test_a_password_alone_signs_nobody_in_and_each_code_does_once(house: House, here: httpx2.AsyncClient) -> None:
    key, _ = await turned_on(here)
    async with house.browser() as there, house.browser() as thief:
        asked = await password(there, "/moderate")
        assert asked.headers["location"] == "/sign-in/code?next=/moderate"
        assert not await may(there)
        # The code that turned it on is used up.
        assert (await there.post("/sign-in/code", data={"code": code_of(key)})).status_code == 422
        right = await there.post("/sign-in/code", data={"code": f" {code_of(key, 1)} ", "next": "/moderate"})
        assert (right.status_code, right.headers["location"]) == (303, "/moderate")
        assert await may(there)
        await password(thief)
        again = await thief.post("/sign-in/code", data={"code": code_of(key, 1)})
        assert (again.status_code, await may(thief)) == (422, False)
        assert "it was used before" in words(again)


async def test_a_recovery_code_is_good_once_however_it_is_typed(house: House, here: httpx2.AsyncClient) -> None:
    _, codes = await turned_on(here)
    async with house.browser() as there, house.browser() as thief:
        for browser, expected in ((there, 303), (thief, 422)):
            await password(browser)
            typed = codes[0].upper().replace("-", " ")
            assert (await browser.post("/sign-in/code", data={"recovery": typed})).status_code == expected
        assert "9 recovery codes left" in words(await there.get("/account"))
        made = await there.post("/account/second-step", data={"act": "codes", "before": PASSWORD, "code": codes[2]})
        assert not set(codes_on(made)) & set(codes)
        assert len(codes_on(made)) == 10
        assert (await thief.post("/sign-in/code", data={"recovery": codes[1]})).status_code == 422


async def test_codes_cannot_be_guessed_without_end_nor_come_without_the_password(
    house: House, here: httpx2.AsyncClient, mo: Person
) -> None:
    key, _ = await turned_on(here)
    async with house.browser() as thief:
        assert (await thief.get("/sign-in/code")).status_code == 303
        until = int(datetime.fromisoformat(CLOCK.now()).timestamp()) + 600
        thief.cookies.set("forum_pending", f"{mo.id}.{until}.{'0' * 64}")
        assert (await thief.post("/sign-in/code", data={"code": code_of(key, 1)})).status_code == 303
        assert not await may(thief)
        del thief.cookies["forum_pending"]
        await password(thief)
        for _ in range(code_check.TRIES):
            assert (await thief.post("/sign-in/code", data={"code": "000000"})).status_code == 422
        locked = await thief.post("/sign-in/code", data={"code": code_of(key, 1)})
        assert (locked.status_code, await may(thief)) == (429, False)
        assert int(locked.headers["retry-after"]) > 0


async def test_who_has_to_have_it_turns_it_on_before_anything_else(
    house: House, mo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.app.state, "site", replace(house.site, settings=_must(house, Must.STAFF)))
    async with house.browser() as browser:
        asked = await password(browser, "/moderate")
        assert asked.headers["location"] == "/sign-in/second-step?next=/moderate"
        shown = await browser.get(asked.headers["location"])
        assert not await may(browser)
        form = {"sealed": field(shown, "sealed"), "next": field(shown, "next")}
        wrong = await browser.post("/sign-in/second-step", data=form | {"code": "000000"})
        assert (wrong.status_code, await may(browser)) == (422, False)
        done = await browser.post("/sign-in/second-step", data=form | {"code": code_of(key_on(shown))})
        assert (len(codes_on(done)), await may(browser)) == (10, True)
        assert 'href="/moderate"' in done.text
        stays = await browser.post("/account/second-step", data={"act": "off", "before": PASSWORD})
        assert stays.status_code == 409
    assert [second_steps.must(mo, one) for one in Must] == [False, True, False]


async def test_an_administrator_turns_it_off_for_somebody(house: House, here: httpx2.AsyncClient, mo: Person) -> None:
    await turned_on(here)
    async with house.signed_in("administrator") as admin:
        assert "Signs in with a second step" in words(await admin.get("/people"))
        assert (await admin.post(f"/people/{mo.id}/second-step")).status_code == 303
        assert not await may(here)
        assert (await password(here)).headers["location"] == "/work"
    async with house.store.read() as work:
        acts = [act.what for act in await work.audit.acts(person=mo.id, most=9)]
    assert acts == ["signed in", "second step off", "second step on", "signed in"]


async def test_an_administrator_turns_their_own_off_with_a_code_alone(
    house: House, here: httpx2.AsyncClient, mo: Person
) -> None:
    await accounts.set_roles(house.store, CLOCK, mo.id, ["administrator"])
    await turned_on(here)
    shown = (await here.get("/people")).text
    assert f"/people/{mo.id}/roles" in shown
    assert f"/people/{mo.id}/second-step" not in shown
    assert (await here.post(f"/people/{mo.id}/second-step")).status_code == 409
    assert await second_steps.is_on(house.store, mo)


async def test_it_is_turned_off_by_its_owner_with_the_password_and_a_code(here: httpx2.AsyncClient) -> None:
    key, _ = await turned_on(here)
    form = {"act": "off", "before": PASSWORD, "code": code_of(key, 1)}
    for wrong in ({"before": "wrong"}, {"code": ""}, {"code": "000000"}, {"code": "aaaa-bbbb-cccc-dddd"}):
        assert (await here.post("/account/second-step", data=form | wrong)).status_code == 422
    assert (await here.post("/account/second-step", data=form)).status_code == 303
    assert (await password(here)).headers["location"] == "/work"


async def test_a_new_password_and_a_token_ask_for_a_code_once_more(house: House, here: httpx2.AsyncClient) -> None:
    commission = await house.commission()
    async with house.browser() as machine:
        old = (await here.post("/organise/tokens", data={"label": "x"}, headers={"Accept": "application/json"})).json()
        assert "error" in old  # a moderator runs no sessions
        key, codes = await turned_on(here)
        asked = {"label": "A wall", "commission": commission.id, "role": "moderator", "expires_on": "2026-12-01"}
        for wrong in ({}, {"code": "000000"}):
            refused = await here.post("/account/tokens", data=asked | wrong)
            assert (refused.status_code, 'id="code-error"' in refused.text) == (422, True)
        assert field(refused, "label") == "A wall"
        made = await here.post("/account/tokens", data=asked | {"code": codes[0]})
        assert "Copy it now" in words(made)
        chosen = {"before": PASSWORD, "password": "eight quiet kettles", "again": "eight quiet kettles"}
        assert (await here.post("/account", data=chosen)).status_code == 422
        assert (await here.post("/account", data=chosen | {"code": code_of(key, 1)})).status_code == 303
        assert (await machine.post("/sign-in", data={"login": "mo", "password": PASSWORD})).status_code == 422


async def test_acts_on_an_account_that_open_it_ask_an_administrator_for_a_code_of_their_own(
    house: House, here: httpx2.AsyncClient, mo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_check, "TRIES", 50)
    await accounts.set_roles(house.store, CLOCK, mo.id, ["administrator"])
    cas = await house.person("cas", "organiser")
    async with house.browser() as browser:
        await browser.post("/sign-in", data={"login": "cas", "password": PASSWORD})
        key_of_cas, _ = await turned_on(browser)
    async with house.store.begin() as work:
        await work.bindings.bind(Binding(cas.id, "https://provider.example", "cas", CLOCK.now()))
    fields = set(re.findall(r'id="((?:[a-z-]+-)?code(?:-[0-9a-f]{32})?)"', (await here.get("/people")).text))
    assert fields == set(), "nobody is asked for a code who has none"
    _, codes = await turned_on(here)
    new = {"name": "Di", "login": "di", "password": PASSWORD, "role": ["organiser", "administrator"]}
    commission = await house.commission()
    here_alone = {"one": "1", "commission": commission.id}
    acts: list[tuple[str, dict[str, Any], str]] = [
        ("password", {"password": "eight quiet kettles"}, f"password-code-{cas.id}"),
        ("roles", {"role": ["moderator", "administrator"]}, f"roles-code-{cas.id}"),
        ("roles", {"role": ["moderator", "commissioner", "administrator"]}, f"roles-code-{cas.id}"),
        ("roles", here_alone | {"role": ["organiser", "moderator"]}, f"one-code-{cas.id}"),
        ("second-step", {}, f"second-step-code-{cas.id}"),
        ("unbind", {}, f"unbind-code-{cas.id}"),
        ("", new, "code"),
        ("", new | {"login": "ed", "role": ["second reader"]}, "code"),
        ("", new | {"login": "flo", "role": ["moderator"], "commission": commission.id}, "code"),
    ]
    before = await _standing(house)
    for (act, form, at), code in zip(acts, codes, strict=False):
        address = f"/people/{cas.id}/{act}" if act else "/people"
        for wrong in ({}, {"code": "000000"}, {"code": code_of(key_of_cas, 1)}, {"code": "0" * 500}):
            refused = await here.post(address, data=form | wrong)
            assert (refused.status_code, f'id="{at}-error"' in refused.text) == (422, True), (act, wrong)
            assert f'href="#{at}"' in refused.text
            for role in form.get("role", ()):
                box = f"{'one' if 'one' in form else 'role'}-{cas.id}-{role}" if act else "role(-[0-9])?"
                ticked = rf'id="{box}" name="role" value="{role}"[^>]* checked'
                assert re.search(ticked, refused.text), "what was ticked stays ticked"
        assert await _standing(house) == before
        asked = await here.post(address, data=form | {"code": code})
        assert asked.status_code == 303, (act, words(asked))
        assert before != (before := await _standing(house)), act
    for fewer in ({"role": ["administrator", "moderator"]}, here_alone | {"role": "moderator"}, here_alone, {}):
        plain = await here.post(f"/people/{cas.id}/roles", data=fewer)
        assert plain.status_code == 303, "roles are taken away without a code"


async def test_who_must_have_a_second_step_turns_it_on_before_they_change_accounts(
    house: House, here: httpx2.AsyncClient, mo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await accounts.set_roles(house.store, CLOCK, mo.id, ["administrator"])
    cas = await house.person("cas", "organiser")
    commission = await house.commission()
    # They signed in before the setting was there.
    monkeypatch.setattr(house.app.state, "site", replace(house.site, settings=_must(house, Must.ADMINISTRATORS)))
    new = {"name": "Di", "login": "di", "password": PASSWORD, "role": "administrator"}
    acts: list[tuple[str, dict[str, Any]]] = [
        (f"/people/{cas.id}/password", {"password": "eight quiet kettles"}),
        (f"/people/{cas.id}/roles", {"role": ["moderator"]}),
        (f"/people/{cas.id}/roles", {"role": ["moderator"], "one": "1", "commission": commission.id}),
        (f"/people/{cas.id}/second-step", {}),
        (f"/people/{cas.id}/unbind", {}),
        ("/people", new),
    ]
    before = await _standing(house)
    for address, form in acts:
        refused = await here.post(address, data=form)
        assert (refused.status_code, "Turn on the second step first" in words(refused)) == (409, True), address
    assert field(refused, "login") == "di", "what was typed stays"
    assert await _standing(house) == before
    _, codes = await turned_on(here)
    for (address, form), code in zip(acts, codes, strict=False):
        assert (await here.post(address, data=form | {"code": code})).status_code == 303, address


async def test_what_is_wrong_with_a_new_administrator_is_told_before_a_code_is_used_up(
    house: House, here: httpx2.AsyncClient, mo: Person
) -> None:
    await accounts.set_roles(house.store, CLOCK, mo.id, ["administrator"])
    _, codes = await turned_on(here)
    form = {"name": "Di", "login": "di", "password": PASSWORD, "role": "administrator", "code": codes[0]}
    for wrong, at in (({"password": "short"}, "password"), ({"login": "MO"}, "login"), ({"name": ""}, "name")):
        refused = await here.post("/people", data=form | wrong)
        assert (refused.status_code, f'id="{at}-error"' in refused.text) == (422, True)
    commission = await house.commission()
    for wrong_roles, at in (
        ({"role": ["administrator", "king"]}, f"roles-{mo.id}"),
        ({"role": ["organiser"]}, f"roles-{mo.id}"),  # nobody would be administrator
        ({"role": ["moderator"], "commission": mo.id}, f"roles-{mo.id}"),
        ({"role": ["king"], "one": "1", "commission": commission.id}, f"one-role-{mo.id}"),
        ({"role": ["moderator"], "one": "1", "commission": mo.id}, f"one-commission-{mo.id}"),
    ):
        refused = await here.post(f"/people/{mo.id}/roles", data=wrong_roles | {"code": codes[0]})
        assert (refused.status_code, f'href="#{at}"' in refused.text) in {(422, True), (409, True)}, wrong_roles
    gone = await here.post(f"/people/{mo.id[::-1]}/roles", data={"role": ["moderator"], "code": codes[0]})
    assert gone.status_code == 404
    short = await here.post(f"/people/{mo.id[::-1]}/password", data={"password": "short", "code": codes[0]})
    assert short.status_code == 422
    assert (await here.post("/people", data=form)).status_code == 303


async def _standing(house: House) -> object:
    """Returns all that acts on accounts change."""
    async with house.store.read() as work:
        return (
            await work.people.list_people(),
            await work.second_steps.all_second_steps(),
            await work.bindings.all_bindings(),
        )


async def test_a_program_makes_no_token(house: House) -> None:
    olu = await house.person("olu", "organiser")
    token, secret = await accounts.make_token(house.store, CLOCK, olu, "a script")
    async with house.browser() as machine, house.browser() as browser:
        machine.headers |= {"Authorization": f"Bearer {secret}", "Accept": "application/json"}
        assert (await machine.post("/organise/tokens", data={"label": "the next one"})).status_code == 403
        assert (await machine.post(f"/organise/tokens/{token.id}/revoke")).status_code == 403
        assert (await machine.get("/organise")).status_code == 200
        await browser.post("/sign-in", data={"login": "olu", "password": PASSWORD})
        house.app.state.site = replace(site := house.site, settings=_must(house, Must.STAFF))
        assert (await browser.post("/organise/tokens", data={"label": "and one"})).status_code == 409
        house.app.state.site = site
        _, codes = await turned_on(browser)
        assert (await browser.post("/organise/tokens", data={"label": "by hand"})).status_code == 422
        by_hand = await browser.post("/organise/tokens", data={"label": "by hand", "code": codes[0]})
        assert "Copy it now" in words(by_hand)
        assert "Ends" in words(by_hand)


async def test_after_many_wrong_codes_in_a_row_only_a_recovery_code_helps(
    house: House, here: httpx2.AsyncClient, mo: Person
) -> None:
    key, codes = await turned_on(here)
    about = (house.store, one_time_codes, house.site.second_step_secret, CLOCK, mo)
    for _ in range(second_steps.MOST_WRONG - 1):
        with pytest.raises(BadInput, match="not right"):
            await second_steps.confirm(*about, "000000")
    await second_steps.confirm(*about, code_of(key, 1))
    for _ in range(second_steps.MOST_WRONG):
        with pytest.raises(BadInput, match="not right"):
            await second_steps.confirm(*about, "000000")
    async with house.browser() as there:
        await password(there)
        locked = await there.post("/sign-in/code", data={"code": code_of(key, 1)})
        assert "Use a recovery code" in words(locked)
        assert (await there.post("/sign-in/code", data={"recovery": codes[0]})).status_code == 303
    async with house.store.read() as work:
        acts = [act.what for act in await work.audit.acts(person=mo.id, most=9)]
        step = await work.second_steps.get_second_step(mo.id)
    assert acts.count(What.SECOND_STEP_LOCKED) == 1
    assert (step and step.wrong) == 0


async def test_the_first_administrator_turns_it_on_before_anything_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await accounts.open_first_link(house.store, CLOCK)
    monkeypatch.setattr(house.app.state, "site", replace(house.site, settings=_must(house, Must.ADMINISTRATORS)))
    form = {"login": "ada", "name": "Ada", "password": PASSWORD, "again": PASSWORD}
    async with house.browser() as browser:
        made = await browser.post(f"/first/{key}", data=form)
        assert made.headers["location"].startswith("/sign-in/second-step")
        assert (await browser.get("/people")).status_code == 303
        shown = await browser.get(made.headers["location"])
        form = {"sealed": field(shown, "sealed"), "next": field(shown, "next"), "code": code_of(key_on(shown))}
        assert len(codes_on(await browser.post("/sign-in/second-step", data=form))) == 10
        assert (await browser.get("/people")).status_code == 200


def _must(house: House, who: Must) -> Settings:
    return replace(house.site.settings, second_factor=who)
