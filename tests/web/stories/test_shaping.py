"""The pages on which a story that was sent without a question gets one: of its teller, of moderators, of helpers."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import httpx2
import pytest
from support.app import STEPS, House, a_house, fill_in, filled_form, send_story, words, write_story
from support.co_written_story import fill_in_and_send
from support.factories import CLOCK, new_id

from forum.services.keys import new_key
from forum.services.stories import build_link

ANSWERS = "A nurse\nThe crew\nA neighbour"
NO_QUESTION: dict[str, str | list[str]] = dict.fromkeys(STEPS["done"], "")


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template) as house:
        yield house


async def told(writer: httpx2.AsyncClient, house: House) -> str:
    """Tells what happened alone, and sends it as the page offers it; returns the private link's key."""
    key = await write_story(writer, await house.commission(), NO_QUESTION)
    check = await writer.get(f"/my-story/{key}/check")
    assert 'name="shape" value="1" checked' in check.text
    assert "published only when you have said yes" in words(check)
    assert (await send_story(writer, key)).status_code == 303
    return key


async def test_a_moderator_proposes_the_question_and_the_writers_yes_publishes_it(house: House) -> None:
    async with house.browser() as writer, house.signed_in("moderator") as moderator:
        key = await told(writer, house)
        (story,) = await house.stories()
        mine = words(await writer.get(f"/my-story/{key}"))
        assert "Waits for a question" in mine
        assert "Nothing is published before you have said yes." in mine
        assert "Waits for somebody to propose the question" in words(await moderator.get("/moderate"))
        path = f"/moderate/{story.id}"
        shown = await moderator.get(path)
        assert 'value="accept"' not in shown.text
        hidden = {name: form_value(shown, name) for name in ("read", "id")}
        typed = {"shaping": "propose", "title": "Who should come?", "words": "A nurse", "agreed": "1"} | hidden
        wrong = await moderator.post(f"{path}/shape", data=typed)
        assert wrong.status_code == 422
        assert '<a href="#words">Write 3 to 5 responses' in wrong.text
        assert "Who should come?" in wrong.text
        forged = await moderator.post(f"{path}/shape", data=typed | {"words": ANSWERS, "read": "", "id": new_id()})
        assert (forged.status_code, "Open the page again" in words(forged)) == (409, True)
        assert "Who should come?</textarea>" in forged.text, "what was typed stays"
        for _pressed in range(2):
            sent = await moderator.post(f"{path}/shape", data=typed | {"words": ANSWERS})
            assert (sent.status_code, sent.headers["location"]) == (303, "/moderate?done=propose")
        assert "Waiting for their writers’ yes" in words(await moderator.get("/moderate"))
        assert "Agreed: public as soon as its writer says yes" in words(await moderator.get(path))

        page = await writer.get(f"/my-story/{key}")
        said = words(page)
        assert "Somebody proposes the question and the answers From: The organisers Who should come?" in said
        assert "If you say yes, everybody can read it at once." in said
        assert "you have 365 days" in said
        [act] = re.findall(rf'action="(/my-story/{key}/build/[0-9a-f]{{32}})"', page.text)
        for how, opened in (("change=1", "change"), ("no=1", "no")):
            assert f'<details id="{opened}" open>' in (await writer.get(f"{act}?{how}")).text
        yes = await writer.post(act, data={"outcome": "accepted"})
        assert yes.headers["location"] == f"/my-story/{key}?done=yes"
        assert "Thank you. Everybody can read your story now." in words(await writer.get(yes.headers["location"]))
        twice = await writer.post(act, data={"outcome": "accepted"})
        assert twice.status_code == 409
        assert "has answered this suggestion" in words(twice)
        async with house.browser() as reader:
            public = words(await reader.get(f"/stories/{story.id}"))
        assert "Who should come?" in public
        assert "with suggestions from" not in public
        # Too late: told clearly, with the words that were typed.
        late = await moderator.post(f"{path}/shape", data=typed | {"words": ANSWERS, "id": ""})
        assert late.status_code == 409
        assert "The question that you wrote" in words(late)


async def test_somebody_with_the_build_link_proposes_it_and_a_moderator_agrees(house: House) -> None:
    async with house.browser() as writer, house.browser() as other, house.signed_in("moderator") as moderator:
        key, link = await told(writer, house), new_key()
        await build_link.share(house.store, CLOCK, key, link)
        (story,) = await house.stories()
        assert "It has no question yet" in words(await other.get(f"/build/{link}"))
        form = f"/build/{link}/suggest?kind=question"
        wrong = await fill_in_and_send(other, form, title="", words=ANSWERS)
        assert '<a href="#title">Write the question.' in wrong.text
        assert (await fill_in_and_send(other, form, title="Who comes?", words=ANSWERS)).status_code == 303
        mine = await writer.get(f"/my-story/{key}")
        assert "If you say yes, a moderator reads your story with it. Only then it is published." in words(mine)
        shown = await moderator.get(f"/moderate/{story.id}")
        agree = {"shaping": "agree", "read": form_value(shown, "read"), "proposal": form_value(shown, "proposal")}
        assert (await moderator.post(f"/moderate/{story.id}/shape", data=agree)).status_code == 303
        said = await writer.get(f"/my-story/{key}")
        assert "everybody can read it at once" in words(said)
        [act] = re.findall(rf'action="(/my-story/{key}/build/[0-9a-f]{{32}})"', said.text)
        no = await writer.post(act, data={"outcome": "declined", "because": "Not about who comes."})
        assert "You said no." in words(await writer.get(no.headers["location"]))
        assert "Not about who comes." in words(await moderator.get(f"/moderate/{story.id}"))
        assert "Waits for a question" in words(await writer.get(f"/my-story/{key}"))


async def test_a_story_may_go_without_a_question(house: House) -> None:
    async with house.browser() as writer:
        key = await write_story(writer, await house.commission(), NO_QUESTION)
        form = filled_form(await writer.get(f"/my-story/{key}/check"), {})
        del form["shape"]
        assert (await writer.post(f"/my-story/{key}/check", data=form)).status_code == 303
        assert "Waiting to be read" in words(await writer.get(f"/my-story/{key}"))
        # Nobody votes on what may not be performed, so nobody is asked for a question.
        other = await write_story(writer, await house.commission(), NO_QUESTION | {"may_perform": "no"})
        assert 'name="shape"' not in (await writer.get(f"/my-story/{other}/check")).text
        await fill_in(writer, f"/my-story/{other}/write/where", {"setting": "A ward"})


def form_value(page: httpx2.Response, name: str) -> str:
    """Reads a hidden field of a page, by its name."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, name
    return unescape(found[1])
