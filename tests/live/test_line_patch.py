"""New lines of a text, for a reader who has the one before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from forum.live.line_patch import patch, patched

TEXTS = st.lists(st.sampled_from(["<ul>", "<li>one</li>", "<li>two</li>", "</ul>", "", "🦋"]), max_size=30)


@given(TEXTS, TEXTS)
def test_a_patched_text_is_the_new_one(before: list[str], after: list[str]) -> None:
    assert patched(before, patch(before, after)) == after


def test_only_what_is_new_stands_in_a_patch() -> None:
    before = ["<ul>", "<li>one</li>", "<li>two</li>", "</ul>"]
    after = ["<ul>", "<li>one</li>", "<li>between</li>", "<li>two</li>", "</ul>"]
    assert patch(before, after) == [(0, 2), "<li>between</li>", (2, 4)]
    assert patch(before, before) == [(0, 4)]
    assert patch([], before) == before
    moved = ["<li>two</li>", "</ul>", "<ul>", "<li>one</li>"]
    assert patch(before, moved) == [(2, 4), (0, 2)]
