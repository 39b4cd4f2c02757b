"""The setup of a rehearsal: its commission, session and programme, and the joining of every phone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from forum.rehearsal.api_client import AT_ONCE, Fields, Organiser
from forum.rehearsal.crowd_plan import RehearsalFailed
from forum.rehearsal.network import Network
from forum.rehearsal.phone import DEVICE, Counters, Phone, cookie_in
from forum.rehearsal.screen_client import Watcher
from forum.rehearsal.script import CUE, Act, Cue, Next, Script, Section
from forum.sessions.session import Entrance

PROJECTORS, CONSOLES = 2, 2
_READ_FIRST: Final = "read first"

Progress = Callable[[str, int, int], None]  # what is going on, how much of it is done, how much there is


@dataclass
class Stage:
    """The things made for a rehearsal. `groups` are ids in the order of the script; `cues` are the programme's items.

    Where people join by ticket, `tickets` has a code for each phone, and `passing` those for the tablet by group.
    """

    session: str
    code: str
    projector: str
    groups: tuple[str, ...]
    stories: tuple[str, ...] = ()
    cues: dict[Cue, str] = field(default_factory=dict)
    tablet: str = ""
    tickets: list[str] = field(default_factory=list)
    passing: dict[int | None, list[str]] = field(default_factory=dict)

    def group(self, number: int | None) -> str:
        """Returns the id of a group by its number; "" for prefer not to say."""
        return "" if number is None else self.groups[number]


async def set_up(script: Script, organiser: Organiser, *, record: bool, tickets: bool) -> Stage:
    """Makes the commission, the session, its programme, the tablet's link and, with `tickets`, everybody's ticket."""
    commission = await organiser.post("/organise/commissions", _commission(script))
    stories = tuple(str(story["id"]) for story in commission["stories"])[: script.stories]
    if len(stories) < script.stories:
        raise RehearsalFailed("The server lent no stories for the rehearsal.")
    session = await organiser.post(
        "/organise/sessions",
        [
            ("commission", str(commission["id"])),
            ("title", script.title),
            ("rehearsal", "1"),
            ("reasons", _READ_FIRST),
            ("entrance", Entrance.TICKETS if tickets else Entrance.OPEN_CODE),
            *(("scenario", story) for story in stories),
            *[("record", "1")] * record,
        ],
    )
    groups = {str(group["label"]): str(group["id"]) for group in commission["groups"]}
    stage = Stage(
        session=str(session["id"]),
        code=str(session["code"]),
        projector=organiser.path(session["projector"]),
        groups=tuple(groups[label] for label in script.groups),
        stories=stories,
    )
    await _programme(script, organiser, stage)
    if any(act.tablet for act in script.acts):
        made = await organiser.post(f"/organise/sessions/{stage.session}/tablet", [("act", "make")])
        stage.tablet = organiser.path(made["tablet"])
    if tickets:
        stage.tickets = await _tickets(script.phones, organiser, stage)
        voters = [heap.group for act in script.acts for heap in act.tablet for _ in range(heap.count)]
        for group, code in zip(voters, await _tickets(voters, organiser, stage), strict=True):
            stage.passing.setdefault(group, []).append(code)
    return stage


def _commission(script: Script) -> Fields:
    fields = [
        ("title", script.title),
        ("question", script.question),
        ("stage", "plan"),
        ("level", "consultation"),
        ("decides", "Nobody: this is a rehearsal"),
        ("can_change", "Nothing: the audience is made up"),
        ("cannot_change", "Everything"),
        ("threshold", "5"),
        ("rehearsal", "1"),
        ("support_name", "This is a rehearsal: nobody is in the room"),
        ("support_contact", "999 in danger"),
        *[("stories", "1")] * bool(script.stories),
    ]
    for label in script.groups:
        fields += [("group", label), ("invited", "")]
    return fields


async def _programme(script: Script, organiser: Organiser, stage: Stage) -> None:
    """Makes the programme from the script's sections and cues, in their order."""
    path = f"/organise/sessions/{stage.session}/programme"
    section = ""
    for step in script.steps:
        if isinstance(step, Section):
            fields = [("act", "section"), ("title", step.title), ("starts", step.starts), ("ends", step.ends)]
            section = str((await organiser.post(path, fields))["sections"][-1]["id"])
            continue
        act = step if isinstance(step, Act) and step.put == CUE else None
        cue = act.cue if act is not None else step.cue if isinstance(step, Next) else None
        if cue is None:
            continue
        made = await organiser.post(path, [("section", section), *_cue(cue, act, stage)])
        stage.cues[cue] = str(made["sections"][-1]["items"][-1]["id"])


