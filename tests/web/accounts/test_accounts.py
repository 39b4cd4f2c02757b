"""Signing in and out, the first administrator's link, accounts and their roles."""

from __future__ import annotations

import asyncio
import html
import subprocess
import sys
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path

import argon2
import pytest
from support.app import ADDRESS, PASSWORD, House, a_house, assert_faults_at, field, words
from support.factories import new_id

from forum.adapters import passwords
from forum.adapters.clock import SystemClock
from forum.ports.passwords import Fit
from forum.services.keys import digest
from forum.services.permissions import ROLES
from forum.web.accounts import login_check
from forum.web.accounts.sign_in import local_path
from forum.web.cookies import SIGNED_IN


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template, sign_ins_per_address=6) as house:
        yield house


async def a_first_link(house: House, key: str = "k" * 32, hours: float = 24) -> str:
    async with house.store.begin() as work:
        await work.people.set_first_link(digest(key), SystemClock().later(hours=hours))
    return f"/first/{key}"


def first_form(**changes: str) -> dict[str, str]:
    return {"name": "Ada", "login": "ada", "password": PASSWORD, "again": PASSWORD} | changes


async def test_signing_in_goes_on_to_where_one_wanted_to_be(house: House) -> None:
    await house.person("mo", "moderator")
    async with house.browser() as browser:
        asked = await browser.get("/moderate")
        assert asked.headers["location"] == "/sign-in?next=/moderate"
        form = await browser.get(asked.headers["location"])
        answer = await browser.post("/sign-in", data={"login": "MO", "password": PASSWORD, "next": field(form, "next")})
        assert (answer.status_code, answer.headers["location"]) == (303, "/moderate")
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Max-Age=43200" in cookie
        assert "Secure" not in cookie
        assert (await browser.get("/moderate")).status_code == 200
        assert "Mo Your account Sign out" in words(await browser.get("/"))


async def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(house: House) -> None:
    await house.person("mo", "moderator")
    async with house.browser() as browser:
        answers = [
            await browser.post("/sign-in", data={"login": login, "password": "not the right one"})
            for login in ("mo", "nobody")
        ]
        missing = await browser.post("/sign-in", data={"login": "mo", "password": ""})
    wrong, unknown = answers
    assert wrong.status_code == unknown.status_code == 422
    assert wrong.text.replace('value="mo"', "") == unknown.text.replace('value="nobody"', "")
    assert field(wrong, "login") == "mo"
    assert "not the right one" not in wrong.text
    assert missing.status_code == 422
    assert '<a href="#password">' in missing.text
    assert SIGNED_IN not in browser.cookies


