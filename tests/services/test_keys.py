from __future__ import annotations

import ast
import hashlib
from pathlib import Path

import pytest

from forum.services.keys import digest, digest_of_no_key, is_key, new_key, new_token

FORUM = Path(__file__).parents[2] / "forum"


def test_a_new_key_is_one_and_no_two_are_alike() -> None:
    made = {new_key() for _ in range(50)}
    assert len(made) == 50
    assert all(map(is_key, made))
    assert {len(new_token()) for _ in range(50)} == {43}


@pytest.mark.parametrize(
    "text", ["", "a" * 31, "a" * 33, "a" * 32 + "\n", "a" * 31 + "/", "a" * 31 + "é", "a" * 31 + "٣"]
)
def test_other_texts_are_no_keys(text: str) -> None:
    assert not is_key(text)


def test_a_digest_is_sha_256_in_hex() -> None:
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1
    assert digest("tŷ") == hashlib.sha256(b"t\xc5\xb7").hexdigest()
    assert len({digest_of_no_key() for _ in range(5)}) == 5
    assert len(digest_of_no_key()) == 64


def test_keys_are_made_in_one_place() -> None:
    """Another `secrets.token_urlsafe` in services, pages or commands would be a second kind of key."""
    elsewhere = []
    for room in ("services", "web", "cli", "live"):
        for file in (FORUM / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Attribute) and node.attr in {"token_urlsafe", "token_bytes"}:
                    elsewhere.append(f"{file.relative_to(FORUM)}:{node.lineno}")
    # The random half of a link by which somebody says whether they noticed; the key with which addresses are counted,
    # kept in memory and given to nobody; and the name of a server among others, which opens nothing.
    assert sorted(line.split(":")[0] for line in elsewhere if not line.startswith("services/keys.py")) == [
        "live/seal.py",
        "services/noticed.py",
        "web/stories/mail.py",
    ]
