"""Fixtures of the tests of exports: a true one, packed and as its files."""

from __future__ import annotations

import pytest
from support.record_keeper import SIGNER, a_keeper
from support.remembered_checks import RememberedChecks

from forum.record import export_zip
from forum.record.verify.archive import unpack


@pytest.fixture(scope="module")
def packed() -> bytes:
    """Packs the export of a record with all that can be in one."""
    return export_zip.pack(a_keeper().log(), SIGNER)


@pytest.fixture(scope="module")
def files(packed: bytes) -> dict[str, bytes]:
    """Unpacks that export: its files by name."""
    return unpack(packed)[0]


@pytest.fixture(scope="module")
def remembered(files: dict[str, bytes]) -> RememberedChecks:
    """Remembers what each check says of that export."""
    return RememberedChecks(files)


@pytest.fixture
def checks_remembered(remembered: RememberedChecks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a check be run only where it reads something else than in that export: for tests that change one file
    hundreds of times."""
    remembered.use(monkeypatch)
