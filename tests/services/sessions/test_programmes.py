"""Making a programme and going through it, on a real SQLite store."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from support.app import a_sent_story
from support.factories import CLOCK, a_commission, new_id

from forum.errors import BadInput, FormErrors, IllegalMove, NotFound
from forum.ports import Store
from forum.services.sessions import cues, facilitation
from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.sessions.desk import Desk, Step
from forum.services.sessions.programmes import MOST_SECTIONS, Programming, SectionForm, take_step
from forum.services.stories import moderation, submissions
from forum.sessions.local_time import zone
from forum.sessions.programme import Planned, ProgrammeChange
from forum.sessions.session import LiveSession

VOTE, HALL = "What should happen now?", "What happened"


async def a_day(store: Store, *, listed: bool = True) -> tuple[LiveSession, str]:
    """Makes a session of a commission with one accepted story, which is one of the session's where `listed`."""
    commission = a_commission()
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    story, _ = await submissions.submit(store, CLOCK, commission.id, a_sent_story())
    await moderation.moderate(store, CLOCK, story.id, "accept", because="", expected_status="submitted")
    scenarios = (story.id,) if listed else ()
    live = await create_session(store, CLOCK, SessionForm(commission.id, title="A day", scenarios=scenarios))
    return live, story.id


async def with_a_section(store: Store, live: LiveSession) -> tuple[Programming, str]:
    acts = Programming(store, CLOCK, live.id)
    planned = await acts.section(SectionForm(title="Police", starts="11:00"))
    return acts, planned.plan.sections[0].id


async def now(store: Store, live: LiveSession) -> LiveSession:
    async with store.read() as work:
        return await work.sessions.get_session(live.id)


def said(planned: Planned) -> list[str]:
    return [item.scene or item.words for item in planned.plan.items]


async def test_a_section_a_story_a_note_and_a_question_are_put_into_a_programme(sqlite_store: Store) -> None:
    live, story = await a_day(sqlite_store, listed=False)
    acts, section = await with_a_section(sqlite_store, live)
    await acts.story(section, story)
    await acts.note(section, "Break until 11:30")
    await acts.cue(section, f"replay|{story}|{HALL}")
    planned = await acts.ask(section, "Was it fair?", ["Yes", "", "No"], none=False)
    assert [item.kind for item in planned.plan.items] == [
        "scene", "scene", "question", "scene", "again", "note", "scene", "ask",
    ]  # fmt: skip
    # A story on the programme is one of the session's stories from then on.
    after = await now(sqlite_store, live)
    assert after.scenarios == (story,)
    assert after.version > live.version


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        (SectionForm(title=" "), {"title"}),
        (SectionForm(title="A" * 121), {"title"}),
        (SectionForm(title="A", starts="soon"), {"starts"}),
        (SectionForm(title="A", starts="11:00", ends="10:00"), {"ends"}),
        (SectionForm(title="A", ends="10:00"), {"starts"}),
        (SectionForm(title="", starts="25:00", ends="x"), {"title", "starts", "ends"}),
    ],
)
async def test_what_is_wrong_with_a_section_is_told_part_by_part(
    sqlite_store: Store, form: SectionForm, fields: set[str]
) -> None:
    live, _ = await a_day(sqlite_store)
    with pytest.raises(FormErrors) as refused:
        await Programming(sqlite_store, CLOCK, live.id).section(form)
    assert set(refused.value.fields) == fields


async def test_a_time_that_clocks_skip_on_that_day_is_refused_where_it_is_typed(sqlite_store: Store) -> None:
    live, _ = await a_day(sqlite_store)
    acts = Programming(sqlite_store, CLOCK, live.id, zone("Europe/London"))
    await acts.section(SectionForm(title="Early", starts="01:30"))
    with pytest.raises(BadInput, match="skip") as refused:
        await acts.about("2027-03-28", "", public=False)
    assert (refused.value.field, refused.value.values["time"]) == ("day", "01:30")
    await acts.about("2027-03-27", "", public=False)
    first = (await acts.undo(2)).plan.sections[0].id
    await acts.section(SectionForm(first, title="Early", starts="02:00"))
    await acts.about("2027-03-28", "", public=False)
    with pytest.raises(BadInput, match="skip") as refused:
        await acts.section(SectionForm(title="Late", starts="01:00"))
    assert refused.value.field == "starts"


