"""Files that an export derives from the log: one module for each format, one row here for each file."""

from __future__ import annotations

from collections.abc import Callable

from forum.record.exports import csv, jsonl
from forum.record.verify.public_log import Log

EXPORTS: dict[str, Callable[[Log], bytes]] = {**csv.FILES, **jsonl.FILES}


def derive(log: Log) -> dict[str, bytes]:
    """Returns every derived file by name. Raises RecordError, LookupError or TypeError where the log is damaged."""
    return {name: write(log) for name, write in EXPORTS.items()}
