"""The page of what staff did: who did what, by person and kind, paged, and as a file; for administrators alone."""

from __future__ import annotations

import csv
import io
import json

import pytest
from support.app import PASSWORD, House, words
from support.factories import CLOCK

from forum.ports.audit import StaffAct, What
from forum.ports.personal_data import PERIODS
from forum.services import audit
from forum.services.retention import Retention
from forum.web.accounts.audit import A_PAGE, KINDS, words_of


async def test_acts_are_shown_to_administrators_by_person_and_kind(house: House) -> None:
    await house.commission()
    async with house.signed_in("administrator", "commissioner") as admin, house.browser() as mo:
        await admin.post("/people", data={"name": "Mo", "login": "mo", "password": PASSWORD, "role": "moderator"})
        async with house.store.read() as work:
            [person] = [one for one in await work.people.list_people() if one.login == "mo"]
        await admin.post(f"/people/{person.id}/roles", data={"role": ["moderator", "organiser"]})
        await admin.post(f"/people/{person.id}/password", data={"password": "eleven pale wooden bridges"})
        await admin.post("/organisation/name", data={"name": "Ward 9"})
        assert (await admin.get("/export/popolo")).status_code == 200
        await mo.post("/sign-in", data={"login": "mo", "password": "a wrong one of mine"})
        shown = words(await admin.get("/people/audit"))
        for said in (
            "made the account of Mo Moderator",
            "changed the roles of Mo Organiser, Moderator",
            "gave Mo a new password",
            "downloaded an export forum-votes-",
            "Somebody tried to sign in as Mo, and could not",
        ):
            assert said in shown
        assert "a wrong one of mine" not in shown
        one = words(await admin.get("/people/audit", params={"person": person.id, "kind": "sign-ins"}))
        assert ("could not" in one, "gave Mo" in one, "forum-votes" in one) == (True, False, False)
        assert (await mo.get("/people/audit")).status_code == 303
        assert (await admin.get("/people/audit?kind=none&page=x&person=nobody")).status_code == 200


async def test_acts_are_paged_and_taken_away_as_a_table_without_formulas(house: House) -> None:
    async with house.signed_in("administrator") as admin:
        async with house.store.begin() as work:
            for number in range(A_PAGE + 3):
                await audit.note(work, CLOCK.now(), audit.BY_COMMAND, What.TOKEN_MADE, f"=token {number:03}")
        first, last = words(await admin.get("/people/audit")), words(await admin.get("/people/audit?page=99"))
        assert (first.count("=token"), "=token 000" in first) == (A_PAGE, False)
        assert (last.count("=token"), "=token 000" in last) == (3, True)
        sent = await admin.get("/people/audit.csv?kind=tokens")
        rows = list(csv.reader(io.StringIO(sent.text)))
        assert (len(rows), rows[-1][-1]) == (A_PAGE + 4, "'=token 000")
        assert "downloaded an export" in words(await admin.get("/people/audit"))


@pytest.mark.parametrize("what", What)
def test_each_kind_of_act_has_its_words_and_can_be_chosen(what: What) -> None:
    assert words_of(StaffAct("", "", what, "somebody"), {})
    assert [what in acts for acts in KINDS.values()].count(True) == 1


async def test_acts_go_when_their_time_is_over_and_the_record_says_nothing_of_it(house: House) -> None:
    async with house.store.begin() as work:
        await audit.note(work, "2020-01-01T00:00:00.000Z", "", What.EXPORTED, "old")
        await audit.note(work, CLOCK.now(), "", What.EXPORTED, "new")
        before = await work.record.size()
        await work.facts.set_fact("retention", json.dumps({"ran_at": CLOCK.later(days=-2)}))
    await Retention(house.store, CLOCK, PERIODS, pause=0).look()
    async with house.store.read() as work:
        assert [act.about for act in await work.audit.acts(most=9)] == ["new"]
        assert await work.record.size() == before
