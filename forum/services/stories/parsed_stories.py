"""Stories read from their text once, and kept for whoever reads them next: pages, rooms."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

from forum.ports.remembered import Remembered
from forum.stories import scenario
from forum.stories.scenario import Scenario

# So many characters of text are kept as stories: some six hundred ordinary ones, or the eighteen longest.
MOST_READ = 4 * 1024 * 1024


async def story_of(
    remembered: Remembered, twee: str, run: Callable[[Callable[[str], Scenario], str], Awaitable[Scenario]]
) -> Scenario:
    """The story in a text, as `scenario.parse` reads it. It is found again by the text's digest; the first time it is
    read by `run`, in a thread, for that takes up to a second. Raises StoryProblems."""
    mark = hashlib.sha256(twee.encode()).hexdigest()
    return await remembered.of(Scenario, MOST_READ, mark, lambda: run(scenario.parse, twee), lambda _story: len(twee))
