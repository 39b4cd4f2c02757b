"""The work list of those who decide, on each database: which votes, drafts, promises and decisions stand in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from support.factories import CLOCK, a_room, new_id
from support.voted_session import COMMISSIONER, FIRST, LABELS, PEOPLE, SECOND, Voted, a_vote, required

from forum.ports import Store
from forum.ports.work_list import SEALED, Section, Wanted, WorkLine
from forum.services import predictions
from forum.services.predictions import PredictionForm
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.voting.answer_due import AnswerMove
from forum.voting.commission import DecisionPower
from forum.voting.commitment import Commitment, CommitmentState, Update
from forum.voting.decision import Correction, Decision, DecisionOutcome, DecisionState
from forum.voting.decision_draft import DecisionDraft

DAY = "2026-06-15"
WRITER, READER = new_id(), new_id()
# Nobody said within how many days they answer a vote.
UNDATED = DecisionPower("co-design", "The joint board", "Who answers the call", "The budget")


async def listed(store: Store, section: Section, **wanted: Any) -> list[WorkLine]:
    """Returns every line of a section, whose number is its count."""
    asked = Wanted(**({"commissions": None, "person": READER, "today": DAY} | wanted))
    async with store.read() as work:
        number, found = await work.work_list.lines(section, asked, 0, 100)
        assert number == len(found)
        for start, most in ((0, 0), (1, 1), (number, 1)):
            assert await work.work_list.lines(section, asked, start, most) == (number, found[start : start + most])
    return found


async def ids(store: Store, section: Section, **wanted: Any) -> list[str]:
    return [one.id for one in await listed(store, section, **wanted)]


async def decide(store: Store, voted: Voted, outcome: str, entry: int = 1, **changes: Any) -> Decision:
    """Stores a decision on the votes of a session, without its entry in the record."""
    made = Decision(
        new_id(),
        voted.live.commission,
        voted.rounds,
        DecisionOutcome(outcome),
        None,
        "Because",
        decided_at=CLOCK.now(),
        entry=entry,
    )
    made = replace(made, **changes)
    async with store.begin() as work:
        await work.decisions.add_decision(made)
    return made


async def test_a_vote_waits_until_it_is_answered_by_the_day_it_was_put_off_to_last(store: Store) -> None:
    undated = await a_vote(store, power=UNDATED)
    late = await a_vote(store, FIRST, SECOND, declared=True)
    moved = await a_vote(store, declared=True)
    annulled = await a_vote(store)
    rehearsed = await a_vote(store, rehearsal=True, recorded=False)
    closed = CLOCK.now()[:10]
    declared = (date.fromisoformat(closed) + timedelta(days=28)).isoformat()
    async with store.begin() as work:
        for day, entry in (("2126-05-01", 7), ("2126-04-20", 9)):
            await work.decisions.add_answer_move(
                AnswerMove(new_id(), moved.rounds[0], declared, day, "Ill", CLOCK.now(), entry)
            )
        round_ = await work.rounds.get_round(annulled.rounds[0], lock=True)
        await work.rounds.save_round(replace(round_, state="annulled"))  # type: ignore[arg-type]
    waiting = await listed(store, Section.WAITING)
    assert [(one.id, one.day, one.first) for one in waiting] == [
        (late.rounds[1], declared, late.rounds[0]),
        (moved.rounds[0], "2126-04-20", ""),
        (undated.rounds[0], "", ""),
    ]
    assert {one.since for one in waiting} == {closed}
    assert rehearsed.rounds[0] in await ids(store, Section.WAITING, rehearsals=True)

    await decide(store, moved, "deferred", entry=12, until="2026-03-20")
    await decide(store, late, "acknowledged", entry=13)
    assert (await listed(store, Section.WAITING))[0].day == "2026-03-20"
    assert len(await listed(store, Section.WAITING)) == 3
    # Answered by name, or as one of the votes on its question.
    await decide(store, moved, "adopted", votes=(*moved.rounds, *undated.rounds))
    assert await ids(store, Section.WAITING) == [late.rounds[1]]
    await decide(store, late, "not adopted")
    assert await ids(store, Section.WAITING) == []


async def test_a_vote_whose_result_is_held_waits_only_where_an_answer_is_due(store: Store) -> None:
    due, undated = await a_vote(store, declared=True), await a_vote(store, FIRST, SECOND, power=UNDATED)
    async with store.begin() as work:
        for voted in (due, undated):
            live = await work.sessions.get_session(voted.live.id, lock=True)
            await work.sessions.save_session(replace(live, held=(voted.rounds[-1],)))
    waiting = await listed(store, Section.WAITING)
    assert [(one.id, one.held) for one in waiting] == [(due.rounds[0], True), (undated.rounds[0], False)]


async def test_a_draft_is_to_be_read_by_whoever_did_not_write_on_it(store: Store) -> None:
    voted = await a_vote(store)
    made = [
        DecisionDraft(new_id(), voted.live.commission, voted.rounds, {}, (writer,), state, saved_at=CLOCK.now())
        for writer, state in (
            (WRITER, DecisionState.WRITING),
            (WRITER, DecisionState.WITH_READER),
            (READER, DecisionState.WITH_READER),
            (READER, DecisionState.SENT_BACK),
        )
    ]
    async with store.begin() as work:
        for one in made:
            await work.decision_drafts.add_draft(one)
    assert await ids(store, Section.TO_READ) == [made[1].id]
    assert [(one.id, one.mine) for one in await listed(store, Section.DRAFTS)] == [
        (made[3].id, True),
        (made[2].id, True),
        (made[0].id, False),
    ]


async def test_a_promise_is_due_that_is_late_near_or_without_news(store: Store) -> None:
    voted = await a_vote(store)
    made = await decide(store, voted, "adopted")
    replaced = await decide(store, voted, "adopted")
    new, old = "2026-06-01T10:00:00.000Z", "2026-03-17T10:00:00.000Z"

    async def promise(by: str, at: str, *states: str, decision: Decision = made, told: str = new) -> str:
        one = Commitment(new_id(), decision.id, "The trust", f"It is done by {by}", by, at=at)
        async with store.begin() as work:
            await work.decisions.commit(one)
            for state in states:
                await work.decisions.add_update(Update(new_id(), one.id, CommitmentState(state), told, "So"))
        return one.id

    late = await promise("2026-06-14", new, "partly", "on track")
    near = [await promise("2026-06-15", new), await promise("2026-07-15", new)]
    quiet = await promise("2027-01-01", old)
    await promise("2026-07-16", new)
    await promise("2026-06-14", new, "handed on")
    for state in ("done", "not done"):
        await promise("2026-06-14", new, "on track", state)
    reopened = await promise("2026-06-01", new, "done", "partly")
    await promise("2027-01-02", old, "on track")
    quiet_again = await promise("2027-01-03", new, "on track", told=old)
    await promise("2026-06-14", new, decision=replaced)
    async with store.begin() as work:
        await work.decisions.correct(Correction(new_id(), replaced.id, "Newer", replaced_by=made.id, at=new, entry=3))
    assert await ids(store, Section.PROMISES) == [reopened, late, *near, quiet, quiet_again]
    assert (await listed(store, Section.PROMISES))[1].state == "on track"
    assert [(one.id, one.replaced) for one in await listed(store, Section.PUBLISHED)] == [
        (replaced.id, True),
        (made.id, False),
    ]


async def test_only_what_somebody_may_see_and_asks_for_is_listed(store: Store) -> None:
    voted = [await a_vote(store) for _ in range(3)]
    for number, one in enumerate(voted):
        made = await decide(store, one, "adopted", rationale=f"Because of reason {number}, 100 %")
        async with store.begin() as work:
            commission = await work.commissions.get_commission(one.live.commission, lock=True)
            await work.commissions.save_commission(replace(commission, title=f"Title {2 - number}"))
    first, second, third = (one.live.commission for one in voted)

    async def of(**wanted: Any) -> list[str]:
        return [one.commission for one in await listed(store, Section.PUBLISHED, **wanted)]

    assert await of() == [third, second, first]
    assert await of(by_commission=True) == [third, second, first]
    assert await of(commissions=frozenset({first, third})) == [third, first]
    assert await of(commissions=frozenset({first}), commission=second) == []
    assert await of(commission=second) == [second]
    assert await of(words=("reason", "100 %")) == [third, second, first]
    assert await of(words=("REASON 1,",)) == [second]
    assert await of(words=("title 2",)) == [first]
    assert await of(words=("10_",)) == []
    asked = Wanted(frozenset({first, third}), READER, DAY)
    async with store.read() as work:
        assert await work.work_list.titles(asked) == [(third, "Title 0"), (first, "Title 2")]
    assert made.commission == third


async def test_a_session_is_ahead_until_a_vote_of_it_is_opened_or_it_has_ended(store: Store) -> None:
    await a_vote(store, FIRST)
    off, _ = await a_room(store, PEOPLE)
    await facilitation.end(Desk(store, CLOCK), off.id)
    live, _ = await a_room(store, PEOPLE)
    assert [(one.id, one.title, one.state) for one in await listed(store, Section.AHEAD)] == [(live.id, live.title, "")]
    await predictions.seal(store, CLOCK, COMMISSIONER, live.id, PredictionForm(expect="The police", minds="Nothing"))
    assert [one.state for one in await listed(store, Section.AHEAD)] == [SEALED]
    asked = required((await cues.ask_question(Desk(store, CLOCK), live.id, "Who?", LABELS, none=True)).round)
    assert await ids(store, Section.AHEAD) == [live.id]
    await facilitation.open_round(Desk(store, CLOCK), live.id, asked.id)
    assert await ids(store, Section.AHEAD) == []
