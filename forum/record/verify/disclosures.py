"""Words kept beside the entries that hold their digests: disclosures as in RFC 9901."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Any

from forum.record.verify.encoding import canonical, from_base64, parse_canonical
from forum.record.verify.verdict import RecordError


def _to_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def disclosure(salt: str, name: str, value: Any) -> tuple[str, str]:
    """Returns the digest that an entry holds for `value`, and the encoded disclosure that opens it (RFC 9901, 4.2)."""
    encoded = _to_base64url(canonical([salt, name, value]))
    return disclosure_digest(encoded), encoded


def disclosure_digest(encoded: str) -> str:
    """Returns the SHA-256 of an encoded disclosure in base64url without padding (43 characters)."""
    return _to_base64url(hashlib.sha256(encoded.encode("ascii")).digest())


def open_disclosure(encoded: str) -> tuple[str, str, Any]:
    """Returns salt, name and value of a disclosure. Raises RecordError for anything that `disclosure` would not
    make.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", encoded, re.ASCII):
        raise RecordError("not readable as base64url")
    parts = parse_canonical(from_base64(encoded + "=" * (-len(encoded) % 4), b"-_"))
    if type(parts) is not list or len(parts) != 3 or type(parts[0]) is not str or type(parts[1]) is not str:
        raise RecordError("a disclosure holds a salt, a name and a value")
    return parts[0], parts[1], parts[2]


def digests_in(value: Any) -> Iterator[str]:
    """Yields every digest of words in an entry, in the order of its canonical form. Raises RecordError for a malformed
    one.
    """
    if type(value) is dict:
        if "sd" in value:
            if len(value) != 1 or type(value["sd"]) is not str or len(value["sd"]) != 43:
                raise RecordError("a digest does not stand alone in its place")
            yield value["sd"]
        else:
            for key in sorted(value):
                yield from digests_in(value[key])
    elif type(value) is list:
        for item in value:
            yield from digests_in(item)
