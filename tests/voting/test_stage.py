"""Stages: which moves there are from where, held against a model that is written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import sampled_from

from forum.errors import IllegalMove
from forum.record.verify import cycle_order
from forum.voting.commission import STAGES
from forum.voting.stage import QUESTIONS, Closing, StageQuestion, Standing, standing

# Written out by hand: on by one, or back by one or more.
WAYS = {
    "assess needs": ("plan",),
    "plan": ("secure", "assess needs"),
    "secure": ("monitor", "plan", "assess needs"),
    "monitor": ("secure", "plan", "assess needs"),
}


def test_the_work_moves_on_by_one_stage_or_back_and_nowhere_else() -> None:
    assert set(WAYS) == set(STAGES)
    for stage, ways in WAYS.items():
        here = Standing(stage)
        assert here.ways == ways
        for to in (*STAGES, "dream", ""):
            if to in ways:
                assert here.moved(to) == Standing(to, acts=1)
            else:
                with pytest.raises(IllegalMove):
                    here.moved(to)


def test_a_closed_commission_moves_nowhere_until_it_is_reopened() -> None:
    closed = Standing("plan").ended()
    assert closed == Standing("plan", closed=True, acts=1)
    assert closed.ways == ()
    for act in (partial(closed.moved, "secure"), closed.ended, Standing("plan").reopened):
        with pytest.raises(IllegalMove):
            act()
    assert closed.reopened().moved("secure") == Standing("secure", acts=3)


def test_where_it_stands_follows_from_its_moves_and_closings() -> None:
    once = Closing("1", "c", "Done", (), "t")
    again = Closing("2", "c", "Done", (), "t", because="More", reopened_at="u")
    assert standing("plan", 0, ()) == Standing("plan")
    assert standing("secure", 3, (again,)) == Standing("secure", closed=False, acts=5)
    assert standing("secure", 3, (again, once)) == Standing("secure", closed=True, acts=6)


def test_the_verifier_that_travels_alone_knows_the_same_stages_and_questions() -> None:
    assert cycle_order.STAGES == STAGES
    assert {stage: tuple(map(str, asked)) for stage, asked in QUESTIONS.items()} == cycle_order.QUESTIONS
    assert sorted(q for asked in QUESTIONS.values() for q in asked) == sorted(StageQuestion)


def entry(number: int, type_: str, **facts: object) -> dict[str, object]:
    """Makes an entry about one commission, as far as its order is held against the others."""
    return {"type": type_, "at": f"2026-11-22T14:00:{number:02d}.000Z", "commission": "c1" * 16, **facts}


def about(stage: str, threshold: int) -> dict[str, object]:
    """Declares a commission, as far as it is compared here."""
    return {"stage": stage, "threshold": threshold, "power": {"level": "co-design", "decides": {"sd": "x"}}}


class Acts(RuleBasedStateMachine):
    """Acts on one commission in any order, also those that are not its turn: rules and verifier know the same."""

    def __init__(self) -> None:
        super().__init__()
        self.stage, self.closed, self.done = "plan", False, 0
        self.now, self.cycle = Standing("plan"), cycle_order.Cycle()
        self.version, self.threshold, self.said = 1, 5, False

    def told(self, type_: str, **facts: object) -> list[str]:
        """Holds an entry against those before; adds it where nothing is wrong with it."""
        said = entry(self.done, type_, **facts)
        problems = list(self.cycle.problems(said))
        if not problems:
            self.cycle.add(said)
        return problems

    def acted(self, act: Callable[[], Standing], problems: list[str], *, taken: bool) -> None:
        """Carries an act out, or sees it refused, by the rules and by the verifier."""
        assert taken == (problems == [])
        if not taken:
            with pytest.raises(IllegalMove):
                act()
            return
        self.now, self.done = act(), self.done + 1

    @rule(to=sampled_from(STAGES))
    def move(self, to: str) -> None:
        """Moves to a stage."""
        taken = not self.closed and to in WAYS[self.stage]
        problems = self.told("stage moved", **{"from": self.stage, "to": to})
        self.acted(lambda: self.now.moved(to), problems, taken=taken)
        self.stage = to if taken else self.stage

    @rule(to=sampled_from(STAGES), start=sampled_from(STAGES))
    def move_from_elsewhere(self, start: str, to: str) -> None:
        """Tells of a move from where it does not stand; of a first move nobody knows."""
        if start != self.stage and self.done and not self.closed and self.cycle_knows:
            assert any("field from is not" in one for one in self.told("stage moved", **{"from": start, "to": to}))

    @property
    def cycle_knows(self) -> bool:
        """Tells whether any entry has said where it stands."""
        said = entry(0, "session opened", about=about("nowhere", self.threshold))
        return any("about.stage" in one for one in self.cycle.problems(said))

    @rule()
    def close(self) -> None:
        """Closes it."""
        self.acted(self.now.ended, self.told("commission closed"), taken=not self.closed)
        self.closed = True

    @rule()
    def reopen(self) -> None:
        """Reopens it."""
        self.acted(self.now.reopened, self.told("commission reopened"), taken=self.closed)
        self.closed = False

    @rule(stage=sampled_from(STAGES), question=sampled_from(StageQuestion))
    def answer(self, stage: str, question: StageQuestion) -> None:
        """Answers a question; it must be one of its stage, while the commission goes on."""
        problems = self.told("stage note", stage=stage, question=question.value)
        assert (problems == []) == (question in QUESTIONS[stage] and not self.closed)

    @rule(stage=sampled_from(STAGES))
    def open_a_session(self, stage: str) -> None:
        """Opens a session, which declares where the work is."""
        known = self.cycle_knows
        problems = self.told("session opened", about=about(stage, self.threshold), demonstration=True)
        assert (problems == []) == (not self.closed and (stage == self.stage or not known))

    @rule(threshold=sampled_from((3, 5, 8)), step=sampled_from((0, 1, 2)))
    def change(self, threshold: int, step: int) -> None:
        """Changes what sessions are opened under; each version follows the one before."""
        facts = {"version": self.version + step, "about": about(self.stage, threshold)}
        problems = self.told("commission changed", **facts)
        assert (problems == []) == (step == 1 and not self.closed)
        if not problems:
            self.version, self.threshold, self.said = self.version + 1, threshold, True

    @rule(threshold=sampled_from((3, 5, 8)))
    def open_a_session_under_other_terms(self, threshold: int) -> None:
        """Opens a session that declares a threshold, which must be that of the version, once an entry has said it."""
        problems = self.told("session opened", about=about(self.stage, threshold), demonstration=True)
        assert (problems == []) == (not self.closed and (threshold == self.threshold or not self.said))

    @invariant()
    def stands(self) -> None:
        """Holds where it stands against the model."""
        assert self.now == Standing(self.stage, self.closed, self.done)


TestActs = Acts.TestCase
TestActs.settings = settings(max_examples=40, stateful_step_count=20)
