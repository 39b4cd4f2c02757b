"""What the writer sees before sending, what they allow, and taking the story back, as pages."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from house import House, a_house, field, story_form, words
from making import CLOCK

from forum import details, scenario, submissions
from forum.ports import Submission
from forum.web import annotating

NUMBER = "07700 900123"
TELLING = 'I rang <the> ward on 07700 900123.\n\nThen Margaret came, with "a form".\nNHS number 999 913 9094.'


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template) as house:
        yield house


async def submitted(house: House) -> list[Submission]:
    async with house.store.read() as work:
        return await work.stories.of()


def hidden(text: str) -> dict[str, list[str]]:
    """The hidden fields of a page, as a browser sends them back."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text):
        found.setdefault(html.unescape(name), []).append(html.unescape(value))
    return found


async def test_marks_are_shown_before_anything_is_sent_and_nothing_typed_is_lost(house: House) -> None:
    commission = await house.commission()
    path = f"/commissions/{commission.id}/tell"
    typed = story_form(happened=TELLING, scene=["One. ", "", "Three\r\nlines"], own_note="a dog dies")
    async with house.browser() as writer:
        key = field(await writer.get(path), "key")
        check = await writer.post(path, data={**typed, "key": key})
        assert check.status_code == 200
        said = words(check)
        assert f"<mark>{NUMBER}" in check.text
        assert f"{NUMBER} looks like a phone number. Take it out" in said
        assert "999 913 9094 looks like an NHS number" in said
        assert "Margaret looks like a name" in said
        assert "<the>" not in check.text
        assert await submitted(house) == []

        carried = hidden(check.text)
        assert carried["happened"] == [TELLING]
        assert carried["key"] == [key]
        change = await writer.post(path, data={**carried, "change": "1"})
        assert change.status_code == 200
        assert TELLING in html.unescape(change.text)
        assert 'value="restraint or force" checked' in change.text
        assert re.search(r'name="may_quote" value="no" checked', change.text)
        assert field(change, "key") == key
        assert await submitted(house) == []

        seen = re.search(r'name="as_it_is" value="([0-9a-f]+)"', check.text)
        assert seen
        # What was changed after it was looked at is looked at again.
        other = await writer.post(path, data={**carried, "question": "Ask Bernadette?", "as_it_is": seen[1]})
        assert "Bernadette looks like a name" in words(other)
        sent = await writer.post(path, data={**carried, "as_it_is": seen[1]})
        assert sent.status_code == 303
        twice = await writer.post(path, data={**carried, "as_it_is": seen[1]})
        assert twice.headers["location"] == sent.headers["location"]
    (story,) = await submitted(house)
    assert [s.text for s in scenario.parse(story.twee).scenes][:3] == [TELLING, "One.", "Three\nlines"]


