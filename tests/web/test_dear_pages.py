"""What pages cost that anybody may ask for again and again: counted in statements and in what is drawn, not in time.

What is asked of the database does not grow with what is in it; a story is drawn once in each language, and nothing that
was drawn outlives its words.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from house import House, a_house, words
from making import CLOCK

from forum import scenario, withdrawal
from forum.remembered import Drawn
from forum.store import SqlStore


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template) as house:
        yield house


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stories that are read from now on, each time they are."""
    told: list[str] = []
    plain = scenario.parse

    def counted(source: str, **given: Any) -> scenario.Scenario:
        told.append(source)
        return plain(source, **given)

    monkeypatch.setattr(scenario, "parse", counted)
    return told


def drawn(house: House) -> Sequence[str]:
    """All that is kept of drawn stories."""
    assert isinstance(house.store, SqlStore)
    return [str(made) for made, _size in house.store.remembered._of.get(Drawn.__name__, {}).values()]


async def test_a_story_is_drawn_once_in_each_language_and_anew_for_another_text(
    house: House, parsed: list[str]
) -> None:
    story, _key = await house.story(await house.commission(), "The third knock")
    await house.moderated(story, "accept")
    async with house.browser() as browser:
        first = await browser.get(f"/stories/{story.id}")
        parsed.clear()
        assert (await browser.get(f"/stories/{story.id}")).text == first.text
        assert parsed == []
        welsh = await browser.get(f"/stories/{story.id}", headers={"Accept-Language": "cy"})
        assert len(parsed) == 1
        assert "Told by" in words(first)
        assert "Told by" not in words(welsh)
        assert "A neighbour knocks" in words(welsh)
        async with house.store.begin() as work:
            now = await work.stories.get(story.id)
            changed = now.twee.replace("A neighbour knocks", "A neighbour sings")
            await work.stories.save(type(now)(**{**vars(now), "twee": changed}), now.status)
        after = words(await browser.get(f"/stories/{story.id}"))
    assert "A neighbour sings" in after
    assert "A neighbour knocks" not in after


async def test_what_was_drawn_of_a_story_is_forgotten_with_it(house: House) -> None:
    commission = await house.commission()
    story, key = await house.story(commission)
    other, _ = await house.story(commission, "Another night")
    for one in (story, other):
        await house.moderated(one, "accept")
    async with house.browser() as browser:
        for one in (story, other):
            assert (await browser.get(f"/stories/{one.id}")).status_code == 200
        assert len(drawn(house)) == 2
        await withdrawal.withdraw(house.store, CLOCK, key)
        assert drawn(house) == []
        gone = await browser.get(f"/stories/{story.id}")
        assert gone.status_code == 410
        assert "neighbour" not in gone.text
        assert "neighbour" in (await browser.get(f"/stories/{other.id}")).text
