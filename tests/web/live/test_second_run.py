"""Screens of the second run: nothing before it is taken, everything after, and never whose it was."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.app import House, a_house, words
from support.factories import CLOCK, new_id
from support.second_run_session import BEN, Playing, a_replay
from support.voted_session import FIRST, PEOPLE, required

from forum.errors import IllegalMove
from forum.live.connection import Connection
from forum.live.messages import Screen
from forum.services.keys import digest
from forum.services.sessions import cues, facilitation, policy_vote, second_run
from forum.services.sessions.desk import Desk
from forum.services.sessions.room_view import console_view_of
from forum.services.voting import reasons
from forum.sessions.session import Cue, CueKind, Participant
from forum.voting import view_shift
from forum.voting.reason import ReasonReading, ReasonState
from forum.voting.round import Round

HOW = "He could kneel down"
KINDS: tuple[Screen, ...] = ("phone", "projector", "console")


@dataclass(frozen=True)
class Event:
    """A house whose session is in its second run."""

    house: House
    playing: Playing

    async def path(self, name: str = "") -> str:
        return f"/s/{(await self.playing.live()).code}{name}"

    async def phone(self, group: str = "g1", *, observer: bool = False) -> httpx2.AsyncClient:
        """Opens a browser that has joined, and has not voted."""
        browser, device = self.house.browser(), new_id()
        person = Participant(new_id(), self.playing.session, group, CLOCK.now(), observer=observer)
        async with self.house.store.begin() as work:
            await work.sessions.join(person, digest(device))
        browser.cookies.set("forum_device", device)
        return browser

    async def showing(self) -> str:
        return (await self.playing.live()).cue.showing

    async def screens(self) -> dict[Screen, str]:
        """Renders every kind of screen as it would be pushed now."""
        async with self.house.store.read() as work:
            view = await console_view_of(work, await work.sessions.get_session(self.playing.session))
        room = await self.house.site.rooms.room(self.playing.session)
        room.show(view)
        return {kind: room.frames.state(kind, "en").html for kind in KINDS}


@pytest.fixture
async def event(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Event]:
    async with a_house(tmp_path, sqlite_template) as house:
        yield Event(house, await a_replay(house.store, reasons=ReasonReading.READ_FIRST))


async def test_every_screen_of_a_participant_hears_of_what_was_sent_by_form(event: Event) -> None:
    store, rooms, session = event.house.store, event.house.site.rooms, event.playing.session
    round_, [who, other] = event.playing.first, event.playing.people[:2]
    live, device = await event.playing.live(), new_id()
    theirs = await reasons.give(store, CLOCK, live, other, round_, "He knows her.", "")
    async with store.begin() as work:
        await work.tickets.move_ticket(who, digest(device))
        await work.reasons.move_reason(theirs.id, ReasonState.SHOWN)
    tab, stranger = Connection("phone", who), Connection("phone", other)
    for connection in (tab, stranger):
        await rooms.enter(session, connection)

    async with event.house.browser() as phone:
        phone.cookies.set("forum_device", device)

        async def told(path: str, **form: str) -> dict[str, Any]:
            """Sends a form from the phone, waits for the tab's next "mine" message and gives it."""
            await phone.post(await event.path(path), data=form)
            while True:
                for message in map(json.loads, await tab.outbox.take()):
                    if message["t"] == "mine":
                        return dict(message)

        pressed = {"showing": live.cue.showing, "character": BEN, "how": HOW}
        assert (await told("/stop", **pressed))["stop"] == pressed
        # And on the question whose result is shown: a reason, another one, none; "me too" on and off; no vote any more.
        async with store.begin() as work:
            await work.sessions.save_session(
                replace(live, cue=Cue(CueKind.RESULT, round=round_), version=live.version + 1)
            )
        await rooms.changed(session)
        for words_, condition in (("He is calm.", ""), ("He is not.", "he rests")):
            now = await told("/reason", round=round_, reason=words_, condition=condition)
            assert now["reason"] == {"round": round_, "words": words_, "condition": condition}
        assert (await told("/reason", round=round_, take_back="1"))["reason"] is None
        assert (await told("/too", reason=theirs.id, on="1"))["too"] == [theirs.id]
        assert (await told("/too", reason=theirs.id, on="0"))["too"] == []
        assert (await told("/vote", round=round_, choice="r1"))["yours"][0]["choice"] == FIRST[0]
        # One that polls is told the same.
        now = (await phone.get(await event.path("/now"), headers={"Accept": "application/json"})).json()
        assert (now["yours"][0]["choice"], now["stop"], now["reason"], now["too"]) == (FIRST[0], None, None, [])
    assert all(json.loads(frame)["t"] != "mine" for frame in await stranger.outbox.take())