async def test_a_story_without_marks_goes_straight_through(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        sent = await writer.post(f"/commissions/{commission.id}/tell", data=story_form())
    assert sent.status_code == 303


async def test_marks_are_shown_again_when_a_returned_story_is_sent_again(house: House) -> None:
    commission = await house.commission()
    story, key = await house.story(commission)
    async with house.browser() as writer:
        late = await writer.post(f"/my-story/{key}", data=story_form(happened=TELLING))
        assert late.status_code == 409
        await submissions.moderate(
            house.store, CLOCK, story.id, "return", because="No numbers.", expected_status="submitted"
        )
        check = await writer.post(f"/my-story/{key}", data=story_form(happened=TELLING))
        assert "Before you send it" in words(check)
        change = await writer.post(f"/my-story/{key}", data={**hidden(check.text), "change": "1"})
        assert TELLING in html.unescape(change.text)
        seen = re.search(r'name="as_it_is" value="([0-9a-f]+)"', check.text)
        assert seen
        sent = await writer.post(f"/my-story/{key}", data={**hidden(check.text), "as_it_is": seen[1]})
    assert sent.status_code == 303
    (now,) = await submitted(house)
    assert now.status == "submitted"


async def test_each_of_the_three_questions_wants_an_answer(house: House) -> None:
    commission = await house.commission()
    typed = {name: value for name, value in story_form().items() if name != "may_quote"}
    async with house.browser() as writer:
        answer = await writer.post(f"/commissions/{commission.id}/tell", data={**typed, "may_perform": "perhaps"})
        assert answer.status_code == 422
        assert '<a href="#may_quote">Choose yes or no.' in answer.text
        assert '<a href="#may_perform">' in answer.text
        assert re.search(r'name="may_publish" value="yes" checked', answer.text)
        no = story_form(may_publish="no", may_perform="no", may_quote="yes")
        assert (await writer.post(f"/commissions/{commission.id}/tell", data=no)).status_code == 303
    (story,) = await submitted(house)
    assert (story.may_publish, story.may_perform, story.may_quote) == (False, False, True)


async def test_the_moderator_sees_marks_reading_ages_and_what_the_writer_allows(house: House) -> None:
    commission = await house.commission()
    hard = (
        "Notwithstanding considerable organisational uncertainty, the multidisciplinary rehabilitation partnership "
        "subsequently recommended establishing an interdepartmental communication methodology in the triage."
    )
    form = story_form(happened=TELLING, scene=[hard], may_publish="no")
    async with house.browser() as writer:
        check = await writer.post(f"/commissions/{commission.id}/tell", data=form)
        seen = re.search(r'name="as_it_is" value="([0-9a-f]+)"', check.text)
        assert seen
        await writer.post(f"/commissions/{commission.id}/tell", data={**hidden(check.text), "as_it_is": seen[1]})
    (story,) = await submitted(house)
    async with house.signed_in("moderator") as moderator:
        page = await moderator.get(f"/moderate/{story.id}")
        said = words(page)
        assert page.text.count(f"<mark>{NUMBER}") == 2  # in the list, and where it stands
        assert f"{NUMBER} looks like a phone number" in said
        assert "No: only moderators read it" in said
        assert "Reading age, as a rough guess: 25 years" in said
        assert f"The hardest sentences {hard}" in said
        assert '<a class="term" href="#word-triage">triage</a>' in page.text
        assert page.text.count('id="word-triage"') == 1
        refused = await moderator.post(
            f"/moderate/{story.id}",
            data={"action": "accept", "expected": field(page, "expected"), "read": field(page, "read")},
        )
        assert refused.status_code == 422
        assert "does not allow that it is published" in words(refused)
    assert (await submitted(house))[0].status == "submitted"


async def test_the_public_page_explains_words_and_marks_nothing(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        form = story_form(happened="Margaret waited in triage. Nobody knew triage, in A&E.", may_quote="yes")
        check = await writer.post(f"/commissions/{commission.id}/tell", data=form)
        seen = re.search(r'name="as_it_is" value="([0-9a-f]+)"', check.text)
        assert seen
        await writer.post(f"/commissions/{commission.id}/tell", data={**hidden(check.text), "as_it_is": seen[1]})
        (story,) = await submitted(house)
        await submissions.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
        page = await writer.get(f"/stories/{story.id}")
    assert "<mark>" not in page.text
    assert page.text.count('href="#word-triage"') == 1
    assert 'href="#word-a-e">A&amp;E</a>' in page.text
    assert "You may quote from this story" in words(page)
    for name in re.findall(r'href="#(word-[^"]+)"', page.text):
        assert f'id="{name}"' in page.text


async def test_answers_are_changed_from_the_private_link(house: House) -> None:
    story, key = await house.story(await house.commission())
    path = f"/my-story/{key}/permissions"
    async with house.browser() as writer:
        page = await writer.get(f"/my-story/{key}")
        assert re.search(r'name="may_perform" value="yes" checked', page.text)
        none = await writer.post(path, data={"may_perform": "no"})
        assert none.status_code == 422
        assert '<a href="#may_publish">' in none.text
        assert re.search(r'name="may_perform" value="no" checked', none.text)
        saved = await writer.post(path, data={"may_perform": "no", "may_publish": "yes", "may_quote": "yes"})
        assert saved.headers["location"] == f"/my-story/{key}?done=permissions"
        assert "Your answers are saved" in words(await writer.get(saved.headers["location"]))
        await submissions.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
        mine = await writer.get(f"/my-story/{key}")
        assert 'name="may_publish"' not in mine.text
        assert "You do not allow that it is played" in words(mine)
        assert (await writer.post(path, data={"may_perform": "yes", "may_quote": "no"})).status_code == 303
        assert (await writer.post("/my-story/" + "A" * 32 + "/permissions", data={})).status_code == 404
    (now,) = await submitted(house)
    assert (now.may_publish, now.may_perform, now.may_quote) == (True, True, False)


async def test_taking_back_asks_first_and_then_says_that_it_is_done(house: House) -> None:
    story, key = await house.story(await house.commission())
    await submissions.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
    path = f"/my-story/{key}/take-back"
    async with house.browser() as writer:
        assert f'href="{path}"' in (await writer.get(f"/my-story/{key}")).text
        asked = await writer.get(path)
        assert "What goes" in words(asked)
        assert "What stays" in words(asked)
        unsure = await writer.post(path, data={})
        assert unsure.status_code == 422
        assert '<a href="#sure">' in unsure.text
        assert (await submitted(house))[0].status == "accepted"
        done = await writer.post(path, data={"sure": "1"})
        assert done.headers["location"] == f"/my-story/{key}?done=taken-back"
        mine = words(await writer.get(done.headers["location"]))
        assert "You took this story back on" in mine
        assert "third knock" not in mine.lower()
        assert (await writer.post(path, data={"sure": "1"})).status_code == 303
        assert "You have taken it back" in words(await writer.get(path))
        late = await writer.post(f"/my-story/{key}", data=story_form(title="Another"))
        assert late.status_code == 409
        refused = await writer.post(f"/my-story/{key}/permissions", data={"may_perform": "yes", "may_quote": "yes"})
        assert refused.status_code == 409
        gone = await writer.get(f"/stories/{story.id}")
        assert gone.status_code == 410
        assert (await writer.get("/my-story/" + "A" * 32 + "/take-back")).status_code == 404


def test_pieces_put_together_are_the_text() -> None:
    text = "In A&E, Margaret rang 07700 900123 from triage, then triage rang back."
    for terms in (True, False):
        cut = annotating.pieces(text, details.find(text), terms=terms)
        assert "".join(piece.text for piece in cut) == text
        assert [p.text for p in cut if p.mark] == ["Margaret", "07700 900123"]
        assert [p.text for p in cut if p.term] == (["A&E", "triage"] if terms else [])