async def test_nobodys_password_is_checked_as_slowly_as_somebodys(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    verify = passwords._hasher.verify

    class Counting:
        def verify(self, stored: str, password: str) -> bool:
            checked.append(stored)
            return verify(stored, password)

        hash = staticmethod(passwords._hasher.hash)
        check_needs_rehash = staticmethod(passwords._hasher.check_needs_rehash)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    stored = await passwords.hashed(PASSWORD)
    assert await passwords.fit(stored, PASSWORD) is Fit.YES
    assert await passwords.fit(stored, PASSWORD + "!") is Fit.NO
    assert await passwords.fit("", PASSWORD) is Fit.NO
    assert await passwords.fit("not a hash", PASSWORD) is Fit.NO
    assert len(checked) == 4
    assert len({entry.rpartition("$")[0].rpartition("$")[0] for entry in checked[:3]}) == 1


async def test_failed_sign_ins_are_limited_by_address_and_right_ones_are_not(house: House) -> None:
    await house.person("mo", "moderator")
    async with house.browser() as browser, house.browser("192.0.2.77") as elsewhere:
        # More often than either limit: a right password uses nothing up, neither of the address nor of the login.
        for _ in range(login_check.TRIES_PER_LOGIN + 2):
            right = await browser.post("/sign-in", data={"login": "mo", "password": PASSWORD})
            assert right.status_code == 303
        for n in range(6):
            wrong = await browser.post("/sign-in", data={"login": f"guess{n}", "password": "wrong"})
            assert wrong.status_code == 422
        # From here on wrong ones are only told to wait, whether there is such a login or not; right ones come in.
        for login in ("guess6", "mo"):
            refused = await browser.post("/sign-in", data={"login": login, "password": "wrong"})
            assert refused.status_code == 429
            assert 0 < int(refused.headers["retry-after"]) <= 600
            assert field(refused, "login") == login
        browser.cookies.clear()
        assert (await browser.post("/sign-in", data={"login": "mo", "password": PASSWORD})).status_code == 303
        assert (await elsewhere.post("/sign-in", data={"login": "mo", "password": "wrong"})).status_code == 422


async def test_failed_sign_ins_are_limited_by_login_wherever_they_come_from(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_check, "TRIES_ANYWHERE", 6)
    await house.person("mo", "moderator")
    spelled = ["mo", "MO", "\uff4d\uff4f"]
    for n in range(login_check.TRIES_ANYWHERE):
        async with house.browser(f"192.0.2.{n}") as browser:
            wrong = await browser.post("/sign-in", data={"login": spelled[n % 3], "password": "wrong"})
            assert wrong.status_code == 422
    async with house.browser("192.0.2.200") as browser:
        assert (await browser.post("/sign-in", data={"login": "Mo", "password": PASSWORD})).status_code == 429


async def test_a_hash_of_former_days_is_made_anew_at_the_next_right_password(house: House) -> None:
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    mo = await house.person("mo", "moderator")
    async with house.store.begin() as work:
        await work.people.set_password(mo.id, weak)

    async def stored() -> str:
        async with house.store.read() as work:
            found = await work.people.by_login("mo")
        assert found is not None
        return found.password

    async with house.browser() as browser:
        assert (await browser.post("/sign-in", data={"login": "mo", "password": "wrong"})).status_code == 422
        assert await stored() == weak
        assert (await browser.post("/sign-in", data={"login": "mo", "password": PASSWORD})).status_code == 303
        anew = await stored()
        assert anew != weak
        assert await passwords.fit(anew, PASSWORD) is Fit.YES
        assert (await browser.post("/sign-in", data={"login": "mo", "password": PASSWORD})).status_code == 303
        assert await stored() == anew


async def test_many_tries_at_once_are_many(house: House) -> None:
    async with house.browser() as browser:
        answers = await asyncio.gather(
            *(browser.post("/sign-in", data={"login": f"g{n}", "password": "wrong"}) for n in range(9))
        )
    assert sorted(a.status_code for a in answers) == [422] * 6 + [429] * 3


async def test_each_sign_in_has_a_new_token_and_ends_the_old_one(house: House) -> None:
    await house.person("mo", "moderator")
    async with house.browser() as browser:
        await browser.post("/sign-in", data={"login": "mo", "password": PASSWORD})
        old = browser.cookies[SIGNED_IN]
        await browser.post("/sign-in", data={"login": "mo", "password": PASSWORD})
        assert browser.cookies[SIGNED_IN] != old
        async with house.browser() as thief:
            thief.cookies.set(SIGNED_IN, old)
            assert (await thief.get("/moderate")).status_code == 303


async def test_a_sign_in_lasts_twelve_hours(house: House) -> None:
    await house.person("mo", "moderator")
    async with house.browser() as browser:
        await browser.post("/sign-in", data={"login": "mo", "password": PASSWORD})
        token = digest(browser.cookies[SIGNED_IN])
    async with house.store.read() as work:
        assert await work.people.signed_in(token, SystemClock().later(hours=11.99)) is not None
        assert await work.people.signed_in(token, SystemClock().later(hours=12.01)) is None


COMPOSED, APART = "tŷ bach twt ger y lli", "ty\u0302 bach twt ger y lli"


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [
        (COMPOSED, APART),
        (APART, COMPOSED),
        (COMPOSED, COMPOSED.replace(" ", "\u00a0")),
        ("\u1100\u1161\u11a8" * 12, "각" * 12),
        ("\u212bngström och sju till", "Ångström och sju till"),
    ],
)
async def test_a_password_fits_however_a_device_writes_it(house: House, chosen: str, typed: str) -> None:
    link = await a_first_link(house)
    async with house.browser() as browser:
        assert (await browser.post(link, data=first_form(password=chosen, again=typed))).status_code == 303
    async with house.browser() as browser:
        wrong = await browser.post("/sign-in", data={"login": "ada", "password": f"x{typed}"})
        assert wrong.status_code == 422
        assert (await browser.post("/sign-in", data={"login": "ada", "password": typed})).status_code == 303


