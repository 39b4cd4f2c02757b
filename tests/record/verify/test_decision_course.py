"""The course of a decision in the record: read before it is published where a second reader was declared."""

from __future__ import annotations

from typing import Any

import pytest
from support.forged_exports import details, failed, signed_again
from support.record_keeper import CRISIS, ROOM, Keeper, people, votes_of

from forum.record.verify.archive import unpack
from forum.record.verify.checks import verify_files
from forum.record.verify.verdict import FAIL


def decided(declared: str | None, read: str | None) -> Keeper:
    """Makes a record of one decision: what its session declared of a second reader, and what it says of reading."""
    keeper = Keeper()
    about = keeper.about(CRISIS) | ({"second_reader": declared} if declared else {})
    of = keeper.open(CRISIS, keeper.session(CRISIS, "A day", about=about), "Who should come?", None)
    keeper.close(CRISIS, of, votes_of(people(ROOM), "r1", "r2", "r1"))
    keeper.reveal(CRISIS, of, None)
    keeper.decide(CRISIS, [of[0]], "adopted", "r1", rationale="It is near.", second_reader=read)
    return keeper


def told(keeper: Keeper) -> str:
    """Returns what both verifiers find wrong with the entries of a record, "" for nothing."""
    data = signed_again(keeper)
    bare = {check.name: check for check in verify_files(unpack(data)[0])}["entries"]
    assert failed(data) <= {"entries"}
    assert (bare.verdict == FAIL) == bool(failed(data))
    assert bare.detail == details(data)["entries"]
    return bare.detail if bare.verdict == FAIL else ""


@pytest.mark.parametrize(
    ("declared", "read", "fine"),
    [
        ("required", "read", True),
        ("required", "none", False),
        ("required", None, False),
        ("none", "none", True),
        ("none", "read", True),
        (None, None, True),
    ],
)
def test_a_decision_is_read_where_a_second_reader_was_declared(declared: Any, read: Any, *, fine: bool) -> None:
    found = told(decided(declared, read))
    assert found == "" if fine else "('decision'): its commission had declared a second reader" in found
