"""The library as people use it: a form that works as a link, stories as cards, plain words where nothing is found."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest
from support.app import House, a_sent_story, field, words
from support.factories import CLOCK, a_session, new_id

from forum.services.stories import moderation, submissions
from forum.stories.submission import Submission
from forum.voting import suppression
from forum.voting.commission import Commission
from forum.voting.commitment import Commitment
from forum.voting.decision import Decision, DecisionOutcome
from forum.voting.round import Response, Round, RoundState
from forum.web.public.library import A_PAGE

NOON = "2026-11-22T12:00:00.000Z"
HOSTILE = [
    '"',
    "' OR 1=1 --",
    "title:knock AND",
    "* ^ & | ! <-> \\ %",
    "\0",
    "a\0b",
    "🧡",
    "<script>alert(1)</script>",
    "knock " * 2000,
    "Ω" * 3000,
    "\ud800",
]


async def publish(house: House, commission: Commission, title: str = "The third knock", **told: Any) -> Submission:
    """Makes a public story."""
    story, _ = await submissions.submit(house.store, CLOCK, commission.id, a_sent_story(title, **told))
    return await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")


async def look(house: House, **asked: str) -> httpx2.Response:
    async with house.browser() as browser:
        return await browser.get("/stories", params=asked)


def titles(answer: httpx2.Response) -> list[str]:
    """Returns the titles of the cards, in order, without marks."""
    found = re.findall(r'<h3><a href="/stories/[0-9a-f]{32}">(.*?)</a></h3>', answer.text)
    return [re.sub(r"</?mark>", "", title) for title in found]


async def test_the_form_is_a_plain_link_and_shows_what_was_asked(house: House) -> None:
    await publish(house, await house.commission())
    page = await look(house, words='neighbour "third time"', group="Carers")
    assert page.status_code == 200
    form = re.search(r'<form method="get" action="/stories" role="search">.*?</form>', page.text, re.S)
    assert form
    assert field(page, "words") == 'neighbour "third time"'
    assert re.search(r'<option value="Carers" selected>', form[0])
    assert "<details open>" in form[0]
    assert "<script" not in form[0]
    labelled = set(re.findall(r'<label for="([a-z]+)"', form[0]))
    assert labelled == set(re.findall(r'<(?:input|select) id="([a-z]+)"', form[0]))
    assert labelled == {"words", "setting", "group", "stage", "note", "without"}
    assert titles(page) == ["The third knock"]
    assert "1 story found" in words(page)
    assert "<details>" in (await look(house)).text


async def test_a_card_says_who_tells_what_it_holds_and_how_often_one_decides(house: House) -> None:
    commission = await house.commission(title="Night care")
    story = await publish(house, commission)
    unsaid = await publish(house, commission, "Nobody says", group=None, content_notes=())
    page = await look(house)
    cards = dict(re.findall(r'<li class="card">\s*<h3><a href="/stories/([0-9a-f]+)">(.*?)</li>', page.text, re.S))
    assert set(cards) == {story.id, unsaid.id}
    card = " ".join(re.sub(r"<[^>]*>", " ", cards[story.id]).split())
    assert "This story holds: restraint or force" in card
    assert "Told by: Carers" in card
    assert "1 decision point ·" in card
    assert "It is past two. A neighbour knocks for the third time." in card
    assert f'href="/commissions/{commission.id}"' in cards[story.id]
    assert "prefers not to say their group" in cards[unsaid.id]
    assert "This story holds" not in cards[unsaid.id]


async def test_a_hit_is_shown_marked_in_its_surroundings_and_escaped(house: House) -> None:
    commission = await house.commission()
    hostile = "<b>bold</b> & <mark>knock</mark> \"quoted\" <script>alert('knock')</script>"
    await publish(house, commission, "Knocking <i>twice</i>", happened=f"{'Before it. ' * 60}{hostile}{' After.' * 60}")
    page = await look(house, words="knock twice")
    assert "<mark>Knocking</mark> &lt;i&gt;<mark>twice</mark>&lt;/i&gt;" in page.text
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; &lt;mark&gt;<mark>knock</mark>&lt;/mark&gt;" in page.text
    assert "<script>alert" not in page.text
    assert "<i>" not in page.text
    assert "Before it. " in page.text
    assert "Before it. " * 30 not in page.text
    assert "<mark>" not in (await look(house)).text


async def test_filters_combine_and_can_be_taken_off(house: House) -> None:
    plan, watch = await house.commission(stage="plan"), await house.commission(stage="monitor")
    await publish(house, plan, "A", content_notes=("Death or grief",), group="g3")
    await publish(house, plan, "B")
    await publish(house, watch, "C", content_notes=("a flood",))
    assert titles(await look(house, stage="monitor")) == ["C"]
    assert titles(await look(house, group="Carers", stage="plan")) == ["B"]
    assert titles(await look(house, note="death or grief")) == ["A"]
    assert set(titles(await look(house, without="Death or grief"))) == {"B", "C"}
    assert titles(await look(house, words="neighbour", without="restraint or force", group="Nurses")) == ["A"]
    nothing = await look(house, group="Nurses", stage="monitor")
    assert "No story fits all of this" in words(nothing)
    assert 'href="/stories"' in nothing.text
    options = re.findall(r'<option value="([^"]*)"', nothing.text[nothing.text.index('id="note"') :])
    assert (
        options[: len(options) // 2]
        == options[len(options) // 2 :]
        == ["", "Death or grief", "restraint or force", "a flood"]
    )


async def test_a_filter_that_no_story_has_stays_in_view(house: House) -> None:
    await publish(house, await house.commission())
    page = await look(house, group="<Pilots>")
    assert titles(page) == []
    assert '<option value="&lt;Pilots&gt;" selected>&lt;Pilots&gt;</option>' in page.text


async def test_pages_keep_what_was_asked(house: House) -> None:
    commission = await house.commission()
    for n in range(A_PAGE + 3):
        await publish(house, commission, f"Knock {n}")
    first, second = await look(house, words="knock & knock"), await look(house, words="knock & knock", page="2")
    assert (len(titles(first)), len(titles(second))) == (A_PAGE, 3)
    assert len({*titles(first), *titles(second)}) == A_PAGE + 3
    assert 'href="/stories?words=knock+%26+knock&amp;page=2"' in first.text
    assert f"{A_PAGE + 3} stories found" in words(first)
    assert titles(await look(house, page="1")) == [f"Knock {n}" for n in reversed(range(3, A_PAGE + 3))]
    for odd in ("99", "0", "-1", "x", "", "9" * 40, "²", "1e3"):
        assert titles(await look(house, words="knock", page=odd)), odd
    assert titles(await look(house, words="knock", page="99")) == titles(await look(house, words="knock", page="2"))


async def test_nothing_found_is_said_plainly(house: House) -> None:
    await publish(house, await house.commission())
    nothing = words(await look(house, words="elephant"))
    assert "Nothing found for “elephant”" in nothing
    assert "Try fewer words" in nothing
    assert "You also chose which stories" not in nothing
    assert "You also chose which stories" in words(await look(house, words="elephant", stage="plan"))
    assert "We look for words and numbers" in words(await look(house, words="🧡 !"))
    assert "We look for words and numbers" in words(await look(house, setting="?"))
    assert "We looked for the first ones only" in words(await look(house, words="knock " * 100))
    assert "We looked for the first ones only" not in words(await look(house, words="knock"))


@pytest.mark.parametrize("typed", HOSTILE, ids=[str(n) for n in range(len(HOSTILE))])
async def test_no_search_fails_or_is_shown_raw(house: House, typed: str) -> None:
    await publish(house, await house.commission())
    sent = typed.encode("utf-8", "surrogatepass")
    for name in ("words", "setting", "stage", "group", "note", "without", "page"):
        query = f"{name}=" + "".join(f"%{byte:02x}" for byte in sent)
        async with house.browser() as browser:
            page = await browser.get(f"/stories?{query}")
        assert page.status_code == 200, (name, page.text)
        assert "<script>alert" not in page.text
        assert "\0" not in page.text
        assert len(page.content) < 30_000


async def test_a_story_that_is_no_longer_public_is_found_by_nobody(house: House) -> None:
    story = await publish(house, await house.commission())
    assert titles(await look(house, words="neighbour")) == [story.title]
    await moderation.moderate(house.store, CLOCK, story.id, "take down", because="Names.", expected_status="accepted")
    page = await look(house, words="neighbour")
    assert titles(page) == []
    assert "No story is public yet" in words(page)
    assert "knock" not in page.text


async def test_a_rehearsals_story_says_so(house: House) -> None:
    await publish(house, await house.commission(rehearsal=True))
    assert 'class="tag rehearsal"' in (await look(house)).text


async def test_a_story_says_where_it_was_played_and_what_was_decided(house: House) -> None:
    commission = await house.commission()
    story, other = await publish(house, commission), await publish(house, commission, "Another")
    async with house.browser() as browser:
        before = words(await browser.get(f"/stories/{story.id}"))
    assert "Where it was played Not yet." in before
    assert "What was decided on it Nothing yet." in before
    assert "Carers: told it" in before
    partition = suppression.freeze({}, commission)
    live = a_session(commission, title="Tuesday in the hall", scenarios=(story.id,), partition=partition)
    trial = a_session(commission, title="A quiet try", scenarios=(story.id,), recorded=False)
    async with house.store.begin() as work:
        for session, at in ((live, NOON), (trial, NOON)):
            await work.sessions.add_session(session)
            round_ = Round(
                new_id(),
                session.id,
                "What now?",
                (Response("r1", "Sit down & ask"),),
                scenario=story.id,
                scene="Ask",
                state=RoundState.REVEALED,
                opened_at=at,
                revealed_at=at,
            )
            await work.rounds.add_round(round_)
            if session is live:
                promise = Commitment(new_id(), new_id(), "The trust", "Train the crew", "2027-01-31")
                decision = Decision(
                    promise.decision, commission.id, (round_.id,), DecisionOutcome.ADOPTED, "r1", "It <works>.",
                    decided_at="2026-11-23T10:00:00.000Z", commitments=(promise,),
                )  # fmt: skip
                await work.decisions.add_decision(decision)
    async with house.browser() as browser:
        page = await browser.get(f"/stories/{story.id}")
        elsewhere = words(await browser.get(f"/stories/{other.id}"))
    said = words(page)
    assert "Tuesday in the hall" in said
    assert "22 November 2026" in said
    assert "A quiet try" not in said
    assert f'href="/record/entries?session={live.id}"' in page.text
    assert f'href="/decisions/{decision.id}"' in page.text
    assert "It &lt;works&gt;." in page.text
    assert "Train the crew" in said
    assert "Not yet." in elsewhere
    assert "Tuesday" not in elsewhere
