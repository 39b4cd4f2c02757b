"""A lock that says who serves a PostgreSQL database: one server alone, or several that share it.

Servers that tell each other of their acts through a broker share it; one that does not would not see what others do in
a live room, and so it has the database alone or not at all. What replaces the database (`forum restore`) has it alone
too.

The server holds an advisory lock in a transaction that stays open while it runs. The lock ends with the process,
however that ends, and a pooler between (PgBouncer, also in transaction mode) keeps one connection for it. The
transaction has no snapshot and changes nothing, so it holds up nothing else. SQLite needs no lock: its folder is locked
(adapters/machine.hold).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from forum.errors import StartupProblem, StoreUnavailable
from forum.store.engine import POSTGRESQL, parse
from forum.store.errors import faults
from forum.store.migrate import place_of, unknown_option, unreachable

# An arbitrary number that no other advisory lock in this database uses.
_SERVING = 0x73657276
EVERY = 5.0  # seconds between two checks that the lock is still held
_ANSWER = 10.0  # seconds in which the database must answer
# Tries, and seconds between them: the database may not have noticed yet that a server was killed.
_TRIES, _BETWEEN = 5, 0.2
# With these the database notices within a minute that this machine has lost power or network.
_SETUP = (
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SET LOCAL tcp_keepalives_idle = 30",
    "SET LOCAL tcp_keepalives_interval = 10",
    "SET LOCAL tcp_keepalives_count = 3",
)
_WHO = "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"
_HOLDER = (
    "SELECT a.pid, a.backend_start::text FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
    "WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.objid = :key AND l.objsubid = 1 AND l.granted "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)

_TAKEN = (
    "Another Forum serves the database at %(place)s already. Stop it, or give this one a database of its own "
    "(FORUM_DATABASE_URL). Several may serve one database where FORUM_BROKER_URL is set for each of them."
)
_ALONE = (
    "Another Forum has the database at %(place)s already, for itself alone. Stop it, or set FORUM_BROKER_URL for it "
    "too: then several may serve one database."
)
TAKEN_OVER = (
    "Another Forum began to serve the database at %(place)s while this one had no connection to it, so this one stops. "
    "Let only one run."
)

log = structlog.get_logger()


class Held:
    """The lock on one database, held by this process, `shared` with others that share it. Made by `hold`; call
    `release` at the end.
    """

    def __init__(self, address: URL, *, shared: bool = False) -> None:
        self.place = place_of(address)
        self._lock = sa.func.pg_try_advisory_xact_lock_shared if shared else sa.func.pg_try_advisory_xact_lock
        self._shared = shared
        self.taken_over = False
        self._engine: AsyncEngine = create_async_engine(
            address, poolclass=NullPool, hide_parameters=True, connect_args={"command_timeout": _ANSWER}
        )
        self._connection: AsyncConnection | None = None
        self._me: tuple[object, ...] = ()

    async def take(self) -> bool:
        """Takes the lock on a new connection. Returns False where another server has it. Raises StoreUnavailable."""
        await self._drop()
        with faults():
            connection = await self._engine.connect()
        try:
            with faults():
                for setting in _SETUP:
                    await connection.execute(sa.text(setting))
                got = await connection.scalar(sa.select(self._lock(_SERVING)))
                if got:
                    me = tuple((await connection.execute(sa.text(_WHO))).one())
        except BaseException:
            await connection.invalidate()
            await connection.close()
            raise
        if not got:
            await connection.close()
            return False
        self._connection, self._me = connection, me
        return True

    async def keep(self, taken_over: Callable[[], None], every: float = EVERY) -> None:
        """Checks every few seconds that the lock is held, and takes it again after the connection was lost.

        Calls `taken_over` once, and returns, where another server has taken it meanwhile.
        """
        while True:
            await asyncio.sleep(every)
            try:
                if await self._still() or await self._again():
                    continue
            except StoreUnavailable:
                continue  # the database is away; nobody else can take the lock either
            self.taken_over = True
            taken_over()
            return

    async def release(self) -> None:
        """Gives the lock up, so that another server can take it."""
        await self._drop()
        await self._engine.dispose()

    async def _still(self) -> bool:
        if self._connection is None:
            return False
        try:
            with faults():
                await self._connection.execute(sa.text("SELECT 1"))
        except StoreUnavailable:
            log.warning("the connection that holds the database for this server was lost; it is made again")
            await self._drop()
            return False
        return True

    async def _again(self) -> bool:
        """Returns whether this server may go on: it has taken the lock again, or only its own lost connection still
        holds it.
        """
        before = self._me
        if await self.take():
            return True
        if self._shared:
            return False  # a lost connection of its own would share it
        with faults():
            async with self._engine.connect() as connection:
                holders = (await connection.execute(sa.text(_HOLDER), {"key": _SERVING})).all()
        return all(tuple(holder) == before for holder in holders)

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # Invalidated rather than reused: closing it ends its transaction, and so the lock, in any state.
            await connection.invalidate()
            await connection.close()


@asynccontextmanager
async def held(
    url: str, taken_over: Callable[[], None], every: float = EVERY, *, shared: bool = False
) -> AsyncIterator[None]:
    """Holds the database at `url`, as `hold` does, while the block runs.

    Calls `taken_over` where another server took it meanwhile; the end of the block then raises StartupProblem.
    """
    holding = await hold(url, shared=shared)
    if holding is None:
        yield
        return
    keeping = asyncio.create_task(holding.keep(taken_over, every))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await holding.release()
    if holding.taken_over:
        raise StartupProblem(TAKEN_OVER, place=holding.place)


async def hold(url: str, *, shared: bool = False) -> Held | None:
    """Takes the lock on the database at `url`, alone or `shared`, and returns it; None for SQLite.

    Raises StartupProblem where another server holds it, or it cannot be reached.
    """
    address = parse(url)
    if address.drivername != POSTGRESQL:
        return None
    holding = Held(address, shared=shared)
    try:
        for _ in range(_TRIES):
            if await holding.take():
                return holding
            await asyncio.sleep(_BETWEEN)
    except StoreUnavailable as error:
        await holding.release()
        raise StartupProblem(unreachable(error), place=place_of(address)) from error
    except TypeError as error:
        await holding.release()
        raise unknown_option(address) from error
    except BaseException:
        await holding.release()
        raise
    await holding.release()
    raise StartupProblem(_ALONE if shared else _TAKEN, place=place_of(address))
