"""Fixture of the tests of mail: a story that somebody wants to be told of, with a mail server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.mail_subscription import MailDesk, a_mail_desk

from forum.store import SqlStore


@pytest.fixture
async def desk(sqlite_store: SqlStore, tmp_path: Path) -> AsyncIterator[MailDesk]:
    """Stores the story in a store of the test's own and runs a mail server beside it."""
    async with a_mail_desk(sqlite_store, tmp_path) as desk:
        yield desk
