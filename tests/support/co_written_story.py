"""Story that is being written, with its private link and its build link."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import unescape
from typing import Any

import httpx2

from forum.ports import Store
from forum.services.keys import new_key
from forum.services.stories import build_link, draft_edits
from forum.services.stories.build_link import Answer
from forum.services.stories.moderation import moderate
from forum.services.stories.suggestions import Offer
from forum.stories.draft import Draft
from forum.stories.edits import AddCard, AddWay, Edit, SetField
from forum.stories.submission import Submission
from forum.stories.suggestion import Suggestion
from forum.voting.commission import Commission
from support.app import House, words
from support.factories import CLOCK, a_commission

# A title, one scene, and a question with three responses: nothing of it leads anywhere else.
WRITTEN: tuple[Edit, ...] = (
    SetField("title", ("e3b0c44298fc1c149afbf4c8996fb924",), "The third knock"),
    AddCard("c1", text="It is past two. A neighbour knocks."),
    AddCard("c2", after="c1", text="What could the crew do now?", decision="yes"),
    AddWay("c2", "w1", "Sit down and ask"),
    AddWay("c2", "w2", "Call the crisis team"),
    AddWay("c2", "w3", "Take him to hospital"),
)
ANSWERED: tuple[Edit, ...] = tuple(
    SetField(name, ("e3b0c44298fc1c149afbf4c8996fb924",), value)
    for name, value in (("group", "g2"), ("may_perform", "yes"), ("may_publish", "yes"), ("may_quote", "no"))
)
RESPONSE = Offer("response", "Ask the neighbour to stay", "c2", group="g3")
SCENE = Offer("scene", "The crew arrives after an hour.", "c1", title="The crew", group="g4", name="Kim")
CORRECTION = Offer("correction", "It is past three. A neighbour knocks.", "c1.text", group="no")
EVIDENCE = Offer("evidence", title="A report", url="https://example.org/report", group="g1")


@dataclass(frozen=True)
class Built:
    """Stored story that is being written: `key` is its private link's, `link` its build link's."""

    store: Store
    commission: Commission
    story: str
    key: str
    link: str

    async def draft(self) -> Draft:
        """Reads the draft as it is now."""
        return await draft_edits.opened(self.store, CLOCK, self.key)

    async def suggest(self, offer: Offer = RESPONSE, **changes: Any) -> Suggestion:
        """Makes a suggestion by the build link; by default a response."""
        return await build_link.suggest(self.store, CLOCK, self.link, replace(offer, **changes), device="theirs")

    async def answer(self, suggestion: Suggestion, outcome: str = "accepted", **more: str) -> Suggestion:
        """Answers a suggestion; by default takes it in."""
        return await build_link.answer(self.store, CLOCK, self.key, suggestion.id, Answer(outcome, **more))

    async def save(self, *edits: Edit) -> draft_edits.Saved:
        """Saves edits as a keeper."""
        return await draft_edits.save(self.store, CLOCK, self.key, edits, "keeper")

    async def suggestions(self) -> list[Suggestion]:
        """Reads every suggestion, as it is stored."""
        async with self.store.read() as work:
            return await work.drafts.suggestions(self.story)

    async def submission(self) -> Submission:
        """Reads the story, as it is stored."""
        async with self.store.read() as work:
            return await work.stories.get_story(self.story)

    async def moderated(self, action: str, because: str = "") -> None:
        """Does a moderator's act on the story; returns the story after it."""
        status = (await self.submission()).status
        await moderate(self.store, CLOCK, self.story, action, because=because, expected_status=status)


async def a_built_story(store: Store, commission: Commission | None = None) -> Built:
    """Stores one, with a build link."""
    if commission is None:
        commission = a_commission()
        async with store.begin() as work:
            await work.commissions.add_commission(commission)
    key, link = new_key(), new_key()
    saved = await draft_edits.begin(store, CLOCK, commission.id, key, [*WRITTEN, *ANSWERED], "keeper")
    assert not saved.clashes
    assert not saved.errors
    await build_link.share(store, CLOCK, key, link)
    return Built(store, commission, saved.story.id, key, link)


@dataclass(frozen=True)
class Together:
    """House with a story in it that is being built."""

    house: House
    built: Built

    @property
    def build_path(self) -> str:
        """Returns the path of the build link's page."""
        return f"/build/{self.built.link}"

    @property
    def keepers_path(self) -> str:
        """Returns the path of the keepers' page."""
        return f"/my-story/{self.built.key}/build"

    async def suggestions(self) -> list[Suggestion]:
        """Reads every suggestion, as it is stored."""
        async with self.house.store.read() as work:
            return await work.drafts.suggestions(self.built.story)


async def fill_in_and_send(browser: httpx2.AsyncClient, url: str, /, **typed: str) -> httpx2.Response:
    """Opens the form at an address, fills it in, and sends it as a browser does."""
    form = await browser.get(url)
    assert form.status_code == 200, words(form)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form.text))
    fields = {name: unescape(value) for name, value in hidden.items()}
    return await browser.post(url.partition("?")[0], data=fields | {"group": "g3"} | typed)
