"""The page "My day": what was asked and what came of it, the same for everybody, at the address of the day."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from support.app import House, a_house, words
from support.changed_rows import change
from support.decided import ANSWERS, dissented
from support.factories import CLOCK, SetClock, a_commission, a_session, new_id, store_declared_session
from support.live_house import LiveHouse
from support.voted_session import COMMISSIONER, FIRST, LABELS, QUESTION, SECOND, Voted, a_vote, required

from forum.services import commitments, decision_corrections, decisions, noticed, stages
from forum.services.commitments import UpdateForm
from forum.services.decision_form import DecisionForm, Promise
from forum.services.noticed import link_of_follower
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.services.stories import moderation
from forum.sessions.session import LiveSession
from forum.store import SqlStore, tables
from forum.stories.scenario_twee import parse
from forum.stories.submission import StoryStatus
from forum.voting.commission import Commission
from forum.voting.decision import Decision
from forum.voting.noticed import Noticed

ON_SCREEN = "What is shown here does not agree with the record"
PROMISE = Promise("Head of nights", "Two nurses on every night", "2099-06-30")


async def decided(house: House, voted: Voted, **changes: Any) -> Decision:
    form = DecisionForm(
        voted.rounds,
        outcome="adopted",
        response="r2",
        rationale="It is near.",
        why="They asked.",
        answers=ANSWERS,
        promises=(PROMISE,),
    )
    form = replace(form, **changes)
    return await decisions.decide(house.store, CLOCK, COMMISSIONER, form)


async def asked(house: House, voted: Voted, question: str) -> str:
    """Asks, counts and shows one more question without any votes; returns its round."""
    round_ = (await cues.ask_question(voted.desk, voted.live.id, question, LABELS, none=True)).round
    assert round_ is not None
    for act in (facilitation.open_round, facilitation.close_round, facilitation.reveal_round):
        await act(voted.desk, voted.live.id, round_.id)
    return round_.id


async def test_it_shows_what_was_asked_and_what_came_of_it_to_everybody_alike(house: House) -> None:
    voted = await a_vote(house.store, FIRST, SECOND)
    other = await a_vote(house.store)
    path = f"/s/{voted.live.code}"
    there = LiveHouse(house, voted.live)
    phone = await there.join()
    async with house.browser() as stranger:
        before = words(await stranger.get(f"{path}/day"))
        assert "This session is still on." in before
        assert "Now these people decide: The joint board." in before
        made = await decided(house, voted)
        await decisions.decide(
            house.store,
            CLOCK,
            COMMISSIONER,
            DecisionForm(other.rounds, outcome="adopted", response="r1", rationale="Of another day", answers=ANSWERS),
        )
        said = UpdateForm(state="done", said="The first night was calm.")
        await commitments.update(house.store, CLOCK, COMMISSIONER, made.commitments[0].id, said)
        annulled = await asked(house, voted, "Asked by mistake")
        await facilitation.annul_round(voted.desk, voted.live.id, annulled, "It was asked wrongly.")
        await facilitation.end(voted.desk, voted.live.id)

        page = await stranger.get(f"{path}/day")
        assert (await phone.get(f"{path}/day")).text == page.text
        for expected in (
            QUESTION,
            "The room preferred “The police”",
            "It is near.",
            "Two nurses on every night",
            "calm",
        ):
            assert expected in words(page), expected
        for id_ in voted.rounds:
            assert f'data-round="{id_}"' in page.text
        for never in ("Asked by mistake", "Of another day", annulled, *voted.people):
            assert never not in page.text
        assert page.text.index("calm") < page.text.index("It is near.")
        # The phone's own page leads to it; once nobody's phone is known any more, the address of the day is it.
        assert f'href="{path}/day"' in (await phone.get(path)).text
        async with house.store.begin() as work:
            await work.sessions.forget_devices(voted.live.id)
        for browser in (phone, stranger):
            assert words(await browser.get(path)) == words(page)


async def test_what_is_late_and_what_was_said_later_is_on_it_and_on_the_page_of_whoever_told_the_story(
    tmp_path: Path, sqlite_template: Path
) -> None:
    clock = SetClock(CLOCK.now())
    async with a_house(tmp_path, sqlite_template, clock=clock) as house, house.browser() as anybody:
        store = house.store
        voted, commission, key = await on_a_story(house)
        pages = (f"/s/{voted.live.code}/day", f"/my-story/{key}")

        async def shown() -> list[str]:
            return [words(await anybody.get(page)) for page in pages]

        clock.move(days=40)
        for page in await shown():
            assert "Late by 12 days To be answered by" in page
        promise = replace(PROMISE, by=SetClock(CLOCK.now()).later(days=5)[:10])
        made = await decided(house, voted, response="r1", promises=(promise,))
        for page in await shown():
            assert "Late by 12 days" not in page
            assert "Late by 35 days No news yet" in page
            assert "No news for 90 days" not in page
        await dissented(store, made.id)
        right = decision_corrections.CorrectionForm("", "It is half a mile away.", "We measured it.")
        await decision_corrections.correct(store, CLOCK, COMMISSIONER, made.id, right)
        said = UpdateForm(state="partly", said="One nurse.")
        asking = await commitments.update(store, CLOCK, COMMISSIONER, made.commitments[0].id, said)
        for _ in range(15):
            link = link_of_follower(b"s", asking.id)
            await noticed.answer(store, CLOCK, b"s", asking.commitment, link, Noticed.YES)
        await stages.move(
            store, CLOCK, commission.id, stages.MoveForm(seen="1", to="monitor", learnt="Nights are hard.")
        )
        await noticed.count_ended(store, clock)
        clock.move(days=60)
        for page in await shown():
            for expected in (
                "It is half a mile away. Why: We measured it.",
                "Late by 95 days Partly done No news for 90 days Of about 15 people who follow it",
                "Nurses says what it holds against a decision. It was decided: ",
                "Statement: It leaves us out.",
                "What was learnt: Nights are hard.",
            ):
                assert expected in page
            # Beside the latest news of a promise alone, and of what was before the session nothing.
            assert page.count("Partly done No news") == 1
            assert "Too early" not in page
        # In a record that was damaged the rest is shown all the same.
        assert isinstance(store, SqlStore)
        move = sa.select(sa.func.max(tables.entry.c.position) - 1).scalar_subquery()
        await change(store, tables.entry.c.position == move, tables.entry, body=b"{}")
        for page in await shown():
            assert "Late by 95 days" in page
            assert "Nights are hard." not in page


async def on_a_story(house: House) -> tuple[Voted, Commission, str]:
    """Puts the question of a story in a session before which the work was moved; returns the vote, its commission, and
    the story's private key."""
    commission = await house.commission()
    await stages.move(house.store, CLOCK, commission.id, stages.MoveForm(seen="0", to="secure", learnt="Too early"))
    sent, key = await house.story(commission)
    story = await house.moderated(sent, "accept")
    live = a_session(commission, scenarios=(story.id,))
    await store_declared_session(house.store, commission, live, ())
    desk = Desk(house.store, CLOCK)
    round_ = required((await cues.put_question(desk, live.id, story.id, parse(story.twee).decisions[0].name)).round)
    for act in (facilitation.open_round, facilitation.close_round, facilitation.reveal_round):
        await act(desk, live.id, round_.id)
    return Voted(live, desk, (), (round_.id,)), commission, key


