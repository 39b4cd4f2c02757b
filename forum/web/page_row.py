"""One row of the table of pages (routes.py): an address, its endpoint, who may use it, and how much may come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.web.forms import SMALL

Endpoint = Callable[[Request], Awaitable[Response]]


class Page(msgspec.Struct, frozen=True):
    """One row of the table. `permission` is a key of permissions.PERMISSIONS; a page of a private link is "public",
    as its key is the permission. `most_body` is the largest body in bytes, where more than a few buttons and
    names may come.

    The permission is needed in the commission that the path leads to, or in every one; `somewhere` marks what is for
    whoever has it in any commission: the endpoint shows no other, and checks the one that a form or query names.
    """

    path: str
    methods: str
    endpoint: Endpoint
    permission: str
    most_body: int = SMALL
    somewhere: bool = False
