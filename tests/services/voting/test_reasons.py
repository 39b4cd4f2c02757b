"""Reasons on a real store: when they come out, with what, who answers for them, and how they go again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from support.factories import CLOCK, SetClock, a_cast, new_id
from support.kept_databases import kept
from support.second_run_session import Playing, a_replay
from support.two_worlds import BALLOTS
from support.voted_session import FIRST, PEOPLE

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Store
from forum.services.sessions import care, cues, facilitation
from forum.services.sessions.desk import Desk
from forum.services.voting import reasons
from forum.voting.methods import METHODS
from forum.voting.question import Terms
from forum.voting.reason import ReasonReading, ReasonState, Said
from forum.voting.round import RoundState


@pytest.fixture
async def playing(sqlite_store: Store) -> Playing:
    return await kept(sqlite_store, a_replay, reasons=ReasonReading.READ_FIRST)


async def said(playing: Playing, round_id: str = "") -> tuple[Said, ...]:
    async with playing.store.read() as work:
        live = await work.sessions.get_session(playing.session)
        round_ = await work.rounds.get_round(round_id or playing.first)
        return await reasons.said_of(work, live, round_, await work.commissions.get_commission(live.commission))


async def give(playing: Playing, who: int, words: str = "It is quicker.", condition: str = "") -> str:
    live = await playing.live()
    given = await reasons.give(playing.store, CLOCK, live, playing.people[who], playing.first, words, condition)
    return given.id


async def hear(playing: Playing, reason: str, state: str, before: str) -> None:
    await reasons.hear(Desk(playing.store, CLOCK), playing.session, reason, state, before)


async def test_nobody_is_given_a_reason_before_the_reveal(playing: Playing) -> None:
    asked = await cues.ask_question(playing.acts, playing.session, "Another question?", ["A", "B"], none=True)
    assert asked.round is not None
    round_ = asked.round.id
    await facilitation.open_round(playing.acts, playing.session, round_)
    await playing.vote(round_, ["r1"] * 19, p0="Because of the night.")
    for state in (RoundState.OPEN, RoundState.CLOSED):
        assert await said(playing, round_) == ()
        async with playing.store.read() as work:
            assert await work.reasons.list_reasons(round_) == []
            assert (await work.rounds.get_round(round_)).state == state
        if state == RoundState.OPEN:
            with pytest.raises(IllegalMove, match="go with the vote"):
                await reasons.give(
                    playing.store, CLOCK, await playing.live(), playing.people[0], round_, "Too soon", ""
                )
            await facilitation.close_round(playing.acts, playing.session, round_)
    await facilitation.reveal_round(playing.acts, playing.session, round_)
    assert [r.words for r in await said(playing, round_)] == ["Because of the night."]


async def test_a_reason_stands_under_its_answer_with_its_published_group(playing: Playing) -> None:
    await give(playing, 0, "It is quicker.", "somebody sits with her")
    await give(playing, 16, "We come with blue lights.")
    for number in (1, 2, 3):
        await give(playing, number, f"It is near {number}.")
    # Four of a group for one answer: fewer than the threshold, so beside no reason.
    assert {r.group for r in await said(playing)} == {""}
    await give(playing, 4, "It is near 4.")
    by_words = {r.words: r for r in await said(playing)}
    assert (by_words["It is quicker."].choice, by_words["It is quicker."].group) == (
        FIRST[0],
        "People who use services",
    )
    assert by_words["It is quicker."].condition == "somebody sits with her"
    # Two police officers are in no row of their own, in no table and beside no reason.
    assert PEOPLE[16] == "g4"
    assert by_words["We come with blue lights."].group == ""


async def test_where_a_reason_is_needed_no_group_stands_beside_it(sqlite_store: Store) -> None:
    playing = await a_replay(sqlite_store, reasons=ReasonReading.READ_FIRST)
    asked = await cues.ask_question(playing.acts, playing.session, "Shall we?", ["This"], Terms("consent"), none=False)
    assert asked.round is not None
    round_ = asked.round.id
    await facilitation.open_round(playing.acts, playing.session, round_)
    stances = ["cannot_live_with"] * 6 + ["agree"] * 5 + ["stand_aside"] * 8
    given = {f"p{number}": f"Because {number}." for number in range(11)}
    await playing.vote(round_, stances, **given)
    await facilitation.close_round(playing.acts, playing.session, round_)
    await facilitation.reveal_round(playing.acts, playing.session, round_)
    groups = {stance: {r.group for r in await said(playing, round_) if r.choice == stance} for stance in stances[:11]}
    assert groups == {"cannot_live_with": {""}, "agree": {"other groups"}}


async def test_where_nothing_is_given_by_group_no_reason_has_a_group(sqlite_store: Store) -> None:
    people = ["g1"] * 16 + ["g2"] * 3
    playing = await a_replay(sqlite_store, people, reasons=ReasonReading.READ_FIRST)
    await give(playing, 0)
    assert [r.group for r in await said(playing)] == [""]


async def test_while_badges_are_off_no_reason_has_a_group_and_afterwards_each_has_its_own(playing: Playing) -> None:
    for number in range(5):
        await give(playing, number)
        await give(playing, 11 + number, "My brother waited.")
    named = [r.group for r in await said(playing)]
    assert named == ["People who use services"] * 5 + ["Nurses"] * 5
    caring = Desk(playing.store, CLOCK)
    await care.set_badges(caring, playing.session, off=True)
    without = [(words, "") for words in ("It is quicker.", "My brother waited.") for _ in range(5)]
    assert [(r.words, r.group) for r in await said(playing)] == without
    await care.set_badges(caring, playing.session, off=False)
    assert [r.group for r in await said(playing)] == named


@pytest.mark.parametrize("state", [RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED, RoundState.ANNULLED])
async def test_reasons_are_told_of_a_vote_whose_result_is_shown_and_of_no_other(
    playing: Playing, state: RoundState
) -> None:
    """Reasons that got there in any way are not told: of a vote annulled after its reveal, for one."""
    await give(playing, 0)
    async with playing.store.begin() as work:
        round_ = await work.rounds.get_round(playing.first, lock=True)
        await work.rounds.save_round(replace(round_, state=state))
    assert await said(playing) == ()
    async with playing.store.begin() as work:
        await work.rounds.save_round(round_)
    assert len(await said(playing)) == 1


async def test_an_annulled_votes_reasons_are_read_no_more(playing: Playing) -> None:
    reason = await give(playing, 0)
    await hear(playing, reason, ReasonState.SHOWN, ReasonState.WAITING)
    await facilitation.annul_round(playing.acts, playing.session, playing.first, "The wrong scene was on the screen.")
    assert await said(playing) == ()


@pytest.mark.parametrize("group", ["g3", "g9", None], ids=["voted by nobody of it", "known to nobody", "not said"])
async def test_a_reason_of_a_group_of_which_nobody_voted_has_none(sqlite_store: Store, group: str | None) -> None:
    playing = await a_replay(sqlite_store, ["g1"] * 6 + ["g2"] * 6, reasons=ReasonReading.READ_FIRST)
    given = [await give(playing, number) for number in range(6)]
    assert [r.group for r in await said(playing)] == ["People who use services"] * 6
    async with playing.store.begin() as work:
        for reason in given:
            await work.reasons.put_reason(replace(await work.reasons.get_reason(reason), group=group))
    assert [(r.words, r.group) for r in await said(playing)] == [("It is quicker.", "")] * 6


@pytest.mark.parametrize("method", METHODS)
async def test_a_reason_names_the_one_mark_on_its_ballot_and_never_several(playing: Playing, method: str) -> None:
    """Somebody who saw a ballot filled in would know its writer again by all its marks."""
    labels = ["The proposal"] if method in {"consent", "opinion"} else ["A nurse", "The police"]
    asked = await cues.ask_question(
        playing.acts, playing.session, "Another question?", labels, Terms(method), none=False
    )
    assert asked.round is not None
    ballots = [b for b in BALLOTS[method] if "none" not in b and not METHODS[method].lacks(b, "words", "")]
    words = {f"p{n}": ballot for n, ballot in enumerate(ballots)}
    await playing.run_vote(asked.round, [*ballots, *[ballots[0]] * 6], **words)
    one_mark = {ballot: ballot.split(">")[0] for ballot in ballots}
    several = method in {"approval", "score"}
    told = {r.words: r.choice for r in await said(playing, asked.round.id)}
    assert told == (dict.fromkeys(ballots, "") if several else one_mark)


async def test_the_facilitator_shows_hides_and_puts_back(playing: Playing) -> None:
    reason = await give(playing, 0)
    for before, state in (
        (ReasonState.WAITING, ReasonState.SHOWN),
        (ReasonState.SHOWN, ReasonState.HIDDEN),
        (ReasonState.HIDDEN, ReasonState.WAITING),
    ):
        await hear(playing, reason, state, before)
        assert [r.state for r in await said(playing)] == [state]


async def test_two_facilitators_at_once_the_second_is_told(playing: Playing) -> None:
    reason = await give(playing, 0)
    await hear(playing, reason, ReasonState.HIDDEN, ReasonState.WAITING)
    with pytest.raises(IllegalMove, match="Somebody else"):
        await hear(playing, reason, ReasonState.SHOWN, ReasonState.WAITING)
    await hear(playing, reason, ReasonState.HIDDEN, ReasonState.WAITING)


async def test_what_people_were_told_stays_so(sqlite_store: Store) -> None:
    playing = await a_replay(sqlite_store, reasons=ReasonReading.KEPT)
    reason = await give(playing, 0)
    with pytest.raises(IllegalMove, match="People were told"):
        await hear(playing, reason, ReasonState.SHOWN, ReasonState.WAITING)


async def test_after_the_delay_everybody_sees_it_unless_it_was_hidden(sqlite_store: Store) -> None:
    playing = await a_replay(sqlite_store, reasons=ReasonReading.DELAYED)
    hidden, shown = await give(playing, 0, "Hidden"), await give(playing, 1, "Shown")
    await hear(playing, hidden, ReasonState.HIDDEN, ReasonState.WAITING)
    assert not await reasons.publish_due(playing.store, CLOCK.later(seconds=50), playing.session)
    before = (await playing.live()).version
    assert await reasons.publish_due(playing.store, CLOCK.later(seconds=70), playing.session)
    assert (await playing.live()).version == before + 1
    assert {r.id: r.state for r in await said(playing)} == {hidden: ReasonState.HIDDEN, shown: ReasonState.SHOWN}
    assert not await reasons.publish_due(playing.store, CLOCK.later(seconds=80), playing.session)


async def test_in_a_session_where_they_are_read_first_no_time_shows_them(playing: Playing) -> None:
    await give(playing, 0)
    assert not await reasons.publish_due(playing.store, CLOCK.later(days=9), playing.session)


async def test_me_too_is_once_a_person_and_can_be_taken_back(playing: Playing) -> None:
    reason = await give(playing, 0)
    await hear(playing, reason, ReasonState.SHOWN, ReasonState.WAITING)
    live = await playing.live()
    for who in (1, 1, 2):
        await reasons.me_too(playing.store, live, playing.people[who], reason, on=True)
    assert [r.too for r in await said(playing)] == [2]
    await reasons.me_too(playing.store, live, playing.people[1], reason, on=False)
    assert [r.too for r in await said(playing)] == [1]


async def test_me_too_is_not_for_ones_own_nor_for_what_is_not_shown(playing: Playing) -> None:
    reason = await give(playing, 0)
    live = await playing.live()
    with pytest.raises(NotFound):
        await reasons.me_too(playing.store, live, playing.people[1], reason, on=True)
    await hear(playing, reason, ReasonState.SHOWN, ReasonState.WAITING)
    with pytest.raises(IllegalMove, match="your own"):
        await reasons.me_too(playing.store, live, playing.people[0], reason, on=True)


async def test_a_changed_reason_is_another_one_that_nobody_has_agreed_to(playing: Playing) -> None:
    reason = await give(playing, 0)
    await hear(playing, reason, ReasonState.SHOWN, ReasonState.WAITING)
    await reasons.me_too(playing.store, await playing.live(), playing.people[1], reason, on=True)
    again = await give(playing, 0, "Something else")
    assert again != reason
    assert [(r.words, r.state, r.too) for r in await said(playing)] == [("Something else", ReasonState.WAITING, 0)]


async def test_its_writer_takes_it_back_and_no_row_keeps_a_word(playing: Playing) -> None:
    asked = await cues.ask_question(playing.acts, playing.session, "Another question?", ["A", "B"], none=True)
    assert asked.round is not None
    await playing.run_vote(asked.round, ["r1"] * 19, p0="Because of the night.")
    live = await playing.live()
    gone = await reasons.take_back(playing.store, CLOCK, live, playing.people[0], asked.round.id)
    assert not gone
    assert await said(playing, asked.round.id) == ()
    async with playing.store.read() as work:
        ballots = await work.rounds.ballots(asked.round.id)
    assert len(ballots) == 19
    assert not any(b.reason or b.condition for b in ballots)


async def test_taking_back_goes_before_the_reveal_too_and_the_vote_stays(playing: Playing) -> None:
    asked = await cues.ask_question(playing.acts, playing.session, "Another question?", ["A", "B"], none=True)
    assert asked.round is not None
    await facilitation.open_round(playing.acts, playing.session, asked.round.id)
    await playing.vote(asked.round.id, ["r1"] * 3, p0="Too loud a word.")
    await reasons.take_back(playing.store, CLOCK, await playing.live(), playing.people[0], asked.round.id)
    async with playing.store.read() as work:
        assert [(b.choice, b.reason) for b in await work.rounds.ballots(asked.round.id)] == [("r1", "")] * 3


@pytest.mark.parametrize(
    ("words", "condition", "said_so"),
    [("", " ", "few words"), ("x" * 501, "", "500"), ("", "x" * 301, "300")],
)
async def test_words_that_cannot_be_kept_are_told(playing: Playing, words: str, condition: str, said_so: str) -> None:
    with pytest.raises(BadInput, match=said_so):
        await give(playing, 0, words, condition)


async def test_only_who_voted_gives_a_reason_and_only_while_the_session_lasts(playing: Playing) -> None:
    from forum.sessions.session import Participant

    late = Participant(new_id(), playing.session, "g1", CLOCK.now())
    async with playing.store.begin() as work:
        await work.sessions.join(late, new_id() * 2)
    live = await playing.live()
    with pytest.raises(IllegalMove, match="who voted"):
        await reasons.give(playing.store, CLOCK, live, late.id, playing.first, "I was late", "")
    async with playing.store.begin() as work:
        await work.sessions.save_session(replace(live, ended=True))
    for act in (give(playing, 0), reasons.take_back(playing.store, CLOCK, live, playing.people[0], playing.first)):
        with pytest.raises(IllegalMove, match="ended"):
            await act


async def test_another_sessions_question_is_not_there(playing: Playing, sqlite_store: Store) -> None:
    elsewhere = await a_replay(sqlite_store)
    live = await playing.live()
    with pytest.raises(NotFound):
        await reasons.give(playing.store, CLOCK, live, playing.people[0], elsewhere.first, "Hm", "")


async def test_the_order_says_nothing_of_who_wrote_first(playing: Playing) -> None:
    for who, words in enumerate(("Zebra", "Apple", "Mango")):
        await give(playing, who, words)
    assert [r.words for r in await said(playing)] == ["Apple", "Mango", "Zebra"]


async def test_a_condition_alone_is_a_reason_too(playing: Playing) -> None:
    asked = await cues.ask_question(playing.acts, playing.session, "Another question?", ["A", "B"], none=True)
    assert asked.round is not None
    await facilitation.open_round(playing.acts, playing.session, asked.round.id)
    async with playing.store.begin() as work:
        only_if = replace(a_cast(asked.round.id, playing.people[0]), condition="somebody sits with her")
        await work.rounds.cast([only_if, a_cast(asked.round.id, playing.people[1])])
    await facilitation.close_round(playing.acts, playing.session, asked.round.id)
    await facilitation.reveal_round(playing.acts, playing.session, asked.round.id)
    assert [(r.words, r.condition) for r in await said(playing, asked.round.id)] == [("", "somebody sits with her")]


async def test_what_is_put_back_after_its_time_is_shown_by_then(sqlite_store: Store) -> None:
    clock = SetClock(CLOCK.now())
    playing = await a_replay(sqlite_store, reasons=ReasonReading.DELAYED)
    early, late = await give(playing, 0, "Early"), await give(playing, 1, "Late")
    for reason in (early, late):
        await hear(playing, reason, ReasonState.HIDDEN, ReasonState.WAITING)
    await reasons.hear(Desk(playing.store, clock), playing.session, early, ReasonState.WAITING, ReasonState.HIDDEN)
    await reasons.hear(Desk(playing.store, clock), playing.session, late, ReasonState.WAITING, ReasonState.HIDDEN)
    assert {r.id: r.state for r in await said(playing)} == {early: ReasonState.WAITING, late: ReasonState.WAITING}
    await reasons.hear(Desk(playing.store, clock), playing.session, late, ReasonState.HIDDEN, ReasonState.WAITING)
    async with playing.store.read() as work:
        given = await work.reasons.get_reason(late)
    at = datetime.fromisoformat(given.due_at)
    assert at - datetime.fromisoformat(given.at) == timedelta(minutes=1), "as the organiser's form promises"
    await reasons.hear(
        Desk(playing.store, SetClock(given.due_at)), playing.session, late, ReasonState.WAITING, ReasonState.HIDDEN
    )
    assert {r.id: r.state for r in await said(playing)} == {early: ReasonState.WAITING, late: ReasonState.SHOWN}


async def test_a_reason_is_shown_hidden_or_put_back_and_nothing_else(playing: Playing) -> None:
    reason = await give(playing, 0)
    with pytest.raises(BadInput, match="Show it, hide it"):
        await hear(playing, reason, "torn up", ReasonState.WAITING)


async def test_screens_are_drawn_again_only_for_what_they_showed(playing: Playing) -> None:
    live = await playing.live()
    shown, waiting = await give(playing, 0), await give(playing, 1, "Another")
    await hear(playing, shown, ReasonState.SHOWN, ReasonState.WAITING)
    assert waiting != shown
    taken_back = [
        await reasons.take_back(playing.store, CLOCK, live, playing.people[n], playing.first) for n in (0, 1, 2)
    ]
    assert taken_back == [True, False, False]
    assert await said(playing) == ()


async def test_nobody_hears_or_agrees_once_the_session_has_ended(playing: Playing) -> None:
    shown, waiting = await give(playing, 0), await give(playing, 1, "Another")
    await hear(playing, shown, ReasonState.SHOWN, ReasonState.WAITING)
    live = await playing.live()
    async with playing.store.begin() as work:
        await work.sessions.save_session(replace(live, ended=True))
    for act in (
        hear(playing, waiting, ReasonState.SHOWN, ReasonState.WAITING),
        hear(playing, shown, ReasonState.HIDDEN, ReasonState.SHOWN),
        reasons.me_too(playing.store, live, playing.people[2], shown, on=True),
    ):
        with pytest.raises(IllegalMove, match="ended"):
            await act
    assert [(r.state, r.too) for r in await said(playing)] == [(ReasonState.WAITING, 0), (ReasonState.SHOWN, 0)]