async def test_what_is_held_back_or_taken_down_is_not_on_it(house: House) -> None:
    voted = await a_vote(house.store, FIRST)
    await decided(house, voted)
    day = f"/s/{voted.live.code}/day"
    async with house.browser() as anybody:
        assert QUESTION in words(await anybody.get(day))
        live = replace(voted.live, held=voted.rounds)
        async with house.store.begin() as work:
            await work.sessions.save_session(live)
        shown = words(await anybody.get(day))
        assert QUESTION not in shown
        assert "No result has been shown yet." in shown
        async with house.store.begin() as work:
            await work.sessions.save_session(replace(live, held=(), recorded=False))
        shown = words(await anybody.get(day))
        assert "Nothing of it is in the record" in shown
        assert "It is near." not in shown


async def test_the_question_of_a_story_that_was_taken_down_is_not_on_it(house: House) -> None:
    voted = await a_vote(house.store, FIRST)
    async with house.store.read() as work:
        commission = await work.commissions.get_commission(voted.live.commission)
    story, _key = await house.story(commission)
    public = await house.moderated(story, "accept")
    scene = parse(public.twee).decisions[0]
    async with house.store.begin() as work:
        live = await work.sessions.get_session(voted.live.id)
        await work.sessions.save_session(replace(live, scenarios=(story.id,)))
    round_ = (await cues.put_question(voted.desk, voted.live.id, story.id, scene.name)).round
    assert round_ is not None
    for act in (facilitation.open_round, facilitation.close_round, facilitation.reveal_round):
        await act(voted.desk, voted.live.id, round_.id)
    day = f"/s/{voted.live.code}/day"
    async with house.browser() as anybody:
        assert round_.id in (await anybody.get(day)).text
        await moderation.moderate(
            house.store, CLOCK, story.id, "take down", because="A name.", expected_status=StoryStatus.ACCEPTED
        )
        shown = await anybody.get(day)
        assert round_.id not in shown.text
        assert round_.question not in words(shown)
        assert voted.rounds[0] in shown.text
        for code in ("000000", "x" * 300, new_id()):
            assert (await anybody.get(f"/s/{code}/day")).status_code == 404


