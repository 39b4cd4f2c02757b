"""A story is taken back: no page, feed, export, row or byte of the file holds its words, and the record verifies."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
from support.app import House, a_house
from support.factories import CLOCK
from support.withdrawn_story import (
    CROSSING,
    SCENE,
    TOLD,
    WORDS,
    Played,
    accepted,
    every_page,
    in_files,
    play_story,
    rows,
    words_spoken,
)

from forum.errors import BadInput, FormErrors, IllegalMove, NotFound, StoreUnavailable
from forum.ports.personal_data import COLUMNS, kinds_of
from forum.record import audit
from forum.record.verify.archive import unpack
from forum.record.verify.disclosures import open_disclosure
from forum.record.verify.verdict import PASS
from forum.services import exports, record_entries, scrub
from forum.services.sessions import cues, facilitation, room_view
from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.sessions.desk import Desk
from forum.services.stories import moderation, submissions, withdrawal
from forum.sessions.session import Cue, CueKind
from forum.store import SqlStore
from forum.store.tables import metadata
from forum.stories.compose import HAPPENED
from forum.stories.draft import NO, YES
from forum.stories.submission import StoryStatus

# Columns of text in which no words of a story can be, by table: ids, times, states, codes, digests; what organisers and
# those who decide write; people's accounts. What refers to another table's row (a foreign key) is left out.
WITHOUT_WORDS = """
    also: group_id
    amendment: id at state
    answer_move: id came_from went_to because at
    appeal: id at outcome by answered_at
    asked: kind about
    ballot: choice group_id ballot salt group_salt at
    casting: round participant cast
    checkpoint: root note signed_at
    binding: issuer sub at
    closing: id at because groups reopened_at words
    commission: id title question stage power groups support created_at second_reader closed_at
    commission_version: at because terms
    commitment: id role what by answers noticed at
    commitment_update: id state at said because handed_to given_by
    cosignature: root witness at line
    decision: id rounds outcome response rationale why earlier dissent decided_at decided_on differences told
        second_reader until votes
    decision_correction: id because words replaced_by at
    decision_draft: id rounds form writers state because saved_at
    disclosure: digest commission withdrawn_at
    draft: build changed_at step
    embedder: addresses
    entry: commission body leaf_hash
    evidence: id kind added_at shown_at declined_at
    fact: name value
    first_link: token until
    follower: id kind about address key state asked_at until told_until not_before
    help_pledge: id words name key state day
    helper_link: id label helper key made_at until revoked_at made_by
    hook_message: id event at facts state not_before tried_at heard claim claim_until
    last_act: id act at
    library: told_by told_by_key
    mail: id key state asked_at until told_until not_before look_at
    moderation: id action before by read sent_at at
    group_link: id group_label key made_at revoked_at
    minority_statement: id group_label words state sent_at because moderated_at
    noticed_answer: key commitment asking who said
    logo: sha256 content
    organisation: at changed said logo
    owner_link: id key made_at revoked_at
    owner_mail: id address key state written_at not_before told link
    paper: id counts entered_by entered_at confirmed_by confirmed_at
    participant: id device group_id joined_at
    person: id login login_key name roles roles_in password created_at
    pledge: id role by at state
    prediction: id expect minds expect_salt minds_salt sealed_at decision
    programme: what at
    proposal: id at scenario state
    reason: id group_id choice at state due_at
    recovery_code: code
    rehearsal: pace started_at state ended_at why report
    report: id at answer answered_at
    round: id scenario method kind state created_at opened_at closed_at revealed_at annulled_at annulled_because
        closes_at extended_at asks_about
    second_step: sealed at
    session: id title code projector scenarios partition held opened_at kind entrance tablet reasons ended_at stage
        called_off_at called_off_because
    sign_in: token at until device used_on
    staff_act: at by what whom about
    stage_move: id at better came_from learnt took_part went_to
    stage_note: id at question stage words
    stop: id showing since scenario at group_id state taken_at verdict
    story: id status told_by link submitted_at moderated_at published_at withdrawn_at revised_at
    suggestion: id kind at place seen group_id by outcome answered_at agreed agreed_by
    ticket: id group_id code issued_at used_at revoked_at
    token: id label secret created_at revoked_at commission role expires_on used_on
    update_file: shows media sha256 withdrawn_at content
    version: at kind by
    voter: mark group_id at
    webhook: id url events by created_at failing_since stopped_at
