"""Messages to webhooks over HTTP. Anybody with a role may have typed the address, so it is not trusted.

The name is looked up once, each of its addresses has to be public, and the connection goes to one that was looked at:
what the name leads to a moment later does not matter. No redirect is followed, no cookie kept, no proxy or password
taken from the environment; time and the bytes that are read have bounds.
"""

from __future__ import annotations

import asyncio
import importlib
import socket
import ssl
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from forum.ports.webhooks import NotTried

MOST_NAMES, NAMES_OF_ONE = 8, 2  # looked up at once, and of one commission
AT_MOST = 15.0  # seconds for one message, from the look-up to the head of the answer


class WebhookHttp:
    """Implements services.webhook_delivery.HookPost; a connection for each message. `private`: addresses of this
    machine and its network may be asked."""

    def __init__(self, *, private: bool = False, at_most: float = AT_MOST) -> None:
        self._private = private
        self._at_most = at_most
        self._tls: ssl.SSLContext | None = None
        # Threads of their own: a name whose servers do not answer holds one for half a minute, and whoever typed it
        # chose it. All else that needs a thread has those of the loop.
        self._names = ThreadPoolExecutor(MOST_NAMES, thread_name_prefix="webhook name")
        # Threads that look nothing up. One whose message gave up waits on, so it is not free before its look-up ends.
        self._free = asyncio.Semaphore(MOST_NAMES)
        # The same of one commission, as long as it looks anything up or waits to.
        self._free_of: dict[str, asyncio.Semaphore] = {}
        self._users: Counter[str] = Counter()

    async def post(self, url: str, headers: dict[str, str], body: bytes, whose: str) -> int:
        """Posts a body and returns the status of the answer. Raises OSError where the address may not be asked, or does
        not answer in time, NotTried where other names, of this commission (`whose`) or of all, took every look-up that
        there is for them meanwhile."""
        try:
            async with asyncio.timeout(self._at_most):
                # Read in a thread: neither a start nor the loop should wait for it.
                await asyncio.to_thread(importlib.import_module, "httpx2")
                return await self._posted(url, headers, body, whose)
        except TimeoutError as error:
            raise OSError(f"no answer in {self._at_most:.0f} seconds") from error
        except ImportError as error:
            raise OSError("httpx2 is not installed: forum doctor tells what to do") from error
        except ssl.SSLError as error:
            raise OSError(type(error).__name__) from error

    async def _posted(self, url: str, headers: dict[str, str], body: bytes, whose: str) -> int:
        import httpx2  # noqa: PLC0415 - read already, in a thread

        try:
            return await self._sent(url, headers, body, whose)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise OSError(type(error).__name__) from error

    async def _sent(self, url: str, headers: dict[str, str], body: bytes, whose: str) -> int:
        import httpx2  # noqa: PLC0415 - read already, in a thread

        parts = urlsplit(url)
        host = parts.hostname or ""
        address = await self._address(host, parts.port or (443 if parts.scheme == "https" else 80), whose)
        if parts.scheme != "https" and not (self._private and address.is_loopback):
            raise OSError("not over https")
        literal = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
        there = literal if parts.port is None else f"{literal}:{parts.port}"
        asked = urlunsplit((parts.scheme, there, parts.path or "/", parts.query, ""))
        named = parts.netloc.rpartition("@")[2]
        async with httpx2.AsyncClient(verify=await self._trusting(), trust_env=False, timeout=self._at_most) as client:
            request = client.build_request(
                "POST",
                asked,
                content=body,
                headers={**headers, "Host": named, "Accept-Encoding": "identity"},
                # The certificate has to be of the name, not of the number that is asked.
                extensions={"sni_hostname": host},
            )
            answer = await client.send(request, stream=True, follow_redirects=False)
            # Nothing of its body is read.
            await answer.aclose()
            return answer.status_code

    async def _address(self, host: str, port: int, whose: str) -> IPv4Address | IPv6Address:
        """Returns an address of a host. Raises OSError where it has none, or one of them may not be asked, NotTried
        where no thread is free for half of the time."""
        asked = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            async with asyncio.timeout(self._at_most / 2):
                await self._take(whose)
        except TimeoutError as error:
            raise NotTried("no look-up of a name was free") from error
        loop = asyncio.get_running_loop()

        def ended(_looked_up: Future[Any]) -> None:
            with suppress(RuntimeError):  # the loop may be closed: nobody waits any more
                loop.call_soon_threadsafe(self._give_back, whose)

        looking = self._names.submit(asked)
        looking.add_done_callback(ended)
        try:
            found = await asyncio.wrap_future(looking)
        except (socket.gaierror, UnicodeError) as error:
            raise OSError("the name leads to no address") from error
        addresses = [ip_address(str(one[4][0]).partition("%")[0]) for one in found]
        if not addresses:
            raise OSError("the name leads to no address")
        if not self._private and not all(map(is_public, addresses)):
            raise OSError("the name leads to an address of a private network")
        return addresses[0]

    async def _take(self, whose: str) -> None:
        """Takes a look-up, of the few of this commission first: who has none left there waits in nobody's way."""
        self._users[whose] += 1
        mine = self._free_of.setdefault(whose, asyncio.Semaphore(NAMES_OF_ONE))
        try:
            await mine.acquire()
            try:
                await self._free.acquire()
            except BaseException:
                mine.release()
                raise
        except BaseException:
            self._forget(whose)
            raise

    def _give_back(self, whose: str) -> None:
        self._free.release()
        self._free_of[whose].release()
        self._forget(whose)

    def _forget(self, whose: str) -> None:
        self._users[whose] -= 1
        if not self._users[whose]:
            del self._users[whose], self._free_of[whose]

    async def _trusting(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        return self._tls


# The addresses of IPv6 that are given out (IANA), and those of them that stand in books (RFC 9637).
_OPEN, _EXAMPLES = ip_network("2000::/3"), ip_network("3fff::/20")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tells whether an address is one of the open internet: of no machine, house or provider of its own, and none that
    stands for such a one (IPv4 within IPv6: mapped, 6to4, NAT64)."""
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if within is None and address.packed[:12] == bytes.fromhex("0064ff9b0000000000000000"):
            within = IPv4Address(address.packed[12:])
        if within is not None or address.teredo is not None:
            return within is not None and is_public(within)
        if address not in _OPEN or address in _EXAMPLES:
            return False
    return address.is_global and not address.is_multicast
