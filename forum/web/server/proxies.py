"""Who really asked, where a proxy stands in front: what X-Forwarded-For and X-Forwarded-Proto say, if it is believed.

Only those whom FORUM_TRUSTED_PROXIES names are believed. Each proxy writes the address that it was asked from at the
end of X-Forwarded-For; so, read from the end, the first address that is no trusted proxy's is whoever asked, and
whatever stands before it anybody may have made up. `Forwarded`, X-Real-IP and X-Forwarded-Host are not read: most
proxies pass on what a stranger writes there. (uvicorn's own middleware takes any words for an address, of any length,
does not know an IPv4 address that is written as an IPv6 one, and tells nobody of headers that are not believed.)
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from forum.settings import Address, Settings

_FORWARDED = (b"x-forwarded-for", b"x-forwarded-proto", b"forwarded", b"x-real-ip")
# Bytes of X-Forwarded-For that are read, from the end.
_MOST_TOLD = 1000
_LONGEST_ADDRESS = 64
# Proxies that are remembered, each for a day after its last request; and as many are logged.
_MOST_NOTED = 8
_A_DAY = 24 * 3600
_SECURE = {"http": "https", "https": "https", "ws": "wss", "wss": "wss"}
_PLAIN = {"http": "http", "https": "http", "ws": "ws", "wss": "ws"}

log = structlog.get_logger()


@dataclass(frozen=True)
class Noted:
    """A machine whose requests do not count for whoever asked. `believed`: it is trusted, but does not say who that is;
    else it says so, and is not trusted.
    """

    address: str
    believed: bool


class Proxies:
    """Those that are trusted, and those that it was noticed should be, or should say more."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._trusted = settings.trusted_proxies
        public = urlsplit(settings.public_url)
        self._served = (public.hostname or "") if public.scheme == "https" else ""
        self._monotonic = monotonic
        self._noted: dict[Noted, float] = {}
        self._logged = 0

    def trusts(self, address: Address | None) -> bool:
        """Whether this machine is believed; None is nobody."""
        return address is not None and any(address in network for network in self._trusted)

    def serves(self, hosts: Iterable[bytes]) -> bool:
        """Whether a Host header names what only a proxy answers for: the public address, where that is https."""
        names = [host.decode("latin-1").partition(":")[0].lower() for host in hosts]
        return bool(self._served) and self._served in names

    def whoever(self, peer: Address, told: Iterable[bytes]) -> Address:
        """Who asked: the last address that is no trusted proxy's, by what each X-Forwarded-For header (in their order)
        says. Where the next one is no address at all, the last that is known.
        """
        text = b",".join(told)
        hops = text[-_MOST_TOLD:].split(b",")
        if len(text) > _MOST_TOLD:
            hops = hops[1:]  # what was cut in two is no address
        found = peer
        for hop in reversed(hops):
            address = address_in(hop.decode("latin-1"))
            if not self.trusts(found) or address is None:
                break
            found = address
        return found

    def note(self, peer: Address, *, believed: bool) -> None:
        """Remembers a machine that stands between here and whoever asks; the first few are logged too.

        Those that ask least often are forgotten first: a stranger may make such headers up, at many addresses.
        """
        noted = Noted(str(peer), believed)
        if self._noted.pop(noted, None) is None and self._logged < _MOST_NOTED:
            self._logged += 1
            said = "a proxy does not say who asks" if believed else "forwarded headers from a host that is not trusted"
            log.warning(said, address=noted.address, see="docs/proxy.md")
        if len(self._noted) >= _MOST_NOTED:
            self._noted.pop(next(iter(self._noted)))
        self._noted[noted] = self._monotonic()

    def noted(self) -> tuple[Noted, ...]:
        """Those of the last day."""
        horizon = self._monotonic() - _A_DAY
        self._noted = {noted: at for noted, at in self._noted.items() if at > horizon}
        return tuple(self._noted)


class ForwardedHeaders:
    """Everything below sees the network address and the scheme of whoever asked, not those of a trusted proxy."""

    def __init__(self, app: ASGIApp, proxies: Proxies) -> None:
        self.app = app
        self.proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI call."""
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
        # The nearest proxy's word comes last.
        scheme = b",".join(how)[-_LONGEST_ADDRESS:].decode("latin-1").rpartition(",")[2].strip().lower()
        if scheme in _SECURE:
            scope["scheme"] = (_SECURE if scheme in {"https", "wss"} else _PLAIN)[scope["scheme"]]


def address_in(text: str) -> Address | None:
    """The address in a text as proxies write it, with or without a port; None where there is none.

    An IPv4 address written as an IPv6 one is the IPv4 one; which network card it is at (%eth0) is left out.
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
    """Whether no proxy can be believed although people come through one: they come by https, which Forum does not
    speak, and nobody who is trusted can reach the address that it listens on.
    """
    if not settings.public_url.startswith("https:"):
        return False
    here = address_in(settings.host)
    local = here.is_loopback if here is not None else settings.host == "localhost"
    if here is not None and here.is_unspecified:
        return not settings.trusted_proxies
    return not any(network.is_loopback == local for network in settings.trusted_proxies)