async def a_policy_vote(event: Event) -> Round:
    """Puts a proposal to the vote, on which twelve agree, and shows the result; returns the round."""
    playing = event.playing
    await policy_vote.propose(playing.policy, playing.session, "A quiet room")
    async with event.house.store.read() as work:
        [proposal] = await work.proposals.list_proposals(playing.session)
    round_ = required((await policy_vote.put_policy_vote(playing.policy, playing.session, proposal.id)).round)
    await playing.run_vote(round_, ["agree"] * 12)
    return round_


class TestStops:
    async def test_by_form_a_stop_is_taken_and_can_be_changed(self, event: Event) -> None:
        phone = await event.phone()
        page = words(await phone.get(await event.path()))
        assert "STOP" in page
        assert (await phone.post(await event.path("/stop"), data={"showing": await event.showing()})).status_code == 303
        after = await phone.get(await event.path())
        assert "The facilitator sees your stop" in words(after)
        form = {"showing": await event.showing(), "character": BEN, "how": HOW}
        assert (await phone.post(await event.path("/stop"), data=form)).status_code == 303
        [stop] = await event.playing.stops()
        assert (stop.character, stop.how) == (BEN, HOW)
        assert HOW in (await phone.get(await event.path())).text

    @pytest.mark.parametrize(
        ("form", "code"),
        [
            ({"how": "x" * 301}, "how_too_long"),
            ({"character": "Somebody from another story"}, "unknown_character"),
            ({"showing": "of yesterday"}, "scene_over"),
        ],
    )
    async def test_what_cannot_be_taken_is_told_and_stays_in_the_form(
        self, event: Event, form: dict[str, str], code: str
    ) -> None:
        phone = await event.phone()
        sent = {"showing": await event.showing(), "how": HOW} | form
        machine = await phone.post(await event.path("/stop"), data=sent, headers={"Accept": "application/json"})
        assert machine.json()["error"]["code"] == code
        page = await phone.post(await event.path("/stop"), data=sent)
        assert page.status_code == 409
        if code != "scene_over":
            assert sent["how"] in page.text
        assert await event.playing.stops() == []

    async def test_nobody_stops_without_having_joined(self, event: Event) -> None:
        async with event.house.browser() as stranger:
            answer = await stranger.post(await event.path("/stop"), data={"showing": await event.showing()})
            assert answer.status_code == 403

    async def test_before_it_is_taken_nobody_but_the_facilitator_reads_it(self, event: Event) -> None:
        await event.playing.a_stop(0, HOW)
        screens = await event.screens()
        assert HOW in screens["console"]
        assert HOW not in screens["phone"]
        assert HOW not in screens["projector"]
        other = await event.phone()
        assert HOW not in (await other.get(await event.path())).text
        assert HOW not in (await other.get(await event.path("/now"), headers={"Accept": "application/json"})).text

    async def test_once_taken_everybody_reads_it_with_its_group_and_the_button_is_gone(self, event: Event) -> None:
        await second_run.take_stop(event.playing.acts, event.playing.session, await event.playing.a_stop(0, HOW))
        screens = await event.screens()
        for kind in KINDS:
            assert HOW in screens[kind], kind
            assert "People who use services" in screens[kind], kind
        assert "data-stop " not in screens["phone"]

    async def test_a_small_group_is_named_on_no_screen(self, event: Event) -> None:
        police = PEOPLE.index("g4")
        await second_run.take_stop(event.playing.acts, event.playing.session, await event.playing.a_stop(police, HOW))
        screens = await event.screens()
        for kind in ("phone", "projector"):
            assert "Somebody stopped here" in screens[kind]
            assert "Police" not in screens[kind]
        assert "Somebody from “Police”" not in screens["console"]

    async def test_no_screen_has_anything_that_tells_the_device(self, event: Event) -> None:
        stop = await event.playing.a_stop(0, HOW)
        await second_run.take_stop(event.playing.acts, event.playing.session, stop)
        for html in (await event.screens()).values():
            assert event.playing.people[0] not in html

    async def test_the_wave_is_a_picture_and_the_same_in_words(self, event: Event) -> None:
        for who in range(3):
            await event.playing.press(who)
        console = (await event.screens())["console"]
        assert "Stops since the scene was put up" in console
        assert "0:00–" in console

    async def test_with_badges_off_no_stop_has_a_group(self, event: Event) -> None:
        await second_run.take_stop(event.playing.acts, event.playing.session, await event.playing.a_stop(0, HOW))
        live = await event.playing.live()
        async with event.house.store.begin() as work:
            await work.sessions.save_session(replace(live, badges_off=True).changed())
        assert "Somebody from" not in "".join((await event.screens()).values())


