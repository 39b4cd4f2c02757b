"""A new password: whoever had the old one is out at once, everywhere, and nobody else gets in by it."""

from __future__ import annotations

import httpx2
import pytest
from support.app import PASSWORD, House, words
from support.factories import CLOCK

from forum.services import accounts
from forum.web.accounts import login_check
from forum.web.cookies import SIGNED_IN

NEW = "eleven pale wooden bridges"


async def enter(browser: httpx2.AsyncClient, password: str, login: str = "mo") -> int:
    return (await browser.post("/sign-in", data={"login": login, "password": password})).status_code


def typed(**changes: str) -> dict[str, str]:
    return {"before": PASSWORD, "password": NEW, "again": NEW} | changes


async def test_ones_own_password_is_changed_and_every_other_device_is_signed_out(house: House) -> None:
    mo = await house.person("mo", "moderator")
    _, secret = await accounts.make_token(house.store, CLOCK, mo, "a script")
    async with house.browser() as here, house.browser() as laptop, house.browser() as thief:
        for browser in (here, laptop):
            assert await enter(browser, PASSWORD) == 303
        thief.cookies.set(SIGNED_IN, here.cookies[SIGNED_IN])
        assert "Mo" in words(await here.get("/account"))
        changed = await here.post("/account", data=typed())
        assert (changed.status_code, changed.headers["location"]) == (303, "/account?done=1")
        assert "Your password is changed" in words(await here.get("/account?done=1"))
        assert [(await browser.get("/moderate")).status_code for browser in (here, laptop, thief)] == [200, 303, 303]
        assert await enter(laptop, PASSWORD) == 422
        assert await enter(laptop, NEW) == 303
        # As the page says: whoever had the old password may have made tokens with it.
        bearer = {"Authorization": f"Bearer {secret}"}
        async with house.browser() as program:
            assert (await program.get("/moderate", headers=bearer)).status_code == 303
        assert "the tokens of your programs have ended" in words(await here.get("/account?done=1"))


@pytest.mark.parametrize(
    ("changes", "name", "says"),
    [
        ({"before": "not the present one"}, "before", "This is not your present password"),
        ({"before": ""}, "before", "Enter your present password"),
        ({"password": "short", "again": "short"}, "password", "Use at least 12 characters"),
        ({"again": "eleven pale wooden bridge"}, "again", "The two passwords are not the same"),
    ],
)
async def test_what_is_wrong_is_told_and_nothing_is_changed(
    house: House, changes: dict[str, str], name: str, says: str
) -> None:
    await house.person("mo", "moderator")
    async with house.browser() as here, house.browser() as laptop:
        for browser in (here, laptop):
            await enter(browser, PASSWORD)
        refused = await here.post("/account", data=typed(**changes))
        assert refused.status_code == 422
        assert says in words(refused)
        assert f'<a href="#{name}">' in refused.text
        assert NEW not in refused.text
        assert (await laptop.get("/moderate")).status_code == 200
        assert await enter(here, PASSWORD) == 303


async def test_the_present_password_cannot_be_guessed_without_end(house: House) -> None:
    await house.person("mo", "moderator")
    async with house.browser() as here:
        await enter(here, PASSWORD)
        for _ in range(login_check.TRIES_PER_LOGIN):
            assert (await here.post("/account", data=typed(before="a guess that is wrong"))).status_code == 422
        refused = await here.post("/account", data=typed())
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0


async def test_an_administrator_gives_somebody_a_new_password(house: House) -> None:
    mo = await house.person("mo", "moderator", "organiser")
    _, secret = await accounts.make_token(house.store, CLOCK, mo, "a script")
    async with house.signed_in("administrator") as desk, house.browser() as laptop, house.browser() as machine:
        await enter(laptop, PASSWORD)
        machine.headers["Authorization"] = f"Bearer {secret}"
        assert (await machine.get("/organise")).status_code == 200
        short = await desk.post(f"/people/{mo.id}/password", data={"password": "short"})
        assert short.status_code == 422
        assert f'<a href="#password-{mo.id}">' in short.text
        assert "Use at least 12 characters" in words(short)
        given = await desk.post(f"/people/{mo.id}/password", data={"password": NEW})
        assert given.headers["location"] == "/people?done=password"
        assert (await laptop.get("/moderate")).status_code == 303
        assert (await machine.get("/organise")).status_code in (303, 401)
        assert await enter(laptop, PASSWORD) == 422
        assert await enter(laptop, NEW) == 303
        assert (await desk.post(f"/people/{'0' * 32}/password", data={"password": NEW})).status_code == 404


async def test_an_administrator_changes_their_own_password_with_the_present_one_alone(house: House) -> None:
    ada = await house.person("ada", "administrator")
    _, secret = await accounts.make_token(house.store, CLOCK, ada, "a script")
    async with house.browser() as desk, house.browser() as machine:
        await enter(desk, PASSWORD, "ada")
        refused = await desk.post(f"/people/{ada.id}/password", data={"password": NEW})
        assert refused.status_code == 409
        assert "on the page of your account" in words(refused)
        shown = (await desk.get("/people")).text
        assert f"/people/{ada.id}/roles" in shown
        assert f"/people/{ada.id}/password" not in shown
        assert await enter(desk, PASSWORD, "ada") == 303
        machine.headers |= {"Authorization": f"Bearer {secret}", "Accept": "application/json"}
        mo = await house.person("mo", "moderator")
        account = {"name": "Eve", "login": "eve", "password": NEW, "role": "administrator"}
        assert (await machine.post("/people", data=account)).status_code == 403
        for act in ("roles", "password", "sign-outs", "second-step", "unbind"):
            tried = await machine.post(f"/people/{mo.id}/{act}", data={"role": "administrator", "password": NEW})
            assert tried.status_code == 403, act
    async with house.store.read() as work:
        assert {one.login: [*one.roles] for one in await work.people.list_people()} == {
            "ada": ["administrator"],
            "mo": ["moderator"],
        }
