"""The Atom feeds of public stories and commissions, read as RFC 4287 says they must be."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from xml.etree import ElementTree as ET

import httpx2
from services.stories.test_timeline import do, played
from support.app import House, a_sent_story
from support.decided import ANSWERS
from support.factories import CLOCK
from support.recorded_day import a_day
from support.voted_session import COMMISSIONER, FIRST, SECOND

from forum.services import decisions, stages
from forum.services.decision_form import DecisionForm, Promise
from forum.services.stages import MoveForm
from forum.services.stories import submissions
from forum.services.timelines import KINDS as TYPES
from forum.stories.submission import Submission
from forum.voting.commission import Commission

KINDS = sorted(set(TYPES.values()))
ATOM = "{http://www.w3.org/2005/Atom}"


async def public(house: House, title: str = "The third knock") -> tuple[Commission, Submission]:
    commission = await house.commission(created_at="2026-01-01T00:00:00.000Z")
    story, _ = await house.story(commission, title)
    await do(house.store, story, "accept")
    return commission, story


async def got(house: House, path: str, **headers: str) -> httpx2.Response:
    async with house.browser() as reader:
        return await reader.get(path, headers=headers)


def text(element: ET.Element, name: str) -> str:
    found = element.findall(f"{ATOM}{name}")
    assert len(found) == 1, name
    return found[0].text or ""


def checked(answer: httpx2.Response) -> ET.Element:
    """Parses the feed in an answer, after everything that RFC 4287 asks of one (4.1.1, 4.1.2, 4.2.6, 3.3)."""
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ET.fromstring(answer.content)
    assert feed.tag == f"{ATOM}feed"
    assert text(feed.find(f"{ATOM}author") or feed, "name")
    links = {link.get("rel"): link for link in feed.findall(f"{ATOM}link")}
    assert str(links["self"].get("href")).endswith("/feed.atom")
    assert links["alternate"].get("type") == "text/html"
    ids = []
    for part in (feed, *feed.findall(f"{ATOM}entry")):
        assert text(part, "title")
        ids.append(text(part, "id"))
        assert uuid.UUID(ids[-1]).urn == ids[-1]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", text(part, "updated"))
        datetime.fromisoformat(text(part, "updated"))
    for entry in feed.findall(f"{ATOM}entry"):
        alternate = entry.find(f"{ATOM}link")
        assert alternate is not None
        assert str(alternate.get("href")).startswith("http://house.test/")
        assert text(entry, "summary")
    assert len(set(ids)) == len(ids)
    times = [text(entry, "updated") for entry in feed.findall(f"{ATOM}entry")]
    assert times == sorted(times, reverse=True)
    return feed


def titles(feed: ET.Element) -> list[str]:
    return [text(entry, "title") for entry in feed.findall(f"{ATOM}entry")]


def ids(feed: ET.Element) -> list[str]:
    return [text(entry, "id") for entry in feed.findall(f"{ATOM}entry")]


def summaries(feed: ET.Element) -> list[str]:
    return [text(entry, "summary") for entry in feed.findall(f"{ATOM}entry")]


async def test_a_story_s_feed_tells_its_public_life(house: House) -> None:
    commission, story = await public(house)
    live, rounds = await played(house.store, commission, story, FIRST, SECOND)
    promises = tuple(Promise(role, "Hire two people", "2027-03-31") for role in ("Trust", "Council"))
    form = DecisionForm(
        tuple(rounds), outcome="adopted", response="r2", rationale="It works.", answers=ANSWERS, promises=promises
    )
    decision = await decisions.decide(house.store, CLOCK, COMMISSIONER, form)
    feed = checked(await got(house, f"/stories/{story.id}/feed.atom"))
    promised, _, adopted, again, voted, on_stage, published = titles(feed)
    assert published == "The story “The third knock” was published."
    assert live.title in on_stage
    assert voted == "People voted: “What could the crew do now?”"
    assert again.startswith("People voted again after the replay")
    assert adopted == "It was decided: “Call the crisis team” is adopted."
    assert promised.startswith("It was promised: ")
    assert promised.endswith("will do this by 31 March 2027.")
    entries = feed.findall(f"{ATOM}entry")
    assert text(feed, "updated") == text(entries[0], "updated")
    summary = text(entries[4], "summary")
    assert "The room preferred “Sit down and ask”, with 10 of 19 votes." in summary
    assert "other groups: " in summary
    assert "Police" not in summary
    link = entries[2].find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == f"http://house.test/decisions/{decision.id}"
    day = checked(await got(house, f"/sessions/{live.id}/feed.atom"))
    assert (titles(day), ids(day)) == (titles(feed)[:5], ids(feed)[:5])
    assert text(day, "title") == f"What became of the session “{live.title}”"
    assert text(day, "id") == uuid.UUID(hex=live.id).urn
    everything = checked(await got(house, f"/commissions/{commission.id}/feed.atom"))
    # What is in both has one id; what was played is told there as the session.
    assert {ids(feed)[0], *ids(feed)[2:5], ids(feed)[6]} < set(ids(everything))
    assert summaries(everything)[3].startswith("The room preferred “Call the crisis team”, with 11 of 19 votes.")
    assert titles(checked(await got(house, f"/decisions/{decision.id}/feed.atom"))) == titles(feed)[:3]
    assert text(everything, "id") == uuid.UUID(hex=commission.id).urn


async def test_nothing_private_is_in_a_feed(house: House) -> None:
    commission = await house.commission()
    story, key = await house.story(commission)
    assert (await got(house, f"/stories/{story.id}/feed.atom")).status_code == 404
    assert titles(checked(await got(house, f"/commissions/{commission.id}/feed.atom"))) == []
    await do(house.store, story, "return", "It names Dr Brown.")
    await submissions.resubmit(house.store, CLOCK, key, a_sent_story())
    await do(house.store, story, "accept")
    for path in (f"/stories/{story.id}", f"/commissions/{commission.id}"):
        answer = await got(house, f"{path}/feed.atom")
        assert len(titles(checked(answer))) == 1
        assert "Brown" not in answer.text
        assert key not in answer.text
    await do(house.store, story, "take down", "It names a street.")
    assert (await got(house, f"/stories/{story.id}/feed.atom")).status_code == 404
    assert titles(checked(await got(house, f"/commissions/{commission.id}/feed.atom"))) == []
    for nowhere in ("/stories/nonsense/feed.atom", "/commissions/nonsense/feed.atom"):
        assert (await got(house, nowhere)).status_code == 404


async def test_hostile_words_stay_words(house: House) -> None:
    hostile = "]]> <script>alert('x')</script> & \"quoted\" </title>"
    commission = await house.commission(title=f"A \x0b\x00 {hostile} \ufffe end")
    story, _ = await submissions.submit(house.store, CLOCK, commission.id, a_sent_story(hostile, question=hostile))
    await do(house.store, story, "accept")
    await played(house.store, commission, story, FIRST)
    answer = await got(house, f"/commissions/{commission.id}/feed.atom")
    feed = checked(answer)
    assert "<script" not in answer.text
    assert hostile in titles(feed)[-1]
    assert hostile in text(feed, "title")
    assert "\x0b" not in answer.text


async def test_pages_say_where_their_feed_is(house: House) -> None:
    commission, story = await public(house)
    live, _rounds = await played(house.store, commission, story, FIRST, SECOND)
    for path in (f"/stories/{story.id}", f"/commissions/{commission.id}", f"/sessions/{live.id}"):
        shown = await got(house, path)
        assert re.search(
            rf'<link rel="alternate" type="application/atom\+xml"[^>]* href="{path}/feed.atom">', shown.text
        )
        assert f'<a href="{path}/feed.atom">' in shown.text


async def test_a_reader_that_has_it_is_told_so_until_something_happens(house: House) -> None:
    commission, story = await public(house)
    path = f"/stories/{story.id}/feed.atom"
    mark = (await got(house, path)).headers["etag"]
    same = await got(house, path, **{"If-None-Match": mark})
    assert (same.status_code, same.content) == (304, b"")
    await played(house.store, commission, story, FIRST)
    assert (await got(house, path, **{"If-None-Match": mark})).status_code == 200


async def test_what_was_chosen_on_a_commissions_timeline_has_a_feed_of_its_own(house: House) -> None:
    day = await a_day(house.store)
    own = f"/commissions/{day.voted.live.commission}"
    await stages.move(house.store, CLOCK, day.voted.live.commission, MoveForm(seen="0", to="secure", learnt="Much"))
    whole = checked(await got(house, f"{own}/feed.atom"))
    query = "?kind=stage&stage=secure&since=2020-01-01"
    async with house.browser() as reader:
        page = await reader.get(f"{own}{query}")
        assert f'<a href="{own}/feed.atom{query.replace("&", "&amp;")}">' in page.text
    answer = await got(house, f"{own}/feed.atom{query}")
    feed = ET.fromstring(answer.content)
    assert len(ids(feed)) == 1
    assert "Much" in summaries(feed)[0]
    assert set(ids(feed)) < set(ids(whole))
    assert text(feed, "id") != text(whole, "id")
    links = {link.get("rel"): str(link.get("href")) for link in feed.findall(f"{ATOM}link")}
    assert links["self"] == f"http://house.test{own}/feed.atom{query}"
    assert links["alternate"] == f"http://house.test{own}{query}"
    mark = {"If-None-Match": answer.headers["etag"]}
    assert (await got(house, f"{own}/feed.atom{query}", **mark)).status_code == 304
    kinds = [len(ids(ET.fromstring((await got(house, f"{own}/feed.atom?kind={kind}")).content))) for kind in KINDS]
    assert all(kinds)
    assert sum(kinds) == len(ids(whole))
    assert ids(ET.fromstring((await got(house, f"{own}/feed.atom?words=nothing+such")).content)) == []
