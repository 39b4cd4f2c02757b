"""Exports over the API: the files that commissioners download, made for a token of theirs."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.web import export
from forum.web.api.shapes import OfExport


async def signed(request: Request, _asked: OfExport) -> Response:
    """Sends the signed export of a commission or a session."""
    return await export.export(request)


async def workbook(request: Request, _asked: OfExport) -> Response:
    """Sends its tables as a workbook."""
    return await export.export_workbook(request)


async def popolo(request: Request, _asked: OfExport) -> Response:
    """Sends its votes in Popolo's terms."""
    return await export.export_popolo(request)
