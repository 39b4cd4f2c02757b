"""A moderator reads, accepts or returns; of two moderators the second is told; the record says what was published."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest
from support.app import House, a_house, a_sent_story, field, send_story, words, write_story
from support.factories import CLOCK, a_session

from forum.errors import BadInput, IllegalMove, StoreUnavailable
from forum.ports import Store
from forum.record.verify.disclosures import digests_in, open_disclosure
from forum.services import record_entries
from forum.services.sessions import cues
from forum.services.sessions.desk import Desk
from forum.services.stories import appeals_and_reports, moderation, submissions
from forum.stories import scenario_twee
from forum.stories.submission import Submission
from forum.web.moderate import age


async def record(store: Store) -> list[dict[str, object]]:
    async with store.read() as work:
        return [json.loads(entry.body) for entry in await work.record.entries()]


async def published(store: Store) -> list[dict[str, object]]:
    return [entry for entry in await record(store) if entry["type"] == "scenario published"]


async def now(store: Store, story: Submission) -> Submission:
    async with store.read() as work:
        return await work.stories.get_story(story.id)


async def test_the_queue_shows_what_waits_longest_first_and_says_when_it_is_empty(house: House) -> None:
    async with house.signed_in("moderator") as moderator:
        assert "No story is waiting" in words(await moderator.get("/moderate"))
        commission = await house.commission()
        await house.story(commission, "The first")
        await house.story(commission, "The second")
        shown = words(await moderator.get("/moderate"))
    assert shown.index("The first") < shown.index("The second")
    assert "waiting for less than a minute" in shown
    assert "Carers" in shown


async def test_accepting_publishes_the_story_and_writes_it_into_the_record(house: House) -> None:
    commission = await house.commission(demonstration=True)
    story, key = await house.story(commission)
    async with house.signed_in("moderator") as moderator:
        assert (await moderator.get(f"/stories/{story.id}")).status_code == 404
        page = await moderator.get(f"/moderate/{story.id}")
        assert "restraint or force" in words(page)
        answer = await moderator.post(
            f"/moderate/{story.id}",
            data={"action": "accept", "expected": field(page, "expected"), "read": field(page, "read")},
        )
        assert answer.status_code == 303
        assert "The story is public now" in words(await moderator.get(answer.headers["location"]))
        assert (await moderator.get(f"/stories/{story.id}")).status_code == 200
        assert "Accepted" in words(await moderator.get(f"/my-story/{key}"))
    entry, moderated = await record(house.store)
    assert entry["type"] == "scenario published"
    assert entry["scenario"] == story.id
    assert [*digests_in({"told_by": entry["told_by"]})]
    assert entry["demonstration"] is True
    assert set(entry) == {"type", "at", "commission", "demonstration", "scenario", "title", "text", "told_by"}
    assert "knock" not in json.dumps(entry)
    assert (moderated["type"], moderated["action"], moderated["because"]) == ("moderation action", "accepted", None)
    assert set(moderated) == {"type", "at", "commission", "demonstration", "scenario", "action", "because"}
    async with house.store.read() as work:
        given = await work.record.disclosures(commission=commission.id)
    assert sorted(open_disclosure(one.encoded)[1] for one in given if one.encoded) == ["text", "title", "told_by"]
    assert "Carers" in {open_disclosure(one.encoded)[2] for one in given if one.encoded}


async def test_returning_needs_a_reason_and_keeps_the_choice(house: House) -> None:
    story, key = await house.story(await house.commission())
    async with house.signed_in("moderator") as moderator:
        empty = await moderator.post(f"/moderate/{story.id}", data={"action": "return", "expected": "submitted"})
        assert empty.status_code == 422
        assert '<a href="#because">' in empty.text
        assert 'value="return" checked' in empty.text
        neither = await moderator.post(f"/moderate/{story.id}", data={"because": "Hm.", "expected": "submitted"})
        assert neither.status_code == 422
        assert '<a href="#action">' in neither.text
        assert "Hm." in neither.text
        long = await moderator.post(
            f"/moderate/{story.id}", data={"action": "return", "because": "x" * 2001, "expected": "submitted"}
        )
        assert long.status_code == 422
        assert "x" * 2001 in long.text
        assert (await now(house.store, story)).status == "submitted"
        back = {"action": "return", "because": "No names, please.", "expected": "submitted"}
        for unread in ({}, {"read": ""}):
            refused = await moderator.post(f"/moderate/{story.id}", data=back | unread)
            assert refused.status_code == 409, "no text is dealt with unseen"
            assert "Open the page again" in words(refused)
            assert "No names, please.</textarea>" in refused.text, "what was typed stays"
        assert (await now(house.store, story)).status == "submitted"
        returned = await moderator.post(f"/moderate/{story.id}", data=back | {"read": field(refused, "read")})
        assert returned.status_code == 303
        assert "Back with their writers" in words(await moderator.get("/moderate"))
        assert "No names, please." in words(await moderator.get(f"/my-story/{key}"))
        assert (await moderator.get(f"/stories/{story.id}")).status_code == 404
    assert await published(house.store) == []


async def test_of_two_moderators_the_second_is_told_and_nothing_is_lost(house: House) -> None:
    story, _ = await house.story(await house.commission())
    async with house.signed_in("moderator") as one, house.signed_in("moderator") as other:
        page = await other.get(f"/moderate/{story.id}")
        seen = {"expected": field(page, "expected"), "read": field(page, "read")}
        assert (await one.post(f"/moderate/{story.id}", data={"action": "accept", **seen})).status_code == 303
        second = await other.post(
            f"/moderate/{story.id}", data={"action": "return", "because": "A long and careful reason.", **seen}
        )
    assert second.status_code == 409
    assert "Another moderator has accepted this story" in words(second)
    assert "A long and careful reason." in words(second)
    assert (await now(house.store, story)).status == "accepted"
    assert len(await published(house.store)) == 1
    assert [entry["action"] for entry in await record(house.store) if "action" in entry] == ["accepted"]


async def test_a_text_that_changed_since_it_was_read_is_not_published(house: House) -> None:
    story, key = await house.story(await house.commission())
    async with house.signed_in("moderator") as slow:
        page = await slow.get(f"/moderate/{story.id}")
        await moderation.moderate(
            house.store, CLOCK, story.id, "return", because="No names, please.", expected_status="submitted"
        )
        await submissions.resubmit(house.store, CLOCK, key, a_sent_story(happened="Something else."))
        late = await slow.post(
            f"/moderate/{story.id}",
            data={"action": "accept", "expected": field(page, "expected"), "read": field(page, "read")},
        )
    assert late.status_code == 409
    assert "Read it again before you decide" in words(late)
    assert "Something else." in words(late)
    assert (await now(house.store, story)).status == "submitted"
    assert await published(house.store) == []


async def test_a_story_is_published_with_its_entry_or_not_at_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    story, _ = await house.story(await house.commission())

    async def full(*_: object) -> int:
        raise StoreUnavailable("The database could not take this. Nothing was saved.")

    monkeypatch.setattr(record_entries, "append", full)
    with pytest.raises(StoreUnavailable):
        await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
    assert (await now(house.store, story)).status == "submitted"
    assert await record(house.store) == []


async def test_a_rehearsals_story_stays_out_of_a_real_record(house: House) -> None:
    for made_by, entries in (("forum", 0), ("rehearsal", 2)):
        async with house.store.begin() as work:
            await work.facts.set_fact("made_by", made_by)
        story, _ = await house.story(await house.commission(rehearsal=True))
        await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
        assert len(await record(house.store)) == entries


@pytest.mark.parametrize("expected", ["returned", "accepted", "", "whatever"])
async def test_only_a_waiting_story_is_moderated(house: House, expected: str) -> None:
    story, _ = await house.story(await house.commission())
    with pytest.raises(IllegalMove):
        await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status=expected)
    with pytest.raises(BadInput):
        await moderation.moderate(house.store, CLOCK, story.id, "burn", because="x", expected_status="submitted")


async def test_hostile_text_reaches_the_moderator_as_text(house: House) -> None:
    commission = await house.commission()
    hostile = "</textarea><script>alert(1)</script>"
    async with house.browser() as writer:
        key = await write_story(writer, commission, {"title": hostile, "happened.text": hostile})
        assert (await send_story(writer, key)).status_code == 303
    async with house.store.read() as work:
        (story,) = await work.stories.list_stories()
    async with house.signed_in("moderator") as moderator:
        queue = await moderator.get("/moderate")
        page = await moderator.post(f"/moderate/{story.id}", data={"because": hostile, "expected": "submitted"})
    for answer in (queue, page):
        assert "<script>alert" not in answer.text
        assert hostile in html.unescape(answer.text)


async def test_machines_get_json_and_strangers_get_nothing(house: House) -> None:
    story, _ = await house.story(await house.commission())
    path = f"/moderate/{story.id}"
    async with house.browser() as nobody, house.signed_in("organiser") as organiser:
        assert (await nobody.get(path)).headers["location"] == f"/sign-in?next={path}"
        assert (await nobody.post(path, data={"action": "accept", "expected": "submitted"})).status_code == 303
        assert (await organiser.get(path)).status_code == 403
        assert (await organiser.post(path, data={"action": "accept", "expected": "submitted"})).status_code == 403
    assert (await now(house.store, story)).status == "submitted"
    async with house.signed_in("moderator") as moderator:
        moderator.headers["Accept"] = "application/json"
        unknown = await moderator.post("/moderate/" + "0" * 32, data={"action": "accept", "expected": "submitted"})
        assert unknown.status_code == 404
        accept = {"action": "accept", "expected": "submitted", "read": submissions.fingerprint(story)}
        answer = await moderator.post(path, data=accept)
        assert answer.json() == {"story": story.id, "status": "accepted"}
        again = await moderator.post(path, data=accept)
        assert again.status_code == 409
        assert again.json()["error"]["code"] == "illegal_move"


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ("2026-11-22T12:00:00.000Z", "less than a minute"),
        ("2026-11-22T11:59:00.000Z", "1 minute"),
        ("2026-11-22T11:00:01.000Z", "59 minutes"),
        ("2026-11-22T11:00:00.000Z", "1 hour"),
        ("2026-11-20T12:00:01.000Z", "47 hours"),
        ("2026-11-20T12:00:00.000Z", "2 days"),
        ("2026-11-22T12:00:09.000Z", "less than a minute"),
    ],
)
def test_age_is_said_in_its_largest_useful_unit(then: str, said: str) -> None:
    assert age(then, "2026-11-22T12:00:00.000Z") == said


async def test_the_queue_shows_state_age_and_content_notes(house: House) -> None:
    commission = await house.commission()
    held, _ = await house.story(commission, "Held back")
    await house.story(commission, "Waiting")
    async with house.signed_in("moderator") as moderator:
        page = await moderator.get(f"/moderate/{held.id}")
        hold = {"action": "hold", "because": "We ask first."}
        hold |= {name: field(page, name) for name in ("expected", "read")}
        answer = await moderator.post(f"/moderate/{held.id}", data=hold)
        assert answer.status_code == 303
        shown = words(await moderator.get(answer.headers["location"]))
        assert "The story is held." in shown
        assert "Content notes: restraint or force" in shown
        assert "held less than a minute ago" in shown
        page = await moderator.get(f"/moderate/{held.id}")
        assert "We ask first." in words(page)
        assert 'value="accept"' not in page.text
        off = {"action": "release", "expected": field(page, "expected"), "read": field(page, "read")}
        assert (await moderator.post(f"/moderate/{held.id}", data=off)).status_code == 303
    assert (await now(house.store, held)).status == "submitted"


async def test_whoever_acted_does_not_answer_the_appeal_and_another_one_does(house: House) -> None:
    story, key = await house.story(await house.commission())
    path = f"/moderate/{story.id}"
    async with house.signed_in("moderator") as one, house.signed_in("moderator") as other:
        back = {"action": "return", "because": "It names somebody.", "expected": "submitted"}
        back |= {"read": submissions.fingerprint(story)}
        await one.post(path, data=back)
        await appeals_and_reports.appeal(house.store, CLOCK, key, "It <names> nobody.")
        for desk in (one, other):
            assert "Appeals" in words(await desk.get("/moderate"))
        own = await one.get(path)
        assert "It <names> nobody." in html.unescape(own.text)
        assert 'name="outcome"' not in own.text
        page = await other.get(path)
        answer = {"appeal": field(page, "appeal"), "outcome": "overturn", "why": "Nobody is named."}
        refused = await one.post(f"{path}/appeal", data=answer)
        assert refused.status_code == 403
        assert "another moderator answers" in words(refused)
        assert "Nobody is named." in words(refused)
        empty = await other.post(f"{path}/appeal", data={**answer, "why": ""})
        assert empty.status_code == 422
        assert '<a href="#why">' in empty.text
        assert 'value="overturn" checked' in empty.text
        done = await other.post(f"{path}/appeal", data={**answer, "public_why": "1"})
        assert done.status_code == 303
        late = await other.post(f"{path}/appeal", data={**answer, "outcome": "uphold"})
        assert late.status_code == 409
        assert "Nobody is named." in words(late)
    assert (await now(house.store, story)).status == "submitted"
    async with house.browser() as writer:
        mine = words(await writer.get(f"/my-story/{key}"))
        log = words(await writer.get("/moderation"))
    assert "you were right" in mine
    assert "Nobody is named." in mine
    assert "Nobody is named." in log
    assert "It names somebody." not in log
    assert "The third knock" not in log


async def test_the_public_log_says_what_was_done_and_never_by_whom(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as anybody:
        assert "Nothing was moderated yet" in words(await anybody.get("/moderation"))
        story, _ = await house.story(commission)
        other, _ = await house.story(commission, "Not fit")
        async with house.signed_in("moderator") as moderator:
            accept = {"action": "accept", "because": "It <helps>.", "public": "1", "expected": "submitted"}
            await moderator.post(f"/moderate/{story.id}", data=accept | {"read": submissions.fingerprint(story)})
            back = {"action": "return", "because": "A secret.", "expected": "submitted"}
            await moderator.post(f"/moderate/{other.id}", data=back | {"read": submissions.fingerprint(other)})
        async with house.store.read() as work:
            logins = [person.login for person in await work.people.list_people()]
        page = await anybody.get("/moderation")
    said = words(page)
    assert said.index("returned a story") < said.index("accepted a story")
    assert "It &lt;helps&gt;." in page.text
    assert f'href="/stories/{story.id}"' in page.text
    for secret in ("A secret.", "Not fit", other.id, *logins):
        assert secret not in page.text
    async with house.browser() as anybody:
        for number in ("2", "0", "x", "9" * 30):
            assert (await anybody.get(f"/moderation?page={number}")).status_code == 200
        entry = await anybody.get("/record/entries")
        assert "A moderator returned a story to its writer." in words(entry)
        assert "A secret." not in words(entry)


async def test_a_reader_reports_and_what_is_taken_down_is_seen_nowhere(house: House) -> None:
    story, key = await house.story(await house.commission())
    path = f"/stories/{story.id}/report"
    async with house.browser() as reader, house.signed_in("moderator") as moderator:
        assert (await reader.get(path)).status_code == 404
        await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
        assert f'href="{path}"' in (await reader.get(f"/stories/{story.id}")).text
        form = await reader.get(path)
        empty = await reader.post(path, data={"id": field(form, "id"), "words": ""})
        assert (empty.status_code, field(empty, "id")) == (422, field(form, "id"))
        long = await reader.post(path, data={"words": "y" * 1001})
        assert "at most 1000 characters. This has 1001." in words(long)
        assert "y" * 1001 in long.text
        report = {"id": field(form, "id"), "words": "It names <my> brother."}
        for _ in range(2):
            sent = await reader.post(path, data=report)
            assert sent.status_code == 303
        assert "We have your report" in words(await reader.get(sent.headers["location"]))
        queue = words(await moderator.get("/moderate"))
        assert "Reported by readers" in queue
        assert "1 report " in queue
        page = await moderator.get(f"/moderate/{story.id}")
        assert "It names &lt;my&gt; brother." in page.text
        down = {
            "action": "take down",
            "because": "It names somebody.",
            "expected": field(page, "expected"),
            "report": field(page, "report"),
            "read": field(page, "read"),
        }
        done = await moderator.post(f"/moderate/{story.id}", data=down)
        assert done.status_code == 303
        assert "no longer public" in words(await moderator.get(done.headers["location"]))
        assert "Reported by readers" not in words(await moderator.get("/moderate"))
        for gone in (f"/stories/{story.id}", path, f"/stories/{story.id}/feed.atom"):
            assert (await reader.get(gone)).status_code == 404
        for shown in ("/record", "/record/entries", "/record/0", "/stories", "/", "/moderation"):
            text = (await reader.get(shown)).text
            assert "The third knock" not in text, shown
            assert "neighbour" not in text, shown
        assert "held back by a moderator" in words(await reader.get("/record/0"))
        assert (await reader.get("/record/0.json")).json()["disclosures"] == {}
        given = [
            json.loads(line)["disclosure"] for line in (await reader.get("/record/disclosures.jsonl")).text.split()
        ]
        assert {open_disclosure(one)[1] for one in given}.isdisjoint({"title", "text"})
        assert "took your story down" in words(await reader.get(f"/my-story/{key}"))


async def test_a_report_that_came_meanwhile_is_not_answered_unread(house: House) -> None:
    story, _ = await house.story(await house.commission())
    await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
    await appeals_and_reports.report(house.store, CLOCK, story.id, "The first.")
    async with house.signed_in("moderator") as moderator:
        page = await moderator.get(f"/moderate/{story.id}")
        keep = {"action": "keep"} | {name: field(page, name) for name in ("expected", "report", "read")}
        await appeals_and_reports.report(house.store, CLOCK, story.id, "The second.")
        assert (await moderator.post(f"/moderate/{story.id}", data=keep)).status_code == 303
        assert "The second." in words(await moderator.get(f"/moderate/{story.id}"))
        again = await moderator.post(f"/moderate/{story.id}", data={**keep, "because": "My careful words."})
        assert again.status_code == 409
        assert "Another moderator has answered this" in words(again)
        assert "My careful words." in words(again)


async def test_reports_are_limited_and_that_is_told_before(tmp_path: Path, sqlite_template: Path) -> None:
    async with a_house(tmp_path, sqlite_template, reports_per_address=4) as house:
        story, _ = await house.story(await house.commission())
        await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
        path = f"/stories/{story.id}/report"
        async with house.browser() as reader, house.browser("192.0.2.9") as other:
            assert "in this hour" not in words(await reader.get(path))
            for n in range(3):
                assert (await reader.post(path, data={"words": f"Report {n}"})).status_code == 303
            assert "one more report from this network" in words(await reader.get(path))
            assert (await reader.post(path, data={"words": "Report 3"})).status_code == 303
            limited = await reader.post(path, data={"words": "What I want to say"})
            assert limited.status_code == 429
            assert 0 < int(limited.headers["retry-after"]) <= 3600
            assert "What I want to say" in limited.text
            assert (await other.post(path, data={"words": "Another"})).status_code == 303
        async with house.store.read() as work:
            assert len(await work.moderation.reports(story.id)) == 5


async def test_a_story_that_is_taken_down_goes_from_the_screens_of_a_room_at_once(house: House) -> None:
    commission = await house.commission()
    waiting, _key = await house.story(commission)
    story = await house.moderated(waiting, "accept")
    told = scenario_twee.parse(story.twee)
    live = a_session(commission, scenarios=(story.id,))
    async with house.store.begin() as work:
        await work.sessions.add_session(live)
    await cues.show_scene(Desk(house.store, CLOCK), live.id, story.id, told.scenes[0].name)
    async with house.signed_in("moderator") as moderator, house.browser() as phone:
        assert (await phone.post(f"/s/{live.code}/join", data={"group": "g1"})).status_code == 303
        ends = told.scenes[0].text[-40:]
        screens = (f"/s/{live.code}", f"/projector/{live.projector}")
        for screen in screens:
            assert ends in html.unescape((await phone.get(screen)).text)
        room = await house.site.rooms.room(live.id)
        form = {"action": "take down", "expected": "accepted", "because": "A name is in it"}
        form |= {"read": submissions.fingerprint(story)}
        assert (await moderator.post(f"/moderate/{story.id}", data=form)).status_code == 303
        for screen in screens:
            page = html.unescape((await phone.get(screen)).text)
            assert ends not in page
            assert story.title not in page
    # An open room is told, without waiting for the facilitator's next act.
    assert room.view.scene is None
