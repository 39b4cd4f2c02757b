"""For every test of the pages: whatever they look up to translate is in the catalogue of messages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support import pseudo_locale

from forum.web.i18n.languages import Language

# Sentences that tests make up.
INVENTED = {"The database could not take this. Nothing was saved.", "Nothing is shown by group."}


@pytest.fixture(scope="session")
def catalogued() -> frozenset[str]:
    """Every message that docs/messages.py finds."""
    ids = [message.id for message in pseudo_locale.template()]
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
