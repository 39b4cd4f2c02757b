"""Somebody gets a copy of what is held of them, and nobody else's; and has it erased, everywhere, once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from csv import DictReader
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import Database
from support.app import House, a_house, field, words
from support.decided import answers_to
from support.factories import CLOCK, a_cast, new_id
from support.voted_session import COMMISSIONER
from support.withdrawn_story import rows

from forum.errors import BadInput
from forum.live.stop_box import Press, Stopping
from forum.ports.personal_data import Kind, kinds_of
from forum.record import audit
from forum.record.verify.archive import unpack
from forum.record.verify.verdict import PASS
from forum.services import exports, rights
from forum.services.decision_form import DecisionForm
from forum.services.decisions import decide
from forum.services.keys import digest, new_key
from forum.services.mail import subscriptions
from forum.services.sessions import cues, facilitation
from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.sessions.desk import Desk
from forum.services.stories import build_link, draft_edits
from forum.services.stories.suggestions import Offer
from forum.services.voting import reasons
from forum.sessions.session import LiveSession, Participant
from forum.store import SqlStore
from forum.store.rights import SqlRights
from forum.store.tables import metadata
from forum.stories import scenario_twee
from forum.stories.compose import HAPPENED
from forum.stories.draft import Draft, mark
from forum.stories.edits import SetField
from forum.stories.submission import Submission, Version, VersionKind
from forum.voting.reason import ReasonReading
from forum.web.cookies import DEVICE

ANN, BEN = "the-browser-of-Ann", "the-browser-of-Ben"
# In every word that Ann writes, and in every word that Ben writes.
ANNS, BENS = "quellwater", "murrelwine"
WRITTEN = {Kind.REASON, Kind.STOP, Kind.SUGGESTION}
# Columns of those kinds that hold ids, times, states and what was chosen from a list.
NO_WORDS = """
    me_too: reason participant
    reason: participant choice at state due_at
    stop: participant at
    suggestion: kind at place seen group_id by outcome because answered_at
    version: by
"""


@dataclass(frozen=True)
class Room:
    """A session with Ann and Ben in it, each of whom has written in every place there is."""

    house: House
    live: LiveSession
    story: Submission
    key: str
    round: str
    ann: str
    ben: str


@pytest.fixture
async def room(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Room]:
    async with a_house(tmp_path, sqlite_template, background=True) as house:
        yield await a_room(house)


async def a_room(house: House) -> Room:
    store, desk = house.store, Desk(house.store, CLOCK)
    commission = await house.commission(threshold=2)
    story, key = await house.story(commission)
    await house.moderated(story, "accept")
    build = new_key()
    await build_link.share(store, CLOCK, key, build)
    form = SessionForm(commission.id, title="A day", scenarios=(story.id,), reasons=ReasonReading.READ_FIRST)
    live = await create_session(store, CLOCK, form)
    people = []
    for device, word in ((ANN, ANNS), (BEN, BENS)):
        person = Participant(new_id(), live.id, "g1", CLOCK.now())
        async with store.begin() as work:
            await work.sessions.join(person, digest(device))
            await work.care.belong(person.id, ["g2"])
        people.append(person.id)
        offer = Offer("scene", f"The {word} shines.", title=f"A {word}", group="g1", name=f"{word.title()} Ash")
        await build_link.suggest(store, CLOCK, build, offer, device=device)
        url = f"https://example.org/{word}"
        await build_link.suggest(store, CLOCK, build, Offer("evidence", title=word, url=url, group="g1"), device=device)
    await cues.show_scene(desk, live.id, story.id, HAPPENED, replay=True)
    async with store.read() as work:
        showing = (await work.sessions.get_session(live.id)).cue.showing
    for person_id, word in zip(people, (ANNS, BENS), strict=True):
        press = Press(live.id, person_id, showing, f"A {word}", f"Blow the {word}", CLOCK.now())
        assert await Stopping(store, lambda session: None).press_and_wait(press) == ""
    asked = (await cues.put_question(desk, live.id, story.id, story_question(story))).round
    assert asked is not None
    await facilitation.open_round(desk, live.id, asked.id)
    async with store.begin() as work:
        votes = [
            replace(a_cast(asked.id, person, "r1", f"For the {word}"), condition=f"if the {word} stays")
            for person, word in zip(people, (ANNS, BENS), strict=True)
        ]
        assert {outcome.refusal for outcome in await work.rounds.cast(votes)} == {""}
    await facilitation.close_round(desk, live.id, asked.id)
    await facilitation.reveal_round(desk, live.id, asked.id)
    async with store.read() as work:
        given = {reason.participant: reason for reason in await work.reasons.list_reasons(asked.id)}
    for mine, other in (people, people[::-1]):
        await reasons.hear(desk, live.id, given[other].id, "shown", given[other].state)
        await reasons.me_too(store, live, mine, given[other].id, on=True)
    answers = await answers_to(store, [asked.id])
    await decide(
        store, CLOCK, COMMISSIONER, DecisionForm((asked.id,), "", "adopted", "r1", "It can be done.", answers=answers)
    )
    return Room(house, live, story, key, asked.id, *people)


def story_question(story: Submission) -> str:
    return scenario_twee.parse(story.twee).decisions[0].name


def where(path: Path, word: str) -> set[str]:
    return {place for place, text in rows(path).items() if word in text.casefold()}


def in_files(folder: Path) -> bytes:
    """Returns every byte of the database's files, in small letters."""
    return b"".join(file.read_bytes().lower() for file in folder.glob("forum.db*"))


