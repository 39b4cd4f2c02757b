"""The root of a round's ballots is the one of the leaves that are opened, however its ballots are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.record.ballot_leaves import ballots_root, leaf, root_of
from forum.voting.ballot import Ballot

WORDS = st.text(max_size=12) | st.sampled_from(['"', "\\", "\n\x00\x7f", "\u2028", "Fórsa ½", "🂡"])
BALLOTS = st.lists(st.builds(Ballot, *[WORDS] * 4, st.none() | WORDS, *[WORDS] * 3, paper=st.booleans()), max_size=5)


@given(BALLOTS, WORDS, st.sampled_from(["", "device", "paper or device"]))
def test_it_is_that_of_their_leaves(ballots: list[Ballot], label: str, by: str) -> None:
    def label_of(group: str | None) -> str:
        return f"{label} {group}"

    def origin_of(paper: bool) -> str:
        return by and f"{by} {paper}"

    leaves = [leaf(one, label_of(one.group), origin_of(one.paper)) for one in ballots]
    assert root_of(ballots, label_of, origin_of) == ballots_root(leaves)


def test_what_cannot_be_written_has_none() -> None:
    torn = Ballot("r", "p", "\ud800", "", None, "b", "s", "g")
    with pytest.raises(UnicodeEncodeError):
        root_of([torn], lambda group: "everyone", lambda paper: "")
