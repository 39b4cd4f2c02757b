"""Every kind of change of the facilitator's that can be undone, and how changes are found, kept and read again.

They are kept in the database by name, `KIND` or `KIND ID`, as [before, after]. A new kind is a class beside the others
(session_changes, vote_changes, policy_changes) and a row in KINDS; what was kept before an upgrade is read after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from forum.ports import Work
from forum.services.sessions.change import Change
from forum.services.sessions.policy_changes import AmendmentChange, PledgeChange, ProposalChange
from forum.services.sessions.session_changes import BadgesChange, BreaksChange, CueChange, EndChange, PauseChange
from forum.services.sessions.vote_changes import DraftChange, ReasonChange, StopChange
from forum.sessions.session import LiveSession

# In the order in which they are checked before anything is put back.
KINDS: tuple[type[Change], ...] = (
    EndChange,
    CueChange,
    PauseChange,
    BadgesChange,
    DraftChange,
    StopChange,
    ProposalChange,
    AmendmentChange,
    PledgeChange,
    ReasonChange,
    BreaksChange,
)

# All that facilitators can change in a session: by kind and id, as Change.look gives it.
Things: TypeAlias = Mapping[type[Change], Mapping[str, Any]]


async def look(work: Work, session: LiveSession) -> Things:
    """Gives everything in a session that can be put back, as it is now."""
    return {kind: await kind.look(work, session) for kind in KINDS}


def between(before: Things, after: Things) -> Iterator[Change]:
    """Gives each change that lies between two looks at one session and can be put back."""
    for kind in KINDS:
        for id_, now in after[kind].items():
            was = before[kind].get(id_)
            if was != now and (id_ in before[kind] or kind.undoes_new(now)):
                yield kind(id_, was, now)


def kept(changes: list[Change]) -> dict[str, tuple[Any, Any]]:
    """Makes of changes what is stored of them: [before, after] by name."""
    return {change.name: (msgspec.to_builtins(change.before), msgspec.to_builtins(change.after)) for change in changes}


def read(stored: Mapping[str, tuple[Any, Any]]) -> list[Change]:
    """Makes the changes of what `kept` stored, in the order of KINDS. Raises msgspec.ValidationError, KeyError."""
    by_kind = {kind.KIND: kind for kind in KINDS}
    changes = []
    for name, (before, after) in stored.items():
        word, _, id_ = name.partition(" ")
        changes.append(msgspec.convert({"id": id_, "before": before, "after": after}, by_kind[word]))
    return sorted(changes, key=lambda change: KINDS.index(type(change)))