async def test_what_cannot_be_played_or_asked_is_refused(sqlite_store: Store) -> None:
    live, story = await a_day(sqlite_store)
    acts, section = await with_a_section(sqlite_store, live)
    for wanted in (f"scene|{story}|Nowhere", f"question|{story}|{HALL}", f"scene|{new_id()}|{HALL}", "x", ""):
        with pytest.raises(BadInput):
            await acts.cue(section, wanted)
    for act in (
        acts.story(section, new_id()),
        acts.note(section, " "),
        acts.note(section, "a" * 301),
        acts.ask(section, "", ["Yes", "No"], none=True),
        acts.ask(section, "Fair?", ["Yes"], none=True),
        acts.ask(section, "Fair?", ["Yes", "No"], "by shouting", none=True),
        acts.about("tomorrow", "", public=False),
    ):
        with pytest.raises(BadInput):
            await act
    with pytest.raises(NotFound):
        await acts.note(new_id(), "Break")
    with pytest.raises(NotFound):
        await acts.remove(new_id())


async def test_a_story_that_may_no_longer_be_played_is_not_put_in(sqlite_store: Store) -> None:
    live, story = await a_day(sqlite_store)
    acts, section = await with_a_section(sqlite_store, live)
    async with sqlite_store.begin() as work:
        await work.stories.allow(replace(await work.stories.get_story(story), may_perform=False))
    with pytest.raises(BadInput):
        await acts.story(section, story)


async def test_a_programme_has_an_end(sqlite_store: Store) -> None:
    live, _ = await a_day(sqlite_store)
    acts = Programming(sqlite_store, CLOCK, live.id)
    for number in range(MOST_SECTIONS):
        await acts.section(SectionForm(title=f"Part {number}"))
    with pytest.raises(BadInput):
        await acts.section(SectionForm(title="One too many"))


async def test_a_removal_is_undone_and_done_again(sqlite_store: Store) -> None:
    live, story = await a_day(sqlite_store)
    acts, section = await with_a_section(sqlite_store, live)
    before = await acts.story(section, story)
    gone = await acts.remove_section(section)
    assert (gone.plan.sections, gone.what, gone.name) == ((), ProgrammeChange.REMOVED, "Police")
    back = await acts.undo(gone.number)
    assert back.plan == before.plan
    assert (await acts.undo(back.number)).plan.sections == ()


async def test_an_undo_never_takes_back_what_somebody_else_did_since(sqlite_store: Store) -> None:
    live, _ = await a_day(sqlite_store)
    acts, section = await with_a_section(sqlite_store, live)
    mine = await acts.note(section, "Break")
    await Programming(sqlite_store, CLOCK, live.id).note(section, "Lunch")
    with pytest.raises(IllegalMove):
        await acts.undo(mine.number)
    with pytest.raises(IllegalMove):
        await acts.undo(0)
    async with sqlite_store.read() as work:
        assert said(await work.programmes.latest(live.id)) == ["Break", "Lunch"]


async def test_two_organisers_at_once_both_have_their_change(sqlite_store: Store) -> None:
    live, _ = await a_day(sqlite_store)
    acts, section = await with_a_section(sqlite_store, live)
    await asyncio.gather(*(acts.note(section, f"Note {n}") for n in range(8)))
    async with sqlite_store.read() as work:
        assert sorted(said(await work.programmes.latest(live.id))) == [f"Note {n}" for n in range(8)]


async def test_a_session_that_has_ended_keeps_its_programme(sqlite_store: Store) -> None:
    live, _ = await a_day(sqlite_store)
    acts, section = await with_a_section(sqlite_store, live)
    await facilitation.end(Desk(sqlite_store, CLOCK), live.id)
    with pytest.raises(IllegalMove):
        await acts.note(section, "Too late")


