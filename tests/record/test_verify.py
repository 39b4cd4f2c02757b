"""The tree, its proofs, canonical JSON, disclosures and notes; whole exports are in test_audit.py."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pymerkle
import pytest
import rfc8785
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from forum.record import proofs, signing
from forum.record.verify import checkpoint, merkle_tree
from forum.record.verify.checkpoint import parse_checkpoint, parse_note, public_key_raw
from forum.record.verify.disclosures import disclosure, open_disclosure
from forum.record.verify.encoding import MAX_INT, canonical, parse_canonical, parse_lines
from forum.record.verify.merkle_tree import leaf_hash, verify_consistency, verify_inclusion
from forum.record.verify.verdict import RecordError

MOST = 18
ENTRIES = [b"entry %d" % n for n in range(MOST)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def a_tree(size: int) -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in ENTRIES[:size]:
        tree.append_entry(entry)
    return tree


def test_a_leaf_and_a_node_are_hashed_apart() -> None:
    assert leaf_hash(b"x") == hashlib.sha256(b"\x00x").digest()
    both = merkle_tree.root([leaf_hash(b"x"), leaf_hash(b"y")])
    assert both == hashlib.sha256(b"\x01" + leaf_hash(b"x") + leaf_hash(b"y")).digest()
    assert merkle_tree.root([]) == hashlib.sha256(b"").digest()


def test_roots_and_inclusion_proofs_are_those_of_pymerkle() -> None:
    for size in range(1, MOST + 1):
        tree = a_tree(size)
        assert merkle_tree.root(LEAVES[:size]) == tree.get_root()
        for index in range(size):
            proof = proofs.inclusion_proof(LEAVES[:size], index)
            theirs = tree.prove_inclusion(index + 1)
            assert proof == list(theirs.path[1:])
            pymerkle.verify_inclusion(LEAVES[index], merkle_tree.root(LEAVES[:size]), theirs)
            verify_inclusion(LEAVES[index], index, size, proof, tree.get_root())


def as_the_rfc_splits(old: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """Works out SUBPROOF of RFC 9162, 2.1.4.1, word by word, with k found by trying."""
    if old == len(leaves):
        return [] if whole else [a_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if old <= k:
        return [*as_the_rfc_splits(old, leaves[:k], whole), a_root(leaves[k:])]
    return [*as_the_rfc_splits(old - k, leaves[k:], whole=False), a_root(leaves[:k])]


def a_root(leaves: list[bytes]) -> bytes:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(ENTRIES[LEAVES.index(leaf)])
    return bytes(tree.get_root())


def test_consistency_proofs_are_those_of_the_rfc_and_hold() -> None:
    for size in range(1, MOST + 1):
        tree = a_tree(size)
        for old in range(1, size + 1):
            proof = proofs.consistency_proof(LEAVES[:size], old)
            assert proof == as_the_rfc_splits(old, LEAVES[:size])
            verify_consistency(old, size, proof, tree.get_root(old), tree.get_root())
            ours = merkle_tree.root(LEAVES[:old]), merkle_tree.root(LEAVES[:size])
            pymerkle.verify_consistency(*ours, tree.prove_consistency(old, size))


def refused(call: Callable[..., object], *args: object) -> bool:
    try:
        call(*args)
    except RecordError:
        return True
    return False


def test_an_inclusion_proof_holds_for_nothing_but_its_own_leaf_place_and_tree() -> None:
    accepted = [
        (index, place, size)
        for size in range(1, 10)
        for index in range(size)
        for place in range(-1, 12)
        for claimed in range(12)
        if not refused(
            verify_inclusion,
            LEAVES[index],
            place,
            claimed,
            proofs.inclusion_proof(LEAVES[:size], index),
            merkle_tree.root(LEAVES[:size]),
        )
        and (place, claimed) == (place, size)
    ]
    assert accepted == [(i, i, size) for size in range(1, 10) for i in range(size)]


def test_inclusion_refuses_every_shortened_lengthened_or_changed_proof() -> None:
    for size in range(1, MOST + 1):
        for index in range(size):
            proof = proofs.inclusion_proof(LEAVES[:size], index)
            args = (LEAVES[index], index, size)
            root = merkle_tree.root(LEAVES[:size])
            for n in range(len(proof)):
                assert refused(verify_inclusion, *args, proof[:n], root)
                assert refused(verify_inclusion, *args, proof[:n] + proof[n + 1 :], root)
                changed = [*proof[:n], LEAVES[-1][::-1], *proof[n + 1 :]]
                assert refused(verify_inclusion, *args, changed, root)
            assert refused(verify_inclusion, *args, [*proof, LEAVES[0]], root)
            assert refused(verify_inclusion, *args, [LEAVES[0], *proof], root)
            assert refused(verify_inclusion, *args, proof, root[::-1])
            assert refused(verify_inclusion, LEAVES[index][::-1], index, size, proof, root)


def test_consistency_refuses_every_shortened_lengthened_or_changed_proof() -> None:
    for size in range(2, MOST + 1):
        root = merkle_tree.root(LEAVES[:size])
        for old in range(1, size):
            before = merkle_tree.root(LEAVES[:old])
            proof = proofs.consistency_proof(LEAVES[:size], old)
            for n in range(len(proof)):
                assert refused(verify_consistency, old, size, proof[:n], before, root)
                assert refused(verify_consistency, old, size, proof[:n] + proof[n + 1 :], before, root)
                changed = [*proof[:n], LEAVES[-1][::-1], *proof[n + 1 :]]
                assert refused(verify_consistency, old, size, changed, before, root)
            assert refused(verify_consistency, old, size, [*proof, LEAVES[0]], before, root)
            assert refused(verify_consistency, old, size, [LEAVES[0], *proof], before, root)
            assert refused(verify_consistency, old, size, proof, before[::-1], root)
            assert refused(verify_consistency, old, size, proof, before, root[::-1])
            assert refused(verify_consistency, size, old, proof, root, before)
            for wrong in {1, old - 1, old + 1, size} - {old}:
                assert refused(verify_consistency, wrong, size, proof, before, root)


def test_a_proof_with_a_step_too_many_is_refused_even_where_it_leads_to_what_is_claimed() -> None:
    """Else whoever chooses the root could say "and this was in it too" of any leaf."""
    step = LEAVES[-1][::-1]

    def on_top(root: bytes) -> bytes:
        return merkle_tree.root([step, root])

    for size in range(1, MOST + 1):
        root = merkle_tree.root(LEAVES[:size])
        for index in range(size):
            proof = proofs.inclusion_proof(LEAVES[:size], index)
            with pytest.raises(RecordError, match="too long"):
                verify_inclusion(LEAVES[index], index, size, [*proof, step], on_top(root))
        for old in range(1, size):
            before, proof = merkle_tree.root(LEAVES[:old]), proofs.consistency_proof(LEAVES[:size], old)
            with pytest.raises(RecordError, match="too long"):
                verify_consistency(old, size, [*proof, step], on_top(before), on_top(root))


def test_nothing_is_consistent_with_an_empty_tree_and_a_tree_is_with_itself() -> None:
    empty, one = merkle_tree.root([]), merkle_tree.root(LEAVES[:1])
    assert refused(verify_consistency, 0, 1, [], empty, one)
    assert refused(verify_consistency, 0, 0, [], empty, empty)
    assert refused(verify_consistency, 0, 2, [one], empty, merkle_tree.root(LEAVES[:2]))
    verify_consistency(1, 1, [], one, one)
    assert refused(verify_consistency, 1, 1, [], one, empty)
    assert refused(verify_consistency, 1, 1, [one], one, one)
    assert refused(verify_consistency, 2, 1, [], one, one)


NO_SIZE = [-1, True, False, 1.0, "1", None, 2**70]
NO_HASH: list[object] = [b"", b"x" * 31, b"x" * 33, "x" * 32, None, bytearray(32)]
NO_PROOF = [None, b"x" * 32, 7, [b"x" * 31], ["x" * 32], [None], iter([b"x" * 32])]


@pytest.mark.parametrize("size", NO_SIZE)
def test_what_is_no_size_is_refused_everywhere(size: Any) -> None:
    leaf, root = LEAVES[0], merkle_tree.root(LEAVES[:2])
    proof = [LEAVES[1]]
    assert refused(verify_inclusion, leaf, size, 2, proof, root)
    assert refused(verify_inclusion, leaf, 0, size, proof, root)
    assert refused(proofs.inclusion_proof, LEAVES[:2], size)
    assert refused(proofs.consistency_proof, LEAVES[:2], size)
    assert refused(verify_consistency, size, 2, proof, leaf, root)
    assert refused(verify_consistency, 1, size, proof, leaf, root)


@pytest.mark.parametrize("no_hash", NO_HASH)
def test_what_is_no_hash_is_refused_everywhere(no_hash: Any) -> None:
    leaf, root = LEAVES[0], merkle_tree.root(LEAVES[:2])
    assert refused(merkle_tree.root, [leaf, no_hash])
    assert refused(verify_inclusion, no_hash, 0, 2, [LEAVES[1]], root)
    assert refused(verify_inclusion, leaf, 0, 2, [LEAVES[1]], no_hash)
    assert refused(verify_inclusion, leaf, 0, 2, [no_hash], root)
    assert refused(verify_consistency, 1, 2, [LEAVES[1]], no_hash, root)
    assert refused(verify_consistency, 1, 2, [LEAVES[1]], leaf, no_hash)
    assert refused(verify_consistency, 1, 1, [], no_hash, no_hash)


@pytest.mark.parametrize("proof", NO_PROOF)
def test_what_is_no_list_of_hashes_is_refused(proof: Any) -> None:
    assert refused(verify_inclusion, LEAVES[0], 0, 2, proof, merkle_tree.root(LEAVES[:2]))
    assert refused(verify_consistency, 1, 2, proof, LEAVES[0], merkle_tree.root(LEAVES[:2]))


def test_there_is_no_proof_for_what_is_not_there() -> None:
    assert refused(proofs.inclusion_proof, [], 0)
    assert refused(proofs.inclusion_proof, LEAVES[:3], 3)
    assert refused(proofs.consistency_proof, LEAVES[:3], 0)
    assert refused(proofs.consistency_proof, LEAVES[:3], 4)
    assert refused(verify_inclusion, LEAVES[0], 0, 0, [], LEAVES[0])
    assert refused(leaf_hash, "text")


# ---------------------------------------------------------------- canonical JSON

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


# ---------------------------------------------------------------- disclosures (RFC 9901)


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
    assert refused(open_disclosure, encoded)


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
    assert refused(open_disclosure, other)


@pytest.mark.parametrize("parts", [["s", "n"], ["s", "n", "v", "w"], [1, "n", "v"], ["s", 1, "v"], {"s": 1}, "snv"])
def test_a_disclosure_is_three_things(parts: Any) -> None:
    encoded = base64.urlsafe_b64encode(canonical(parts)).decode().rstrip("=")
    with pytest.raises(RecordError):
        open_disclosure(encoded)


# ---------------------------------------------------------------- notes and checkpoints

# The example of C2SP tlog-checkpoint: somebody else's note, read as it stands there.
THEIRS = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+"
    "zyWE+xeMcTOAYQ8=\n"
).encode()


def test_somebody_elses_checkpoint_is_read() -> None:
    note = parse_note(THEIRS)
    origin, size, root = parse_checkpoint(note.text)
    assert (origin, size, len(root)) == ("example.com/behind-the-sofa", 20852163, 32)
    [(name, key_id, signature)] = note.signatures
    assert (name, len(key_id), len(signature)) == (origin, 4, 64)
    assert signing.signed_note(note.text, name, key_id, signature) == THEIRS


def test_a_key_id_is_that_of_the_go_checksum_database() -> None:
    # The published key of sum.golang.org: name, key id in hex, and base64 of a type byte and the key.
    name, hexed = "sum.golang.org", "033de0ae"
    encoded = "Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert checkpoint.key_id(name, base64.b64decode(encoded)[1:]).hex() == hexed


@pytest.mark.parametrize(
    "change",
    [
        (b"\n\n", b"\n"),
        ("—".encode(), b"-"),
        ("— ".encode(), "—  ".encode()),
        ("— ".encode(), "— a ".encode()),
        (b"=\n\n", b"=\t\n\n"),
        (b"example", b"exa\x00mple"),
        (b"example", b"exa\xffmple"),
        ("— example".encode(), "— exa+mple".encode()),
        ("— example".encode(), "— exa\u2003mple".encode()),
        (b"YQ8=\n", b"YQ8=\n\n"),
        (b"YQ8=\n", b"YQ8="),
        (b"YQ8=\n", b"YQ9=\n"),
        (b"YQ8=\n", b"YQ8\n"),
        (b"YQ8=\n", b"YQ8=\r\n"),
    ],
)
def test_a_note_that_is_not_well_formed_is_refused(change: tuple[bytes, bytes]) -> None:
    with pytest.raises(RecordError):
        parse_note(THEIRS.replace(*change))


@pytest.mark.parametrize(
    "text",
    ["", "a\n1\n", "a\n01\n{r}\n", "a\n-1\n{r}\n", "a\n1\n{r}\nmore\n", "a b\n1\n{r}\n", "\n1\n{r}\n", "a\n1\n{r}"],
)
def test_a_checkpoint_spelt_otherwise_is_refused(text: str) -> None:
    root = base64.b64encode(LEAVES[0]).decode()
    parse_checkpoint(f"a\n1\n{root}\n".encode())
    with pytest.raises(RecordError):
        parse_checkpoint(text.replace("{r}", root).encode())


def test_a_public_key_is_read_as_cryptography_writes_it() -> None:
    raw = bytes(range(32))
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    pem = Ed25519PublicKey.from_public_bytes(raw).public_bytes(*form)
    assert public_key_raw(pem) == raw
    other = generate_private_key(SECP256R1()).public_key().public_bytes(*form)
    for wrong in (b"", pem[:-1], pem + b"\n", pem.replace(b"\n", b"\r\n"), other):
        with pytest.raises(RecordError):
            public_key_raw(wrong)
