"""The real address and scheme of a request behind a proxy, from X-Forwarded-For and X-Forwarded-Proto.

Only the proxies in FORUM_TRUSTED_PROXIES are believed. Each proxy appends the address that it was asked from to
X-Forwarded-For; so, read from the end, the first address that is no trusted proxy's is the sender's, and anybody may
have made up the addresses before it. `Forwarded`, X-Real-IP and X-Forwarded-Host are not read, as most proxies pass
on what a stranger writes there. (uvicorn's own middleware takes any words of any length for an address, does not know
an IPv4 address written as an IPv6 one, and reports no headers that are not believed.)
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

import msgspec
import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from forum.services.setting_values import Address
from forum.settings import Settings

_FORWARDED = (b"x-forwarded-for", b"x-forwarded-proto", b"forwarded", b"x-real-ip")
# Bytes of X-Forwarded-For that are read, from the end.
_MOST_TOLD = 1000
_LONGEST_ADDRESS = 64
# Proxies that are remembered, each for a day after its last request; as many are logged.
_MOST_NOTED = 8
_A_DAY = 24 * 3600
_SECURE = {"http": "https", "https": "https", "ws": "wss", "wss": "wss"}
_PLAIN = {"http": "http", "https": "http", "ws": "ws", "wss": "ws"}

log = structlog.get_logger()


class Noted(msgspec.Struct, frozen=True):
    """A machine whose requests do not count for their real senders. `believed`: it is trusted, but does not name
    them; otherwise it names them, but is not trusted."""

    address: str
    believed: bool


class Proxies:
    """The trusted proxies, and the machines noticed to be misconfigured ones."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._trusted = settings.trusted_proxies
        public = urlsplit(settings.public_url)
        self._served = (public.hostname or "") if public.scheme == "https" else ""
        self._monotonic = monotonic
        self._noted: dict[Noted, float] = {}
        self._logged = 0

    def trusts(self, address: Address | None) -> bool:
        """Tells whether this machine is a trusted proxy; False for None."""
        return address is not None and any(address in network for network in self._trusted)

    def serves(self, hosts: Iterable[bytes]) -> bool:
        """Tells whether a Host header names the public https address, for which only a proxy answers."""
        names = [host.decode("latin-1").partition(":")[0].lower() for host in hosts]
        return bool(self._served) and self._served in names

    def whoever(self, peer: Address, told: Iterable[bytes]) -> Address:
        """Returns the real sender: the last address that is no trusted proxy's, by the X-Forwarded-For headers in
        their order.

        Where the next one is no address, it is the last one known.
        """
        text = b",".join(told)
        hops = text[-_MOST_TOLD:].split(b",")
        if len(text) > _MOST_TOLD:
            hops = hops[1:]  # the first one may be cut in two
        found = peer
        for hop in reversed(hops):
            address = address_in(hop.decode("latin-1"))
            if not self.trusts(found) or address is None:
                break
            found = address
        return found

    def note(self, peer: Address, *, believed: bool) -> None:
        """Remembers a machine between here and the senders; logs the first few.

        Those whose last request is longest ago are forgotten first, as a stranger may make such headers up at many
        addresses.
        """
        noted = Noted(str(peer), believed)
        if self._noted.pop(noted, None) is None and self._logged < _MOST_NOTED:
            self._logged += 1
            said = "a proxy does not say who asks" if believed else "forwarded headers from a host that is not trusted"
            # Its address may be somebody's own, and stands on the page Organise.
            log.warning(said, see="docs/proxy.md")
        if len(self._noted) >= _MOST_NOTED:
            self._noted.pop(next(iter(self._noted)))
        self._noted[noted] = self._monotonic()

    def noted(self) -> tuple[Noted, ...]:
        """Returns the machines noticed in the last day."""
        horizon = self._monotonic() - _A_DAY
        self._noted = {noted: at for noted, at in self._noted.items() if at > horizon}
        return tuple(self._noted)


class ForwardedHeaders:
    """Middleware that puts the sender's network address and scheme in the place of a trusted proxy's."""

    def __init__(self, app: ASGIApp, proxies: Proxies) -> None:
        self.app = app
        self.proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one ASGI connection."""
        peer = address_in(scope["client"][0]) if scope["type"] != "lifespan" and scope.get("client") else None
        if peer is not None:
            self._apply(scope, peer)
        await self.app(scope, receive, send)

    def _apply(self, scope: Scope, peer: Address) -> None:
        told: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            if name in _FORWARDED or name == b"host":
                told.setdefault(name, []).append(value)
        who, how = told.get(b"x-forwarded-for", []), told.get(b"x-forwarded-proto", [])
        if not self.proxies.trusts(peer):
            if any(name in told for name in _FORWARDED):
                self.proxies.note(peer, believed=False)
            return
        if who:
            asked = self.proxies.whoever(peer, who)
            if asked != peer:
                scope["client"] = (str(asked), 0)
        elif peer.is_loopback and (
            any(name in told for name in _FORWARDED) or self.proxies.serves(told.get(b"host", []))
        ):
            self.proxies.note(peer, believed=True)
        # The nearest proxy's value is the last one.
        scheme = b",".join(how)[-_LONGEST_ADDRESS:].decode("latin-1").rpartition(",")[2].strip().lower()
        if scheme in _SECURE:
            scope["scheme"] = (_SECURE if scheme in {"https", "wss"} else _PLAIN)[scope["scheme"]]


def address_in(text: str) -> Address | None:
    """Returns the address in a text as proxies write it, with or without a port; None where there is none.

    An IPv4 address written as an IPv6 one becomes IPv4; a network interface (%eth0) is dropped.
    """
    text = text.strip()
    if len(text) > _LONGEST_ADDRESS:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def never_believed(settings: Settings) -> bool:
    """Tells whether no proxy can be believed although people come through one.

    They come by https, which Forum does not speak, and no trusted machine can reach the address that it listens on.
    """
    if not settings.public_url.startswith("https:"):
        return False
    here = address_in(settings.host)
    local = here.is_loopback if here is not None else settings.host == "localhost"
    if here is not None and here.is_unspecified:
        return not settings.trusted_proxies
    return not any(network.is_loopback == local for network in settings.trusted_proxies)
