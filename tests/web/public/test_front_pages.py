"""Pages that everybody may read: the front page, commissions, accepted stories."""

from __future__ import annotations

import html
import re
from dataclasses import replace

from support.app import House, a_sent_story, words
from support.factories import CLOCK, a_session, new_id

from forum.services.stories import moderation, submissions, withdrawal
from forum.stories import scenario_twee
from forum.stories.moderation import Evidence
from forum.stories.submission import StoryStatus
from forum.voting.commission import POWERS, STAGES
from forum.voting.decision import Decision, DecisionOutcome
from forum.voting.round import Response, Round, RoundState
from forum.web.routes import PAGES
from forum.web.words.terms import power_words, stage_words


async def test_an_empty_house_says_what_will_be_there(house: House) -> None:
    async with house.browser() as browser:
        home = words(await browser.get("/"))
        assert "Nothing is being worked on yet" in home
        assert "Nothing has been decided yet" in home
        assert "No story is public yet" in home
        assert "There is no commission yet" in words(await browser.get("/commissions"))
        assert "No story is public yet" in words(await browser.get("/stories"))


async def test_the_front_page_leads_into_a_room_and_to_what_is_new(house: House) -> None:
    commission = await house.commission(title="Night care")
    rehearsed = await house.commission(title="Only a rehearsal", rehearsal=True)
    for about in (commission, rehearsed):
        story, _ = await house.story(about, f"Story of {about.title}")
        await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
    async with house.browser() as browser:
        home = await browser.get("/")
    form = re.search(r'<form method="post" action="/join">.*?</form>', home.text, re.S)
    assert form
    assert 'name="code"' in form[0]
    assert f'href="/commissions/{commission.id}"' in home.text
    assert "Story of Night care" in home.text
    assert "Only a rehearsal" not in home.text


async def test_a_commission_says_what_the_vote_can_change_and_who_was_invited(house: House) -> None:
    commission = await house.commission(threshold=7)
    commission_of_none = await house.commission(groups=("Carers", "Nurses"), demonstration=True, title="A <second> one")
    async with house.browser() as browser:
        page = await browser.get(f"/commissions/{commission.id}")
        said = words(page)
        assert page.text.count("<h1") == 1
        for text in ("Who answers the call", "The budget", "The joint board", power_words("co-design"), "Police"):
            assert text in said, text
        assert "The joint board · Within 28 days after the vote" in said
        assert "fewer than 7 votes is never shown on its own" in said
        assert "No live session yet" in said
        assert f'href="/commissions/{commission.id}/tell"' in page.text
        other = await browser.get(f"/commissions/{commission_of_none.id}")
        assert "A &lt;second&gt; one" in other.text
        assert "This is the demonstration" in words(other)
        assert (await browser.get("/commissions/" + "0" * 32)).status_code == 404


async def test_a_commission_shows_its_sessions_and_decisions(house: House) -> None:
    commission = await house.commission()
    live = a_session(commission, title="Tuesday in the hall")
    round_ = Round(
        new_id(),
        live.id,
        "What <now>?",
        (Response("r1", "Sit down"), Response("none", "None of these")),
        state=RoundState.REVEALED,
    )
    decision = Decision(
        new_id(),
        commission.id,
        (round_.id,),
        DecisionOutcome.ADOPTED,
        "r1",
        "It <works>.",
        decided_at="2026-11-22T10:00:00.000Z",
        entry=0,
    )
    async with house.store.begin() as work:
        await work.sessions.add_session(live)
        await work.sessions.add_session(a_session(commission, title="A quiet try", recorded=False, ended=True))
        await work.rounds.add_round(round_)
        await work.decisions.add_decision(decision)
    async with house.browser() as browser:
        page = await browser.get(f"/commissions/{commission.id}")
        home = await browser.get("/")
    assert "Tuesday in the hall" in page.text
    assert f'href="/sessions/{live.id}"' in page.text
    assert "This session is not recorded." in words(page)
    assert live.code not in page.text
    assert live.projector not in page.text
    for answer in (page, home):
        assert f'href="/decisions/{decision.id}"' in answer.text
        assert "What &lt;now&gt;?" in answer.text, "the question that was decided"
        assert "22 November 2026" in words(answer)
    assert "Sit down" in words(page)


