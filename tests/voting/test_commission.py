"""Commissions: which of their fields are terms, and how groups stay the same when they are typed again."""

from __future__ import annotations

from dataclasses import fields, replace

from support.factories import a_commission

from forum.voting.commission import NO_TERMS, TERMS, Commission, Group, changed_terms, with_known_groups

BEFORE = (Group("a", "Carers", 10), Group("b", "Nurses"), Group("c", "Police"))


def ids(*typed: tuple[str, str]) -> list[str]:
    """Types groups anew, each an id and a label; returns the ids that they have then."""
    return [group.id for group in with_known_groups([Group(id_, label) for id_, label in typed], BEFORE)]


def test_a_group_stays_the_same_by_its_id_and_else_by_its_label() -> None:
    assert ids(("a", "Family carers"), ("c", "Officers")) == ["a", "c"]
    assert ids(("n", "Police"), ("m", "carers"), ("k", "GPs")) == ["c", "a", "k"]
    assert ids(("a", "Nurses"), ("n", "Carers"), ("b", "Staff")) == ["a", "n", "b"]  # both labels' groups are there
    assert ids(("n", "Carers"), ("m", "CARERS")) == ["a", "m"]
    assert ids() == []
    assert with_known_groups([Group("x", "CARERS", 12)], BEFORE) == (Group("a", "CARERS", 12),)


def test_every_field_is_a_term_or_is_said_to_be_none() -> None:
    assert set(NO_TERMS) | set(TERMS) == {field.name for field in fields(Commission)}
    assert {"title", "question", "power", "groups", "threshold", "second_reader"} <= set(TERMS)
    before = a_commission()
    assert changed_terms(before, replace(before, stage="secure", support=(), version=2)) == ()
    assert changed_terms(before, replace(before, threshold=9, title="Else")) == ("title", "threshold")
