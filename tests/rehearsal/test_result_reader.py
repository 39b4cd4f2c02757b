"""Results are read off the very screens that Forum draws, for every way of voting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.app import House, a_house
from support.factories import CLOCK, a_cast, a_commission, a_session, new_id

from forum.rehearsal import result_reader
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.sessions.session import Participant
from forum.voting.methods import METHODS
from forum.voting.question import Terms
from forum.voting.result import Result

CHOICES = {
    "single": ("r1", "r2", "r1", "none", "r2", "r2"),
    "approval": ("r1 r2", "r2", "r1", "none", "r1 r2", "r2"),
    "ranked": ("r1>r2", "r2>r3", "r1>r3", "r1>r3", "r2", "r3>r2"),
    "score": (
        "r1=1 r2=2 r3=5",
        "r1=4 r2=2 r3=5",
        "r1=1 r2=1 r3=1",
        "r1=3 r2=3 r3=3",
        "r1=5 r2=4 r3=2",
        "r1=1 r2=1 r3=1",
    ),
    "consent": ("agree", "stand_aside", "agree", "stand_aside", "agree", "stand_aside"),
    "opinion": ("agree", "disagree", "pass", "agree", "agree", "disagree"),
}


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template, background=True) as house:
        yield house


async def a_result(house: House, method: str, *, again: bool = False) -> tuple[Result, dict[str, str]]:
    """Makes a result of six people in two groups of three that are shown, and the screens that show it."""
    commission = a_commission(("Carers", "Nurses"), threshold=3)
    live = a_session(commission)
    people = []
    async with house.store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.sessions.add_session(live)
        for number in range(6):
            joined = Participant(new_id(), live.id, commission.groups[number % 2].id, CLOCK.now())
            people.append((await work.sessions.join(joined, new_id())).id)
    acts = Desk(house.store, CLOCK)
    labels = ("Something",) if METHODS[method].MOST == 1 else ("A", "B", "C")
    round_ = (await cues.ask_question(acts, live.id, "Who?", labels, Terms(method), none=METHODS[method].NONE)).round
    result = None
    for turn in range(2 if again else 1):
        if turn and round_ is not None:
            round_ = (await cues.put_second_vote(acts, live.id, round_.id)).round
        assert round_ is not None
        await facilitation.open_round(acts, live.id, round_.id)
        async with house.store.begin() as work:
            rolled = CHOICES[method][turn:] + CHOICES[method][:turn]
            casts = [a_cast(round_.id, person, choice) for person, choice in zip(people, rolled, strict=True)]
            assert not any(done.refusal for done in await work.rounds.cast(casts))
        await facilitation.close_round(acts, live.id, round_.id)
        result = (await facilitation.reveal_round(acts, live.id, round_.id)).result
    assert result is not None
    room = await house.site.rooms.room(live.id)
    return result, {
        "projector": room.frames.state("projector", "en").html,
        "phone": room.frames.state("phone", "en").html,
    }


@pytest.mark.parametrize("again", [False, True], ids=["first", "again"])
@pytest.mark.parametrize("method", METHODS)
async def test_what_a_screen_shows_is_the_result(house: House, method: str, again: bool) -> None:
    result, screens = await a_result(house, method, again=again)
    published = result.to_json()
    assert published["by_group"]
    for kind, html in screens.items():
        assert result_reader.differs(html, published, in_turn=kind == "projector") == ""
    [row, *rows] = published["by_group"]
    wrong = published | {"by_group": [row | {"label": "Others"}, *rows]}
    assert "in the place of" in result_reader.differs(screens["phone"], wrong), "a phone shows every group at once"


@pytest.mark.parametrize("method", METHODS)
async def test_another_number_on_a_screen_is_found_out(house: House, method: str) -> None:
    result, screens = await a_result(house, method)
    published = result.to_json()
    mark = max(published["counts"], key=lambda mark: published["counts"][mark])
    wrong = published | {"counts": published["counts"] | {mark: 99}}
    if "rounds" in published.get("figures", {}):
        first = published["figures"]["rounds"][0]
        wrong["figures"] = {"rounds": [first | {"counts": first["counts"] | {mark: 99}}]}
    for html in screens.values():
        assert "in the place of" in result_reader.differs(html, wrong)


def test_a_screen_without_a_result_has_none() -> None:
    assert result_reader.shown("<p>Voting has closed</p>") is None
    assert result_reader.by_group("<table class='plain'><tr><td>1</td></tr></table>") is None
    assert result_reader.turnout("<b data-voted>12</b>") == 12
    assert result_reader.turnout("") is None
