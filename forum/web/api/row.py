"""One row of the table of the API (table.py), and how a request to it is answered: checked, limited, with an ETag."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, SignInNeeded
from forum.web.api.shapes import Answer, Disagreement, NoQuery
from forum.web.auth import bears_token, person_of
from forum.web.forms import SMALL
from forum.web.page_row import Page
from forum.web.rate_limits import TEN_MINUTES
from forum.web.site import network_of, site_of

# Requests in ten minutes: from one network without a token, and with one token.
READS, OF_A_TOKEN = 3000, 6000
START = "/api/v1"
Answering = Callable[[Request, Any], Awaitable[Answer]]


@dataclass(frozen=True)
class ApiRow:
    """One row: an address and method, what answers it, the permission as in a `Page`, and its description.

    `endpoint` takes the request and what came with it: of a GET the query, as `takes` says, of a POST the body.
    `summary` is a sentence for people, a gettext message.
    """

    method: str
    path: str
    endpoint: Answering
    permission: str
    summary: str
    answer: Any
    takes: type[msgspec.Struct] = NoQuery
    most_body: int = SMALL
    somewhere: bool = False

    @property
    def page(self) -> Page:
        """Returns the row of the table of pages that answers it."""
        return Page(START + self.path, self.method, self._answer, self.permission, self.most_body, self.somewhere)

    async def _answer(self, request: Request) -> Response:
        person = await person_of(request)
        key, most = (person.id, OF_A_TOKEN) if person else (network_of(request), READS)
        site_of(request).limits.take(f"api {key}", most, TEN_MINUTES)
        if person is None and bears_token(request):
            raise SignInNeeded("This token is not known: it was revoked, it has run out, or it was copied wrong.")
        if self.method == "GET":
            return _found(request, await self.endpoint(request, _query(request, self.takes)), self.permission)
        made = await self.endpoint(request, await _body(request, self.takes))
        return Response(msgspec.json.encode(made), 201, media_type="application/json")


def _found(request: Request, answer: Answer, permission: str) -> Response:
    """Returns an answer that can be asked for again by its ETag; what everybody may read, other sites' pages may too,
    without anybody's cookies or tokens."""
    unlike = tuple(Disagreement(one.what, one.entry) for one in getattr(request.state, "unlike_record", ()))
    body = msgspec.json.encode(msgspec.structs.replace(answer, does_not_agree_with_the_record=unlike or UNSET))
    tag = f'"{hashlib.sha256(body).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if permission == "public":
        headers |= {
            "Cache-Control": "no-cache",
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": "ETag, Retry-After",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
    seen = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if seen & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def _query(request: Request, takes: type[msgspec.Struct]) -> msgspec.Struct:
    """Reads the query of an address. Raises BadInput under the name of what cannot be used."""
    given = request.query_params
    for name in given:
        if name not in takes.__struct_fields__:
            raise BadInput(
                "There is no such parameter here. Leave it out, or look it up in the description.", field=name[:200]
            )
    return _converted(dict(given), takes, strict=False)


async def _body(request: Request, takes: type[msgspec.Struct]) -> msgspec.Struct:
    """Reads a body of JSON. Raises BadInput under the name of what cannot be used, HTTPException for another kind."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415)
    try:
        sent = msgspec.json.decode(await request.body())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput("This is not JSON. Send one JSON object, as the description says.") from error
    return _converted(sent, takes, strict=True)


def _converted(given: Any, takes: type[msgspec.Struct], *, strict: bool) -> msgspec.Struct:
    try:
        return msgspec.convert(given, takes, strict=strict)
    except msgspec.ValidationError as error:
        words, _at, path = str(error).partition(" - at `$")
        field = path.strip("`.") if path else words.rpartition("field `")[2].strip("`") if "field `" in words else ""
        raise BadInput("This cannot be used here: %(why)s.", field=field, why=words) from error
