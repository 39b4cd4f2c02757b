"""The demonstration: a commission with its stories, which gives a new server something to show and to try."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from forum import ROOT
from forum.errors import StartupProblem, StoryProblems
from forum.ports import Store
from forum.ports.clock import Clock
from forum.services.stories import moderation
from forum.stories import scenario_twee
from forum.stories.scenario import Scenario
from forum.stories.submission import StoryStatus, Submission
from forum.voting.commission import Commission, DecisionPower, Group, SupportLine

FACT: Final = "demonstration"
LENT: Final = 2
STORIES: Final = ROOT / "scenarios"

# Label of the group, and how many people were invited; None where nobody counts invitations.
_GROUPS: Final = (
    ("People who use services", 60),
    ("Carers", 40),
    ("Nurses", 30),
    ("Psychiatrists", 12),
    ("Emergency department staff", 20),
    ("Ambulance crews", 15),
    ("Police", 12),
    ("GPs", 15),
    ("Commissioners", 6),
    ("Voluntary sector and neighbours", None),
)


def commission(at: str) -> Commission:
    """Returns the demonstration's commission, with fresh ids. `at` is its time of creation."""
    return Commission(
        id=secrets.token_hex(16),
        title="Urgent mental-health care, three boroughs",
        question="When somebody needs urgent mental-health care, who comes, where do they go, and who stays?",
        stage="plan",
        power=DecisionPower(
            level="co-design",
            decides="The joint commissioning board of the three boroughs",
            can_change="Who answers first, where people wait, and what happens in the week after",
            cannot_change="The total budget for this year, and what the Mental Health Act says",
        ),
        groups=tuple(Group(secrets.token_hex(16), label, invited) for label, invited in _GROUPS),
        threshold=5,
        support=(
            SupportLine("Somebody here today (the organiser puts a name here)", "Ask at the door"),
            SupportLine("NHS urgent mental-health help, day and night", "Call 111 and choose option 2"),
            SupportLine("Samaritans, day and night, free", "116 123"),
            SupportLine("In danger now", "999"),
        ),
        demonstration=True,
        created_at=at,
    )


async def load(store: Store, clock: Clock, folder: Path = STORIES) -> bool:
    """Loads the whole demonstration or nothing; returns False where this database has had it before.

    Raises StartupProblem where there are no stories in `folder`, or one cannot be used.
    """
    async with store.read() as work:
        if await work.facts.get_fact(FACT) is not None:
            return False
    stories = stories_in(folder)
    at = clock.now()
    async with store.begin() as work:
        if await work.facts.get_fact(FACT) is not None:
            return False
        about = commission(at)
        await work.commissions.add_commission(about)
        for story, twee in stories:
            submission = replace(accepted(about, story, twee, at), may_publish=True, may_quote=True, published_at=at)
            await work.stories.add_story(submission)
            await moderation.publish(work, submission, at)
        await work.facts.set_fact(FACT, about.id)
    return True


def lent(folder: Path = STORIES) -> tuple[Scenario, ...]:
    """Returns the stories that a rehearsal may borrow. Raises StartupProblem as `load` does."""
    return tuple(story for story, _twee in stories_in(folder)[:LENT])


async def lend(store: Store, clock: Clock, about: Commission, folder: Path = STORIES) -> list[Submission]:
    """Puts the first LENT stories into a rehearsal's commission, once: to be played there, not published in the
    library.

    Returns [] for a real commission, whose stories come from people, through a moderator.
    """
    if not about.rehearsal:
        return []
    at = clock.now()
    async with store.begin() as work:
        standing = await work.stories.list_stories(about.id, StoryStatus.ACCEPTED)
        if standing:
            return list(standing)
        submissions = []
        for story, twee in stories_in(folder)[:LENT]:
            submission = accepted(about, story, twee, at)
            await work.stories.add_story(submission)
            submissions.append(submission)
    return submissions


def accepted(about: Commission, story: Scenario, twee: str, at: str) -> Submission:
    """Makes an accepted story of a commission, which may be performed; told by the group that it names."""
    groups = {group.label.casefold(): group.id for group in about.groups}
    return Submission(
        id=secrets.token_hex(16),
        commission=about.id,
        title=story.title,
        twee=twee,
        status=StoryStatus.ACCEPTED,
        told_by=groups.get(story.told_by.casefold()),
        submitted_at=at,
        moderated_at=at,
        may_perform=True,
    )


def stories_in(folder: Path) -> Sequence[tuple[Scenario, str]]:
    """Returns every story of a folder with its text, sorted by file name. Raises StartupProblem."""
    files = sorted(folder.glob("*.twee"))
    if not files:
        words = "There are no stories in %(folder)s for the demonstration. Start with --no-demo to go without."
        raise StartupProblem(words, folder=folder)
    stories = []
    for file in files:
        source = file.read_bytes()
        try:
            stories.append((scenario_twee.parse(source, new=True), source.decode()))
        except StoryProblems as error:
            first = error.problems[0]
            raise StartupProblem(
                "%(file)s:%(line)s: %(problem)s Put the story right, or start with --no-demo.",
                file=file,
                line=first.line,
                problem=first.message,
            ) from error
    return stories