async def test_erasing_a_browser_takes_its_words_from_everywhere_and_nobody_elses(room: Room, tmp_path: Path) -> None:
    store, path = room.house.store, tmp_path / "forum.db"
    await facilitation.end(Desk(store, CLOCK), room.live.id)
    # Fails for a new column of people's words until Ann and Ben write into it, or NO_WORDS says that it holds none.
    listed = {
        f"{table.strip()}.{column}"
        for line in NO_WORDS.strip().splitlines()
        for table, _, columns in [line.partition(":")]
        for column in columns.split()
    }
    theirs = {f"{t}.{c}" for t in metadata.tables for c, kind in kinds_of(t).items() if kind in WRITTEN} - listed
    before = {word: where(path, word) for word in (ANNS, BENS)}
    assert theirs - before[ANNS] == set()
    assert before[ANNS] == before[BENS]
    earlier, _ = unpack(await exports.export(room.house.site.checkpoints))
    async with store.read() as work:
        counted = await work.rounds.ballots(room.round)
    done = await rights.erase_browser(store, CLOCK, ANN, new_id())
    assert done.reference
    assert where(path, ANNS) == set()
    assert where(path, BENS) == before[BENS], "Ben's stay"
    assert ANNS.encode() not in in_files(tmp_path)
    async with store.read() as work:
        assert await work.rights.here(digest(ANN)) == []
        assert await work.rights.here(digest(BEN)) == [room.ben]
        assert [(b.ballot, b.choice) for b in await work.rounds.ballots(room.round)] == [
            (b.ballot, b.choice) for b in counted
        ]
        entries = [json.loads(stored.body) for stored in await work.record.entries()]
    [entry] = [entry for entry in entries if entry["type"] == "data erased"]
    assert entry["reference"] == done.reference
    assert set(entry) == {"type", "at", "commission", "reference"}
    packed = await exports.export(room.house.site.checkpoints)
    files, _ = unpack(packed)
    assert not [name for name, data in files.items() if ANNS.encode() in data.lower()]
    # Whoever holds both exports finds no number that went down with her, by which her vote would be known, and no name
    # that came to stand beside what others said: of two lines one is gone.
    changed = {name for name in files | earlier if files.get(name) != earlier.get(name)}
    of_words = {"reasons.csv", "conditions.csv", "disclosures.jsonl", "erasures.csv"}
    assert changed == {"checkpoint", "datapackage.json", "datapackage.sig", "record.jsonl"} | of_words
    told, said = [
        [dict(row, too="") for row in DictReader(StringIO(of["reasons.csv"].decode("utf-8-sig")))]
        for of in (files, earlier)
    ]
    assert told == [row for row in said if ANNS not in row["words"]]
    assert len(told) == len(said) - 1 == 1
    assert {check.verdict for check in audit.verify(packed)} == {PASS}
    async with room.house.signed_in("organiser", "moderator", "commissioner") as browser:
        for page in (
            f"/stories/{room.story.id}",
            f"/my-story/{room.key}",
            f"/console/{room.live.id}",
            "/record",
            "/record/entries",
        ):
            assert ANNS not in (await browser.get(page)).text.casefold(), page
    again = await rights.erase_browser(store, CLOCK, ANN, done.reference)
    assert again.reference == done.reference, "the same request again has the same answer"
    assert (await rights.erase_browser(store, CLOCK, ANN, new_id())).reference == ""


