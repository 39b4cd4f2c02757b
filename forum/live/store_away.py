"""Work in the background of a room that does without the database where that is away for a moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from forum.errors import StoreUnavailable

log = structlog.get_logger()


@contextmanager
def logged_if_away(event: str, **named: str) -> Iterator[None]:
    """Writes a warning to the log where the store is away, and goes on: the next act brings screens up to date."""
    try:
        yield
    except StoreUnavailable:
        log.warning(event, **named)
