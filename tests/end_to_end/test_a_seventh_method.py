"""A seventh method in a package of its own: its file, its template and its row are all that voting by it needs."""

from __future__ import annotations

import ast
import importlib
import json
import random
import re
from dataclasses import replace
from pathlib import Path

import jinja2
import pytest
from support.factories import CLOCK, a_room
from support.record_keeper import SIGNER, WAYS
from web.words.test_methods import JINJA, MACROS, SCREENS, TWO_ROWS, a_round, a_view, fragment, words

from forum import ROOT
from forum.live.ballot_box import Intake, new_cast
from forum.ports import Store
from forum.record.audit import verify
from forum.record.verify import methods
from forum.record.verify.verdict import FAIL
from forum.rehearsal.audience import a_room as a_made_up_room
from forum.rehearsal.audience import votes
from forum.rehearsal.script import Act
from forum.services import exports
from forum.services.checkpoints import Checkpoints
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.services.voting.paper_counts import countable
from forum.sessions.participant_view import Yours
from forum.voting.methods import METHODS, TABLE
from forum.voting.question import Terms
from forum.voting.result import Result
from forum.voting.round import Response, Round, RoundState
from forum.voting.suppression import published
from forum.web.words import methods as in_words

NAME = "gradient"
CHOICES = ("whole", "half", "no")  # not in the order of their lengths, nor of the alphabet
FILE = '''
from types import MappingProxyType

from forum.errors import message
from forum.voting.method import Method, Sentence


class Gradient(Method):
    """How far people go along with one proposal."""

    NAME = message("How far people go along")
    LEAST = MOST = 1
    NONE = False
    MARKS = MappingProxyType({"whole": "All the way", "half": "Half the way", "no": "Not a step"})
    HUES = MappingProxyType({"whole": 3})

    def preferred(self, counts, figures):
        return ("r1",) if counts["whole"] > counts["no"] else ()

    def outcome(self, top, counts, figures, *, asynchronous=False):
        return Sentence("%(whole)s of %(n)s go all the way with “%(proposal)s”.", top, {"whole": counts["whole"]})
'''
TEMPLATE = """
{% from "live/screens/results.html" import label, responses, head_count, by_group %}
{% macro ballot(round, given) -%}
{% for r in round.columns %}
<input type="radio" id="choice-{{ r.id }}" name="choice" value="{{ r.id }}"
 {%- if r.id in given.get("choice", ()) %} checked{% endif %}>
<label for="choice-{{ r.id }}"><span data-choice="{{ r.id }}">{{ label(r) }}</span></label>
{% endfor %}
{%- endmacro %}
{% macro choose() -%}Choose two halves{%- endmacro %}
{% macro offer(round) -%}{{ responses(round) }}{%- endmacro %}
{% macro said(round, result) -%}{{ outcome_of_vote(result, round.method, {}) }}{%- endmacro %}
{% macro result(round, result) -%}{{ head_count(round, result) }}{%- endmacro %}
{% macro groups(round, result) -%}{{ by_group(round, result) }}{%- endmacro %}
{% macro picture(round, result, first) -%}
{{ shares_picture(round, result)|safe }}{{ head_count(round, result) }}
{%- endmacro %}
"""


