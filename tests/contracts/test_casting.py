"""Contracts of every store about rounds and ballots, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.factories import a_cast, a_room, new_id

from forum.errors import IllegalMove, NotFound
from forum.live import messages
from forum.sessions.session import Participant
from forum.store import SqlStore
from forum.store.tables import ballot
from forum.voting import round as machine
from forum.voting.ballot import Ballot, Cast, CastOutcome
from forum.voting.round import Response, Round, RoundKind, RoundState

AT = "2026-03-01T12:00:00.000Z"
RESPONSES = (Response("r1", "Wait"), Response("r2", "Call"), Response("none", "None of these"))


def a_round(session: str, state: RoundState = RoundState.OPEN) -> Round:
    return Round(new_id(), session, "What should she do?", RESPONSES, state=state, created_at=AT)


async def a_vote(
    store: SqlStore, people: Sequence[str | None], state: RoundState = RoundState.OPEN
) -> tuple[Round, list[str]]:
    """Stores a round, with participants of these groups."""
    live, participants = await a_room(store, people)
    round_ = a_round(live.id, state)
    async with store.begin() as work:
        await work.rounds.add_round(round_)
    return round_, participants


async def cast(store: SqlStore, *batch: Cast) -> list[tuple[str, bool]]:
    """Casts one batch in a transaction of its own; returns each refusal, and whether it changed a ballot."""
    async with store.begin() as work:
        outcomes = await work.rounds.cast(batch)
    assert [outcome.cast for outcome in outcomes] == list(batch)
    return [(outcome.refusal, outcome.changed) for outcome in outcomes]


async def ballots(store: SqlStore, round_id: str) -> list[Ballot]:
    async with store.read() as work:
        return await work.rounds.ballots(round_id)


COUNTED, CHANGED = ("", False), ("", True)


async def test_rounds_come_back_as_they_were_in_the_order_they_were_made(store: SqlStore) -> None:
    live, _ = await a_room(store, [])
    other, _ = await a_room(store, [])
    shown = a_round(live.id, RoundState.REVEALED)
    first = replace(shown, scenario=new_id(), scene="The door", opened_at=AT, closed_at=AT)
    second = replace(a_round(live.id, RoundState.DRAFT), second_of=first.id, kind=RoundKind.AFTER_REPLAY)
    async with store.begin() as work:
        for one in (first, second, a_round(other.id)):
            await work.rounds.add_round(one)
        assert await work.rounds.list_rounds(live.id) == [first, second]
        annulled = replace(first, state=RoundState.ANNULLED, annulled_at=AT, annulled_because="The wrong question.")
        await work.rounds.save_round(annulled)
        assert await work.rounds.get_round(first.id, lock=True) == annulled
        assert await work.rounds.list_rounds(live.id) == [annulled, second]
        assert await work.rounds.list_rounds(new_id()) == []
        none, about = new_id(), annulled.scenario
        assert await work.rounds.of_all([none, live.id]) == {none: [], live.id: [annulled, second]}
        assert await work.rounds.of_all([live.id], scenario=about) == {live.id: [annulled]}
        assert await work.rounds.of_all([]) == {}
        assert await work.rounds.some([second.id, none]) == {second.id: second}
        with pytest.raises(NotFound):
            await work.rounds.save_round(replace(first, id=new_id()))
        with pytest.raises(NotFound):
            await work.rounds.get_round(new_id(), lock=True)


async def test_a_ballot_keeps_what_was_cast_and_the_group(store: SqlStore) -> None:
    round_, (nurse, quiet, silent) = await a_vote(store, ["g1", None, "g2"])
    one = a_cast(round_.id, nurse, "r2", "Ring first. \0 🧡")
    two = a_cast(round_.id, quiet, "none")
    assert await cast(store, one, two) == [COUNTED, COUNTED]
    async with store.read() as work:
        kept = sorted(await work.rounds.ballots(round_.id), key=lambda b: b.choice)
        assert kept == [
            Ballot(round_.id, quiet, "none", "", None, two.ballot, two.salt, two.group_salt),
            Ballot(round_.id, nurse, "r2", "Ring first. \ufffd 🧡", "g1", one.ballot, one.salt, one.group_salt),
        ]
        assert await work.rounds.ballots_by(nurse, [round_.id]) == [kept[1]]
        assert await work.rounds.ballots_by(silent, [round_.id]) == []
        assert await work.rounds.ballots_by(nurse, [new_id()]) == []
        nowhere = new_id()
        assert await work.rounds.voted([round_.id, nowhere]) == {round_.id: 2, nowhere: 0}
        assert await work.rounds.voted([]) == {}
        assert await work.rounds.ballots(nowhere) == []


async def test_ballots_can_be_had_in_pieces_and_counted_by_where_they_come_from(store: SqlStore) -> None:
    round_, people = await a_vote(store, ["g1", "g2", None, "g1", "g2"])
    other, others = await a_vote(store, ["g1"])
    await cast(store, *(a_cast(round_.id, person) for person in people), a_cast(other.id, others[0]))
    async with store.begin() as work:
        # Past the port: no act turns a ballot that was cast on a phone into a paper.
        link = work.rounds._link  # type: ignore[attr-defined]
        await link.run(sa.update(ballot).where(ballot.c.participant == people[0]).values(paper=True))
    async with store.read() as work:
        found: list[Ballot] = []
        last = ""
        while piece := await work.rounds.ballots_after(round_.id, last, 2):
            assert len(piece) == min(2, len(people) - len(found))
            found += piece
            last = piece[-1].participant
        assert [one.participant for one in found] == sorted(people)
        assert sorted(found, key=lambda b: b.ballot) == await work.rounds.ballots(round_.id)
        counts = {("g1", False): 1, ("g1", True): 1, ("g2", False): 2, (None, False): 1}
        assert await work.rounds.origins(round_.id) == counts
        assert await work.rounds.origins(new_id()) == {}


async def test_the_order_of_ballots_tells_nothing_of_who_came_first(store: SqlStore) -> None:
    round_, people = await a_vote(store, ["g1"] * 20)
    for person in people:
        await cast(store, a_cast(round_.id, person))
    kept = await ballots(store, round_.id)
    assert [b.ballot for b in kept] == sorted(b.ballot for b in kept)


async def test_what_the_database_counts_and_picks_is_what_the_ballots_say(store: SqlStore) -> None:
    groups = ["g1", "g2", None] * 75  # more than one piece of a batch
    round_, people = await a_vote(store, groups)
    some = [a_cast(round_.id, who, f"r{1 + n % 2}", "why" if n == 7 else "") for n, who in enumerate(people)]
    some[100] = replace(some[100], condition="the lift works")
    assert await cast(store, *some) == [COUNTED] * 225
    whole = await ballots(store, round_.id)
    async with store.read() as work:
        assert sorted(await work.rounds.given(round_.id), key=repr) == sorted(
            ((one.group, one.choice) for one in whole), key=repr
        )
        chose = await work.rounds.choices_by(round_.id)
        assert chose == {one.participant: one.choice for one in whole}
        assert [*chose] == sorted(people)
        assert await work.rounds.ballots_with_words(round_.id) == [b for b in whole if b.reason or b.condition]
        assert await work.rounds.given(new_id()) == []
    assert sum(bool(one.reason or one.condition) for one in whole) == 2


async def test_a_change_of_mind_replaces_the_ballot_and_keeps_its_randoms(store: SqlStore) -> None:
    round_, (nurse,) = await a_vote(store, ["g1"])
    first, second = a_cast(round_.id, nurse, "r1", "old"), a_cast(round_.id, nurse, "r2", "new")
    assert await cast(store, first) == [COUNTED]
    assert await cast(store, second) == [CHANGED]
    assert await ballots(store, round_.id) == [
        Ballot(round_.id, nurse, "r2", "new", "g1", first.ballot, first.salt, first.group_salt)
    ]


async def kept_with_times(store: SqlStore) -> list[tuple[str, str, str, str]]:
    """Reads choice, reason, condition and time of every ballot; nobody is ever given the times."""
    async with store.reader.connect() as connection:
        rows = await connection.execute(sa.text("SELECT choice, reason, condition, at FROM ballot ORDER BY choice"))
        return [tuple(row) for row in rows.all()]


@pytest.mark.parametrize("together", [False, True], ids=["in two batches", "in one batch"])
async def test_a_change_of_mind_brings_its_own_words_and_time(store: SqlStore, together: bool) -> None:
    round_, (nurse,) = await a_vote(store, ["g1"])
    first = replace(a_cast(round_.id, nurse, "r1", "old"), condition="if she rings", at="2026-03-01T12:00:01.000Z")
    second = replace(a_cast(round_.id, nurse, "r2", "new"), condition="if he rings", at="2026-03-01T12:00:02.000Z")
    for batch in [(first, second)] if together else [(first,), (second,)]:
        await cast(store, *batch)
    assert await kept_with_times(store) == [("r2", "new", "if he rings", second.at)]
    # Also where they are empty: what was said with the first is not said of the second.
    third = replace(a_cast(round_.id, nurse, "none"), at="2026-03-01T12:00:03.000Z")
    await cast(store, third)
    assert await kept_with_times(store) == [("none", "", "", third.at)]
    # The first, sent again, is no change of mind.
    await cast(store, first)
    assert await kept_with_times(store) == [("none", "", "", third.at)]


async def test_an_earlier_choice_that_is_counted_later_replaces_nothing_and_is_told_what_counts(
    store: SqlStore,
) -> None:
    """It waited in one server while the phone went to another, which counted the next one."""
    if store.writer.dialect.name == "sqlite":
        pytest.skip("has one server")
    round_, (nurse, carer) = await a_vote(store, ["g1", "g2"])
    early, same, late, fast = (
        replace(a_cast(round_.id, nurse, choice, choice), at=f"2026-03-01T12:{at}Z")
        for choice, at in (("none", "00:00.999"), ("r1", "00:01.000"), ("r2", "00:01.000"), ("r1", "59:00.000"))
    )
    beside = replace(a_cast(round_.id, carer, "r1"), at=early.at)
    async with store.begin() as work:
        first = await work.rounds.cast([same])
        # In the order of arrival where the times are the same, and where they are in one batch.
        second = await work.rounds.cast([late])
        third = await work.rounds.cast([replace(early, cast=new_id()), beside, early, early])
    told = [[(one.refusal, one.changed, one.choice, one.first) for one in some] for some in (first, second, third)]
    kept = ("", False, "r2", False)
    assert told == [[("", False, "r1", True)], [("", True, "r2", False)], [kept, ("", False, "r1", True), kept, kept]]
    assert [one[:2] for one in await kept_with_times(store)] == [("r1", ""), ("r2", "r2")]
    assert await cast(store, early) == [COUNTED]
    # Of a server whose clock is wrong: nobody waits for it to be so late.
    assert await cast(store, fast) == [CHANGED]
    assert await cast(store, replace(late, cast=new_id())) == [CHANGED]
    assert [one[0] for one in await kept_with_times(store)] == ["r1", "r2"]


async def test_a_clock_that_is_put_back_takes_no_words_from_anybody_where_there_is_one_server(
    sqlite_store: SqlStore,
) -> None:
    round_, (nurse,) = await a_vote(sqlite_store, ["g1"])
    first = replace(a_cast(round_.id, nurse, "r1", "Once."), at="2026-03-01T12:00:30.000Z")
    assert await cast(sqlite_store, first) == [COUNTED]
    again = replace(a_cast(round_.id, nurse, "r1", "What I meant."), at="2026-03-01T12:00:10.000Z")
    assert await cast(sqlite_store, again) == [CHANGED]
    [kept] = await ballots(sqlite_store, round_.id)
    assert kept.reason == "What I meant."


async def test_who_observes_is_not_counted_whatever_let_them_through(store: SqlStore) -> None:
    round_, (nurse,) = await a_vote(store, ["g1"])
    looking = Participant(new_id(), round_.session, "g1", AT, observer=True)
    async with store.begin() as work:
        await work.sessions.join(looking, new_id() * 2)
    one, other = a_cast(round_.id, looking.id), a_cast(round_.id, nurse)
    for _ in range(2):
        assert await cast(store, one, other, replace(one, choice="r9"), replace(one, cast=new_id())) == [
            ("observing", False),
            COUNTED,
            ("unknown_response", False),
            ("observing", False),
        ]
    assert [b.participant for b in await ballots(store, round_.id)] == [nurse]


async def test_a_resend_is_counted_already_and_brings_nothing_back(store: SqlStore) -> None:
    round_, (nurse,) = await a_vote(store, ["g1"])
    first, second = a_cast(round_.id, nurse, "r1"), a_cast(round_.id, nurse, "r2")
    await cast(store, first)
    assert await cast(store, replace(first, ballot=new_id(), at="later")) == [COUNTED]
    await cast(store, second)
    assert await cast(store, first, replace(first, choice="none")) == [COUNTED, COUNTED]
    assert [b.choice for b in await ballots(store, round_.id)] == ["r2"]


async def test_a_resend_is_told_what_counts_now(store: SqlStore) -> None:
    """A second tab has voted otherwise in the meantime: "counted" must not name the answer that no longer counts."""
    round_, (nurse,) = await a_vote(store, ["g1"])
    first, second = a_cast(round_.id, nurse, "r1"), a_cast(round_.id, nurse, "r2")
    async with store.begin() as work:
        await work.rounds.cast([first])
        await work.rounds.cast([second])
        outcomes = await work.rounds.cast([first, replace(first, choice="none"), a_cast(round_.id, nurse, "r9")])
    assert [(o.refusal, o.choice) for o in outcomes] == [("", "r2"), ("", "r2"), ("unknown_response", "")]


UNTIL = "2026-03-04T18:00:00.000Z"
BEFORE, LATE = "2026-03-04T17:59:59.999Z", "2026-03-04T18:00:00.001Z"


async def test_what_is_cast_at_the_closing_time_or_later_is_refused_though_nobody_has_closed_the_round(
    store: SqlStore,
) -> None:
    round_, (nurse, carer, crew, police) = await a_vote(store, ["g1", "g2", "g3", "g4"])
    async with store.begin() as work:
        await work.rounds.save_round(replace(round_, closes_at=UNTIL))

    def at(person: str, when: str, choice: str = "r1") -> Cast:
        return replace(a_cast(round_.id, person, choice), at=when)

    in_time, change = at(nurse, BEFORE), at(nurse, UNTIL, "r2")
    batch = [in_time, at(carer, UNTIL), at(crew, LATE), change, at(police, BEFORE, "r2"), replace(in_time, at=LATE)]
    assert [refusal for refusal, _ in await cast(store, *batch)] == ["", "closed", "closed", "closed", "", ""]
    assert [refusal for refusal, _ in await cast(store, replace(in_time, at=LATE), change)] == ["", "closed"]
    assert {b.participant: b.choice for b in await ballots(store, round_.id)} == {nurse: "r1", police: "r2"}
    async with store.begin() as work:
        await work.rounds.save_round(replace(round_, closes_at="2026-03-05T18:00:00.000Z"))
    assert await cast(store, change, at(carer, LATE)) == [CHANGED, COUNTED]


async def test_rounds_with_a_closing_time_are_found_while_they_are_open(store: SqlStore) -> None:
    live, _ = await a_room(store, [])
    story = new_id()
    soon = replace(a_round(live.id), closes_at="2026-03-02T12:00:00.000Z", scenario=story, scene="The door")
    later = replace(a_round(live.id), closes_at=UNTIL, extended_at=AT)
    without, closed = a_round(live.id), replace(a_round(live.id, RoundState.CLOSED), closes_at=AT, scenario=story)
    async with store.begin() as work:
        for one in (later, without, closed, soon):
            await work.rounds.add_round(one)
    async with store.read() as work:
        assert await work.rounds.timed() == [soon, later]
        assert await work.rounds.timed(scenario=story) == [soon]
        assert await work.rounds.timed(scenario=new_id()) == []
        assert await work.rounds.timed(due=UNTIL) == [soon, later]
        assert await work.rounds.timed(due=BEFORE) == [soon]
        assert await work.rounds.timed(due=AT) == []


async def test_one_batch_may_hold_the_same_cast_and_the_same_person_twice(store: SqlStore) -> None:
    round_, (nurse, carer) = await a_vote(store, ["g1", "g2"])
    a, b, c = (a_cast(round_.id, nurse, choice) for choice in ("r1", "r2", "none"))
    d = a_cast(round_.id, carer, "r1")
    assert await cast(store, a, b, a, d, d, c, b) == [COUNTED, CHANGED, COUNTED, COUNTED, COUNTED, CHANGED, COUNTED]
    assert {b.participant: (b.choice, b.ballot) for b in await ballots(store, round_.id)} == {
        nurse: ("none", a.ballot),
        carer: ("r1", d.ballot),
    }


async def test_the_same_cast_id_is_another_cast_for_another_person_or_round(store: SqlStore) -> None:
    round_, (nurse, carer) = await a_vote(store, ["g1", "g2"])
    second = replace(round_, id=new_id())
    async with store.begin() as work:
        await work.rounds.add_round(second)
    same = [a_cast(r, p, cast="same") for r in (round_.id, second.id) for p in (nurse, carer)]
    assert await cast(store, *same) == [COUNTED] * 4
    async with store.read() as work:
        assert await work.rounds.voted([round_.id, second.id]) == {round_.id: 2, second.id: 2}


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        (RoundState.DRAFT, "not_open"),
        (RoundState.CLOSED, "closed"),
        (RoundState.REVEALED, "closed"),
        (RoundState.ANNULLED, "annulled"),
    ],
)
async def test_only_an_open_round_takes_ballots_but_knows_its_old_ones(
    store: SqlStore, state: RoundState, refusal: str
) -> None:
    round_, (nurse, carer) = await a_vote(store, ["g1", "g2"])
    known = a_cast(round_.id, nurse)
    await cast(store, known)
    async with store.begin() as work:
        await work.rounds.save_round(replace(round_, state=state))
    late, wrong = a_cast(round_.id, nurse, "r2"), a_cast(round_.id, carer, "r9")
    assert await cast(store, known, late, wrong) == [COUNTED, (refusal, False), (refusal, False)]
    assert [b.choice for b in await ballots(store, round_.id)] == ["r1"]


async def test_what_cannot_be_counted_is_refused_by_itself(store: SqlStore) -> None:
    round_, (nurse,) = await a_vote(store, ["g1"])
    other, (stranger,) = await a_vote(store, ["g1"])
    batch = [
        a_cast(round_.id, nurse, "r3"),
        a_cast(round_.id, nurse, "r1\0"),
        a_cast(round_.id, nurse, "\ud800"),
        a_cast(new_id(), nurse),
        a_cast("no\0where" * 2000, nurse),
        a_cast(round_.id, stranger),
        a_cast(round_.id, stranger, "r9"),
        a_cast(round_.id, new_id()),
        a_cast(round_.id, "no\0body\udfff"),
        a_cast(other.id, nurse),
        a_cast(round_.id, nurse, cast="x" * 8000),
        replace(a_cast(round_.id, nurse), cast=""),
        a_cast(round_.id, nurse, "r2"),
    ]
    answers = await cast(store, *batch)
    assert [refusal for refusal, _ in answers] == [
        *["unknown_response"] * 3,
        *["unknown_round"] * 7,
        *["malformed"] * 2,
        "",
    ]
    assert {refusal for refusal, _ in answers if refusal} <= messages.REFUSALS.keys()
    assert [b.choice for b in await ballots(store, round_.id)] == ["r2"]
    assert await ballots(store, other.id) == []
    assert await cast(store) == []


async def test_a_cast_id_that_was_refused_may_be_used_again(store: SqlStore) -> None:
    round_, (nurse,) = await a_vote(store, ["g1"], RoundState.DRAFT)
    early = a_cast(round_.id, nurse)
    assert await cast(store, early) == [("not_open", False)]
    async with store.begin() as work:
        await work.rounds.save_round(replace(round_, state=RoundState.OPEN))
    assert await cast(store, replace(early, choice="r7"), early, replace(early, choice="r7")) == [
        ("unknown_response", False),
        COUNTED,
        COUNTED,
    ]


async def test_a_batch_of_a_thousand_in_one_commit(store: SqlStore) -> None:
    round_, people = await a_vote(store, ["g1", "g2", "g3", None] * 250)
    assert (
        await cast(store, *(a_cast(round_.id, person, reason="Because " * 60) for person in people)) == [COUNTED] * 1000
    )
    assert await cast(store, *(a_cast(round_.id, person, "r2") for person in people)) == [CHANGED] * 1000
    assert [b.choice for b in await ballots(store, round_.id)] == ["r2"] * 1000


async def test_nothing_of_a_batch_stays_when_its_transaction_fails(store: SqlStore) -> None:
    round_, (nurse,) = await a_vote(store, ["g1"])
    one = a_cast(round_.id, nurse)

    async def fail() -> None:
        async with store.begin() as work:
            await work.rounds.cast([one])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await ballots(store, round_.id) == []
    assert await cast(store, one) == [COUNTED]


async def test_the_database_itself_holds_one_ballot_a_person_and_round(store: SqlStore) -> None:
    round_, (nurse,) = await a_vote(store, ["g1"])
    await cast(store, a_cast(round_.id, nurse))
    doubled = """
        INSERT INTO ballot (round, participant, choice, reason, ballot, salt, group_salt, at)
        SELECT round, participant, 'r2', reason, 'other', salt, group_salt, at FROM ballot
    """
    with pytest.raises(sa.exc.IntegrityError):
        async with store.writer.begin() as connection:
            await connection.execute(sa.text(doubled))
    assert [b.choice for b in await ballots(store, round_.id)] == ["r1"]


async def test_many_casts_of_one_person_at_once_are_one_ballot(store: SqlStore) -> None:
    round_, (nurse,) = await a_vote(store, ["g1"])
    casts = [a_cast(round_.id, nurse, choice) for choice in ("r1", "r2", "none", "r1", "r2", "none")]
    answers = [answer for (answer,) in await asyncio.gather(*(cast(store, one) for one in casts))]
    assert sorted(answers) == [COUNTED] + [CHANGED] * 5
    assert len(await ballots(store, round_.id)) == 1


async def test_one_cast_sent_over_many_connections_is_counted_once(store: SqlStore) -> None:
    round_, (nurse,) = await a_vote(store, ["g1"])
    one = a_cast(round_.id, nurse)
    sent = (cast(store, replace(one, ballot=new_id())) for _ in range(8))
    assert await asyncio.gather(*sent) == [[COUNTED]] * 8
    assert len(await ballots(store, round_.id)) == 1


async def test_a_ballot_is_in_or_out_for_ever_when_the_round_closes_under_it(store: SqlStore) -> None:
    round_, people = await a_vote(store, ["g1", None] * 200)
    counted: set[str] = set()
    refused: set[str] = set()
    under_way, over = asyncio.Event(), asyncio.Event()

    async def phones(mine: list[str]) -> None:
        for pair in zip(mine[::2], mine[1::2], strict=True):
            if pair[1] == mine[-1]:
                await over.wait()  # however late a database lets the closing in, somebody comes after it
            for person, (refusal, _) in zip(
                pair, await cast(store, *(a_cast(round_.id, p) for p in pair)), strict=True
            ):
                assert refusal in {"", "closed"}
                (refused if refusal else counted).add(person)
            if len(counted) > 40:
                under_way.set()

    async def close() -> int:
        await under_way.wait()
        async with store.begin() as work:
            closed, _ = machine.apply(await work.rounds.get_round(round_.id, lock=True), machine.Close(AT))
            await work.rounds.save_round(closed)
            voted = (await work.rounds.voted([round_.id]))[round_.id]
        over.set()
        return voted

    closing, *_ = await asyncio.gather(close(), *(phones(people[i::8]) for i in range(8)))
    in_it = {ballot.participant for ballot in await ballots(store, round_.id)}
    assert in_it == counted
    assert len(in_it) == closing
    assert counted | refused == set(people)
    assert refused


async def test_only_one_of_many_closes_a_round(store: SqlStore) -> None:
    round_, _ = await a_vote(store, [])

    async def close() -> bool:
        try:
            async with store.begin() as work:
                closed, _ = machine.apply(await work.rounds.get_round(round_.id, lock=True), machine.Close(AT))
                await work.rounds.save_round(closed)
        except IllegalMove:
            return False
        return True

    assert sorted(await asyncio.gather(*(close() for _ in range(5)))) == [False] * 4 + [True]


# ------------------------------------------------ any batches at all, held against the contract written out


@dataclass
class Model:
    """The contract of Rounds.cast, one cast after the other, in memory."""

    sessions: dict[str, str]  # participant -> session
    groups: dict[str, str | None]
    rounds: dict[str, Round]
    seen: set[tuple[str, str, str]] = field(default_factory=set)
    ballots: dict[tuple[str, str], Ballot] = field(default_factory=dict)

    def cast(self, one: Cast) -> CastOutcome:
        key, voter = (one.round, one.participant, one.cast), (one.round, one.participant)
        if key in self.seen:
            return CastOutcome(one)
        round_ = self.rounds.get(one.round)
        if round_ is None or self.sessions.get(one.participant) != round_.session:
            return CastOutcome(one, "unknown_round")
        if not 0 < len(one.cast) <= 64:
            return CastOutcome(one, "malformed")
        if round_.state != "open":
            return CastOutcome(one, {"draft": "not_open", "annulled": "annulled"}.get(round_.state, "closed"))
        if round_.response(one.choice) is None:
            return CastOutcome(one, "unknown_response")
        self.seen.add(key)
        before = self.ballots.get(voter)
        self.ballots[voter] = (
            replace(before, choice=one.choice, reason=one.reason, condition=one.condition)
            if before
            else Ballot(
                *voter,
                one.choice,
                one.reason,
                self.groups[one.participant],
                one.ballot,
                one.salt,
                one.group_salt,
                condition=one.condition,
            )
        )
        return CastOutcome(one, changed=before is not None, first=before is None)

    def cast_all(self, batch: Sequence[Cast]) -> list[CastOutcome]:
        outcomes = [self.cast(one) for one in batch]
        return [
            o if o.refusal else replace(o, choice=self.ballots[o.cast.round, o.cast.participant].choice)
            for o in outcomes
        ]


PEOPLE, ROUNDS = 4, 3  # of each, the last is of another session; one index more is nobody's
casts = st.tuples(
    st.integers(0, ROUNDS),
    st.integers(0, PEOPLE),
    st.sampled_from(["c1", "c2", "c3", "", "x" * 65]),
    st.sampled_from(["r1", "r2", "none", "r9"]),
    st.text(alphabet="ab'\"\\{}🧡", max_size=3),
    st.sampled_from(["", "if she rings"]),
)
turns = st.tuples(st.integers(0, ROUNDS - 1), st.sampled_from(RoundState))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=st.lists(st.lists(casts, max_size=12) | turns, max_size=8))
async def test_any_batches_are_counted_as_the_contract_says(
    store: SqlStore, steps: list[list[tuple[int, int, str, str, str, str]] | tuple[int, RoundState]]
) -> None:
    live, mine = await a_room(store, ["g1", "g2", None])
    other, theirs = await a_room(store, ["g1"])
    made = [a_round(live.id), a_round(live.id), a_round(other.id)]
    people, rounds = [*mine, *theirs, new_id()], [*(r.id for r in made), new_id()]
    model = Model(
        sessions=dict.fromkeys(mine, live.id) | dict.fromkeys(theirs, other.id),
        groups=dict(zip([*mine, *theirs], ["g1", "g2", None, "g1"], strict=True)),
        rounds={r.id: r for r in made},
    )
    async with store.begin() as work:
        for one in made:
            await work.rounds.add_round(one)
    for step in steps:
        async with store.begin() as work:
            if isinstance(step, tuple):
                which, state = step
                changed = replace(model.rounds[rounds[which]], state=state)
                model.rounds[changed.id] = changed
                await work.rounds.save_round(changed)
            else:
                batch = [
                    replace(a_cast(rounds[r], people[p], choice, reason), cast=name, condition=condition)
                    for r, p, name, choice, reason, condition in step
                ]
                assert await work.rounds.cast(batch) == model.cast_all(batch)
    async with store.read() as work:
        kept = {(b.round, b.participant): b for r in rounds for b in await work.rounds.ballots(r)}
        assert kept == model.ballots
        assert await work.rounds.voted(rounds) == {r: sum(key[0] == r for key in kept) for r in rounds}


async def test_who_cast_a_ballot_is_found_by_its_cast_id_until_devices_are_forgotten(store: SqlStore) -> None:
    round_, [ann, ben] = await a_vote(store, ["g1", "g2"])
    mine, twice = a_cast(round_.id, ann), new_id()
    await cast(store, mine, a_cast(round_.id, ann, cast=twice), a_cast(round_.id, ben, cast=twice))
    async with store.begin() as work:
        found = await work.rounds.caster(round_.id, mine.cast)
        assert found is not None
        assert (found.id, found.session, found.group) == (ann, round_.session, "g1")
        assert await work.rounds.caster(round_.id, twice) is None
        assert await work.rounds.caster(new_id(), mine.cast) is None
        assert await work.rounds.caster(round_.id, new_id()) is None
        await work.sessions.forget_devices(round_.session)
        assert await work.rounds.caster(round_.id, mine.cast) is None
