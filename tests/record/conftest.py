"""Fixtures of the tests of exports: a true one, packed and as its files."""

from __future__ import annotations

import pytest
from support.record_keeper import SIGNER, a_keeper

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
