"""Files beside updates of commitments. Their content is read where it is sent or checked, and in no list."""

from __future__ import annotations

import sqlalchemy as sa

from forum.store.base import Area, made, plain
from forum.store.tables import update_file as files
from forum.voting.update_file import UpdateFile

_NOTHING = "There is nothing at this address."
_TOLD = [column for column in files.c if column is not files.c.content]


class SqlUpdateFiles(Area):
    """The database's files of updates. The contract is ports.update_files.UpdateFiles."""

    async def add_update_file(self, file: UpdateFile, content: bytes) -> None:
        """Adds the file of an update that has none."""
        await self._link.run(sa.insert(files).values(plain(file) | {"content": content}))

    async def update_file(self, update: str, *, lock: bool = False) -> UpdateFile:
        """Returns the file of an update without its content. Raises NotFound."""
        wanted = sa.select(*_TOLD).where(files.c.id == update)
        return made(await self._link.one(wanted.with_for_update() if lock else wanted, _NOTHING), UpdateFile)

    async def file_content(self, update: str) -> bytes:
        """Returns a file's bytes, none where it was withdrawn. Raises NotFound."""
        wanted = sa.select(files.c.content).where(files.c.id == update)
        return bytes((await self._link.one(wanted, _NOTHING))["content"])

    async def withdraw_file(self, update: str, at: str) -> None:
        """Deletes a file's content, words and SHA-256. Raises NotFound."""
        gone = {"shows": "", "sha256": "", "content": b"", "withdrawn_at": at}
        await self._link.change(sa.update(files).where(files.c.id == update).values(gone), _NOTHING)
