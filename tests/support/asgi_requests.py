"""Requests to the application in this process, with nothing in between: any bytes, any head; whatever it raises is
seen."""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.applications import Starlette

HOST = "house.test"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """Answer to a request. `raised` is the error that the application raised besides, which a server would log with its
    trace."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    raised: Exception | None = None

    @property
    def code(self) -> str:
        """Returns the code of an error that was answered as JSON; "" for anything else."""
        try:
            return str(json.loads(self.body)["error"]["code"])
        except (ValueError, KeyError, TypeError):
            return ""


async def ask(
    app: Starlette,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Sequence[tuple[str, str]] = (),
    address: str = "192.0.2.1",
    *,
    gone_after: int | None = None,
) -> Answer:
    """Sends one request and returns its answer. With `gone_after` the client goes away after so many bytes of the
    body."""
    plain, _, query = path.partition("?")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(plain),
        "raw_path": plain.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "server": (HOST, 80),
        "client": (address, 40000),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "state": {},
    }
    whole = gone_after is None
    coming: list[MutableMapping[str, Any]] = [
        {"type": "http.request", "body": body if whole else body[:gone_after], "more_body": not whole}
    ]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return coming.pop(0) if coming else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    raised = None
    try:
        await app(scope, receive, send)
    except Exception as error:
        raised = error
    status = next((int(m["status"]) for m in sent if m["type"] == "http.response.start"), 0)
    told: list[tuple[bytes, bytes]] = next((m["headers"] for m in sent if m["type"] == "http.response.start"), [])
    content = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
    return Answer(status, {name.decode("latin-1"): value.decode("latin-1") for name, value in told}, content, raised)


async def post(
    app: Starlette,
    path: str,
    form: Mapping[str, str | list[str]],
    cookies: str = "",
    address: str = "192.0.2.1",
    accept: str = "application/json",
) -> Answer:
    """Posts a form, as a program that wants JSON back, or with `accept` "text/html" as a browser."""
    headers = [("Host", HOST), ("Origin", f"http://{HOST}"), ("Accept", accept), ("Content-Type", FORM)]
    if cookies:
        headers.append(("Cookie", cookies))
    return await ask(app, "POST", path, urlencode(form, doseq=True).encode(), headers, address)