@pytest.mark.parametrize(("before", "typed"), [(APART, APART), (APART, COMPOSED), (COMPOSED, APART)])
async def test_a_password_from_before_still_fits_and_is_kept_in_its_one_form(
    house: House, before: str, typed: str
) -> None:
    person = await house.person("mo", "moderator")
    async with house.store.begin() as work:
        await work.people.set_password(person.id, passwords._hasher.hash(before))
    async with house.browser() as browser:
        assert (await browser.post("/sign-in", data={"login": "mo", "password": typed})).status_code == 303
    async with house.store.read() as work:
        kept = await work.people.by_login("mo")
    assert kept is not None
    assert await passwords.fit(kept.password, COMPOSED) is Fit.YES


async def test_a_password_is_as_long_as_it_looks(house: House) -> None:
    link = await a_first_link(house)
    async with house.browser() as browser:
        short, long = "ŷŵ" * 5, "ŷŵ" * 100
        for chosen, code in ((short, 422), (unicodedata.normalize("NFD", short), 422), (long + "a", 422)):
            assert (await browser.post(link, data=first_form(password=chosen, again=chosen))).status_code == code
        typed = unicodedata.normalize("NFD", long)
        assert (await browser.post(link, data=first_form(password=typed, again=typed))).status_code == 303
    async with house.browser() as browser:
        assert (await browser.post("/sign-in", data={"login": "ada", "password": long})).status_code == 303


async def test_names_and_logins_are_names(house: House) -> None:
    link = await a_first_link(house)
    async with house.browser() as browser:
        for changes in (
            {"name": "\u200b"},
            {"name": "\u3164"},
            {"name": "Ada\u202e"},
            {"name": "\u2067Ada\u2069"},
            {"login": "\u2800"},
            {"login": "a\u202eda"},
            {"login": "ada\ue000"},
            {"login": "a\u3000b"},
        ):
            answer = await browser.post(link, data=first_form(**changes))
            assert (answer.status_code, f'<a href="#{next(iter(changes))}">' in answer.text) == (422, True), changes
        named = first_form(name="👩🏽\u200d⚕\ufe0f Ada", login="آدا\u200cها")
        assert (await browser.post(link, data=named)).status_code == 303


async def test_signing_out_ends_it_on_the_server_too(house: House) -> None:
    async with house.signed_in("moderator") as browser:
        kept = browser.cookies[SIGNED_IN]
        answer = await browser.post("/sign-out")
        assert answer.status_code == 303
        assert SIGNED_IN not in browser.cookies
        browser.cookies.set(SIGNED_IN, kept)
        assert (await browser.get("/moderate")).status_code == 303


async def test_a_form_on_another_sites_page_signs_nobody_in(house: House) -> None:
    await house.person("mo", "moderator")
    async with house.browser() as browser:
        browser.headers["Origin"] = "http://elsewhere.test"
        answer = await browser.post("/sign-in", data={"login": "mo", "password": PASSWORD})
    assert answer.status_code == 403


@pytest.mark.parametrize("wanted", ["/moderate", "/moderate/0a?x=1", "/people#form", "/["])
def test_paths_of_this_site_are_gone_on_to(wanted: str) -> None:
    assert local_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "moderate",
        "//elsewhere.test",
        "///elsewhere.test",
        "/\\elsewhere.test",
        "https://elsewhere.test/",
        "javascript:alert(1)",
        "/\t/elsewhere.test",
        "/a\r\nSet-Cookie: x=1",
        "/a b",
        "/sign-in",
        "/sign-in?next=/x",
        "/sign-out",
        "/sign-out#x",
        "//[",
        "http://[",
        "/caf\u00e9",
    ],
)
def test_other_places_are_not(wanted: str) -> None:
    assert local_path(wanted) == ""


