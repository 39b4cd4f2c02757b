"""A story is taken back: no page, feed, export, row or byte of the file holds its words, and the record verifies."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import httpx2
import pytest
from deciding import COMMISSIONER, PEOPLE
from house import House, a_house, telling
from making import CLOCK, a_cast, new_id
from nights import a_form

from forum import (
    asynchronous,
    building,
    moderation,
    publishing,
    record,
    recording,
    scrubbing,
    submissions,
    viewing,
    withdrawal,
    writing,
)
from forum.building import Answer
from forum.caring import Caring
from forum.commission import Commission
from forum.contributions import Offer
from forum.decisions import DecisionForm, decide
from forum.draft import mark
from forum.edits import AddCard, SetField
from forum.errors import BadInput, FormErrors, IllegalMove, NotFound, StoreUnavailable
from forum.facilitation import Facilitation
from forum.organising import SessionForm, create_session
from forum.policy import Policy
from forum.ports import Evidence, Report, Store, Submission
from forum.programming import Programming, SectionForm
from forum.record import PASS
from forum.secondrun import SecondRun
from forum.session import Cue, LiveSession, Participant
from forum.stopping import Press, Stopping
from forum.store import SqlStore
from forum.verification import verify
from forum.web.cookies import DEVICE
from forum.web.pages import digest
from forum.web.routes import PAGES

READER = "the browser of whoever answers alone"
# Words that stand nowhere else, one or more in each place that a story has words in.
WORDS = {
    "title": "Quellwater",
    "happened": "murrelwine",
    "scene": "tarnished zither",
    "question": "pomegranate ladder",
    "response": "velvet anvil",
    "note": "brindled owl",
    "reason": "copperleaf lantern",
    "moderator": "hazelbrook verdict",
    "report": "saffron gargoyle",
    "appeal": "juniper thimble",
    "evidence": "mulberry ledger",
    "alone": "amber wheelbarrow",
    "draft": "cobalt pelican",
    "version": "thistledown anchor",
    "suggestion": "marzipan lighthouse",
    "answer": "tinfoil magpie",
    "condition": "cinnabar thistle",
    "stop": "wormwood trumpet",
    "tried": "gossamer kettle",
    "offered": "obsidian feather",
    "proposal": "damson compass",
    "amendment": "verdigris lute",
    "easy": "persimmon fiddle",
}
TOLD = telling(
    f"The {WORDS['title']}",
    happened=f"It began with {WORDS['happened']}.\n\nNobody came.",
    scenes=(f"A {WORDS['scene']} lay there. " * 60,),
    question=f"Who takes the {WORDS['question']}?",
    responses=(f"The {WORDS['response']}", "The neighbour", "The crew"),
    content_notes=(WORDS["note"],),
    may_quote=True,
)


@dataclass(frozen=True)
class Played:
    """A story that was published, reported, played and voted on twice, and decided on, that people answer by
    themselves now (`night`), and that is being built on (`build` is the key of its build link); and another one, left
    alone."""

    house: House
    path: Path
    commission: Commission
    story: Submission
    key: str
    other: Submission
    live: LiveSession
    people: tuple[str, ...]
    rounds: tuple[str, ...]
    decision: str
    night: LiveSession
    build: str
    suggestion: str

    @property
    def store(self) -> Store:
        return self.house.store


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template) as house:
        yield house


async def accepted(house: House, story: Submission, because: str = "") -> None:
    await submissions.moderate(house.store, CLOCK, story.id, "accept", because=because, expected_status="submitted")


@pytest.fixture
async def played(house: House, tmp_path: Path) -> Played:
    store = house.store
    commission = await house.commission(threshold=5)
    story, key = await submissions.submit(store, CLOCK, commission.id, TOLD)
    returned = await submissions.moderate(
        store,
        CLOCK,
        story.id,
        "return",
        because=f"The {WORDS['moderator']} stands.",
        expected_status="submitted",
        public=True,
    )
    assert returned.status == "returned"
    await moderation.appeal(store, CLOCK, key, f"But the {WORDS['appeal']}!")
    story = await submissions.resubmit(store, CLOCK, key, TOLD)
    await accepted(house, story)
    other, _ = await house.story(commission, "The other story")
    await accepted(house, other)
    async with store.begin() as work:
        letter = Evidence(new_id(), story.id, "application/pdf", f"The {WORDS['evidence']}", added_at=CLOCK.now())
        await work.evidence.add(letter, f"%PDF-1.7 The {WORDS['evidence']}".encode())
        await work.moderation.add_report(Report(new_id(), story.id, f"I saw the {WORDS['report']}.", CLOCK.now()))
    form = SessionForm(commission.id, title="A day in March", scenarios=(story.id, other.id))
    live = await create_session(store, CLOCK, form)
    people = [Participant(new_id(), live.id, group, CLOCK.now()) for group in PEOPLE]
    async with store.begin() as work:
        for person in people:
            await work.sessions.join(person, new_id() * 2)
    programme = Programming(store, CLOCK, live.id)
    section = (await programme.section(SectionForm(title="The morning"))).plan.sections[0].id
    await programme.story(section, story.id)
    await programme.about("2027-03-12", "", public=True)
    acts = Facilitation(store, CLOCK)
    await acts.scene(live.id, story.id, "What happened")
    rounds: list[str] = []
    for number in range(2):
        if number:
            await second_run(store, live, story.id, people[0].id)
        act = acts.second(live.id, rounds[0]) if number else acts.question(live.id, story.id, "What should happen now?")
        round_ = (await act).round
        assert round_ is not None
        rounds.append(round_.id)
        if not number:
            caring = Caring(store, CLOCK)
            await caring.reword(live.id, round_.id, "easy", f"Who has the {WORDS['easy']}?", {"r1": "The anvil"})
        await acts.open(live.id, round_.id)
        async with store.begin() as work:
            votes = [a_cast(round_.id, p.id, "r1" if n % 3 else "r2", WORDS["reason"]) for n, p in enumerate(people)]
            votes = [replace(vote, condition=f"the {WORDS['condition']} stays") for vote in votes]
            assert {outcome.refusal for outcome in await work.rounds.cast(votes)} == {""}
        await acts.close(live.id, round_.id)
        await acts.reveal(live.id, round_.id)
    decided = DecisionForm(tuple(rounds), outcome="adopted", response="r1", rationale="It can be done.", why="It can.")
    decision = await decide(store, CLOCK, COMMISSIONER, decided)
    night = await asynchronous.open_round(store, CLOCK, a_form(CLOCK, story))
    reader = Participant(new_id(), night.id, "g1", CLOCK.now())
    async with store.begin() as work:
        [asked] = await work.rounds.of(night.id)
        await work.sessions.join(reader, digest(READER))
        await work.rounds.cast([a_cast(asked.id, reader.id, "r1", f"I saw the {WORDS['alone']}.")])
    build, suggestion = await built_on(store, key)
    return Played(
        house,
        tmp_path / "forum.db",
        commission,
        story,
        key,
        other,
        live,
        tuple(p.id for p in people),
        tuple(rounds),
        decision.id,
        night,
        build,
        suggestion,
    )


async def built_on(store: Store, key: str) -> tuple[str, str]:
    """A draft with a version before it, the build link, an answered suggestion. Returns the link's key, and its id."""
    first, second = f"The {WORDS['version']} stood here.", f"The {WORDS['draft']} stands here."
    await writing.save(store, CLOCK, key, [AddCard("more", text=first)], "a phone")
    await writing.save(store, CLOCK, key, [SetField("more.text", (mark(first),), second)], "another phone")
    build = submissions.new_key()
    await building.share(store, CLOCK, key, build)
    offer = Offer("scene", f"The {WORDS['suggestion']} shines.", "more", group="g1")
    one = await building.suggest(store, CLOCK, build, offer, device=READER)
    why = Answer("declined", because=f"The {WORDS['answer']} took it.")
    await building.answer(store, CLOCK, key, one.id, why)
    return build, one.id


