"""The provider of single sign-on as the settings name it, each checked before the server starts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from forum.errors import StartupProblem
from forum.ports.sign_on import IdentityProvider

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MOST_NAME = 60
_MOST_SECRET = 4096
_ISSUER = (
    "FORUM_OIDC_ISSUER must be an address as https://login.example.org/realms/ours, without ? and #, not %(value)s."
)


def identity_provider(raw: Mapping[str, str]) -> IdentityProvider | None:
    """Reads the provider, None for none. No error repeats the secret."""
    issuer = raw["FORUM_OIDC_ISSUER"]
    if not issuer:
        for env in ("FORUM_OIDC_CLIENT_ID", "FORUM_OIDC_CLIENT_SECRET", "FORUM_OIDC_CLIENT_SECRET_FILE"):
            if raw[env]:
                raise StartupProblem("%(env)s needs FORUM_OIDC_ISSUER too: the address of the provider.", env=env)
        return None
    if not _usable(issuer):
        raise StartupProblem(_ISSUER, value=issuer)
    if not raw["FORUM_PUBLIC_URL"]:
        raise StartupProblem("FORUM_OIDC_ISSUER needs FORUM_PUBLIC_URL too: the provider sends people back there.")
    if not re.fullmatch(r"[ -~]{1,500}", raw["FORUM_OIDC_CLIENT_ID"]):
        raise StartupProblem("FORUM_OIDC_ISSUER needs FORUM_OIDC_CLIENT_ID too: how the provider knows this Forum.")
    name = raw["FORUM_OIDC_NAME"].strip() or urlsplit(issuer).hostname or issuer
    if len(name) > MOST_NAME or not name.isprintable():
        raise StartupProblem("FORUM_OIDC_NAME must be one line of %(most)s characters at most.", most=MOST_NAME)
    return IdentityProvider(issuer, raw["FORUM_OIDC_CLIENT_ID"], _secret(raw), name)


def safe_address(url: object, *, plain: bool) -> bool:
    """Tells whether an address may be asked: over https, or where `plain` also over http on this machine."""
    if not isinstance(url, str) or not re.fullmatch(r"[!-~]{1,1000}", url):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.port != 0 else ""
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (plain and parts.scheme == "http" and host in LOOPBACK)


def _usable(issuer: str) -> bool:
    return safe_address(issuer, plain=True) and "?" not in issuer and "#" not in issuer


def _secret(raw: Mapping[str, str]) -> str:
    secret, named = raw["FORUM_OIDC_CLIENT_SECRET"], raw["FORUM_OIDC_CLIENT_SECRET_FILE"]
    if bool(secret) == bool(named):
        raise StartupProblem("Set one of FORUM_OIDC_CLIENT_SECRET and FORUM_OIDC_CLIENT_SECRET_FILE, not both or none.")
    if named:
        try:
            with Path(named).expanduser().open("rb") as file:
                secret = file.read(_MOST_SECRET).decode().strip()
        except (OSError, UnicodeDecodeError, RuntimeError) as error:
            raise StartupProblem("FORUM_OIDC_CLIENT_SECRET_FILE cannot be read: %(file)s.", file=named) from error
    if not re.fullmatch(r"[!-~]{1,1000}", secret):
        raise StartupProblem("The secret of FORUM_OIDC_CLIENT_SECRET must be printable signs without spaces.")
    return secret
