"""Conditions that a decision answers and that nobody can read any more: their words go from the decision too."""

from __future__ import annotations

import json
from collections.abc import Collection

from forum.ports import Work
from forum.services import record_entries
from forum.voting.condition import without
from forum.voting.reason import ReasonState
from forum.voting.round import RoundState


async def take_back(work: Work, commission: str, rounds: Collection[str], at: str) -> None:
    """Takes out the conditions that are no longer shown with these rounds, as `take_out` does, and records that."""
    if digests := await take_out(work, commission, rounds):
        await record_entries.erase(work, await work.commissions.get_commission(commission), at, digests)


async def take_out(work: Work, commission: str, rounds: Collection[str]) -> list[str]:
    """Deletes from the decisions of a commission the words of each condition that is no longer shown with its round,
    one of `rounds`. Returns their digests in the record, for the caller to erase. An answer stays.

    To be called in the unit of work that deleted or hid the reasons, after it did: who decides on these rounds holds
    them, and has either read them before or finds them gone.
    """
    shown: dict[str, set[str]] = {}
    for round_ in sorted(rounds):
        standing = (await work.rounds.get_round(round_, lock=True)).state == RoundState.REVEALED
        reasons = await work.reasons.list_reasons(round_) if standing else []
        shown[round_] = {one.condition for one in reasons if one.state == ReasonState.SHOWN}
    digests: list[str] = []
    for decision in await work.decisions.list_decisions(commission):
        answered = decision.conditions.answered if decision.conditions else ()
        gone = {
            number: (one.round, one.words)
            for number, one in enumerate(answered)
            if one.words and one.round in shown and one.words not in shown[one.round]
        }
        if gone and decision.conditions:
            await work.decisions.answer_conditions(decision.id, without(decision.conditions, gone.values()))
            if decision.entry is not None:
                [stored] = await work.record.unchecked_at([decision.entry])
                told = json.loads(stored.body)["conditions"]["answered"]
                digests += [told[number]["condition"]["sd"] for number in gone]
    return digests
