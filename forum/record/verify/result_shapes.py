"""The shape of a result in an entry: the tally, the tables by group, figures, quorum and view shift."""

from __future__ import annotations

from forum.record.verify.kinds import (
    COUNT,
    RESPONSE,
    TEXT,
    TRUE,
    TRUTH,
    Field,
    a_list,
    a_map,
    an_object,
    either,
    known,
    or_null,
    whole,
    withdrawn_with_its_round,
)

NONE = "where there is none"
_UNROUNDED = "but with small-number rules"

_COUNTS = a_map(COUNT, "mark")
_POINTS = a_map(COUNT, "mark")
_HIDDEN = Field("hidden", a_list(TEXT), "marks whose number is not given", _UNROUNDED)
_MOVES = (
    Field("cells", a_list(an_object(Field("from", TEXT), Field("to", TEXT), Field("n", whole(1)))), "who voted twice"),
    Field("joined", a_map(whole(1), "mark"), "who came"),
    Field("left", a_map(whole(1), "mark"), "who left"),
)
VIEW_SHIFT = an_object(
    Field("first", known("round"), "the first vote"),
    *_MOVES,
    Field("by_group", or_null(a_list(an_object(Field("label", TEXT), *_MOVES)))),
    Field("withheld", or_null(TEXT)),
)
_RUN_OFF_ROUND = an_object(Field("counts", _COUNTS), Field("exhausted", COUNT), Field("out", a_list(RESPONSE)))
_RUN_OFF = an_object(
    Field("rounds", a_list(_RUN_OFF_ROUND)),
    Field("tied", a_map(a_list(RESPONSE), "response")),
    Field("winners", a_list(RESPONSE)),
)
_SCORES = an_object(Field("mean", _POINTS), Field("median", _POINTS))
QUORUM = (Field("ballots", COUNT), Field("each_group", COUNT))
_TALLY = (
    Field("n", COUNT, "ballots"),
    Field("counts", _COUNTS),
    _HIDDEN,
    Field(
        "by_group",
        or_null(a_list(an_object(Field("label", TEXT), Field("n", COUNT), Field("counts", _COUNTS), _HIDDEN))),
    ),
    Field("withheld", or_null(TEXT)),
    Field("equal_voice", or_null(_POINTS)),
    Field("figures", either(_RUN_OFF, _SCORES), left_out=NONE),
    Field("consensus", COUNT, left_out=NONE),
    Field(
        "quorum",
        an_object(*QUORUM, Field("reached", or_null(TRUTH)), Field("short", a_list(TEXT))),
        left_out=NONE,
    ),
    Field("preferred", a_list(TEXT), "what most people chose", _UNROUNDED),
    Field("sealed", TRUE, "its ballots are not opened", "where they are"),
)
# In records of before the result stands in the entry itself, and the view shift in it.
RESULT = either(
    withdrawn_with_its_round("result", an_object(*_TALLY)),
    an_object(*_TALLY, Field("view_shift", or_null(VIEW_SHIFT))),
)
