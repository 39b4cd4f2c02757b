"""The verification of Ed25519 signatures (RFC 8032, section 5.1.7) with whole numbers alone, strictly.

Strict is what all verifiers accept: S below the order of the group, points spelt in their one way, a public key and an
R that are not of small order, and the equation without the cofactor. What others may accept besides is never made by a
signer that keeps to the RFC. Nothing here is secret, so times may differ; the number of steps is the same for every
signature.
"""

from __future__ import annotations

import hashlib
from typing import TypeAlias

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_ORDER = 2**252 + 27742317777372353535851937790883648493
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)

# A point as (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z (RFC 8032, section 5.1.4).
_Point: TypeAlias = tuple[int, int, int, int]
_NEUTRAL: _Point = (0, 1, 1, 0)


def signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Returns whether the owner of this Ed25519 public key (32 bytes) made this signature (64 bytes) of a message."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, commitment = _point(public_key), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or _is_small(key) or _is_small(commitment) or scalar >= _ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % _ORDER
    minus_key = (-key[0] % _P, key[1], 1, -key[3] % _P)
    return _same(_both(scalar, _BASE, challenge, minus_key), commitment)


def _point(encoded: bytes) -> _Point | None:
    """Returns the point that 32 bytes stand for; None where they stand for none, or not in their one way."""
    both = int.from_bytes(encoded, "little")
    y, sign = both & (2**255 - 1), both >> 255
    x = _x_of(y, sign) if y < _P else None
    return None if x is None else (x, y, 1, x * y % _P)


def _x_of(y: int, sign: int) -> int | None:
    """Returns the x of the point with this y whose lowest bit is `sign`; None where there is none."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    return x if x & 1 == sign else _P - x


def _sum(one: _Point, other: _Point) -> _Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _both(times: int, one: _Point, other_times: int, other: _Point) -> _Point:
    """Returns the sum of two points, each as many times as its number (below 2^256) says, in 256 steps."""
    added = (_NEUTRAL, one, other, _sum(one, other))
    result = _NEUTRAL
    for bit in range(255, -1, -1):
        result = _sum(result, result)
        result = _sum(result, added[(times >> bit & 1) + 2 * (other_times >> bit & 1)])
    return result


def _same(one: _Point, other: _Point) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % _P == 0 and (one[1] * other[2] - other[1] * one[2]) % _P == 0


def _is_small(point: _Point) -> bool:
    """Returns whether a point is of small order: eight times it is the neutral one."""
    for _ in range(3):
        point = _sum(point, point)
    return _same(point, _NEUTRAL)


_BASE_Y = 4 * pow(5, -1, _P) % _P
_BASE: _Point = (_x_of(_BASE_Y, 0) or 0, _BASE_Y, 1, (_x_of(_BASE_Y, 0) or 0) * _BASE_Y % _P)
