"""Sealed predictions on the site: the form, those who cannot read it, and the decision that opens it."""

from __future__ import annotations

import re

from support.app import House, field, words
from support.decided import ANSWERS
from support.factories import CLOCK, a_room
from support.voted_session import COMMISSIONER, FIRST, LABELS, PEOPLE, a_vote, required

from forum.services.decision_form import DecisionForm
from forum.services.decisions import decide
from forum.services.predictions import PredictionForm
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk

EXPECT, MINDS = "They <want> the police.", "A night on which nobody came."


async def test_it_is_sealed_before_the_first_vote_and_nobody_else_reads_it(house: House) -> None:
    live, _ = await a_room(house.store, PEOPLE, declared=True)
    path, public = f"/decide/predictions/{live.id}", f"/commissions/{live.commission}"
    desk = Desk(house.store, CLOCK)
    async with (
        house.signed_in("commissioner") as commissioner,
        house.signed_in("moderator") as moderator,
        house.browser() as anybody,
    ):
        assert path in (await commissioner.get("/decide")).text
        shown = await commissioner.get(path)
        sent = {name: field(shown, name) for name in ("id", "after")} | {"expect": EXPECT, "minds": ""}
        wrong = await commissioner.post(path, data=sent)
        assert wrong.status_code == 422
        assert "Write what would change your minds." in words(wrong)
        assert "They &lt;want&gt; the police.</textarea>" in wrong.text, "what was typed stays"
        assert (await commissioner.post(path, data=sent | {"minds": MINDS})).status_code == 303
        assert EXPECT in words(await commissioner.get(path))
        assert "A prediction is sealed" in words(await commissioner.get("/decide"))
        assert (await commissioner.post(path, data=sent | {"minds": MINDS})).status_code == 303, "sent twice"
        back = await commissioner.post(path, data=sent | {"minds": MINDS, "expect": "They are glad."})
        assert (back.status_code, "They are glad.</textarea>" in back.text) == (409, True), "nothing typed is lost"
        sent |= {name: field(back, name) for name in ("id", "after")} | {"expect": "They are glad."}
        assert (await commissioner.post(path, data=sent | {"minds": MINDS})).status_code == 303
        assert "They are glad." in words(await commissioner.get(path))
        sent |= {"after": field(await commissioner.get(path), "after"), "id": "", "expect": EXPECT}
        assert (await commissioner.post(path, data=sent | {"minds": MINDS})).status_code == 303
        other = await commissioner.post(path, data={"id": "", "after": "", "expect": "Else", "minds": MINDS})
        assert other.status_code == 409
        assert "A prediction was sealed a moment ago." in words(other)
        assert "Else</textarea>" in other.text
        for page in (public, "/record/entries", f"/record/entries?session={live.id}"):
            seen = await anybody.get(page)
            assert "is sealed" in words(seen) or "Sealed prediction" in words(seen)
            assert "police" not in seen.text
        digests = re.findall(r"<code>([A-Za-z0-9_-]{43})</code>", (await anybody.get(public)).text)
        assert len(digests) == 2
        for somebody, answer in ((anybody, 303), (moderator, 403)):
            assert (await somebody.get(path)).status_code == answer
        asked = required((await cues.ask_question(desk, live.id, "Who?", LABELS, none=True)).round)
        await facilitation.open_round(desk, live.id, asked.id)
        late = await commissioner.post(path, data=sent | {"id": "", "minds": MINDS, "expect": "The room is right."})
        assert late.status_code == 409
        assert "A vote of this session has been opened" in words(late)
        assert "The room is right.</textarea>" in late.text
        assert "<textarea" not in (await commissioner.get(path)).text
        assert path not in (await commissioner.get("/decide")).text


async def test_the_decision_opens_it_for_everybody(house: House) -> None:
    predicted = PredictionForm(expect=EXPECT, minds=MINDS)
    voted = await a_vote(house.store, FIRST, declared=True, predicted=predicted)
    form = DecisionForm(voted.rounds, "", "adopted", "r1", "It can be done.", answers=ANSWERS)
    made = await decide(house.store, CLOCK, COMMISSIONER, form)
    later = await decide(house.store, CLOCK, COMMISSIONER, form)
    async with house.browser() as anybody:
        shown = words(await anybody.get(f"/decisions/{made.id}"))
        assert "Before the vote, those who decide expected:" in shown
        assert EXPECT in shown
        assert MINDS in shown
        assert "opened with an earlier decision" not in shown
        assert "opened with an earlier decision" in words(await anybody.get(f"/decisions/{later.id}"))
        assert f"/decisions/{made.id}" in (await anybody.get(f"/commissions/{voted.live.commission}")).text
        assert EXPECT in words(await anybody.get("/record/entries"))
