"""Changes of a session's programme, and the step to its next cue.

Every change is one unit of work on the programme as it is at that moment, so that two organisers can work on it at
once; each can be undone. Errors come back under the names of the form's fields.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import msgspec

from forum.errors import BadInput, IllegalMove, NotFound, message
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.long_work import parsed
from forum.services.form_errors import Findings
from forum.services.sessions import cues, guard
from forum.services.sessions.commissions_and_sessions import MOST_TITLE
from forum.services.sessions.cues import MOST_NOTE
from forum.services.sessions.desk import Desk, Outcome, Step
from forum.services.sessions.session_day import read_day
from forum.sessions import programme, timetable
from forum.sessions.local_time import UTC
from forum.sessions.programme import Item, ItemKind, Planned, Programme, ProgrammeChange, Section
from forum.sessions.session import LiveSession
from forum.stories.submission import StoryStatus, Submission
from forum.stories.visible_text import upright
from forum.voting.methods import METHODS
from forum.voting.question import Terms, check_number, check_question, check_terms
from forum.voting.round import RoundKind, RoundState

# What the form for a cue of a story may ask for; a replay is kept as a scene.
_OF_A_STORY, _REPLAY = (ItemKind.SCENE, ItemKind.QUESTION, ItemKind.AGAIN), "replay"
MOST_SECTIONS, MOST_ITEMS = 30, 300
CHANGED_SINCE = message("The programme was changed since. Look at it first.")

Change = Callable[[Programme], Programme]


class SectionForm(msgspec.Struct, frozen=True):
    """A section as typed; `id` is empty for a new one."""

    id: str = ""
    title: str = ""
    starts: str = ""
    ends: str = ""


class Programming:
    """The changes that organisers make. Each returns the programme as it is after it.

    Of a program's change, `seen` is the number of the latest one that it has seen: where there was another since, or
    its own came through already, each raises IllegalMove.
    """

    def __init__(
        self, store: Store, clock: Clock, session_id: str, zone: ZoneInfo = UTC, seen: int | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._session = session_id
        self._zone = zone
        self._seen = seen

    async def about(self, day: str, place: str, *, public: bool) -> Planned:
        """When and where the session is, and whether everybody may read its programme beforehand."""
        findings = Findings()
        day, place = read_day(findings, day, place)
        findings.stop()
        return await self._change(
            lambda plan: self._possible(replace(plan, day=day, place=place, public=public), "day"),
            ProgrammeChange.CHANGED,
            "",
        )

    async def section(self, form: SectionForm) -> Planned:
        """Adds a section, or renames one and sets its times."""
        findings = Findings()
        title = findings.name("title", form.title, "Give the section a title.", MOST_TITLE)
        starts, ends = programme.clock_time(form.starts), programme.clock_time(form.ends)
        for name, time in (("starts", starts), ("ends", ends)):
            if time is None:
                findings.wrong(name, "Write the time as 11:00, or leave it empty.")
        if ends and not starts:
            findings.wrong("starts", "Say when it starts as well.")
        elif starts and ends and ends <= starts:
            findings.wrong("ends", "It ends before it starts. Change one of the times.")
        findings.stop()
        made = Section(form.id or secrets.token_hex(16), title, starts or "", ends or "")

        def change(plan: Programme) -> Programme:
            if form.id:
                plan.section(form.id)
            elif len(plan.sections) >= MOST_SECTIONS:
                raise BadInput("A programme has at most %(most)s sections.", field="title", most=MOST_SECTIONS)
            return self._possible(programme.with_section(plan, made), "starts")

        return await self._change(change, ProgrammeChange.CHANGED if form.id else ProgrammeChange.ADDED, title)

    def _possible(self, plan: Programme, field: str) -> Programme:
        if time := timetable.skipped(plan, self._zone):
            words = "On that day clocks skip %(time)s, because summer time begins. Choose another time."
            raise BadInput(words, field=field, time=time)
        return plan

    async def remove_section(self, id_: str) -> Planned:
        """Takes a section out with all its cues."""
        return await self._named(id_, lambda plan: programme.without_section(plan, id_), ProgrammeChange.REMOVED)

    async def move_section(self, id_: str, *, down: bool) -> Planned:
        """Moves a section one place."""
        return await self._named(
            id_, lambda plan: programme.move_section(plan, id_, 1 if down else -1), ProgrammeChange.MOVED
        )

    async def story(self, section: str, story_id: str) -> Planned:
        """Puts a whole story into a section, cue by cue. It is then one of the session's stories too."""
        async with self._store.begin() as work:
            session = await guard.going_on(work, self._session, planned=True)
            story = await _playable(work, session, story_id)
            scenario = await parsed(story.twee)
            items = [replace(cue, id=secrets.token_hex(16)) for cue in programme.cues_of(story_id, scenario)]
            if story_id not in session.scenarios:
                added = replace(session, scenarios=(*session.scenarios, story_id), version=session.version + 1)
                await work.sessions.save_session(added)
            return await self._keep(
                work, lambda plan: _with(plan, section, items), ProgrammeChange.ADDED, scenario.title
            )

    async def cue(self, section: str, wanted: str, method: str = "single") -> Planned:
        """Puts one cue of the session's stories into a section: "KIND|STORY|SCENE", as the form offers it.

        `method` is how people vote on it, where it is a question.
        """
        check_terms(Terms(method))
        kind, _, rest = wanted.partition("|")
        story, _, scene_name = rest.partition("|")
        async with self._store.begin() as work:
            session = await guard.going_on(work, self._session, planned=True)
            if kind not in {*_OF_A_STORY, _REPLAY} or story not in session.scenarios:
                raise BadInput("Choose a scene or a question.", field="cue")
            scene = (await parsed((await _playable(work, session, story)).twee)).scene(scene_name)
            if scene is None or scene.decision != (kind in {ItemKind.QUESTION, ItemKind.AGAIN}):
                raise BadInput("Choose a scene or a question.", field="cue")
            if kind == ItemKind.QUESTION:
                check_number(method, len(scene.links))
            played = ItemKind.SCENE if kind == _REPLAY else ItemKind(kind)
            item = Item(secrets.token_hex(16), played, story, scene_name, replay=kind == _REPLAY, method=method)
            return await self._keep(work, lambda plan: _with(plan, section, [item]), ProgrammeChange.ADDED, scene_name)

    async def note(self, section: str, words: str) -> Planned:
        """Puts words for every screen into a section, as "Break"."""
        findings = Findings()
        words = findings.need("words", words, "Write what every screen should say.", MOST_NOTE)
        findings.stop()
        item = Item(secrets.token_hex(16), ItemKind.NOTE, words=words)
        return await self._change(lambda plan: _with(plan, section, [item]), ProgrammeChange.ADDED, words)

    async def ask(
        self, section: str, question: str, responses: Sequence[str], method: str = "single", *, none: bool
    ) -> Planned:
        """Puts a question of the organisers' own into a section."""
        question, labels = upright(question), tuple(said for r in responses if (said := upright(r)))
        check_terms(Terms(method))
        none = none and METHODS[method].NONE
        check_question(question, labels, method, none=none)
        item = Item(secrets.token_hex(16), ItemKind.ASK, words=question, responses=labels, none=none, method=method)
        return await self._change(lambda plan: _with(plan, section, [item]), ProgrammeChange.ADDED, question)

    async def remove(self, id_: str) -> Planned:
        """Takes a cue out."""
        return await self._named(id_, lambda plan: programme.without_item(plan, id_), ProgrammeChange.REMOVED)

    async def move(self, id_: str, *, down: bool) -> Planned:
        """Moves a cue one place, from the end of a section into the next."""
        return await self._named(id_, lambda plan: programme.move_item(plan, id_, down=down), ProgrammeChange.MOVED)

    async def put(self, id_: str, section: str, before: str) -> Planned:
        """Moves a cue to another place: in front of a cue of this section, or to the section's end."""
        return await self._named(
            id_, lambda plan: programme.put_item(plan, id_, section, before), ProgrammeChange.MOVED
        )

    async def undo(self, number: int) -> Planned:
        """Goes back to how the programme was before its latest change, which has this number.

        Raises IllegalMove where there was another change since: that would be undone unseen.
        """
        async with self._store.begin() as work:
            now = await work.programmes.latest(self._session)
            if now.number != number or not number:
                raise IllegalMove(CHANGED_SINCE)
            before = (await work.programmes.at(self._session, number - 1)).plan
            return await self._keep(work, lambda plan: before, ProgrammeChange.UNDONE, now.name)

    async def _named(self, id_: str, change: Change, what: ProgrammeChange) -> Planned:
        async with self._store.begin() as work:
            plan = (await work.programmes.latest(self._session)).plan
            return await self._keep(work, change, what, _name(plan, id_))

    async def _change(self, change: Change, what: ProgrammeChange, name: str) -> Planned:
        async with self._store.begin() as work:
            return await self._keep(work, change, what, name)

    async def _keep(self, work: Work, change: Change, what: ProgrammeChange, name: str) -> Planned:
        session = await guard.going_on(work, self._session, planned=True)
        now = await work.programmes.latest(session.id)
        if self._seen is not None and now.number != self._seen:
            raise IllegalMove(CHANGED_SINCE)
        plan = change(now.plan)
        if plan == now.plan:
            return now
        kept = Planned(session.id, now.number + 1, plan, what, name, self._clock.now())
        await work.programmes.add_programme(kept)
        # The console shows the programme: it is drawn again.
        await work.sessions.save_session(replace(session, version=session.version + 1))
        return kept