class TestTheNextVote:
    async def test_an_answer_that_was_not_there_is_said_to_be_new(
        self, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(view_shift, "DRAWN", 1.0)
        playing = event.playing
        await second_run.offer_response(playing.acts, playing.session, await playing.a_tried_stop(), "Ben kneels down")
        second = required((await cues.put_second_vote(playing.acts, playing.session, playing.first)).round)
        await playing.run_vote(second, ["r4"] * len(FIRST))
        for kind, html in (await event.screens()).items():
            assert "was not there in the first vote" in html, kind
            assert "At least 6 moved to what was new" in html, kind


class TestReasons:
    async def given(self, event: Event, words_: str = "It is quicker.") -> str:
        live = await event.playing.live()
        people, first = event.playing.people, event.playing.first
        given = await reasons.give(event.house.store, CLOCK, live, people[0], first, words_, "she agrees")
        return given.id

    async def result_on(self, event: Event) -> None:
        await facilitation.reveal_round(event.playing.acts, event.playing.session, event.playing.first)

    async def test_the_facilitator_reads_it_first(self, event: Event) -> None:
        reason = await self.given(event)
        await self.result_on(event)
        screens = await event.screens()
        assert "It is quicker." in screens["console"]
        assert "It is quicker." not in screens["phone"] + screens["projector"]
        await reasons.hear(
            Desk(event.house.store, CLOCK), event.playing.session, reason, ReasonState.SHOWN, ReasonState.WAITING
        )
        phone = (await event.screens())["phone"]
        assert "It is quicker." in phone
        assert "she agrees" in phone
        # One reason of its group for this answer: the group beside it would single somebody out.
        assert "People who use services: It is quicker" not in phone

    async def test_on_the_big_screen_only_when_it_is_put_there(self, event: Event) -> None:
        reason = await self.given(event)
        await self.result_on(event)
        # Nothing to show is no picture: first one is chosen.
        with pytest.raises(IllegalMove, match="Choose first what is to be shown"):
            await second_run.show_reasons(event.playing.acts, event.playing.session, event.playing.first, on=True)
        await reasons.hear(
            Desk(event.house.store, CLOCK), event.playing.session, reason, ReasonState.SHOWN, ReasonState.WAITING
        )
        assert "It is quicker." not in (await event.screens())["projector"]
        await second_run.show_reasons(event.playing.acts, event.playing.session, event.playing.first, on=True)
        assert "It is quicker." in (await event.screens())["projector"]

    async def test_by_form_me_too_is_said_and_taken_back(self, event: Event) -> None:
        reason = await self.given(event)
        await self.result_on(event)
        await reasons.hear(
            Desk(event.house.store, CLOCK), event.playing.session, reason, ReasonState.SHOWN, ReasonState.WAITING
        )
        phone = await event.phone()
        for on, number in (("1", 1), ("1", 1), ("0", 0)):
            answer = await phone.post(await event.path("/too"), data={"reason": reason, "on": on})
            assert answer.status_code == 303
            async with event.house.store.read() as work:
                assert (await work.reasons.counts(event.playing.first)).get(reason, 0) == number

    async def test_who_only_observes_adds_no_weight_to_a_reason(self, event: Event) -> None:
        reason = await self.given(event)
        await self.result_on(event)
        await reasons.hear(
            Desk(event.house.store, CLOCK), event.playing.session, reason, ReasonState.SHOWN, ReasonState.WAITING
        )
        watcher = await event.phone(observer=True)
        answer = await watcher.post(await event.path("/too"), data={"reason": reason, "on": "1"})
        assert answer.status_code == 409
        assert "You follow this session without voting." in words(answer)
        async with event.house.store.read() as work:
            assert await work.reasons.counts(event.playing.first) == {}

    async def test_who_has_not_voted_is_told_so_and_keeps_what_they_wrote(self, event: Event) -> None:
        await self.result_on(event)
        phone = await event.phone()
        form = {"round": event.playing.first, "reason": "I came late", "condition": ""}
        answer = await phone.post(await event.path("/reason"), data=form)
        assert answer.status_code == 409
        assert "Only those who voted" in words(answer)
        assert "I came late" in answer.text

    async def test_no_reason_of_a_vote_that_is_not_shown_is_on_any_screen(self, event: Event) -> None:
        playing = event.playing
        asked = required(
            (await cues.ask_question(playing.acts, playing.session, "And now?", ["A", "B"], none=True)).round
        )
        await facilitation.open_round(playing.acts, playing.session, asked.id)
        await playing.vote(asked.id, ["r1"] * 19, p0="Nobody reads this yet")
        assert "Nobody reads this yet" not in "".join((await event.screens()).values())
        await facilitation.close_round(playing.acts, playing.session, asked.id)
        assert "Nobody reads this yet" not in "".join((await event.screens()).values())


class TestTheConsole:
    async def test_every_act_is_there_and_an_error_keeps_what_was_typed(self, event: Event) -> None:
        playing = event.playing
        stop = await playing.a_stop(0, HOW)
        base = f"/console/{playing.session}"
        async with event.house.signed_in("organiser") as console:
            for name, form in (
                ("take-stop", {}), ("tried", {"tried": "Ben kneels"}), ("judge", {"verdict": "yes"}),
                ("offer", {"words": "Ben kneels down"}), ("take-out", {}), ("finish-stop", {}), ("put-back-stop", {}),
                ("hide-stop", {}), ("put-back-stop", {}), ("defer-stop", {}),
            ):  # fmt: skip
                answer = await console.post(f"{base}/{name}", data={"stop": stop} | form)
                assert answer.status_code == 303, (name, words(answer))
            refused = await console.post(f"{base}/tried", data={"stop": stop, "tried": "x"})
            assert refused.status_code == 409
            assert "Take this stop first" in words(refused)
            proposal = await console.post(f"{base}/propose", data={"text": "y" * 401})
            assert proposal.status_code == 422
            assert "y" * 401 in proposal.text

    async def test_what_is_wrong_with_a_promise_is_said_part_by_part(self, event: Event) -> None:
        playing, round_ = event.playing, await a_policy_vote(event)
        async with event.house.signed_in("organiser") as console:
            answer = await console.post(
                f"/console/{playing.session}/promise", data={"round": round_.id, "role": "", "what": "It", "by": "soon"}
            )
            assert answer.status_code == 422
            assert "Say which role" in words(answer)
            assert "year, month, day" in words(answer)

    async def test_what_waits_is_in_the_form_of_whoever_may_decide(self, event: Event) -> None:
        playing, round_ = event.playing, await a_policy_vote(event)
        async with event.house.signed_in("organiser") as console:
            form = {"round": round_.id, "role": "The trust", "what": "Pays for it", "by": "2027-01-31"}
            assert (await console.post(f"/console/{playing.session}/promise", data=form)).status_code == 303
        async with event.house.signed_in("commissioner") as person:
            page = await person.get(f"/decide/new?round={round_.id}")
            assert "Pays for it" in page.text
            assert "What was promised in the room" in words(page)
            listed = await person.get("/decide")
            assert round_.id in listed.text

    async def test_a_magic_check_waits_for_no_decision(self, event: Event) -> None:
        playing = event.playing
        asked = required((await second_run.ask_room(playing.acts, playing.session, await playing.a_tried_stop())).round)
        await playing.run_vote(asked, ["r1"] * 12)
        async with event.house.signed_in("commissioner") as person:
            assert asked.id not in (await person.get("/decide")).text
