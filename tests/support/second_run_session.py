"""Session in the second run: a story was voted on, the result was shown, and one of its scenes is played again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from forum.live.stop_box import Press, Stopping
from forum.ports import Store
from forum.services.sessions import cues, facilitation, second_run
from forum.services.sessions.desk import Desk
from forum.sessions.session import LiveSession
from forum.sessions.stop import Stop
from forum.stories.submission import StoryStatus, Submission
from forum.voting.round import Round
from support.factories import CLOCK, a_cast, a_room, new_id
from support.voted_session import FIRST, PEOPLE, required

FILE = Path(__file__).parents[2] / "scenarios" / "a-busy-emergency-department.twee"
# Its content notes are its writer's own words, which no catalogue translates.
TWEE = "".join(line for line in FILE.read_text().splitlines(keepends=True) if not line.startswith("content notes:"))
SCENE = "Monday, seven in the evening"
QUESTION = "What should Ben do?"
BEN = "Ben, the nurse in charge tonight"


@dataclass(frozen=True)
class Playing:
    """Session whose story is played again, and everybody in it."""

    store: Store
    session: str
    people: Sequence[str]
    story: str
    first: str

    @property
    def acts(self) -> Desk:
        """Returns a desk for the facilitator's acts."""
        return Desk(self.store, CLOCK)

    @property
    def policy(self) -> Desk:
        """Returns a desk for acts on proposals."""
        return Desk(self.store, CLOCK)

    async def live(self) -> LiveSession:
        """Reads the session as it is now."""
        async with self.store.read() as work:
            return await work.sessions.get_session(self.session)

    async def stops(self) -> list[Stop]:
        """Reads the session's stops."""
        async with self.store.read() as work:
            return await work.stops.list_stops(self.session)

    async def press(self, who: int = 0, character: str = "", how: str = "", showing: str = "") -> str:
        """Presses STOP as the person in this place; returns "" or the code of the refusal."""
        on = showing or (await self.live()).cue.showing
        return await Stopping(self.store, lambda session: None).press_and_wait(
            Press(self.session, self.people[who], on, character, how, CLOCK.now())
        )

    async def a_stop(self, who: int = 0, how: str = "Ben could say it himself.") -> str:
        """Presses STOP with words; returns the stop's id."""
        assert await self.press(who, BEN, how) == ""
        return next(s.id for s in await self.stops() if s.participant == self.people[who])

    async def a_tried_stop(self, who: int = 0, words: str = "Ben kneels down and tells her") -> str:
        """Makes a stop that was taken and tried; returns its id."""
        stop = await self.a_stop(who)
        await second_run.take_stop(self.acts, self.session, stop)
        await second_run.write_tried(self.acts, self.session, stop, words)
        return stop

    async def vote(self, round_id: str, choices: Sequence[str], **reasons: str) -> None:
        """Casts the people's votes, in their order; `reasons` are p0="...", p1="..." for those who give one."""
        casts = [
            a_cast(round_id, who, choice, reasons.get(f"p{n}", ""))
            for n, (who, choice) in enumerate(zip(self.people, choices, strict=False))
        ]
        async with self.store.begin() as work:
            outcomes = await work.rounds.cast(casts)
        assert [o.refusal for o in outcomes] == [""] * len(casts)

    async def run_vote(self, round_: Round, choices: Sequence[str], **reasons: str) -> Any:
        """Opens a round, casts the people's votes, closes and reveals it; returns the result."""
        acts = self.acts
        await facilitation.open_round(acts, self.session, round_.id)
        await self.vote(round_.id, choices, **reasons)
        await facilitation.close_round(acts, self.session, round_.id)
        return (await facilitation.reveal_round(acts, self.session, round_.id)).result


async def a_replay(store: Store, people: Sequence[str | None] = PEOPLE, twee: str = TWEE, **changes: Any) -> Playing:
    """Makes a session whose story was voted on as voted_session.FIRST says, with its first scene on again."""
    story = Submission(
        new_id(), "", "Seat fourteen", twee, StoryStatus.ACCEPTED, may_perform=True, submitted_at=CLOCK.now()
    )
    more = {name: value for name, value in changes.items() if name not in {"recorded", "declared", "threshold"}}
    rest = {name: value for name, value in changes.items() if name not in more}
    live, members = await a_room(store, people, scenarios=(story.id,), **rest)
    async with store.begin() as work:
        await work.stories.add_story(replace(story, commission=live.commission, link=new_id() * 2))
        await work.sessions.save_session(replace(live, **more))
    playing = Playing(store, live.id, members, story.id, "")
    asked = required((await cues.put_question(playing.acts, live.id, story.id, QUESTION)).round)
    await playing.run_vote(asked, FIRST)
    await cues.show_scene(playing.acts, live.id, story.id, SCENE, replay=True)
    return replace(playing, first=asked.id)
