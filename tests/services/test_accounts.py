"""Accounts by all their doors: one table of cases, tried on the pages and on the command line."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner, Result
from support.app import PASSWORD, House, a_house, words
from support.factories import CLOCK

from forum.__main__ import main
from forum.adapters import passwords
from forum.errors import FormErrors
from forum.ports.passwords import Fit
from forum.services import accounts
from forum.services.keys import digest
from forum.services.permissions import ROLES

A_YEAR = "2999-01-01T00:00:00.000Z"

# The login and the name as they are typed, and the fields that are wrong; else the two as they are kept.
NAMES = [
    ("ann", "Ann Other", "ann", "Ann Other"),
    (" ann ", "  Ann\u00a0 Other ", "ann", "Ann Other"),
    ("ann", "Ann\tOther", "ann", "Ann Other"),
    ("ty\u0302.nos", "Ty\u0302 Nos", "tŷ.nos", "Tŷ Nos"),
    ("ann@example.org", "👩🏽\u200d⚕\ufe0f Ann", "ann@example.org", "👩🏽\u200d⚕\ufe0f Ann"),
    ("a" * 100, "n" * 100, "a" * 100, "n" * 100),
    ("y\u0302" * 100, "Ann", "ŷ" * 100, "Ann"),
    ("a" * 101, "Ann", {"login"}, None),
    ("ann", "n" * 101, {"name"}, None),
    ("a" * 101, "n" * 101, {"login", "name"}, None),
    ("b ob", "Bob", {"login"}, None),
    ("a\u3000b", "Bob", {"login"}, None),
    ("bo\nb", "Bob", {"login"}, None),
    ("\u2800", "Bob", {"login"}, None),
    ("", "Bob", {"login"}, None),
    ("a\u202eda", "Ada", {"login"}, None),
    ("ada\ue000", "Ada", {"login"}, None),
    ("ann", "Ann\nBob", {"name"}, None),
    ("ann", "Ann\u2029Bob", {"name"}, None),
    ("ann", "\u2067Ann\u2069", {"name"}, None),
    ("ann", "A\u202enn", {"name"}, None),
    ("ann", "Ann\x07", {"name"}, None),
]
# Passwords as they are typed, and whether they may be chosen.
CHOSEN = [
    ("seven quiet green kettles", True),
    ("x" * 12, True),
    ("x" * 11, False),
    ("ŷ" * 200, True),
    ("y\u0302" * 200, True),
    ("y\u0302" * 11, False),
    ("ŷ" * 201, False),
    (" " * 12, True),
    ("  leading and trailing  ", True),
    ("", False),
    ("\u200b" * 12, True),
]


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template) as house:
        yield house


async def forum(house: House, *arguments: str, given: str | bytes) -> Result:
    """Runs `forum user` on the house's own data. It has an event loop of its own, so it runs in another thread."""
    command = ["user", *arguments, "--password-stdin", "--data", str(house.site.settings.data)]
    return await asyncio.to_thread(CliRunner().invoke, main, command, input=given)


async def kept(house: House, login: str) -> tuple[str, str] | None:
    async with house.store.read() as work:
        person = await work.people.by_login(login)
    return (person.login, person.name) if person else None


async def forget(house: House) -> int:
    """Deletes every account. Returns how many there were."""
    with closing(sqlite3.connect(house.site.settings.data / "forum.db")) as database, database:
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("DELETE FROM sign_in")
        return database.execute("DELETE FROM person").rowcount


def wrong_in(answer: httpx2.Response) -> set[str]:
    """Returns the fields of which the page says that they are wrong."""
    fields = ("login", "name", "password", "again", "role")
    return {field for field in fields if f'<a href="#{field}">' in answer.text}


async def add_by_link(house: House, login: str, name: str, password: str) -> set[str]:
    """Makes the first administrator; returns the fields that were wrong."""
    async with house.store.begin() as work:
        await work.people.set_first_link(digest("k" * 32), A_YEAR)
    async with house.browser() as browser:
        form = {"login": login, "name": name, "password": password, "again": password}
        answer = await browser.post(f"/first/{'k' * 32}", data=form)
    assert answer.status_code in (303, 422)
    return wrong_in(answer)


@pytest.mark.parametrize(("login", "name", "there", "called"), NAMES)
async def test_a_login_and_a_name_by_every_door(
    house: House, login: str, name: str, there: str | set[str], called: str | None
) -> None:
    wrong = there if isinstance(there, set) else set()
    assert await add_by_link(house, login, name, PASSWORD) == wrong
    if not wrong:
        assert await kept(house, login) == (there, called)
    assert await forget(house) == (not wrong)
    async with house.signed_in("administrator") as admin:
        form = {"login": login, "name": name, "password": PASSWORD, "role": "organiser"}
        assert wrong_in(await admin.post("/people", data=form)) == wrong
        if not wrong:
            assert await kept(house, login) == (there, called)
            assert (await forum(house, "add", login, "--role", "organiser", given=PASSWORD)).exit_code == 2
    await forget(house)
    added = await forum(house, "add", login, "--name", name, "--role", "organiser", "--json", given=PASSWORD)
    if wrong:
        assert (added.exit_code, added.stderr.count("\n"), added.stdout) == (2, 1, "")
        assert await forget(house) == 0
    else:
        assert added.exit_code == 0, added.output
        facts = json.loads(added.stdout)
        assert (facts["login"], facts["name"]) == (there, called)


