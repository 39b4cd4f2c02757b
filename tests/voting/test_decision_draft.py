"""The way of a decision from its first words on: which acts are whose turn, held against a model written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.strategies import integers, sampled_from

from forum.errors import IllegalMove, NotAllowed
from forum.record.verify.decision_course import DecisionCourse
from forum.voting.commission import SecondReader
from forum.voting.decision import (
    Correction,
    Decision,
    DecisionOutcome,
    DecisionState,
    SecondReading,
    check_stands,
    mistake_in_replacing,
)
from forum.voting.decision_draft import DecisionDraft, handed_over, published_by, sent_back, written

PEOPLE = ("Ann", "Ben", "Cat")


def a_draft(**changes: Any) -> DecisionDraft:
    return replace(DecisionDraft("d", "c", ("r",), {"why": "1"}, ("Ann",), saved_at="0"), **changes)


def a_decision(id_: str, **changes: Any) -> Decision:
    made = Decision(id_, "c", ("r",), DecisionOutcome.ADOPTED, "r1", "It is near.", decided_at=id_, entry=int(id_))
    return replace(made, **changes)


def test_each_act_on_a_draft_keeps_all_else_of_it() -> None:
    draft = a_draft()
    given = handed_over(draft, "1")
    assert given == replace(draft, state=DecisionState.WITH_READER, version=2, saved_at="1")
    back = sent_back(given, "Ben", "Who pays?", "2")
    assert back == replace(given, state=DecisionState.SENT_BACK, because="Who pays?", version=3, saved_at="2")
    again = written(back, "Ann", {"why": "2"}, "3")
    assert again == replace(back, form={"why": "2"}, version=4, saved_at="3")
    assert handed_over(again, "4").because == ""
    assert written(given, "Ben", {"why": "2"}, "2").writers == ("Ann", "Ben")


def test_a_decision_is_replaced_by_a_newer_one_of_its_commission_that_stands() -> None:
    old, newer = a_decision("1"), a_decision("2")
    assert mistake_in_replacing(old, newer) == ""
    gone = replace(newer, corrections=(Correction("k", "2", "So", replaced_by="3"),))
    for by in (old, a_decision("0"), replace(newer, commission="d"), replace(newer, entry=None), gone):
        assert mistake_in_replacing(old, by)
    unrecorded = [a_decision(id_, entry=None) for id_ in "12"]
    assert [mistake_in_replacing(*pair) == "" for pair in (unrecorded, unrecorded[::-1])] == [True, False]
    with pytest.raises(IllegalMove):
        check_stands(gone)


class Way(RuleBasedStateMachine):
    """Acts on one decision by three people in any order, also those that are not their turn.

    The model is the state, who wrote, the versions, and the words that were last kept; the verifier takes every entry
    that comes of the acts, and refuses those that the rules refuse.
    """

    @initialize(declared=sampled_from(SecondReader))
    def begin(self, declared: SecondReader) -> None:
        self.declared, self.state, self.writers = declared, "draft", {"Ann"}
        self.version, self.because, self.words = 1, "", "1"
        self.draft, self.read, self.corrections = a_draft(), None, 0
        self.made: Decision | None = None
        self.course = DecisionCourse()
        about = {"second_reader": str(declared)}
        self.course.add({"type": "session opened", "session": "s", "about": about})
        self.course.add({"type": "round opened", "round": "r", "session": "s"})

    @property
    def is_draft(self) -> bool:
        return self.state in ("draft", "with reader", "sent back")

    @rule(person=sampled_from(PEOPLE), words=integers(1, 9))
    def write(self, person: str, words: int) -> None:
        if self.is_draft:
            self.draft = written(self.draft, person, {"why": str(words)}, str(self.version))
            self.state = "draft" if self.state == "with reader" else self.state
            self.writers |= {person}
            self.version, self.words = self.version + 1, str(words)

    @rule()
    def hand_over(self) -> None:
        if self.state == "with reader":
            with pytest.raises(IllegalMove):
                handed_over(self.draft, "t")
        elif self.is_draft:
            self.draft = handed_over(self.draft, "t")
            self.state, self.version, self.because = "with reader", self.version + 1, ""

    @rule(person=sampled_from(PEOPLE))
    def send_back(self, person: str) -> None:
        if not self.is_draft:
            return
        if self.state != "with reader" or person in self.writers:
            with pytest.raises((IllegalMove, NotAllowed)):
                sent_back(self.draft, person, "Why?", "t")
        else:
            self.draft = sent_back(self.draft, person, "Why?", "t")
            self.state, self.version, self.because = "sent back", self.version + 1, "Why?"

    @rule(person=sampled_from(PEOPLE))
    def publish(self, person: str) -> None:
        if not self.is_draft:
            return
        read_by_another = self.state == "with reader" and person not in self.writers
        entry = {"type": "decision", "decision": "1", "rounds": ["r"]}
        if self.declared == SecondReader.REQUIRED and not read_by_another:
            with pytest.raises((IllegalMove, NotAllowed)):
                published_by(self.draft, person, self.declared)
            assert list(self.course.problems({**entry, "second_reader": "none"}))
            return
        read = published_by(self.draft, person, self.declared)
        assert read == (SecondReading.READ if read_by_another else SecondReading.NONE)
        self._enter({**entry, "second_reader": str(read)})
        self.state, self.made = "published", a_decision("1", second_reader=read)

    @rule()
    def correct(self) -> None:
        if self.made is None:
            return
        entry = {"type": "decision corrected", "decision": "1"}
        if self.state == "replaced":
            with pytest.raises(IllegalMove):
                check_stands(self.made)
            assert list(self.course.problems(entry))
            return
        check_stands(self.made)
        self._add(Correction(f"k{self.corrections}", "1", "So", words="Else"), entry)
        self.state = "corrected"

    @rule(older=sampled_from((False, True)))
    def put_another_in_its_place(self, *, older: bool) -> None:
        if self.made is None:
            return
        newer = a_decision("0" if older else "2")
        if not older and not list(self.course.problems({"type": "decision replaced", "decision": "2", "by": "2"})):
            raise AssertionError("a decision takes its own place")
        entry = {"type": "decision replaced", "decision": "1", "by": newer.id}
        if older or self.state == "replaced":
            assert older is bool(mistake_in_replacing(self.made, newer))
            assert list(self.course.problems(entry))
            return
        check_stands(self.made)
        assert not mistake_in_replacing(self.made, newer)
        self._enter({"type": "decision", "decision": "2", "rounds": [], "second_reader": "none"})
        self._add(Correction("k", "1", "So", replaced_by=newer.id), entry)
        self.state = "replaced"

    def _add(self, correction: Correction, entry: Mapping[str, object]) -> None:
        assert self.made is not None
        self._enter(entry)
        self.corrections += 1
        self.made = replace(self.made, corrections=(*self.made.corrections, correction))

    def _enter(self, entry: Mapping[str, object]) -> None:
        assert list(self.course.problems(entry)) == []
        self.course.add(entry)

    @invariant()
    def is_as_the_model_says(self) -> None:
        if self.made is not None:
            assert self.made.state == self.state
            assert len(self.made.corrections) == self.corrections
            return
        now = self.draft
        assert (now.state, set(now.writers), now.version) == (self.state, self.writers, self.version)
        assert (now.because, now.form) == (self.because, {"why": self.words})


TestWay = Way.TestCase
TestWay.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
