"""Codes of apps for the second step (RFC 6238: six digits, 30 seconds, SHA-1, which is what every app knows), and the
sealing of their secrets: AES-GCM with a key that follows from the server's, bound to the person whose secret it is."""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

_SECRET = 20  # bytes, as many as a SHA-1
_NONCE = 12
_PERIOD = 30


def new_secret(key: bytes, person: str) -> str:
    """Makes a secret, sealed for one person (by id)."""
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(key).encrypt(nonce, secrets.token_bytes(_SECRET), person.encode())
    return urlsafe_b64encode(nonce + sealed).decode()


def typed_key(key: bytes, person: str, sealed: str) -> str:
    """Returns a secret as somebody types it into an app; "" where it cannot be opened with this key for this person."""
    secret = _opened(key, person, sealed)
    return b32encode(secret).decode() if secret else ""


def address(key: bytes, person: str, sealed: str, login: str, name: str) -> str:
    """Returns the address that an app reads from a QR code, "" where the secret cannot be opened."""
    secret = _opened(key, person, sealed)
    return _codes(secret).get_provisioning_uri(login, name) if secret else ""


def half_minute(key: bytes, person: str, sealed: str, code: str, at: str) -> int | None:
    """Returns the number of the half-minute that a code is of: this one, the one before or the one after; None for a
    code of none of them, and where the secret cannot be opened."""
    secret = _opened(key, person, sealed)
    if secret is None:
        return None
    now = int(datetime.fromisoformat(at).timestamp()) // _PERIOD
    found = None
    for number in (now, now - 1, now + 1):
        if hmac.compare_digest(_codes(secret).generate(number * _PERIOD), code.encode()):
            found = number
    return found


def _codes(secret: bytes) -> TOTP:
    return TOTP(secret, 6, SHA1(), _PERIOD)  # noqa: S303 - RFC 6238; apps know no other


def _opened(key: bytes, person: str, sealed: str) -> bytes | None:
    try:
        content = urlsafe_b64decode(sealed.encode())
        return AESGCM(key).decrypt(content[:_NONCE], content[_NONCE:], person.encode())
    except (InvalidTag, ValueError):
        return None
