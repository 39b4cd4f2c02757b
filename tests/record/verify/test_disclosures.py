"""Disclosures (RFC 9901): each opens to the words it was made of, and is spelt in one way."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.record.verify.disclosures import disclosure, open_disclosure
from forum.record.verify.encoding import canonical
from forum.record.verify.verdict import RecordError

texts = st.text(st.characters(codec="utf-8"), max_size=12)


@given(texts, texts, texts)
def test_a_disclosure_opens_to_what_went_in(salt: str, name: str, value: str) -> None:
    digest, encoded = disclosure(salt, name, value)
    assert open_disclosure(encoded) == (salt, name, value)
    hashed = hashlib.sha256(encoded.encode()).digest()
    assert digest == base64.urlsafe_b64encode(hashed).decode().rstrip("=")


def test_the_rfcs_own_example_opens() -> None:
    # RFC 9901, 4.2.1: the array is written with spaces there, which `disclosure` never does, so only the digest.
    encoded = "WyI2cU1RdlJMNWhhaiIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    assert json.loads(base64.urlsafe_b64decode(encoded + "=")) == ["6qMQvRL5haj", "family_name", "Möbius"]
    with pytest.raises(RecordError):
        open_disclosure(encoded)


@pytest.mark.parametrize(
    "change",
    [
        lambda e: e + "=",
        lambda e: e + "A",
        lambda e: e[:-1],
        lambda e: e + "\n",
        lambda e: "+" + e[1:],
        lambda e: "",
        lambda e: "é" + e,
        lambda e: e[:4] + " " + e[4:],
    ],
)
def test_a_disclosure_spelt_otherwise_is_refused(change: Callable[[str], str]) -> None:
    _, encoded = disclosure("ab", "what", "seven nurses")
    with pytest.raises(RecordError):
        open_disclosure(change(encoded))


def test_bits_that_say_nothing_must_be_zero() -> None:
    # 12 bytes take 16 characters; one byte more leaves bits over, which base64 readers often ignore.
    encoded = next(e for n in range(9) if len(e := disclosure("s" * n, "n", "v")[1]) % 4 == 2)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = encoded[:-1] + alphabet[alphabet.index(encoded[-1]) + 1]
    padded = (encoded + "==", other + "==")
    assert base64.urlsafe_b64decode(padded[0]) == base64.urlsafe_b64decode(padded[1])
    with pytest.raises(RecordError):
        open_disclosure(other)


@pytest.mark.parametrize("parts", [["s", "n"], ["s", "n", "v", "w"], [1, "n", "v"], ["s", 1, "v"], {"s": 1}, "snv"])
def test_a_disclosure_is_three_things(parts: Any) -> None:
    encoded = base64.urlsafe_b64encode(canonical(parts)).decode().rstrip("=")
    with pytest.raises(RecordError):
        open_disclosure(encoded)
