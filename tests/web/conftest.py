"""Fixtures of the tests of the pages: a house, and a check that every message they look up is in the catalogue."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from support import pseudo_locale
from support.app import House, a_house

from forum.web.i18n.languages import Language

# Sentences that tests make up.
INVENTED = {
    "The database could not take this. Nothing was saved.",
    "Nothing is shown by group.",
    "Who moved is shown for the whole room only.",
}


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    """Opens the application on an empty database of the test's own, and closes it."""
    async with a_house(tmp_path, sqlite_template) as house:
        yield house


@pytest.fixture(scope="session")
def catalogued() -> frozenset[str]:
    """Reads every message that docs/messages.py has put into the catalogues."""
    ids = [message.id for message in pseudo_locale.catalogued()]
    return frozenset(id_ if isinstance(id_, str) else id_[0] for id_ in ids)


@pytest.fixture(autouse=True)
def looked_up(catalogued: frozenset[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Fails a test in which a page asked for the translation of something that no catalogue will ever have."""
    asked: set[str] = set()
    gettext, ngettext = Language.gettext, Language.ngettext

    def watched(self: Language, message: str) -> str:
        asked.add(str(message))
        return gettext(self, message)

    def watched_number(self: Language, one: str, many: str, n: int) -> str:
        asked.add(one)
        return ngettext(self, one, many, n)

    monkeypatch.setattr(Language, "gettext", watched)
    monkeypatch.setattr(Language, "ngettext", watched_number)
    yield asked
    assert sorted(asked - catalogued - INVENTED) == []