async def test_while_a_session_goes_on_the_link_stays_and_the_words_go(room: Room, tmp_path: Path) -> None:
    store = room.house.store
    async with store.read() as work:
        version = (await work.sessions.get_session(room.live.id)).version
    done = await rights.erase_browser(store, CLOCK, ANN, new_id())
    assert done.sessions == [room.live.id]
    assert where(tmp_path / "forum.db", ANNS) == set()
    async with store.read() as work:
        assert await work.rights.here(digest(ANN)) == [room.ann], "else she could vote twice"
        assert (await work.sessions.get_session(room.live.id)).version > version, "screens are drawn again"
    assert (await rights.copy_of_browser(store, ANN)).running == ("A day",)


async def test_the_copy_holds_all_that_is_theirs_and_nothing_of_others(room: Room) -> None:
    store = room.house.store
    copy = await rights.copy_of_browser(store, ANN)
    text = json.dumps(copy.rows).casefold()
    assert BENS not in text
    keys = [key for table in metadata.sorted_tables for key in table.foreign_keys]
    linked = {key.parent.table.name for key in keys if key.column.table.name == "participant"}
    assert linked - {"ticket"} <= set(copy.rows), "every table that refers to her"
    for table, name in (("ballot", "reason"), ("reason", "condition"), ("stop", "how"), ("suggestion", "url")):
        assert ANNS in str(copy.rows[table][-1][name])
    [ballot] = copy.rows["ballot"]
    assert ballot["question"]
    assert ballot["answers"][ballot["choice"]]
    assert not {"salt", "group_salt", "seq", "ballot"} & set(ballot), "nothing that finds it among the opened ones"
    assert room.ben not in text
    told = await rights.copy_of_story(store, room.key)
    assert ANNS not in json.dumps(told.rows).casefold(), "a suggestion is its sender's"
    assert "third knock" in told.rows["story"][0]["twee"] + told.rows["story"][0]["title"].casefold()
    assert (await rights.copy_of_browser(store, "another browser")).rows == {}
    assert (await rights.copy_of_browser(store, "")).rows == {}


async def test_a_copy_has_the_newest_versions_and_says_where_the_others_are(room: Room) -> None:
    async with room.house.store.begin() as work:
        for number in range(1000, 1203):
            written = Draft(notes=f"note {number}")
            await work.drafts.put_version(
                Version(room.story.id, number, CLOCK.now(), VersionKind.WRITTEN, written, "somebody")
            )
    versions = (await rights.copy_of_story(room.house.store, room.key)).rows["version"]
    in_words = {row["number"]: row["words"]["notes"] for row in versions if "words" in row}
    assert in_words == {number: f"note {number}" for number in range(1003, 1203)}
    others = [row["download"] for row in versions if "words" not in row]
    assert "/my-story/KEY/versions/1002" in others
    async with room.house.browser() as browser:
        assert (await browser.get(others[-1].replace("KEY", room.key))).status_code == 200
        assert (await browser.get(f"/my-story/{room.key}/data?copy=json")).json()["data"]["version"] == versions


async def test_the_marks_of_all_stories_are_gone_through_before_anything_is_locked(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks, looks = SqlRights.marks, 0

    async def looking(self: SqlRights, after: tuple[str, str], most: int) -> list[tuple[str, str]]:
        nonlocal looks
        looks += 1
        async with asyncio.timeout(30), room.house.store.begin() as beside:
            await beside.facts.set_fact("beside", str(looks))
        return await marks(self, after, most)

    monkeypatch.setattr(SqlRights, "marks", looking)
    assert (await rights.erase_browser(room.house.store, CLOCK, ANN, new_id())).reference
    assert looks


async def test_a_browser_is_found_by_indexes_however_many_stories_there_are(sqlite_store: SqlStore) -> None:
    asked: list[tuple[str, Any]] = []

    def listening(_link: object, _cursor: object, statement: str, values: Any, *_more: object) -> None:
        asked.append((statement, values))

    for engine in (sqlite_store.reader, sqlite_store.writer):
        sa.event.listen(engine.sync_engine, "before_cursor_execute", listening)
    async with sqlite_store.begin() as work:
        await work.rights.marks(("a", "b"), 5)
        await work.rights.suggested(["a"])
        await work.rights.erase_marked(["a"])
    statements = [(text, values) for text, values in asked if "suggestion" in text or "version" in text]
    assert len(statements) == 5
    async with sqlite_store.reader.connect() as link:
        for text, values in statements:
            plan = (await link.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)).all()
            steps = {str(step[-1]) for step in plan} - {"LIST SUBQUERY 1", "LIST SUBQUERY 2"}
            assert any("_by (" in step for step in steps), (text, steps)
            wrong = [step for step in steps if step.startswith("SCAN") and "VIRTUAL TABLE" not in step]
            assert wrong == [], text


