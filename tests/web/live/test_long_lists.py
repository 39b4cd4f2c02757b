"""However much comes in, what every screen is sent stays small, and what is not on it is a page further on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.requests import Request
from support.factories import CLOCK, a_commission, a_session, view_for

from forum.sessions.next_moves import moves
from forum.sessions.proposal import Agenda, Amendment, AmendmentState, Promised, Proposal, ProposalState
from forum.sessions.session import Cue, CueKind
from forum.sessions.stop import Run, Stop, StopState
from forum.sessions.view import MOST_LISTED, MOST_PAGES, AsynchronousRound, ConsoleView, Story
from forum.stories import scenario_twee
from forum.voting.reason import ReasonState, Said
from forum.voting.round import Response, Round, RoundKind, RoundState
from forum.voting.suppression import Result
from forum.web.live.screens import page_of, screen_context
from forum.web.templates import environment

SOME, MANY = 100, 1500
MOST_BYTES = 60_000
SCREENS = ("phone", "tablet", "projector", "console")

STORY = Story(
    "s", scenario_twee.parse((Path(__file__).parents[3] / "scenarios/at-home-at-night.twee").read_text("utf-8"))
)
SCENE = STORY.scenario.scenes[0]
COMMISSION = a_commission()
ROUND = Round(
    "round",
    "session",
    "Who comes?",
    (Response("r1", "A nurse"), Response("r2", "The police")),
    state=RoundState.REVEALED,
)
RESULT = Result({"r1": 30, "r2": 24}, 54, (), None, None)
OPINION = replace(RESULT, counts={"agree": 30, "disagree": 20, "pass": 4})
POLICY = replace(ROUND, kind=RoundKind.POLICY_VOTE, method="opinion", responses=ROUND.responses[:1])
PLAYED = Cue(CueKind.SCENE, "s", SCENE.name, replay=True, showing="now", since="2026-03-01T20:00:00.000Z")
ASKED = Cue(CueKind.RESULT, round="round")
JINJA = environment()


def a_view(cue: Cue, **parts: Any) -> ConsoleView:
    live = a_session(COMMISSION, scenarios=("s",), cue=cue, reasons="read first")
    round_ = parts.get("round")
    parts = {"stories": (STORY,), "rounds": (round_,) if round_ else ()} | parts
    return ConsoleView(live, COMMISSION, parts.pop("stories"), **parts)


def stops(number: int, state: StopState, **said: Any) -> ConsoleView:
    def one(at: int) -> Stop:
        time = f"2026-03-01T20:{at // 60 % 60:02}:{at % 60:02}.{at % 1000:03}Z"
        group = f"g{at % 3 + 1}" if at % 4 else None
        stop = Stop(f"stop{at}", "session", "now", PLAYED.since, "s", SCENE.name, time, "p", group, state=state)
        return replace(stop, **said)

    run = Run(tuple(one(at) for at in range(number)), {PLAYED.since: {"g1": "Carers", "g2": "Nurses"}}, "now")
    return a_view(PLAYED, story=STORY, scene=SCENE, run=run)


def reasons(number: int, state: ReasonState) -> ConsoleView:
    said = tuple(
        Said(f"reason{n}", f"r{n % 3}" if n % 3 else "", "", "A reason. " * 40, "Somebody calls first.", state, n % 7)
        for n in range(number)
    )
    return a_view(ASKED, round=ROUND, reasons=said, results={ROUND.id: RESULT})


def proposals(number: int, state: ProposalState, amendments: int = 0) -> ConsoleView:
    made = tuple(
        Proposal(f"proposal{n}", "session", "We propose. " * 20, CLOCK.now(), state=state) for n in range(number)
    )
    changed = tuple(
        Amendment(f"amendment{n}", "proposal0", "Before. " * 20, "After. " * 20, CLOCK.now(), AmendmentState.DROPPED)
        for n in range(amendments)
    )
    return a_view(Cue(CueKind.PROPOSALS), agenda=Agenda(made, changed))


def promises(number: int) -> ConsoleView:
    what, by = "Does it. " * 30, "2026-05-01"
    made = tuple(Promised(f"role{n}", what, by, confirmed=False, pledge=f"p{n}") for n in range(number))
    return a_view(ASKED, round=POLICY, agenda=Agenda((), (), made), results={ROUND.id: OPINION})


def asynchronous(number: int) -> ConsoleView:
    made = tuple(
        AsynchronousRound(
            a_session(COMMISSION, id=f"made{n}"), replace(ROUND, id=f"round{n}", state=RoundState.OPEN), n
        )
        for n in range(number)
    )
    return a_view(Cue(), asynchronous=made)


def stories(number: int) -> ConsoleView:
    return a_view(Cue(), stories=tuple(replace(STORY, id=f"s{n}") for n in range(number)))


SAID = {"character": "Ana", "how": "She could ask him to sit down. " * 9}
# Every list that a screen has which grows with what people do, with so many things in it.
LISTS: dict[str, Callable[[int], ConsoleView]] = {
    "stops that wait": lambda number: stops(number, StopState.WAITING),
    "stops that wait, with words": lambda number: stops(number, StopState.WAITING, **SAID),
    "stops put off": lambda number: stops(number, StopState.DEFERRED, **SAID),
    "stops hidden": lambda number: stops(number, StopState.HIDDEN, **SAID),
    "what was tried": lambda number: stops(number, StopState.DONE, tried="They sat down. " * 9, response="Sit down"),
    "reasons that wait": lambda number: reasons(number, ReasonState.WAITING),
    "reasons that all see": lambda number: reasons(number, ReasonState.SHOWN),
    "reasons hidden": lambda number: reasons(number, ReasonState.HIDDEN),
    "proposals taken off": lambda number: proposals(number, ProposalState.OFF),
    "amendments": lambda number: proposals(1, ProposalState.STANDING, number),
    "promises": promises,
    "asynchronous rounds": asynchronous,
    "stories": stories,
}


@cache
def drawn(screen: str, name: str, number: int, page: int = 1) -> str:
    context = screen_context("http://192.0.2.7:8000", view_for(screen, LISTS[name](number)))
    return JINJA.get_template(f"live/screens/{screen}.html").render(context | {"page": page})


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("screen", SCREENS)
def test_no_frame_grows_with_a_list_that_grows(screen: str, name: str) -> None:
    some, many = (len(drawn(screen, name, number).encode()) for number in (SOME, MANY))
    assert many < (MOST_BYTES if name != "stories" else 4 * MOST_BYTES)
    assert many <= some + 200, "only numbers are longer"


@pytest.mark.parametrize("name", [name for name in LISTS if name != "amendments"])
def test_every_thing_of_a_list_is_on_one_of_the_consoles_pages(name: str) -> None:
    # The moves at the top of the page are the same on each.
    next_ones = {value for move in moves(LISTS[name](SOME)) for value in move.fields.values()}
    pages = []
    for page in range(1, SOME):
        html = drawn("console", name, SOME, page)
        found = re.findall(
            r'(?:value="|<strong>)((?:stop|reason|proposal|role|s)[0-9]+)\b|asynchronous/made([0-9]+)"', html
        )
        pages.append({one or other for one, other in found} - next_ones)
        assert pages[-1]
        if f"?page={page + 1}" not in html:
            break
    assert len(pages) > 2
    for earlier, later in pairwise(pages):
        assert not earlier & later, "nothing stands on two"
    assert len(set().union(*pages)) >= SOME - len(next_ones)


def test_the_console_says_from_which_groups_the_stops_are_that_it_does_not_list() -> None:
    view = LISTS["stops that wait"](MANY)
    html = drawn("console", "stops that wait", MANY)
    rest = view.run.newest[MOST_LISTED:]
    told = re.search(r"come up when these are dealt with:(.*?)</p>", html, re.DOTALL)
    assert told
    assert " ".join(told[1].split()) == "; ".join(
        f"{label or 'Groups that are not named'}: {count}" for label, count in view.run.counted(rest)
    )
    assert sum(count for _, count in view.run.counted(rest)) == MANY - MOST_LISTED


def test_the_newest_stops_stand_on_the_console_those_with_words_first_and_the_next_to_take_is_among_them() -> None:
    view = LISTS["stops that wait"](SOME)
    spoken = replace(view.run.stops[3], how="Ask her.")
    view = replace(view, run=replace(view.run, stops=(*view.run.stops[:3], spoken, *view.run.stops[4:])))
    context = screen_context("http://192.0.2.7:8000", view)
    html = JINJA.get_template("live/screens/console.html").render(context)
    on = re.findall(r'take-stop"[^>]*>\s*<input type="hidden" name="stop" value="stop([0-9]+)">', html)
    queue = list(dict.fromkeys(int(number) for number in on))
    assert queue == [3, *range(SOME - MOST_LISTED + 1, SOME)]
    assert moves(view)[0].fields == {"stop": "stop3"}
    # Dealt with, the next of the older ones comes up.
    gone = replace(view.run.stops[-1], state=StopState.HIDDEN)
    fewer = replace(view.run, stops=(*view.run.stops[:-1], gone))
    assert f"stop{SOME - MOST_LISTED}" in {stop.id for stop in fewer.newest[:MOST_LISTED]}


def test_phones_have_the_reasons_that_most_agree_with_and_say_how_many_more_there_are() -> None:
    html = drawn("phone", "reasons that all see", SOME)
    agreed = re.findall(r'aria-pressed="false">Me too.*?\(([0-9]+)\)', html, re.DOTALL)
    assert len(agreed) == MOST_LISTED
    assert min(map(int, agreed)) == 4, "14 have 6, 14 have 5"
    assert f"And {SOME - MOST_LISTED} more." in html


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        ("", 1),
        ("2", 2),
        ("999", 999),
        ("999999", MOST_PAGES),
        ("0", 1),
        ("-1", 1),
        ("02", 1),
        ("9" * 5000, 1),
        ("\u0662", 1),
    ],
)
def test_a_page_is_a_number_or_the_first(asked: str, page: int) -> None:
    query = urlencode({"page": asked}).encode()
    assert page_of(Request({"type": "http", "query_string": query, "headers": []})) == page