@pytest.mark.parametrize(("password", "good"), CHOSEN)
async def test_a_password_by_every_door(house: House, password: str, *, good: bool) -> None:
    wrong = set() if good else {"password"}
    assert await add_by_link(house, "ada", "Ada", password) >= wrong
    assert (await kept(house, "ada") is not None) == good
    await forget(house)
    added = await forum(house, "add", "bob", "--role", "moderator", given=password + "\n")
    assert (added.exit_code == 0, await kept(house, "bob") is not None) == (good, good), added.output
    await house.person("mo", "moderator", "administrator")
    other = await house.person("ola", "moderator")
    async with house.browser() as browser:
        assert (await browser.post("/sign-in", data={"login": "mo", "password": PASSWORD})).status_code == 303
        own = await browser.post("/account", data={"before": PASSWORD, "password": password, "again": password})
        assert own.status_code == (303 if good else 422)
        given = await browser.post(f"/people/{other.id}/password", data={"password": password})
        assert given.status_code == (303 if good else 422)
    changed = await forum(house, "password", "mo", given=password + "\n")
    assert (changed.exit_code == 0) == good, changed.output
    for login in ("mo", "ola"):
        async with house.store.read() as work:
            now = await work.people.by_login(login)
        assert now is not None
        assert await passwords.fit(now.password, password if good else PASSWORD) is Fit.YES


@pytest.mark.parametrize("roles", [(), ("king",), ("organiser", "king"), ("Organiser",)])
async def test_a_new_account_has_a_role_that_there_is(house: House, roles: tuple[str, ...]) -> None:
    async with house.signed_in("administrator") as admin:
        form = {"login": "bob", "name": "Bob", "password": PASSWORD, "role": list(roles)}
        refused = await admin.post("/people", data=form)
        assert (refused.status_code, '<a href="#role' in refused.text) == (422, True)
        assert ("Choose at least one role." in words(refused)) == (not roles)
    options = [part for role in roles for part in ("--role", role)]
    assert (await forum(house, "add", "bob", *options, given=PASSWORD)).exit_code == 2
    assert await kept(house, "bob") is None


async def test_roles_are_kept_once_and_in_one_order(house: House) -> None:
    twice = ["organiser", "administrator", "organiser"]
    async with house.signed_in("administrator") as admin:
        await admin.post("/people", data={"login": "ann", "name": "Ann", "password": PASSWORD, "role": twice})
    options = [part for role in twice for part in ("--role", role)]
    assert (await forum(house, "add", "bob", *options, given=PASSWORD)).exit_code == 0
    async with house.store.read() as work:
        held = [person.roles for person in await work.people.list_people() if person.login in ("ann", "bob")]
    assert held == [("administrator", "organiser")] * 2


@pytest.mark.parametrize("door", ["page", "command"])
async def test_with_an_administrator_the_first_link_is_dead(house: House, door: str) -> None:
    async with house.signed_in("administrator") as admin:
        async with house.store.begin() as work:
            await work.people.set_first_link(digest("k" * 32), A_YEAR)
        form = {"login": "bob", "name": "Bob", "password": PASSWORD}
        if door == "page":
            await admin.post("/people", data=form | {"role": "organiser"})
        else:
            await forum(house, "add", "bob", "--role", "organiser", given=PASSWORD)
        assert (await admin.get(f"/first/{'k' * 32}")).status_code == 200
        if door == "page":
            await admin.post("/people", data=form | {"login": "eve", "role": "administrator"})
        else:
            await forum(house, "add", "eve", "--role", "administrator", given=PASSWORD)
        assert await kept(house, "eve") is not None
        assert (await admin.get(f"/first/{'k' * 32}")).status_code == 404


@pytest.mark.parametrize("given", ["seven\0quiet green kettles\n", b"seven quiet \xff\xfe kettles\n"])
async def test_a_password_that_no_page_can_send_is_none(house: House, given: str | bytes) -> None:
    added = await forum(house, "add", "ann", "--role", "organiser", given=given)
    assert added.exit_code == 2
    assert "cannot be typed on a page" in added.stderr or "is no text in UTF-8" in added.stderr
    assert await kept(house, "ann") is None


@pytest.mark.parametrize("unsendable", ["\0", "\ud800"])
async def test_halves_of_characters_are_in_no_password(house: House, unsendable: str) -> None:
    # Where the locale is "C", Python reads any byte that is no UTF-8 as such a half.
    asked = accounts.NewAccount("ann", "Ann", ROLES, f"seven quiet {unsendable} kettles")
    with pytest.raises(FormErrors) as caught:
        await accounts.add_account(house.store, passwords, CLOCK, asked)
    assert set(caught.value.fields) == {"password"}


async def test_the_command_line_says_what_is_wrong_with_a_tokens_label(house: House) -> None:
    await house.person("ann", "organiser")
    command = ["user", "token", "ann", "--label", "\u2060", "--data", str(house.site.settings.data)]
    refused = await asyncio.to_thread(CliRunner().invoke, main, command)
    assert (refused.exit_code, refused.stderr) == (2, "Say what the token is for.\n")