async def test_the_lobby_of_the_next_session_says_what_happened_last_time(house: House) -> None:
    voted = await a_vote(house.store, FIRST, SECOND)
    rehearsed = await a_vote(house.store, FIRST, recorded=False, rehearsal=True)
    made = await decided(house, voted)
    await decided(house, rehearsed)
    said = UpdateForm(state="partly", said="The first night was calm.")
    await commitments.update(house.store, CLOCK, COMMISSIONER, made.commitments[0].id, said)
    async with house.store.begin() as work:
        commission = await work.commissions.get_commission(voted.live.commission)
        empty = a_commission()
        live, other = a_session(commission), a_session(empty)
        await work.sessions.add_session(live)
        await work.commissions.add_commission(empty)
        await work.sessions.add_session(other)
        again = a_session(await work.commissions.get_commission(rehearsed.live.commission))
        await work.sessions.add_session(again)
    there = LiveHouse(house, live)
    async with house.browser() as anybody:

        async def lobby(of: LiveSession) -> list[str]:
            """Returns the words of the page on which people join, of a phone that has, and of the big screen."""
            phone = await LiveHouse(house, of).join()
            pages = [await anybody.get(f"/s/{of.code}"), await phone.get(f"/s/{of.code}")]
            pages.append(await anybody.get(f"/projector/{of.projector}"))
            return [words(page) for page in pages]

        for shown in await lobby(live):
            assert "What happened last time" in shown
            assert "“The police” is adopted." in shown
            assert "Two nurses on every night: Partly done" in shown.replace(" :", ":"), (
                "its words may be a box of their own"
            )
        for of in (other, again, voted.live):
            assert not any("What happened last time" in shown for shown in await lobby(of))
        # A promise whose row was changed by hand is told of on the screens of the lobby too.
        assert isinstance(house.store, SqlStore)
        await change(house.store, sa.true(), tables.commitment, what="Nothing at all")
        await there.changed()
        assert all(ON_SCREEN in shown for shown in (await lobby(live))[1:])
        await cues.show_note(there.acts, live.id, "We begin.")
        await there.changed()
        assert not any("What happened last time" in shown for shown in await lobby(live))
