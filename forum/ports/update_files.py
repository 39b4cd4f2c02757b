"""Files beside the updates of commitments."""

from __future__ import annotations

from typing import Protocol

from forum.voting.update_file import UpdateFile


class UpdateFiles(Protocol):
    """Files beside updates, with their content, which lists never read."""

    async def add_update_file(self, file: UpdateFile, content: bytes) -> None:
        """Adds the file of an update that has none."""

    async def update_file(self, update: str, *, lock: bool = False) -> UpdateFile:
        """Returns the file of an update without its content; with `lock` nobody else locks or changes it meanwhile.
        Raises NotFound."""

    async def file_content(self, update: str) -> bytes:
        """Returns a file's bytes, none where it was withdrawn. Raises NotFound."""

    async def withdraw_file(self, update: str, at: str) -> None:
        """Deletes a file's content, words and SHA-256. Raises NotFound."""
