"""Locks that let one process at a time do a job, of all the processes that serve one database."""

from __future__ import annotations

from typing import Protocol


class JobLock(Protocol):
    """One try to have a job alone. `granted` is False where somebody else has it, in this process or another.

    A lock that was granted ends with the block that asked for it, and with its process, however that ends: another
    process has it within seconds. It may also be lost with its connection to the database: what it guards must do no
    harm where it is done twice.
    """

    granted: bool

    async def still(self) -> bool:
        """Returns True while the job is ours; False where the lock was lost, or was not granted."""
        ...
