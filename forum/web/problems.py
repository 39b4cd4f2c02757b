"""Refusals of the API as "problem details" (RFC 9457): what is wrong, in which field, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.web.api.shapes import FieldRefusal, Refusal
from forum.web.auth import API
from forum.web.site import base_url

MEDIA = "application/problem+json"


def of_api(request: Request) -> bool:
    """Tells whether an address is one of the API."""
    return request.url.path.startswith(API)


def for_other_sites(request: Request) -> dict[str, str]:
    """Returns the headers that let the pages of other sites read an answer: any site, but only what was asked for
    without a token or a cookie, as those are somebody's own. Of Access-Control-Allow-Private-Network there is none, so
    a page of the internet does not read a Forum of a house's own network."""
    asked = request.headers
    return {} if "authorization" in asked or "cookie" in asked else {"Access-Control-Allow-Origin": "*"}


def problem(
    request: Request,
    status: int,
    code: str,
    words: str,
    *,
    again: bool = False,
    fields: Mapping[str, str] | None = None,
) -> Response:
    """Returns a refusal in the reader's language; its type leads to the page that explains the API."""
    told = Refusal(
        type=f"{base_url(request)}/api#problems",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=words,
        code=code,
        again=again,
        errors=tuple(FieldRefusal(name, said) for name, said in (fields or {}).items()),
    )
    headers = {"WWW-Authenticate": 'Bearer realm="Forum"'} if status == 401 else {}
    headers |= for_other_sites(request)
    return Response(msgspec.json.encode(told), status, headers, MEDIA)
