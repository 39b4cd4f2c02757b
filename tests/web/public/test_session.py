"""The public page of a live session: what was asked in its order, what came out, and what was decided on it."""

from __future__ import annotations

from dataclasses import replace

from support.app import House, words
from support.decided import ANSWERS
from support.factories import CLOCK, a_commission, a_session, new_id, store_declared_session
from support.voted_session import COMMISSIONER, FIRST, LABELS, QUESTION, SECOND, Voted, a_vote, required

from forum.services import decisions
from forum.services.decision_form import DecisionForm, Promise
from forum.services.sessions import care, cues, facilitation, public_session
from forum.services.sessions.desk import Desk
from forum.sessions.stop import Stop, StopState
from forum.stories.scenario_twee import parse
from forum.voting.reason import Reason, ReasonState

PROMISE = Promise("Head of nights", "Two nurses on every night", "2099-06-30")


async def asked(house: House, voted: Voted, question: str) -> str:
    """Asks, counts and shows one more question without any votes; returns its round."""
    round_ = required((await cues.ask_question(voted.desk, voted.live.id, question, LABELS, none=True)).round)
    for act in (facilitation.open_round, facilitation.close_round, facilitation.reveal_round):
        await act(voted.desk, voted.live.id, round_.id)
    return round_.id


async def test_it_tells_what_was_asked_in_its_order_with_what_came_out_and_what_was_decided(house: House) -> None:
    voted = await a_vote(house.store, FIRST, SECOND, declared=True)
    page = f"/sessions/{voted.live.id}"
    annulled = await asked(house, voted, "Asked by mistake")
    await facilitation.annul_round(voted.desk, voted.live.id, annulled, "It was put wrongly.")
    await asked(house, voted, "And who rings back?")
    form = DecisionForm(
        voted.rounds, outcome="adopted", response="r2", rationale="It is near.", answers=ANSWERS, promises=(PROMISE,)
    )
    made = await decisions.decide(house.store, CLOCK, COMMISSIONER, form)
    async with house.browser() as anybody:
        read = words(await anybody.get(page))
        assert "people came" not in read, "as long as it goes on their number changes"
        await facilitation.end(voted.desk, voted.live.id)
        answer = await anybody.get(page)
        read = words(answer)
        told = [read.index(text) for text in ("1 · Vote", "2 · Vote after the replay", "3 · Vote", "4 · Vote")]
        assert told == sorted(told)
        for expected in (
            "Ended", "19 people came", "A leads: 10 of 19",
            "B leads: 11 of 19", "Equal voice", "Who changed their view", "It is near.",
            "Two nurses on every night", "No news yet", "It was put wrongly.", "Check it in the record",
        ):  # fmt: skip
            assert expected in read, expected
        assert answer.text.count("<svg") > 2, "who changed their view is a picture too"
        for link in (
            f"/decisions/{made.id}",
            f"/promises/{made.commitments[0].id}",
            f"/record/entries?session={voted.live.id}",
        ):
            assert f'href="{link}"' in answer.text, link
        # It is found from the commission, the record, the phones and the day's own page.
        for place in (f"/commissions/{voted.live.commission}", "/record/0", f"/s/{voted.live.code}/day"):
            assert f'href="{page}"' in (await anybody.get(place)).text, place
        wall = (await anybody.get(f"/projector/{voted.live.projector}")).text
        assert "QR code with the link to what was asked" in wall
        assert (await anybody.get(f"/sessions/{new_id()}")).status_code == 404


async def test_what_was_not_shown_is_not_on_it(house: House) -> None:
    voted = await a_vote(house.store, FIRST, declared=True, reasons={0: "A nurse knows me"})
    live, desk, page = voted.live, voted.desk, f"/sessions/{voted.live.id}"
    await care.set_badges(desk, live.id, off=True)
    held = await asked(house, voted, "With badges off?")
    closed = required((await cues.ask_question(desk, live.id, "Never shown?", LABELS, none=True)).round)
    await facilitation.open_round(desk, live.id, closed.id)
    async with house.browser() as anybody:
        read = words(await anybody.get(page))
        assert "Badges are off in this session" in read
        assert "Voting is open" in read
        assert "A nurse knows me" not in read, "they were told that nobody else reads it"
        assert "Nobody voted" not in read
        await facilitation.close_round(desk, live.id, closed.id)
        await facilitation.end(desk, live.id)
        read = words(await anybody.get(page))
        assert "Never shown? The result was not shown." in read
        # Badges are on again with the end.
        assert "Nobody voted" in read
        assert held not in read


