"""An organiser's home of a commission: what comes next, whom to invite and how, and copies of the demonstration."""

from __future__ import annotations

import io

import httpx2
import pypdf
import pytest
from support.app import House, words
from support.factories import CLOCK

from forum.services import demonstration_copies, organisation
from forum.services.organisation import Change
from forum.stories import scenario_twee


def text_of(paper: httpx2.Response) -> str:
    return " ".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(paper.content)).pages)


async def test_stories_are_copied_once_marked_public_and_in_the_record(house: House) -> None:
    about = await house.commission()
    own = f"/organise/commissions/{about.id}"
    async with house.signed_in("organiser") as organiser:
        page = await organiser.get(own)
        assert "Copy two stories of the demonstration" in words(page)
        for _ in range(2):
            answer = await organiser.post(f"{own}/stories", data={"first": "1"})
            assert answer.headers["location"] == f"{own}?done=copied"
        page = await organiser.get(f"{own}?done=copied")
        assert "The stories are copied." in words(page)
        assert f'href="/organise/sessions/new?commission={about.id}"' in page.text
        none = await organiser.post(f"{own}/stories", data={})
        assert (none.status_code, "Choose a story to copy." in words(none)) == (422, True)
    stories = await house.stories()
    assert len(stories) == 2
    for story in stories:
        assert story.title.endswith(demonstration_copies.COPIED)
        assert scenario_twee.parse(story.twee).title == story.title
        assert (story.status, story.may_perform) == ("accepted", True)
    async with house.store.read() as work:
        found = await work.record.entries()
    assert [one.body.count(b"scenario published") for one in found] == [1, 1]


async def test_nothing_is_copied_into_a_commission_that_is_closed(house: House) -> None:
    about = await house.commission(closed_at=CLOCK.now())
    own = f"/organise/commissions/{about.id}"
    async with house.signed_in("organiser") as organiser:
        answer = await organiser.post(f"{own}/stories", data={"first": "1"})
        assert answer.status_code == 409
        assert "This commission is closed." in words(answer)
    assert await house.stories() == []


@pytest.mark.parametrize("role", ["organiser", "commissioner"])
async def test_the_home_names_the_people_of_the_commission_and_its_poster_is_a_pdf(house: House, role: str) -> None:
    about = await house.commission()
    await house.story(about)
    own = f"/organise/commissions/{about.id}"
    async with house.signed_in(role) as browser:
        page = await browser.get(own)
        assert "1 story waits for a moderator." in words(page)
        assert f"/commissions/{about.id}/tell" in page.text
        assert role.capitalize() in words(page)
        assert (f'action="{own}/stories"' in page.text) is (role == "organiser")
        assert ("/export?commission=" in page.text) is (role == "commissioner")
        poster = await browser.get(f"{own}/poster.pdf")
        assert poster.headers["content-type"] == "application/pdf"
        assert poster.content.startswith(b"%PDF")
        assert "Anytown Board" not in text_of(poster)
        await organisation.change(house.store, CLOCK, ["en"], Change({"name": "Anytown Board"}))
        await house.site.face.refresh()
        assert "Anytown Board" in text_of(await browser.get(f"{own}/poster.pdf"))
