"""A screen that shows something else than the truth is found out: each thing that it may be wrong about, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from forum.live.messages import RoundNow, State, Tally
from forum.rehearsal.screen_check import Seen, Truth, differences

COUNTED = """<table class="result counts">
<thead><tr><th>7 people voted</th><th>Votes</th><th>Equal voice</th></tr></thead>
<tbody><tr><th colspan="3"><span>A</span><span>A nurse</span></th></tr>
<tr><td><svg></svg></td><td>5 <span class="share">71%</span></td><td>60%</td></tr></tbody>
<tbody><tr><th colspan="3"><span>B</span><span>Nobody</span></th></tr>
<tr><td><svg></svg></td><td>2 <span class="share">29%</span></td><td>40%</td></tr></tbody></table>
<table class="result heat"><caption>By group</caption><thead><tr><th>Group</th><th>A</th><th>B</th></tr></thead>
<tbody><tr><th>Carers</th><td>5</td><td>2</td></tr></tbody></table>"""
RESULT: dict[str, Any] = {
    "counts": {"r1": 5, "r2": 2},
    "n": 7,
    "by_group": [{"label": "Carers", "n": 7, "counts": {"r1": 5, "r2": 2}}],
}
ROUND = RoundNow("round", "revealed", "Who?", [])
TRUTH = Truth(9, round="round", state="revealed", voted=7, choices={0: "r1"}, result=RESULT)
STATE = State(9, "cue", ROUND, paused=False, html=COUNTED)
PHONE = Seen("phone", 1, True, STATE, Tally("round", 7, 8), "r1")
OTHER = Seen("phone", 2, True, STATE, Tally("round", 7, 8))
PROJECTOR = Seen("projector", 2, True, STATE, Tally("round", 7, 8))


def showing(seen: Seen, **changes: object) -> Seen:
    return replace(seen, state=msgspec.structs.replace(STATE, **changes))


def test_screens_that_show_the_truth_differ_in_nothing() -> None:
    assert differences(TRUTH, [PHONE, OTHER, PROJECTOR]) == []


@pytest.mark.parametrize(
    ("seen", "screen", "what"),
    [
        (replace(PHONE, connected=False), "phone 1", "connection"),
        (replace(PROJECTOR, state=None), "projector 2", "connection"),
        (showing(PROJECTOR, v=8), "projector 2", "version"),
        (showing(PHONE, paused=True), "phone 1", "pause"),
        (showing(PHONE, round=None), "phone 1", "question"),
        (showing(PHONE, round=msgspec.structs.replace(ROUND, state="closed")), "phone 1", "question"),
        (showing(PHONE, round=msgspec.structs.replace(ROUND, id="another")), "phone 1", "question"),
        (replace(PROJECTOR, tally=Tally("round", 6, 8)), "projector 2", "turnout"),
        (replace(PROJECTOR, tally=Tally("another", 7, 8)), "projector 2", "turnout"),
        (replace(PROJECTOR, tally=None), "projector 2", "turnout"),
        (replace(PHONE, choice="r2"), "phone 1", "vote"),
        (replace(PHONE, choice=None), "phone 1", "vote"),
        (replace(OTHER, choice="r1"), "phone 2", "vote"),
        (showing(PROJECTOR, html=COUNTED.replace("<td>5 <", "<td>6 <")), "projector 2", "result"),
        (showing(PROJECTOR, html=COUNTED.replace("<td>5</td>", "<td>4</td>")), "projector 2", "result"),
        (showing(PROJECTOR, html=COUNTED.replace("Carers", "Police")), "projector 2", "result"),
        (showing(PHONE, html=COUNTED.split('<table class="result heat">', maxsplit=1)[0]), "phone 1", "result"),
        (showing(PROJECTOR, html="<p>Voting has closed</p>"), "projector 2", "result"),
    ],
)
def test_a_screen_that_shows_something_else_is_found_out(seen: Seen, screen: str, what: str) -> None:
    assert [(found.screen, found.what) for found in differences(TRUTH, [seen])] == [(screen, what)]


def test_the_number_that_a_closed_vote_was_drawn_with_is_compared_too() -> None:
    closed = replace(TRUTH, state="closed", result=None)
    state = State(9, "cue", msgspec.structs.replace(ROUND, state="closed"), False, "Votes <b data-voted>6</b>")
    [found] = differences(closed, [replace(PROJECTOR, state=state)])
    assert (found.what, found.shows, found.should) == ("turnout", "6", "7")


def test_a_result_by_group_that_should_not_be_there_is_found_out() -> None:
    withheld = replace(TRUTH, result=RESULT | {"by_group": None})
    assert [found.what for found in differences(withheld, [PROJECTOR])] == ["result"]
