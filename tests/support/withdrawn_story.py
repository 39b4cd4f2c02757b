"""Story that was published, played, voted on, decided on and built on, with words of its own in every place that can
hold a story's words; and the places to look for them after it was taken back."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import httpx2

from forum.live.stop_box import Press, Stopping
from forum.ports import Store
from forum.record.verify.disclosures import open_disclosure
from forum.services.decision_form import DecisionForm, Promise
from forum.services.decisions import decide
from forum.services.keys import digest, new_key
from forum.services.mail import subscriptions
from forum.services.sessions import asynchronous, care, cues, facilitation, policy_vote, second_run
from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.sessions.desk import Desk
from forum.services.sessions.programmes import Programming, SectionForm
from forum.services.stories import appeals_and_reports, build_link, draft_edits, evidence, moderation, submissions
from forum.services.stories.appeals_and_reports import AppealAnswer
from forum.services.stories.build_link import Answer
from forum.services.stories.suggestions import Offer
from forum.services.voting import reasons
from forum.sessions.proposal import AmendmentState, Pledge
from forum.sessions.session import LiveSession, Participant
from forum.stories.draft import mark
from forum.stories.edits import AddCard, SetField
from forum.stories.moderation import Evidence, Report
from forum.stories.scenario import Scenario
from forum.stories.submission import Submission
from forum.voting.commission import Commission
from forum.voting.reason import ReasonReading
from forum.web.cookies import DEVICE
from forum.web.routes import PAGES
from support.app import House, a_sent_story
from support.async_round import a_form
from support.decided import answers_to
from support.evidence_read import read_piece
from support.factories import CLOCK, a_cast, new_id
from support.voted_session import COMMISSIONER, PEOPLE

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
    "named": "sorrel staircase",
    "crossing": "heather turnpike",
    "character": "linnet Barnaby",
    "reporter": "cloudberry Winifred",
    "link": "gimletwort",
    "address": "quincewick",
    "verdict": "elderbark gavel",
    "refused": "rowanberry sieve",
    "again": "tamarisk pendulum",
    "revision": "bilberry sextant",
    "pledge": "medlar sundial",
}
# What a scene and the decision point are called.
SCENE, CROSSING = f"The {WORDS['named']}", f"The {WORDS['crossing']}"


def renamed(story: Scenario) -> Scenario:
    """Returns the story with its first scene and its decision point called SCENE and CROSSING."""
    first, asked = story.start, story.decisions[0].name
    called = {first: SCENE, asked: CROSSING}
    scenes = tuple(
        replace(
            scene,
            name=called.get(scene.name, scene.name),
            links=tuple(replace(link, to=called.get(link.to, link.to)) for link in scene.links),
        )
        for scene in story.scenes
    )
    return replace(story, start=SCENE, scenes=scenes)


TOLD = a_sent_story(
    f"The {WORDS['title']}",
    happened=f"It began with {WORDS['happened']}.\n\nNobody came.",
    scenes=(f"A {WORDS['scene']} lay there. " * 60,),
    question=f"Who takes the {WORDS['question']}?",
    responses=(f"The {WORDS['response']}", "The neighbour", "The crew"),
    content_notes=(WORDS["note"],),
    may_quote=True,
)
CHARACTER = f"The {WORDS['character']}"
TOLD = replace(TOLD, story=replace(renamed(TOLD.story), characters=(CHARACTER, "A nurse")))


@dataclass(frozen=True)
class Played:
    """Story that was published, reported, played and voted on twice, and decided on, that people answer by themselves
    now (`night`), that is being built on (`build` is the key of its build link), and one of whose scenes is on the
    screens (`later`); and another one, left alone."""

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
    commitment: str
    night: LiveSession
    build: str
    suggestion: str
    later: LiveSession

    @property
    def store(self) -> Store:
        """Returns the house's store."""
        return self.house.store


async def accepted(house: House, story: Submission, because: str = "") -> None:
    """Accepts a story as a moderator."""
    await moderation.moderate(house.store, CLOCK, story.id, "accept", because=because, expected_status="submitted")


