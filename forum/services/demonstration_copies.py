"""Copies stories of the demonstration into a commission, to try things out with before people have told theirs."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from forum.errors import BadInput, IllegalMove
from forum.ports import Store
from forum.ports.clock import Clock
from forum.ports.long_work import long
from forum.services.demonstration import STORIES, accepted, stories_in
from forum.services.stories import moderation
from forum.stories import scenario_twee
from forum.stories.submission import StoryStatus, Submission

# Behind the title of a copy, on every screen and in the record: these people are made up.
COPIED: Final = " (from the demonstration)"


async def to_copy(folder: Path = STORIES) -> list[tuple[str, str]]:
    """Returns the name of each story that can be copied, and its title. Raises StartupProblem as `load` does."""
    return await long(_titles, folder)


@cache  # the files of a running program stay as they are, and reading them takes longer than a page
def _titles(folder: Path) -> list[tuple[str, str]]:
    return [(story.ifid, story.title) for story, _twee in stories_in(folder)]


async def copy_stories(
    store: Store, clock: Clock, commission: str, wanted: Collection[str], folder: Path = STORIES
) -> list[Submission]:
    """Copies stories of the demonstration, by the names of `to_copy`, into a commission: accepted, public, in the
    record, each with COPIED behind its title. What was copied before is not copied again.

    Returns the new ones. Raises BadInput where none is chosen, IllegalMove where the commission is closed, NotFound.
    """
    copies = [
        replace(story, title=story.title + COPIED, ifid=str(uuid.uuid4()).upper())
        for story, _twee in await long(stories_in, folder)
        if story.ifid in wanted
    ]
    if not copies:
        raise BadInput("Choose a story to copy.", field="story")
    twee = [await long(scenario_twee.write, one) for one in copies]
    made: list[Submission] = []
    async with store.begin() as work:
        about = await work.commissions.get_commission(commission, lock=True)
        if about.closed_at:
            raise IllegalMove("This commission is closed. Reopen it first.")
        there = {one.title for one in await work.stories.list_stories(commission, StoryStatus.ACCEPTED)}
        for story, text in zip(copies, twee, strict=True):
            if story.title not in there:
                at = clock.now()
                one = replace(accepted(about, story, text, at), may_publish=True, may_quote=True, published_at=at)
                await work.stories.add_story(one)
                await moderation.publish(work, one, at)
                made.append(one)
    return made
