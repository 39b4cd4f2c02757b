"""Notes, checkpoints and public keys: read where well formed, refused otherwise."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from forum.record import signing_key
from forum.record.verify import checkpoint
from forum.record.verify.checkpoint import parse_checkpoint, parse_note, public_key_raw
from forum.record.verify.merkle_tree import leaf_hash
from forum.record.verify.verdict import RecordError

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
    assert signing_key.signed_note(note.text, name, key_id, signature) == THEIRS


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
    root = base64.b64encode(leaf_hash(b"entry 0")).decode()
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