async def second_run(store: Store, live: LiveSession, story: str, person: str) -> None:
    """The scene is played again: a stop that waits, another one that was tried and is an answer and a proposal now."""
    run, policy = SecondRun(store, CLOCK), Policy(store, CLOCK)
    await run.scene(live.id, story, "What happened", replay=True)
    async with store.read() as work:
        showing = (await work.sessions.get(live.id)).cue.showing
    press = Press(live.id, person, showing, "", f"Blow the {WORDS['stop']}", CLOCK.now())
    assert await Stopping(store, lambda session: None).press_and_wait(press) == ""
    await run.shout(live.id)
    async with store.read() as work:
        waiting, shouted = await work.stops.of(live.id)
    await run.move(live.id, waiting.id, "defer")
    await run.tried(live.id, shouted.id, f"Somebody filled the {WORDS['tried']}")
    await run.offer(live.id, shouted.id, f"The {WORDS['offered']}")
    await policy.propose(live.id, f"Every {WORDS['proposal']} is kept", shouted.id)
    async with store.read() as work:
        [proposal] = await work.proposals.of(live.id)
    await policy.amend(live.id, proposal.id, proposal.words, f"{proposal.words} with a {WORDS['amendment']}")


def spoken_in(text: str) -> set[str]:
    """Which of the words stand in a text, whatever stands between and around them."""
    plain = " ".join(unescape(text).split()).casefold()
    return {name for name, word in WORDS.items() if all(part in plain for part in [word.casefold()])}


