"""Witnesses asked over HTTP (C2SP tlog-witness), each request with bounds: time in all, and bytes that are read.

Nothing but the configured addresses is asked: no redirect is followed, no cookie kept, no proxy or password taken from
the environment (SSL_CERT_FILE names an authority of one's own).
"""

from __future__ import annotations

import asyncio
import importlib
import ssl

from forum.ports.record import WitnessAnswer

AT_MOST = 15.0  # seconds for one request, from the connection to the last byte
MOST_BYTES = 16 * 1024


class WitnessHttp:
    """Implements ports.record.WitnessPost; a connection for each request, as they are rare."""

    def __init__(self, at_most: float = AT_MOST) -> None:
        self._at_most = at_most
        self._tls: ssl.SSLContext | None = None

    async def add_checkpoint(self, url: str, body: bytes) -> WitnessAnswer:
        """Posts a checkpoint. Raises OSError where there is no answer in time, or more than MOST_BYTES."""
        try:
            await asyncio.to_thread(importlib.import_module, "httpx2")
        except ImportError as error:
            raise OSError("httpx2 is not installed: forum doctor tells what to do") from error
        import httpx2  # noqa: PLC0415 - read in a thread: neither a start nor the loop should wait for it

        tls = await self._trusting(url)
        try:
            async with asyncio.timeout(self._at_most):
                return await self._asked(f"{url}/add-checkpoint", body, tls)
        except TimeoutError as error:
            raise OSError(f"no answer in {self._at_most:.0f} seconds") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise OSError(f"{type(error).__name__}: {error}") from error

    async def _trusting(self, url: str) -> ssl.SSLContext:
        """Returns whom to trust: the machine's authorities, which take a while to read; for http:// nobody."""
        if not url.startswith("https:"):
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self._tls is None:
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        return self._tls

    async def _asked(self, url: str, body: bytes, tls: ssl.SSLContext) -> WitnessAnswer:
        import httpx2  # noqa: PLC0415 - read already, in a thread

        headers = {"Content-Type": "text/plain; charset=utf-8", "Accept-Encoding": "identity"}
        async with (
            httpx2.AsyncClient(verify=tls, trust_env=False, timeout=self._at_most) as client,
            client.stream("POST", url, content=body, headers=headers) as answer,
        ):
            read = b""
            # As the bytes come: nothing is unpacked, however much it would become.
            async for piece in answer.aiter_raw(MOST_BYTES):
                read += piece
                if len(read) > MOST_BYTES:
                    raise OSError(f"it answers with more than {MOST_BYTES} bytes")
            return WitnessAnswer(answer.status_code, read)
