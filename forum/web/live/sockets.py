"""The websockets of a live session: a thin shell around room.Room, one for each kind of screen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

import structlog
from starlette.types import Scope
from starlette.websockets import WebSocket, WebSocketDisconnect

from forum.errors import ForumError, NotAllowed, NotFound, RoomFull, SignInNeeded, StoreUnavailable
from forum.live.connection import Connection
from forum.live.line import LINE, NO_FRAME, Line
from forum.live.messages import GOODBYES, Bye, encode
from forum.live.outbox import Outbox
from forum.live.room import Room
from forum.live.rooms import Rooms
from forum.web.auth import need_here, still_may
from forum.web.cookies import DEVICE, cookie_of
from forum.web.errors import CLOSE_NOT_ALLOWED, CLOSE_NOT_FOUND
from forum.web.i18n.gettext import language, say
from forum.web.live.console import check_in_the_room
from forum.web.live.join_code import place_of
from forum.web.live.screens import tongue_of
from forum.web.site import site_of
from forum.web.templates import ready

# Whether this screen may still be shown what comes next.
May: TypeAlias = Callable[[], Awaitable[bool]]

ASK_AGAIN = 3.0  # seconds
TRY_LATER = 1013  # RFC 6455's registry: "try again later"
LAST_WORDS = 2.0  # seconds within which a screen that is sent away can take its goodbye
CLOSE_AT_END = 1000  # RFC 6455: what the connection was for is done
BROKE_OFF = 1006  # RFC 6455: without a word
# With these codes a screen says goodbye: it was closed, or went to another page. (What broke off has 1005.)
GOODBYE = {1000, 1001}

log = structlog.get_logger()


def line_of(scope: Scope) -> Line | None:
    """Returns the line that Forum's own server (web/server/frames.py) offers for a websocket; None under another
    server."""
    offered: Line | None = scope.get("extensions", {}).get(LINE, {}).get("line")
    return offered


async def phone(socket: WebSocket) -> None:
    """A phone that has joined. Nobody else gets past the handshake."""
    site = site_of(socket)
    if site.rooms.ended:  # a hall that comes back to a server that stops: nobody reads for each of them
        await socket.accept()
        await _say_goodbye(socket, Bye("restart", again=True), TRY_LATER)
        return
    asked = asyncio.get_running_loop().time()
    try:
        session, participant = await place_of(socket, socket.path_params["code"])
        if participant is None:
            raise NotAllowed("Join first: choose a group, then vote.")
    except ForumError as error:
        await _refuse(socket, error)
        return
    if seconds := site.rooms.kept_out(participant.id):
        if (line := line_of(socket.scope)) is not None:
            line.turn_away(cookie_of(socket, DEVICE), seconds)
        await socket.accept()
        await _say_goodbye(socket, Bye("too_fast", again=True, words=say(GOODBYES["too_fast"])), TRY_LATER)
        return
    # A phone that takes changes says which html it has ("" for none yet).
    box = Outbox(socket.query_params.get("has"))
    screen = Connection("phone", participant.id, tongue_of(socket), box, observing=participant.observer, known=asked)
    await _serve(socket, session.id, screen)


async def tablet(socket: WebSocket) -> None:
    """A shared tablet, by its link. It only listens: its ballots are posted, each with its own voter."""
    site = site_of(socket)
    try:
        async with site.store.read() as work:
            session = await work.sessions.by_tablet(socket.path_params["key"])
    except ForumError as error:
        await _refuse(socket, error)
        return
    await _serve(socket, session.id, Connection("tablet", language=language().code))


async def projector(socket: WebSocket) -> None:
    """A projector, by its own link."""
    site = site_of(socket)
    try:
        async with site.store.read() as work:
            session = await work.sessions.by_projector(socket.path_params["key"])
    except ForumError as error:
        await _refuse(socket, error)
        return
    await _serve(socket, session.id, Connection("projector", language=language().code))


async def console(socket: WebSocket) -> None:
    """A facilitator's console."""
    site = site_of(socket)
    try:
        await need_here(socket, "run sessions")
        async with site.store.read() as work:
            session = await work.sessions.get_session(socket.path_params["session"])
            await check_in_the_room(socket, work, session)
        if session.asynchronous:
            raise NotFound("There is no such session.")
    except ForumError as error:
        await _refuse(socket, error)
        return
    screen = Connection("console", language=language().code)
    await _serve(socket, session.id, screen, may=lambda: still_may(socket, "run sessions", session.commission))


async def _refuse(socket: WebSocket, error: ForumError) -> None:
    """Accepts, says goodbye, and closes: of a handshake that is refused a page cannot tell who refused it."""
    await socket.accept()
    await _turn_away(socket, error)


async def _turn_away(socket: WebSocket, error: ForumError) -> None:
    if isinstance(error, RoomFull):
        await _say_goodbye(socket, Bye(error.code, again=True, words=say(error.message)), TRY_LATER)
        return
    allowed = not isinstance(error, (NotAllowed, SignInNeeded))
    code = CLOSE_NOT_FOUND if isinstance(error, NotFound) else 1011 if allowed else CLOSE_NOT_ALLOWED
    await _say_goodbye(socket, Bye(error.code, again=code == 1011), code)


async def _say_goodbye(socket: WebSocket, bye: Bye, code: int) -> None:
    try:
        await socket.send_text(encode(bye))
        await socket.close(code)
    except (WebSocketDisconnect, RuntimeError):
        return  # gone already


