"""The sender of a request, for limits: its network, and its browser where that proves how long Forum has known it.

A browser's cookie (cookies.DEVICE) is a random number, so anybody can make one up. Beside it stands a proof, signed
with a secret of this server: since when it has been given out (SINCE), and who has signed in on it (ENTERED). A proof
is no permission. It only says which limit a browser is counted under: its own, or that of all unknown on its network.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime

import msgspec
from starlette.requests import HTTPConnection
from starlette.responses import Response

from forum.ports.accounts import Person
from forum.services.keys import digest, new_key
from forum.web.cookies import DEVICE, ENTERED, SINCE, YEAR, cookie_of, set_cookie
from forum.web.site import network_of, site_of

# Seconds after which a browser is known. Less than it takes to write a report; more than it takes to ask for a page.
KNOWN_AFTER = 30
_MOST_PEOPLE = 4  # whose sign-ins one browser proves
_PROOF = re.compile(r"([0-9]{1,12})\.([0-9a-f]{32})")


class Who(msgspec.Struct, frozen=True):
    """The sender of a request. `device` names a browser with a right proof, "" any other; `age` is in seconds."""

    network: str
    device: str = ""
    age: int = 0

    @property
    def known(self) -> bool:
        """True for a browser that is counted by itself."""
        return bool(self.device) and self.age >= KNOWN_AFTER

    @property
    def counted(self) -> str:
        """The name it is counted under: its own, or that of all on its network that have just come or have no proof."""
        if self.known:
            return f"{self.network} {self.device}"
        return f"{self.network} {'just come' if self.device else 'without proof'}"


def who_of(request: HTTPConnection) -> Who:
    """Returns the sender of a request."""
    network, device = network_of(request), cookie_of(request, DEVICE)
    proof = _PROOF.fullmatch(cookie_of(request, SINCE))
    if not device or proof is None or not hmac.compare_digest(proof[2], _signed(request, f"{device} {proof[1]}")):
        return Who(network)
    return Who(network, digest(device), max(0, _now(request) - int(proof[1])))


def keep(request: HTTPConnection, answer: Response, device: str = "") -> Response:
    """Adds the browser's cookie (`device`, or the one it has, else a new one) and its proof to an answer."""
    before = cookie_of(request, DEVICE)
    device = device or before or new_key()
    if device != before:
        set_cookie(request, answer, DEVICE, device, YEAR)
    if device != before or not who_of(request).device:
        now = _now(request)
        set_cookie(request, answer, SINCE, f"{now}.{_signed(request, f'{device} {now}')}", YEAR)
    return answer


def entered(request: HTTPConnection, person: Person) -> bool:
    """Returns True where this person has signed in on this browser before."""
    device = cookie_of(request, DEVICE)
    mine = _signed(request, f"{device} entered {person.id}")
    return bool(device) and any(hmac.compare_digest(one, mine) for one in _people(request))


def keep_entered(request: HTTPConnection, answer: Response, person: Person) -> Response:
    """Adds to an answer the proof that this person has signed in on this browser."""
    device = cookie_of(request, DEVICE) or new_key()
    mine = _signed(request, f"{device} entered {person.id}")
    others = [one for one in _people(request) if one != mine]
    set_cookie(request, answer, ENTERED, ".".join([mine, *others][:_MOST_PEOPLE]), YEAR)
    return keep(request, answer, device)


def _people(request: HTTPConnection) -> list[str]:
    return cookie_of(request, ENTERED).split(".")[:_MOST_PEOPLE]


def _signed(request: HTTPConnection, text: str) -> str:
    """Signs a text: 32 hex digits that only this server can make of it."""
    key = site_of(request).device_secret
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]


def _now(request: HTTPConnection) -> int:
    return int(datetime.fromisoformat(site_of(request).clock.now()).timestamp())