def rows(path: Path) -> dict[str, str]:
    """Everything in the database by table and column, words beside the record opened; index tables too."""
    found: dict[str, str] = {}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            cursor = connection.execute(f'SELECT * FROM "{table}"')
            columns = [column[0] for column in cursor.description]
            for row in cursor:
                for column, value in zip(columns, row, strict=True):
                    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    if (table, column) == ("disclosure", "encoded") and value:
                        text = json.dumps(record.open_disclosure(value))
                    key = f"{table}.{column}"
                    found[key] = f"{found.get(key, '')}\n{text}"
    return found


def in_files(path: Path, encoded: list[str]) -> set[str]:
    """Which of the words, or of these disclosures, stand in any byte of the database's files."""
    data = b"".join(file.read_bytes() for file in path.parent.glob("forum.db*"))
    there = {name for name, word in WORDS.items() if word.encode().lower() in data.lower()}
    return there | {one for one in encoded if one.encode() in data}


async def every_page(played: Played) -> dict[str, str]:
    """Every address that answers a GET, as somebody who may do everything and has every link, and as JSON too."""
    there = {
        "commission": played.commission.id,
        "story": played.story.id,
        "key": played.key,
        "session": played.live.id,
        "code": played.live.code,
        "answer_code": played.night.code,
        "decision": played.decision,
        "suggestion": played.suggestion,
        "level": "0",
        "number:path": "0",
    }
    async with played.store.read() as work:
        size = await work.record.size()
    texts: dict[str, str] = {}
    async with played.house.signed_in("organiser", "moderator", "commissioner", "administrator") as browser:
        browser.cookies.set(DEVICE, READER)
        paths = []
        for page in PAGES:
            if "GET" not in page.methods:
                continue
            if "{index}" in page.path:
                paths += [page.path.replace("{index}", str(n)) for n in range(size)]
            elif "{round}" in page.path:
                paths += [page.path.replace("{round}", r) for r in played.rounds]
            elif "/organise/asynchronous/{session}" in page.path:
                paths.append(f"/organise/asynchronous/{played.night.id}")
            elif page.path.startswith("/build/"):
                paths.append(page.path.replace("{key}", played.build) + "?kind=scene&place=more")
            elif "/projector/" in page.path:
                paths.append(f"/projector/{played.live.projector}")
            elif "/tile/" in page.path:
                paths.append(re.sub(r"\{number:path\}", f"000.p/{size}", page.path).replace("{level}", "0"))
            else:
                paths.append(re.sub(r"\{([a-z_:]+)\}", lambda name: there.get(name[1], new_id()), page.path))
        paths += [
            f"/decide/new?round={played.rounds[0]}&second={played.rounds[1]}",
            f"/organise/sessions/new?commission={played.commission.id}",
            f"/organise/asynchronous/new?commission={played.commission.id}",
            *(f"/my-story/{played.key}/versions/{number}{now}" for number in range(1, 6) for now in ("", "?with=now")),
            *(f"/answer/{played.night.code}/play?scene={number}" for number in range(1, 7)),
            *(f"/stories?q={word}&words={word}&looking={word}" for word in ("murrelwine", "quellwater", "zither")),
        ]
        for path in paths:
            for accept in ("text/html", "application/json"):
                answer = await browser.get(path, headers={"Accept": accept})
                assert answer.status_code < 500, path
                texts[f"{path} {accept}"] = told(answer, path)
    return texts


