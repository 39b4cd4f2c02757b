"""A live-voting server with nothing but its core, to hold Forum's costs against in one run (`test_ratios.py`).

    python tests/bench/reference.py FILE

Prints the port it listens on. Its parts are picows, which is C, and SQLite: votes are on disk before they are counted,
all that wait in one commit, and whoever watches is sent one tally for all, five times a second at most. There are no
sessions, groups, reasons, pages, limits, and no record. Its frames begin as Forum's do.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing

import msgspec
import picows
import uvloop

TICK = 0.2  # seconds
_STORE = (
    "INSERT INTO votes SELECT json_extract(value, '$.id'), json_extract(value, '$.choice') FROM json_each(?) WHERE true"
)


class Vote(msgspec.Struct, tag_field="t", tag="cast"):
    """One vote, as Forum's phones send it."""

    id: str
    round: str
    choice: str


class Hall:
    """Everybody who is connected, the votes that wait for the next commit, and the tally."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.watching: set[picows.WSTransport] = set()
        self._database = database
        self._waiting: list[tuple[picows.WSTransport, Vote]] = []
        self._committing: asyncio.Task[None] | None = None
        self._voted = 0
        self._tick: asyncio.TimerHandle | None = None
        self._told_at = 0.0

    def cast(self, voter: picows.WSTransport, vote: Vote) -> None:
        """Takes a vote; its voter is answered when it is on disk."""
        self._waiting.append((voter, vote))
        if self._committing is None or self._committing.done():
            self._committing = asyncio.get_running_loop().create_task(self._commit())

    async def _commit(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await asyncio.to_thread(self._store, [vote for _, vote in batch])
            self._voted += len(batch)
            for voter, vote in batch:
                voter.send(picows.WSMsgType.TEXT, b'{"t":"ack","id":"%s","counted":true}' % vote.id.encode())
            if self.watching and self._tick is None:
                self._tick = asyncio.get_running_loop().call_at(self._told_at + TICK, self._tell)

    def _store(self, votes: list[Vote]) -> None:
        self._database.execute(_STORE, (msgspec.json.encode(votes).decode(),))

    def _tell(self) -> None:
        self._tick = None
        self._told_at = asyncio.get_running_loop().time()
        tally = b'{"t":"tally","round":"1","voted":%d,"present":%d}' % (self._voted, self._voted)
        for screen in self.watching:
            screen.send(picows.WSMsgType.TEXT, tally)


class Screen(picows.WSListener):
    """One socket: a phone's, or one that watches."""

    def __init__(self, hall: Hall, path: str) -> None:
        self._hall = hall
        self._watches = path.startswith("/watch")

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        """Greets it."""
        if self._watches:
            self._hall.watching.add(transport)
        transport.send(picows.WSMsgType.TEXT, b'{"t":"hello","version":1}')

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        """Takes a vote."""
        if frame.msg_type == picows.WSMsgType.TEXT:
            self._hall.cast(transport, msgspec.json.decode(frame.get_payload_as_bytes(), type=Vote))

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        """Forgets it."""
        self._hall.watching.discard(transport)


async def serve(file: str) -> None:
    """Serves on a free port until the process is ended."""
    with closing(sqlite3.connect(file, check_same_thread=False, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE votes (id TEXT PRIMARY KEY, choice TEXT)")
        hall = Hall(database)
        server = await picows.ws_create_server(
            lambda request: Screen(hall, request.path.decode()), "127.0.0.1", 0, enable_auto_pong=True
        )
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
