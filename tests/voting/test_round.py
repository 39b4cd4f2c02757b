from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from forum.errors import BadInput, IllegalMove
from forum.voting.round import Annul, Close, Event, Extend, Open, Response, Reveal, Round, RoundState, Warn, apply

RESPONSES = (Response("r1", "Send a nurse"), Response("r2", "Send the police"), Response("none", "None of these"))
ROUND = Round("1", "s", "Who goes?", RESPONSES)

# The whole graph: from a state, by an event, to a state, and what goes into the record with it.
LEGAL: dict[tuple[str, type[Event]], tuple[str, tuple[str, ...]]] = {
    (RoundState.DRAFT, Open): (RoundState.OPEN, ("round opened",)),
    (RoundState.OPEN, Warn): (RoundState.OPEN, ()),
    (RoundState.OPEN, Close): (RoundState.CLOSED, ("round closed",)),
    (RoundState.CLOSED, Reveal): (RoundState.REVEALED, ("round revealed",)),
    (RoundState.DRAFT, Annul): (RoundState.ANNULLED, ()),
    (RoundState.OPEN, Annul): (RoundState.ANNULLED, ("round annulled",)),
    (RoundState.CLOSED, Annul): (RoundState.ANNULLED, ("round annulled",)),
    (RoundState.REVEALED, Annul): (RoundState.ANNULLED, ("round annulled",)),
}
EVENTS: tuple[Event, ...] = (Open("t"), Warn(), Close("t"), Reveal("t"), Annul("t", "The question was unclear."))


@pytest.mark.parametrize(("state", "event"), list(product(RoundState, EVENTS)))
def test_every_event_in_every_state(state: RoundState, event: Event) -> None:
    before = replace(ROUND, state=state)
    if (state, type(event)) in LEGAL:
        after, entries = apply(before, event)
        assert (after.state, entries) == LEGAL[state, type(event)]
    else:
        with pytest.raises(IllegalMove):
            apply(before, event)


def test_each_step_notes_its_time() -> None:
    round_ = ROUND
    for event in (Open("10:00"), Close("10:05"), Reveal("10:06"), Annul("10:10", " The sound failed. ")):
        round_, _ = apply(round_, event)
    assert (round_.opened_at, round_.closed_at, round_.revealed_at) == ("10:00", "10:05", "10:06")
    assert (round_.annulled_at, round_.annulled_because) == ("10:10", "The sound failed.")


def test_closing_soon_lasts_until_the_vote_closes_or_is_annulled() -> None:
    opened, _ = apply(ROUND, Open("t"))
    warned, _ = apply(opened, Warn())
    assert (opened.closing_soon, warned.closing_soon) == (False, True)
    assert not apply(warned, Close("t"))[0].closing_soon
    assert not apply(warned, Annul("t", "why"))[0].closing_soon


@pytest.mark.parametrize("because", ["", "  \n"])
@pytest.mark.parametrize("state", [RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED, RoundState.REVEALED])
def test_an_annulment_needs_a_reason(state: RoundState, because: str) -> None:
    with pytest.raises(BadInput) as error:
        apply(replace(ROUND, state=state), Annul("t", because))
    assert error.value.field == "because"


def test_annulling_twice_is_told_apart_from_a_missing_reason() -> None:
    with pytest.raises(IllegalMove):
        apply(replace(ROUND, state=RoundState.ANNULLED), Annul("t", ""))


ALONE = replace(ROUND, state=RoundState.OPEN, opened_at="10:00", closes_at="12:00")


def test_more_time_is_given_while_there_is_some_and_noted() -> None:
    longer, entries = apply(ALONE, Extend("11:59", "13:00"))
    assert (longer.closes_at, longer.extended_at, longer.state, entries) == (
        "13:00",
        "11:59",
        RoundState.OPEN,
        ("round extended",),
    )
    again, _ = apply(longer, Extend("12:30", "14:00"))
    assert (again.closes_at, again.extended_at) == ("14:00", "12:30")


@pytest.mark.parametrize("at", ["12:00", "12:01"])
def test_no_more_time_is_given_when_it_is_over(at: str) -> None:
    with pytest.raises(IllegalMove):
        apply(ALONE, Extend(at, "13:00"))


