"""Corrections on the site, beside the decision on its page, in its feed; mistakes stand at their fields."""

from __future__ import annotations

from support.app import House, assert_faults_at, field, words
from support.decided import ANSWERS
from support.voted_session import FIRST, a_vote

FORM = {"outcome": "adopted", "response": "r1", "rationale": "A nurse is there in twenty minutes.", **ANSWERS} | {
    "role_1": "Head of nights",
    "what_1": "Two nurses",
    "by_1": "2026-01-01",
}


async def test_a_decision_is_corrected_and_replaced_and_its_page_and_feed_say_so(house: House) -> None:
    voted = await a_vote(house.store, FIRST, declared=True)
    async with house.signed_in("commissioner") as browser:
        made = []
        for reason in (FORM["rationale"], "An ambulance would be late."):
            answer = await browser.post("/decide/new", data={**FORM, "round": voted.rounds[0], "rationale": reason})
            made.append(answer.headers["location"])
        page = f"/decide{made[0]}"
        shown = await browser.get(page)
        typed = {"id": field(shown, "id"), "act": "correct", "words": "", "because": "We counted again."}
        wrong = await browser.post(page, data=typed)
        assert_faults_at(wrong, {"words"})
        assert "We counted again." in wrong.text
        typed["words"] = "In thirty minutes, not twenty."
        for _ in range(2):
            assert (await browser.post(page, data=typed)).headers["location"] == made[0]
        put = {"act": "replace", "by": "", "why": "It was too dear."}
        wrong = await browser.post(page, data=put)
        assert_faults_at(wrong, {"by"})
        assert "It was too dear." in wrong.text
        put["by"] = made[1].rpartition("/")[2]
        assert (await browser.post(page, data=put)).status_code == 303
        late = await browser.post(page, data={**typed, "id": "", "words": "Too late, and kept."})
        assert late.status_code == 409
        assert "was replaced by another" in words(late)
        assert "Too late, and kept." in late.text
        promise = await house_promise(house, made[0])
        news = await browser.post(f"/decide/promises/{promise}", data={"state": "done", "said": "They are here."})
        assert_faults_at(news, {"state"})
        assert "They are here." in news.text
    async with house.browser() as public:
        old, newer = [words(await public.get(address)) for address in made]
        for said in (FORM["rationale"], "In thirty minutes, not twenty.", "We counted again.", "It was too dear."):
            assert said in old
        assert old.count("In thirty minutes") == 1
        assert "another decision took the place of this one" in old
        assert "It takes the place of an earlier decision." in newer
        ledger = words(await public.get("/promises"))
        assert "Its decision was replaced" in ledger
        feed = (await public.get(f"{made[0]}/feed.atom")).text
        assert "A decision was corrected." in feed
        assert "Another decision took the place of this one." in feed
        commission = words(await public.get(f"/commissions/{voted.live.commission}"))
        assert "Replaced" in commission


async def house_promise(house: House, decision: str) -> str:
    """Returns the id of a decision's first promise."""
    async with house.store.read() as work:
        return (await work.decisions.get_decision(decision.rpartition("/")[2])).commitments[0].id
