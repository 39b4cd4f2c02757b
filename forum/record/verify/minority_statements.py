"""Minority statements: each of a group that its decision is shown to go against, one a group, and sent in its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

# How long a group may send its statement after the decision; voting/minority_statement.py has it too.
STATEMENT_DAYS = 14
# Groups that are shown together are no group that could write.
_TOGETHER = "other groups"


def statement_problems(
    entries: Sequence[Mapping[str, Any]],
    words: Callable[[Any], str | None],
    groups: Callable[[Mapping[str, Any]], Sequence[str] | None],
) -> Iterator[str]:
    """Yields a problem for each statement of a group that could write none, a second one of a group, and one sent out
    of its time. `words` opens a digest, `groups` tells which groups a "decision" says that it goes against; each gives
    None where that is not here.
    """
    decisions: dict[str, Mapping[str, Any]] = {}
    written: set[tuple[str, str]] = set()
    for entry in entries:
        if entry["type"] == "decision":
            decisions[entry["decision"]] = entry
        elif entry["type"] == "minority statement":
            told = f"statement {entry['statement']}"
            decision, group = decisions[entry["decision"]], words(entry["group"])
            against = groups(decision)
            if group is not None and against is not None and (group not in against or group == _TOGETHER):
                yield f"{told}: its group is not shown to have put something else first"
            if group is not None and (entry["decision"], group) in written:
                yield f"{told}: its group has made one on this decision before"
            if group is not None:
                written.add((entry["decision"], group))
            begin, sent, end = (datetime.fromisoformat(one) for one in (decision["at"], entry["sent_at"], entry["at"]))
            if not begin <= sent <= begin + timedelta(days=STATEMENT_DAYS):
                yield f"{told}: it was sent before the decision, or after the {STATEMENT_DAYS} days for it"
            if sent > end:
                yield f"{told}: it was published before it was sent"
