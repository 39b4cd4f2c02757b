"""The description of the API (OpenAPI 3.1), made of the table that answers it, and the page that explains it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.web.api import bodies, shapes
from forum.web.api.row import START, ApiRow
from forum.web.api.table import API
from forum.web.i18n.gettext import gettext as _
from forum.web.problems import MEDIA, for_other_sites
from forum.web.responses import page
from forum.web.site import base_url

_PLACES = {
    "commission": "The id of a commission.",
    "session": "The id of a live session.",
    "round": "The id of a vote.",
    "decision": "The id of a decision.",
    "commitment": "The id of a promise.",
    "story": "The id of a story.",
    "draft": "The id of a draft of a decision.",
    "webhook": "The id of a webhook.",
    "message": "The id of a message to a webhook.",
    "item": "The id of a piece of evidence.",
    "update": "The id of the news of a promise that has a file.",
    "statement": "The id of a statement of a group.",
    "pledge": "The id of a pledge of help.",
}
_REF = "#/components/schemas/{name}"
_REFUSED_WRITES = {
    "409": "It cannot be done now, or was changed meanwhile. Nothing was kept.",
    "413": "The body is too large.",
    "415": "The body is sent as another kind than the description names.",
}
_HEADERS = {"ETag": {"description": "Send it back as If-None-Match.", "schema": {"type": "string"}}}
# Refusals that any request may meet.
_REFUSALS = {
    "401": "There is no token, or it does not hold.",
    "403": "The role of the token does not allow this.",
    "404": "There is no such thing, or you may not know of it.",
    "422": "Something in the request cannot be used; `errors` says what, by field.",
    "429": "Too many requests. Retry-After says when to come again.",
    "503": "The database did not answer, and nothing was kept.",
}


def description(server: str) -> dict[str, Any]:
    """Returns the description of the API at an address."""
    return {**_described(), "servers": [{"url": server + START}]}


@cache
def _described() -> dict[str, Any]:
    every = [one for row in API for one in (row.answer, row.takes)] + [shapes.Refusal]
    refs, components = msgspec.json.schema_components(every, ref_template=_REF)
    for shape in components.values():
        for told in shape.get("properties", {}).values():
            if "enum" in told and told.get("default") not in told["enum"]:
                told.pop("default", None)
    of = dict(zip([id(one) for one in every], refs, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for row in API:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row, of, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Forum",
            "version": "1",
            "description": "What the pages of Forum show and what staff do on them, as JSON. No number stands here "
            "that no page shows, and nobody votes here.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(row: ApiRow, of: dict[int, dict[str, Any]], components: dict[str, Any]) -> dict[str, Any]:
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PLACES[name],
            "schema": {"type": "string"},
        }
        for name in re.findall(r"\{(\w+)\}", row.path)
    ]
    told: dict[str, Any] = {
        "operationId": operation_id(row),
        "summary": row.summary,
        "security": [] if row.permission == "public" else [{"token": []}],
        "responses": _responses(row, of),
    }
    if row.method == "GET":
        shape = components[of[id(row.takes)]["$ref"].rpartition("/")[2]]
        parameters += [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": one.get("description", "The language of messages, as “en” or “cy”."),
                "schema": {key: value for key, value in one.items() if key != "description"},
            }
            for name, one in shape["properties"].items()
        ]
        if not row.media:
            parameters.append(
                {
                    "name": "If-None-Match",
                    "in": "header",
                    "required": False,
                    "description": "The ETag of the answer that you have: 304 where nothing has changed.",
                    "schema": {"type": "string"},
                }
            )
    else:
        if row.makes:
            parameters.append(
                {
                    "name": bodies.KEY,
                    "in": "header",
                    "required": False,
                    "description": "A random text. The same request sent again with it is done once.",
                    "schema": {"type": "string", "maxLength": bodies.MOST_KEY},
                }
            )
        content: dict[str, Any] = {"application/json": {"schema": of[id(row.takes)]}}
        if row.with_file:
            fields = components[of[id(row.takes)]["$ref"].rpartition("/")[2]]["properties"]
            file = {"type": "string", "format": "binary", "description": "A PDF, PNG or JPEG of at most 5 MB."}
            content["multipart/form-data"] = {"schema": {"type": "object", "properties": fields | {bodies.FILE: file}}}
        told["requestBody"] = {"required": True, "content": content}
    return told | {"parameters": parameters}


def _responses(row: ApiRow, of: dict[int, dict[str, Any]]) -> dict[str, Any]:
    body = {"content": {"application/json": {"schema": of[id(row.answer)]}}}
    if row.media:
        body = {"content": {row.media: {"schema": {"type": "string", "format": "binary"}}}}
    good: dict[str, Any] = (
        {"200": {"description": "The file.", **body}}
        if row.media
        else {
            "200": {"description": "What was asked for.", "headers": _HEADERS, **body},
            "304": {"description": "Nothing has changed since the answer with this ETag.", "headers": _HEADERS},
        }
        if row.method == "GET"
        else {"201": {"description": "It is made, or was made by the same request before.", **body}}
        if row.makes
        else {"200": {"description": "It is done, or was done before.", **body}}
    )
    refusal = {"content": {MEDIA: {"schema": of[id(shapes.Refusal)]}}}
    more = {} if row.method == "GET" else _REFUSED_WRITES
    return good | {status: {"description": words, **refusal} for status, words in sorted((_REFUSALS | more).items())}


def operation_id(row: ApiRow) -> str:
    """Returns the name of an operation for programs that are made of the description."""
    parts = re.sub(r"[{}]", "", row.path).strip("/").split("/")
    return "_".join([row.method.lower(), *parts])


async def openapi(request: Request) -> Response:
    """Sends the description of the API, which every page and program may read."""
    body = json.dumps(description(base_url(request)), ensure_ascii=False)
    headers = {"Cache-Control": "no-cache", "Vary": "Authorization, Cookie"} | for_other_sites(request)
    return Response(body, headers=headers, media_type="application/json")


async def explained(request: Request) -> Response:
    """Shows what the API is and how to use it, in plain words, with examples."""
    return await page(
        request,
        "public/api.html",
        rows=[one for one in API if one.permission == "public"],
        token_rows=[
            (words, rows)
            for permission, words in _whose().items()
            if (rows := [one for one in API if one.permission == permission])
        ],
        start=base_url(request) + START,
        below=START,
    )


def _whose() -> dict[str, str]:
    """Returns whose tokens have a permission, in words, by the permission."""
    return {
        "signed in": _("In any role"),
        "keep commissions": _("As organiser or commissioner"),
        "run sessions": _("As organiser"),
        "moderate stories": _("As moderator"),
        "read drafts": _("As commissioner or second reader"),
        "decide": _("As commissioner"),
    }
