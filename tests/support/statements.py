"""Count of what the database is asked."""

from __future__ import annotations

from typing import Any

import pytest

from forum.store.base import Link


def counted_statements(patch: pytest.MonkeyPatch) -> list[object]:
    """Collects the statements that the database is asked from now on, until `patch` is undone."""
    asked: list[object] = []
    for name in ("rows", "run", "quick"):
        plain = getattr(Link, name)

        async def counted(self: Link, statement: object, *given: Any, plain: Any = plain) -> Any:
            asked.append(statement)
            return await plain(self, statement, *given)

        patch.setattr(Link, name, counted)
    return asked
