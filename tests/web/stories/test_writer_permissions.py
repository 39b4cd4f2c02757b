"""Pages of the writer: a look before sending, permissions, and taking the story back."""

from __future__ import annotations

import re

from support.app import House, field, send_story, words, write_story
from support.factories import CLOCK

from forum.services.stories import moderation
from forum.stories import personal_details
from forum.stories.submission import Submission
from forum.web.stories import marked_text

NUMBER = "07700 900123"
TELLING = 'I rang <the> ward on 07700 900123.\n\nThen Margaret came, with "a form".\nNHS number 999 913 9094.'


async def submitted(house: House) -> list[Submission]:
    async with house.store.read() as work:
        return await work.stories.list_stories()


async def test_the_moderator_sees_marks_reading_ages_and_what_the_writer_allows(house: House) -> None:
    commission = await house.commission()
    hard = (
        "Notwithstanding considerable organisational uncertainty, the multidisciplinary rehabilitation partnership "
        "subsequently recommended establishing an interdepartmental communication methodology in the triage."
    )
    async with house.browser() as writer:
        key = await write_story(writer, commission, {"happened.text": f"{TELLING}\n\n{hard}", "may_publish": "no"})
        assert (await send_story(writer, key)).status_code == 303
    (story,) = await submitted(house)
    async with house.signed_in("moderator") as moderator:
        page = await moderator.get(f"/moderate/{story.id}")
        said = words(page)
        assert page.text.count(f"<mark>{NUMBER}") == 2  # in the list, and where it stands
        assert f"{NUMBER} looks like a phone number" in said
        assert "No: only moderators read it" in said
        assert re.search(r"Reading age, as a rough guess: \d+ years", said)
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
        told = "Margaret waited in triage. Nobody knew triage, in A&E."
        await send_story(writer, await write_story(writer, commission, {"happened.text": told, "may_quote": "yes"}))
        (story,) = await submitted(house)
        await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
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
        await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
        mine = await writer.get(f"/my-story/{key}")
        assert 'name="may_publish"' not in mine.text
        assert "You do not allow that it is played" in words(mine)
        assert (await writer.post(path, data={"may_perform": "yes", "may_quote": "no"})).status_code == 303
        assert (await writer.post("/my-story/" + "A" * 32 + "/permissions", data={})).status_code == 404
    (now,) = await submitted(house)
    assert (now.may_publish, now.may_perform, now.may_quote) == (True, True, False)


async def test_taking_back_asks_first_and_then_says_that_it_is_done(house: House) -> None:
    story, key = await house.story(await house.commission())
    await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
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
        late = await writer.post(f"/my-story/{key}/check", data={})
        assert late.status_code == 409
        refused = await writer.post(f"/my-story/{key}/permissions", data={"may_perform": "yes", "may_quote": "yes"})
        assert refused.status_code == 409
        gone = await writer.get(f"/stories/{story.id}")
        assert gone.status_code == 410
        assert (await writer.get("/my-story/" + "A" * 32 + "/take-back")).status_code == 404


def test_pieces_put_together_are_the_text() -> None:
    text = "In A&E, Margaret rang 07700 900123 from triage, then triage rang back."
    for terms in (True, False):
        cut = marked_text.pieces(text, personal_details.find(text), terms=terms)
        assert "".join(piece.text for piece in cut) == text
        assert [p.text for p in cut if p.mark] == ["Margaret", "07700 900123"]
        assert [p.text for p in cut if p.term] == (["A&E", "triage"] if terms else [])