def told(answer: httpx2.Response, path: str) -> str:
    """What an answer says, without what it repeats of the question."""
    text = answer.content.decode("utf-8", "replace")
    return re.sub(r"murrelwine|quellwater|zither", "", text) if path.startswith("/stories?") else text


async def test_before_it_is_taken_back_the_words_are_where_they_belong(played: Played) -> None:
    """The looking below can see: each of the words is found on pages, in rows and in the file."""
    texts = await every_page(played)
    seen = {name for text in texts.values() for name in spoken_in(text)}
    assert seen >= set(WORDS)
    assert "title" in spoken_in(texts[f"/stories/{played.story.id} text/html"])
    found = {name for text in rows(played.path).values() for name in spoken_in(text)}
    assert found >= set(WORDS)
    assert in_files(played.path, []) >= set(WORDS)


async def test_after_it_no_page_row_file_or_export_holds_the_words(played: Played) -> None:
    async with played.store.read() as work:
        before = await work.record.disclosures()
        size = await work.record.size()
    kept = {d.digest for d in before if not spoken_in(json.dumps(record.open_disclosure(d.encoded or "")))}
    taken = [d.encoded for d in before if d.digest not in kept and d.encoded]
    # A moderator's reason; title and text; of each vote question, response and easy words; the answer that came up in
    # the replay; the asynchronous round's.
    assert len(taken) == 1 + 2 + 2 * 3 + 1 + 2
    done = await withdrawal.withdraw(played.store, CLOCK, played.key)
    assert set(done.sessions) == {played.live.id, played.night.id}
    assert done.story.withdrawn_at

    assert {key: spoken_in(text) for key, text in rows(played.path).items() if spoken_in(text)} == {}
    assert in_files(played.path, taken) == set()
    texts = await every_page(played)
    assert {path: spoken_in(text) for path, text in texts.items() if spoken_in(text)} == {}

    packed = await publishing.export(played.store, played.house.site.signer)
    files, _ = record.unpack(packed)
    assert {n: found for n, data in files.items() if (found := spoken_in(data.decode("utf-8", "replace")))} == {}
    assert b"(withdrawn)" in files["rounds.csv"]
    opened = [
        record.open_disclosure(json.loads(line)["disclosure"]) for line in files["disclosures.jsonl"].splitlines()
    ]
    assert spoken_in(json.dumps(opened)) == set()
    checks = {check.name: check for check in verify(packed, played.house.site.signer.public_key_pem)}
    assert {check.verdict for check in checks.values()} == {PASS}, checks
    said = re.search(r"(\d+) withdrawn", checks["disclosures"].detail)
    assert said
    assert int(said[1]) >= len(taken)
    async with played.store.read() as work:
        # The asynchronous round was open: nobody can play it any more, so it is closed.
        assert await work.record.size() == size + 2
        closed, entry = [json.loads(stored.body) for stored in await work.record.entries(size)]
        after = {d.digest: d for d in await work.record.disclosures()}
    assert (closed["type"], closed["session"], closed["count"]) == ("round closed", played.night.id, 1)
    assert entry["type"] == "erasure"
    assert entry["at"] == done.story.withdrawn_at
    assert set(entry["digests"]) == {digest for digest, d in after.items() if d.encoded is None}
    assert all(after[digest].encoded for digest in kept if digest not in entry["digests"])
    for one in entry["digests"]:
        assert after[one].withdrawn_at == done.story.withdrawn_at


