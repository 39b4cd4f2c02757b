"""Contents of phone, projector and console in every state of a session, and what they must not show."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.factories import a_commission, a_session, new_id, view_for

from forum.sessions.participant_view import Yours
from forum.sessions.programme import Programme, Section
from forum.sessions.session import Cue, CueKind
from forum.sessions.view import ConsoleView, Story, cue_key, joined, playing_in
from forum.stories import scenario_twee
from forum.stories.compose import QUESTION
from forum.voting.reason import ReasonState, Said
from forum.voting.round import Response, Round, RoundKind, RoundState
from forum.voting.suppression import TOO_SMALL, Result, TableRow
from forum.voting.view_shift import NOBODY_FOLLOWED, ViewShift
from forum.web.i18n.languages import ENGLISH
from forum.web.live.ballot_form import Typed
from forum.web.live.screens import screen_context
from forum.web.organisation.face import Shown
from forum.web.static_files import phone_style
from forum.web.templates import STATIC, environment

STORY = Story(
    new_id(), scenario_twee.parse((Path(__file__).parents[3] / "scenarios/at-home-at-night.twee").read_text("utf-8"))
)
FIRST = STORY.scenario.scenes[0]
ASKED = next(scene for scene in STORY.scenario.scenes if scene.decision)
COMMISSION = a_commission()
SESSION = a_session(COMMISSION, scenarios=(STORY.id,), code="482913")
RESPONSES = (
    *(Response(f"r{n}", link.text) for n, link in enumerate(ASKED.links, 1)),
    Response("none", "None of these"),
)
ROUND = Round(new_id(), SESSION.id, ASKED.text, RESPONSES, STORY.id, ASKED.name)
SECOND = replace(ROUND, id=new_id(), kind=RoundKind.AFTER_REPLAY, second_of=ROUND.id)
COUNTS = dict(zip((r.id for r in RESPONSES), (31, 17, 5, 1), strict=True))
ROWS = (
    TableRow("Carers", 30, dict(zip(COUNTS, (20, 7, 2, 1), strict=True))),
    TableRow("other groups", 24, dict(zip(COUNTS, (11, 10, 3, 0), strict=True))),
)
VOICE = dict(zip(COUNTS, (5625, 3250, 958, 167), strict=True))
RESULT = Result(COUNTS, 54, ROWS, None, VOICE)
WITHHELD = Result(COUNTS, 54, (), TOO_SMALL, None)
SHIFT = ViewShift(
    ROUND.id, {("r1", "r1"): 20, ("r2", "r1"): 11, ("r2", "r2"): 17, ("r3", "r3"): 5}, {"none": 1}, {"r1": 7}
)


def a_view(cue: Cue, **parts: Any) -> ConsoleView:
    """Makes a view with this cue; `paused`, `ended` and `rehearsal` are the session's."""
    changes = {name: parts.pop(name) for name in ("paused", "ended", "rehearsal") if name in parts}
    live = replace(SESSION, cue=cue, **changes)
    parts.setdefault("joined", {"g1": 41, "g4": 3, None: 13})
    return ConsoleView(live, parts.pop("commission", COMMISSION), (STORY,), **parts)


def asking(state: RoundState, round_: Round = ROUND, kind: CueKind = CueKind.QUESTION, **parts: Any) -> ConsoleView:
    """Returns a view with the question on screen, its round in this state."""
    cue = Cue(kind, STORY.id, ASKED.name, round_.id)
    now = replace(round_, state=state, **parts.pop("now", {}))
    return a_view(cue, story=STORY, scene=ASKED, round=now, rounds=(now,), voted=37, **parts)


