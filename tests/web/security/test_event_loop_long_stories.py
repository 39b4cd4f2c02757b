"""Event loop while the longest story there can be is sent, accepted, opened, written at, built at, sent again, put on a
programme and shown in a room: it goes on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from attack.large_files import of_names, of_ways
from support.app import House, a_house, words
from support.factories import CLOCK, a_room
from support.loop_watch import Asker, Watch, watched

from forum.services import permissions
from forum.services.keys import new_key
from forum.services.sessions.programmes import Programming, SectionForm
from forum.services.stories import build_link, draft_edits, moderation, submissions
from forum.services.stories.submissions import Sent
from forum.stories import scenario_twee, twee, twine
from forum.stories.draft import mark
from forum.stories.edits import SetField
from forum.stories.scenario import Link, Scenario, Scene
from forum.stories.submission import VersionKind


def of_scenes() -> Scenario:
    """Makes a story of very many scenes, as long as a file may be, the second of which is a question."""
    said = ("She asks for the ward. Nobody knows. " * 58).strip()
    ask = tuple(Link(f"Say {n}", "s2") for n in range(3))
    scenes = [Scene("s0", said, (Link("Go on", "s1"),)), Scene("s1", "What now?", ask, decision=True)]
    scenes += [Scene(f"s{n}", said, (Link("Go on", f"s{n + 1}"), Link("Stay", "s2"))) for n in range(2, 110)]
    scenes.append(Scene("s110", "It ends."))
    return Scenario("A long way", "AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA", "s0", tuple(scenes))


def of_links() -> Scenario:
    """Makes a story of few scenes, and as many ways as a file may have."""
    told = twine.read_file("a.twee", of_names().encode()).scenarios[0]
    assert len(told.scenes[0].links) > twee.MOST_LINKS * 0.9
    return told


@pytest.mark.parametrize("make", [of_scenes, of_links])
async def test_no_act_on_the_longest_story_holds_the_loop(
    make: Callable[[], Scenario], tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = make()
    assert twee.MAX_BYTES * 0.85 < len(scenario_twee.write(told).encode()) <= twee.MAX_BYTES
    async with (
        a_house(tmp_path, sqlite_template, background=True) as house,
        house.signed_in(*permissions.ROLES) as browser,
    ):
        for template in house.site.templates.list_templates():
            house.site.templates.get_template(template)
        live, _ = await a_room(house.store, ["g1"])
        asker = Asker(house, "; ".join(f"{name}={value}" for name, value in browser.cookies.items()))
        slow: set[str] | None = None
        for _ in range(6):  # what is slow is so each time, and noise is not
            with watched(monkeypatch) as watch:
                await lived(house, asker, watch, told, live)
            here = {fault.partition(": ")[0] for fault in watch.faults}
            slow = here if slow is None else slow & here
            if not slow:
                break
    assert not slow, "\n".join(watch.faults)


async def test_a_story_of_very_many_ways_has_no_page_to_write_at_and_goes_on_as_a_file(
    tmp_path: Path, sqlite_template: Path
) -> None:
    async with a_house(tmp_path, sqlite_template, background=True) as house, house.browser() as browser:
        commission = await house.commission()
        for scenes, status in ((20, 200), (300, 409), (150, 200)):
            told = twine.read_file("a.twee", of_ways(scenes).encode()).scenarios[0]
            sent = Sent(told, group=None, may_perform=True, may_publish=True)
            _story, key = await submissions.submit(house.store, CLOCK, commission.id, sent)
            answer = await browser.get(f"/my-story/{key}/write")
            assert answer.status_code == status
            assert ("download it as a file" in words(answer)) == (status == 409)
            assert len(answer.content) < 5_000_000
            assert (await browser.get(f"/my-story/{key}/story.twee")).status_code == 200


async def lived(house: House, asker: Asker, watch: Watch, told: Scenario, live: Any) -> None:
    """Takes one story through its life."""

    async def acted(what: str, act: Awaitable[Any]) -> Any:
        came = await act
        await asyncio.sleep(0)  # so that the step that ended here is measured
        watch.look(what)
        return came

    async def got(path: str, status: int = 200) -> None:
        answered, _page = await acted("GET " + re.sub(r"[\w-]{20,}", "x", path), asker.ask("GET", path))
        assert answered == status, (path, answered)

    store = house.store
    sent = Sent(told, group=None, may_perform=True, may_publish=True)
    story, key = await acted("submit", submissions.submit(store, CLOCK, live.commission, sent))
    mine, public = f"/my-story/{key}", f"/stories/{story.id}"
    for path in ("/moderate", f"/moderate/{story.id}", mine, f"{mine}/story.twee"):
        await got(path)
    await acted("accept", house.moderated(story, "accept"))
    for path in ("/stories", public, f"{public}/play", f"{public}/play?scene=1"):
        await got(path)
    await got(f"{public}/feed.atom")
    draft = await acted("opened", draft_edits.opened(store, CLOCK, key))
    await got(f"{mine}/write")
    for path in ("play", "play?scene=1", "versions", "versions/1", "build", "check", "write/happened"):
        await got(f"{mine}/{path}")
    card = draft.cards[-1]
    edits = [SetField(f"{card.id}.text", (mark(card.text),), "It.")]
    await acted("save", draft_edits.save(store, CLOCK, key, edits))
    wish = {"edits": [{"do": "set", "field": "title", "text": "Y", "seen": [mark(draft.title)]}], "parts": PARTS}
    said, page = await acted(
        "save by page", asker.ask("POST", f"{mine}/save", msgspec.json.encode(wish), "application/json")
    )
    assert said == 200, page
    shared = new_key()
    await acted("share", build_link.share(store, CLOCK, key, shared, ""))
    await got(f"/build/{shared}")
    await got(f"/build/{shared}/play")
    await got(f"/build/{shared}/suggest?kind=correction&place={card.id}.text")
    await got(f"/build/{shared}/suggest?kind=scene&place={card.id}")
    await acted("send", draft_edits.send(store, CLOCK, key))
    async with store.read() as work:
        story = await work.stories.get_story(story.id)
    story = await acted("accept version", house.moderated(story, moderation.ModeratorMove.ACCEPT_VERSION))
    await acted("bring back", draft_edits.bring_back(store, CLOCK, key, 1))
    async with store.read() as work:
        kept = await work.drafts.history(story.id)
    await got(f"{public}/versions/{max(one.number for one in kept if one.kind == VersionKind.PUBLISHED)}")
    programming = Programming(store, CLOCK, live.id)
    planned = await acted("section", programming.section(SectionForm(title="A section")))
    planned = await acted("programme", programming.story(planned.plan.sections[-1].id, story.id))
    session = f"/organise/sessions/{live.id}"
    new = f"/organise/asynchronous/new?commission={live.commission}"
    for path in (f"{session}/programme", f"{session}/run-sheet", "/organise", new):
        await got(path)
    for path in (f"/sessions/{live.id}/programme", f"/console/{live.id}", f"/s/{live.code}", f"{session}/papers/x"):
        await acted(re.sub(r"[\w-]{20,}", "x", path), asker.ask("GET", path))
    if not planned.plan.sections[-1].items:
        return  # there is nothing to vote on
    form = "application/x-www-form-urlencoded"
    body = f"item={planned.plan.sections[-1].items[0].id}&after=".encode()
    said, page = await acted("cue", asker.ask("POST", f"/console/{live.id}/item", body, form))
    assert said == 303, page
    await got(f"/console/{live.id}")


PARTS = ["findings", "hints", "paths"]