async def test_a_story_and_its_address_go_by_its_link_and_by_letter(room: Room, tmp_path: Path) -> None:
    store, path = room.house.store, tmp_path / "forum.db"
    for word, named in (("ada", "Ada@quincewick.test"), ("bea", f" https://forum.test/my-story/{room.key}/data ")):
        await subscriptions.ask(store, CLOCK, room.key, f"{word}@quincewick.test")
        done = await rights.erase_named(store, CLOCK, f" {named} ", new_id())
        assert done.reference
        assert where(path, "quincewick") == set()
    assert where(path, "a neighbour knocks") == set()
    assert room.live.id in done.sessions
    assert (await rights.erase_story(store, CLOCK, room.key, new_id())).reference == ""
    for named in (new_id(), room.story.id, "ada@quincewick.test", "", "x" * 32, room.key):
        with pytest.raises(BadInput, match="nothing to erase"):
            await rights.erase_named(store, CLOCK, named, new_id(), seen=room.story.id, because="She wrote to us.")
    done = await rights.erase_named(store, CLOCK, room.ann, new_id())
    assert where(path, ANNS) == set()


async def test_a_story_goes_by_its_public_id_only_once_staff_saw_it_and_made_sure(room: Room, tmp_path: Path) -> None:
    store, path, ground = room.house.store, tmp_path / "forum.db", "She told us how it goes on."
    other, _ = await room.house.story(await room.house.commission(), "Somebody else's")
    shown = await rights.named_story(store, f" {room.story.id} ")
    assert shown is not None
    assert (shown.title, shown.words[:19]) == ("The third knock", "It is past two. A n")
    for seen, because in (("", ""), (room.story.id, " "), (other.id, ground), ("", ground)):
        with pytest.raises(BadInput, match="made sure") as refused:
            await rights.erase_named(store, CLOCK, room.story.id, new_id(), seen=seen, because=because)
        assert refused.value.field == "because"
    with pytest.raises(BadInput, match="at most 500"):
        await rights.erase_named(store, CLOCK, room.story.id, new_id(), seen=room.story.id, because="x" * 501)
    assert where(path, "a neighbour knocks")
    done = await rights.erase_named(
        store, CLOCK, room.story.id, new_id(), seen=room.story.id, because=ground, by="5a" * 16
    )
    assert done.reference
    assert await rights.named_story(store, room.story.id) is None
    assert "story.title" in where(path, "somebody else's")
    async with store.read() as work:
        *_, act = await work.moderation.list_acts(room.story.id)
        entries = [json.loads(stored.body) for stored in await work.record.entries()]
    assert (act.action, act.because, act.public, act.by) == ("erased", ground, False, "5a" * 16)
    assert [entry["type"] for entry in entries[-3:]] == ["erasure", "moderation action", "data erased"]
    assert (entries[-2]["action"], entries[-2]["because"]) == ("erased", None)
    assert {check.verdict for check in audit.verify(await exports.export(room.house.site.checkpoints))} == {PASS}
    # What was never sent has an id that nobody but its writer has seen.
    key = new_key()
    begun = await draft_edits.begin(store, CLOCK, other.commission, key, [SetField("title", (mark(""),), "Mine")])
    assert await rights.named_story(store, begun.story.id) is None
    assert (await rights.erase_named(store, CLOCK, begun.story.id, new_id())).reference


