"""Tokens for the API: each opens what one role opens in one commission, as long as its maker has that role."""

from __future__ import annotations

import re
from typing import Any

import httpx2
from support.app import House, assert_faults_at
from support.factories import CLOCK

from forum.ports.accounts import Person
from forum.ports.audit import What
from forum.services import accounts, api_tokens
from forum.services.api_tokens import TokenForm
from forum.web.api.row import START

JSON = {"Accept": "application/json"}


async def signed_in(house: House, browser: httpx2.AsyncClient, person: Person) -> None:
    browser.cookies.set("forum_session", await house.session_token(person))


def asked(commission: str, **changes: str) -> dict[str, str]:
    day = CLOCK.later(days=30)[:10]
    return {"label": "A wall", "commission": commission, "role": "organiser", "expires_on": day} | changes


async def work_of(house: House, token: str) -> httpx2.Response:
    async with house.browser() as program:
        return await program.get(f"{START}/work", headers={"Authorization": f"Bearer {token}"})


async def test_a_token_is_shown_once_opens_the_api_alone_and_ends_with_its_role(house: House) -> None:
    commission = await house.commission()
    person = await house.person("ada", "moderator")
    await accounts.set_roles(house.store, CLOCK, person.id, ["organiser"], commission.id)
    async with house.browser() as browser:
        await signed_in(house, browser, person)
        shown = await browser.post("/account/tokens", data=asked(commission.id))
        [secret] = set(re.findall(r"[\w-]{43}", shown.text))
        page = await browser.get("/account/tokens")
        assert secret not in page.text
        assert "Not used yet" in page.text
        told: dict[str, Any] = (await work_of(house, secret)).json()
        assert {one["kind"] for one in told["duties"]} == {"sessions", "rounds"}, "of the moderator nothing"
        assert "Last used" in (await browser.get("/account/tokens")).text
    async with house.browser() as program:
        held = {"Authorization": f"Bearer {secret}", **JSON}
        assert (await program.get("/organise", headers=held)).status_code == 401
        await signed_in(house, program, person)
        again = await program.post("/account/tokens", data=asked(commission.id), headers=held)
        assert again.status_code in (401, 403), "a program makes no token"
    await accounts.set_roles(house.store, CLOCK, person.id, [], commission.id)
    assert (await work_of(house, secret)).status_code == 401
    await accounts.set_roles(house.store, CLOCK, person.id, ["organiser"], commission.id)
    assert (await work_of(house, secret)).status_code == 200
    async with house.store.read() as work:
        [made] = await work.people.tokens(person.id)
        acts = await work.audit.acts(what=[What.TOKEN_MADE], most=5)
        before = await api_tokens.holder(work, secret, "2026-01-01")
        after = await api_tokens.holder(work, secret, made.expires_on)
    assert [one.about for one in acts] == ["A wall: organiser"]
    assert before is not None
    assert after is None, "it does not hold on the day on which it ends"
    async with house.browser() as browser:
        await signed_in(house, browser, person)
        assert (await browser.post(f"/account/tokens/{made.id}/revoke")).status_code == 303
    assert (await work_of(house, secret)).status_code == 401


async def test_nobody_makes_a_token_that_can_do_more_than_they(house: House) -> None:
    commission, other = await house.commission(), await house.commission()
    person = await house.person("bea", "administrator")
    await accounts.set_roles(house.store, CLOCK, person.id, ["second reader"], commission.id)
    async with house.browser() as browser:
        await signed_in(house, browser, person)
        for wrong, field in (
            (asked(commission.id), "role"),
            (asked(commission.id, role="administrator"), "role"),
            (asked(other.id, role="second reader"), "role"),
            (asked("0" * 32, role="second reader"), "commission"),
            (asked(commission.id, role="second reader", label=" "), "label"),
            (asked(commission.id, role="second reader", expires_on=CLOCK.now()[:10]), "expires_on"),
            (asked(commission.id, role="second reader", expires_on="2099-01-01"), "expires_on"),
        ):
            refused = await browser.post("/account/tokens", data=wrong, headers=JSON)
            assert (refused.status_code, [*refused.json()["error"]["fields"]]) == (422, [field]), wrong
            page = await browser.post("/account/tokens", data=wrong)
            assert f'id="{field}-error"' in page.text
            assert page.status_code == 422
        kept = await browser.post("/account/tokens", data=asked(commission.id, label="The board’s wall"))
        assert "The board’s wall" in kept.text


async def test_a_token_of_somebody_else_is_not_revoked(house: House) -> None:
    commission = await house.commission()
    cleo, dan = await house.person("cleo", "organiser"), await house.person("dan", "organiser")
    today = CLOCK.now()[:10]
    form = TokenForm("A wall", commission.id, "organiser", CLOCK.later(days=30)[:10])
    made, secret = await api_tokens.make(house.store, CLOCK, cleo, form, today)
    async with house.browser() as browser:
        await signed_in(house, browser, dan)
        assert (await browser.post(f"/account/tokens/{made.id}/revoke")).status_code == 404
    assert (await work_of(house, secret)).status_code == 200


async def test_all_that_is_not_chosen_is_told_at_once(house: House) -> None:
    commission, person = await house.commission(), await house.person("ada", "organiser")
    async with house.browser() as browser:
        await signed_in(house, browser, person)
        for chosen, at in (("", {"commission", "role"}), (commission.id, {"role"})):
            refused = await browser.post("/account/tokens", data=asked(chosen, role="") | {"label": ""})
            assert refused.status_code == 422
            assert_faults_at(refused, {"label", *at})


async def test_an_older_token_is_revoked_where_it_is_listed(house: House) -> None:
    person = await house.person("ada", "organiser")
    _, secret = await accounts.make_token(house.store, CLOCK, person, "The old wall")
    async with house.browser() as browser, house.browser() as program:
        await signed_in(house, browser, person)
        program.headers |= {"Authorization": f"Bearer {secret}"}
        assert (await program.get("/organise")).status_code == 200
        page = await browser.get("/account/tokens")
        assert "The old wall" in page.text
        [act] = re.findall(r'action="(/account/tokens/[0-9a-f]+/revoke)"', page.text)
        assert (await browser.post(act)).status_code == 303
        assert "The old wall" not in (await browser.get("/account/tokens")).text
        assert (await program.get("/organise", headers=JSON)).status_code == 401
