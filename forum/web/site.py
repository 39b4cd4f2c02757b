"""The parts of the server that every page uses, built once by forum/app.py and reached by `site_of(request)`."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import cast

import jinja2
from starlette.requests import HTTPConnection

from forum.live.rooms import Rooms
from forum.ports import Store
from forum.ports.clock import Clock
from forum.ports.rehearsals import Rehearsing
from forum.ports.sign_on import Provider
from forum.ports.stories import CheckFile
from forum.services.checkpoints import Checkpoints
from forum.services.mail.delivery import Mailing
from forum.services.organisation import Face
from forum.services.record_watch import RecordWatch
from forum.services.webhook_delivery import Deliveries
from forum.services.witnesses import Witnesses
from forum.settings import Settings
from forum.web.i18n.languages import Languages
from forum.web.rate_limits import Limits
from forum.web.server.proxies import Proxies, address_in

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Site:
    """The parts of this server that pages need.

    `address` is the one that phones use, as "http://192.0.2.7:8000": the configured one, else this machine's own.
    `device_secret` signs the cookies of browsers (`devices.py`), `noticed_secret` the links of services/noticed.py;
    `second_step_secret` seals the secrets of second steps (services/second_steps.py), `ticket_secret` makes the codes
    of tickets that a program asks for (web/api/issuing.py).
    """

    settings: Settings
    store: Store
    clock: Clock
    checkpoints: Checkpoints
    record_watch: RecordWatch
    witnesses: Witnesses
    rooms: Rooms
    rehearsals: Rehearsing
    templates: jinja2.Environment
    limits: Limits
    device_secret: bytes
    noticed_secret: bytes
    second_step_secret: bytes
    ticket_secret: bytes
    check_file: CheckFile
    proxies: Proxies
    mailing: Mailing
    deliveries: Deliveries
    provider: Provider | None
    languages: Languages
    face: Face
    address: str


def site_of(request: HTTPConnection) -> Site:
    """Returns the site that a request or websocket belongs to."""
    return cast(Site, request.app.state.site)


def network_of(request: HTTPConnection) -> str:
    """Returns the sender's address for limits, behind a trusted proxy too (`proxies.py`).

    Of an IPv6 address it returns the first 64 bits, as one line has all the others.
    """
    host = request.client.host if request.client else ""
    address = address_in(host)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, 64), strict=False))
    return host if address is None else str(address)


def base_url(request: HTTPConnection) -> str:
    """Returns the scheme and host to put before a path so that a phone can open it.

    It is the configured public address; else the one that this page was asked at, unless that is a loopback address.
    """
    site = site_of(request)
    if site.settings.public_url or request.url.hostname in LOOPBACK:
        return site.address
    scheme = "https" if request.url.scheme in {"https", "wss"} else "http"
    return f"{scheme}://{request.url.netloc}"
