"""The files with the last checkpoint that was signed, and the last that a witness cosigned, in the data folder: the
notes themselves, which are no secret.
"""

from __future__ import annotations

from pathlib import Path

from forum.adapters import machine

FILE = "last_checkpoint"
COSIGNED = "cosigned_checkpoint"


class CheckpointFile:
    """One file of a data folder. The contract is ports.record.CheckpointMemory."""

    def __init__(self, data: Path, name: str = FILE) -> None:
        self._path = data / name

    def read(self) -> bytes | None:
        """Returns the note, None where there is none. Raises OSError."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None

    def write(self, note: bytes) -> None:
        """Replaces the note, whole or not at all; on disk when it returns. Raises OSError."""
        machine.replace_file(self._path, note)
