"""The console's acts on the site: who may undo, what every act is called when it is undone, what is told too late."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from support.app import House, a_house, words
from support.kept_databases import kept
from support.second_run_session import Playing, a_replay
from support.voted_session import FIRST, required

from forum.services.sessions import cues, facilitation, policy_vote
from forum.sessions.session import LastAct
from forum.voting.reason import ReasonReading
from forum.web.live import care, console, second_run
from forum.web.templates import TEMPLATES

# What a vote has come to, and what went into the record: nothing undoes it. Closing, showing and badges on ask first,
# annulling wants its reason; a warning has nothing to take back.
FINAL = {"open", "warn", "close", "reveal", "annul"}
ALL = {*console.ACTS, *second_run.ACTS, *care.ACTS, console.NEXT}


@dataclass(frozen=True)
class Event:
    """A house whose session is in its second run, with a browser of one who may run it."""

    house: House
    playing: Playing
    organiser: httpx2.AsyncClient

    @property
    def path(self) -> str:
        return f"/console/{self.playing.session}"

    async def act(self, name: str, **form: str) -> httpx2.Response:
        return await self.organiser.post(f"{self.path}/{name}", data=form)

    async def page(self) -> str:
        return (await self.organiser.get(self.path)).text

    async def last(self) -> LastAct | None:
        async with self.house.store.read() as work:
            return await work.last_acts.get_last_act(self.playing.session)


@pytest.fixture
async def event(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Event]:
    async with a_house(tmp_path, sqlite_template) as house:
        playing = await kept(house.store, a_replay, reasons=ReasonReading.READ_FIRST)
        async with house.signed_in("organiser") as organiser:
            yield Event(house, playing, organiser)


class TestTheTableOfActs:
    def test_every_act_is_final_or_has_words_for_undoing_it(self) -> None:
        template = (TEMPLATES / "live" / "screens" / "console_undo.html").read_text("utf-8")
        named = set(re.findall(r'"([a-z_-]+)": _\(', template))
        assert named == ALL - FINAL

    def test_every_act_of_a_button_is_an_act(self) -> None:
        pages = [path.read_text("utf-8") for path in (TEMPLATES / "live" / "screens").glob("*.html")]
        called = {name for page in pages for name in re.findall(r'\b(?:act|sure)\("([a-z_-]+)"', page)}
        called |= {name for page in pages for name in re.findall(r"console_path \}\}/([a-z_-]+)", page)}
        assert called <= {*ALL, console.UNDO, console.LET_IN}
        assert called >= ALL - {"open", "second", "question", "resume", "badges"} - {"warn"}

    def test_docs_tell_of_every_final_act(self) -> None:
        day = (TEMPLATES.parent / "docs" / "day.md").read_text("utf-8")
        assert "What cannot be undone" in day
        for words_of in ("opened", "closed", "shown", "annulled", "promise", "badges"):
            assert words_of in day.partition("What cannot be undone")[2], words_of


class TestUndo:
    async def test_the_last_act_stands_on_the_console_with_what_it_was(self, event: Event) -> None:
        assert "Undo:" not in words(await event.organiser.get(event.path))
        await event.act("pause")
        assert "Undo: pausing" in words(await event.organiser.get(event.path))
        last = required(await event.last())
        assert (await event.act("undo", undo=last.id)).status_code == 303
        assert not (await event.playing.live()).paused
        assert "Undo:" not in words(await event.organiser.get(event.path))

    async def test_it_is_anybodys_who_may_run_sessions_and_nobody_elses(self, event: Event) -> None:
        await event.act("pause")
        last = required(await event.last())
        async with event.house.browser() as stranger:
            refused = await stranger.post(f"{event.path}/undo", data={"undo": last.id})
            assert refused.status_code in {303, 401, 403}
        for role in ("moderator", "commissioner"):
            async with event.house.signed_in(role) as other:
                assert (await other.post(f"{event.path}/undo", data={"undo": last.id})).status_code == 403
        assert (await event.playing.live()).paused
        async with event.house.signed_in("organiser") as colleague:
            assert (await colleague.post(f"{event.path}/undo", data={"undo": last.id})).status_code == 303
        assert not (await event.playing.live()).paused

    @pytest.mark.parametrize("undo", ["", "x", "0" * 32])
    async def test_what_is_no_longer_the_last_act_is_told_and_nothing_is_done(self, event: Event, undo: str) -> None:
        await event.act("pause")
        before = await event.playing.live()
        answer = await event.act("undo", undo=undo)
        assert answer.status_code == 409
        assert "Something else was done since, or this was undone already." in words(answer)
        assert await event.playing.live() == before

    async def test_of_another_session_it_is_not_undone(self, event: Event) -> None:
        await event.act("pause")
        last = required(await event.last())
        other = await a_replay(event.house.store)
        answer = await event.organiser.post(f"/console/{other.session}/undo", data={"undo": last.id})
        assert answer.status_code == 409
        assert (await event.playing.live()).paused

    async def test_every_screen_is_told(self, event: Event) -> None:
        await event.act("note", words="Break until 11:30")
        last = required(await event.last())
        version = (await event.playing.live()).version
        await event.act("undo", undo=last.id)
        room = await event.house.site.rooms.room(event.playing.session)
        assert room.view.session.version == version + 1
        assert room.view.session.cue.kind == "scene"

    async def test_an_ended_session_offers_it_and_goes_on(self, event: Event) -> None:
        await event.act("end")
        page = await event.page()
        assert "Undo: ending the session" in page
        await event.act("undo", undo=required(await event.last()).id)
        assert not (await event.playing.live()).ended

    async def test_a_vote_that_was_closed_is_not_offered(self, event: Event) -> None:
        acts = event.playing.acts
        round_ = required((await cues.ask_question(acts, event.playing.session, "Who?", ["A", "B"], none=True)).round)
        for name in ("open", "close", "reveal"):
            await event.act("pause")
            await event.act("resume")
            assert "Undo:" in await event.page()
            await event.act(name, round=round_.id)
            assert "Undo:" not in await event.page()

    async def test_no_reason_and_no_vote_is_kept_in_what_undoes_an_act(self, event: Event) -> None:
        acts, session = event.playing.acts, event.playing.session
        round_ = required((await cues.ask_question(acts, session, "Who?", ["A", "B"], none=True)).round)
        await facilitation.open_round(acts, session, round_.id)
        await event.playing.vote(round_.id, ["r1"] * len(FIRST), p0="Nobody should wait alone")
        await event.act("time", round=round_.id, minutes="3")
        last = required(await event.last())
        assert "Nobody should wait alone" not in str(last.changes)
        assert not any(name.startswith("reason") for name in last.changes)

    async def test_a_promise_that_waits_is_undone_and_not_what_was_done_before_it(self, event: Event) -> None:
        session = event.playing.session
        await policy_vote.propose(event.playing.policy, session, "A quiet room")
        async with event.house.store.read() as work:
            [proposal] = await work.proposals.list_proposals(session)
        round_ = required((await policy_vote.put_policy_vote(event.playing.policy, session, proposal.id)).round)
        await event.playing.run_vote(round_, ["agree"] * len(FIRST))
        await event.act("pause")
        await event.act("promise", round=round_.id, role="The ward manager", what="A sign", by="2027-03-31")
        assert "Undo: a promise" in words(await event.organiser.get(event.path))
        await event.act("undo", undo=required(await event.last()).id)
        assert (await event.playing.live()).paused
        async with event.house.store.read() as work:
            assert [p.state for p in await work.proposals.pledges(session)] == ["withdrawn"]


class TestWhatIsFinal:
    async def test_badges_on_asks_first_once_a_result_was_shown_without_them(self, event: Event) -> None:
        await event.act("badges", off="1")
        assert "Yes, put badges on" not in await event.page()
        round_ = required(
            (await cues.ask_question(event.playing.acts, event.playing.session, "Who?", ["A", "B"], none=True)).round
        )
        await event.playing.run_vote(round_, ["r1"] * len(FIRST))
        assert "Yes, put badges on" in await event.page()
        await event.act("badges")
        assert await event.last() is None


class TestTheMoment:
    async def test_a_cue_that_has_passed_is_told_and_no_id_is_shown_as_if_somebody_had_typed_it(
        self, event: Event
    ) -> None:
        plan = f"/organise/sessions/{event.playing.session}/programme"
        made = await event.organiser.post(plan, data={"act": "section", "title": "Morning"}, headers=JSON)
        section = made.json()["sections"][0]["id"]
        for note in ("Tea", "Talk"):
            form = {"act": "note", "section": section, "words": note}
            made = await event.organiser.post(plan, data=form, headers=JSON)
        tea, talk = [item["id"] for item in made.json()["sections"][0]["items"]]
        assert (await event.act("item", item=tea, after="")).status_code == 303
        assert (await event.act("item", item=talk, after=tea)).status_code == 303
        late = await event.act("item", item=tea, after="of before")
        assert late.status_code == 409
        assert "Somebody else has gone on with the programme." in words(late)
        assert "of before" not in words(late)

    async def test_the_projector_may_be_framed_by_this_site_alone_and_nothing_else_by_anybody(
        self, event: Event
    ) -> None:
        live = await event.playing.live()
        wall = await event.organiser.get(f"/projector/{live.projector}")
        assert "frame-ancestors 'self'" in wall.headers["Content-Security-Policy"]
        for path in (event.path, f"/s/{live.code}", "/", "/sign-in"):
            answer = await event.organiser.get(path)
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path


JSON = {"Accept": "application/json"}
