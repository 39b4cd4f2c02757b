"""ID tokens of OpenID Connect, read and checked with the provider's public keys.

Only signatures with a public key count: a token that says "none", or that is signed with a shared secret, is refused,
whatever the secret is.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, GuestProtocol, Key, OKPKey, RSAKey
from joserfc.jws import extract_compact

from forum.ports.sign_on import Identity, IdentityProvider, TokenRefused

LEEWAY = 60  # seconds that two clocks may differ
OLDEST = 600  # seconds since a token was made
MOST_KEYS = 50
MOST_TOKEN = 16 * 1024
MOST_EMAIL = 254
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_KINDS = {
    **dict.fromkeys(_RSA, "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    **dict.fromkeys(("EdDSA", "Ed25519"), "OKP"),
}
# Parts of a public key, and how long its longest may be in base64: RSA from 2,048 to 8,192 bits.
_PUBLIC = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_READS: Mapping[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_BESIDE = {"otp", "hwk"}
_MOST_PART = 1366
_LEAST_RSA = 340
_MOST_EXPONENT = 8


def public_keys(document: Mapping[str, object]) -> list[tuple[Mapping[str, object], Key]]:
    """Returns the keys of a provider that can check signatures, each with what it says of itself; others are left out.
    Raises ValueError where it is no set of keys, or one of more than MOST_KEYS."""
    rows = document.get("keys")
    if not isinstance(rows, list) or len(rows) > MOST_KEYS:
        raise ValueError("no set of keys, or too many")
    found: list[tuple[Mapping[str, object], Key]] = []
    for row in rows:
        if isinstance(row, dict) and row.get("use", "sig") == "sig" and (key := _key(row)) is not None:
            found.append((row, key))
    return found


def knows(keys: Sequence[tuple[Mapping[str, object], Key]], token: str) -> bool:
    """Tells whether one of the keys may be a token's; False where the provider may have changed its keys."""
    try:
        head = extract_compact(token[:MOST_TOKEN].encode()).headers()
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        return True
    return head.get("alg") not in _KINDS or _chosen(keys, head) is not None


def identity_in(
    token: str, keys: Sequence[tuple[Mapping[str, object], Key]], provider: IdentityProvider, nonce: str, at: str
) -> Identity:
    """Returns whom a token names, at a time. Raises TokenRefused for one that is not of this provider, for this Forum,
    for this nonce, and of now."""

    def key_of(signature: GuestProtocol) -> Key:
        found = _chosen(keys, signature.headers())
        if found is None:
            raise TokenRefused("no key of the provider fits")
        return found

    if len(token) > MOST_TOKEN:
        raise TokenRefused("the token is too long")
    try:
        claims = jwt.decode(token, key_of, algorithms=list(_KINDS)).claims
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise TokenRefused(f"the signature does not hold: {type(error).__name__}") from error
    _check(claims, provider, nonce, datetime.fromisoformat(at).timestamp())
    sub, email = claims.get("sub"), claims.get("email")
    if not isinstance(sub, str) or not 0 < len(sub) <= 255 or not sub.isprintable():
        raise TokenRefused("the token names nobody")
    verified = claims.get("email_verified") is True and isinstance(email, str) and len(email) <= MOST_EMAIL
    return Identity(provider.issuer, sub, str(email) if verified else "", _second(claims.get("amr")))


def _second(said: object) -> bool:
    """Tells whether a provider says that somebody gave more than one proof (RFC 8176): a code or a key alone is one."""
    ways = {one for one in said if isinstance(one, str)} if isinstance(said, list) else set()
    return "mfa" in ways or ("pwd" in ways and bool(ways & _BESIDE))


def _check(claims: Mapping[str, object], provider: IdentityProvider, nonce: str, now: float) -> None:
    audience, said = claims.get("aud"), claims.get("nonce")
    among = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != provider.issuer:
        raise TokenRefused("the token is of another issuer")
    if provider.client_id not in among or not all(isinstance(one, str) for one in among):
        raise TokenRefused("the token is for another audience")
    if claims.get("azp", None if len(among) > 1 else provider.client_id) != provider.client_id:
        raise TokenRefused("the token was made for another party")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise TokenRefused("the token has another nonce")
    ends, made, begins = (_seconds(claims.get(name)) for name in ("exp", "iat", "nbf"))
    if ends is None or ends <= now - LEEWAY:
        raise TokenRefused("the token has expired")
    if made is None or not now - OLDEST <= made <= now + LEEWAY:
        raise TokenRefused("the token was not made now")
    if "nbf" in claims and (begins is None or begins > now + LEEWAY):
        raise TokenRefused("the token is not good yet")


def _seconds(value: object) -> float | None:
    # Of a yes, a number so large that no float holds it, and a text, none is a time.
    sound = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53
    return float(value) if sound and isinstance(value, int | float) else None


def _chosen(keys: Sequence[tuple[Mapping[str, object], Key]], head: Mapping[str, object]) -> Key | None:
    """Returns the one key that a token's head can mean; None for none, or several."""
    alg, kid = head.get("alg"), head.get("kid")
    kind = _KINDS.get(alg) if isinstance(alg, str) else None
    fit = [
        key
        for row, key in keys
        if row.get("kty") == kind and row.get("alg", alg) == alg and (kid is None or row.get("kid") == kid)
    ]
    return fit[0] if len(fit) == 1 else None


def _key(row: Mapping[str, object]) -> Key | None:
    kind = str(row.get("kty"))
    parts = {name: row.get(name) for name in _PUBLIC.get(kind, ())}
    if not parts or not all(isinstance(part, str) and len(part) <= _MOST_PART for part in parts.values()):
        return None
    if kind == "RSA" and (len(str(parts["n"])) < _LEAST_RSA or len(str(parts["e"])) > _MOST_EXPONENT):
        return None
    given: dict[str, str | list[str]] = {"kty": kind, **{name: str(part) for name, part in parts.items()}}
    try:
        made: Key = _READS[kind].import_key(given)
        # Read now, so that a key that is none is not met in the middle of a sign-in.
        _ = made.raw_value
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return made
