"""Words that nobody can see are none, wherever words are required: every way in, each with another such text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rehearsal.test_polis import SMALL
from services.sessions.test_commissions_and_sessions import FORM
from stories.test_twine import published
from support.app import a_sent_story
from support.co_written_story import RESPONSE, a_built_story
from support.decided import ANSWERS
from support.example_stories import GOOD, STORY
from support.factories import CLOCK, a_commission, new_id
from support.second_run_session import a_replay
from support.voted_session import COMMISSIONER, a_vote

from forum.adapters import picture_process
from forum.errors import BadInput, FormErrors, StoryProblems
from forum.live.ballot_box import Intake, cast_of
from forum.live.messages import CastMessage, StopMessage
from forum.live.stop_box import press_of
from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.rehearsal import polis
from forum.services.accounts import make_token
from forum.services.decision_form import DecisionForm, Promise
from forum.services.decisions import decide
from forum.services.sessions import cues, facilitation, policy_vote, second_run
from forum.services.sessions.commissions_and_sessions import SessionForm, create_commission, create_session
from forum.services.sessions.programmes import Programming, SectionForm
from forum.services.stories import appeals_and_reports, evidence, moderation, submissions
from forum.stories import foreign_import, scenario_twee, twine
from forum.voting.marks_and_shares import StanceMark
from forum.voting.methods import METHODS
from forum.web.forms import Form

ZERO, JOINER, FILLER, BRAILLE, GRAPHEME, SELECTOR = "\u200b", "\u2060", "\u3164", "\u2800", "\u034f", "\ufe0f"
TAGS, MARK, HYPHEN, BLANK = "\U000e0041\U000e0042", "\u0301", "\u00ad\u00ad", "\U00013441"


@pytest.mark.parametrize("unseen", [ZERO, JOINER, FILLER, BRAILLE, GRAPHEME, SELECTOR, TAGS, MARK, HYPHEN, BLANK])
def test_a_field_of_a_form_is_empty(unseen: str) -> None:
    form = Form({"words": [f" {unseen}\r\n"], "each": [unseen, "a"]})
    assert form.text("words") == ""
    assert form.texts("each") == ["", "a"]
    form.need("words", form.text("words"), "Write it.", 10)
    assert set(form.errors) == {"words"}


@pytest.mark.parametrize("unseen", [ZERO, FILLER, BRAILLE])
async def test_a_message_over_a_socket_says_nothing(unseen: str, sqlite_store: Store) -> None:
    outcome = await Intake(sqlite_store, lambda _: None).cast_and_wait(
        cast_of(CastMessage("c", "r", "r1", unseen, unseen), "p", CLOCK.now())
    )
    assert (outcome.cast.reason, outcome.cast.condition) == ("", "")
    press = press_of(StopMessage("s", "here", unseen, unseen), "p", "s", CLOCK.now())
    assert (press.character, press.how) == ("", "")


def test_an_objection_needs_words() -> None:
    lacks = METHODS["consent"].lacks
    assert (
        lacks(StanceMark.CANNOT_LIVE_WITH, "Not at night.", "") == lacks(StanceMark.AGREE_IF, "", "it is by day") == ""
    )
    for unseen in (ZERO, FILLER, MARK):
        assert lacks(StanceMark.CANNOT_LIVE_WITH, unseen, "") == "reason_needed"
        assert lacks(StanceMark.AGREE_IF, "", unseen) == "condition_needed"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ZERO}, "title"),
        ({"question": FILLER}, "question"),
        ({"decides": BRAILLE}, "decides"),
        ({"can_change": GRAPHEME}, "can_change"),
        ({"cannot_change": JOINER}, "cannot_change"),
        ({"groups": (("Carers", ""), (FILLER, "4"))}, "group_2"),
        ({"groups": (("Carers", ""), (ZERO, ""))}, "group_1"),
        ({"support": ((SELECTOR, "116 123"),)}, "support_name_1"),
        ({"support": (("Samaritans", MARK),)}, "support_contact_1"),
    ],
)
async def test_a_commission_is_described_in_words(sqlite_store: Store, changes: dict[str, object], field: str) -> None:
    with pytest.raises(FormErrors) as caught:
        # Which field is changed comes from the table above, so mypy cannot know its type.
        await create_commission(sqlite_store, CLOCK, replace(FORM, **changes))  # type: ignore[arg-type]
    assert set(caught.value.fields) == {field}


async def test_titles_and_labels_of_an_organiser_are_words(sqlite_store: Store) -> None:
    commission = a_commission()
    person = Person(new_id(), "o", "O", (Role.ORGANISER,))
    async with sqlite_store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.people.add_person(person)
    with pytest.raises(FormErrors, match="problem"):
        await create_session(sqlite_store, CLOCK, SessionForm(commission.id, title=ZERO))
    with pytest.raises(FormErrors, match="problem"):
        await make_token(sqlite_store, CLOCK, person, BRAILLE)
    live = await create_session(sqlite_store, CLOCK, SessionForm(commission.id, title="A day"))
    plan = Programming(sqlite_store, CLOCK, live.id)
    for act in (
        plan.section(SectionForm(title=FILLER)),
        plan.note("", JOINER),
        plan.ask("", ZERO, ("a", "b"), none=True),
    ):
        with pytest.raises(BadInput):
            await act


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rationale": ZERO}, "rationale"),
        ({"response": "r2", "why": FILLER}, "why"),
        ({"promises": (Promise(BRAILLE, "Two nurses", "2027-03-31"),)}, "role_1"),
        ({"promises": (Promise("The ward", GRAPHEME, "2027-03-31"),)}, "what_1"),
    ],
)
async def test_a_decision_has_reasons_that_can_be_read(
    sqlite_store: Store, changes: dict[str, object], field: str
) -> None:
    voted = await a_vote(sqlite_store)
    form = DecisionForm(voted.rounds, outcome="adopted", response="r1", rationale="A nurse is there.", answers=ANSWERS)
    with pytest.raises(FormErrors) as caught:
        # As above: the field comes from a table.
        await decide(sqlite_store, CLOCK, COMMISSIONER, replace(form, **changes))  # type: ignore[arg-type]
    assert set(caught.value.fields) == {field}


async def test_what_the_facilitator_puts_on_screens_is_words(sqlite_store: Store) -> None:
    playing = await a_replay(sqlite_store)
    stop = await playing.a_tried_stop()
    acts, policy, session = playing.acts, playing.policy, playing.session
    await policy_vote.propose(policy, session, "A quiet room is kept free")
    async with sqlite_store.read() as work:
        [proposal] = await work.proposals.list_proposals(session)
    for act in (
        second_run.write_tried(acts, session, stop, ZERO),
        second_run.offer_response(acts, session, stop, FILLER),
        cues.show_note(acts, session, BRAILLE),
        cues.ask_question(acts, session, GRAPHEME, ("Yes", "No"), none=False),
        cues.ask_question(acts, session, "Who?", ("Yes", JOINER), none=False),
        cues.ask_question(acts, session, "Who?", ("Yes", "Y\u200bes"), none=False),
        facilitation.annul_round(acts, session, playing.first, SELECTOR),
        policy_vote.propose(policy, session, MARK),
        policy_vote.propose(policy, session, "A qui\u00adet room is kept free"),
        policy_vote.amend(policy, session, proposal.id, proposal.words, TAGS),
    ):
        with pytest.raises(BadInput):
            await act


async def test_what_moderators_and_readers_write_is_words(sqlite_store: Store) -> None:
    commission = a_commission()
    async with sqlite_store.begin() as work:
        await work.commissions.add_commission(commission)
    story, key = await submissions.submit(sqlite_store, CLOCK, commission.id, a_sent_story())

    async def moderate(action: str, because: str) -> None:
        async with sqlite_store.read() as work:
            now = await work.stories.get_story(story.id)
        await moderation.moderate(
            sqlite_store, CLOCK, story.id, action, because=because, expected_status=now.status, by=new_id()
        )

    for action in (moderation.ModeratorMove.RETURN, moderation.ModeratorMove.HOLD):
        with pytest.raises(BadInput):
            await moderate(action, ZERO)
    await moderate(moderation.ModeratorMove.ACCEPT, "")
    for act in (
        moderate(moderation.ModeratorMove.TAKE_DOWN, FILLER),
        appeals_and_reports.report(sqlite_store, CLOCK, story.id, BRAILLE),
        evidence.add_file(sqlite_store, CLOCK, picture_process.checked, key, title=GRAPHEME, content=b"%PDF-"),
    ):
        with pytest.raises(BadInput):
            await act
    await moderate(moderation.ModeratorMove.TAKE_DOWN, "It names somebody.")
    with pytest.raises(BadInput):
        await appeals_and_reports.appeal(sqlite_store, CLOCK, key, JOINER)


async def test_what_is_told_and_suggested_is_words(sqlite_store: Store) -> None:
    built = await a_built_story(sqlite_store)
    for changes in ({"words": ZERO}, {"words": FILLER, "name": ZERO}):
        with pytest.raises(FormErrors) as caught:
            await built.suggest(RESPONSE, **changes)
        assert set(caught.value.fields) == {"words"}
    suggestion = await built.suggest(RESPONSE)
    with pytest.raises(FormErrors, match="problem"):
        await built.answer(suggestion, "declined", because=BRAILLE)
    for told in (
        {"happened": ZERO},
        {"question": FILLER},
        {"responses": ("Sit down", "Call", GRAPHEME)},
        {"title": MARK},
    ):
        with pytest.raises(FormErrors):
            a_sent_story(**told)


@pytest.mark.parametrize(
    ("words", "line"),
    [("The late bus", 1), ("The bus is late.", 10), ("[[Ask->", 12), ("Whom should Ana ask?", 14), ("Home", 20)],
)
def test_a_file_tells_by_line_what_nobody_can_see(words: str, line: int) -> None:
    """In Twee as it is written by hand, and by way of what another tool wrote."""
    unseen = f"[[{BRAILLE}->" if words.startswith("[[") else BRAILLE
    source = GOOD.replace(words, unseen)
    assert source != GOOD
    for read in (
        lambda text: scenario_twee.parse(text, new=True),
        lambda text: foreign_import.read_twee(text.encode()),
    ):
        with pytest.raises(StoryProblems) as caught:
            read(source)
        assert line in {problem.line for problem in caught.value.problems}


def test_responses_that_look_the_same_are_there_twice() -> None:
    with pytest.raises(StoryProblems, match="twice"):
        scenario_twee.parse(GOOD.replace("A woman", "The dri\u200bver"), new=True)


def test_a_story_that_was_kept_before_is_still_read() -> None:
    kept = scenario_twee.parse(GOOD.replace("Ana waits.", BRAILLE))
    assert scenario_twee.parse(scenario_twee.write(kept)) == kept


def test_a_file_from_twine_tells_what_nobody_can_see() -> None:
    scenes = tuple(replace(scene, text=ZERO) if scene.name == "Home" else scene for scene in STORY.scenes)
    with pytest.raises(StoryProblems):
        twine.read(published(replace(STORY, scenes=scenes)))


def test_a_statement_from_polis_without_words_has_none() -> None:
    files = SMALL | {polis.COMMENTS: SMALL[polis.COMMENTS].replace("The police should come", FILLER)}
    assert polis.read(files).statements[0].text == ""
