"""Scenarios: stories with scenes, stop points, decision points and responses, and how long each part may be.

Its rules are in scenario_rules.py; scenario_twee.py reads and writes one.
"""

from __future__ import annotations

from dataclasses import dataclass

from forum.stories import story_file

MAX_TITLE = 120
MAX_NAME = 100
MAX_TEXT = 4000
MAX_QUESTION = 400
MAX_RESPONSE = 200
MAX_DETAIL = 200
MAX_DETAILS = 20
MIN_RESPONSES, MAX_RESPONSES = 3, 5

DECISION, STOP, FORUM = TAGS = ("decision", "stop", "forum")
ABOUT = "About this story"
RESERVED = (story_file.TITLE, story_file.DATA, ABOUT)
# The keys of the metadata in the order they are written; the last two are lists, split at ";".
TOLD_BY, SETTING, CHARACTERS, CONTENT_NOTES = DETAILS = ("told by", "setting", "characters", "content notes")


@dataclass(frozen=True)
class Link:
    """A way on from a scene: the words shown, and the name of the scene it leads to.

    In a decision scene a link is a response: one thing somebody could do, and what people vote on.
    """

    text: str
    to: str


@dataclass(frozen=True)
class Scene:
    """A played passage. `text` is plain text without links, paragraphs separated by an empty line.

    `stop` marks a stop point: a place where the action may be stopped. `decision` marks a decision point: its text is
    the question, its links are the 3 to 5 responses.
    """

    name: str
    text: str
    links: tuple[Link, ...] = ()
    stop: bool = False
    decision: bool = False


@dataclass(frozen=True)
class Scenario:
    """A whole story. `ifid` is its Twine identity (upper-case UUID); `start` names the first scene.

    `told_by` is the label of the group that tells it; `setting` is where and when; `characters` are as written.
    """

    title: str
    ifid: str
    start: str
    scenes: tuple[Scene, ...]
    told_by: str = ""
    setting: str = ""
    characters: tuple[str, ...] = ()
    content_notes: tuple[str, ...] = ()

    def scene(self, name: str) -> Scene | None:
        """Returns the scene of this name, or None."""
        return next((s for s in self.scenes if s.name == name), None)

    @property
    def decisions(self) -> tuple[Scene, ...]:
        """The decision points, in story order."""
        return tuple(s for s in outline(self) if s.decision)


def outline(scenario: Scenario) -> tuple[Scene, ...]:
    """Returns the scenes reachable from the start, each once: nearest first, links in their order (breadth first).

    So all ways out of a decision stand together, before the scenes that follow them: the facilitator's running order.
    """
    by_name = {scene.name: scene for scene in reversed(scenario.scenes)}
    order: dict[str, Scene] = {}
    ahead = [scenario.start]
    for name in ahead:  # grows while we walk
        if name in by_name and name not in order:
            order[name] = by_name[name]
            ahead += [link.to for link in by_name[name].links]
    return tuple(order.values())