async def play_story(house: House, path: Path) -> Played:
    """Takes the story through all of it, on a house whose database is the file `path`."""
    store = house.store
    commission = await house.commission(threshold=5)
    story, key = await submissions.submit(store, CLOCK, commission.id, TOLD)
    returned = await moderation.moderate(
        store,
        CLOCK,
        story.id,
        "return",
        because=f"The {WORDS['moderator']} stands.",
        expected_status="submitted",
        public=True,
    )
    assert returned.status == "returned"
    appealed = await appeals_and_reports.appeal(store, CLOCK, key, f"But the {WORDS['appeal']}!")
    assert appealed.appeal is not None
    upheld = f"The {WORDS['verdict']} holds."
    await appeals_and_reports.answer(
        store, CLOCK, appealed.appeal.id, story.id, AppealAnswer.UPHOLD, because=upheld, by=new_id()
    )
    story = await submissions.resubmit(store, CLOCK, key, TOLD)
    await accepted(house, story)
    other, _ = await house.story(commission, "The other story")
    await accepted(house, other)
    async with store.begin() as work:
        letter = Evidence(new_id(), story.id, "application/pdf", f"The {WORDS['evidence']}", added_at=CLOCK.now())
        await work.evidence.add_evidence(letter, f"%PDF-1.7 The {WORDS['evidence']}".encode())
        await work.moderation.add_report(Report(new_id(), story.id, f"I saw the {WORDS['report']}.", CLOCK.now()))
    url = f"https://example.org/{WORDS['link']}"
    await evidence.add_link(store, CLOCK, key, title="A page", url=url)
    bad = await evidence.add_link(store, CLOCK, key, title="Another page", url="https://example.org/")
    read, refused = await read_piece(store, bad.id), f"The {WORDS['refused']} leaks."
    await evidence.moderate(store, CLOCK, story.id, bad.id, "decline", read=read, because=refused)
    await subscriptions.ask(store, CLOCK, key, f"ada@{WORDS['address']}.test")
    form = SessionForm(
        commission.id, title="A day in March", scenarios=(story.id, other.id), reasons=ReasonReading.READ_FIRST
    )
    live = await create_session(store, CLOCK, form)
    people = [Participant(new_id(), live.id, group, CLOCK.now()) for group in PEOPLE]
    async with store.begin() as work:
        for person in people:
            await work.sessions.join(person, new_id() * 2)
    programme = Programming(store, CLOCK, live.id)
    section = (await programme.section(SectionForm(title="The morning"))).plan.sections[0].id
    await programme.story(section, story.id)
    await programme.about("2027-03-12", "", public=True)
    acts = Desk(store, CLOCK)
    await cues.show_scene(acts, live.id, story.id, SCENE)
    rounds: list[str] = []
    for number in range(2):
        if number:
            await replay_story(store, live, story.id, people[0].id)
        act = (
            cues.put_second_vote(acts, live.id, rounds[0])
            if number
            else cues.put_question(acts, live.id, story.id, CROSSING)
        )
        round_ = (await act).round
        assert round_ is not None
        rounds.append(round_.id)
        if not number:
            caring = Desk(store, CLOCK)
            await care.reword(caring, live.id, round_.id, "easy", f"Who has the {WORDS['easy']}?", {"r1": "The anvil"})
        await facilitation.open_round(acts, live.id, round_.id)
        async with store.begin() as work:
            votes = [a_cast(round_.id, p.id, "r1" if n % 3 else "r2", WORDS["reason"]) for n, p in enumerate(people)]
            votes = [replace(vote, condition=f"the {WORDS['condition']} stays") for vote in votes]
            assert {outcome.refusal for outcome in await work.rounds.cast(votes)} == {""}
        await facilitation.close_round(acts, live.id, round_.id)
        await facilitation.reveal_round(acts, live.id, round_.id)
    # What is promised is said of the story, in an entry that is none of its own.
    promise = Promise(f"Who told {story.id}", "Come by", "2027-06-01", answers=f"/stories/{story.id}")
    async with store.read() as work:
        [given, *_] = await work.reasons.list_reasons(rounds[-1])
    await reasons.hear(acts, live.id, given.id, "shown", given.state)
    decided = DecisionForm(
        tuple(rounds),
        outcome="adopted",
        response="r1",
        rationale="It can be done.",
        why="It can.",
        promises=(promise,),
        answers=await answers_to(store, rounds),
    )
    decision = await decide(store, CLOCK, COMMISSIONER, decided)
    night = await asynchronous.open_round(store, CLOCK, a_form(CLOCK, story))
    reader = Participant(new_id(), night.id, "g1", CLOCK.now())
    async with store.begin() as work:
        [asked] = await work.rounds.list_rounds(night.id)
        await work.sessions.join(reader, digest(READER))
        await work.rounds.cast([a_cast(asked.id, reader.id, "r1", f"I saw the {WORDS['alone']}.")])
    build, suggestion = await build_on(store, key)
    later = await create_session(store, CLOCK, SessionForm(commission.id, title="Another day", scenarios=(story.id,)))
    # As from the console: so that there is something to undo.
    console = Desk(store, CLOCK, act="scene")
    await cues.show_scene(console, later.id, story.id, SCENE)
    async with store.begin() as work:
        now = await work.stories.get_story(story.id)
        # A new version that nobody has read yet, and why the one before it was returned. Sending one takes the other
        # away, so they never stand together; here they do, so that both are looked for.
        new = now.twee.replace(WORDS["happened"], WORDS["revision"])
        now = replace(now, revision=new, revised_at=CLOCK.now(), because=f"Once more, the {WORDS['again']}.")
        await work.stories.save_story(now, "accepted")
    return Played(
        house,
        path,
        commission,
        story,
        key,
        other,
        live,
        tuple(p.id for p in people),
        tuple(rounds),
        decision.id,
        decision.commitments[0].id,
        night,
        build,
        suggestion,
        later,
    )


