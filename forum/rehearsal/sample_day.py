"""The day that a rehearsal plays: two stories in two sections, every voting method, a second run, a policy vote.

The stories are the demonstration's. The same seed gives the same day.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from forum.rehearsal.audience import GROUPS, Room, a_room, votes
from forum.rehearsal.script import (
    CHARACTERS,
    CUE,
    MAGIC,
    POLICY,
    Act,
    Badges,
    Cue,
    Heap,
    Next,
    Offer,
    Pause,
    Press,
    Promise,
    Proposal,
    Script,
    Section,
    Step,
    Stops,
    Vote,
)
from forum.stories.scenario import Scenario, Scene

_USERS, _CARERS, _NURSES = 0, 1, 2
_TRIED = "Somebody sits down beside her and asks what would help, before anything is decided."
_NEW = "Sit down beside her first, and ask what would help"
_CALM = ("A quiet room with somebody in it, on every ward that has a door to the street",)
_ACCEPTABLE = ("A crisis café that is open all night", "A second nurse at night", "One number for all three boroughs")
_STATEMENTS = ("I know whom to ring at night", "I am listened to", "What is promised is done")
_LINE = ("Whoever rings at night should reach somebody who can decide.",)
_PROPOSAL = "A named person rings everybody who was sent home."
_AMENDED = "A named person rings everybody who was sent home, before noon on the next day."
_HOW = (
    "Ask her first what would help.",
    "Bring a chair, and stay.",
    "Ring the sister, if she agrees.",
    "Tell the truth about the wait.",
)
_SHOUTS, _SAYS_MORE = 0.3, 0.4
_PAPERS = (Heap(_USERS, "r1", 3), Heap(_USERS, "r2", 2), Heap(_CARERS, "r2", 2), Heap(None, "none", 1))
_TABLET = (Heap(_NURSES, "r1"), Heap(_USERS, "r3"), Heap(None, "r2"))
_TABLET_OPINIONS = (Heap(_CARERS, "agree"), Heap(_USERS, "disagree"))


def invented(phones: int, seed: int, stories: Sequence[Scenario], *, papers: bool = True) -> Script:
    """Returns a day with `phones` phones and these two stories; with `papers` where two organisers can count them."""
    rng = random.Random(seed)
    room = a_room(phones, rng)
    morning, afternoon = stories
    steps = [
        *_morning(room, morning, papers=papers),
        *_afternoon(room, afternoon),
    ]
    return Script(
        title="Rehearsal: urgent care at night",
        question="What should happen when somebody needs urgent mental-health care at night?",
        groups=GROUPS,
        phones=room.seats,
        steps=tuple(steps),
        observers=room.observers,
        stories=len(stories),
    )


def _morning(room: Room, story: Scenario, *, papers: bool) -> list[Step]:
    """Returns a first vote, its replay with a second run, the magic check and the vote again; then a consent vote,
    badges off.
    """
    scene, question = _first(story, decision=False), _first(story, decision=True)
    labels = tuple(link.text for link in question.links)
    first = Act(question.text, labels, (), none=True, put=CUE, cue=Cue("question", 0, question.name), heard=True)
    first = replace(first, papers=_PAPERS if papers else (), tablet=_TABLET)
    first = replace(first, votes=(*_observing(room), *votes(room, first)))
    magic = _voted(room, Act(f"Could this really happen? {_TRIED}", ("Yes", "No", "Not sure"), (), put=MAGIC))
    same = replace(first, papers=(), tablet=(), heard=False, cue=Cue("again", 0, question.name))
    again = replace(same, responses=(*labels, _NEW), again=True)
    again = replace(again, votes=votes(room, again, first.last_votes()))
    calm = Act("Can we all live with this?", _CALM, (), method="consent", put=CUE, heard=True)
    return [
        Section(f"Morning: {story.title}", "10:00", "12:30"),
        Next(Cue("scene", 0, scene.name)),
        first,
        Next(Cue("replay", 0, scene.name)),
        Stops(_presses(room, story), _TRIED, "yes"),
        magic,
        Offer(_NEW),
        again,
        Badges(off=True),
        _voted(room, replace(calm, cue=Cue("ask", words=calm.question))),
        Next(Cue("note", words="Lunch. We go on at two.")),
        Pause(),
    ]


def _afternoon(room: Room, story: Scenario) -> list[Step]:
    """Returns the other voting methods, a vote on whom to replace, and a proposal that is amended, voted on and
    promised.
    """
    scene, question = _first(story, decision=False), _first(story, decision=True)
    labels = tuple(link.text for link in question.links)
    order = Act(question.text, labels, (), none=True, method="ranked", put=CUE, cue=Cue("question", 1, question.name))
    asked = (
        Act("Which of these could you accept?", _ACCEPTABLE, (), none=True, method="approval", put=CUE),
        Act("How true is this for you?", _STATEMENTS, (), method="score", put=CUE),
        Act("What do you say to this?", _LINE, (), method="opinion", put=CUE, tablet=_TABLET_OPINIONS, heard=True),
    )
    who = Act(
        "Whom should somebody from the audience replace?",
        story.characters,
        (),
        put=CHARACTERS,
        cue=Cue("characters", 1),
    )
    policy = Act("Do you agree with this proposal?", (_AMENDED,), (), method="opinion", put=POLICY)
    return [
        Section(f"Afternoon: {story.title}", "14:00", "16:30"),
        Badges(off=False),
        Next(Cue("scene", 1, scene.name)),
        _voted(room, order),
        Next(Cue("replay", 1, scene.name)),
        _voted(room, who),
        *(_voted(room, replace(act, cue=Cue("ask", words=act.question))) for act in asked),
        Proposal(_PROPOSAL, _AMENDED),
        _voted(room, policy),
        Promise(
            "Head of urgent care",
            "Names the people who ring, ward by ward",
            "2027-03-31",
            "The room asked for it, and it can begin at once.",
            "It was rehearsed whatever the invented room said.",
        ),
    ]


def _voted(room: Room, act: Act) -> Act:
    return replace(act, votes=votes(room, act))


def _observing(room: Room) -> list[Vote]:
    """Returns one vote of each observer, which must be refused."""
    return [Vote(phone, "r1", refused="observing") for phone in sorted(room.observers)]


def _presses(room: Room, story: Scenario) -> tuple[Press, ...]:
    """Returns who presses STOP with which words; at least one phone presses, and the first gives words."""
    rng, presses = room.rng, list[Press]()
    for phone in rng.sample(room.voters, len(room.voters)):
        if presses and rng.random() > _SHOUTS:
            continue
        says = not presses or rng.random() < _SAYS_MORE
        who = rng.choice(story.characters) if says else ""
        presses.append(Press(phone, who, rng.choice(_HOW) if says else ""))
    return tuple(presses)


def _first(story: Scenario, *, decision: bool) -> Scene:
    """Returns the first scene of a story that is played, or (`decision`) voted on."""
    return next(scene for scene in story.scenes if scene.decision == decision)
