"""Asking those who voted whether they were understood, on the site: from the draft, on My day, and on its own page."""

from __future__ import annotations

import re

from support.app import House, words
from support.check_back import SUMMARY, Understood, understood
from support.factories import CLOCK
from support.voted_session import FIRST

from forum.sessions.session import SessionKind
from forum.web.cookies import DEVICE


async def draft_of(house: House) -> Understood:
    return await understood(house.store, CLOCK)


async def test_a_commissioner_asks_and_only_a_phone_that_voted_answers(house: House) -> None:
    there = await draft_of(house)
    draft = f"/decide/drafts/{there.draft.id}"
    seen = {"version": "1"}
    async with house.signed_in("commissioner") as commissioner:
        page = await commissioner.get(draft)
        assert "Ask those who voted: did we get you right?" in words(page)
        wrong = await commissioner.post(draft, data={**seen, "act": "ask", "summary": "", "days": "40"})
        assert wrong.status_code == 422
        assert 'value="40"' in wrong.text
        assert "Give them 1 to 28 days." in words(wrong)
        asked = await commissioner.post(draft, data={**seen, "act": "ask", "summary": SUMMARY, "days": "7"})
        assert asked.status_code == 303, words(asked)
        refused = await commissioner.post(draft, data={**seen, "act": "publish"})
        assert refused.status_code == 409
        assert "Those who voted are being asked whether you got them right" in words(refused)
        code = re.findall(r'href="/answer/([a-z]+)/right"', (await commissioner.get(draft)).text)[0]

        async with house.browser() as stranger:
            day = await stranger.get(f"/s/{there.voted.live.code}/day")
            assert f"/answer/{code}/right" in day.text
            own = await stranger.get(f"/answer/{code}", follow_redirects=True)
            assert own.url.path == f"/answer/{code}/right"
            assert SUMMARY in words(own)
            assert "Only those who voted are asked" in words(own)
            assert "<fieldset" not in own.text
            for path in ("right", "join"):
                told = await stranger.post(f"/answer/{code}/{path}", data={"choice": "r1", "group": "g1"})
                assert told.status_code == 403
        async with house.browser() as phone:
            phone.cookies.set(DEVICE, there.devices[0])
            nothing = await phone.post(f"/answer/{code}/right", data={"reason": "You left out the wait."})
            assert nothing.status_code == 422
            assert "You left out the wait." in nothing.text
            for choice, says in (("r1", "Counted: Yes, you did."), ("r2", "Counted: Partly.")):
                sent = await phone.post(
                    f"/answer/{code}/right",
                    data={"choice": choice, "reason": "You left out the wait."},
                    follow_redirects=True,
                )
                assert says in words(sent)
            moved = await phone.post(f"/answer/{code}/group", data={"group": "g2"})
            assert moved.status_code == 409
        async with house.store.read() as work:
            session = await work.sessions.session_by_code(code, kind=SessionKind.ASYNCHRONOUS)
            assert await work.sessions.joined(session.id) == {"g1": 1}

        await there.answer(session, dict.fromkeys(range(1, len(FIRST)), "r1"))
        closed = await commissioner.post(draft, data={**seen, "act": "close"}, follow_redirects=True)
        assert "What they wrote (1)" in words(closed)
        assert "Partly" in words(closed)
        published = await commissioner.post(draft, data={**seen, "act": "publish"})
        assert published.status_code == 303
        decision = words(await commissioner.get(f"/decisions/{there.draft.id}"))
        assert "Asked before publishing: did we get you right?" in decision
        assert SUMMARY in decision
        assert "People who use services 5 1 0" in decision
    async with house.browser() as phone:
        phone.cookies.set(DEVICE, there.devices[0])
        late = await phone.post(f"/answer/{code}/right", data={"choice": "r3"})
        assert late.status_code == 409
        assert "What people answered" in words(late)


async def test_it_is_read_in_welsh(house: House) -> None:
    there = await draft_of(house)
    live = await there.ask()
    async with house.browser() as phone:
        phone.cookies.set(DEVICE, there.devices[0])
        page = await phone.get(f"/answer/{live.code}/right", headers={"accept-language": "cy"})
    assert "Yn rhannol" in words(page)