async def test_going_on_to_another_site_is_refused(house: House) -> None:
    await house.person("mo", "moderator")
    async with house.browser() as browser:
        form = await browser.get("/sign-in?next=//elsewhere.test/")
        assert "elsewhere" not in form.text
        answer = await browser.post("/sign-in", data={"login": "mo", "password": PASSWORD, "next": "//elsewhere.test/"})
    assert answer.headers["location"] == "/work"


async def test_the_first_link_makes_an_administrator_with_every_role_and_works_once(house: House) -> None:
    link = await a_first_link(house)
    async with house.browser() as browser, house.browser() as late:
        for _ in range(2):
            assert (await browser.get(link)).status_code == 200
        late_form = await late.get(link)
        assert late_form.status_code == 200
        made = await browser.post(link, data=first_form())
        assert made.status_code == 303
        assert (await browser.get("/people")).status_code == 200
        second = await late.post(link, data=first_form(login="eve"))
        assert second.status_code == 404
        assert "This link has been used" in words(second)
        assert (await late.get(link)).status_code == 404
    async with house.store.read() as work:
        (person,) = await work.people.list_people()
    assert person.roles == ROLES
    assert PASSWORD not in person.password
    assert person.password.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": ""}, "name"),
        ({"login": ""}, "login"),
        ({"login": "a b"}, "login"),
        ({"password": "short", "again": "short"}, "password"),
        ({"password": "x" * 201, "again": "x" * 201}, "password"),
        ({"again": PASSWORD + "!"}, "again"),
        ({"again": ""}, "again"),
    ],
)
async def test_a_faulty_form_does_not_use_the_first_link_up(house: House, changes: dict[str, str], place: str) -> None:
    link = await a_first_link(house)
    async with house.browser() as browser:
        faulty = await browser.post(link, data=first_form(**changes))
        assert faulty.status_code == 422
        assert f'<a href="#{place}">' in faulty.text
        assert field(faulty, "name") == first_form(**changes)["name"]
        assert PASSWORD not in faulty.text
        assert (await browser.post(link, data=first_form())).status_code == 303


async def test_a_taken_login_does_not_use_the_first_link_up(house: House) -> None:
    await house.person("ada")
    link = await a_first_link(house)
    async with house.browser() as browser:
        taken = await browser.post(link, data=first_form())
        assert taken.status_code == 422
        assert '<a href="#login">' in taken.text
        assert (await browser.post(link, data=first_form(login="ada2"))).status_code == 303


async def test_the_first_link_sent_twice_at_once_makes_one_account(house: House) -> None:
    link = await a_first_link(house)
    async with house.browser() as one, house.browser() as other:
        answers = await asyncio.gather(
            one.post(link, data=first_form()), other.post(link, data=first_form(login="eve"))
        )
    assert sorted(a.status_code for a in answers) == [303, 404]
    async with house.store.read() as work:
        assert len(await work.people.list_people()) == 1


async def test_a_first_link_that_ran_out_or_was_never_there_is_not_found(house: House) -> None:
    async with house.browser() as browser:
        for link in (await a_first_link(house, hours=-1), "/first/other"):
            assert (await browser.get(link)).status_code == 404
            assert (await browser.post(link, data=first_form())).status_code == 404


async def test_roles_in_one_commission_are_given_seen_and_taken(house: House) -> None:
    here = await house.commission()
    async with house.signed_in("administrator") as admin:
        form = {"name": "Mo", "login": "mo", "password": PASSWORD, "role": "moderator", "commission": here.id}
        for wrong, at in (({"role": "administrator"}, "role"), ({"commission": new_id()}, "commission")):
            refused = await admin.post("/people", data=form | wrong)
            assert (refused.status_code, field(refused, "login")) == (422, "mo")
            assert_faults_at(refused, {at})
        assert (await admin.post("/people", data=form)).status_code == 303
        async with house.store.read() as work:
            made = await work.people.by_login("mo")
        assert made is not None
        assert (made.roles, made.roles_in) == ((), {here.id: ("moderator",)})
        page = await admin.get("/people")
        assert f"Only in “{here.title}”: Moderator" in words(page)
        address = f"/people/{made.id}/roles"
        unnamed = await admin.post(address, data={"one": "1", "role": "organiser"})
        assert unnamed.status_code == 422
        assert_faults_at(unnamed, {f"one-commission-{made.id}"})
        for roles, left in ((["organiser", "moderator"], {here.id: ("organiser", "moderator")}), ([], {})):
            changed = await admin.post(address, data={"one": "1", "commission": here.id, "role": roles})
            assert changed.status_code == 303
            async with house.store.read() as work:
                standing = await work.people.by_login("mo")
            assert standing is not None
            assert (standing.roles, standing.roles_in) == ((), left)


