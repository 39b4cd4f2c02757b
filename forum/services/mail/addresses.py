"""E-mail addresses: which ones are accepted, and how they are written."""

from __future__ import annotations

import re

from forum.errors import BadInput

MAX_ADDRESS = 254
_MAX_LOCAL = 64
# The dot-atom of RFC 5322: no quotes, comments, spaces or line breaks, so that an address cannot carry a header.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"({_LABEL}\.)+(?=[a-z0-9-]*[a-z]){_LABEL}")


def checked(address: str) -> str:
    """Returns an address as mail servers take it: the domain in lower-case ASCII (RFC 5890), the rest as typed.

    Raises BadInput(field="address").
    """
    address = address.strip()
    if not address:
        raise BadInput("Give an e-mail address.", field="address")
    local, at, domain = address.rpartition("@")
    if not at or "@" in local:
        raise BadInput("An e-mail address has one @ in it, as in name@example.org.", field="address")
    try:
        domain = (domain if domain.isascii() else domain.encode("idna").decode()).lower()
    except UnicodeError:
        domain = ""
    if not _DOMAIN.fullmatch(domain):
        raise BadInput("Look at the part after the @. It is as in name@example.org.", field="address")
    if not local.isascii():
        raise BadInput("Before the @ we can take letters without accents only.", field="address")
    if not _LOCAL.fullmatch(local) or len(local) > _MAX_LOCAL or len(f"{local}@{domain}") > MAX_ADDRESS:
        raise BadInput("Look at the part before the @. There is something in it that we cannot take.", field="address")
    return f"{local}@{domain}"
