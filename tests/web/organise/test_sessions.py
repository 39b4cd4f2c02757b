"""A session from its plan to its opening, or until it is called off: nothing of a planned one is in the record."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx2
from support.app import House, words
from support.changed_rows import change
from support.factories import CLOCK, a_session, new_id

from forum.errors import IllegalMove
from forum.services import commissions
from forum.services.sessions import planned_sessions
from forum.services.sessions.commissions_and_sessions import CommissionForm, create_commission
from forum.services.sessions.programmes import Programming, SectionForm
from forum.services.sessions.tickets import issue
from forum.sessions.session import LiveSession
from forum.store import SqlStore, tables
from forum.voting.commission import Commission

FORM: Mapping[str, Any] = {"title": "A day in March", "day": "2027-03-12", "place": "Town hall", "planned": "1"}
WORK = CommissionForm(
    title="Night care",
    question="Who should come?",
    stage="plan",
    level="co-design",
    decides="The joint board",
    can_change="Who comes",
    cannot_change="The budget",
    groups=(("Carers", "10"), ("Nurses", "")),
)
JSON = {"Accept": "application/json"}
WHY = "The hall is flooded."
CROWD = {"people": "20", "pace": "at once", "who": "itself"}


async def planned(browser: httpx2.AsyncClient, commission: Commission, **more: Any) -> str:
    """Plans a session by the form; returns its id."""
    answer = await browser.post("/organise/sessions", data={**FORM, "commission": commission.id, **more}, headers=JSON)
    id_: str = answer.json()["id"]
    return id_


async def live_of(house: House, session: str) -> LiveSession:
    async with house.store.read() as work:
        return await work.sessions.get_session(session)


async def entries_of(house: House, *types: str) -> list[dict[str, Any]]:
    async with house.store.read() as work:
        entries = [json.loads(one.body) for one in await work.record.entries()]
    return [one for one in entries if one["type"] in types]


async def opened_in_record(house: House) -> list[dict[str, Any]]:
    return await entries_of(house, "session opened")


async def test_a_planned_session_says_so_everywhere_and_lets_nobody_in_until_it_is_opened(house: House) -> None:
    commission = await house.commission()
    async with house.signed_in("organiser") as organiser, house.browser() as phone:
        session = await planned(organiser, commission)
        live, own = await live_of(house, session), f"/organise/sessions/{session}"
        assert await opened_in_record(house) == []
        for page in (f"/commissions/{commission.id}", f"/sessions/{session}", own):
            read = words(await organiser.get(page))
            assert "Planned for 12 March 2027" in read, page
            assert "Going on" not in read, page
            assert "does not agree" not in read, page
        listed = words(await organiser.get("/organise"))
        assert "Run it" not in listed
        assert "Open it, or change it" in listed
        read = words(await phone.get(f"/s/{live.code}"))
        assert "This session has not begun yet It is planned for 12 March 2027. Town hall" in read
        refused = await phone.post(f"/s/{live.code}/join", data={"group": "g1"})
        assert (refused.status_code, "has not been opened yet" in refused.text) == (403, True)
        assert (await organiser.get(f"/console/{session}")).headers["location"] == own
        refused = await organiser.post(f"/console/{session}/note", data={"words": "Welcome"}, headers=JSON)
        assert (refused.status_code, "Open it first" in refused.text) == (409, True)

        answer = await organiser.post(own, data={"act": "open"})
        assert answer.headers["location"] == f"/console/{session}"
        await organiser.post(own, data={"act": "open"})
        [entry] = await opened_in_record(house)
        assert (entry["session"], entry["title"]) == (session, "A day in March")
        assert (await live_of(house, session)).opened_at == entry["at"]
        assert "Run it" in words(await organiser.get("/organise"))
        assert "Going on" in words(await phone.get(f"/sessions/{session}"))
        assert (await phone.post(f"/s/{live.code}/join", data={"group": "g1"})).status_code == 303


async def test_a_planned_session_is_declared_as_it_was_changed_and_not_after_that(house: House) -> None:
    commission = await create_commission(house.store, CLOCK, WORK)
    async with house.signed_in("organiser") as organiser:
        session = await planned(organiser, commission)
        other = f"/organise/sessions/{session}/change"
        form = await organiser.get(other)
        assert 'value="A day in March"' in form.text
        assert 'value="2027-03-12"' in form.text
        about = {"title": "A day in April", "day": "2027-04-09", "place": "", "entrance": "tickets", "seen": "1"}
        wrong = await organiser.post(other, data={**about, "title": " ", "day": "soon"})
        assert wrong.status_code == 422
        assert "Give the session a title." in wrong.text
        assert "Write the day as 2027-03-12" in wrong.text
        assert (await organiser.post(other, data=about)).headers["location"] == f"/organise/sessions/{session}"
        # Somebody who saw it as it was before is told, and nothing typed is lost.
        again = await organiser.post(other, data={**about, "title": "A day in May"})
        assert again.status_code == 409
        assert "Somebody else changed this session a moment ago." in again.text
        assert 'value="A day in May"' in again.text
        async with house.store.read() as work:
            plan = (await work.programmes.latest(session)).plan
        assert (plan.day, plan.place) == ("2027-04-09", "")
        # Tickets that are out let people in: how people get in stays.
        await issue(house.store, CLOCK, session, commission.groups[0].id, 2)
        seen = str((await live_of(house, session)).version)
        kept = await organiser.post(other, data={**about, "entrance": "open code", "seen": seen})
        assert (kept.status_code, "Tickets were made for this session" in kept.text) == (409, True)
        # It is opened under what the commission declares by then.
        other_question = replace(
            WORK, id=commission.id, question="Who comes at night?", group_ids=tuple(g.id for g in commission.groups)
        )
        await commissions.change(house.store, CLOCK, commission.id, other_question, "1", "It was too wide.")
        await organiser.post(f"/organise/sessions/{session}", data={"act": "open"})
        [entry] = await opened_in_record(house)
        assert (entry["title"], entry["entrance"]) == ("A day in April", "tickets")
        assert entry["about"]["question"] == "Who comes at night?"
        late = await organiser.post(other, data={**about, "seen": "9"})
        assert (late.status_code, "has been opened" in late.text) == (409, True)


async def test_a_copy_has_the_programme_and_no_day_and_is_made_once(house: House) -> None:
    commission = await house.commission()
    async with house.signed_in("organiser") as organiser:
        session = await planned(organiser, commission, no_receipts="1", reasons="read first")
        programme = Programming(house.store, CLOCK, session)
        section = (await programme.section(SectionForm(title="The morning"))).plan.sections[0].id
        await programme.note(section, "Welcome")
        await programme.about("2027-03-12", "Town hall", public=True)
        id_ = new_id()
        for _ in range(2):
            answer = await organiser.post(f"/organise/sessions/{session}", data={"act": "copy", "id": id_})
            assert answer.headers["location"] == f"/organise/sessions/{id_}?copied=1"
        copy, like = await live_of(house, id_), await live_of(house, session)
        assert (copy.title, copy.no_receipts, copy.reasons, copy.planned) == (like.title, True, "read first", True)
        assert copy.code != like.code
        async with house.store.read() as work:
            plan = (await work.programmes.latest(id_)).plan
            assert len(await work.sessions.list_sessions(commission.id)) == 2
        assert ([s.title for s in plan.sections], plan.day, plan.place, plan.public) == (
            ["The morning"],
            "",
            "Town hall",
            False,
        )


async def test_rehearsals_stand_on_no_public_list_and_what_is_over_is_not_run(house: House) -> None:
    commission = await house.commission()
    async with house.store.begin() as work:
        await work.sessions.add_session(a_session(commission, title="Only tried out", rehearsal=True, recorded=False))
        over = a_session(commission, title="Last year", ended=True, ended_at=CLOCK.now())
        await work.sessions.add_session(over)
    async with house.signed_in("organiser") as organiser:
        read = words(await organiser.get(f"/commissions/{commission.id}"))
        assert "Last year" in read
        assert "Only tried out" not in read
        assert (await organiser.get("/organise")).text.count('href="/console/') == 1
        own = await organiser.get(f"/organise/sessions/{over.id}")
        assert "Run it" not in own.text
        assert f'href="/sessions/{over.id}"' in own.text


async def test_an_opened_session_cannot_be_made_a_planned_one_in_silence(house: House) -> None:
    assert isinstance(house.store, SqlStore)
    commission = await house.commission()
    async with house.signed_in("organiser") as organiser:
        session = await planned(organiser, commission)
        page = f"/sessions/{session}"
        assert "does not agree" not in words(await organiser.get(page))
        await organiser.post(f"/organise/sessions/{session}", data={"act": "open"})
        assert "does not agree" not in words(await organiser.get(page))
        await change(house.store, tables.session.c.id == session, tables.session, opened_at="")
        assert "does not agree" in words(await organiser.get("/record/0"))


async def test_a_planned_session_is_called_off_with_a_reason_and_that_stands_everywhere(house: House) -> None:
    commission = await house.commission()
    async with house.signed_in("organiser") as organiser, house.browser() as phone:
        session = await planned(organiser, commission)
        live, own = await live_of(house, session), f"/organise/sessions/{session}"
        assert 'name="because"' in (await organiser.get(own)).text
        for reason, said in ((" ", "Say why it is called off."), ("x" * 401, "Use at most 400 characters.")):
            refused = await organiser.post(own, data={"act": "call-off", "because": reason})
            assert (refused.status_code, said in refused.text) == (422, True)
            assert f"{reason}</textarea>" in refused.text or not reason.strip()
            assert 'aria-invalid="true"' in refused.text
        assert (await live_of(house, session)).planned

        answer = await organiser.post(own, data={"act": "call-off", "because": WHY})
        assert answer.headers["location"] == own
        again = await organiser.post(own, data={"act": "call-off", "because": WHY})
        assert again.status_code == 303
        other = await organiser.post(own, data={"act": "call-off", "because": "Nobody can come."})
        assert (other.status_code, "was called off before" in other.text) == (409, True)
        assert "Nobody can come." in other.text
        [entry] = await entries_of(house, "session called off")
        assert (entry["session"], entry["title"]) == (session, "A day in March")
        assert await opened_in_record(house) == []

        for page in (
            f"/commissions/{commission.id}",
            f"/sessions/{session}",
            own,
            f"/s/{live.code}",
            "/record/0",
        ):
            read = words(await organiser.get(page))
            assert WHY in read, page
            assert "alled off" in read, page
            assert "Planned for" not in read, page
            assert "does not agree" not in read, page
        assert "This session was called off" in words(await phone.get(f"/projector/{live.projector}"))
        assert (await phone.get(f"/s/{live.code}/day")).headers["location"] == f"/s/{live.code}"
        for page in ("/organise", f"/organise/commissions/{commission.id}", "/work"):
            read = (await organiser.get(page)).text
            assert f"/console/{session}" not in read, page
            assert "Open it, or change it" not in read, page
        feed = (await phone.get(f"/commissions/{commission.id}/feed.atom")).text
        assert f"Why: {WHY}" in feed
        feed = (await phone.get(f"/sessions/{session}/feed.atom")).text
        assert feed.count("<entry>") == 1
        assert f"<summary>{WHY}</summary>" in feed
        assert "does not agree" not in feed


async def test_a_session_that_was_called_off_is_not_opened_joined_or_changed_and_can_be_copied(house: House) -> None:
    commission = await house.commission()
    async with house.signed_in("organiser") as organiser, house.browser() as phone:
        session = await planned(organiser, commission)
        live, own = await live_of(house, session), f"/organise/sessions/{session}"
        programme = Programming(house.store, CLOCK, session)
        await programme.section(SectionForm(title="The morning", starts="10:00", ends="11:00"))
        await programme.about("2027-03-12", "Town hall", public=True)
        timetable = f"/sessions/{session}/programme"
        assert "CANCELLED" not in (await phone.get(f"{timetable}.ics")).text
        await organiser.post(own, data={"act": "call-off", "because": WHY})
        off = await live_of(house, session)

        for post in (own, f"/console/{session}/note", f"{own}/rehearsal", f"{own}/programme"):
            acts = {own: "open", f"{own}/rehearsal": "start", f"{own}/programme": "about"}
            refused = await organiser.post(post, data={"act": acts.get(post, ""), "words": "Hi"} | CROWD, headers=JSON)
            assert (refused.status_code, "was called off" in refused.text) == (409, True), post
        assert (await organiser.get(f"{own}/change", headers=JSON)).status_code == 409
        refused = await phone.post(f"/s/{live.code}/join", data={"group": "g1"})
        assert (refused.status_code, "was called off" in refused.text) == (403, True)
        assert (await organiser.get(f"/console/{session}")).headers["location"] == own
        for page in (f"{own}/rehearsal", f"{own}/tablet", f"{own}/helpers", f"{own}/programme", timetable):
            assert "alled off" in words(await organiser.get(page)), page
        assert "STATUS:CANCELLED" in (await phone.get(f"{timetable}.ics")).text
        assert await live_of(house, session) == off
        assert await opened_in_record(house) == []

        copied = await organiser.post(own, data={"act": "copy", "id": new_id()}, headers=JSON)
        assert (await live_of(house, copied.json()["id"])).planned


async def test_of_opening_and_calling_off_at_once_one_holds(house: House) -> None:
    commission = await house.commission()
    async with house.signed_in("organiser") as organiser:
        session = await planned(organiser, commission)
        acts = [
            planned_sessions.open_session(house.store, CLOCK, session),
            planned_sessions.call_off(house.store, CLOCK, session, WHY),
            planned_sessions.call_off(house.store, CLOCK, session, "Nobody can come."),
        ]
        said = await asyncio.gather(*acts, return_exceptions=True)
        assert [isinstance(one, IllegalMove) for one in said].count(True) == 2
        entries = await entries_of(house, "session opened", "session called off")
        assert [one["session"] for one in entries] == [session]
        # One that is open is ended, not called off.
        opened = await planned(organiser, commission)
        await organiser.post(f"/organise/sessions/{opened}", data={"act": "open"})
        late = await organiser.post(f"/organise/sessions/{opened}", data={"act": "call-off", "because": WHY})
        assert (late.status_code, "End it on its console." in late.text, WHY in late.text) == (409, True, True)
        assert "If it does not take place" not in late.text
        assert not (await live_of(house, opened)).ended


async def test_that_a_session_was_called_off_cannot_be_taken_back_in_silence(house: House) -> None:
    assert isinstance(house.store, SqlStore)
    commission = await house.commission()
    async with house.signed_in("organiser") as organiser:
        session = await planned(organiser, commission)
        await organiser.post(f"/organise/sessions/{session}", data={"act": "call-off", "because": WHY})
        assert "does not agree" not in words(await organiser.get(f"/sessions/{session}"))
        await change(house.store, tables.session.c.id == session, tables.session, ended=False, called_off_at="")
        for page in (f"/sessions/{session}", "/record/0"):
            assert "does not agree" in words(await organiser.get(page)), page
        other = await planned(organiser, commission)
        await organiser.post(f"/organise/sessions/{other}", data={"act": "open"})
        await change(house.store, tables.session.c.id == other, tables.session, called_off_at=CLOCK.now())
        assert "does not agree" in words(await organiser.get(f"/sessions/{other}"))