"""


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template, background=True) as house:
        yield house


@pytest.fixture
async def played(house: House, tmp_path: Path) -> Played:
    return await play_story(house, tmp_path / "forum.db")


async def test_every_column_that_can_hold_words_of_a_story_has_some(played: Played) -> None:
    """Fails for a new column of text until tests/support/withdrawn_story.py puts words into it, so that they are looked
    for after the story was taken back, or WITHOUT_WORDS says that it can hold none."""
    known = {
        f"{table.strip()}.{column}"
        for line in re.sub(r"\n {8}", " ", WITHOUT_WORDS).strip().splitlines()
        for table, _, columns in [line.partition(":")]
        for column in columns.split()
    }
    there = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if not isinstance(column.type, (sa.Integer, sa.Boolean)) and not column.foreign_keys
    }
    found = {key for key, text in rows(played.path).items() if words_spoken(text)}
    assert there - known - found == set(), "put words of the story into these"
    assert known & found == set(), "these can hold words of a story"
    assert known - there == set(), "there are no such columns"
    assert "story.revision" in found
    # What can hold a person's words is data about a person, and says so (ports/personal_data.py).
    nobodys = {f"{table}.{column}" for table in COLUMNS for column, kind in kinds_of(table).items() if kind is None}
    assert found & nobodys == set(), "these hold words of people"


async def test_before_it_is_taken_back_the_words_are_where_they_belong(played: Played) -> None:
    """The looking below can see: each of the words is found on pages, in rows and in the file."""
    texts = await every_page(played)
    seen = {name for text in texts.values() for name in words_spoken(text)}
    # An address is told to nobody; the other two stand where no page shows them in this state.
    # What was answered alone stood on its own phone's page, until that was forgotten (forget_devices.py).
    assert seen - {"alone"} == set(WORDS) - {"address", "again", "pledge", "alone"}
    assert "title" in words_spoken(texts[f"/stories/{played.story.id} text/html"])
    found = {name for text in rows(played.path).values() for name in words_spoken(text)}
    assert found >= set(WORDS)
    assert in_files(played.path, []) >= set(WORDS)


async def none_of_these(played: Played) -> set[str]:
    """Reads the digests under which the record has the words "None of these" still."""
    async with played.store.read() as work:
        return {
            d.digest
            for d in await work.record.disclosures()
            if d.encoded and "None of these" in str(open_disclosure(d.encoded))
        }


async def assert_withdrawn_on_pages(played: Played, texts: dict[str, str]) -> None:
    """Checks that pages say so, and that the votes, the decision and the other story stay."""
    story = await fetch(played, f"/stories/{played.story.id}")
    assert story.status_code == 410
    assert "has taken it back" in story.text
    assert "You took this story back" in texts[f"/my-story/{played.key} text/html"]
    assert "withdrawn" in texts[f"/decisions/{played.decision} text/html"]
    assert "None of these" in texts[f"/decisions/{played.decision} text/html"]
    assert "The story “[withdrawn]” was published" in unescape(texts["/record/entries text/html"])
    assert "Somebody took their words back" in texts["/record/entries text/html"]
    assert "The other story" in texts["/stories text/html"]
    async with played.store.read() as work:
        assert len(await work.rounds.ballots(played.rounds[0])) == len(played.people)
        other = await work.stories.get_story(played.other.id)
        assert other.status == "accepted"
        assert "A neighbour knocks" in other.twee


async def test_after_it_no_page_row_file_or_export_holds_the_words(played: Played) -> None:
    async with played.store.read() as work:
        before = await work.record.disclosures()
        size = await work.record.size()
    kept = {d.digest for d in before if not words_spoken(json.dumps(open_disclosure(d.encoded or "")))}
    taken = [d.encoded for d in before if d.digest not in kept and d.encoded]
    # A moderator's reason; title and text; of each vote scene, question, response and easy words; the answer that came
    # up in the replay; the asynchronous round's scene, question and response; a condition that the decision answers.
    assert len(taken) == 1 + 2 + 2 * 4 + 1 + 3 + 1
    told, _ = unpack(await exports.export(played.house.site.checkpoints))
    stated = {name for data in told.values() for name in words_spoken(data.decode("utf-8", "replace"))}
    assert stated >= {"title", "tried", "offered", "proposal", "amendment"}
    nobodys = await none_of_these(played)
    assert nobodys
    done = await withdrawal.withdraw(played.store, CLOCK, played.key)
    assert await none_of_these(played) == nobodys
    assert set(done.sessions) == {played.live.id, played.night.id, played.later.id}
    assert done.story.withdrawn_at
    async with played.store.read() as work:
        now = await work.stories.get_story(played.story.id)
    # Nothing is allowed any more: a quotation neither.
    assert now == done.story
    assert (now.title, now.twee, now.revision, now.because) == ("", "", "", "")
    assert (now.may_perform, now.may_publish, now.may_quote) == (False, False, False)

    assert {key: words_spoken(text) for key, text in rows(played.path).items() if words_spoken(text)} == {}
    assert in_files(played.path, taken) == set()
    texts = await every_page(played)
    assert {path: words_spoken(text) for path, text in texts.items() if words_spoken(text)} == {}
    await assert_withdrawn_on_pages(played, texts)

    packed = await exports.export(played.house.site.checkpoints)
    files, _ = unpack(packed)
    assert {n: found for n, data in files.items() if (found := words_spoken(data.decode("utf-8", "replace")))} == {}
    assert b"(withdrawn)" in files["rounds.csv"]
    opened = [open_disclosure(json.loads(line)["disclosure"]) for line in files["disclosures.jsonl"].splitlines()]
    assert words_spoken(json.dumps(opened)) == set()
    published = [json.loads(line) for line in files["record.jsonl"].splitlines() if b'"scenario published"' in line]
    told_by = {entry["told_by"]["sd"] for entry in published if entry["scenario"] == played.story.id}
    assert told_by
    assert not told_by & {json.loads(line)["digest"] for line in files["disclosures.jsonl"].splitlines()}
    checks = {check.name: check for check in audit.verify(packed, played.house.site.checkpoints.signer.public_key_pem)}
    assert {check.verdict for check in checks.values()} == {PASS}, checks
    said = re.search(r"(\d+) withdrawn", checks["disclosures"].detail)
    assert said
    assert int(said[1]) >= len(taken)
    async with played.store.read() as work:
        # The asynchronous round was open: nobody can play it any more, so it is closed.
        assert await work.record.size() == size + 2
        closed, entry = [json.loads(stored.body) for stored in await work.record.entries(size)]
        facts = [json.loads(stored.body) for stored in await work.record.entries()]
        after = {d.digest: d for d in await work.record.disclosures()}
    assert (closed["type"], closed["session"], closed["count"]) == ("round closed", played.night.id, 1)
    assert entry["type"] == "erasure"
    assert entry["at"] == done.story.withdrawn_at
    assert set(entry["digests"]) == {digest for digest, d in after.items() if d.encoded is None}
    assert all(after[digest].encoded for digest in kept if digest not in entry["digests"])
    for one in entry["digests"]:
        assert after[one].withdrawn_at == done.story.withdrawn_at
    # What entries of something else say stays, also where they name the story.
    others = [d for d in after.values() if facts[d.entry].get("scenario") != played.story.id]
    # But for a condition that a decision answered: it went with the reason that it stood in.
    [answered] = [f["conditions"]["answered"] for f in facts if f["type"] == "decision" and f.get("conditions")]
    others = [d for d in others if d.digest not in [one["condition"]["sd"] for one in answered]]
    assert len({facts[d.entry]["type"] for d in others}) > 1
    assert all(d.encoded for d in others)


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
        assert words_spoken(mine.text) == set()


async def test_a_session_cannot_put_it_up_any_more(played: Played) -> None:
    acts = Desk(played.store, CLOCK)
    async with played.store.read() as work:
        before = await work.sessions.get_session(played.live.id)
    await withdrawal.withdraw(played.store, CLOCK, played.key)
    for act in (
        cues.show_scene(acts, played.live.id, played.story.id, SCENE),
        cues.put_question(acts, played.live.id, played.story.id, CROSSING),
        cues.put_second_vote(acts, played.live.id, played.rounds[0]),
    ):
        with pytest.raises(IllegalMove, match="taken this story back"):
            await act
    async with played.store.read() as work:
        live = await work.sessions.get_session(played.live.id)
        view = await room_view.room_view_of(work, live)
    assert live.cue == Cue(CueKind.RESULT, round=played.rounds[1])
    assert live.version > before.version, "screens take a state with the version they have for one they have"
    assert [s.id for s in view.stories] == [played.other.id]
    await cues.show_scene(acts, played.live.id, played.other.id, HAPPENED)


async def test_a_draft_goes_from_the_screens_and_an_open_vote_can_be_ended(played: Played) -> None:
    acts = Desk(played.store, CLOCK)
    form = SessionForm(played.commission.id, title="Another day", scenarios=(played.story.id,))
    live, third = await create_session(played.store, CLOCK, form), await create_session(played.store, CLOCK, form)
    drafted = (await cues.put_question(acts, live.id, played.story.id, CROSSING)).round
    begun = (await cues.put_question(acts, third.id, played.story.id, CROSSING)).round
    assert drafted is not None
    assert begun is not None
    await facilitation.open_round(acts, third.id, begun.id)
    done = await withdrawal.withdraw(played.store, CLOCK, played.key)
    assert set(done.sessions) == {played.live.id, played.night.id, played.later.id, live.id, third.id}
    async with played.store.read() as work:
        assert (await work.sessions.get_session(live.id)).cue == Cue(CueKind.WELCOME)
        assert (await work.sessions.get_session(third.id)).cue == Cue(CueKind.QUESTION, round=begun.id)
    with pytest.raises(IllegalMove, match="taken this story back"):
        await facilitation.open_round(acts, live.id, drafted.id)
    await facilitation.close_round(acts, third.id, begun.id)
    # Votes do not wait for the file to be written anew: that is done when none is open.
    async with played.store.read() as work:
        assert await work.facts.get_fact(scrub.TO_SCRUB) == done.story.withdrawn_at
    await scrub.scrub(played.store)
    async with played.store.read() as work:
        assert await work.facts.get_fact(scrub.TO_SCRUB) == ""
    assert in_files(played.path, []) == set()
    await facilitation.reveal_round(acts, third.id, begun.id)
    packed = await exports.export(played.house.site.checkpoints)
    assert {check.verdict for check in audit.verify(packed)} == {PASS}


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
    for action in moderation.ACTIONS:
        with pytest.raises(IllegalMove):
            await moderation.moderate(
                played.store, CLOCK, played.story.id, action, because="x", expected_status="withdrawn"
            )


async def test_it_is_all_or_nothing(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows(played.path)

    async def full(*_: object) -> None:
        raise StoreUnavailable("The disk is full.")

    monkeypatch.setattr(record_entries, "append", full)
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
        assert await work.facts.get_fact(scrub.TO_SCRUB)
    await scrub.scrub(played.store)
    assert in_files(played.path, []) == set()
    async with played.store.read() as work:
        assert await work.facts.get_fact(scrub.TO_SCRUB) == ""


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


async def test_what_is_allowed_afterwards_is_what_the_draft_would_send_again(house: House) -> None:
    """Else the next sending of a story that was returned would bring the old answers back."""
    story, key = await house.story(await house.commission())
    await house.draft_of(key)
    await withdrawal.permit(house.store, CLOCK, key, perform=False, publish=False, quote=True)
    draft = await house.draft_of(key)
    assert (draft.may_perform, draft.may_publish, draft.may_quote) == (NO, NO, YES)
    async with house.store.read() as work:
        assert (await work.stories.get_story(story.id)).status == StoryStatus.SUBMITTED


async def test_a_session_stops_playing_what_may_not_be_performed(played: Played) -> None:
    acts = Desk(played.store, CLOCK)
    await withdrawal.permit(played.store, CLOCK, played.key, perform=False, publish=True, quote=True)
    with pytest.raises(IllegalMove, match="no longer allows"):
        await cues.show_scene(acts, played.live.id, played.story.id, SCENE)
    assert (await fetch(played, f"/stories/{played.story.id}")).status_code == 200
