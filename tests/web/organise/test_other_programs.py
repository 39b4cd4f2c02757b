"""Webhooks and embeds on the organisers' pages, and what other sites may show of a commission."""

from __future__ import annotations

import re

from support.app import House, words
from support.factories import CLOCK
from support.recorded_day import a_day

from forum.services.sessions import facilitation
from forum.services.sessions.desk import Desk

JSON = {"Accept": "application/json"}
NONE, SOME = "frame-ancestors 'none'", "frame-ancestors https://www.example.org https://*.example.com"


async def test_other_sites_show_a_result_and_the_ledger_only_where_they_are_named(house: House) -> None:
    day = await a_day(house.store)
    of = day.voted.live.commission
    there = [f"/embed/rounds/{day.voted.rounds[-1]}", f"/embed/commissions/{of}/ledger"]
    async with house.signed_in("organiser") as organiser, house.browser() as reader:
        for path in there:
            refused = await reader.get(path)
            assert (refused.status_code, NONE in refused.headers["content-security-policy"]) == (404, True)
        page = f"/organise/commissions/{of}/embeds"
        for wrong in ("example.org", "https://example.org; script-src *", "https://example.org'", "http://example.org"):
            answer = await organiser.post(page, data={"addresses": wrong})
            assert answer.status_code == 422, wrong
            assert 'id="addresses-error"' in answer.text
        named = {"addresses": "https://www.Example.org/a\r\n\r\nhttps://*.example.com"}
        assert (await organiser.post(page, data=named)).status_code == 303
        shown = (await organiser.get(page)).text
        assert f"http://house.test{there[0]}" in shown
        assert f"http://house.test{there[1]}" in shown
        for path in there:
            answer = await reader.get(f"{path}?lang=cy")
            assert answer.status_code == 200
            policy = answer.headers["content-security-policy"]
            assert SOME in policy
            assert "script" not in policy
            assert "<script" not in answer.text
            assert "set-cookie" not in answer.headers
            links = re.findall(r"<a [^>]*>", answer.text)
            assert links
            right = re.compile(r'<a .*href="http://house\.test/[^"]*" target="_top" rel="noopener">')
            assert [one for one in links if not right.fullmatch(one)] == []
        for path in ("/", f"/sessions/{day.voted.live.id}", "/api"):
            assert NONE in (await reader.get(path)).headers["content-security-policy"]
        assert "This vote was annulled" not in words(await reader.get(there[0]))
        assert '<p class="outcome">' in (await reader.get(there[0])).text
        desk = Desk(house.store, CLOCK)
        because = "The microphone <failed>."
        await facilitation.annul_round(desk, day.voted.live.id, day.voted.rounds[-1], because)
        annulled = await reader.get(there[0])
        assert (
            f"This vote was annulled. Nothing that was sent for this question counts. The reason given: {because}"
            in (words(annulled))
        )
        assert '<p class="outcome">' not in annulled.text


async def test_a_webhook_is_set_up_looked_at_and_removed_in_its_own_commission_alone(house: House) -> None:
    mine, other = await house.commission(), await house.commission()
    page = f"/organise/commissions/{mine.id}/webhooks"
    async with house.signed_in("organiser") as organiser:
        asked = {"url": "https://example.org/hook", "event": ["decision.made", "promise.moved"]}
        refused = await organiser.post(page, data={**asked, "url": "https://10.0.0.1/"})
        assert (refused.status_code, 'id="url-error"' in refused.text) == (422, True)
        made = await organiser.post(page, data=asked)
        [secret] = re.findall(r"whsec_[\w+/=]+", made.text)
        assert secret not in (await organiser.get(page)).text
        [hook] = re.findall(rf"{page}/([0-9a-f]{{32}})", made.text)
        assert (await organiser.get(f"{page}/{hook}")).status_code == 200
        assert (await organiser.get(f"/organise/commissions/{other.id}/webhooks/{hook}")).status_code == 404
        again = await organiser.post(f"{page}/{hook}", data={"act": "again", "message": "none"}, headers=JSON)
        assert again.status_code == 404
        async with house.store.begin() as work:
            found = await work.webhooks.get_webhook(hook)
            await work.webhooks.save_webhook(type(found)(**{**vars(found), "stopped_at": found.created_at}))
        assert "https://example.org/hook" in (await organiser.get("/work")).text
        assert (await organiser.post(f"{page}/{hook}", data={"act": "on"})).status_code == 303
        assert "https://example.org/hook" not in (await organiser.get("/work")).text
        assert (await organiser.post(f"{page}/{hook}", data={"act": "remove"})).status_code == 303
        assert hook not in (await organiser.get(page)).text