@pytest.fixture
def gradient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Adds the seventh method: a file in a package, a template, a row; gives its name."""
    package = tmp_path / "more_methods"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / f"{NAME}.py").write_text(FILE)
    monkeypatch.syspath_prepend(str(tmp_path))
    way = importlib.import_module(f"more_methods.{NAME}").Gradient()
    (tmp_path / "templates" / "methods").mkdir(parents=True)
    (tmp_path / "templates" / "methods" / f"{NAME}.html").write_text(TEMPLATE)
    assert JINJA.loader is not None
    loaders = [jinja2.FileSystemLoader(tmp_path / "templates"), JINJA.loader]
    monkeypatch.setattr(JINJA, "loader", jinja2.ChoiceLoader(loaders))
    monkeypatch.setitem(TABLE, NAME, way)
    monkeypatch.setitem(WAYS, NAME, (("r1",), CHOICES))
    return NAME


def missing(method: str) -> list[str]:
    """Lists by name what a method still needs beside its file, its template and its row."""
    needed = {
        f"golden cases: tests/voting/methods/{method}/cases.json": (
            ROOT / f"tests/voting/methods/{method}/cases.json"
        ).exists(),
        f"a part of docs/methods.md: ## `{method}`: ...": f"\n## `{method}`: "
        in (ROOT / "docs/methods.md").read_text("utf-8"),
        "its counting once more in forum/record/verify/methods.py, which travels alone": method in methods.METHODS,
    }
    return [what for what, there in needed.items() if not there]


def asked(state: RoundState = RoundState.OPEN, *, live: bool = False) -> Round:
    responses = (Response("r1", "A <nurse> comes"),)
    return replace(a_round("single", state), method=NAME, responses=responses, live=live)


def counted() -> Result:
    ballots = [(group, CHOICES[n % 3]) for group in ("g2", "g3", "g4") for n in range(7)]
    return published(TWO_ROWS, ballots, ["r1"], 5, method=NAME)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_here_has_what_must_stand_twice(method: str) -> None:
    assert missing(method) == []


def test_a_seventh_is_told_by_name_what_must_stand_twice_and_nothing_else(gradient: str) -> None:
    assert [what.partition(":")[0] for what in missing(gradient)] == [
        "golden cases",
        "a part of docs/methods.md",
        "its counting once more in forum/record/verify/methods.py, which travels alone",
    ]


async def test_a_room_votes_by_a_seventh_method_and_its_record_holds(gradient: str, sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 9 + ["g2"] * 7 + ["g3"] * 2 + [None], declared=True)
    desk = Desk(sqlite_store, CLOCK)
    first = (await cues.ask_question(desk, live.id, "How far?", ["A nurse comes"], Terms(gradient), none=True)).round
    assert first is not None
    assert [column.id for column in first.columns] == list(CHOICES)
    intake = Intake(sqlite_store, lambda _: None)
    for again in (False, True):
        if again:
            first = (await cues.put_second_vote(desk, live.id, first.id)).round
            assert first is not None
        await facilitation.open_round(desk, live.id, first.id)
        for number, person in enumerate(people):
            cast = new_cast(first.id, person, f"{again}", CHOICES[number % 3], at=CLOCK.now())
            assert (await intake.cast_and_wait(cast)).refusal == ""
        wrong = await intake.cast_and_wait(new_cast(first.id, people[0], "x", "agree", at=CLOCK.now()))
        assert wrong.refusal == "unknown_response"
        await facilitation.close_round(desk, live.id, first.id)
        shown = (await facilitation.reveal_round(desk, live.id, first.id)).result
        assert shown is not None
        assert shown.rows
        assert shown.counts == {"whole": 7, "half": 6, "no": 6}
        assert list(Result.from_json(json.loads(json.dumps(shown.to_json(), sort_keys=True))).counts) == list(CHOICES)
        assert (shown.shift is not None) == again
    data = await exports.export(Checkpoints(sqlite_store, SIGNER))
    assert [check for check in verify(data) if check.verdict == FAIL] == []


@pytest.mark.parametrize("screen", [*SCREENS, "tablet"])
def test_every_screen_shows_a_seventh_method_in_every_state(gradient: str, screen: str) -> None:
    for state in (RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED, RoundState.REVEALED):
        round_ = asked(state, live=True)
        more = {"results": {round_.id: counted()}} if state == RoundState.REVEALED else {}
        html = fragment(screen, a_view(round_, **more), **({"given": {}, "errors": {}} if screen == "tablet" else {}))
        if screen in {"phone", "tablet"} and state == RoundState.OPEN:
            for choice in CHOICES:
                assert METHODS[gradient].read({"choice": [choice]}, ["r1"]) == choice
                assert f'name="choice" value="{choice}"' in html
        if screen == "projector" and state == RoundState.REVEALED:
            assert "series-3" in html
            assert "All the way" in words(html)
        assert "<nurse>" not in html
    assert screen != "console" or f'<option value="{gradient}"' in html
    module = JINJA.get_template(f"methods/{gradient}.html").make_module()
    assert all(hasattr(module, name) for name in MACROS)


def test_words_papers_and_made_up_votes_follow_from_the_file_alone(gradient: str) -> None:
    round_, result = asked(), counted()
    assert in_words.method_words(gradient) == "How far people go along"
    assert in_words.choice_words(round_, "half") == "Half the way"
    said = in_words.outcome_of_vote(result, gradient, {"r1": "A nurse comes"})
    assert said == "9 of 21 go all the way with “A nurse comes”."
    assert in_words.said_by_row(result.rows[0], gradient, {}) == "All the way: 3, Half the way: 2, Not a step: 2"
    assert countable(round_) == CHOICES
    html = fragment("phone", a_view(round_), yours={round_.id: Yours(round_.id, "half", "")})
    assert "Counted: Half the way." in html
    room = a_made_up_room(40, random.Random(7))
    made = votes(room, Act("How far?", ("A nurse comes",), (), method=gradient))
    assert {vote.choice for vote in made} == set(CHOICES)


def test_no_module_template_or_script_decides_by_the_name_of_a_method() -> None:
    quoted = "|".join(METHODS)
    decided = []
    for path in [*(ROOT / "templates").rglob("*.html"), *(ROOT / "static").rglob("*.js")]:
        if re.search(
            rf"(?:method|ballot|how)\)? *(?:[!=]==?|(?:not )?in) *[(\[]?[\"'](?:{quoted})[\"']", path.read_text("utf-8")
        ):
            decided.append(path.name)
    for path in (ROOT / "forum").rglob("*.py"):
        text = path.read_text("utf-8")
        if path.parent.name == "verify" or not re.search(rf"[\"'](?:{quoted})[\"']", text):
            continue
        decided += [f"{path.name}:{getattr(node, 'lineno', 0)}" for node in ast.walk(ast.parse(text)) if by_name(node)]
    assert decided == []


def by_name(node: ast.AST) -> bool:
    """Says whether code here compares something with the name of a method, or looks it up by several of them."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and node.value.id == "METHODS" and isinstance(node.slice, ast.Constant)
    if not isinstance(node, ast.Compare):
        return False
    said = {one.value for side in node.comparators for one in ast.walk(side) if isinstance(one, ast.Constant)}
    return "method" in ast.unparse(node) and bool(said & METHODS.keys())