async def test_reasons_and_stops_stand_on_it_as_they_stood_on_the_screens(house: House) -> None:
    voted = await a_vote(house.store, FIRST, declared=True)
    first, people = voted.rounds[0], voted.people
    async with house.store.begin() as work:
        given = [
            Reason(new_id(), first, people[n], "g1", "r1", f"Reason {n}", "", CLOCK.now(), ReasonState.SHOWN)
            for n in range(public_session.MOST_REASONS + 2)
        ]
        given[1] = replace(given[1], words="Not for all", state=ReasonState.HIDDEN)
        given[2] = replace(given[2], words="Not yet", state=ReasonState.WAITING)
        await work.reasons.add_reasons(given)
        for person in people[:3]:
            await work.reasons.too(given[-1].id, person, on=True)
        await work.reasons.too(given[0].id, people[5], on=True)
    async with house.browser() as anybody:
        answer = await anybody.get(f"/sessions/{voted.live.id}")
        read = words(answer)
        assert f"{public_session.MOST_REASONS} reasons that were given" in read
        assert read.index(given[-1].words) < read.index("3 said: me too") < read.index("Reason 0")
        assert "Not for all" not in read
        assert "Not yet" not in read
        assert not any(person in answer.text for person in people)
        assert "People who use services" not in read[read.index("reasons that were given") :], "no group beside one"


async def test_words_of_a_story_that_nobody_may_read_any_more_are_not_on_it(house: House) -> None:
    commission = await house.commission()
    story = await house.moderated((await house.story(commission))[0], "accept")
    live, desk = a_session(commission, scenarios=(story.id,)), Desk(house.store, CLOCK)
    await store_declared_session(house.store, commission, live, [])
    round_ = required((await cues.put_question(desk, live.id, story.id, parse(story.twee).decisions[0].name)).round)
    for act in (facilitation.open_round, facilitation.close_round, facilitation.reveal_round):
        await act(desk, live.id, round_.id)
    stop = Stop(new_id(), live.id, new_id(), CLOCK.now(), story.id, "The hall", CLOCK.now(), how="Knock louder")
    async with house.store.begin() as work:
        await work.stops.add_stop(replace(stop, state=StopState.DONE, taken_at=CLOCK.now()))
        await work.stops.add_stop(replace(stop, id=new_id(), how="Nobody took this one"))
    async with house.browser() as anybody:
        read = words(await anybody.get(f"/sessions/{live.id}"))
        assert round_.question in read
        assert "Knock louder" in read
        assert "Nobody took this one" not in read
        await house.moderated(story, "take down", "A name")
        read = words(await anybody.get(f"/sessions/{live.id}"))
        assert "A question about a story that is not public any more" in read
        assert round_.question not in read
        assert "Knock louder" not in read


async def test_a_rehearsal_shows_nothing_and_many_questions_are_paged(house: House) -> None:
    voted = await a_vote(house.store, FIRST, declared=True)
    for number in range(public_session.A_PAGE):
        await asked(house, voted, f"Question {number}?")
    commission = a_commission()
    trial = a_session(commission, recorded=False, rehearsal=True)
    async with house.store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.sessions.add_session(trial)
    async with house.browser() as anybody:
        read = words(await anybody.get(f"/sessions/{voted.live.id}"))
        assert QUESTION in read
        assert f"Question {public_session.A_PAGE - 1}?" not in read
        for number in (2, 99):
            read = words(await anybody.get(f"/sessions/{voted.live.id}?page={number}"))
            assert f"{public_session.A_PAGE + 1} · Vote" in read
            assert QUESTION not in read
        assert "nothing of it stands here" in words(await anybody.get(f"/sessions/{trial.id}"))