async def test_only_accepted_stories_are_there(house: House) -> None:
    commission = await house.commission()
    await house.story(commission, "Waiting for a reader")
    returned, _ = await house.story(commission, "Gone back")
    accepted, _ = await house.story(commission, "Read and fine")
    await moderation.moderate(house.store, CLOCK, returned.id, "return", because="Why?", expected_status="submitted")
    await moderation.moderate(house.store, CLOCK, accepted.id, "accept", because="", expected_status="submitted")
    async with house.browser() as browser:
        for path in ("/", "/stories", f"/commissions/{commission.id}"):
            page = (await browser.get(path)).text
            assert "Read and fine" in page
            assert "Waiting for a reader" not in page
            assert "Gone back" not in page
        assert (await browser.get(f"/stories/{accepted.id}")).status_code == 200


async def test_a_story_that_is_not_public_is_at_none_of_its_addresses(house: House) -> None:
    """Its id gets the very answer that a made-up id gets, whatever became of the story."""
    commission = await house.commission()
    there, _ = await house.story(commission)
    states = {"submitted": there}
    for action in ("return", "hold"):
        one, _ = await house.story(commission)
        states[action] = await house.moderated(one, action, "Why?")
    public, _ = await house.story(commission)
    states["taken down"] = await house.moderated(await house.moderated(public, "accept"), "take down", "A street.")
    private, key = await house.story(commission)
    await withdrawal.withdraw(house.store, CLOCK, key)
    states["withdrawn before it was public"] = private
    async with house.store.begin() as work:
        states["writing"] = replace(private, id=new_id(), status=StoryStatus.WRITING, link="")
        await work.stories.add_story(states["writing"])
        evidence = {name: Evidence(new_id(), story.id, "image/png", "A hall") for name, story in states.items()}
        for item in evidence.values():
            await work.evidence.add_evidence(replace(item, shown_at=CLOCK.now()), b"a picture")
    addresses = [(page, m) for page in PAGES for m in page.methods.split() if "/stories/{story}" in page.path]
    assert len(addresses) >= 9
    wrong = []
    async with house.browser() as browser:
        for page, method in addresses:
            path = page.path
            for accept in ("text/html", "application/json"):
                answers = {}
                for name, id_ in {"": new_id(), **{name: story.id for name, story in states.items()}}.items():
                    where = path.replace("{story}", id_).replace("{number}", "1")
                    where = where.replace("{item}", evidence[name].id if name else new_id())
                    data = {"words": "It is wrong."} if method == "POST" else None
                    answer = await browser.request(method, where, data=data, headers={"Accept": accept})
                    answers[name] = (answer.status_code, answer.text.replace(id_, "").replace(where.split("/")[-1], ""))
                wrong += [(method, path, name) for name, said in answers.items() if said != answers[""]]
                # What programs of staff read and do is for a token alone, and without one nothing is told.
                of_staff = path.startswith("/api/") and page.permission != "public"
                assert answers[""][0] == (401 if of_staff else 404)
    assert wrong == []


async def test_a_story_gives_its_notes_first_and_every_link_leads_somewhere(house: House) -> None:
    commission = await house.commission()
    hostile = '<script>alert(1)</script>" onmouseover="x'
    told = a_sent_story(happened=hostile, responses=(hostile, "Two", "Three"), content_notes=(hostile,))
    story, _ = await submissions.submit(house.store, CLOCK, commission.id, told)
    await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
    async with house.browser() as browser:
        page = await browser.get(f"/stories/{story.id}")
    assert page.status_code == 200
    assert page.text.count("<h1") == 1
    assert "<script>alert" not in page.text
    assert '" onmouseover' not in page.text
    main = page.text[page.text.index("<main") :]
    assert main.index("content-notes") < main.index("<section")
    anchors = re.findall(r'href="#([^"]+)"', main)
    assert len(anchors) == sum(len(scene.links) for scene in scenario_twee.parse(story.twee).scenes)
    assert all(f'id="{html.escape(anchor)}"' in main for anchor in anchors)
    assert "Decision point" in words(page)
    assert "Stop point" in words(page)
    assert "Samaritans" in words(page)
    assert "Told by Carers" in words(page)


def test_every_stage_and_every_power_is_explained() -> None:
    assert all(stage_words(stage) != stage for stage in STAGES)
    assert all(power_words(level) != level for level in POWERS)


async def test_pages_that_are_not_there_are_said_plainly(house: House) -> None:
    async with house.browser() as browser:
        lost = await browser.get("/nowhere")
        assert lost.status_code == 404
        assert "There is nothing here" in words(lost)
        assert (await browser.post("/commissions", data={})).status_code == 405
        browser.headers["Accept"] = "application/json"
        assert (await browser.get("/stories/nonsense")).json()["error"]["code"] == "not_found"