STATES = {
    "welcome": a_view(Cue()),
    "scene": a_view(Cue(CueKind.SCENE, STORY.id, FIRST.name), story=STORY, scene=FIRST),
    "replay": a_view(
        Cue(CueKind.SCENE, STORY.id, FIRST.name, replay=True),
        story=STORY,
        scene=FIRST,
        rounds=(replace(ROUND, state=RoundState.REVEALED),),
    ),
    "draft": asking(RoundState.DRAFT),
    "open": asking(RoundState.OPEN),
    "closing soon": asking(RoundState.OPEN, now={"closing_soon": True}),
    "paused": asking(RoundState.OPEN, paused=True),
    "closed": asking(
        RoundState.CLOSED, reasons=(Said("x", "r1", "", "Nobody should wait alone.", "", ReasonState.WAITING, 0),)
    ),
    "revealed": asking(RoundState.REVEALED, kind=CueKind.RESULT, results={ROUND.id: RESULT}),
    "withheld": asking(RoundState.REVEALED, kind=CueKind.RESULT, results={ROUND.id: WITHHELD}),
    "nobody voted": asking(
        RoundState.REVEALED,
        kind=CueKind.RESULT,
        results={ROUND.id: Result(dict.fromkeys(COUNTS, 0), 0, (), TOO_SMALL, None)},
    ),
    "second draft": asking(
        RoundState.DRAFT, SECOND, first=replace(ROUND, state=RoundState.REVEALED), results={ROUND.id: RESULT}
    ),
    "view shift": asking(
        RoundState.REVEALED,
        SECOND,
        kind=CueKind.RESULT,
        first=replace(ROUND, state=RoundState.REVEALED),
        results={ROUND.id: RESULT, SECOND.id: replace(RESULT, shift=SHIFT)},
    ),
    "annulled": asking(RoundState.ANNULLED, now={"annulled_because": "The answers were read out in the wrong order."}),
    "own question": a_view(
        Cue(CueKind.QUESTION, round=ROUND.id), round=replace(ROUND, scenario=None, scene=None, state=RoundState.OPEN)
    ),
    "ended": a_view(Cue(CueKind.ENDED), ended=True),
}
NO_RESULT_YET = ("welcome", "scene", "replay", "draft", "open", "closing soon", "paused", "closed", "own question")
JINJA = environment()
SCREENS = ("phone", "projector", "console")


def fragment(screen: str, view: ConsoleView, **more: Any) -> str:
    """Renders the fragment that is pushed to a screen of this kind."""
    context = screen_context("http://192.0.2.7:8000", view_for(screen, view)) | more
    return JINJA.get_template(f"live/screens/{screen}.html").render(context)


def whole(screen: str, view: ConsoleView, **more: Any) -> str:
    """Draws the whole page, as it is first sent."""
    context = screen_context("http://192.0.2.7:8000", view_for(screen, view)) | {
        "person": None,
        "may": lambda permission: False,
        "path": "/s/482913",
        "language": ENGLISH,
        "face": Shown("Forum", False, "", 0, 0, "", "999", (), False),
        "language_choices": (),
        "observing": False,
        "missed": "",
        "mark": "0123456789abcdef",
        "socket_path": "/s/482913/socket",
        "error": "",
        "told": "",
        "left": (),
        **more,
    }
    return JINJA.get_template(f"live/{screen}.html").render(context)


def found(pattern: str, html: str) -> str:
    """Finds the first place that has this form."""
    match = re.search(pattern, html, re.DOTALL)
    assert match is not None
    return match[0]