async def build_on(store: Store, key: str) -> tuple[str, str]:
    """Makes a draft with a version before it, the build link, and an answered suggestion; returns the link's key and
    the suggestion's id."""
    first, second = f"The {WORDS['version']} stood here.", f"The {WORDS['draft']} stands here."
    await draft_edits.save(store, CLOCK, key, [AddCard("more", text=first)], "a phone")
    await draft_edits.save(store, CLOCK, key, [SetField("more.text", (mark(first),), second)], "another phone")
    build = new_key()
    await build_link.share(store, CLOCK, key, build)
    offer = Offer("scene", f"The {WORDS['suggestion']} shines.", "more", group="g1")
    one = await build_link.suggest(store, CLOCK, build, offer, device=READER)
    why = Answer("declined", because=f"The {WORDS['answer']} took it.")
    await build_link.answer(store, CLOCK, key, one.id, why)
    page = f"https://example.org/{WORDS['link']}"
    shown = Offer("evidence", title=f"The {WORDS['evidence']}", url=page, group="g1", name=WORDS["reporter"])
    await build_link.suggest(store, CLOCK, build, shown, device=READER)
    return build, one.id


async def replay_story(store: Store, live: LiveSession, story: str, person: str) -> None:
    """Plays the scene again: a stop that waits, another one that was tried and is an answer and a proposal now. The
    proposal was amended, is to be voted on, and has a pledge."""
    run, policy = Desk(store, CLOCK), Desk(store, CLOCK)
    await cues.show_scene(run, live.id, story, SCENE, replay=True)
    async with store.read() as work:
        showing = (await work.sessions.get_session(live.id)).cue.showing
    press = Press(live.id, person, showing, CHARACTER, f"Blow the {WORDS['stop']}", CLOCK.now())
    assert await Stopping(store, lambda session: None).press_and_wait(press) == ""
    await second_run.call_stop(run, live.id)
    async with store.read() as work:
        waiting, shouted = await work.stops.list_stops(live.id)
    await second_run.move_stop(run, live.id, waiting.id, "defer")
    await second_run.write_tried(run, live.id, shouted.id, f"Somebody filled the {WORDS['tried']}")
    await second_run.offer_response(run, live.id, shouted.id, f"The {WORDS['offered']}")
    await policy_vote.propose(policy, live.id, f"Every {WORDS['proposal']} is kept", shouted.id)
    async with store.read() as work:
        [proposal] = await work.proposals.list_proposals(live.id)
    await policy_vote.amend(
        policy, live.id, proposal.id, proposal.words, f"{proposal.words} with a {WORDS['amendment']}"
    )
    async with store.read() as work:
        [amendment] = await work.proposals.amendments(live.id)
    await policy_vote.show_proposals(policy, live.id)
    await policy_vote.settle_amendment(policy, live.id, amendment.id, AmendmentState.TAKEN)
    round_ = (await policy_vote.put_policy_vote(policy, live.id, proposal.id)).round
    assert round_ is not None
    pledge = Pledge(new_id(), live.id, round_.id, "A carer", f"Oils the {WORDS['pledge']}", "2027-06-01", CLOCK.now())
    async with store.begin() as work:
        await work.proposals.pledge(pledge)


def words_spoken(text: str) -> set[str]:
    """Returns the names of the words that occur in a text, with any spacing."""
    plain = " ".join(unescape(text).split()).casefold()
    return {name for name, word in WORDS.items() if all(part in plain for part in [word.casefold()])}


def rows(path: Path) -> dict[str, str]:
    """Returns everything in the database by table and column, words beside the record opened; index tables too."""
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
                        text = json.dumps(open_disclosure(value))
                    key = f"{table}.{column}"
                    found[key] = f"{found.get(key, '')}\n{text}"
    return found


def in_files(path: Path, encoded: list[str]) -> set[str]:
    """Returns the words, and those of these disclosures, that occur in any byte of the database's files."""
    data = b"".join(file.read_bytes() for file in path.parent.glob("forum.db*"))
    there = {name for name, word in WORDS.items() if word.encode().lower() in data.lower()}
    return there | {one for one in encoded if one.encode() in data}


async def every_page(played: Played) -> dict[str, str]:
    """Reads every address that answers a GET, as somebody who may do everything and has every link, and as JSON too."""
    there = {
        "commission": played.commission.id,
        "story": played.story.id,
        "key": played.key,
        "session": played.live.id,
        "code": played.live.code,
        "answer_code": played.night.code,
        "decision": played.decision,
        "commitment": played.commitment,
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
                texts[f"{path} {accept}"] = answer_text(answer, path)
    return texts


def answer_text(answer: httpx2.Response, path: str) -> str:
    """Returns the text of an answer, without the parts that repeat the question."""
    text = answer.content.decode("utf-8", "replace")
    return re.sub(r"murrelwine|quellwater|zither", "", text) if path.startswith("/stories?") else text
