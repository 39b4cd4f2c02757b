"""The programme of a live session: sections with times, and in each the cues in their order.

Everything here is a new value made of an old one; `programmes.py` keeps it and lets every change be undone.
Times are those of the clock on the wall where the session takes place ("11:00"), and so is the day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec

from forum.errors import NotFound
from forum.sessions.session import Cue, CueKind
from forum.stories.scenario import Scenario, outline
from forum.voting.round import Round, RoundKind, RoundState


class ItemKind(StrEnum):
    """Kinds of an item: a scene is played; a decision point is put, or put again after the replay; a question of the
    organisers' own is asked; words ("Break") stand on every screen.
    """

    SCENE = "scene"
    QUESTION = "question"
    AGAIN = "again"
    ASK = "ask"
    NOTE = "note"


class ProgrammeChange(StrEnum):
    """Kinds of a change to a programme; an undone one goes back to a state before."""

    NONE = ""
    ADDED = "added"
    CHANGED = "changed"
    MOVED = "moved"
    REMOVED = "removed"
    UNDONE = "undone"


_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])")


@dataclass(frozen=True)
class Item:
    """One cue of the programme.

    `story` and `scene` name what is played or asked, `replay` says that the scene is played again; `words` are a note,
    or the question of the organisers' own with its `responses` (`none` adds "none of these"). `method` is how people
    vote on a question.
    """

    id: str
    kind: ItemKind
    story: str = ""
    scene: str = ""
    replay: bool = False
    words: str = ""
    responses: tuple[str, ...] = ()
    none: bool = True
    method: str = "single"


@dataclass(frozen=True)
class Section:
    """A part of the day. `starts` and `ends` are "HH:MM" or empty."""

    id: str
    title: str
    starts: str = ""
    ends: str = ""
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Programme:
    """The order of a session. `day` is an ISO date or empty; `public`: everybody may read it beforehand."""

    day: str = ""
    place: str = ""
    public: bool = False
    sections: tuple[Section, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        """Every cue, in order."""
        return tuple(item for section in self.sections for item in section.items)

    def section(self, id_: str) -> Section:
        """The section with this id. Raises NotFound."""
        for section in self.sections:
            if section.id == id_:
                return section
        raise NotFound("That section is no longer in the programme.")

    def item(self, id_: str) -> Item:
        """The cue with this id. Raises NotFound."""
        for item in self.items:
            if item.id == id_:
                return item
        raise NotFound("That cue is no longer in the programme.")

    def home(self, id_: str) -> Section:
        """The section that a cue stands in. Raises NotFound."""
        self.item(id_)
        return next(section for section in self.sections if any(item.id == id_ for item in section.items))

    @property
    def stories(self) -> tuple[str, ...]:
        """The ids of the stories in it, each once, in the order in which they come."""
        return tuple(dict.fromkeys(item.story for item in self.items if item.story))


def clock_time(typed: str) -> str | None:
    """A time as typed ("9.30") as "09:30"; "" for nothing, None for what is no time."""
    typed = typed.strip()
    if not typed:
        return ""
    match = _TIME.fullmatch(typed)
    return f"{int(match[1]):02}:{match[2]}" if match else None


# ---------------------------------------------------------------- changes


def with_section(programme: Programme, section: Section) -> Programme:
    """Returns the programme with a section at the end, or with the one of this id renamed and at other times."""
    if any(old.id == section.id for old in programme.sections):
        return _each(programme, lambda old: replace(section, items=old.items) if old.id == section.id else old)
    return replace(programme, sections=(*programme.sections, section))


def without_section(programme: Programme, id_: str) -> Programme:
    """Returns the programme without a section and its cues. Raises NotFound."""
    gone = programme.section(id_)
    return replace(programme, sections=tuple(section for section in programme.sections if section != gone))


def move_section(programme: Programme, id_: str, steps: int) -> Programme:
    """With a section so many places further down (up where negative), as far as there is room. Raises NotFound."""
    sections = list(programme.sections)
    at = sections.index(programme.section(id_))
    sections.insert(max(0, at + steps), sections.pop(at))
    return replace(programme, sections=tuple(sections))


def with_items(programme: Programme, section_id: str, items: Sequence[Item]) -> Programme:
    """Returns the programme with these cues at the end of a section. Raises NotFound."""
    programme.section(section_id)
    return _each(
        programme,
        lambda section: replace(section, items=(*section.items, *items)) if section.id == section_id else section,
    )


def without_item(programme: Programme, id_: str) -> Programme:
    """Returns the programme without a cue. Raises NotFound."""
    programme.item(id_)
    return _each(
        programme, lambda section: replace(section, items=tuple(item for item in section.items if item.id != id_))
    )


def without_story(programme: Programme, story: str) -> Programme:
    """Returns the programme without any cue of a story."""
    return _each(
        programme, lambda section: replace(section, items=tuple(item for item in section.items if item.story != story))
    )


def move_item(programme: Programme, id_: str, *, down: bool) -> Programme:
    """With a cue one place further up or down; from the end of a section it goes on into the next. Raises NotFound."""
    home = programme.home(id_)
    ids = [item.id for item in home.items]
    at, sections = ids.index(id_), programme.sections
    where = sections.index(home)
    if down and at + 1 == len(ids):
        if where + 1 == len(sections):
            return programme
        beside = sections[where + 1]
        return put_item(programme, id_, beside.id, beside.items[0].id if beside.items else "")
    if not down and at == 0:
        return put_item(programme, id_, sections[where - 1].id) if where else programme
    ids.insert(at + (1 if down else -1), ids.pop(at))
    order = {item_id: n for n, item_id in enumerate(ids)}
    moved = tuple(sorted(home.items, key=lambda item: order[item.id]))
    return _each(programme, lambda section: replace(section, items=moved) if section.id == home.id else section)


def put_item(programme: Programme, id_: str, section_id: str, before: str = "") -> Programme:
    """With a cue in this section, in front of another cue of it, or at its end. Raises NotFound."""
    item = programme.item(id_)
    if before == id_:
        return programme
    rest = without_item(programme, id_)
    items = list(rest.section(section_id).items)
    if before:
        rest.item(before)
    items.insert(next((n for n, cue in enumerate(items) if cue.id == before), len(items)), item)
    return _each(rest, lambda section: replace(section, items=tuple(items)) if section.id == section_id else section)


def cues_of(story: str, scenario: Scenario) -> Iterator[Item]:
    """A story as cues without ids: the scenes on the way to its decision points, and each of those with the replay and
    the vote again. What comes after the last of them hangs on the vote, so the console offers it then."""
    order = outline(scenario)
    on_the_way = {scene.name for scene in order if scene.decision}
    while more := {s.name for s in order if any(link.to in on_the_way for link in s.links)} - on_the_way:
        on_the_way |= more
    for scene in order:
        if scene.decision:
            before = [s.name for s in order if not s.decision and any(link.to == scene.name for link in s.links)]
            yield Item("", ItemKind.QUESTION, story, scene.name)
            if before:
                yield Item("", ItemKind.SCENE, story, before[0], replay=True)
            yield Item("", ItemKind.AGAIN, story, scene.name)
        elif scene.name in on_the_way:
            yield Item("", ItemKind.SCENE, story, scene.name)


def _each(programme: Programme, change: Callable[[Section], Section]) -> Programme:
    return replace(programme, sections=tuple(change(section) for section in programme.sections))


# ---------------------------------------------------------------- where the room is


def present(programme: Programme, cue: Cue, rounds: Sequence[Round]) -> Item | None:
    """The cue of the programme that is on screen, or the latest one that was.

    What is on screen may have been put there past the programme: then it is looked for, first further down.
    """
    items = programme.items
    last = next((n for n, item in enumerate(items) if item.id == cue.item), -1)
    round_ = next((r for r in rounds if r.id == cue.round), None)
    for item in (*items[max(last, 0) :], *items[: max(last, 0)]):
        if _is_on(item, cue, round_):
            return item
    return items[last] if last >= 0 else None


def following(programme: Programme, item: Item | None) -> Item | None:
    """The cue after this one; the first where there is none yet, None after the last."""
    items = programme.items
    at = items.index(item) + 1 if item is not None else 0
    return items[at] if at < len(items) else None


def _is_on(item: Item, cue: Cue, round_: Round | None) -> bool:
    if item.kind == ItemKind.NOTE:
        return cue.kind == CueKind.NOTE and (cue.item == item.id or cue.words == item.words)
    if item.kind == ItemKind.SCENE:
        return (cue.kind, cue.scenario, cue.scene, cue.replay) == ("scene", item.story, item.scene, item.replay)
    if round_ is None or cue.kind not in {CueKind.QUESTION, CueKind.RESULT}:
        return False
    if item.kind == ItemKind.ASK:
        return round_.scenario is None and round_.question == item.words
    return (round_.scenario, round_.scene) == (item.story, item.scene) and (
        (round_.kind == RoundKind.AFTER_REPLAY) == (item.kind == ItemKind.AGAIN)
    )


# ---------------------------------------------------------------- for whoever comes late


class SoFar(msgspec.Struct, frozen=True):
    """The session until now: the ids of the stories that were on before the present one, how many votes have been
    shown, and the question of the latest."""

    stories: tuple[str, ...]
    votes: int
    question: str


def so_far(cue: Cue, rounds: Sequence[Round]) -> SoFar | None:
    """Returns what somebody has missed who comes now; None where nothing has happened yet."""
    shown = [r for r in rounds if r.state == RoundState.REVEALED and r.id != cue.round]
    stories = tuple(story for story in cue.seen if story != cue.scenario)
    if not shown and not stories:
        return None
    last = max(shown, key=lambda r: r.revealed_at, default=None)
    return SoFar(stories, len(shown), last.question if last else "")


class Planned(msgspec.Struct, frozen=True):
    """A session's programme as it was from one change to the next.

    `number` counts up from 0, which is the empty programme that every session begins with. `what` says what the change
    was, `name` what it was done to.
    """

    session: str
    number: int
    plan: Programme
    what: ProgrammeChange = ProgrammeChange.NONE
    name: str = ""
    at: str = ""