async def test_pages_say_withdrawn_and_the_votes_and_the_decision_stay(played: Played) -> None:
    await withdrawal.withdraw(played.store, CLOCK, played.key)
    texts = await every_page(played)
    story = await fetch(played, f"/stories/{played.story.id}")
    assert story.status_code == 410
    assert "has taken it back" in story.text
    assert "You took this story back" in texts[f"/my-story/{played.key} text/html"]
    assert "withdrawn" in texts[f"/decisions/{played.decision} text/html"]
    assert "None of these" in texts[f"/decisions/{played.decision} text/html"]
    assert "The story “[withdrawn]” was published" in unescape(texts["/record text/html"])
    assert "Somebody took their words back" in texts["/record text/html"]
    assert "The other story" in texts["/stories text/html"]
    async with played.store.read() as work:
        assert len(await work.rounds.ballots(played.rounds[0])) == len(played.people)
        other = await work.stories.get(played.other.id)
        assert other.status == "accepted"
        assert "A neighbour knocks" in other.twee


async def fetch(played: Played, path: str) -> httpx2.Response:
    async with played.house.browser() as browser:
        return await browser.get(path)


async def test_a_story_nobody_else_has_seen_leaves_nothing_but_its_private_page(house: House) -> None:
    commission = await house.commission()
    story, key = await submissions.submit(house.store, CLOCK, commission.id, TOLD)
    done = await withdrawal.withdraw(house.store, CLOCK, key)
    assert done.sessions == ()
    async with house.store.read() as work:
        assert await work.record.size() == 0
    async with house.browser() as browser:
        assert (await browser.get(f"/stories/{story.id}")).status_code == 404
        mine = await browser.get(f"/my-story/{key}")
        assert "You took this story back" in mine.text
        assert spoken_in(mine.text) == set()


async def test_a_session_cannot_put_it_up_any_more(played: Played) -> None:
    acts = Facilitation(played.store, CLOCK)
    await withdrawal.withdraw(played.store, CLOCK, played.key)
    for act in (
        acts.scene(played.live.id, played.story.id, "What happened"),
        acts.question(played.live.id, played.story.id, "What should happen now?"),
        acts.second(played.live.id, played.rounds[0]),
    ):
        with pytest.raises(IllegalMove, match="taken this story back"):
            await act
    async with played.store.read() as work:
        live = await work.sessions.get(played.live.id)
        view = await viewing.view_of(work, live)
    assert live.cue == Cue("result", round=played.rounds[1])
    assert live.version > played.live.version
    assert [s.id for s in view.stories] == [played.other.id]
    await acts.scene(played.live.id, played.other.id, "What happened")


async def test_a_draft_goes_from_the_screens_and_an_open_vote_can_be_ended(played: Played) -> None:
    acts = Facilitation(played.store, CLOCK)
    form = SessionForm(played.commission.id, title="Another day", scenarios=(played.story.id,))
    live, third = await create_session(played.store, CLOCK, form), await create_session(played.store, CLOCK, form)
    drafted = (await acts.question(live.id, played.story.id, "What should happen now?")).round
    begun = (await acts.question(third.id, played.story.id, "What should happen now?")).round
    assert drafted is not None
    assert begun is not None
    await acts.open(third.id, begun.id)
    done = await withdrawal.withdraw(played.store, CLOCK, played.key)
    assert set(done.sessions) == {played.live.id, played.night.id, live.id, third.id}
    async with played.store.read() as work:
        assert (await work.sessions.get(live.id)).cue == Cue("welcome")
        assert (await work.sessions.get(third.id)).cue == Cue("question", round=begun.id)
    with pytest.raises(IllegalMove, match="taken this story back"):
        await acts.open(live.id, drafted.id)
    await acts.close(third.id, begun.id)
    await acts.reveal(third.id, begun.id)
    packed = await publishing.export(played.store, played.house.site.signer)
    assert {check.verdict for check in verify(packed)} == {PASS}


