"""Reads the values of settings, each from its text; raises StartupProblem, which says what to write instead."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from datetime import time as Time
from pathlib import Path
from urllib.parse import urlsplit

from forum.errors import StartupProblem
from forum.ports.second_steps import Must
from forum.record.verify.verdict import RecordError
from forum.record.witnesses import Witness, witnesses_of

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_DIGITS = 9
LOG_LEVELS = ("debug", "info", "warning", "error")
_PUBLIC = (
    "FORUM_PUBLIC_URL must be an address as https://forum.example.org or https://example.org/forum, not %(value)s."
)
_HOST = re.compile(r"[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+")
_PATH = re.compile(r"(/[A-Za-z0-9_-]+)+")


def time_of_day(text: str) -> Time | None:
    """Returns a time of day of 24 hours as 03:00; None for never."""
    if text == "never":
        return None
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text, re.ASCII):
        raise StartupProblem("FORUM_RECORD_CHECK must be a time as 03:00, or never, not %(value)s.", value=text)
    return Time.fromisoformat(text)


def token(text: str) -> str:
    """Returns a secret of 20 printable signs or more without spaces; "" for none."""
    if text and not re.fullmatch(r"[!-~]{20,}", text):
        raise StartupProblem("FORUM_METRICS_TOKEN must have 20 letters, digits or signs or more, without spaces.")
    return text


def one_of(env: str, text: str, known: Sequence[str]) -> str:
    """Returns a value that is one of those known."""
    if text not in known:
        raise StartupProblem(
            "%(env)s must be one of %(all)s, not %(value)s.", env=env, all=", ".join(known), value=text
        )
    return text


def second_factor(text: str) -> Must:
    """Returns who must have a second step."""
    return Must(one_of("FORUM_SECOND_FACTOR", text, tuple(Must)))


def witnesses(text: str) -> tuple[Witness, ...]:
    """Reads witnesses of the record, as record/witnesses.witnesses_of does."""
    try:
        return witnesses_of(text)
    except RecordError as error:
        raise StartupProblem("FORUM_WITNESSES cannot be used: %(why)s.", why=str(error)) from error


def licence(named: str) -> str:
    """Returns a licence as Data Packages name it: a short name without spaces, or an address."""
    if named and not re.fullmatch(r"https?://[!-~]+|[A-Za-z0-9._-]+", named):
        raise StartupProblem("FORUM_LICENCE must be a short name as CC-BY-4.0 or an address, not %(it)s.", it=named)
    return named


def sqlite_url(file: Path) -> str:
    """Returns the database URL of a SQLite file, with `%` and `?` in its name escaped."""
    return "sqlite+aiosqlite:///" + str(file).replace("%", "%25").replace("?", "%3F")


def public(url: str) -> str:
    """Checks the public address. Returns scheme, host, port and path without a slash at the end; "" for none."""
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and _HOST.fullmatch(parts.hostname or "") and parts.port != 0
    except ValueError:
        raise StartupProblem(_PUBLIC, value=url) from None
    if parts.username is not None or parts.password is not None:
        # not repeated: there is a password in it
        raise StartupProblem("FORUM_PUBLIC_URL holds a user or a password for all to read. Leave out what is before @.")
    if "?" in url or "#" in url:
        words = "FORUM_PUBLIC_URL cannot have ? or # in it: pages stand below it. Not %(value)s."
        raise StartupProblem(words, value=url)
    if not sound or not url.isascii() or not url.isprintable() or " " in url:
        raise StartupProblem(_PUBLIC, value=url)
    path = parts.path.rstrip("/")
    if path and not _PATH.fullmatch(path):
        words = "FORUM_PUBLIC_URL: a path has letters, digits, - and _ between its slashes, as /forum. Not %(path)s."
        raise StartupProblem(words, path=path)
    return f"{parts.scheme}://{parts.netloc}{path}"


def broker(url: str) -> str:
    """Checks the address of a Valkey or Redis; "" for none."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if url and (not sound or not url.isascii() or not url.isprintable() or " " in url):
        # not repeated: there may be a password in it
        words = "FORUM_BROKER_URL must be an address as redis://HOST:6379 or rediss://USER:PASSWORD@HOST:6379."
        raise StartupProblem(words)
    return url


def key_file(named: str, key: str) -> Path | None:
    """Returns the file that holds the signing key, None for the one in the data folder. Raises StartupProblem where
    the `key` itself is given too."""
    if named and key:
        raise StartupProblem("FORUM_SIGNING_KEY and FORUM_SIGNING_KEY_FILE are both set. Leave one of them out.")
    return Path(named).expanduser().absolute() if named else None


def networks(text: str) -> tuple[Network, ...]:
    """Reads a list of networks with commas or spaces; a single address is a network of one."""
    if text.strip().lower() == "none":
        return ()
    found = []
    for part in text.replace(",", " ").split():
        try:
            network = ipaddress.ip_network(part, strict=False)
        except ValueError as error:
            words = (
                "FORUM_TRUSTED_PROXIES must be addresses or networks as 127.0.0.1, 10.0.0.0/8, not %(value)s: names "
                "are not looked up."
            )
            raise StartupProblem(words, value=part) from error
        if not network.prefixlen:
            words = "FORUM_TRUSTED_PROXIES: %(value)s is everybody, who could then claim any address. Name the proxies."
            raise StartupProblem(words, value=part)
        found.append(network)
    return tuple(found)


def yes(env: str, value: str) -> bool:
    """Returns True for yes and False for no."""
    if value not in ("yes", "no"):
        raise StartupProblem("%(env)s must be yes or no, not %(value)s.", env=env, value=value)
    return value == "yes"


def number(env: str, value: str) -> int:
    """Reads a whole number of at most MOST_DIGITS digits."""
    if not value.isascii() or not value.isdigit() or len(value) > MOST_DIGITS:
        raise StartupProblem("%(env)s must be a whole number, not %(value)s.", env=env, value=value)
    return int(value)