def _cue(cue: Cue, act: Act | None, stage: Stage) -> Fields:
    if cue.kind == "note":
        return [("act", "note"), ("words", cue.words)]
    method = act.method if act is not None else "single"
    if cue.kind == "ask" and act is not None:
        fields = [("act", "ask"), ("question", cue.words), ("method", method), ("none", "1" if act.none else "0")]
        return fields + [("response", label) for label in act.responses]
    return [("act", "cue"), ("cue", f"{cue.kind}|{stage.stories[cue.story]}|{cue.scene}"), ("method", method)]


async def _tickets(people: Sequence[int | None], organiser: Organiser, stage: Stage) -> list[str]:
    """Issues a ticket of their group for each of these people, and returns the codes in their order."""
    codes: dict[int | None, list[str]] = {}
    for group in dict.fromkeys(people):
        left = list(people).count(group)
        while left:
            fields = [("act", "issue"), ("group", stage.group(group)), ("count", str(min(left, 500)))]
            issued: Sequence[dict[str, Any]] = (
                await organiser.post(f"/organise/sessions/{stage.session}/tickets", fields)
            )["tickets"]
            codes.setdefault(group, []).extend(str(ticket["code"]) for ticket in issued)
            left -= len(issued)
    return [codes[group].pop() for group in people]


async def join_all(
    script: Script, organiser: Organiser, stage: Stage, network: Network, counters: Counters, progress: Progress
) -> list[Phone]:
    """Lets every phone join, by code or ticket, and returns the phones in order."""
    doors, total, done = asyncio.Semaphore(AT_ONCE), len(script.phones), 0

    async def join(number: int, group: int | None) -> Phone:
        nonlocal done
        async with doors:
            cookie = cookie_in((await organiser.get(f"/s/{stage.code}")).headers.get_list("set-cookie"))
            if not cookie:
                raise RehearsalFailed("The join page gave a phone no cookie.")
            fields = [("ticket", stage.tickets[number])] if stage.tickets else [("group", stage.group(group))]
            fields += [("observe", "1")] * (number in script.observers and not stage.tickets)
            await organiser.post(f"/s/{stage.code}/join", fields, as_phone(organiser, cookie))
        done += 1
        progress("Phones join", done, total)
        pace = network.pace if number in network.slow else None
        return Phone(organiser.base, stage.code, cookie, counters, pace)

    async with asyncio.TaskGroup() as group_:
        joins = [group_.create_task(join(number, group)) for number, group in enumerate(script.phones)]
    return [task.result() for task in joins]


def as_phone(organiser: Organiser, cookie: str) -> dict[str, str]:
    """Returns the headers of a phone's form."""
    return {"Cookie": f"{DEVICE}={cookie}", "Origin": organiser.origin}


def watchers(organiser: Organiser, stage: Stage) -> list[Watcher]:
    """Returns the projectors and consoles of a rehearsal, and its tablet if there is one."""
    base, bearer = organiser.base, organiser.bearer
    screens = [Watcher(base, f"{stage.projector}/socket", "projector") for _ in range(PROJECTORS)]
    screens += [Watcher(base, f"/console/{stage.session}/socket", "console", bearer) for _ in range(CONSOLES)]
    return screens + [Watcher(base, f"{stage.tablet}/socket", "tablet")] * bool(stage.tablet)
