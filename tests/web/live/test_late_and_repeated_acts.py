"""Acts that come too late, twice, or from two people at once: each is told clearly, is done once, and loses no words.

By forms as pages send them, and as JSON. Where two race for the same row, on both databases.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from conftest import Database
from support.app import House, a_house, field, words
from support.factories import CLOCK, new_id
from support.second_run_session import TWEE, Playing
from support.voted_session import required

from forum.services.sessions import cues, facilitation, policy_vote
from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.sessions.desk import Desk
from forum.services.sessions.programmes import Programming, SectionForm
from forum.services.sessions.tablet_link import share
from forum.sessions.proposal import Amendment, Proposal
from forum.sessions.session import LiveSession
from forum.stories.submission import StoryStatus, Submission
from forum.voting.reason import ReasonReading, ReasonState
from forum.voting.round import Round, RoundState

JSON = {"Accept": "application/json"}
LABELS = ("A nurse", "The police")
SCENE = "Monday, seven in the evening"
MY_WORDS = "These are <my> words, and nobody's else"
THEM = "These are &lt;my&gt; words, and nobody&#39;s else"


@dataclass(frozen=True)
class Night:
    """A session with a story, two facilitators at their consoles, and a phone."""

    house: House
    live: LiveSession
    story: str
    ann: httpx2.AsyncClient
    olu: httpx2.AsyncClient
    phone: httpx2.AsyncClient

    @property
    def acts(self) -> Desk:
        return Desk(self.house.store, CLOCK)

    @property
    def console(self) -> str:
        return f"/console/{self.live.id}"

    @property
    def path(self) -> str:
        return f"/s/{self.live.code}"

    async def asked(self) -> Round:
        """Puts a question on screen, not open yet."""
        return required((await cues.ask_question(self.acts, self.live.id, "Who should come?", LABELS, none=True)).round)

    async def opened(self) -> Round:
        """Opens a vote."""
        asked = await self.asked()
        await facilitation.open_round(self.acts, self.live.id, asked.id)
        await self.changed()
        return asked

    async def voted(self) -> Round:
        """Runs a vote in which the phone votes, and shows its result."""
        asked = await self.opened()
        form = {"round": asked.id, "choice": "r1", "reason": "Because of the knock"}
        assert (await self.phone.post(f"{self.path}/vote", data=form)).status_code == 303
        await facilitation.close_round(self.acts, self.live.id, asked.id)
        await facilitation.reveal_round(self.acts, self.live.id, asked.id)
        await self.changed()
        return asked

    async def changed(self) -> None:
        await self.house.site.rooms.changed(self.live.id)

    async def both(self, act: str, other: str = "", **form: str) -> list[httpx2.Response]:
        """Presses as both facilitators at once: the same button, or two."""
        return list(
            await asyncio.gather(
                self.ann.post(f"{self.console}/{act}", data=form),
                self.olu.post(f"{self.console}/{other or act}", data=form),
            )
        )

    async def round(self, id_: str) -> Round:
        async with self.house.store.read() as work:
            return await work.rounds.get_round(id_)

    async def entries(self, type_: str) -> int:
        async with self.house.store.read() as work:
            return sum(json.loads(entry.body)["type"] == type_ for entry in await work.record.entries())

    async def agenda(self) -> tuple[list[Proposal], list[Amendment]]:
        async with self.house.store.read() as work:
            return await work.proposals.list_proposals(self.live.id), await work.proposals.amendments(self.live.id)


@pytest.fixture
async def night(tmp_path: Path, database: Database) -> AsyncIterator[Night]:
    async with a_house(tmp_path, database_url=database.url) as house:
        commission = await house.commission()
        story = Submission(
            new_id(),
            commission.id,
            "Seat fourteen",
            TWEE,
            StoryStatus.ACCEPTED,
            may_perform=True,
            submitted_at=CLOCK.now(),
            link=new_id() * 2,
        )
        async with house.store.begin() as work:
            await work.stories.add_story(story)
        form = SessionForm(commission.id, title="A day", scenarios=(story.id,), reasons=ReasonReading.READ_FIRST)
        live = await create_session(house.store, CLOCK, form)
        async with house.signed_in("organiser") as ann, house.signed_in("organiser") as olu, house.browser() as phone:
            await phone.get(f"/s/{live.code}")
            assert (await phone.post(f"/s/{live.code}/join", data={"group": "g1"})).status_code == 303
            yield Night(house, live, story.id, ann, olu, phone)


def told(answer: httpx2.Response, said: str, status: int = 409) -> None:
    """Checks that an act is refused with a sentence in an alert, on a page that goes on."""
    assert answer.status_code == status, answer.text[:500]
    assert said in words(answer)


class TestTwoFacilitatorsAtOnce:
    async def test_opening_is_done_once_and_both_see_it_done(self, night: Night) -> None:
        asked = await night.asked()
        answers = await night.both("open", round=asked.id)
        assert [answer.status_code for answer in answers] == [303, 303]
        assert (await night.round(asked.id)).state == RoundState.OPEN
        assert await night.entries("round opened") == 1

    async def test_closing_is_done_once_and_both_see_it_done(self, night: Night) -> None:
        asked = await night.opened()
        answers = await night.both("close", round=asked.id)
        assert [answer.status_code for answer in answers] == [303, 303]
        assert (await night.round(asked.id)).state == RoundState.CLOSED
        assert await night.entries("round closed") == 1

    async def test_showing_what_is_being_closed_is_told_or_comes_after_it(self, night: Night) -> None:
        asked = await night.opened()
        closing, showing = await night.both("close", "reveal", round=asked.id)
        assert closing.status_code == 303
        if showing.status_code == 303:
            assert (await night.round(asked.id)).state == RoundState.REVEALED
        else:
            told(showing, "Close")
            assert (await night.round(asked.id)).state == RoundState.CLOSED
        assert await night.entries("round closed") == 1

    async def test_showing_is_done_once_and_both_see_it_done(self, night: Night) -> None:
        asked = await night.opened()
        await facilitation.close_round(night.acts, night.live.id, asked.id)
        answers = await night.both("reveal", round=asked.id)
        assert [answer.status_code for answer in answers] == [303, 303]
        assert await night.entries("round revealed") == 1

    async def test_annulling_is_done_once_and_the_second_keeps_the_reason(self, night: Night) -> None:
        asked = await night.opened()
        answers = sorted(
            await night.both("annul", round=asked.id, because=MY_WORDS), key=lambda answer: answer.status_code
        )
        assert answers[0].status_code == 303
        told(answers[1], "annulled already")
        assert THEM in answers[1].text
        assert await night.entries("round annulled") == 1

    async def test_the_next_cue_is_put_up_once(self, night: Night) -> None:
        programme = Programming(night.house.store, CLOCK, night.live.id)
        section = (await programme.section(SectionForm(title="The morning"))).plan.sections[0].id
        for question in ("First?", "Second?"):
            plan = (await programme.ask(section, question, LABELS, none=True)).plan
        first, second = plan.items
        answers = await night.both("item", item=first.id, after="")
        assert [answer.status_code for answer in answers] == [303, 303]
        async with night.house.store.read() as work:
            assert [r.question for r in await work.rounds.list_rounds(night.live.id)] == ["First?"]
        # Ann goes on; Olu's console still shows the cue before.
        assert (await night.ann.post(f"{night.console}/item", data={"item": second.id, "after": first.id})).is_redirect
        for stale in ({"item": first.id, "after": ""}, {"item": "none", "after": ""}):
            late = await night.olu.post(f"{night.console}/item", data=stale)
            assert late.status_code in {404, 409}
        told(await night.olu.post(f"{night.console}/item", data={"item": first.id, "after": ""}), "Somebody else")
        async with night.house.store.read() as work:
            assert (await work.sessions.get_session(night.live.id)).cue.item == second.id


class TestWhatHasPassed:
    async def test_closing_twice_is_closed_once_with_the_same_count(self, night: Night) -> None:
        asked = await night.opened()
        form = {"round": asked.id, "choice": "r2"}
        await night.phone.post(f"{night.path}/vote", data=form)
        first = await night.ann.post(f"{night.console}/close", data={"round": asked.id}, headers=JSON)
        again = await night.olu.post(f"{night.console}/close", data={"round": asked.id}, headers=JSON)
        assert first.json() == again.json()
        assert first.json()["count"] == 1
        assert await night.entries("round closed") == 1

    async def test_an_open_vote_is_not_shown(self, night: Night) -> None:
        asked = await night.opened()
        told(await night.ann.post(f"{night.console}/reveal", data={"round": asked.id}), "Close it first")
        machine = await night.ann.post(f"{night.console}/reveal", data={"round": asked.id}, headers=JSON)
        assert (machine.status_code, machine.json()["error"]["code"]) == (409, "illegal_move")
        assert (await night.round(asked.id)).state == RoundState.OPEN

    async def test_a_question_that_somebody_replaced_on_screen_is_not_opened_unseen(self, night: Night) -> None:
        asked = await night.asked()
        await cues.show_scene(night.acts, night.live.id, night.story, SCENE)
        late = await night.olu.post(f"{night.console}/open", data={"round": asked.id})
        told(late, "not on screen any more")
        assert (await night.round(asked.id)).state == "draft"
        async with night.house.store.read() as work:
            assert (await work.sessions.get_session(night.live.id)).cue.kind == "scene"

    async def test_another_scene_or_question_does_not_cut_an_open_vote_off_and_the_question_stays_typed(
        self, night: Night
    ) -> None:
        await night.opened()
        form = {"question": MY_WORDS, "response": ["Yes, <b>", "No"], "method": "single"}
        late = await night.ann.post(f"{night.console}/ask", data=form)
        told(late, "A vote is open")
        assert THEM in late.text
        assert field(late, "response") == "Yes, <b>"

    async def test_a_vote_after_closing_is_refused_and_its_reason_stays_on_the_page(self, night: Night) -> None:
        asked = await night.opened()
        await facilitation.close_round(night.acts, night.live.id, asked.id)
        await night.changed()
        late = await night.phone.post(
            f"{night.path}/vote", data={"round": asked.id, "choice": "r1", "reason": MY_WORDS, "condition": "If so"}
        )
        told(late, "has closed")
        assert THEM in late.text
        assert "If so" in words(late)

    async def test_a_vote_on_a_tablet_after_closing_or_the_end_keeps_its_reason(self, night: Night) -> None:
        asked = await night.opened()
        tablet = f"/tablet/{(await share(night.house.store, night.live.id, on=True)).tablet}"
        await facilitation.close_round(night.acts, night.live.id, asked.id)
        await night.changed()
        form = {"round": asked.id, "group": "g1", "person": new_id(), "choice": "r1", "reason": MY_WORDS}
        late = await night.phone.post(f"{tablet}/vote", data=form)
        told(late, "has closed")
        assert THEM in late.text
        await facilitation.end(night.acts, night.live.id)
        await night.changed()
        late = await night.phone.post(f"{tablet}/vote", data=form)
        told(late, "This session has ended")
        assert THEM in late.text
        machine = await night.phone.post(f"{tablet}/vote", data=form, headers=JSON)
        assert (machine.status_code, machine.json()["error"]["code"]) == (409, "illegal_move")

    async def test_stop_after_the_scene_is_told_and_what_was_said_stays(self, night: Night) -> None:
        await cues.show_scene(night.acts, night.live.id, night.story, SCENE, replay=True)
        async with night.house.store.read() as work:
            showing = (await work.sessions.get_session(night.live.id)).cue.showing
        await cues.show_note(night.acts, night.live.id, "Break")
        await night.changed()
        form = {"showing": showing, "how": MY_WORDS}
        late = await night.phone.post(f"{night.path}/stop", data=form)
        told(late, "scene is over")
        assert THEM in late.text
        machine = await night.phone.post(f"{night.path}/stop", data=form, headers=JSON)
        assert (machine.status_code, machine.json()["error"]["code"]) == (409, "scene_over")
        async with night.house.store.read() as work:
            assert await work.stops.list_stops(night.live.id) == []

    async def test_a_reason_after_the_end_is_told_and_stays_on_the_page(self, night: Night) -> None:
        voted = await night.voted()
        await facilitation.end(night.acts, night.live.id)
        await night.changed()
        form = {"round": voted.id, "reason": MY_WORDS, "condition": "If they wait"}
        late = await night.phone.post(f"{night.path}/reason", data=form)
        told(late, "This session has ended.")
        assert 'role="alert"' in late.text
        assert THEM in late.text
        assert "If they wait" in words(late)
        machine = await night.phone.post(f"{night.path}/reason", data=form, headers=JSON)
        assert machine.status_code == 409
        assert machine.json()["error"]["words"] == "This session has ended."

    async def test_what_was_typed_about_a_stop_that_somebody_put_back_stays(self, night: Night) -> None:
        await cues.show_scene(night.acts, night.live.id, night.story, SCENE, replay=True)
        await night.ann.post(f"{night.console}/shout")
        [stop] = await Playing(night.house.store, night.live.id, (), night.story, "").stops()
        await night.ann.post(f"{night.console}/put-back-stop", data={"stop": stop.id})
        for act, name in (("tried", "tried"), ("offer", "words")):
            late = await night.olu.post(f"{night.console}/{act}", data={"stop": stop.id, name: MY_WORDS})
            told(late, "Take this stop first")
            assert THEM in late.text


class TestTwice:
    async def test_a_ticket_on_two_devices_at_once_lets_one_in_and_tells_the_other(self, night: Night) -> None:
        async with night.house.store.read() as work:
            commission = (await work.sessions.get_session(night.live.id)).commission
        form = SessionForm(commission, title="By ticket", entrance="tickets")
        live = await create_session(night.house.store, CLOCK, form)
        issue = {"act": "issue", "group": "g2", "count": "1"}
        issued = await night.ann.post(f"/organise/sessions/{live.id}/tickets", data=issue, headers=JSON)
        ticket = {"ticket": issued.json()["tickets"][0]["code"]}
        async with night.house.browser() as one, night.house.browser() as other:
            answers = await asyncio.gather(*(b.post(f"/s/{live.code}/join", data=ticket) for b in (one, other)))
            first, second = sorted(answers, key=lambda answer: answer.status_code)
            assert first.status_code == 303
            told(second, "in use on another device", 422)
            assert field(second, "ticket") == ticket["ticket"]
            late = other if first is answers[0] else one
            machine = await late.post(f"/s/{live.code}/join", data=ticket, headers=JSON)
            assert (machine.status_code, list(machine.json()["error"]["fields"])) == (422, ["ticket"])

    async def test_two_who_confirm_the_same_papers_at_once_count_them_once(self, night: Night) -> None:
        asked = await night.opened()
        page = f"/organise/sessions/{night.live.id}/papers/{asked.id}"
        form = {"act": "enter", "handed_out": "4", "n:g1:r1": "3"}
        assert (await night.ann.post(page, data=form)).status_code == 303
        confirm = {"act": "confirm", "id": field(await night.olu.get(page), "id")}
        told(await night.ann.post(page, data=confirm), "Somebody else must confirm it", 422)
        machine = await night.ann.post(page, data=confirm, headers=JSON)
        assert (machine.status_code, machine.json()["error"]["code"]) == (409, "illegal_move")
        async with night.house.signed_in("organiser") as ida:
            answers = await asyncio.gather(night.olu.post(page, data=confirm), ida.post(page, data=confirm))
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses[0] == 303
        for late in answers:
            if late.status_code != 303:
                told(late, "confirmed meanwhile", 422)
        async with night.house.store.read() as work:
            assert await work.rounds.voted([asked.id]) == {asked.id: 3}

    async def test_more_papers_than_people_who_got_one_are_told_with_both_numbers(self, night: Night) -> None:
        asked = await night.opened()
        page = f"/organise/sessions/{night.live.id}/papers/{asked.id}"
        form = {"act": "enter", "handed_out": "4", "n:g1:r1": "3", "n:g2:r2": "2"}
        late = await night.ann.post(page, data=form)
        told(late, "You counted 5 papers, but only 4 people got one", 422)
        assert (field(late, "n:g1:r1"), field(late, "handed_out")) == ("3", "4")
        machine = await night.ann.post(page, data=form, headers=JSON)
        assert (machine.status_code, list(machine.json()["error"]["fields"])) == (422, ["handed_out"])

    async def test_me_too_twice_is_once(self, night: Night) -> None:
        await night.voted()
        async with night.house.store.read() as work:
            round_ = (await work.rounds.list_rounds(night.live.id))[0]
            [reason] = await work.reasons.list_reasons(round_.id)
        hear = {"reason": reason.id, "state": ReasonState.SHOWN, "before": reason.state}
        assert (await night.ann.post(f"{night.console}/hear", data=hear)).status_code == 303
        async with night.house.browser() as other:
            await other.get(night.path)
            await other.post(f"{night.path}/join", data={"group": "g2"})
            form = {"reason": reason.id, "on": "1"}
            answers = await asyncio.gather(*(other.post(f"{night.path}/too", data=form) for _ in range(3)))
            assert [answer.status_code for answer in answers] == [303] * 3
            told(await night.phone.post(f"{night.path}/too", data=form), "This is your own reason.")
        async with night.house.store.read() as work:
            assert await work.reasons.counts(round_.id) == {reason.id: 1}


class TestAmendments:
    async def proposed(self, night: Night) -> Proposal:
        await policy_vote.propose(Desk(night.house.store, CLOCK), night.live.id, "Every ward has a host")
        [proposal], _ = await night.agenda()
        return proposal

    async def test_of_two_amendments_at_once_one_flies_and_the_other_ones_words_stay(self, night: Night) -> None:
        proposal = await self.proposed(night)
        forms = [
            {"proposal": proposal.id, "before": proposal.words, "after": f"{proposal.words} {who}"}
            for who in ("at <night>", "by <day>")
        ]
        answers = await asyncio.gather(
            night.ann.post(f"{night.console}/amend", data=forms[0]),
            night.olu.post(f"{night.console}/amend", data=forms[1]),
        )
        _, [flying] = await night.agenda()
        assert sorted(answer.status_code for answer in answers) == [303, 409]
        for answer, form in zip(answers, forms, strict=True):
            if answer.status_code == 409:
                told(answer, "Take it or drop it first")
                assert form["after"] in words(answer), "what the second one typed"
                assert flying.after in words(answer), "what is on the screen"
            else:
                assert flying.after == form["after"]

    async def test_amending_words_that_have_changed_is_told_and_shows_both(self, night: Night) -> None:
        proposal = await self.proposed(night)
        policy = Desk(night.house.store, CLOCK)
        await policy_vote.amend(policy, night.live.id, proposal.id, proposal.words, "Every ward has two hosts")
        _, [flying] = await night.agenda()
        await policy_vote.settle_amendment(policy, night.live.id, flying.id, "taken")
        form = {"proposal": proposal.id, "before": proposal.words, "after": MY_WORDS}
        late = await night.olu.post(f"{night.console}/amend", data=form)
        told(late, "Somebody else changed this")
        assert THEM in late.text
        assert "Every ward has two hosts" in words(late)
        machine = await night.olu.post(f"{night.console}/amend", data=form, headers=JSON)
        assert (machine.status_code, machine.json()["error"]["code"]) == (409, "illegal_move")

    async def test_amending_while_the_vote_on_it_is_open_is_told_and_the_words_stay(self, night: Night) -> None:
        proposal = await self.proposed(night)
        asked = required(
            (await policy_vote.put_policy_vote(Desk(night.house.store, CLOCK), night.live.id, proposal.id)).round
        )
        await facilitation.open_round(night.acts, night.live.id, asked.id)
        form = {"proposal": proposal.id, "before": proposal.words, "after": MY_WORDS}
        late = await night.olu.post(f"{night.console}/amend", data=form)
        told(late, "has been put to the vote")
        assert THEM in late.text
