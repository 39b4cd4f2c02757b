"""Fixtures of the tests of mail: a story that somebody wants to be told of, and a day that is followed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.mail_followers import FollowDesk, a_follow_desk
from support.mail_subscription import MailDesk, a_mail_desk

from forum.store import SqlStore


@pytest.fixture
async def desk(sqlite_store: SqlStore, tmp_path: Path) -> AsyncIterator[MailDesk]:
    """Stores the story in a store of the test's own and runs a mail server beside it."""
    async with a_mail_desk(sqlite_store, tmp_path) as desk:
        yield desk


@pytest.fixture
async def followed(sqlite_store: SqlStore, tmp_path: Path) -> AsyncIterator[FollowDesk]:
    """Makes a recorded day in a store of the test's own and runs a mail server beside it."""
    async with a_follow_desk(sqlite_store, tmp_path) as desk:
        yield desk
