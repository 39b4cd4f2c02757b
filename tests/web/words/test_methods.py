"""Every way of voting on the screens: its form, what stands there before and after, and its result."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.factories import a_commission, a_session, new_id, view_for
from support.record_keeper import WAYS

from forum.live.screen_frames import round_now
from forum.sessions.participant_view import Yours
from forum.sessions.session import Cue, CueKind
from forum.sessions.view import ConsoleView, cue_key
from forum.voting.marks_and_shares import decimals
from forum.voting.methods import METHODS
from forum.voting.quorum import Quorum
from forum.voting.result import Result
from forum.voting.round import Response, Round, RoundState
from forum.voting.suppression import NO_COUNT, Partition, Row, published
from forum.web.live.ballot_form import Typed
from forum.web.live.screens import screen_context
from forum.web.templates import STATIC, TEMPLATES, environment
from forum.web.words import methods

JINJA = environment()
SCREENS = ("phone", "projector", "console")
LABELS = {
    "r1": "A nurse and a paramedic, <together>",
    "r2": "The police, as they do now",
    "r3": "Somebody stays on the phone",
    "none": "None of these",
}
COMMISSION = a_commission()
SESSION = a_session(COMMISSION, code="482913")
TWO_ROWS = Partition((Row("Carers", ("g2",)), Row("other groups", ("g3", "g4"))))
NOTHING = Result({}, 4, (), NO_COUNT, None)
MACROS = ("ballot", "offer", "result", "groups", "picture")


def a_round(method: str, state: RoundState = RoundState.OPEN, **changes: Any) -> Round:
    responses = tuple(Response(id_, LABELS[id_]) for id_ in WAYS[method][0])
    return replace(Round(new_id(), SESSION.id, "Who should come?", responses, method=method, state=state), **changes)


def a_result(round_: Round, *, by_group: bool = True, votes: tuple[str, ...] = ()) -> Result:
    choices = votes or WAYS[round_.method][1]
    cast = [(group, choices[n % len(choices)]) for group in ("g2", "g3", "g4") for n in range(7)]
    partition = TWO_ROWS if by_group else Partition((), "Nothing is shown by group.")
    responses = [r.id for r in round_.responses]
    return published(partition, cast, responses, 5, method=round_.method, quorum=round_.declared)


def a_view(round_: Round, **parts: Any) -> ConsoleView:
    kind = CueKind.RESULT if round_.state == RoundState.REVEALED else CueKind.QUESTION
    live = replace(SESSION, cue=Cue(kind, round=round_.id))
    if round_.state == RoundState.REVEALED:
        parts.setdefault("results", {round_.id: a_result(round_)})
    if parts.pop("groups", False):
        live = replace(live, cue=replace(live.cue, groups=True))
    return ConsoleView(live, COMMISSION, (), round=round_, rounds=(round_,), **parts)


def fragment(screen: str, view: ConsoleView, **more: Any) -> str:
    context = screen_context("http://192.0.2.7:8000", view_for(screen, view)) | {
        "error": "",
        "typed": {} if screen == "console" else None,
    }
    return JINJA.get_template(f"live/screens/{screen}.html").render(context | more)


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


# ---------------------------------------------------------------- one file, one template, one part of the docs


def test_every_method_has_its_template_and_every_template_is_a_methods() -> None:
    assert {path.stem for path in (TEMPLATES / "methods").glob("*.html")} == set(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_a_template_has_every_macro_that_screens_call(method: str) -> None:
    module = JINJA.get_template(f"methods/{method}.html").make_module()
    assert all(hasattr(module, name) for name in MACROS)


@pytest.mark.parametrize("method", METHODS)
def test_a_method_is_in_the_docs_and_has_a_name_in_plain_words(method: str) -> None:
    docs = (Path(__file__).parents[3] / "docs" / "methods.md").read_text("utf-8")
    assert f"\n## `{method}`: " in docs
    assert methods.method_words(method) not in {"", method}


def test_every_method_is_drawn_here() -> None:
    assert list(WAYS) == list(METHODS)


# ---------------------------------------------------------------- what the screens show


@pytest.mark.parametrize("state", [RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED, RoundState.REVEALED])
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("method", WAYS)
def test_every_screen_shows_every_way_in_every_state(method: str, screen: str, state: RoundState) -> None:
    html = fragment(screen, a_view(a_round(method, state)))
    assert screen == "console" or "A nurse and a paramedic, &lt;together&gt;" in html
    assert "<together>" not in html
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'\s(?:for|aria-describedby)="([^"]+)"', html):
        assert set(target.split()) <= set(ids)
    assert "style=" not in html


@pytest.mark.parametrize("method", WAYS)
def test_the_form_on_a_phone_makes_every_choice_without_javascript(method: str) -> None:
    round_, way = a_round(method), METHODS[method]
    html = fragment("phone", a_view(round_))
    responses = [r.id for r in round_.responses]
    for choice in WAYS[method][1]:
        given = way.fields(choice)
        assert way.read(given, responses) == choice
        for name, values in given.items():
            for value in values:
                assert offers(html, name, value), (name, value)


def offers(html: str, name: str, value: str) -> bool:
    """Tells whether the form has a box with this name and value, or a list with this name that offers it."""
    box = re.search(rf'<input [^>]*name="{name}" value="{value}"', html)
    listed = re.search(rf'<select [^>]*name="{name}"[^>]*>(.*?)</select>', html, re.DOTALL)
    return bool(box or (listed and f'<option value="{value}"' in listed[1]))


@pytest.mark.parametrize("method", WAYS)
def test_a_phone_that_has_voted_finds_its_vote_in_the_form_and_in_words(method: str) -> None:
    round_ = a_round(method)
    choice = WAYS[method][1][0]
    html = fragment("phone", a_view(round_), yours={round_.id: Yours(round_.id, choice, "So.")})
    given = METHODS[method].fields(choice)
    marked = len(re.findall(r'<input type="(?:radio|checkbox)"[^>]* checked', html))
    marked += len(re.findall(r'<option value="[^"]+" selected', html))
    assert marked == sum(map(len, given.values()))
    said = {
        "single": "Counted: A nurse and a paramedic, &lt;together&gt;.",
        "approval": "Counted: A, C.",
        "ranked": "Counted: A, then B.",
        "score": "Counted: A 5, B 1.",
        "consent": "Counted: Agree.",
        "opinion": "Counted: Agree.",
    }
    assert said[method] in html


@pytest.mark.parametrize("method", WAYS)
def test_a_refused_form_keeps_what_was_chosen(method: str) -> None:
    round_ = a_round(method)
    given = {name: list(values) for name, values in METHODS[method].fields(WAYS[method][1][0]).items()}
    typed = Typed(round_.id, "", "My <reason>", given=given)
    html = fragment("phone", a_view(round_), typed=typed, refused="Choose an answer first.")
    assert html.count(" checked") + len(re.findall(r'<option value="[^"]+" selected', html)) == sum(
        map(len, given.values())
    )
    assert "My &lt;reason&gt;" in html
    assert "Choose an answer first." in html


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize("screen", SCREENS)
def test_a_result_is_a_table_with_every_number_and_nothing_by_group_where_that_is_withheld(
    method: str, screen: str
) -> None:
    round_ = a_round(method, RoundState.REVEALED)
    html = fragment(screen, a_view(round_))
    assert "<table" in html
    # The big screen shows the whole room first, and the groups where the facilitator turns to them.
    assert ("Carers" in words(html)) == (screen != "projector")
    assert "Carers" in words(fragment(screen, a_view(round_, groups=True)))
    result = a_result(round_, by_group=False)
    without = fragment(screen, a_view(round_, results={round_.id: result}, groups=True))
    tables = without.partition('data-part="people"')[0]
    assert ">Carers<" not in tables
    for n in set(result.counts.values()):
        assert re.search(rf">\s*{n}\b", tables)


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize("screen", SCREENS)
def test_nobody_having_voted_is_said(method: str, screen: str) -> None:
    round_ = a_round(method, RoundState.REVEALED)
    nobody = published(TWO_ROWS, [], [r.id for r in round_.responses], 5, method=method)
    html = fragment(screen, a_view(round_, results={round_.id: nobody}))
    assert "Traceback" not in html
    assert screen == "console" or "Nobody voted on this question." in html


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize("screen", SCREENS)
def test_too_few_having_voted_is_said_and_no_number_given(method: str, screen: str) -> None:
    round_ = a_round(method, RoundState.REVEALED)
    html = fragment(screen, a_view(round_, results={round_.id: NOTHING}))
    assert NO_COUNT in html
    shown = html.partition('data-part="people"')[0]
    assert "<table" not in shown
    assert "people voted" not in shown.replace(NO_COUNT, "")


@pytest.mark.parametrize("screen", SCREENS)
def test_a_tie_in_the_run_off_is_shown_as_one(screen: str) -> None:
    round_ = a_round("ranked", RoundState.REVEALED)
    result = a_result(round_, votes=("r1>r3", "r2>r1", "r3>r2"))
    assert result.figures is not None
    assert result.figures["tied"]
    said = words(fragment(screen, a_view(round_, results={round_.id: result})))
    assert "A tie decides." in said
    assert "If B goes out: A wins." in said
    assert "can win" in said


@pytest.mark.parametrize("screen", SCREENS)
def test_a_missed_quorum_is_said_and_a_reached_one_is_not(screen: str) -> None:
    missed = a_round("approval", RoundState.REVEALED, quorum=60, quorum_each=8)
    said = words(fragment(screen, a_view(missed)))
    assert "Too few took part. Before the vote it was said that 60 votes are needed. There are 21." in said
    assert "From every group 8 were needed. Fewer voted from: Carers." in said
    reached = a_round("approval", RoundState.REVEALED, quorum=21, quorum_each=7)
    assert "Too few" not in fragment(screen, a_view(reached))
    assert Quorum(60, 8) == missed.declared


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize("screen", SCREENS)
def test_only_a_vote_that_says_so_has_a_place_for_a_count_while_it_is_open(method: str, screen: str) -> None:
    for state in (RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED, RoundState.REVEALED):
        assert "data-so-far" not in fragment(screen, a_view(a_round(method, state)))
    html = fragment(screen, a_view(a_round(method, live=True)))
    marks = re.findall(r'data-mark="([^"]+)">–<', html)
    assert marks == ([] if screen == "console" else [column.id for column in a_round(method).columns])


def test_a_consent_that_needs_its_words_says_so() -> None:
    html = fragment("phone", a_view(a_round("consent")))
    needing = re.findall(r'value="(\w+)" required[^>]*data-needs="(\w+)"', html)
    assert needing == [("agree_if", "condition"), ("cannot_live_with", "reason")]
    assert "You have to say only if you cannot live with it." in html


def test_phones_are_told_how_to_vote() -> None:
    for method in WAYS:
        now = round_now(a_view(a_round(method)))
        assert now is not None
        assert now.method == method


def test_the_key_of_a_cue_does_not_change_with_a_vote() -> None:
    round_ = a_round("ranked")
    assert cue_key(a_view(round_)) == cue_key(replace(a_view(round_), voted=12))


@pytest.mark.parametrize("method", WAYS)
def test_the_console_offers_every_way_and_keeps_what_was_typed(method: str) -> None:
    typed = {"question": ["Who?"], "response": ["One"], "method": [method], "quorum": ["x"], "live": ["1"]}
    html = fragment("console", a_view(a_round("single", RoundState.DRAFT)), typed=typed)
    assert f'<option value="{method}" selected ' in html
    assert 'value="x"' in html
    for each in METHODS:
        # The form asks for what each takes: one statement, or answers (console.css).
        takes = "takes-one" if METHODS[each].MOST == 1 else "takes-few" if METHODS[each].LEAST == 1 else "takes-many"
        assert re.search(f'<option value="{each}"[^>]* class="{takes}{"" if METHODS[each].NONE else " no-none"}"', html)


def test_an_open_vote_cannot_be_put_on_other_terms() -> None:
    assert "/terms" in fragment("console", a_view(a_round("single", RoundState.DRAFT)))
    assert "/leave_out" in fragment("console", a_view(a_round("single", RoundState.DRAFT)))
    for state in (RoundState.OPEN, RoundState.CLOSED, RoundState.REVEALED):
        assert "/terms" not in fragment("console", a_view(a_round("single", state)))


def test_the_script_of_phones_goes_by_what_a_form_is_made_of_and_names_no_method() -> None:
    script = (STATIC / "live/phone.js").read_text("utf-8")
    assert [method for method in METHODS if re.search(rf"[\"'`]{method}[\"'`]", script)] == []
    html = {method: fragment("phone", a_view(a_round(method))) for method in METHODS}
    assert [method for method in METHODS if " data-rank " in html[method]] == ["ranked"]
    assert [method for method in METHODS if 'name="score-' in html[method]] == ["score"]
    assert [method for method in METHODS if 'type="checkbox" id="choice-' in html[method]] == ["approval"]
    then = {method: re.findall(r'data-status data-then="([^"]*)"', html[method]) for method in METHODS}
    assert then == {method: [METHODS[method].JOINER] for method in METHODS}


@pytest.mark.parametrize(
    ("points", "said"), [(10_000, "1.00"), (16_667, "1.67"), (43_333, "4.33"), (29_950, "3.00"), (50_000, "5.00")]
)
def test_a_mean_score_is_said_to_the_nearest_hundredth(points: int, said: str) -> None:
    assert decimals(points) == said