async def test_taking_back_twice_is_done_once_and_needs_the_key(played: Played) -> None:
    first = await withdrawal.withdraw(played.store, CLOCK, played.key)
    again = await withdrawal.withdraw(played.store, CLOCK, played.key)
    assert again.story == first.story
    assert again.sessions == ()
    async with played.store.read() as work:
        types = [json.loads(e.body)["type"] for e in await work.record.entries()]
    assert types.count("erasure") == 1
    with pytest.raises(NotFound):
        await withdrawal.withdraw(played.store, CLOCK, played.story.link)
    with pytest.raises(IllegalMove):
        await submissions.resubmit(played.store, CLOCK, played.key, TOLD)
    for action in submissions.ACTIONS:
        with pytest.raises(IllegalMove):
            await submissions.moderate(
                played.store, CLOCK, played.story.id, action, because="x", expected_status="withdrawn"
            )


async def test_it_is_all_or_nothing(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows(played.path)

    async def full(*_: object) -> None:
        raise StoreUnavailable("The disk is full.")

    monkeypatch.setattr(recording, "append", full)
    with pytest.raises(StoreUnavailable):
        await withdrawal.withdraw(played.store, CLOCK, played.key)
    assert rows(played.path) == before


async def test_what_could_not_be_wiped_at_once_is_wiped_at_the_next_start(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(_: SqlStore) -> None:
        raise StoreUnavailable("Others are reading.")

    with monkeypatch.context() as patch:
        patch.setattr(SqlStore, "scrub", busy)
        await withdrawal.withdraw(played.store, CLOCK, played.key)
    assert in_files(played.path, []) != set()
    async with played.store.read() as work:
        assert await work.facts.get(scrubbing.TO_SCRUB)
    await scrubbing.scrub(played.store)
    assert in_files(played.path, []) == set()
    async with played.store.read() as work:
        assert await work.facts.get(scrubbing.TO_SCRUB) == ""


async def test_a_story_that_was_never_decided_on_can_be_allowed_and_not(house: House) -> None:
    commission = await house.commission()
    private = replace(TOLD, may_publish=False, may_perform=False)
    story, key = await submissions.submit(house.store, CLOCK, commission.id, private)
    with pytest.raises(BadInput, match="does not allow"):
        await accepted(house, story)
    await withdrawal.permit(house.store, CLOCK, key, perform=True, publish=True, quote=False)
    await accepted(house, story)
    now = await withdrawal.permit(house.store, CLOCK, key, perform=False, publish=True, quote=True)
    assert (now.may_perform, now.may_publish, now.may_quote) == (False, True, True)
    with pytest.raises(IllegalMove, match="take it back"):
        await withdrawal.permit(house.store, CLOCK, key, perform=True, publish=False, quote=True)
    with pytest.raises(FormErrors) as refused:
        await create_session(house.store, CLOCK, SessionForm(commission.id, title="A day", scenarios=(story.id,)))
    assert "may be played" in str(refused.value.fields["scenario"])


async def test_a_session_stops_playing_what_may_not_be_performed(played: Played) -> None:
    acts = Facilitation(played.store, CLOCK)
    await withdrawal.permit(played.store, CLOCK, played.key, perform=False, publish=True, quote=True)
    with pytest.raises(IllegalMove, match="no longer allows"):
        await acts.scene(played.live.id, played.story.id, "What happened")
    assert (await fetch(played, f"/stories/{played.story.id}")).status_code == 200
