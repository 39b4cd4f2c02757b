"""Answers to whatever a decision differs from, and how a recorded decision lies to what people preferred."""

from __future__ import annotations

from typing import Any

from forum.ports import Store
from forum.record.verify.rounds import weighed_of

# For the form of a decision: an answer in every field in which a difference can be asked about.
_FIELDS = ("answer_equal_voice", "answer_quorum", *(f"answer_group_{number}" for number in range(12)))
ANSWERS = dict.fromkeys(_FIELDS, "We weighed this.")


async def weighed(store: Store, decision: dict[str, Any]) -> dict[str, Any] | None:
    """Returns what a "decision" entry says of people's preference; None where that was withdrawn."""
    async with store.read() as work:
        found = await work.record.disclosures([decision["weighed"]["sd"]])
    return weighed_of(decision, {one.digest: one.encoded for one in found if one.encoded is not None})