async def _serve(socket: WebSocket, session: str, connection: Connection, may: May | None = None) -> None:
    rooms = site_of(socket).rooms
    await socket.accept()
    # After a restart screens come back by their sockets, before anybody has asked for a page.
    await ready(site_of(socket).templates, f"live/screens/{connection.kind}.html")
    connection.shows = socket.query_params.get("mark", "")
    try:
        room = await rooms.enter(session, connection, socket.query_params.get("h", ""))
    except ForumError as error:
        await _turn_away(socket, error)
        return
    if rooms.ended and not connection.outbox.ended:  # it came in after everybody was told
        connection.outbox.close(encode(Bye("restart", again=True)))
    seat = Seat(rooms, room, session, connection)
    line = line_of(socket.scope)
    if line is None:
        await _pass_on(socket, seat, may)
        return
    if may is not None:
        seat.guard = asyncio.create_task(_guard(may, partial(_send_away, line, seat)))
    if connection.participant:
        seat.turn_away = partial(line.turn_away, cookie_of(socket, DEVICE))
    _hand_over(line, seat)


class Seat:
    """A screen's place in a room, until it goes."""

    def __init__(self, rooms: Rooms, room: Room, session: str, connection: Connection) -> None:
        self._rooms = rooms
        self._room = room
        self._session = session
        self._here = True
        self.connection = connection
        self.guard: asyncio.Task[None] | None = None
        # Called with the seconds for which whoever sat here is to stay out.
        self.turn_away: Callable[[float], None] | None = None

    def receive(self, frame: str | bytes) -> None:
        """Hands the room a message."""
        self._room.receive(self.connection, frame)

    def went(self, code: int) -> None:
        """Gives the place up; `code` is that with which the screen went, 1000 where it was sent away."""
        if not self._here:
            return
        self._here = False
        self.connection.outbox.at_end = None
        self._room.leave(self.connection, lost=code not in GOODBYE, broken=code in NO_FRAME)
        self._rooms.left(self._session)
        if self.turn_away is not None and (seconds := self._rooms.kept_out(self.connection.participant)):
            self.turn_away(seconds)
        if self.guard is not None:
            self.guard.cancel()


def _hand_over(line: Line, seat: Seat) -> None:
    """Joins a line to its seat and its outbox; the application is not needed for it any more."""
    outbox = seat.connection.outbox

    def ready() -> None:
        outbox.send_on()
        if outbox.ended and outbox.empty:
            line.end(CLOSE_AT_END if outbox.closing else TRY_LATER)
            seat.went(CLOSE_AT_END)

    loop = asyncio.get_running_loop()

    def at_end() -> None:
        """Whoever does not take the goodbye is not waited for."""
        ready()
        if not outbox.empty:
            loop.call_later(LAST_WORDS, cut)

    def soon() -> None:
        # In a step of its own: the room may be going through all its screens now, and one of them goes.
        line.deafen()
        loop.call_soon(at_end)

    def cut() -> None:
        line.end(TRY_LATER)
        seat.went(CLOSE_AT_END)

    outbox.at_end = soon
    line.hand_over(seat.receive, ready, seat.went)
    outbox.straight_to(line)
    if outbox.ended:
        soon()


async def _send_away(line: Line, seat: Seat, code: int) -> None:
    line.end(code)
    seat.went(CLOSE_AT_END)


async def _pass_on(socket: WebSocket, seat: Seat, may: May | None) -> None:
    """Carries messages both ways, under a server that has no lines (forum/live/line.py)."""
    outbox = seat.connection.outbox
    reading = asyncio.create_task(_read(socket, seat))
    writing = asyncio.create_task(_write(socket, outbox))
    tasks: list[asyncio.Task[int] | asyncio.Task[None]] = [writing, reading]
    if may is not None:
        seat.guard = asyncio.create_task(_guard(may, socket.close))
        tasks.append(seat.guard)

    def at_end() -> None:
        """Reads no more; whoever does not take the goodbye is not waited for."""
        reading.cancel()
        asyncio.get_running_loop().call_later(LAST_WORDS, writing.cancel)

    try:
        if outbox.ended:
            at_end()
        else:
            outbox.at_end = at_end
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if outbox.ended:
            await asyncio.wait([writing])
    finally:
        seat.went(_code_of(reading))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _code_of(reading: asyncio.Task[int]) -> int:
    """Returns the code with which a screen went, by what has become of reading its messages."""
    if not reading.done() or reading.cancelled():
        return CLOSE_AT_END
    if (error := reading.exception()) is not None:  # a bug
        log.error("a screen's message could not be taken", exc_info=error)
        return BROKE_OFF
    return reading.result()


async def _guard(may: May, close: Callable[[int], Awaitable[None]]) -> None:
    """Closes a screen whose reader has signed out or lost the role. Beside the writer: no frame waits for this.

    It comes back at once, and is told then that it is for good.
    """
    while True:
        await asyncio.sleep(ASK_AGAIN)
        try:
            allowed = await may()
        except StoreUnavailable:
            continue
        except Exception:  # a bug: nobody may be shown on and on what nobody asks about any more
            log.exception("nobody knows whether a screen may still be shown what comes")
            allowed = False
        if not allowed:
            await close(CLOSE_NOT_ALLOWED)
            return


async def _read(socket: WebSocket, seat: Seat) -> int:
    """Hands the room what comes; returns the code with which the screen went."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return int(message.get("code", 1005))
        frame = message.get("text")
        seat.receive(frame if frame is not None else message.get("bytes") or b"")


async def _write(socket: WebSocket, outbox: Outbox) -> None:
    try:
        while frames := await outbox.take():
            for frame in frames:
                await socket.send_text(frame)
        await socket.close(CLOSE_AT_END if outbox.closing else TRY_LATER)
    except (WebSocketDisconnect, RuntimeError):
        # The phone has gone in the middle of a send; the reader ends by itself.
        return