async def test_an_administrator_makes_an_account_that_can_sign_in(house: House) -> None:
    async with house.signed_in("administrator") as admin, house.browser() as browser:
        form = {"name": "Mo <b>", "login": "mo", "password": PASSWORD, "role": ["moderator", "organiser"]}
        assert "A role counts in every commission, with all its sessions" in words(await admin.get("/people"))
        made = await admin.post("/people", data=form)
        assert made.status_code == 303
        page = await admin.get(made.headers["location"])
        assert "Mo &lt;b&gt;" in page.text
        again = await admin.post("/people", data=form | {"login": "MO"})
        assert again.status_code == 422
        assert '<a href="#login">' in again.text
        strange = await admin.post("/people", data=form | {"login": "x", "role": "king"})
        assert strange.status_code == 422
        short = await admin.post("/people", data=form | {"login": "y", "password": "short"})
        assert short.status_code == 422
        assert html.escape("Mo <b>") in short.text
        signed = await browser.post("/sign-in", data={"login": "mo", "password": PASSWORD})
        assert signed.status_code == 303
        assert (await browser.get("/moderate")).status_code == 200
        assert (await browser.get("/people")).status_code == 403


async def test_roles_are_changed_and_hold_at_once(house: House) -> None:
    mo = await house.person("mo", "moderator")
    async with house.signed_in("administrator") as admin, house.browser() as browser:
        await browser.post("/sign-in", data={"login": "mo", "password": PASSWORD})
        changed = await admin.post(f"/people/{mo.id}/roles", data={"role": ["organiser"]})
        assert changed.status_code == 303
        assert (await browser.get("/moderate")).status_code == 403
        none = await admin.post(f"/people/{mo.id}/roles", data={})
        assert none.status_code == 303
        strange = await admin.post(f"/people/{mo.id}/roles", data={"role": "king"})
        assert strange.status_code == 422
        assert (await admin.post("/people/" + "0" * 32 + "/roles", data={})).status_code == 404
    async with house.store.read() as work:
        assert {p.login: p.roles for p in await work.people.list_people()}["mo"] == ()


async def test_the_last_administrator_stays_one(house: House) -> None:
    async with house.signed_in("administrator") as admin:
        async with house.store.read() as work:
            (person,) = await work.people.list_people()
        refused = await admin.post(f"/people/{person.id}/roles", data={"role": ["moderator"]})
        assert refused.status_code == 409
        assert "Somebody has to be administrator" in words(refused)
        await house.person("deputy", "administrator")
        assert (await admin.post(f"/people/{person.id}/roles", data={"role": ["moderator"]})).status_code == 303


async def test_a_request_without_an_origin_but_with_a_cookie_is_refused(house: House) -> None:
    async with house.signed_in("administrator") as admin:
        del admin.headers["Origin"]
        assert (await admin.post("/people", data={})).status_code == 403
        admin.headers["Origin"] = ADDRESS
        assert (await admin.post("/people", data={})).status_code == 422


def test_a_hash_takes_as_much_work_as_rfc_9106_wants_where_memory_is_scarce() -> None:
    """Its second recommended option: 64 MiB, three passes, four lanes. Tests in one process take less (conftest.py)."""
    make = "import asyncio; from forum.adapters import passwords; print(asyncio.run(passwords.hashed('seven kettles')))"
    made = subprocess.run([sys.executable, "-c", make], check=True, capture_output=True, text=True).stdout
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
