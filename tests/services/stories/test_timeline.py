"""Timeline of a story: every step for its writer, only what is public for everybody else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from support.app import a_sent_story
from support.async_round import a_form, an_answered_round
from support.decided import ANSWERS
from support.factories import CLOCK, SetClock, a_cast, a_commission, a_session, new_id
from support.voted_session import COMMISSIONER, FIRST, PEOPLE, SECOND, a_vote, required

from forum.errors import NotFound
from forum.ports import Store
from forum.ports.mail import MailState, Subscription
from forum.services import commitments, decisions
from forum.services.commitments import UpdateForm
from forum.services.decision_form import DecisionForm, Promise
from forum.services.sessions import asynchronous, cues, facilitation
from forum.services.sessions.desk import Desk
from forum.services.stories import appeals_and_reports, moderation, submissions, timeline
from forum.services.stories.timeline import Event
from forum.sessions.session import LiveSession, Participant
from forum.stories.scenario_twee import parse
from forum.stories.submission import Submission
from forum.voting.commission import Commission
from forum.voting.commitment import Commitment
from forum.voting.decision import Decision, DecisionOutcome
from forum.web.words.letters import MailLetters
from forum.web.words.timeline import told

MO = new_id()


async def a_story(store: Store, title: str = "The third knock", **changes: Any) -> tuple[Commission, Submission, str]:
    commission = a_commission(**changes)
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    story, key = await submissions.submit(store, CLOCK, commission.id, a_sent_story(title))
    return commission, story, key


async def do(store: Store, story: Submission, action: str, because: str = "") -> Submission:
    async with store.read() as work:
        now = await work.stories.get_story(story.id)
    return await moderation.moderate(store, CLOCK, story.id, action, because=because, expected_status=now.status, by=MO)


async def played(
    store: Store, commission: Commission, story: Submission, *votes: Iterable[str], annul: str = "", **changes: Any
) -> tuple[LiveSession, list[str]]:
    """Makes a session in which the story's question was put to PEOPLE, once or twice; returns it with the ids of its
    rounds."""
    live = a_session(commission, scenarios=(story.id,), **changes)
    people = [Participant(new_id(), live.id, group, CLOCK.now()) for group in PEOPLE]
    async with store.begin() as work:
        await work.sessions.add_session(live)
        for person in people:
            await work.sessions.join(person, new_id() * 2)
    desk = Desk(store, CLOCK)
    scene = parse(story.twee).decisions[0].name
    rounds: list[str] = []
    for choices in votes:
        outcome = await (
            cues.put_second_vote(desk, live.id, rounds[0])
            if rounds
            else cues.put_question(desk, live.id, story.id, scene)
        )
        round_ = required(outcome.round)
        rounds.append(round_.id)
        await facilitation.open_round(desk, live.id, round_.id)
        async with store.begin() as work:
            await work.rounds.cast([a_cast(round_.id, p.id, c) for p, c in zip(people, choices, strict=False)])
        await facilitation.close_round(desk, live.id, round_.id)
        await facilitation.reveal_round(desk, live.id, round_.id)
    if annul:
        await facilitation.annul_round(desk, live.id, rounds[-1], annul)
    return live, rounds


async def decided(store: Store, commission: Commission, rounds: Iterable[str]) -> Decision:
    id_ = new_id()
    promises = tuple(Commitment(new_id(), id_, role, "Hire two people", "2027-03-31") for role in ("Trust", "Council"))
    decision = Decision(
        id_,
        commission.id,
        tuple(rounds),
        DecisionOutcome.ADOPTED,
        "r2",
        "It works.",
        decided_at=CLOCK.now(),
        commitments=promises,
    )
    async with store.begin() as work:
        await work.decisions.add_decision(decision)
    return decision


async def life(store: Store, story: Submission) -> list[Event]:
    async with store.read() as work:
        return await timeline.life(work, await work.stories.get_story(story.id))


async def public(store: Store, story: Submission) -> list[Event]:
    async with store.read() as work:
        commission = await work.commissions.get_commission(story.commission)
        return await timeline.public_life(work, await work.stories.get_story(story.id), commission)


def kinds(events: Iterable[Event]) -> list[str]:
    return [event.kind for event in events]


async def test_a_writer_sees_every_step_with_its_reason(sqlite_store: Store) -> None:
    _, story, key = await a_story(sqlite_store)
    assert kinds(await life(sqlite_store, story)) == ["received"]
    await do(sqlite_store, story, "return", "Please use no names.")
    await appeals_and_reports.appeal(sqlite_store, CLOCK, key, "There are none.")
    await submissions.resubmit(sqlite_store, CLOCK, key, a_sent_story())
    await do(sqlite_store, story, "accept")
    events = await life(sqlite_store, story)
    assert kinds(events) == ["received", "moderated", "appealed", "received", "moderated"]
    assert [event.again for event in events if event.kind == "received"] == [False, True]
    assert [(e.act.action, e.act.because) for e in events if e.act] == [
        ("returned", "Please use no names."),
        ("accepted", ""),
    ]
    assert [e.appeal.words for e in events if e.appeal] == ["There are none."]
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert len({event.id for event in events}) == len(events)


async def test_what_was_answered_alone_is_told_with_until_when_and_what_came_of_it(sqlite_store: Store) -> None:
    clock = SetClock()
    night = await an_answered_round(sqlite_store, clock)
    [opened] = [event for event in await public(sqlite_store, night.story) if event.kind == "played"]
    assert opened.session == night.live
    assert opened.round == night.round
    acts = asynchronous.desk(sqlite_store, clock)
    await facilitation.close_round(acts, night.live.id, night.round.id)
    await facilitation.reveal_round(acts, night.live.id, night.round.id)
    events = await public(sqlite_store, night.story)
    assert kinds(events) == ["published", "played", "voted"]
    assert events[-1].result is not None
    assert events[-1].result.n == len(night.people)
    rehearsed = await asynchronous.open_round(
        sqlite_store, clock, a_form(clock, night.story, rehearsal=True, title="A trial")
    )
    assert rehearsed.id not in {e.session.id for e in await life(sqlite_store, night.story) if e.session}


async def test_from_the_stage_to_the_promise(sqlite_store: Store) -> None:
    commission, story, _ = await a_story(sqlite_store)
    await do(sqlite_store, story, "accept")
    live, rounds = await played(sqlite_store, commission, story, FIRST, SECOND)
    decision = await decided(sqlite_store, commission, rounds)
    events = await public(sqlite_store, story)
    assert kinds(events) == ["published", "played", "voted", "voted", "decided", "promised", "promised"]
    assert {e.session.id for e in events if e.session} == {live.id}
    first, second = (e.result for e in events if e.result)
    assert first is not None
    assert second is not None
    assert (first.n, second.n) == (19, 19)
    # The police are two and "prefer not to say" is one: neither is a row of its own, nor are the carers then.
    assert [row.label for row in first.rows] == ["People who use services", "Nurses", "other groups"]
    assert [e.decision for e in events if e.kind == "decided"] == [decision]
    assert [e.commitment.role for e in events if e.commitment] == ["Trust", "Council"]
    assert kinds(await life(sqlite_store, story))[-6:] == kinds(events)[1:]
    # The ids are the same in every list, and each time.
    again = {e.id for e in await public(sqlite_store, story)}
    assert {e.id for e in events} == again
    assert len(again) == len(events)


async def test_what_is_not_recorded_or_not_shown_is_told_to_nobody(sqlite_store: Store) -> None:
    commission, story, _ = await a_story(sqlite_store)
    await do(sqlite_store, story, "accept")
    await played(sqlite_store, commission, story, FIRST, recorded=False)
    desk = Desk(sqlite_store, CLOCK)
    live = a_session(commission, scenarios=(story.id,))
    async with sqlite_store.begin() as work:
        await work.sessions.add_session(live)
    round_ = required((await cues.put_question(desk, live.id, story.id, parse(story.twee).decisions[0].name)).round)
    assert kinds(await public(sqlite_store, story)) == ["published"]
    await facilitation.open_round(desk, live.id, round_.id)
    await facilitation.close_round(desk, live.id, round_.id)
    assert kinds(await public(sqlite_store, story)) == ["published", "played"]


async def test_an_annulled_vote_is_told_without_its_result(sqlite_store: Store) -> None:
    commission, story, _ = await a_story(sqlite_store)
    await do(sqlite_store, story, "accept")
    await played(sqlite_store, commission, story, FIRST, annul="The screen was dark.")
    events = await public(sqlite_store, story)
    assert kinds(events) == ["published", "played", "vote annulled"]
    assert all(event.result is None for event in events)


async def test_a_small_room_shows_no_groups(sqlite_store: Store) -> None:
    commission, story, _ = await a_story(sqlite_store)
    await do(sqlite_store, story, "accept")
    await played(sqlite_store, commission, story, FIRST[:7])
    (voted,) = [e for e in await public(sqlite_store, story) if e.kind == "voted"]
    assert voted.result is not None
    assert voted.result.rows == ()
    assert voted.result.n == 7


async def test_a_story_that_is_not_public_has_no_public_life(sqlite_store: Store) -> None:
    commission, story, _ = await a_story(sqlite_store)
    with pytest.raises(NotFound):
        await public(sqlite_store, story)
    await do(sqlite_store, story, "accept")
    await played(sqlite_store, commission, story, FIRST)
    await do(sqlite_store, story, "take down", "It names a street.")
    with pytest.raises(NotFound):
        await public(sqlite_store, story)
    assert kinds(await life(sqlite_store, story))[-1] == "moderated"
    assert "played" in kinds(await life(sqlite_store, story))


async def test_two_stories_of_a_commission_do_not_mix(sqlite_store: Store) -> None:
    commission, story, _ = await a_story(sqlite_store)
    other, _ = await submissions.submit(sqlite_store, CLOCK, commission.id, a_sent_story("On the ward"))
    for one in (story, other):
        await do(sqlite_store, one, "accept")
    _, rounds = await played(sqlite_store, commission, story, FIRST)
    await decided(sqlite_store, commission, rounds)
    assert kinds(await public(sqlite_store, other)) == ["published"]
    assert kinds(await public(sqlite_store, story))[1:4] == ["played", "voted", "decided"]


async def test_a_writer_is_told_where_a_decision_or_a_promise_on_another_vote_names_their_story(
    sqlite_store: Store,
) -> None:
    voted = await a_vote(sqlite_store, FIRST)
    about = voted.live.commission
    story, _ = await submissions.submit(sqlite_store, CLOCK, about, a_sent_story("The third knock"))
    other, _ = await submissions.submit(sqlite_store, CLOCK, about, a_sent_story("On the ward"))
    for one in (story, other):
        await do(sqlite_store, one, "accept")
    promises = (
        Promise("The trust", "Two nurses on every night", "2099-06-30", f"https://forum.example/stories/{story.id}"),
        Promise("The council", "A warm room", "2099-06-30", "Nobody waits in the cold."),
    )
    form = DecisionForm(
        voted.rounds,
        outcome="adopted",
        response="r1",
        rationale="It is near.",
        answers=ANSWERS,
        promises=promises,
        told={"evidence": f"The minutes of May, and https://forum.example/stories/{story.id}?lang=cy"},
    )
    made = await decisions.decide(sqlite_store, CLOCK, COMMISSIONER, form)
    for promise, said in zip(made.commitments, ("The first night was calm.", "The room is warm."), strict=True):
        news = UpdateForm(state="on track", said=said)
        await commitments.update(sqlite_store, CLOCK, COMMISSIONER, promise.id, news)

    events = await life(sqlite_store, story)
    assert kinds(events)[-3:] == ["decided", "promised", "updated"]
    assert kinds(await public(sqlite_store, story)) == ["published", "decided", "promised", "updated"]
    assert kinds(await life(sqlite_store, other))[-1] == "moderated"
    decision, promised, moved = (told(event) for event in events[-3:])
    assert decision.title.startswith("A decision on another vote names this story as evidence: “A nurse")
    assert decision.link == f"/decisions/{made.id}"
    for line in (promised, moved):
        assert "Two nurses on every night" in line.text
        assert "This answers the story “The third knock”." in line.text
    assert "The first night was calm." in moved.plain
    to = Subscription(new_id(), story.id, "a@example.org", new_id(), MailState.CONFIRMED, "", "", "", "", "")
    letter = MailLetters("https://forum.example").news(to, story, events[-3:], CLOCK.now())
    assert "A decision on another vote names it as evidence." in letter.text
    assert f"https://forum.example/promises/{made.commitments[0].id}" in letter.text
    assert "Two nurses" not in letter.text
