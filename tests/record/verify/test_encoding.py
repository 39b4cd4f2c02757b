"""Canonical JSON: what RFC 8785 writes, and nothing that could be written in two ways."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from forum.record.verify.encoding import MAX_INT, canonical, parse_canonical, parse_lines
from forum.record.verify.verdict import RecordError

texts = st.text(st.characters(codec="utf-8"), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INT, MAX_INT) | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="ascii"), max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_canonical_is_what_rfc8785_writes_and_reads_back(value: Any) -> None:
    written = canonical(value)
    assert written == rfc8785.dumps(value)
    assert parse_canonical(written) == value


class Number(int):
    """An int of somebody's own."""


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), 2**53, -(2**53), {"é": 1}, {1: 2}, "\ud800", {"a": ["\udfff"]}, b"x", (1,), {1}, Number(1)],
    ids=repr,
)
def test_what_could_be_written_in_two_ways_is_not_written(value: object) -> None:
    with pytest.raises(RecordError):
        canonical(value)


@pytest.mark.parametrize("value", [2**53 - 1, -(2**53) + 1, [2**53 - 1], {"n": -(2**53) + 1}], ids=repr)
def test_the_largest_whole_number_of_json_is_written_and_read(value: Any) -> None:
    written = canonical(value)
    assert written == rfc8785.dumps(value)
    assert parse_canonical(written) == value


def test_nesting_without_end_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(RecordError):
        canonical(deep)
    with pytest.raises(RecordError):
        parse_canonical(b"[" * 100_000 + b"]" * 100_000)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b" 1",
        b"1 ",
        b"1.0",
        b"1e3",
        b"-0",
        b"01",
        b"NaN",
        b"Infinity",
        b"9007199254740992",
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"a": 1}',
        b'"\\u0041"',
        b'"\\/"',
        b'"\\ud800"',
        b'"\xff"',
        b"\xef\xbb\xbf1",
        b'{"\xc3\xa9":1}',
        b"[1,]",
        b"1\n",
        b"9" * 5000,
    ],
)
def test_a_line_that_is_not_canonical_is_refused(line: bytes) -> None:
    with pytest.raises(RecordError):
        parse_canonical(line)


def test_lines_need_their_ends() -> None:
    assert parse_lines(b"") == []
    assert parse_lines(b'1\n"\xe2\x80\xa8"\n') == [1, "\u2028"]
    for data in (b"1", b"1\n2", b"1\n\n", b"1\r\n", b"\n"):
        with pytest.raises(RecordError):
            parse_lines(data)
