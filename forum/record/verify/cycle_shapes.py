"""The shapes of entries about what follows a vote in the commissioning cycle: decisions and commitments."""

from __future__ import annotations

from forum.record.verify.kinds import (
    DAY,
    RESPONSE,
    TEXT,
    TRUTH,
    Field,
    Shape,
    a_list,
    known,
    new,
    once_text,
    one_of,
    or_null,
    words,
)

_NO_VOTES = "in records from before decisions named the votes on their question"

CYCLE_SHAPES: dict[str, Shape] = {
    "decision": Shape(
        "What those with the power decided.",
        (
            Field("decision", new("decision")),
            Field(
                "rounds",
                a_list(
                    known(
                        "round",
                        after=("round revealed",),
                        before=("round annulled",),
                        only=("first vote", "vote after replay", "policy vote"),
                    )
                ),
                "the vote or the two votes it rests on",
            ),
            Field(
                "votes",
                a_list(known("round", after=("round revealed",), before=("round annulled",))),
                "every vote on its question that stood, in the order in which they were closed",
                _NO_VOTES,
            ),
            Field("earlier", or_null(words("earlier")), "why it does not rest on the latest of these votes", _NO_VOTES),
            Field("outcome", one_of("adopted", "adopted with changes", "not adopted", "deferred")),
            Field("response", or_null(RESPONSE), "what it is about"),
            Field("preference", a_list(TEXT), "what most people chose"),
            Field("differs", TRUTH, "whether it departs from that"),
            Field("rationale", words("rationale"), "the reasons for it"),
            Field("why", or_null(words("why")), "why it differs"),
            Field("dissent", or_null(words("dissent")), "what was held against it"),
        ),
    ),
    "commitment": Shape(
        "Who will do what, by when.",
        (
            Field("commitment", new("commitment")),
            Field("decision", known("decision"), "the decision it belongs to"),
            Field("role", once_text(words("role")), "who will do it"),
            Field("what", words("what"), "what will be done"),
            Field("by", DAY, "the day by which it will be done"),
        ),
    ),
}