@pytest.mark.parametrize(
    "round_", [ROUND, *(replace(ALONE, state=state) for state in RoundState if state != RoundState.OPEN)]
)
def test_no_more_time_is_given_to_what_has_none_or_is_not_open(round_: Round) -> None:
    with pytest.raises(IllegalMove):
        apply(round_, Extend("11:00", "13:00"))
    with pytest.raises(IllegalMove):
        apply(replace(ROUND, state=RoundState.OPEN), Extend("11:00", "13:00"))


@pytest.mark.parametrize("until", ["12:00", "11:30"])
def test_less_time_is_not_more(until: str) -> None:
    with pytest.raises(BadInput):
        apply(ALONE, Extend("11:00", until))


def test_what_comes_at_the_closing_time_or_later_is_late_whatever_the_state() -> None:
    assert [ALONE.takes(at) for at in ("11:59", "12:00", "12:01")] == [True, False, False]
    assert not replace(ALONE, state=RoundState.CLOSED).takes("11:59")
    assert replace(ALONE, closes_at="").takes("23:59")


def test_apply_changes_nothing_in_the_round_it_is_given() -> None:
    apply(ROUND, Open("t"))
    assert Round("1", "s", "Who goes?", RESPONSES) == ROUND


def test_a_response_is_found_by_its_id() -> None:
    assert ROUND.response("r2") == RESPONSES[1]
    assert ROUND.response("none") == RESPONSES[2]
    assert ROUND.response("r3") is None


class AnyFacilitator(RuleBasedStateMachine):
    """Facilitator who presses whatever there is, in whatever order, however often."""

    def __init__(self) -> None:
        super().__init__()
        self.round = ROUND
        self.entries: list[str] = []
        self.clock = 0

    def press(self, event: Event) -> None:
        before = self.round
        try:
            self.round, entries = apply(before, event)
        except IllegalMove:
            assert (before.state, type(event)) not in LEGAL
        except BadInput:
            assert isinstance(event, Annul)
            assert not event.because.strip()
        else:
            assert (self.round.state, entries) == LEGAL[before.state, type(event)]
            self.entries += entries

    def now(self) -> str:
        self.clock += 1
        return f"{self.clock:06}"

    @rule()
    def open(self) -> None:
        self.press(Open(self.now()))

    @rule()
    def warn(self) -> None:
        self.press(Warn())

    @rule()
    def close(self) -> None:
        self.press(Close(self.now()))

    @rule()
    def reveal(self) -> None:
        self.press(Reveal(self.now()))

    @precondition(lambda self: self.clock > 2)
    @rule(because=st.sampled_from(["", " ", "A fire alarm", " The wrong question "]))
    def annul(self, because: str) -> None:
        self.press(Annul(self.now(), because))

    @invariant()
    def what_a_round_says_fits_its_state(self) -> None:
        now = self.round
        assert now.state in RoundState
        times = [at for at in (now.opened_at, now.closed_at, now.revealed_at, now.annulled_at) if at]
        assert times == sorted(set(times)), "each step after the one before it"
        assert bool(now.closed_at) <= bool(now.opened_at)
        assert bool(now.revealed_at) <= bool(now.closed_at)
        assert bool(now.annulled_at) == bool(now.annulled_because) == (now.state == RoundState.ANNULLED)
        if now.state != RoundState.ANNULLED:
            reached = [RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED, RoundState.REVEALED].index(now.state)
            assert [bool(now.opened_at), bool(now.closed_at), bool(now.revealed_at)] == [reached > i for i in range(3)]
        assert not now.closing_soon or now.state == RoundState.OPEN

    @invariant()
    def the_record_tells_the_same_story(self) -> None:
        now = self.round
        told = [("round opened", now.opened_at), ("round closed", now.closed_at), ("round revealed", now.revealed_at)]
        expected = [name for name, at in told if at]
        # A draft that is thrown away was never announced, so nobody needs to be told.
        expected += ["round annulled"] if now.annulled_at and now.opened_at else []
        assert self.entries == expected

    @invariant()
    def what_it_asks_never_changes(self) -> None:
        now = self.round
        assert (now.id, now.session, now.question, now.responses) == ("1", "s", "Who goes?", RESPONSES)


TestAnyFacilitator = AnyFacilitator.TestCase
