"""Exports to keep: the signed zip, and what is made of the same log beside it (workbook, Popolo, report).

Each is made in pieces or in threads, beside which rooms go on. Nothing is left of one whose reader goes away while it
is made or sent: no work, and no file, since its file has no name.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from forum.adapters import report_pdf, workbook
from forum.errors import TooMany
from forum.ports.audit import What
from forum.ports.long_work import long
from forum.record import popolo
from forum.record.verify.public_log import Log
from forum.services import audit, exports
from forum.web import report
from forum.web.auth import need, need_somewhere, somebody, token_of
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import language
from forum.web.organisation.face import letterhead
from forum.web.public import said
from forum.web.site import site_of

# Exports that are made or sent at a time: of one person, and of all together, since each takes memory and disk.
AT_ONCE = 2
AT_ONCE_IN_ALL = 4
_BUSY = "Two exports for you are being made or sent just now. Wait until one of them is here, and ask again."
_ALL_BUSY = "As many exports as this server can make are being made or sent just now. Ask again in %(seconds)s seconds."
_PIECE = 64 * 1024  # bytes sent at once

Made = TypeVar("Made")


async def export(request: Request) -> Response:
    """Sends the whole record, or the part of one commission or session, as a zip to keep, hand on and check."""
    site = site_of(request)
    async with AsyncExitStack() as held:
        await held.enter_async_context(_place(request))
        # Without a name, so that the system takes it back whatever happens; on disk, where a temporary folder may be
        # in memory.
        file, aside = (held.enter_context(_unnamed(site.settings.data)) for _ in range(2))
        commission, session = await _chosen(request)
        making = exports.write(site.checkpoints, file, aside, commission, site.settings.licence, session=session)
        await _unless_gone(request, making)
        return _Sent(file, await _kept_headers(request, "forum-export", "zip"), held.pop_all())


async def export_workbook(request: Request) -> Response:
    """Sends the tables of an export as one workbook for a spreadsheet program."""
    return await _made(request, workbook.write, "forum-tables", "xlsx", workbook.MEDIA_TYPE)


async def export_popolo(request: Request) -> Response:
    """Sends the votes in Popolo's terms, for programs that read those."""
    return await _made(request, popolo.popolo, "forum-votes", "json", popolo.MEDIA_TYPE)


async def export_report_html(request: Request) -> Response:
    """Sends the report of a session, a commission or everything as one page to read and print."""

    def write(log: Log) -> bytes:
        return report.html(list(report.blocks(log)), report.title_of(log))

    return await _made(request, write, "forum-report", "html", "text/html; charset=utf-8")


async def export_report_pdf(request: Request) -> Response:
    """Sends the same report as a PDF."""
    code, by = language().code, letterhead(site_of(request).face)

    def write(log: Log) -> bytes:
        return report_pdf.pdf(list(report.blocks(log)), report.title_of(log), code, by=by)

    return await _made(request, write, "forum-report", "pdf", "application/pdf")


async def export_poster(request: Request) -> Response:
    """Sends what became of the promises of a commission, or of all, as a PDF to print and put up."""
    await _chosen(request)
    title, blocks = await said.poster(request)
    async with _place(request):
        by = letterhead(site_of(request).face)
        data = await _unless_gone(request, long(report_pdf.pdf, blocks, title, language().code, poster=True, by=by))
    headers = await _kept_headers(request, "forum-poster", "pdf")
    return Response(data, media_type="application/pdf", headers=headers)


async def _made(request: Request, write: Callable[[Log], bytes], name: str, ending: str, media_type: str) -> Response:
    """Sends the file that `write` makes of the log that was asked for."""

    chosen = await _chosen(request)

    async def making() -> bytes:
        return await long(write, await exports.read_log(site_of(request).store, *chosen))

    async with _place(request):
        data = await _unless_gone(request, making())
    return Response(data, media_type=media_type, headers=await _kept_headers(request, name, ending))


def _unnamed(folder: Path) -> BinaryIO:
    return cast(BinaryIO, tempfile.TemporaryFile(dir=folder))


async def _chosen(request: Request) -> tuple[str | None, str | None]:
    """Returns the commission and the session that an export is asked of, None for each that is not named. Raises
    NotAllowed where the person who asks may not decide there; for everything, where they may not decide everywhere.
    """
    commission, session = request.query_params.get("commission") or None, request.query_params.get("session") or None
    within = await need_somewhere(request, "decide")
    if within.every:
        return commission, session
    if session:
        async with site_of(request).store.read() as work:
            await need(request, "decide", (await work.sessions.get_session(session)).commission)
    if commission or not session:
        await need(request, "decide", commission or "")
    return commission, session


async def _kept_headers(request: Request, name: str, ending: str) -> dict[str, str]:
    """Returns the headers of a file to keep, named after today; notes among the acts of staff that it was taken."""
    site, person = site_of(request), await somebody(request)
    name = f"{name}-{today(site.clock.now())}.{ending}"
    async with site.store.begin() as work:
        await audit.note(work, site.clock.now(), person.id, What.EXPORTED, audit.with_token(name, token_of(request)))
    return {"Content-Disposition": f'attachment; filename="{name}"'}


@asynccontextmanager
async def _place(request: Request) -> AsyncIterator[None]:
    """Holds one of the places that a person has for exports, and one of those that there are for all. Raises TooMany
    where either are all taken.
    """
    person, exporting = (await somebody(request)).id, site_of(request).limits.exporting
    if exporting[person] >= AT_ONCE:
        raise TooMany(_BUSY, 10)
    if exporting.total() >= AT_ONCE_IN_ALL:
        raise TooMany(_ALL_BUSY, 30)
    exporting[person] += 1
    try:
        yield
    finally:
        exporting[person] -= 1
        if not exporting[person]:
            del exporting[person]


async def _unless_gone(request: Request, work: Coroutine[Any, Any, Made]) -> Made:
    """Returns what the work returns; cancels it when the reader goes away, and raises ClientDisconnect."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    working, waiting = asyncio.ensure_future(work), asyncio.ensure_future(gone())
    try:
        await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        # Waited for, since a piece that a thread is at must end before the file under it is closed.
        for one in (working, waiting):
            one.cancel()
        await asyncio.gather(working, waiting, return_exceptions=True)


class _Sent(StreamingResponse):
    """A zip that lies in a file, with its size, so that a browser shows how far it is. What it holds (`held`: the file
    and a place) is given back once it is sent, or its reader is gone.
    """

    def __init__(self, file: BinaryIO, headers: dict[str, str], held: AsyncExitStack) -> None:
        size = file.seek(0, 2)
        super().__init__(_pieces(file), media_type="application/zip", headers=headers | {"Content-Length": str(size)})
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._held:
            await super().__call__(scope, receive, send)


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    """Yields the content of a file."""
    file.seek(0)
    while piece := await to_thread.run_sync(file.read, _PIECE):
        yield piece
