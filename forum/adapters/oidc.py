"""The provider of single sign-on, asked over HTTP: what it has where, its keys, and a token for a code.

Nothing but the configured provider, and what it names over https, is asked: no redirect is followed, no cookie kept, no
proxy or password taken from the environment; time and the bytes that are read have bounds. What it has where and its
keys are asked for in the background, and kept.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import httpx2
import msgspec
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.jwk import Key

from forum.adapters.id_tokens import identity_in, knows, public_keys
from forum.ports.sign_on import Identity, IdentityProvider, TokenRefused
from forum.services.identity_provider import safe_address
from forum.services.periodic import Periodic

AT_MOST = 10.0  # seconds for one request, from the connection to the last byte
MOST_BYTES = 128 * 1024
ASKED_EVERY = 900.0  # seconds after which keys are read anew
KEPT = 7200.0  # seconds for which they are good where the provider does not answer meanwhile
PAUSE = 15.0  # seconds after an answer, good or not, before the provider is asked again for a page
MOST_AT_ONCE = 16
SCOPE = "openid email"

log = structlog.get_logger()


class Known(msgspec.Struct, frozen=True):
    """What a provider has where, and its keys."""

    authorize: str
    token: str
    method: str
    keys: list[tuple[Mapping[str, object], Key]]


class OidcProvider:
    """Implements ports.sign_on.Provider. `back` is the address here to which the provider sends people."""

    def __init__(self, provider: IdentityProvider, back: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._provider, self._back, self._monotonic = provider, back, monotonic
        self._plain = provider.issuer.startswith("http:")
        self._tls: ssl.SSLContext | None = None
        self._known: Known | None = None
        self._known_at = self._asked_at = float("-inf")
        self._lock = asyncio.Lock()
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._periodic = Periodic(self._refresh, ASKED_EVERY, self._failed)

    def start(self) -> None:
        """Begins to ask for the keys in the background."""
        self._periodic.start()

    async def stop(self) -> None:
        """Ends that."""
        await self._periodic.stop()

    async def sign_in_address(self, state: str, nonce: str, verifier: str) -> str:
        """Returns the address at the provider to which a browser goes to sign in."""
        known = await self._now_known()
        async with self._client(known.method) as client:
            address, _state = client.create_authorization_url(
                known.authorize, state=state, nonce=nonce, code_verifier=verifier
            )
        return str(address)

    async def identity(self, code: str, nonce: str, verifier: str, at: str) -> Identity:
        """Returns who somebody is that came back with a code. Raises TokenRefused where that is not proved."""
        known = await self._now_known()
        token = await self._exchanged(known, code, verifier)
        if not knows(known.keys, token):
            known = await self._now_known(anew=True)
        return identity_in(token, known.keys, self._provider, nonce, at)

    async def tried(self) -> int:
        """Asks the provider for all that a sign-in needs; returns how many keys it has."""
        return len((await self._now_known()).keys)

    async def _exchanged(self, known: Known, code: str, verifier: str) -> str:
        """Returns the ID token that the provider gives for a code."""
        async with self._bounded(), self._client(known.method) as client:
            try:
                answer = await client.fetch_token(
                    known.token, grant_type="authorization_code", code=code, code_verifier=verifier
                )
            except AuthlibBaseError as error:
                if error.error == "invalid_grant":
                    raise TokenRefused("the provider does not take the code") from error
                raise OSError(f"no token is given: {str(error.error)[:60]}") from error
        token = answer.get("id_token") if isinstance(answer, dict) else None
        if not isinstance(token, str):
            raise OSError("there is no ID token in its answer")
        return token

    async def _now_known(self, *, anew: bool = False) -> Known:
        """Returns what is known of the provider, asked for now where it is not known, or `anew` is wanted; within PAUSE
        of the last answer it is not asked again."""
        async with self._lock:
            now = self._monotonic()
            fresh = self._known is not None and now - self._known_at < KEPT
            if (anew or not fresh) and now - self._asked_at >= PAUSE:
                await self._ask()
                fresh = True
            if self._known is None or not fresh:
                raise OSError("it did not answer a moment ago")
            return self._known

    async def _refresh(self) -> None:
        async with self._lock:
            await self._ask()

    async def _ask(self) -> None:
        self._asked_at = self._monotonic()
        async with self._bounded(), self._client("none") as client:
            about = await _document(client, self._provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if about.get("issuer") != self._provider.issuer:
                raise OSError("it calls itself by another issuer than FORUM_OIDC_ISSUER")
            authorize, token, keys = (
                self._address(about, name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
            )
            ways = about.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
            if not isinstance(ways, list):
                raise OSError("it says in no known way how a client signs in")
            method = "client_secret_basic" if "client_secret_basic" in ways else "client_secret_post"
            try:
                found = await asyncio.to_thread(public_keys, await _document(client, keys))
            except ValueError as error:
                raise OSError(f"its keys cannot be read: {error}") from error
        if not found:
            raise OSError("it has no key that can check a signature")
        self._known, self._known_at = Known(authorize, token, method, found), self._monotonic()

    def _address(self, about: Mapping[str, object], name: str) -> str:
        url = about.get(name)
        if not safe_address(url, plain=self._plain):
            raise OSError(f"its {name} is no address over https")
        return str(url)

    @asynccontextmanager
    async def _bounded(self) -> AsyncIterator[None]:
        """Bounds what is asked at once and how long it takes; whatever goes wrong on the way is an OSError."""
        try:
            async with asyncio.timeout(AT_MOST), self._places:
                yield
        except TimeoutError as error:
            raise OSError(f"no answer in {AT_MOST:.0f} seconds") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError) as error:
            raise OSError(type(error).__name__) from error
        except (ValueError, RecursionError) as error:
            raise OSError("its answer cannot be read") from error

    @asynccontextmanager
    async def _client(self, method: str) -> AsyncIterator[AsyncOAuth2Client]:
        if self._tls is None:
            self._tls = (
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                if self._plain
                else await asyncio.to_thread(ssl.create_default_context)
            )
        async with AsyncOAuth2Client(
            self._provider.client_id,
            self._provider.secret,
            token_endpoint_auth_method=method,
            scope=SCOPE,
            redirect_uri=self._back,
            code_challenge_method="S256",
            transport=_Bounded(self._tls),
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            timeout=AT_MOST,
            trust_env=False,
            follow_redirects=False,
        ) as client:
            yield client

    def _failed(self, error: Exception) -> None:
        log.warning("The provider of single sign-on does not answer", why=str(error))


class _Bounded(httpx2.AsyncBaseTransport):
    """Reads an answer whole, and no more than MOST_BYTES of it; nothing is unpacked, however much it would become."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._within = httpx2.AsyncHTTPTransport(verify=tls, trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._within.handle_async_request(request)
        try:
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise OSError("its answer is packed")
            read = b""
            async for piece in answer.aiter_raw(16 * 1024):
                read += piece
                if len(read) > MOST_BYTES:
                    raise OSError(f"it answers with more than {MOST_BYTES} bytes")
        finally:
            await answer.aclose()
        return httpx2.Response(answer.status_code, content=read, request=request)

    async def aclose(self) -> None:
        await self._within.aclose()


async def _document(client: AsyncOAuth2Client, url: str) -> dict[str, object]:
    answer = await client.request("GET", url, withhold_token=True)
    if answer.status_code != 200:
        raise OSError(f"it answers {answer.status_code}")
    found = json.loads(answer.content)
    if not isinstance(found, dict):
        raise OSError("its answer cannot be read")
    return found
