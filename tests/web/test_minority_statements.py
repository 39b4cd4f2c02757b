"""Minority statements on the site: the link that is handed on, the group's form, the moderator's page, the decision."""

from __future__ import annotations

import re

from support.app import House, field, words
from support.decided import ANSWERS
from support.factories import CLOCK, new_id
from support.voted_session import COMMISSIONER, a_vote

from forum.services.decision_form import DecisionForm
from forum.services.decisions import decide


async def test_a_group_writes_through_its_link_and_stands_beside_the_decision(house: House) -> None:
    voted = await a_vote(house.store, declared=True)
    made = await decide(
        house.store,
        CLOCK,
        COMMISSIONER,
        DecisionForm(voted.rounds, "", "adopted", "r1", "It can be done.", answers=ANSWERS),
    )
    decision, staff = f"/decisions/{made.id}", f"/decide/dissent/{made.id}"
    async with house.signed_in("commissioner") as commissioner:
        assert staff in (await commissioner.get(decision)).text
        shown = await commissioner.get(staff)
        new = re.findall(r'name="new" value="([^"]+)"', shown.text)
        assert len(new) == 1, "the nurses alone: others are shown together, or agree"
        given = await commissioner.post(staff, data={"act": "make", "group": "Nurses", "new": new[0]})
        [link] = set(re.findall(r'href="[^"]*(/minority/[A-Za-z0-9_-]{32})"', given.text))
        assert link not in (await commissioner.get(staff)).text, "it is shown once"
    async with house.browser() as group, house.signed_in("moderator") as moderator:
        assert staff not in (await group.get(decision)).text
        assert (await group.get("/minority/" + "a" * 32)).status_code == 404
        empty = await group.post(link, data={"id": new_id(), "words": ""})
        assert empty.status_code == 422
        sent = {"id": new_id(), "words": "We <cannot> cover a night."}
        assert (await group.post(link, data=sent)).status_code == 303
        assert "A moderator reads it" in words(await group.get(link))
        late = await group.post(link, data={"id": new_id(), "words": "And <more>."})
        assert late.status_code == 409
        assert "And &lt;more&gt;.</textarea>" in late.text, "what was typed stays"
        assert "cannot" not in (await group.get(decision)).text
        [reading] = set(
            re.findall(r'href="(/moderate/statements/[0-9a-f]{32})"', (await moderator.get("/moderate")).text)
        )
        first = field(await moderator.get(reading), "read")
        bad = await moderator.post(reading, data={"act": "return", "read": first, "because": ""})
        assert "<title>Error: A statement to read" in bad.text
        assert bad.status_code == 422
        await moderator.post(reading, data={"act": "return", "read": first, "because": "Leave <him> out."})
        assert "Leave <him> out." in words(await group.get(link))
        await group.post(link, data=sent | {"words": "They <cannot> cover a night."})
        for act in ({"act": "accept"}, {"act": "return", "because": "As <before>."}):
            forged = await moderator.post(reading, data=act)
            assert (forged.status_code, "Open the page again" in words(forged)) == (409, True)
            unseen = await moderator.post(reading, data=act | {"read": first})
            assert unseen.status_code == 409
            assert "They <cannot> cover a night." in words(unseen), "what came meanwhile is there to be read"
        assert "As &lt;before&gt;.</textarea>" in unseen.text, "what was typed stays"
        assert "cannot" not in (await group.get(decision)).text
        assert (await moderator.post(reading, data={"act": "accept", "read": field(unseen, "read")})).status_code == 303
        twice = await moderator.post(reading, data={"act": "return", "because": "Too late."})
        assert twice.status_code == 409
        assert "Too late.</textarea>" in twice.text
        assert "What “Nurses” holds against it" in words(await group.get(decision))
        assert "They <cannot> cover a night." in words(await group.get(decision))
        await group.post(link, data={"act": "take back"})
        assert "cannot" not in (await group.get(decision)).text
