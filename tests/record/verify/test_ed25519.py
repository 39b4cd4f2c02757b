"""The verification of Ed25519 in plain Python: RFC 8032's vectors, the cryptography library, and odd signatures."""

from __future__ import annotations

import hashlib
import random

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from forum.record.verify.ed25519 import _point, signed_by

ORDER = 2**252 + 27742317777372353535851937790883648493
P = 2**255 - 19

# RFC 8032, section 7.1: public key, message and signature of TEST 1, 2, 3 and SHA(abc).
VECTORS = {
    "TEST 1": (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2"
        "4655141438e7a100b",
    ),
    "TEST 2": (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302ae"
        "eb00d291612bb0c00",
    ),
    "TEST 3": (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28"
        "dc027beceea1ec40a",
    ),
    "TEST SHA(abc)": (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17"
        "ad9bef1177331a704",
    ),
}
# Every encoding of a point of small order, y and sign: RFC 8032 allows none of those with y of 2^255 - 19 and above.
_EIGHT = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
_EIGHT_MORE = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
SMALL = [
    "01" + "00" * 31, "00" * 32, "ec" + "ff" * 30 + "7f", _EIGHT, _EIGHT_MORE, "00" * 31 + "80",
    _EIGHT[:-2] + "85", _EIGHT_MORE[:-2] + "fa", "01" + "00" * 30 + "80", "ec" + "ff" * 31,
    "ed" + "ff" * 30 + "7f", "ed" + "ff" * 31, "ee" + "ff" * 30 + "7f", "ee" + "ff" * 31,
]  # fmt: skip


def a_signature(seed: int, message: bytes = b"a checkpoint") -> tuple[bytes, bytes, bytes]:
    key = Ed25519PrivateKey.from_private_bytes(random.Random(seed).randbytes(32))
    return key.public_key().public_bytes_raw(), message, key.sign(message)


def by_the_library(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize("name", VECTORS)
def test_the_signatures_of_the_rfc_are_accepted_and_no_others(name: str) -> None:
    public, message, signature = (bytes.fromhex(part) for part in VECTORS[name])
    assert signed_by(public, message, signature)
    assert not signed_by(public, message + b"\0", signature)
    assert not signed_by(bytes.fromhex(VECTORS["TEST 2" if name == "TEST 1" else "TEST 1"][0]), message, signature)


@pytest.mark.parametrize("seed", range(12))
def test_the_library_and_this_say_the_same_of_whole_and_damaged_signatures(seed: int) -> None:
    chance = random.Random(f"damage {seed}")
    public, message, signature = a_signature(seed, chance.randbytes(seed * 9))
    assert signed_by(public, message, signature)
    for _ in range(4):
        parts = [bytearray(public), bytearray(message or b"\0"), bytearray(signature)]
        chosen = chance.choice(parts)
        chosen[chance.randrange(len(chosen))] ^= 1 << chance.randrange(8)
        damaged = tuple(map(bytes, parts))
        assert signed_by(*damaged) is by_the_library(*damaged) is False


@pytest.mark.parametrize("bit", [0, 7, 254, 255, 256, 300, 507, 508, 509, 510, 511])
def test_a_flipped_bit_is_seen(bit: int) -> None:
    public, message, signature = a_signature(1)
    flipped = (int.from_bytes(signature, "little") ^ (1 << bit)).to_bytes(64, "little")
    assert not signed_by(public, message, flipped)


@pytest.mark.parametrize("times", range(1, 16))
def test_s_is_below_the_order_of_the_group(times: int) -> None:
    """S + L solves the same equation: accepted, one signature would be many."""
    public, message, signature = a_signature(2)
    scalar = int.from_bytes(signature[32:], "little") + times * ORDER
    if scalar < 2**256:
        assert not signed_by(public, message, signature[:32] + scalar.to_bytes(32, "little"))
    assert not signed_by(public, message, signature[:32] + (ORDER + times - 1).to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 1, 31, 32, 63, 65, 96, 128])
def test_a_signature_and_a_key_have_their_one_length(length: int) -> None:
    public, message, signature = a_signature(3)
    assert not signed_by(public, message, (signature * 2)[:length])
    assert length == 32 or not signed_by((public * 4)[:length], message, signature)
    for more in (b"\0", bytes(32)):
        assert not signed_by(public, message, signature + more)
        assert not signed_by(public + more, message, signature)


@pytest.mark.parametrize("small", SMALL)
def test_a_key_or_an_r_of_small_order_signs_nothing(small: str) -> None:
    """With a key of small order one signature fits many messages; S = 0 and the same R would do."""
    point = bytes.fromhex(small)
    public, message, signature = a_signature(4)
    for number in range(8):
        assert not signed_by(point, bytes([number]), point + bytes(32))
        assert not signed_by(point, bytes([number]), bytes.fromhex(SMALL[0]) + bytes(32))
    assert not signed_by(public, message, point + signature[32:])
    assert not signed_by(point, message, signature)


def a_secret() -> tuple[int, bytes]:
    """Returns the secret number of a key (RFC 8032, 5.1.5), and its public key: the base point that many times."""
    seed = random.Random(5).randbytes(32)
    secret = bytearray(hashlib.sha512(seed).digest()[:32])
    secret[0] &= 248
    secret[31] = secret[31] & 127 | 64
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return int.from_bytes(secret, "little"), public


def test_a_key_of_small_order_is_refused_although_its_equation_holds_for_every_message() -> None:
    secret, point = a_secret()
    neutral = bytes.fromhex(SMALL[0])
    for message in (b"", b"x", b"another"):
        forged = point + (secret % ORDER).to_bytes(32, "little")
        assert by_the_library(neutral, message, forged), "the equation does hold"
        assert not signed_by(neutral, message, forged)


def test_an_r_of_small_order_is_refused_although_its_equation_holds() -> None:
    """Made by somebody with the key: R is the neutral point, S = k a."""
    secret, public = a_secret()
    neutral = bytes.fromhex(SMALL[0])
    challenge = int.from_bytes(hashlib.sha512(neutral + public + b"x").digest(), "little")
    scalar = challenge * secret % ORDER
    forged = neutral + scalar.to_bytes(32, "little")
    assert by_the_library(public, b"x", forged), "the equation does hold"
    assert not signed_by(public, b"x", forged)


@pytest.mark.parametrize("y", [P, P + 1, P + 2, P + 3, P + 18, 2**255 - 1])
@pytest.mark.parametrize("sign", [0, 1])
def test_a_point_is_spelt_in_its_one_way(y: int, sign: int) -> None:
    odd = (y | sign << 255).to_bytes(32, "little")
    public, message, signature = a_signature(6)
    assert not signed_by(odd, message, signature)
    assert not signed_by(public, message, odd + signature[32:])
    assert _point(odd) is None


def test_the_points_without_an_x_have_one_sign() -> None:
    for y in (1, P - 1):
        assert _point(y.to_bytes(32, "little")) == (0, y, 1, 0)
        assert _point((y | 1 << 255).to_bytes(32, "little")) is None


def test_a_y_without_a_point_is_none() -> None:
    public, message, signature = a_signature(7)
    none = [y for y in range(2, 30) if not by_the_library(y.to_bytes(32, "little"), b"", bytes(64))]
    assert none
    for y in none[:6]:
        assert not signed_by(y.to_bytes(32, "little"), message, signature)
        assert not signed_by(public, message, y.to_bytes(32, "little") + signature[32:])
