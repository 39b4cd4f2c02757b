"""A client of the API for machines that survives restarts of the server: a request without an answer is sent again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx2

from forum.rehearsal.crowd_plan import RehearsalFailed
from forum.rehearsal.screen_client import PATIENCE, jitter, origin_of

AT_ONCE: Final = 32  # connections
_FORM: Final = "application/x-www-form-urlencoded"

Fields = Sequence[tuple[str, str]]


class Organiser:
    """The organiser's client, signed in with a token. Every request is sent again until it is answered."""

    def __init__(self, base: str, token: str) -> None:
        self.base = base.rstrip("/")
        # A jar that takes no cookie, because each phone keeps its own.
        jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        self._http = httpx2.AsyncClient(
            base_url=self.base,
            cookies=jar,
            timeout=30,
            trust_env=False,
            limits=httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
        )
        self.bearer = {"Authorization": f"Bearer {token}"}

    @property
    def origin(self) -> str:
        """The origin of forms that are sent here."""
        return origin_of(self.base)

    def path(self, address: object) -> str:
        """Returns the path below `base` of an address that the server gave."""
        return str(address).removeprefix(urlsplit(self.base).path)

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def post(self, path: str, fields: Fields, headers: dict[str, str] | None = None) -> dict[str, Any]:
        """Posts a form, as the organiser where no headers are given, and returns the JSON answer.

        Raises RehearsalFailed with the server's words where it refuses.
        """
        sent = self.bearer if headers is None else headers
        answer = await self._ask(
            "POST",
            path,
            content=urlencode(fields),
            headers=sent | {"Accept": "application/json", "Content-Type": _FORM},
        )
        try:
            facts = answer.json()
        except ValueError:
            facts = None
        if answer.status_code != 200 or not isinstance(facts, dict):
            raise _said_no(path, answer)
        return facts

    async def get(self, path: str) -> httpx2.Response:
        """Gets a page without signing in. Raises RehearsalFailed where the server refuses."""
        return await self._get(path, {})

    async def get_as_organiser(self, path: str) -> httpx2.Response:
        """Gets a page as the organiser. Raises RehearsalFailed where the server refuses."""
        return await self._get(path, self.bearer | {"Accept": "application/json"})

    async def get_as(self, path: str, headers: dict[str, str]) -> dict[str, Any]:
        """Returns the JSON answer to a request with these headers. Raises RehearsalFailed where the server refuses."""
        facts = (await self._get(path, headers | {"Accept": "application/json"})).json()
        if not isinstance(facts, dict):
            raise RehearsalFailed("%(path)s gave no facts.", path=path)
        return facts

    async def _get(self, path: str, headers: dict[str, str]) -> httpx2.Response:
        answer = await self._ask("GET", path, headers=headers)
        if answer.status_code != 200:
            raise _said_no(path, answer)
        return answer

    async def _ask(self, method: str, path: str, **rest: Any) -> httpx2.Response:
        """Sends a request until it is answered: again while the server restarts, is busy, or asks to wait.

        Raises RehearsalFailed after PATIENCE seconds.
        """
        deadline = time.monotonic() + PATIENCE
        while True:
            wait = jitter.uniform(0.1, 0.5)
            try:
                answer = await self._http.request(method, path, **rest)
            except httpx2.TransportError as error:
                if time.monotonic() > deadline:
                    raise RehearsalFailed("There is no answer from %(base)s.", base=self.base) from error
            except httpx2.InvalidURL as error:
                raise RehearsalFailed("%(base)s is no address.", base=self.base) from error
            else:
                if answer.status_code not in {429, 503} or time.monotonic() > deadline:
                    return answer
                asked = answer.headers.get("retry-after", "")
                wait = max(wait, float(asked)) if asked.isdigit() else wait
            await asyncio.sleep(wait)


def _said_no(path: str, answer: httpx2.Response) -> RehearsalFailed:
    words = f"HTTP {answer.status_code}"
    # an answer that is not Forum's, such as a proxy's, has no words: only its status is told
    with suppress(ValueError, LookupError, TypeError):
        words = str(answer.json()["error"]["words"])
    return RehearsalFailed("The server said no to %(path)s: %(words)s", path=path, words=words)