async def test_on_postgresql_the_same_is_found_and_erased(tmp_path: Path, postgres_database: Database) -> None:
    async with a_house(tmp_path, background=True, database_url=postgres_database.url) as house:
        room, store = await a_room(house), house.store
        assert isinstance(store, SqlStore)

        async def left(word: str) -> set[str]:
            async with store.reader.connect() as link:
                return {
                    f"{table.name}.{name}"
                    for table in metadata.sorted_tables
                    for row in (await link.execute(sa.select(table))).mappings()
                    for name, value in row.items()
                    if word in str(value).casefold()
                }

        before = {word: await left(word) for word in (ANNS, BENS)}
        assert before[ANNS] == before[BENS]
        copy = await rights.copy_of_browser(store, ANN)
        assert copy.running == ("A day",)
        assert {"ballot", "reason", "stop", "suggestion"} <= set(copy.rows)
        assert BENS not in json.dumps(copy.rows).casefold()
        await facilitation.end(Desk(store, CLOCK), room.live.id)
        assert (await rights.erase_browser(store, CLOCK, ANN, new_id())).reference
        assert await left(ANNS) == set()
        assert await left(BENS) == before[BENS]
        async with store.read() as work:
            assert await work.rights.here(digest(ANN)) == []
        await subscriptions.ask(store, CLOCK, room.key, "Ada@quincewick.test")
        assert (await rights.erase_named(store, CLOCK, "ada@QUINCEWICK.test", new_id())).reference
        assert await left("quincewick") == set()
        with pytest.raises(BadInput, match="made sure"):
            await rights.erase_named(store, CLOCK, room.story.id, new_id())
        assert (await rights.erase_named(store, CLOCK, room.key, new_id())).reference
        assert await left("a neighbour knocks") == set()
        assert {check.verdict for check in audit.verify(await exports.export(house.site.checkpoints))} == {PASS}


async def test_pages_give_the_copy_and_erase_without_a_script(room: Room) -> None:
    async with room.house.browser() as browser:
        browser.cookies.set(DEVICE, ANN)
        shown = await browser.get("/your-data/browser")
        assert "Reasons and conditions" in words(shown)
        assert "Until these have ended" in words(shown)
        page = await browser.get("/your-data/browser?copy=page")
        data = await browser.get("/your-data/browser?copy=json")
        for copy in (page, data):
            assert copy.headers["content-disposition"].startswith("attachment")
            assert copy.headers["cache-control"] == "no-store"
            assert ANNS in copy.text
            assert BENS not in copy.text
        assert data.json()["data"]["suggestion"]
        unsure = await browser.post("/your-data/browser", data={"reference": new_id()})
        assert unsure.status_code == 422
        assert ANNS in (await browser.get("/your-data/browser?copy=json")).text
        reference = new_id()
        for _ in range(2):
            answer = await browser.post("/your-data/browser", data={"reference": reference, "sure": "1"})
            assert answer.headers["location"] == f"/your-data/browser?erased={reference}"
        said = words(await browser.get(answer.headers["location"]))
        assert f"later: {reference}" in said
        assert "Ballots" in said
        assert "Reasons and conditions" not in said
        assert ANNS not in (await browser.get("/your-data/browser?copy=json")).text
        stranger = await browser.get(f"/mail/data/{new_key()}")
        assert "We keep nothing here." in words(stranger)
        assert (await browser.get(f"/my-story/{new_key()}/data")).status_code == 404
    async with room.house.signed_in("moderator") as staff:
        wrong = await staff.post("/moderate/erase", data={"named": "nobody", "sure": "1"})
        assert wrong.status_code == 422
        assert "nobody" in wrong.text
        assert "Is it this story?" not in words(wrong)
        form = {"named": room.story.id, "sure": "1", "reference": new_id()}
        asked = await staff.post("/moderate/erase", data=form)
        assert asked.status_code == 422
        assert "Is it this story? The third knock" in words(asked)
        assert "past two" in words(asked)
        form |= {"seen": field(asked, "seen"), "because": "The line <b>was</b> bad"}
        other = await staff.post("/moderate/erase", data=form | {"seen": new_id()})
        assert other.status_code == 422
        assert "The line &lt;b&gt;was" in other.text, "nothing that was typed is lost"
        assert (await staff.get(f"/stories/{room.story.id}")).status_code == 200
        right = await staff.post("/moderate/erase", data=form)
        assert right.status_code == 303
        assert "A moderator erased a story" in words(await staff.get("/moderation"))


async def test_erasures_of_one_browser_are_limited(room: Room) -> None:
    async with room.house.browser() as browser:
        browser.cookies.set(DEVICE, BEN)
        form = {"sure": "1", "reference": new_id()}
        answers = [await browser.post(f"/mail/data/{new_key()}", data=form) for _ in range(21)]
        assert {answer.status_code for answer in answers[:20]} == {303}
        assert answers[20].status_code == 429
        assert int(answers[20].headers["retry-after"]) > 0
