"""Parsed stories, kept in memory so that pages and rooms parse each text once."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

from forum.ports.result_cache import Remembered
from forum.stories import scenario_twee
from forum.stories.scenario import Scenario

# Characters of story text kept parsed: about six hundred ordinary stories, or the eighteen longest.
MOST_READ = 4 * 1024 * 1024


async def story_of(
    remembered: Remembered, twee: str, run: Callable[[Callable[[str], Scenario], str], Awaitable[Scenario]]
) -> Scenario:
    """Returns the story in a text, as `scenario_twee.parse` reads it; kept by the text's digest.

    The first time it is parsed by `run`, in a thread, as that takes up to a second. Raises StoryProblems.
    """
    mark = hashlib.sha256(twee.encode()).hexdigest()
    return await remembered.of(
        Scenario, MOST_READ, mark, lambda: run(scenario_twee.parse, twee), lambda _story: len(twee)
    )