async def next_up(store: Store, live: LiveSession, item: str) -> LiveSession:
    return (await take_step(Desk(store, CLOCK), live.id, Step(item, (await now(store, live)).cue.item))).session


async def test_the_programme_is_gone_through_cue_by_cue(sqlite_store: Store) -> None:
    live, story = await a_day(sqlite_store)
    acts, section = await with_a_section(sqlite_store, live)
    await acts.story(section, story)
    await acts.note(section, "Break")
    planned = await acts.ask(section, "Was it fair?", ["Yes", "No"], "approval", none=True)
    desk = Desk(sqlite_store, CLOCK)
    kinds = []
    for item in planned.plan.items:
        cue = (await next_up(sqlite_store, live, item.id)).cue
        assert cue.item == item.id
        kinds.append((cue.kind, cue.replay))
        if cue.kind == "question" and cue.round:
            await facilitation.open_round(desk, live.id, cue.round)
            with pytest.raises(IllegalMove):
                await next_up(sqlite_store, live, planned.plan.items[0].id)
            await facilitation.close_round(desk, live.id, cue.round)
            await facilitation.reveal_round(desk, live.id, cue.round)
    assert kinds == [
        ("scene", False),
        ("scene", False),
        ("question", False),
        ("scene", True),
        ("question", False),
        ("note", False),
        ("question", False),
    ]
    async with sqlite_store.read() as work:
        asked = await work.rounds.list_rounds(live.id)
    assert [(r.kind, r.method) for r in asked] == [
        ("first vote", "single"),
        ("vote after replay", "single"),
        ("first vote", "approval"),
    ]
    # A question that was asked is shown again, not asked anew.
    shown = await next_up(sqlite_store, live, planned.plan.items[-1].id)
    assert (shown.cue.kind, shown.cue.round) == ("result", asked[-1].id)
    assert shown.cue.seen == (story,)


async def test_a_console_that_is_behind_does_not_go_on_from_where_it_was(sqlite_store: Store) -> None:
    live, _ = await a_day(sqlite_store)
    acts, section = await with_a_section(sqlite_store, live)
    for words in ("One", "Two", "Three"):
        planned = await acts.note(section, words)
    one, two, three = (item.id for item in planned.plan.items)
    await take_step(Desk(sqlite_store, CLOCK), live.id, Step(one, ""))
    await take_step(Desk(sqlite_store, CLOCK), live.id, Step(two, one))
    with pytest.raises(IllegalMove):
        await take_step(Desk(sqlite_store, CLOCK), live.id, Step(three, one))
    # The same button pressed twice is no harm.
    assert (await take_step(Desk(sqlite_store, CLOCK), live.id, Step(two, one))).session.cue.words == "Two"
    with pytest.raises(NotFound):
        await take_step(Desk(sqlite_store, CLOCK), live.id, Step(new_id(), two))


async def test_the_programme_goes_on_to_a_replay_that_was_put_up_by_hand(sqlite_store: Store) -> None:
    live, story = await a_day(sqlite_store)
    acts, section = await with_a_section(sqlite_store, live)
    [item] = (await acts.cue(section, f"replay|{story}|{HALL}")).plan.items
    await cues.show_scene(Desk(sqlite_store, CLOCK), live.id, story, HALL, replay=True)
    before = await now(sqlite_store, live)
    await next_up(sqlite_store, live, item.id)
    after = await now(sqlite_store, live)
    assert after.cue.item == item.id
    assert after.cue.showing == before.cue.showing, "the same playing goes on"
    # The same button pressed twice is no harm.
    await take_step(Desk(sqlite_store, CLOCK), live.id, Step(item.id, ""))
    assert await now(sqlite_store, live) == after


async def test_nobody_votes_again_on_what_was_never_put(sqlite_store: Store) -> None:
    live, story = await a_day(sqlite_store)
    acts, section = await with_a_section(sqlite_store, live)
    planned = await acts.cue(section, f"again|{story}|{VOTE}")
    with pytest.raises(IllegalMove):
        await take_step(Desk(sqlite_store, CLOCK), live.id, Step(planned.plan.items[0].id, ""))
    assert (await now(sqlite_store, live)).cue.kind == "welcome"
