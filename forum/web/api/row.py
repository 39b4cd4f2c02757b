"""One row of the table of the API (table.py), and how a request to it is answered: checked, limited, with an ETag."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, SignInNeeded
from forum.web.api import bodies
from forum.web.api.shapes import Answer, Disagreement, NoQuery
from forum.web.auth import TOKEN_UNKNOWN, bears_token, person_of, somebody
from forum.web.forms import MOST_WITH_FILE, SMALL
from forum.web.page_row import Page
from forum.web.problems import for_other_sites
from forum.web.rate_limits import TEN_MINUTES
from forum.web.site import network_of, site_of

# Requests in ten minutes: from one network without a token, and with one token.
READS, OF_A_TOKEN = 3000, 6000
START = "/api/v1"
Answering = Callable[[Request, Any], Awaitable[Answer | Response]]


class ApiRow(msgspec.Struct, frozen=True):
    """One row: an address and method, what answers it, the permission as in a `Page`, and its description.

    `endpoint` takes the request and what came with it, as `takes` says: of a GET the query, of a POST the form that its
    body was read into. `summary` is a sentence for people, a gettext message. `makes`: something is made, which is not
    made again where the same request comes twice with one Idempotency-Key. `media` is that of a file, not of JSON.
    `with_file`: it may come as multipart/form-data too, with a file beside its fields, which are all texts.
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
    makes: bool = False
    media: str = ""
    with_file: bool = False

    @property
    def page(self) -> Page:
        """Returns the row of the table of pages that answers it."""
        most = MOST_WITH_FILE if self.with_file else self.most_body
        return Page(START + self.path, self.method, self._answer, self.permission, most, self.somewhere)

    async def _answer(self, request: Request) -> Response:
        person = await person_of(request)
        key, most = (person.id, OF_A_TOKEN) if person else (network_of(request), READS)
        site_of(request).limits.take(f"api {key}", most, TEN_MINUTES)
        if person is None and bears_token(request):
            raise SignInNeeded(TOKEN_UNKNOWN)
        if self.method == "GET":
            found = await self.endpoint(request, _query(request, self.takes))
            return found if isinstance(found, Response) else _found(request, found, self.permission)
        reading = bodies.read_with_file if self.with_file else bodies.read
        form, body = await reading(request, self.takes, self.most_body)
        if self.makes:
            digest = bodies.digest_of(request, (await somebody(request)).id, body)
            form.values = {**form.values, "id": [digest[:32]]}
            request.state.seed = digest[32:]
        try:
            done = await self.endpoint(request, form)
        except BadInput as error:
            raise bodies.in_json(self.takes, error) from error
        if isinstance(done, Response):
            return done
        headers = {"Cache-Control": "no-store", "Vary": "Authorization"}
        return Response(msgspec.json.encode(done), 201 if self.makes else 200, headers, "application/json")


def _found(request: Request, answer: Answer, permission: str) -> Response:
    """Returns an answer that can be asked for again by its ETag; what everybody may read, other sites' pages may too,
    without anybody's cookies or tokens."""
    unlike = tuple(Disagreement(one.what, one.entry) for one in getattr(request.state, "unlike_record", ()))
    body = msgspec.json.encode(msgspec.structs.replace(answer, does_not_agree_with_the_record=unlike or UNSET))
    tag = f'"{hashlib.sha256(body).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if permission == "public":
        headers |= {"Cache-Control": "no-cache", "Vary": "Authorization, Cookie"} | for_other_sites(request)
        if "Access-Control-Allow-Origin" in headers:
            headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
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
    return _converted(dict(given), takes)


def _converted(given: Any, takes: type[msgspec.Struct]) -> msgspec.Struct:
    try:
        return msgspec.convert(given, takes, strict=False)
    except msgspec.ValidationError as error:
        words, _at, path = str(error).partition(" - at `$")
        field = path.strip("`.") if path else words.rpartition("field `")[2].strip("`") if "field `" in words else ""
        raise BadInput("This cannot be used here: %(why)s.", field=field, why=words) from error
