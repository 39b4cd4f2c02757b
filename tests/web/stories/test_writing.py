"""A story is written by pages alone: five steps, then cards; and two who write at once lose no word."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from support.app import STEPS, House, a_house, fill_in, filled_form, send_story, words, write_story
from support.factories import CLOCK

from forum.errors import StoreUnavailable
from forum.services.stories import draft_edits, withdrawal
from forum.stories import scenario, scenario_twee
from forum.stories.draft import mark

STORIES = Path(__file__).parents[3] / "scenarios"


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template, stories_per_address=7) as house:
        yield house


# ---------------------------------------------------------------- the way in


async def test_a_story_is_saved_with_its_first_step_and_its_private_link_is_shown_at_once(house: House) -> None:
    commission = await house.commission()
    path = f"/commissions/{commission.id}/tell"
    async with house.browser() as writer:
        shown = await writer.get(path)
        assert "Step 1 of 5" in words(shown)
        assert "use no real names" in words(shown)
        begun = await fill_in(writer, path, STEPS["happened"])
        assert begun.status_code == 303
        second = await writer.get(begun.headers["location"])
    key = re.fullmatch(r"/my-story/([A-Za-z0-9_-]{32})/write/where", begun.headers["location"])
    assert key
    assert "Step 2 of 5" in words(second)
    assert "Your story is saved. Keep its link: it is the only way back, on any phone." in words(second)
    assert f"http://house.test/my-story/{key[1]}" in second.text
    assert "<svg" in second.text
    assert "style=" not in second.text
    (story,) = await house.stories()
    assert (story.status, story.twee, story.commission) == ("writing", "", commission.id)
    draft = await house.draft_of(key[1])
    assert draft.title == "The third knock"
    assert [card.text for card in draft.cards] == [STEPS["happened"]["happened.text"]]


async def test_five_steps_make_a_story_that_can_be_sent(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        key = await write_story(writer, commission)
        assert "Nothing to mend." in words(await writer.get(f"/my-story/{key}/write"))
        sent = await send_story(writer, key)
        assert (sent.status_code, sent.headers["location"]) == (303, f"/my-story/{key}?sent=1")
        mine = await writer.get(sent.headers["location"])
    assert "We have your story. Thank you for telling it." in words(mine)
    assert "Waiting to be read" in words(mine)
    (story,) = await house.stories()
    assert (story.status, story.told_by, story.title) == ("submitted", "g2", "The third knock")
    assert (story.may_publish, story.may_perform, story.may_quote) == (True, True, False)
    told = scenario_twee.parse(story.twee)
    assert (told.told_by, told.setting, told.characters) == ("Carers", "A flat at night", ("Ana, a mother", "A nurse"))
    assert told.content_notes == ("restraint or force",)
    assert [link.text for link in told.decisions[0].links] == [
        "Sit down and ask",
        "Call the crisis team",
        "Take him to hospital",
    ]


async def test_each_step_shows_again_what_was_written_and_goes_back_without_losing_a_word(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        key = await write_story(writer, commission)
        for step, fields in STEPS.items():
            shown = await writer.get(f"/my-story/{key}/write/{step}")
            assert "Step" in words(shown)
            assert key in shown.text
            for name, text in fields.items():
                for one in text if isinstance(text, list) else [text]:
                    assert html.escape(one) in html.unescape(shown.text) or not one, name
        assert 'value="g2" checked' in (await writer.get(f"/my-story/{key}/write/who")).text
        back = await fill_in(writer, f"/my-story/{key}/write/where", {"setting": "A ward", "go": "happened"})
        assert back.headers["location"] == f"/my-story/{key}/write/happened"
        all_ = await fill_in(writer, f"/my-story/{key}/write/where", {"go": "workspace"})
        assert all_.headers["location"] == f"/my-story/{key}/write"
        assert (await writer.get(f"/my-story/{key}/write/nowhere")).status_code == 404
    assert (await house.draft_of(key)).setting == "A ward"


async def test_the_private_link_comes_back_to_the_step_that_was_left_and_nothing_typed_there_is_lost(
    house: House,
) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        begun = await fill_in(writer, f"/commissions/{commission.id}/tell", STEPS["happened"] | {"go": "stop"})
        key = begun.headers["location"].removeprefix("/my-story/").partition("?")[0]
        assert begun.headers["location"] == f"/my-story/{key}?stopped=1"
        stopped = await writer.get(begun.headers["location"])
        assert "Everything is saved. You can close this page." in words(stopped)
        assert f"http://house.test/my-story/{key}</a>" in stopped.text
        assert f'href="mailto:?subject=My%20story&amp;body=http%3A%2F%2Fhouse.test%2Fmy-story%2F{key}"' in stopped.text
        for step, nr in (("where", 2), ("who", 3)):
            await fill_in(writer, f"/my-story/{key}/write/{step}", STEPS[step] | {"go": "stop"})
            again = await writer.get(f"/my-story/{key}")
            assert (again.status_code, again.headers["location"]) == (303, f"/my-story/{key}/write/{step}")
            page = words(await writer.get(f"/my-story/{key}?stay=1"))
            assert f"Your link brings you back to step {nr} of 5" in page
        assert 'value="A flat at night"' in (await writer.get(f"/my-story/{key}/write/where")).text
        # From the scenes, and once it is sent, the link opens the page of the story.
        await writer.get(f"/my-story/{key}/write")
        assert (await writer.get(f"/my-story/{key}")).status_code == 200
        for step in ("happened", "who", "done", "use"):
            await fill_in(writer, f"/my-story/{key}/write/{step}", STEPS[step])
        check = await writer.get((await writer.get(f"/my-story/{key}/check")).url.path)
        assert (await writer.get(f"/my-story/{key}")).headers["location"] == f"/my-story/{key}/check"
        for read in (str(STEPS["happened"]["happened.text"]), "A flat at night", "Call the crisis team"):
            assert html.escape(read) in check.text
        assert (await send_story(writer, key)).status_code == 303
        assert (await writer.get(f"/my-story/{key}")).status_code == 200


async def test_a_question_begins_with_three_answers_and_more_are_added_without_a_script(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        begun = await fill_in(writer, f"/commissions/{commission.id}/tell", STEPS["happened"])
        here = begun.headers["location"].replace("where", "done")
        assert [f"Answer {n}" in words(await writer.get(here)) for n in (3, 4)] == [True, False]
        typed: dict[str, str | list[str]] = {"question.text": "What now?", "question/r1.text": "Ask", "add": "4"}
        more = await fill_in(writer, here, typed)
        assert more.headers["location"] == f"{here}?answers=4#answers"
        shown = await writer.get(more.headers["location"])
        assert [f"Answer {n}" in words(shown) for n in (4, 5)] == [True, False]
        assert "What now?" in shown.text
        for strange in ("40", "x", "²", "9" * 5000):
            assert "Answer 4" not in words(await writer.get(f"{here}?answers={strange}"))
        # One that cannot be saved keeps its words and its field.
        filled: dict[str, str | list[str]] = {f"question/r{n}.text": f"Way {n}" for n in range(1, 5)}
        filled |= {f"seen:question/r{n}.text": mark("") for n in (4, 5)} | {"question/r5.text": "w" * 201}
        wrong = await fill_in(writer, f"{here}?answers=5", filled)
        assert wrong.status_code == 422
        assert "w" * 201 in wrong.text


async def test_a_double_tap_makes_one_story(house: House) -> None:
    commission = await house.commission()
    path = f"/commissions/{commission.id}/tell"
    async with house.browser() as writer:
        form = filled_form(await writer.get(path), STEPS["happened"])
        answers = [await writer.post(path, data=form) for _ in range(2)]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert len(await house.stories()) == 1


async def test_a_key_that_the_server_did_not_make_is_not_taken(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        answer = await fill_in(writer, f"/commissions/{commission.id}/tell", STEPS["happened"] | {"key": "me"})
    assert re.fullmatch(r"/my-story/[A-Za-z0-9_-]{32}/write/where", answer.headers["location"])


async def test_without_a_word_no_story_begins(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        answer = await fill_in(writer, f"/commissions/{commission.id}/tell", {"happened.text": "  ", "title": ""})
    assert answer.status_code == 422
    assert '<a href="#happened.text">Write a few words first.' in answer.text
    assert await house.stories() == []


async def test_every_step_can_be_left_for_later_and_what_is_missing_is_told_with_its_place(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        begun = await fill_in(writer, f"/commissions/{commission.id}/tell", {"happened.text": "We waited."})
        path = begun.headers["location"]
        while path.count("/") == 4:
            path = (await fill_in(writer, path, {})).headers["location"]
        key = path.split("/")[2]
        assert path == f"/my-story/{key}/check"
        check = await writer.get(f"/my-story/{key}/check")
        assert "This is still missing" in words(check)
        for place in ("happened#title", "who#group", "use#may_publish", "use#may_perform", "use#may_quote"):
            assert f'href="/my-story/{key}/write/{place}"' in check.text, place
        assert "<form" not in check.text.partition("<main")[2]
        refused = await writer.post(f"/my-story/{key}/check", data={})
        assert refused.status_code == 422
    assert (await house.stories())[0].status == "writing"


async def test_what_is_too_long_is_said_beside_it_and_kept_while_the_rest_is_saved(house: House) -> None:
    commission = await house.commission()
    long = "x" * (scenario.MAX_TEXT + 1)
    async with house.browser() as writer:
        answer = await fill_in(
            writer, f"/commissions/{commission.id}/tell", {"happened.text": long, "title": "A knock"}
        )
        assert answer.status_code == 422
        assert '<a href="#happened.text">This is too long. Use at most 4000 characters.' in answer.text
        assert re.search(r'id="happened.text"[^>]*aria-invalid="true"', answer.text)
        assert long in answer.text
        key = re.search(r"/my-story/([\w-]{32})/write/where", answer.text)
        assert key
        assert (await house.draft_of(key[1])).title == "A knock"
        # Shortened on the page that came back, it is saved.
        again = filled_form(answer, {"happened.text": "Short."})
        assert (await writer.post(f"/my-story/{key[1]}/write/happened", data=again)).status_code == 303
    assert (await house.draft_of(key[1])).cards[0].text == "Short."


async def test_content_notes_from_the_list_and_in_ones_own_words_are_one_list(house: House) -> None:
    commission = await house.commission()
    changes: dict[str, str | list[str]] = {"notes": ["death or grief"], "own_notes": "a dog dies\n\n  a  flood "}
    async with house.browser() as writer:
        key = await write_story(writer, commission, changes)
        shown = await writer.get(f"/my-story/{key}/write/use")
    assert (await house.draft_of(key)).notes == "death or grief\na dog dies\na flood"
    assert 'value="death or grief" checked' in shown.text
    assert re.search(r'name="own_notes"[^>]*>\na dog dies\na flood<', shown.text)


async def test_hostile_text_is_shown_and_does_nothing(house: House) -> None:
    commission = await house.commission()
    hostile = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'&amp;{{ 7*7 }}"
    names = ("happened.text", "title", "setting", "characters", "question.text", "question/r1.text", "own_notes")
    async with house.browser() as writer:
        key = await write_story(writer, commission, dict.fromkeys(names, hostile))
        pages = [
            await writer.get(f"/my-story/{key}{path}") for path in ("", "/write", "/check", "/play", "/play?scene=1")
        ]
        pages += [await writer.get(f"/my-story/{key}/write/{step}") for step in STEPS]
        clash = await writer.post(
            f"/my-story/{key}/write/where", data={"seen:setting": mark("other"), "setting": hostile + "!"}
        )
        assert clash.status_code == 409
    for answer in (*pages, clash):
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        assert "7*7" in answer.text or "49" not in answer.text
    assert hostile in html.unescape(pages[1].text)


async def test_a_database_that_cannot_take_it_loses_nothing_typed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    commission = await house.commission()

    async def unavailable(*_: object, **__: object) -> None:
        raise StoreUnavailable("The database could not take this. Nothing was saved.")

    async with house.browser() as writer:
        path = f"/commissions/{commission.id}/tell"
        form = filled_form(await writer.get(path), STEPS["happened"])
        with monkeypatch.context() as patch:
            patch.setattr(draft_edits, "begin", unavailable)
            answer = await writer.post(path, data=form)
        assert answer.status_code == 503
        assert "Nothing was saved" in words(answer)
        assert "The third knock" in answer.text
        key = (await writer.post(path, data=filled_form(answer, {}))).headers["location"].split("/")[2]
        with monkeypatch.context() as patch:
            patch.setattr(draft_edits, "save", unavailable)
            for where, name in (("write/where", "setting"), ("write", "happened.text")):
                lost = await fill_in(writer, f"/my-story/{key}/{where}", {name: "My own <words>", "card": "happened"})
                assert lost.status_code == 503, where
                assert "My own &lt;words&gt;" in lost.text, where


async def test_unknown_and_dead_links_and_stories_that_were_taken_back(house: House) -> None:
    commission = await house.commission()
    paths = ("/write", "/write/where", "/check", "/play", "/save")
    async with house.browser() as writer:
        for path in paths:
            for key in ("A" * 32, "x"):
                method = "POST" if path == "/save" else "GET"
                answer = await writer.request(method, f"/my-story/{key}{path}", json={"edits": []})
                assert answer.status_code == 404, path
        assert (await writer.get(f"/commissions/{'0' * 32}/tell")).status_code == 404
        begun = await writer.post(f"/commissions/{'0' * 32}/tell", data={"title": "x"})
        assert begun.status_code == 404
        key = await write_story(writer, commission)
        await withdrawal.withdraw(house.store, CLOCK, key)
        for path in paths[:-1]:
            gone = await writer.get(f"/my-story/{key}{path}")
            assert gone.status_code == 409
            assert "taken this story back" in words(gone)
        assert "Its words are gone" in words(await writer.get(f"/my-story/{key}"))


# ---------------------------------------------------------------- the workspace


async def test_scenes_and_ways_are_added_moved_removed_and_put_back_without_a_script(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        key = await write_story(writer, commission)
        here = f"/my-story/{key}/write"

        async def press(do: str, card: str, **changes: str) -> str:
            answer = await writer.post(here, data={"do": do, "card": card, **changes})
            assert answer.status_code == 303, words(answer)
            return answer.headers["location"]

        seen = {"seen:happened.text": mark(str(STEPS["happened"]["happened.text"])), "happened.text": "A new night."}
        assert await press("add-scene", "happened", new="c7", **seen) == f"{here}?open=c7#c7"
        await press("add-scene", "happened", new="c7", **seen)
        draft = await house.draft_of(key)
        assert [card.id for card in draft.cards] == ["happened", "c7", "question"]
        assert draft.cards[0].text == "A new night."
        assert [way.to for way in draft.cards[0].ways] == ["c7"]
        assert [way.to for way in draft.cards[1].ways] == ["question"]

        await press("add-decision", "question", new="d2")
        await press("add-way", "c7", new="w2")
        await press("down", "c7")
        await press("remove-way w2", "c7", **{"seen:c7/w2.text": mark(""), "seen:c7/w2.to": mark("")})
        draft = await house.draft_of(key)
        assert [card.id for card in draft.cards] == ["happened", "question", "c7", "d2"]
        assert draft.cards[3].decision == "yes"
        assert [way.id for way in draft.cards[2].ways] == ["c7"]

        shown = await writer.get(here)
        assert "No way leads to" in words(shown)
        card = re.search(r'<li class="card scene" id="question".*?</form>', shown.text, re.S)
        assert card
        form = filled_form(httpx2.Response(200, text=card[0]), {"do": "remove"})
        gone = await writer.post(here, data=form)
        assert gone.headers["location"] == f"{here}?removed=question#removed"
        assert (await house.draft_of(key)).card("question") is None
        offered = await writer.get(f"{here}?removed=question")
        assert "The scene is removed. Put it back" in words(offered)
        await press("put-back", "question")
    back = (await house.draft_of(key)).card("question")
    assert back
    assert back.text == "What could the crew do now?"
    assert [way.text for way in back.ways] == [STEPS["done"][f"question/r{n}.text"] for n in (1, 2, 3)]
    assert [card.id for card in (await house.draft_of(key)).cards] == ["happened", "question", "c7", "d2"]


async def test_the_workspace_shows_paths_reading_ages_and_what_is_still_to_do(house: House) -> None:
    hard = (
        "Notwithstanding considerable organisational uncertainty, the multidisciplinary rehabilitation partnership "
        "subsequently recommended establishing an interdepartmental communication methodology."
    )
    commission = await house.commission()
    changes: dict[str, str | list[str]] = {"happened.text": hard, "question/r3.text": "", "may_quote": []}
    async with house.browser() as writer:
        key = await write_story(writer, commission, changes)
        here = f"/my-story/{key}/write"
        shown = await writer.get(here)
        # The picture of its paths is for a story that branches.
        back = {"card": "question", "do": "save", "seen:question/r1.to": mark(""), "question/r1.to": "happened"}
        await writer.post(here, data=back)
        branching = await writer.get(here)
    said = words(shown)
    assert ['class="paths"' in one.text for one in (shown, branching)] == [False, True]
    assert "Reading age, as a rough guess: 25 years" in said
    assert f"The hardest sentences {hard}" in said
    assert 'To mend:</strong> <a href="#question">' in shown.text
    assert "How may it be used? Not yet" in said
    assert "Where and when was it? There" in said
    for path in ("check", "play", "build", "versions", "evidence"):
        assert f'href="/my-story/{key}/{path}"' in shown.text


async def test_a_scene_that_is_too_long_stays_open_with_its_words(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        key = await write_story(writer, commission)
        long = "y" * (scenario.MAX_TEXT + 1)
        form = {"card": "happened", "do": "save", "seen:happened.text": mark("x"), "happened.text": long}
        form["seen:happened.text"] = mark((await house.draft_of(key)).cards[0].text)
        answer = await writer.post(f"/my-story/{key}/write", data=form)
    assert answer.status_code == 422
    assert '<a href="#happened.text">This is too long.' in answer.text
    assert long in answer.text
    assert re.search(r'id="happened" [^>]*>\s*<details open>', answer.text)


async def test_a_story_is_played_while_it_is_written(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        key = await write_story(writer, commission)
        front = await writer.get(f"/my-story/{key}/play")
        assert "still being written" in words(front)
        scene = await writer.get(f"/my-story/{key}/play?scene=1")
    assert "A neighbour knocks for the third time." in words(scene)


# ---------------------------------------------------------------- two at once


async def two(house: House) -> tuple[str, dict[str, list[str]], dict[str, list[str]]]:
    """Makes a story, and two forms of one card as two people have opened it."""
    commission = await house.commission()
    async with house.browser() as writer:
        key = await write_story(writer, commission)
        shown = await writer.get(f"/my-story/{key}/write")
    card = re.search(r'<li class="card scene" id="happened".*?</form>', shown.text, re.S)
    assert card
    forms = [filled_form(httpx2.Response(200, text=card[0]), {"do": "save"}) for _ in range(2)]
    return key, forms[0], forms[1]


async def test_the_second_of_two_sees_both_texts_and_chooses(house: House) -> None:
    key, first, second = await two(house)
    here = f"/my-story/{key}/write"
    async with house.browser() as one, house.browser("192.0.2.7") as other:
        await other.post(here, data=first | {"happened.text": ["Two in the night. It rains."]})
        clash = await one.post(here, data=second | {"happened.text": ["It is past three."], "happened.name": ["Night"]})
        assert clash.status_code == 409
        said = words(clash)
        assert "Somebody else wrote here too" in said
        assert "Two in the night. It rains." in html.unescape(re.sub("<[^>]*>", "", clash.text))
        assert re.search(r"<textarea[^>]*>\nIt is past three\.</textarea>", clash.text)
        # What did not clash is saved.
        assert (await house.draft_of(key)).cards[0].name == "Night"
        assert (await house.draft_of(key)).cards[0].text == "Two in the night. It rains."
        theirs = filled_form(clash, {"choose:happened.text": "theirs"})
        assert (await one.post(here, data=theirs)).status_code == 303
        assert (await house.draft_of(key)).cards[0].text == "Two in the night. It rains."
        both = filled_form(clash, {"choose:happened.text": "mine", "happened.text": "Past three. It rains."})
        assert (await one.post(here, data=both)).status_code == 303
    assert (await house.draft_of(key)).cards[0].text == "Past three. It rains."


async def test_words_for_a_scene_that_somebody_removed_can_put_it_back(house: House) -> None:
    key, first, second = await two(house)
    here = f"/my-story/{key}/write"
    async with house.browser() as one, house.browser("192.0.2.7") as other:
        await other.post(here, data=first | {"do": ["remove"]})
        assert (await house.draft_of(key)).card("happened") is None
        clash = await one.post(here, data=second | {"happened.text": ["Mine, much longer."]})
        assert clash.status_code == 409
        assert "Somebody else has removed this." in words(clash)
        leave = filled_form(clash, {"choose:happened.text": "theirs"})
        assert (await one.post(here, data=leave)).status_code == 303
        assert (await house.draft_of(key)).card("happened") is None
        back = await one.post(here, data=filled_form(clash, {"choose:happened.text": "mine"}))
        assert back.status_code == 303
    card = (await house.draft_of(key)).cards[0]
    assert (card.id, card.text) == ("happened", "Mine, much longer.")
    assert [way.to for way in card.ways] == ["question"]


async def test_nobody_removes_what_they_have_not_seen(house: House) -> None:
    key, first, second = await two(house)
    here = f"/my-story/{key}/write"
    async with house.browser() as one, house.browser("192.0.2.7") as other:
        await other.post(here, data=first | {"happened.text": ["New words."]})
        clash = await one.post(here, data=second | {"do": ["remove"]})
    assert clash.status_code == 409
    assert "It was not removed." in words(clash)
    assert "New words." in words(clash)
    assert (await house.draft_of(key)).cards[0].text == "New words."


async def test_what_is_too_long_beside_a_clash_is_not_lost(house: House) -> None:
    key, first, second = await two(house)
    here = f"/my-story/{key}/write"
    name, notes = "N" * (scenario.MAX_NAME + 1), f"One\n{'x' * 5000}"
    async with house.browser() as one, house.browser("192.0.2.7") as other:
        await other.post(here, data=first | {"happened.text": ["Two in the night."]})
        clash = await one.post(here, data=second | {"happened.text": ["It is past three."], "happened.name": [name]})
        assert clash.status_code == 409
        wrong = await one.post(here, data=filled_form(clash, {"choose:happened.text": "mine"}))
        assert wrong.status_code == 422
        assert "This is too long. Use at most" in words(wrong)
        assert f'value="{name}"' in wrong.text
        assert (await house.draft_of(key)).cards[0].text == "It is past three."
        step = f"{here}/use"
        before = filled_form(await one.get(step), {"own_notes": notes, "may_quote": "yes"})
        await other.post(step, data=filled_form(await other.get(step), {"may_quote": "", "own_notes": ""}))
        clash = await one.post(step, data=before)
        assert clash.status_code == 409
        assert html.unescape(clash.text).count("x" * 5000) == 1
    assert (await house.draft_of(key)).cards[0].name == ""
