"""Results of several sessions in a line each, as the record discloses them: what their lists on a page show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from forum.services.outcomes import Outcome, OutcomeKind, Sought
from forum.services.record_cache import Contents
from forum.voting.round import RoundKind
from forum.web.public.record_words import Read
from forum.web.words.outcome_lines import OutcomeLine, line_of

MOST = 3  # results of a session
_MOST_LOOKED_AT = 12
_ON_THE_WAY = (RoundKind.MAGIC_CHECK, RoundKind.CHARACTER_VOTE)  # asked to go on, not to decide on


class SessionResults(msgspec.Struct, frozen=True):
    """The newest results of a session, in the order in which they were shown, and how many more there are."""

    lines: tuple[OutcomeLine, ...] = ()
    more: int = 0


def results_in(contents: Contents, size: int, sessions: Sequence[str]) -> dict[str, tuple[list[Outcome], int]]:
    """Returns the results of each of these sessions that its list shows, and how many more there are, by session id: of
    a question that was asked again after a replay only the later one, and nothing that was annulled."""
    return {session: _of(contents, size, session) for session in sessions}


def told_results(chosen: Mapping[str, tuple[list[Outcome], int]], read: Read) -> dict[str, SessionResults]:
    """Returns in words what `results_in` chose, from the entries among `read`."""
    return {
        session: SessionResults(tuple(line_of(one, *read[one.index], "") for one in found if one.index in read), more)
        for session, (found, more) in chosen.items()
    }


def _of(contents: Contents, size: int, session: str) -> tuple[list[Outcome], int]:
    count, found = contents.outcomes.find(Sought(OutcomeKind.RESULT, session), size, 0, _MOST_LOOKED_AT)
    shown = [one for one in reversed(found) if not one.annulled]
    opened = {one.round: contents.openings.get(one.round, {}) for one in shown}
    again = {opening.get("second_of") for opening in opened.values()}
    standing = [one for one in shown if one.round not in again and opened[one.round].get("kind") not in _ON_THE_WAY]
    return standing[-MOST:], max(0, len(standing) - MOST) + max(0, count - _MOST_LOOKED_AT)