def words(html: str) -> str:
    """Returns the text of a fragment, spaces made single."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("screen", SCREENS)
class TestEveryState:
    def test_each_part_has_a_name_of_its_own_so_that_it_alone_is_redrawn(self, screen: str, state: str) -> None:
        names = re.findall(r'data-part="([^"]*)"', fragment(screen, STATES[state]))
        assert names
        assert len(names) == len(set(names))

    def test_the_page_has_one_main_heading_and_no_inline_code(self, screen: str, state: str) -> None:
        html = whole(screen, STATES[state])
        assert len(re.findall(r"<h1[ >]", html)) == 1
        assert not re.search(r"<script(?![^>]* src=)|\sstyle=|\son[a-z]+=|javascript:", html)

    def test_everything_comes_from_this_server(self, screen: str, state: str) -> None:
        html = whole(screen, STATES[state]).replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', html)

    def test_it_is_marked_as_a_rehearsal_where_it_is_one(self, screen: str, state: str) -> None:
        view = STATES[state]
        marked = replace(view, session=replace(view.session, rehearsal=True))
        assert "Rehearsal" not in words(fragment(screen, view))
        assert "Rehearsal" in words(fragment(screen, marked))


@pytest.mark.parametrize("state", NO_RESULT_YET)
@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_of_a_result_is_shown_before_its_reveal(screen: str, state: str) -> None:
    view = replace(STATES[state], results={ROUND.id: RESULT})
    shown = fragment(screen, view)
    assert "31" not in words(shown)
    assert "Equal voice" not in shown


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("screen", ["phone", "projector"])
def test_who_joined_from_which_group_and_the_reasons_are_for_the_facilitator_alone(screen: str, state: str) -> None:
    shown = words(fragment(screen, STATES[state]))
    assert "41" not in shown
    assert "Police" not in shown
    assert "Nobody should wait alone." not in shown


@pytest.mark.parametrize("state", ["draft", "open", "closing soon", "paused", "closed"])
def test_how_many_have_voted_is_not_in_what_phones_get(state: str) -> None:
    assert "37" not in words(fragment("phone", STATES[state]))


class TestPhone:
    def test_content_notes_come_first_and_the_words_are_opened_by_choice(self) -> None:
        html = fragment("phone", STATES["scene"])
        opening = FIRST.text[:30]
        assert html.index(STORY.scenario.content_notes[0]) < html.index("<details") < html.index(opening)
        assert "<details open" not in html

    def test_the_ballot_is_a_plain_form_with_every_response(self) -> None:
        html = fragment("phone", STATES["open"])
        assert 'method="post" action="/s/482913/vote"' in html
        assert re.findall(r'name="choice" value="([^"]*)"', html) == [r.id for r in RESPONSES]
        assert f'name="round" value="{ROUND.id}"' in html

    @pytest.mark.parametrize(
        "state", [state for state in STATES if state not in {"open", "closing soon", "paused", "own question"}]
    )
    def test_there_is_no_ballot_form_unless_voting_is_open(self, state: str) -> None:
        assert "data-ballot" not in fragment("phone", STATES[state])

    def test_the_ballot_does_not_change_while_voting_is_open(self) -> None:
        forms = {
            found(r"<form id=\"ballot\" data-part=\"ballot\".*?</form>", fragment("phone", STATES[state]))
            for state in ("open", "closing soon", "paused")
        }
        assert len(forms) == 1

    def test_before_voting_opens_question_and_responses_can_be_read(self) -> None:
        shown = words(fragment("phone", STATES["draft"]))
        assert "Voting has not opened yet" in shown
        assert all(r.label in shown for r in RESPONSES)

    def test_what_the_vote_can_change_is_said_before_and_during_it(self) -> None:
        for state in ("welcome", "draft", "open"):
            shown = words(fragment("phone", STATES[state]))
            assert COMMISSION.power.cannot_change in shown
            assert "When they answer Within 28 days after the vote" in shown

    def test_a_counted_ballot_is_shown_without_scripts(self) -> None:
        mine = {ROUND.id: Yours(ROUND.id, "r2", "I would accept this if <somebody> rings back.")}
        html = fragment("phone", STATES["open"], yours=mine)
        assert 'value="r2" required checked' in html
        assert "if &lt;somebody&gt; rings back." in html
        assert f"Counted: {RESPONSES[1].label}." in words(html)

    def test_a_refused_ballot_keeps_what_was_typed(self) -> None:
        typed = Typed(ROUND.id, "r3", "Half a reason", {"choice": ["r3"]})
        html = fragment("phone", STATES["open"], typed=typed, refused="Choose one of the answers.")
        assert 'value="r3" required checked' in html
        assert "Half a reason" in html
        assert "Not counted. Choose one of the answers." in words(html)

    def test_an_annulled_vote_says_why(self) -> None:
        assert "The answers were read out in the wrong order." in words(fragment("phone", STATES["annulled"]))

    def test_stepping_out_is_always_one_touch_away(self) -> None:
        for view in STATES.values():
            assert '<a href="/s/482913/step-out">' in whole("phone", view)

    def test_the_page_is_light_enough_for_a_slow_network(self) -> None:
        files = len(gzip.compress(phone_style(str(STATIC / "forum.css")).encode())) + sum(
            len(gzip.compress((STATIC / name).read_bytes()))
            for name in (
                "live/room-connection.js",
                "live/phone.js",
                "live/stops-and-reasons.js",
                "live/display-settings.js",
                "icon.svg",
            )
        )
        pages = [len(whole("phone", view).encode()) for view in STATES.values()]
        assert files + max(pages) <= 40_000


class TestProjector:
    @pytest.mark.parametrize("state", [state for state in STATES if state != "ended"])
    def test_the_join_code_and_the_qr_code_are_always_there(self, state: str) -> None:
        html = fragment("projector", STATES[state])
        assert "482 913" in words(html)
        assert "192.0.2.7:8000/join" in words(html).replace("/ join", "/join")
        assert '<div class="qr" role="img"' in html

    def test_votes_and_phones_stand_where_the_tally_can_find_them(self) -> None:
        html = fragment("projector", STATES["open"])
        assert "<b data-voted>37</b>" in html
        assert "<b data-present>" in html

    def test_after_the_reveal_a_sentence_then_head_count_and_equal_voice(self) -> None:
        shown = words(fragment("projector", STATES["revealed"]))
        assert shown.index("A leads: 31 of 54") < shown.index("54 people voted")
        assert "31 57%" in shown
        assert "56%" in shown
        assert "other groups" not in shown

    def test_groups_are_a_second_view_that_the_facilitator_turns_to(self) -> None:
        view = STATES["revealed"]
        turned = replace(view, session=replace(view.session, cue=replace(view.session.cue, groups=True)))
        shown = words(fragment("projector", turned))
        assert "A leads: 31 of 54" in shown
        assert "other groups" in shown
        assert "31 57%" not in shown
        assert "Show groups on the big screen" in words(fragment("console", view))
        assert "Show the whole room on the big screen" in words(fragment("console", turned))
        # Where nothing may be said by group the whole room stays, and there is nothing to turn to.
        withheld = STATES["withheld"]
        hidden = replace(withheld, session=replace(withheld.session, cue=turned.session.cue))
        assert "people voted" in words(fragment("projector", hidden))
        assert "Show groups" not in words(fragment("console", withheld))

    def test_the_question_as_asked_is_the_headline_where_a_form_of_forum_named_the_scene(self) -> None:
        for state in ("draft", "open", "revealed"):
            view = STATES[state]
            assert view.round is not None
            named = replace(ASKED, name=QUESTION)
            html = fragment("projector", replace(view, scene=named))
            assert QUESTION not in words(html)
            assert view.round.question.split("\n\n")[-1] in words(found(r"<h1[^>]*>([^<]*)</h1>", html))
            assert ASKED.name in words(fragment("projector", view))

    def test_a_clock_stands_where_a_time_was_given(self) -> None:
        note = replace(STATES["welcome"], session=replace(SESSION, cue=Cue(CueKind.NOTE, words="Tea until 11:30.")))
        assert "data-clock" in fragment("projector", note)
        plain = replace(note, session=replace(SESSION, cue=Cue(CueKind.NOTE, words="Tea is in the hall.")))
        assert "data-clock" not in fragment("projector", plain)
        part = Section("1", "Evening", "18:00", "19:30")
        timed = fragment("projector", replace(plain, programme=Programme(sections=(part,))))
        assert "data-clock" in timed
        assert "until 19:30" in words(timed)
        view = STATES["open"]
        given = replace(view, session=replace(view.session, cue=replace(view.session.cue, minutes=3)))
        assert 'data-count-down="3"' in fragment("projector", given)
        assert "data-count-down" not in fragment("projector", view)

    def test_what_is_withheld_is_said(self) -> None:
        html = fragment("projector", STATES["withheld"])
        assert TOO_SMALL in words(html)
        assert "by group" not in words(html).replace(TOO_SMALL, "")
        assert "Equal voice" not in html

    def test_the_view_shift_is_a_picture_and_a_table(self) -> None:
        html = fragment("projector", STATES["view shift"])
        assert 'role="img"' in html
        assert "<svg" in html
        assert "At least 11 of 54 changed their view" in words(html)
        assert "From the first vote (rows) to this vote (columns)" in words(html)
        # A move that is not told is no nought.
        assert '<td class="h0">–</td>' in html
        assert '<td class="h0">0</td>' not in html.partition("From the first vote")[2].partition("</table>")[0]

    def test_a_view_shift_that_follows_nobody_draws_nothing(self) -> None:
        view = STATES["view shift"]
        nobody = replace(SHIFT, cells={}, joined=COUNTS, left=COUNTS, withheld=NOBODY_FOLLOWED)
        hidden = replace(view, results=view.results | {SECOND.id: replace(RESULT, shift=nobody)})
        html = fragment("projector", hidden)
        assert "Who changed their view is not shown, so that nobody can work out how somebody voted." in words(html)
        assert "<figure" not in html

    def test_long_scenes_take_smaller_letters_and_columns(self) -> None:
        short = replace(FIRST, text="She waits.")
        sizes = [
            found(r'class="said l\d"', fragment("projector", replace(STATES["scene"], scene=scene)))
            for scene in (short, FIRST)
        ]
        assert sizes[0] < sizes[1]


def bar(html: str) -> str:
    """Finds the next right move on the console."""
    return html[html.index('data-part="next"') : html.index('data-part="undo"')]


class TestConsole:
    def test_it_warns_before_a_vote_that_would_show_nothing_by_group(self) -> None:
        warning = "this vote would show nothing by group"
        assert warning not in words(fragment("console", STATES["draft"]))
        assert warning in words(fragment("console", replace(STATES["draft"], nothing_by_group=True)))
        assert warning not in words(fragment("console", replace(STATES["open"], nothing_by_group=True)))

    @pytest.mark.parametrize(
        ("state", "act"),
        [
            ("welcome", f"Show: {FIRST.name}"),
            ("draft", "Open voting"),
            ("open", "Close voting"),
            ("closed", "Show the result"),
            ("revealed", "Replay the scene: Nine people waiting"),
            ("annulled", "Put the question again"),
            ("paused", "Go on"),
        ],
    )
    def test_the_next_right_move_is_the_one_big_button(self, state: str, act: str) -> None:
        html = fragment("console", STATES[state])
        assert re.findall(r'<(?:button|summary) class="button"[^>]*>([^<]*)</', bar(html))[0] == act
        assert '<button class="button">' not in html[html.index('data-part="now"') : html.index('data-part="room"')]

    @pytest.mark.parametrize(("state", "yes"), [("open", "Yes, close voting"), ("closed", "Yes, show the result")])
    def test_what_nothing_undoes_asks_once_where_it_stands(self, state: str, yes: str) -> None:
        asked = bar(fragment("console", STATES[state]))
        assert re.findall(r"<button class=\"button\">([^<]*)</button>", asked) == [yes]
        assert asked.index("<details") < asked.index("This cannot be undone.") < asked.index(yes) < asked.index("</det")

    def test_after_a_replay_it_is_to_vote_again(self) -> None:
        leading = next(scene for scene in STORY.scenario.scenes if any(link.to == ASKED.name for link in scene.links))
        view = replace(STATES["replay"], scene=leading)
        now = fragment("console", view)
        assert f">Vote again: {ASKED.name}</button>" in bar(now)

    def test_who_is_here_stands_against_who_was_invited(self) -> None:
        shown = words(fragment("console", STATES["welcome"]))
        assert "People who use services 41 10" in shown
        assert "Carers nobody here 0 10" in shown
        assert "Prefer not to say 13" in shown

    def test_reasons_are_read_by_response_once_the_result_is_shown(self) -> None:
        reasons = (Said("x", "r1", "", "Nobody should wait alone.", "", ReasonState.WAITING, 0),)
        for state in ("open", "closed", "revealed"):
            shown = words(fragment("console", replace(STATES[state], reasons=reasons)))
            assert ("Nobody should wait alone." in shown) == (state == "revealed")

    def test_a_refused_form_keeps_what_was_typed(self) -> None:
        typed = {"question": ["Shall we <go on>?"], "response": ["Yes", "yes"]}
        html = fragment("console", STATES["welcome"], typed=typed)
        assert "Shall we &lt;go on&gt;?" in html
        assert 'value="yes"' in html
        assert "<details open>" in html[html.index('data-part="ask"') :]

    def test_an_ended_session_has_no_more_acts(self) -> None:
        assert "<form" not in fragment("console", STATES["ended"])


def test_cues_change_with_what_is_shown_and_not_with_votes() -> None:
    assert cue_key(STATES["open"]) == cue_key(replace(STATES["open"], voted=38)) == cue_key(STATES["paused"])
    assert cue_key(STATES["open"]) != cue_key(STATES["closed"])


def test_a_story_that_is_held_is_another_cue_with_nothing_of_it() -> None:
    """Screens leave a form that somebody fills in as it is while the cue is: there are words of the story in it."""
    scene = STATES["scene"]
    held = cue_key(replace(scene, story=None, scene=None))
    assert held.playing != cue_key(scene).playing
    assert scene.scene is not None
    assert scene.scene.name not in str(held)


def test_a_cue_key_keeps_its_fields_apart_whatever_they_hold() -> None:
    """On its way to a screen and back too; a key without "|" and "%" in its fields reads as ever."""
    scene, note = STATES["scene"], replace(STATES["scene"].session.cue, kind=CueKind.NOTE)
    keys = [
        cue_key(replace(scene, session=replace(scene.session, cue=replace(note, scene=in_it, words=words))))
        for in_it, words in (("a|b", ""), ("a", "b"), ("a%7Cb", ""), ("a%257Cb", ""), ("", "a|b"), ("%|", "|%"))
    ]
    assert len({str(key) for key in keys}) == len(keys)
    assert [playing_in(str(key)) for key in keys] == [key.playing for key in keys]
    assert [playing_in(joined(key.playing)) for key in keys] == [key.playing for key in keys]
    assert str(cue_key(STATES["scene"])) == "|".join(cue_key(STATES["scene"])[:-1])
    assert str(cue_key(STATES["open"])) == "|".join(cue_key(STATES["open"]))
