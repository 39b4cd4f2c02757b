"""Decisions as lists show them: what was decided, on which question, and whether it differs from the vote."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from forum.errors import RecordDamaged
from forum.ports import Store, Work
from forum.services.outcomes import Outcome, OutcomeKind
from forum.services.record_cache import kept
from forum.voting.decision import Decision
from forum.voting.round import Round
from forum.web.i18n.gettext import gettext as _
from forum.web.public.record_words import Read, read_entries
from forum.web.words.entries import decided_words
from forum.web.words.headlines import question_asked
from forum.web.words.outcome_lines import OutcomeLine, line_of


async def read_and_told(store: Store, work: Work, decisions: Sequence[Decision]) -> dict[str, OutcomeLine]:
    """Reads the entries of these decisions and returns a line for each, as `decision_lines` does."""
    read: Read = {}
    with suppress(RecordDamaged):  # the banner of the page tells of it
        if wanted := entries_of(decisions):
            contents = await kept(store).contents_of(work, await work.record.size())
            read = await read_entries(work, contents, wanted)
    return await decision_lines(work, decisions, read)


def entries_of(decisions: Sequence[Decision]) -> list[int]:
    """Returns the indexes of the entries of those of these decisions that are recorded."""
    return [one.entry for one in decisions if one.entry is not None]


async def decision_lines(work: Work, decisions: Sequence[Decision], read: Read) -> dict[str, OutcomeLine]:
    """Returns a line for each of these decisions, by decision id: as its entry among `read` tells it; one without, as a
    rehearsal's, as its rows do."""
    lines: dict[str, OutcomeLine] = {}
    for made in decisions:
        facts, beside = read.get(made.entry, (None, None)) if made.entry is not None else (None, None)
        # An entry of something else is told of by the banner of the page.
        if facts and beside and facts["type"] == "decision" and facts["decision"] == made.id:
            lines[made.id] = line_of(_outcome(made), facts, beside, "")
    rest = [one for one in decisions if one.id not in lines]
    rounds = await work.rounds.some({one.rounds[-1] for one in rest}) if rest else {}
    return lines | {one.id: _from_rows(one, rounds[one.rounds[-1]]) for one in rest}


def _outcome(made: Decision) -> Outcome:
    return Outcome(
        made.entry or 0,
        OutcomeKind.DECISION,
        made.decided_at[:10],
        made.commission,
        corrected=bool(made.corrections),
        replaced=made.replaced is not None,
    )


def _from_rows(made: Decision, vote: Round) -> OutcomeLine:
    said = decided_words(made, vote)
    return OutcomeLine(_("Decision"), said, question_asked(vote.question), (), f"/decisions/{made.id}")