async def take_step(desk: Desk, session_id: str, step: Step) -> Outcome:
    """Goes to the next cue of the programme, which the console offers with one tap.

    Raises NotFound where the cue is no longer in the programme, IllegalMove where the room has gone on since the
    console was drawn, and what the act raises that puts the cue up.
    """
    async with desk.store.read() as work:
        item = (await work.programmes.latest(session_id)).plan.item(step.item)
        rounds = [r for r in await work.rounds.list_rounds(session_id) if r.state != RoundState.ANNULLED]
    if item.kind == ItemKind.NOTE:
        return await cues.show_note(desk, session_id, item.words, step=step)
    if item.kind == ItemKind.SCENE:
        return await cues.show_scene(desk, session_id, item.story, item.scene, replay=item.replay, step=step)
    if item.kind == ItemKind.QUESTION:
        return await cues.put_question(desk, session_id, item.story, item.scene, Terms(item.method), step=step)
    if item.kind == ItemKind.AGAIN:
        first = [
            r for r in rounds if (r.scenario, r.scene) == (item.story, item.scene) and r.kind != RoundKind.AFTER_REPLAY
        ]
        if not first:
            raise IllegalMove("This question was not put yet, so nobody can vote on it again.")
        return await cues.put_second_vote(desk, session_id, first[-1].id, step=step)
    asked = [r for r in rounds if r.scenario is None and r.question == item.words]
    if asked:
        return await cues.show_again(desk, session_id, asked[-1].id, step=step)
    terms = Terms(item.method)
    return await cues.ask_question(desk, session_id, item.words, item.responses, terms, none=item.none, step=step)


def _with(plan: Programme, section: str, items: Sequence[Item]) -> Programme:
    if len(plan.items) + len(items) > MOST_ITEMS:
        raise BadInput("A programme has at most %(most)s cues.", most=MOST_ITEMS)
    return programme.with_items(plan, section, items)


def _name(plan: Programme, id_: str) -> str:
    """Gives the name of a section or a cue. Raises NotFound."""
    section = next((section for section in plan.sections if section.id == id_), None)
    if section is not None:
        return section.title
    item = plan.item(id_)
    return item.scene or item.words


async def _playable(work: Work, session: LiveSession, story_id: str) -> Submission:
    try:
        story = await work.stories.get_story(story_id)
    except NotFound:
        story = None
    if (
        story is None
        or story.commission != session.commission
        or story.status != StoryStatus.ACCEPTED
        or not story.may_perform
    ):
        raise BadInput("Choose from the accepted stories of this commission that may be played.", field="story")
    return story
