"""Decisions: what a commissioner may record on a vote, what it needs, and what of it goes into the record."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from support.decided import ANSWERS, weighed
from support.factories import CLOCK, SetClock, new_id
from support.kept_databases import kept
from support.record_keeper import SIGNER
from support.recorded_day import a_day
from support.voted_session import COMMISSIONER, FIRST, LABELS, QUESTION, SECOND, Voted, a_vote, required

from forum.errors import FormErrors, IllegalMove, NotAllowed, NotFound, SentBefore
from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.record.verify.disclosures import open_disclosure
from forum.services import decision_form, decision_matter, decisions, record_check
from forum.services.checkpoints import Checkpoints
from forum.services.decision_form import DecisionForm, Promise
from forum.services.decisions import decide
from forum.services.sessions import cues, facilitation
from forum.sessions.proposal import Pledge, PledgeState
from forum.sessions.session import SessionKind
from forum.store import SqlStore
from forum.voting.decision import TOLD, DifferenceFrom
from forum.voting.round import Round, RoundKind, RoundState


async def entries(store: Store) -> list[dict[str, Any]]:
    async with store.read() as work:
        return [json.loads(e.body) for e in await work.record.entries()]


async def words(store: Store) -> dict[str, str]:
    """Reads the disclosed words, by digest."""
    async with store.read() as work:
        found = await work.record.disclosures()
    return {d.digest: open_disclosure(d.encoded)[2] for d in found if d.encoded is not None}


def a_form(rounds: tuple[str, ...], **changes: Any) -> DecisionForm:
    form = DecisionForm(
        rounds, outcome="adopted", response="r1", rationale="A nurse is there in twenty minutes.", answers=ANSWERS
    )
    return replace(form, **changes)


async def wrong(store: Store, form: DecisionForm) -> dict[str, str]:
    """Sends a form and returns the errors it gets, by field."""
    with pytest.raises(FormErrors) as caught:
        await decide(store, CLOCK, COMMISSIONER, form)
    return {name: str(error) for name, error in caught.value.fields.items()}


async def test_a_vote_that_was_annulled_before_its_result_was_shown_is_told_to_nobody(sqlite_store: Store) -> None:
    voted = await kept(sqlite_store, a_vote)
    again = required((await cues.put_second_vote(voted.desk, voted.live.id, voted.rounds[0])).round)
    await facilitation.open_round(voted.desk, voted.live.id, again.id)
    await facilitation.close_round(voted.desk, voted.live.id, again.id)
    await facilitation.annul_round(voted.desk, voted.live.id, again.id, "It was not clear.")
    async with sqlite_store.read() as work:
        for rounds in ([again.id], [voted.rounds[0], again.id]):
            with pytest.raises(IllegalMove, match="annulled"):
                await decision_matter.past_matter(work, rounds)


async def test_a_decision_that_follows_the_room_is_kept_and_recorded(sqlite_store: Store) -> None:
    voted = await kept(sqlite_store, a_vote)
    form = a_form(
        voted.rounds,
        dissent="The police hold that they come first.",
        told={"body": "The board of night services", "cost": " \n"},
        promises=(
            Promise("Head of night services", "Two nurses on every night", "2027-03-31"),
            Promise(),
            Promise(" Police liaison ", "A number to ring", "2027-01-01"),
        ),
    )
    made = await decide(sqlite_store, CLOCK, COMMISSIONER, form)
    async with sqlite_store.read() as work:
        assert await work.decisions.get_decision(made.id) == made
    assert made.why == ""
    assert [c.role for c in made.commitments] == ["Head of night services", "Police liaison"]

    *before, decision, first, second = await entries(sqlite_store)
    assert len(before) == made.entry
    said = await words(sqlite_store)
    assert decision == {
        "type": "decision",
        "at": made.decided_at,
        "commission": made.commission,
        "decision": made.id,
        "rounds": list(voted.rounds),
        "votes": list(voted.rounds),
        "earlier": None,
        "outcome": "adopted",
        "response": "r1",
        "weighed": decision["weighed"],
        "conditions": {"given": 0, "answered": []},
        "second_reader": "none",
        "decided_on": made.decided_at[:10],
        "until": None,
        "told": dict.fromkeys(TOLD) | {"body": decision["told"]["body"]},
        "rationale": decision["rationale"],
        "why": None,
        "dissent": decision["dissent"],
    }
    assert said[decision["rationale"]["sd"]] == form.rationale
    assert said[decision["told"]["body"]["sd"]] == "The board of night services"
    told = required(await weighed(sqlite_store, decision))
    assert (told["preference"], told["differs"]) == (["r1"], False)
    assert said[decision["dissent"]["sd"]] == form.dissent
    need = {"answers", "noticed"}
    assert set(first) == {"type", "at", "commission", "commitment", "decision", "role", "what", "by", *need}
    assert {first[name] for name in need} == {None}
    assert (said[first["role"]["sd"]], said[first["what"]["sd"]], first["by"]) == (
        "Head of night services",
        "Two nurses on every night",
        "2027-03-31",
    )
    assert second["decision"] == made.id
    assert "twenty minutes" not in json.dumps([decision, first, second])


@pytest.mark.parametrize(
    ("outcome", "response", "against"),
    [
        ("adopted", "r1", False),
        ("adopted", "r2", True),
        ("adopted", "none", True),
        ("adopted with changes", "r1", False),
        ("adopted with changes", "r3", True),
        ("not adopted", "r1", True),
        ("not adopted", "r2", False),
        ("deferred", "r1", False),
        ("deferred", None, False),
        ("acknowledged", "r1", False),
        ("acknowledged", None, False),
    ],
)
async def test_a_decision_against_the_room_needs_to_say_why(
    sqlite_store: Store, outcome: str, response: str | None, against: bool
) -> None:
    voted = await kept(sqlite_store, a_vote)
    until = SetClock(CLOCK.now()).later(days=30)[:10] if outcome == "deferred" else ""
    form = a_form(voted.rounds, outcome=outcome, response=response, until=until)
    if against:
        assert set(await wrong(sqlite_store, form)) == {"why"}
        assert set(await wrong(sqlite_store, replace(form, why=" \n "))) == {"why"}
        form = replace(form, why="There are no nurses at night.")
    made = await decide(sqlite_store, CLOCK, COMMISSIONER, form)
    entry = (await entries(sqlite_store))[-1]
    told = required(await weighed(sqlite_store, entry))
    assert told["differs"] is against
    assert told["preference"] == ["r1"]
    assert (entry["why"] is not None) is against
    assert (entry["until"] or "", made.until) == (until, until)
    assert made.response == response


async def test_of_two_votes_the_later_one_tells_the_preference(sqlite_store: Store) -> None:
    voted = await kept(sqlite_store, a_vote, FIRST, SECOND)
    assert set(await wrong(sqlite_store, a_form(voted.rounds))) == {"why"}
    made = await decide(sqlite_store, CLOCK, COMMISSIONER, a_form(voted.rounds, response="r2"))
    assert made.rounds == voted.rounds
    entry = (await entries(sqlite_store))[-1]
    told = required(await weighed(sqlite_store, entry))
    assert (told["preference"], told["differs"]) == (["r2"], False)
    # The first vote alone preferred the other response.
    first = a_form(voted.rounds[:1])
    assert set(await wrong(sqlite_store, first)) == {"earlier"}, "a later vote on the question stands"
    alone = await decide(sqlite_store, CLOCK, COMMISSIONER, replace(first, earlier="Half had left."))
    assert (alone.why, alone.earlier) == ("", "Half had left.")
    entry = (await entries(sqlite_store))[alone.entry or 0]
    assert (entry["rounds"], entry["votes"]) == ([voted.rounds[0]], list(voted.rounds))
    assert (await words(sqlite_store))[entry["earlier"]["sd"]] == "Half had left."


async def test_a_vote_on_the_same_words_in_another_session_is_on_the_question_too(sqlite_store: Store) -> None:
    """A reason for passing over nothing is not kept, and annulled votes do not stand."""
    voted = await kept(sqlite_store, a_vote)
    desk, live = voted.desk, voted.live
    again = []
    for question in (QUESTION, QUESTION, "Who should come second?"):
        outcome = await cues.ask_question(desk, live.id, question, LABELS, none=True)
        round_ = required(outcome.round)
        for step in (facilitation.open_round, facilitation.close_round, facilitation.reveal_round):
            await step(desk, live.id, round_.id)
        again.append(round_.id)
    form = a_form(voted.rounds)
    assert set(await wrong(sqlite_store, form)) == {"earlier"}
    await facilitation.annul_round(desk, live.id, again[1], "It was put badly.")
    assert set(await wrong(sqlite_store, form)) == {"earlier"}
    await facilitation.annul_round(desk, live.id, again[0], "It was put badly.")
    made = await decide(sqlite_store, CLOCK, COMMISSIONER, replace(form, earlier="No matter"))
    assert made.earlier == ""
    entry = (await entries(sqlite_store))[made.entry or 0]
    assert (entry["votes"], entry["earlier"]) == (list(voted.rounds), None)


async def test_any_of_several_responses_at_the_top_follows_the_room(sqlite_store: Store) -> None:
    voted = await kept(sqlite_store, a_vote, ("r1", "r1", "r2", "r2", "r3"))
    await decide(sqlite_store, CLOCK, COMMISSIONER, a_form(voted.rounds, response="r2"))
    entry = (await entries(sqlite_store))[-1]
    told = required(await weighed(sqlite_store, entry))
    assert (told["preference"], told["differs"]) == (["r1", "r2"], False)


async def test_where_no_count_is_given_nothing_is_said_to_differ(sqlite_store: Store) -> None:
    voted = await kept(sqlite_store, a_vote, ("r2", "r2"))
    await decide(sqlite_store, CLOCK, COMMISSIONER, a_form(voted.rounds))
    entry = (await entries(sqlite_store))[-1]
    told = required(await weighed(sqlite_store, entry))
    assert (told["preference"], told["differs"]) == ([], False)


async def test_where_nobody_voted_whatever_is_adopted_differs(sqlite_store: Store) -> None:
    voted = await kept(sqlite_store, a_vote, ())
    assert set(await wrong(sqlite_store, a_form(voted.rounds))) == {"why"}
    await decide(sqlite_store, CLOCK, COMMISSIONER, a_form(voted.rounds, why="It is the law."))
    assert required(await weighed(sqlite_store, (await entries(sqlite_store))[-1]))["preference"] == []


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"outcome": ""}, {"outcome"}),
        ({"outcome": "maybe"}, {"outcome"}),
        ({"response": None}, {"response"}),
        ({"response": ""}, {"response"}),
        ({"response": "r9"}, {"response"}),
        ({"outcome": "deferred", "response": "r9"}, {"response", "until"}),
        ({"outcome": "not adopted", "response": None}, {"response"}),
        ({"rationale": "  "}, {"rationale"}),
        ({"rationale": "a" * 4001}, {"rationale"}),
        ({"why": "a" * 4001}, {"why"}),
        ({"dissent": "a" * 4001}, {"dissent"}),
        ({"promises": (Promise("Head", "", ""),)}, {"what_1", "by_1"}),
        ({"promises": (Promise(), Promise("", "Two nurses", "2027-03-31"))}, {"role_2"}),
        ({"promises": (Promise("Head", "Two nurses", "31 March"),)}, {"by_1"}),
        ({"promises": (Promise("Head", "Two nurses", "20270331"),)}, {"by_1"}),
        ({"promises": (Promise("Head", "Two nurses", "2027-02-30"),)}, {"by_1"}),
        ({"promises": (Promise("Head", "Two nurses", "2027-W05-1"),)}, {"by_1"}),
        ({"promises": (Promise("Head" * 60, "Two" * 400, "2027-03-31"),)}, {"role_1", "what_1"}),
        ({"promises": (Promise("Head", "Two nurses", "2027-03-31"),) * 31}, {"promises"}),
        (
            {"outcome": "", "response": None, "rationale": "", "promises": (Promise("", "x", ""),)},
            {"outcome", "response", "rationale", "role_1", "by_1"},
        ),
    ],
)
async def test_everything_wrong_is_told_at_once_and_nothing_is_kept(
    sqlite_store: Store, changes: dict[str, Any], fields: set[str]
) -> None:
    voted = await kept(sqlite_store, a_vote)
    before = await entries(sqlite_store)
    assert set(await wrong(sqlite_store, a_form(voted.rounds, **changes))) == fields
    assert await entries(sqlite_store) == before
    async with sqlite_store.read() as work:
        assert await work.decisions.list_decisions() == []


async def test_only_revealed_rounds_that_belong_together_can_be_decided_on(sqlite_store: Store) -> None:
    voted = await kept(sqlite_store, a_vote, FIRST, SECOND)
    other = await a_vote(sqlite_store)
    first, second = voted.rounds
    open_ = await cues.ask_question(other.desk, other.live.id, "And then?", LABELS, none=False)
    assert open_.round is not None
    for rounds in [
        (),
        (second, first),
        (first, other.rounds[0]),
        (first, first),
        (open_.round.id,),
        (*voted.rounds, first),
    ]:
        with pytest.raises(IllegalMove):
            await decide(sqlite_store, CLOCK, COMMISSIONER, a_form(rounds))
    with pytest.raises(NotFound):
        await decide(sqlite_store, CLOCK, COMMISSIONER, a_form((new_id(),)))
    await facilitation.annul_round(voted.desk, voted.live.id, second, "The screen showed the wrong scene")
    with pytest.raises(IllegalMove):
        await decide(sqlite_store, CLOCK, COMMISSIONER, a_form((first, second)))
    async with sqlite_store.read() as work:
        assert await work.decisions.list_decisions() == []
        on = await decision_matter.past_matter(work, voted.rounds)
    assert on.results[0] is not None
    assert (on.result, on.preference) == (None, ())


async def a_round_shown(store: Store, voted: Voted, **changes: Any) -> Round:
    """Adds a round to that session as if its result had been shown."""
    async with store.begin() as work:
        shown = await work.rounds.get_round(voted.rounds[0])
        made = replace(shown, id=new_id(), **changes)
        await work.rounds.add_round(made)
    return made


@pytest.mark.parametrize("kind", RoundKind)
async def test_only_what_people_answer_for_themselves_is_decided_on(sqlite_store: Store, kind: str) -> None:
    """Not the magic check, nor who should be replaced: those led on through the day."""
    voted = await kept(sqlite_store, a_vote)
    shown = await a_round_shown(sqlite_store, voted, kind=kind)
    form = a_form((shown.id,), why="It is the law.", earlier="It is the law.")
    if kind in {"first vote", "vote after replay", "policy vote"}:
        assert (await decide(sqlite_store, CLOCK, COMMISSIONER, form)).rounds == (shown.id,)
        return
    assert kind in {"magic check", "character vote", "check back"}
    with pytest.raises(IllegalMove, match="led on through the day"):
        await decide(sqlite_store, CLOCK, COMMISSIONER, form)
    async with sqlite_store.read() as work:
        assert await work.decisions.list_decisions() == []


async def test_a_second_vote_belongs_to_a_first_one_of_its_own_session(sqlite_store: Store) -> None:
    voted, other = await a_vote(sqlite_store), await a_vote(sqlite_store)
    elsewhere = await a_round_shown(sqlite_store, other, second_of=voted.rounds[0], kind="vote after replay")
    with pytest.raises(IllegalMove, match="a first vote and the vote after its replay"):
        await decide(sqlite_store, CLOCK, COMMISSIONER, a_form((voted.rounds[0], elsewhere.id), why="It is the law."))


async def test_nothing_is_decided_on_a_result_that_is_held_while_badges_are_off(sqlite_store: Store) -> None:
    voted = await kept(sqlite_store, a_vote)
    async with sqlite_store.begin() as work:
        live = await work.sessions.get_session(voted.live.id)
        await work.sessions.save_session(replace(live, badges_off=True, held=voted.rounds))
    with pytest.raises(IllegalMove, match="Badges are off"):
        await decide(sqlite_store, CLOCK, COMMISSIONER, a_form(voted.rounds))


@pytest.mark.parametrize("state", RoundState)
async def test_what_others_answered_stands_beside_it_only_once_it_is_shown(
    sqlite_store: Store, state: RoundState
) -> None:
    voted = await kept(sqlite_store, a_vote)
    async with sqlite_store.begin() as work:
        here = replace(await work.rounds.get_round(voted.rounds[0]), scenario=new_id(), scene="The door")
        await work.rounds.save_round(here)
        room = await work.sessions.get_session(voted.live.id)
        night = replace(room, id=new_id(), kind=SessionKind.ASYNCHRONOUS, code="nights", projector=new_id())
        await work.sessions.add_session(night)
        asked = replace(here, id=new_id(), session=night.id, state=state)
        await work.rounds.add_round(asked)
        # What is asked in other words, or at another place of the story, is another question.
        await work.rounds.add_round(replace(asked, id=new_id(), question="And then?", state=RoundState.REVEALED))
        await work.rounds.add_round(replace(asked, id=new_id(), scene="The stairs", state=RoundState.REVEALED))
        await work.rounds.add_round(
            replace(asked, id=new_id(), responses=asked.responses[1:], state=RoundState.REVEALED)
        )
        tried = replace(night, id=new_id(), code="tried", projector=new_id(), rehearsal=not room.rehearsal)
        await work.sessions.add_session(tried)
        await work.rounds.add_round(replace(asked, id=new_id(), session=tried.id, state=RoundState.REVEALED))
    async with sqlite_store.read() as work:
        found = await decision_matter.beside(work, await decision_matter.matter(work, voted.rounds))
    assert [on.later.id for on in found] == ([asked.id] if state == "revealed" else [])


async def test_a_question_of_the_facilitators_own_has_nothing_beside_it(sqlite_store: Store) -> None:
    """It comes from no story, so that nobody else can have been asked the same."""
    voted = await kept(sqlite_store, a_vote)
    async with sqlite_store.begin() as work:
        room = await work.sessions.get_session(voted.live.id)
        night = replace(room, id=new_id(), kind=SessionKind.ASYNCHRONOUS, code="nights", projector=new_id())
        await work.sessions.add_session(night)
        here = await work.rounds.get_round(voted.rounds[0])
        await work.rounds.add_round(replace(here, id=new_id(), session=night.id))
    async with sqlite_store.read() as work:
        assert await decision_matter.beside(work, await decision_matter.matter(work, voted.rounds)) == ()


async def test_the_most_commitments_of_a_decision_and_not_one_more(sqlite_store: Store) -> None:
    voted = await kept(sqlite_store, a_vote)
    most = decision_form.MOST_COMMITMENTS
    promises = tuple(Promise("Head", f"Nurse {n}", "2027-03-31") for n in range(most - 1))
    made = await decide(sqlite_store, CLOCK, COMMISSIONER, a_form(voted.rounds, promises=promises))

    async def commit(what: str) -> int:
        one = Promise("Head", what, "2027-03-31")
        return len((await decisions.commit(sqlite_store, CLOCK, COMMISSIONER, made.id, one)).commitments)

    assert await commit("The last one") == most
    recorded = await entries(sqlite_store)
    with pytest.raises(IllegalMove, match=f"at most {most} commitments"):
        await commit("One more")
    assert await commit("The last one") == most
    assert await entries(sqlite_store) == recorded


async def test_a_pledge_is_confirmed_once_and_one_that_was_taken_off_is_not(sqlite_store: Store) -> None:
    voted = await kept(sqlite_store, a_vote)
    said = ("Head", "Two nurses", "2027-03-31", CLOCK.now())
    states = (PledgeState.WAITING, PledgeState.WITHDRAWN, PledgeState.WAITING)
    pledges = [Pledge(new_id(), voted.live.id, voted.rounds[0], *said, state=state) for state in states]
    async with sqlite_store.begin() as work:
        for pledge in pledges:
            await work.proposals.pledge(pledge)

    async def confirm(*which: int) -> str:
        form = a_form(voted.rounds, pledges=tuple(pledges[n].id for n in which))
        return (await decide(sqlite_store, CLOCK, COMMISSIONER, form)).id

    async def now() -> list[tuple[str, str | None]]:
        async with sqlite_store.read() as work:
            found = {p.id: (p.state, p.decision) for p in await work.proposals.pledges(voted.live.id)}
        return [found[pledge.id] for pledge in pledges]

    first = await confirm(0, 1)
    assert await now() == [("confirmed", first), ("withdrawn", None), ("waiting", None)]
    second = await confirm(0, 2)
    assert await now() == [("confirmed", first), ("withdrawn", None), ("confirmed", second)]


async def test_only_a_commissioner_decides(sqlite_store: Store) -> None:
    voted = await kept(sqlite_store, a_vote)
    organiser = Person(new_id(), "o", "O", (Role.ADMINISTRATOR, Role.ORGANISER, Role.MODERATOR))
    with pytest.raises(NotAllowed):
        await decide(sqlite_store, CLOCK, organiser, a_form(voted.rounds))
    made = await decide(sqlite_store, CLOCK, COMMISSIONER, a_form(voted.rounds))
    with pytest.raises(NotAllowed):
        await decisions.commit(sqlite_store, CLOCK, organiser, made.id, Promise("Head", "Two nurses", "2027-03-31"))
    async with sqlite_store.read() as work:
        assert await work.decisions.get_decision(made.id) == made


async def test_the_same_form_sent_twice_is_one_decision(sqlite_store: Store) -> None:
    voted = await kept(sqlite_store, a_vote)
    other = await a_vote(sqlite_store)
    form = a_form(voted.rounds, id=new_id(), promises=(Promise("Head", "Two nurses", "2027-03-31"),))
    made = await decide(sqlite_store, CLOCK, COMMISSIONER, form)
    after = await entries(sqlite_store)
    assert await decide(sqlite_store, CLOCK, COMMISSIONER, form) == made
    assert await entries(sqlite_store) == after
    with pytest.raises(IllegalMove):
        await decide(sqlite_store, CLOCK, COMMISSIONER, replace(form, rounds=other.rounds))


async def test_a_decision_on_a_rehearsal_that_is_not_recorded_is_kept_without_an_entry(sqlite_store: Store) -> None:
    voted = await kept(sqlite_store, a_vote, rehearsal=True, recorded=False)
    made = await decide(sqlite_store, CLOCK, COMMISSIONER, a_form(voted.rounds))
    assert made.entry is None
    promise = Promise("Head", "Two nurses", "2027-03-31")
    after = await decisions.commit(sqlite_store, CLOCK, COMMISSIONER, made.id, promise)
    assert len(after.commitments) == 1
    assert await entries(sqlite_store) == []
    async with sqlite_store.read() as work:
        assert (await work.decisions.get_decision(made.id)).entry is None


async def test_a_decision_on_the_demonstration_says_so_in_the_record(sqlite_store: Store) -> None:
    voted = await kept(sqlite_store, a_vote, demonstration=True)
    made = await decide(sqlite_store, CLOCK, COMMISSIONER, a_form(voted.rounds))
    assert made.entry is not None
    assert (await entries(sqlite_store))[-1]["demonstration"] is True


async def test_what_was_written_is_all_of_it_or_nothing(sqlite_store: SqlStore) -> None:
    voted = await kept(sqlite_store, a_vote)
    before = await entries(sqlite_store)
    # The decision itself is written last, after its entries; the database refuses just that.
    async with sqlite_store.writer.begin() as connection:
        await connection.execute(
            sa.text("CREATE TRIGGER full BEFORE INSERT ON decision BEGIN SELECT RAISE(ABORT, 'no room'); END")
        )
    with pytest.raises(Exception, match="no room"):
        await decide(sqlite_store, CLOCK, COMMISSIONER, a_form(voted.rounds))
    assert await entries(sqlite_store) == before


async def differing(store: Store, *votes: Any, **changes: Any) -> tuple[Voted, DecisionForm]:
    """Gives a vote whose groups want different things, and the form of a decision to adopt what one of them wants."""
    voted = await a_vote(store, *votes)
    return voted, a_form(voted.rounds, **changes)


async def test_each_difference_is_asked_about_answered_and_recorded(sqlite_store: Store) -> None:
    voted, form = await differing(
        sqlite_store, answers={}, outcome="not adopted", response="r1", why="No nurse is free."
    )
    async with sqlite_store.read() as work:
        on = await decision_matter.matter(work, voted.rounds)
    result = required(on.result)
    wanted = {
        row.label: f"answer_group_{n}"
        for n, row in enumerate(result.rows)
        if row.counts["r1"] == max(row.counts.values())
    }
    assert wanted, "a group must have preferred it"
    asked = {"answer_equal_voice", *wanted.values()}
    assert set(await wrong(sqlite_store, form)) == asked
    name = next(iter(wanted.values()))
    some = {one: f"Answer of {one}." for one in asked}
    assert set(await wrong(sqlite_store, replace(form, answers=some | {name: " \n"}))) == {name}
    made = await decide(
        sqlite_store, CLOCK, COMMISSIONER, replace(form, answers=some | {"answer_quorum": "Nobody asked."})
    )
    assert [(one.kind, one.group, one.answer) for one in made.differences] == [
        (DifferenceFrom.EQUAL_VOICE, "", "Answer of answer_equal_voice."),
        *((DifferenceFrom.GROUP, label, f"Answer of {field}.") for label, field in wanted.items()),
    ]
    again = replace(form, id=made.id, answers=some | {"answer_quorum": "Nobody asks now."})
    assert await decide(sqlite_store, CLOCK, COMMISSIONER, again) == made
    for field in asked:
        with pytest.raises(SentBefore, match="as a correction"):
            await decide(sqlite_store, CLOCK, COMMISSIONER, replace(again, answers=some | {field: "Changed."}))
    told = required(await weighed(sqlite_store, (await entries(sqlite_store))[-1]))
    assert told["differences"] == [
        {"from": str(one.kind), "group": one.group or None, "answer": one.answer} for one in made.differences
    ]
    assert (await wrong(sqlite_store, replace(form, id="", why="", answers=None))).keys() == {"why"}
    on_stage = await decide(sqlite_store, CLOCK, COMMISSIONER, replace(form, id="", answers=None))
    assert {one.answer for one in on_stage.differences} == {"No nurse is free."}


async def test_what_a_decision_says_of_a_vote_goes_with_it_when_that_is_annulled(sqlite_store: Store) -> None:
    voted = (await kept(sqlite_store, a_day)).voted
    form = a_form(voted.rounds, outcome="not adopted", response="r2", why="No nurse is free.", earlier="So it is.")
    made = await decide(sqlite_store, CLOCK, COMMISSIONER, form)
    *_, decision = await entries(sqlite_store)
    assert made.differences
    await facilitation.annul_round(voted.desk, voted.live.id, voted.rounds[0], "It was put badly.")
    assert await weighed(sqlite_store, decision) is None
    async with sqlite_store.read() as work:
        assert (await work.decisions.get_decision(made.id)).differences == ()
    async for progress in record_check.check(Checkpoints(sqlite_store, SIGNER)):
        assert progress.findings == []


@pytest.mark.parametrize(
    ("day", "good"),
    [("", True), ("2026-02-30", False), ("soon", False), ("1999-01-01", False), ("2999-01-01", False)],
)
async def test_the_day_of_a_decision_lies_between_its_vote_and_today(sqlite_store: Store, day: str, good: bool) -> None:
    voted = await kept(sqlite_store, a_vote)
    form = a_form(voted.rounds, decided_on=day)
    if not good:
        assert set(await wrong(sqlite_store, form)) == {"decided_on"}
        return
    assert (await decide(sqlite_store, CLOCK, COMMISSIONER, form)).decided_on == CLOCK.now()[:10]
