"""A shared tablet: a voter of its own for each ballot, by form and by script; the link is the organisers'."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest
from support.app import House, a_house, field, words
from support.factories import CLOCK, new_id

from forum.services.sessions import cues, facilitation, tickets
from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.sessions.desk import Desk
from forum.services.sessions.tablet_link import share
from forum.sessions.session import LiveSession
from forum.voting.question import Terms

JSON = {"Accept": "application/json"}


@dataclass(frozen=True)
class Tablet:
    """A session with a tablet, and the tablet's browser."""

    house: House
    live: LiveSession
    browser: httpx2.AsyncClient

    @property
    def page(self) -> str:
        return f"/tablet/{self.live.tablet}"

    @property
    def acts(self) -> Desk:
        return Desk(self.house.store, CLOCK)

    async def ask(self, method: str = "single") -> str:
        asked = await cues.ask_question(
            self.acts, self.live.id, f"Who? {new_id()}", ["A nurse", "Police"], Terms(method), none=True
        )
        assert asked.round is not None
        await facilitation.open_round(self.acts, self.live.id, asked.round.id)
        return asked.round.id

    async def vote(self, round_id: str, **fields: str) -> httpx2.Response:
        form = {"round": round_id, "group": "g1", "choice": "r1", "person": new_id(), "cast": new_id()} | fields
        return await self.browser.post(f"{self.page}/vote", data=form, headers=JSON)

    async def counted(self, round_id: str) -> int:
        async with self.house.store.read() as work:
            return (await work.rounds.voted([round_id]))[round_id]


@pytest.fixture(params=["open code"])
async def tablet(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Tablet]:
    async with a_house(tmp_path, sqlite_template) as house:
        commission = await house.commission()
        form = SessionForm(commission.id, title="A day", entrance=request.param)
        live = await create_session(house.store, CLOCK, form)
        live = await share(house.store, live.id, on=True)
        async with house.browser() as browser:
            yield Tablet(house, live, browser)


async def test_it_waits_until_a_vote_is_open(tablet: Tablet) -> None:
    assert "Please wait" in words(await tablet.browser.get(tablet.page))
    round_id = await tablet.ask()
    shown = await tablet.browser.get(tablet.page)
    assert "Which group are you from?" in words(shown)
    assert field(shown, "round") == round_id
    await facilitation.close_round(tablet.acts, tablet.live.id, round_id)
    assert "Voting has closed" in words(await tablet.browser.get(tablet.page))
    await facilitation.end(tablet.acts, tablet.live.id)
    assert "This session has ended" in words(await tablet.browser.get(tablet.page))


async def test_without_javascript_one_person_after_the_other_votes(tablet: Tablet) -> None:
    round_id = await tablet.ask()
    people = set()
    for group, choice in (("g1", "r1"), ("g2", "r2"), ("", "none")):
        shown = await tablet.browser.get(tablet.page)
        assert " checked" not in shown.text
        form = {name: field(shown, name) for name in ("round", "person", "cast")}
        people.add(form["person"])
        answer = await tablet.browser.post(f"{tablet.page}/vote", data={**form, "group": group, "choice": choice})
        assert answer.status_code == 303
        after = await tablet.browser.get(answer.headers["location"])
        assert "Counted. Thank you. Now hand the tablet to the next person." in words(after)
        assert "Next person?" in words(after)
    assert len(people) == 3
    assert await tablet.counted(round_id) == 3
    async with tablet.house.store.read() as work:
        ballots = await work.rounds.ballots(round_id)
        assert {(b.group, b.choice) for b in ballots} == {("g1", "r1"), ("g2", "r2"), (None, "none")}
        # Nobody is counted as being here for that.
        assert await work.sessions.joined(tablet.live.id) == {}


async def test_the_same_ballot_sent_again_is_one_and_another_person_never_replaces_it(tablet: Tablet) -> None:
    round_id = await tablet.ask()
    person, cast = new_id(), new_id()
    for _ in range(3):
        answer = await tablet.vote(round_id, person=person, cast=cast)
        assert (answer.status_code, answer.json()["choice"]) == (200, "r1")
    assert await tablet.counted(round_id) == 1
    for _ in range(3):
        assert (await tablet.vote(round_id, choice="r2")).status_code == 200
    assert await tablet.counted(round_id) == 4
    async with tablet.house.store.read() as work:
        assert sorted(b.choice for b in await work.rounds.ballots(round_id)) == ["r1", "r2", "r2", "r2"]


async def test_what_is_missing_comes_back_with_what_was_filled_in_for_the_same_person(tablet: Tablet) -> None:
    round_id = await tablet.ask()
    person = new_id()
    form = {"round": round_id, "person": person, "cast": new_id(), "choice": "r2", "reason": "Because <they> know"}
    back = await tablet.browser.post(f"{tablet.page}/vote", data=form)
    assert back.status_code == 422
    assert 'id="group-error"' in back.text
    assert re.search(r'value="r2" required checked', back.text)
    assert "Because &lt;they&gt; know</textarea>" in back.text
    assert field(back, "person") == person
    back = await tablet.browser.post(f"{tablet.page}/vote", data={"round": round_id, "group": "g2", "person": person})
    assert back.status_code == 409
    assert "Not counted." in words(back)
    assert re.search(r'value="g2" checked', back.text)
    assert await tablet.counted(round_id) == 0


async def test_a_group_put_right_after_a_refusal_is_the_one_that_counts(tablet: Tablet) -> None:
    round_id = await tablet.ask()
    person, cast = new_id(), new_id()
    assert (await tablet.vote(round_id, person=person, cast=cast, choice="")).status_code == 409
    assert (await tablet.vote(round_id, person=person, cast=cast, group="g2")).status_code == 200
    # Once a ballot counts, its group stays: the same person with another group is not one more.
    assert (await tablet.vote(round_id, person=person, cast=new_id(), group="g3", choice="r2")).status_code == 200
    async with tablet.house.store.read() as work:
        assert [(b.group, b.choice) for b in await work.rounds.ballots(round_id)] == [("g2", "r2")]


async def test_a_ballot_that_comes_too_late_is_refused_plainly(tablet: Tablet) -> None:
    round_id = await tablet.ask()
    await facilitation.close_round(tablet.acts, tablet.live.id, round_id)
    late = await tablet.vote(round_id)
    assert late.status_code == 409
    assert late.json()["error"]["code"] == "closed"
    for bad in ({"group": "g99"}, {"round": new_id()}, {"choice": "r9"}):
        assert (await tablet.vote(await _reopened(tablet), **bad)).status_code in {404, 409, 422}


async def _reopened(tablet: Tablet) -> str:
    round_id = await tablet.ask()
    await facilitation.close_round(tablet.acts, tablet.live.id, round_id)
    return round_id


async def test_what_is_too_long_is_refused_and_stays_in_the_form(tablet: Tablet) -> None:
    round_id = await tablet.ask()
    for field_name, most, says in (("reason", 500, "reason_too_long"), ("condition", 300, "condition_too_long")):
        refused = await tablet.vote(round_id, **{field_name: "x" * (most + 1)})
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, says)
        form = {"round": round_id, "group": "g1", "choice": "r1", "person": new_id(), field_name: "x" * (most + 1)}
        back = await tablet.browser.post(f"{tablet.page}/vote", data=form)
        assert back.status_code == 409
        assert "x" * (most + 1) in back.text
        assert (await tablet.vote(round_id, **{field_name: "x" * most, "cast": "c" * 70})).status_code == 200
    assert await tablet.counted(round_id) == 2


@pytest.mark.parametrize("entrance", ["open code", "tickets"])
async def test_an_id_of_another_sessions_tablet_is_somebody_else_here(tablet: Tablet, entrance: str) -> None:
    """A person's id, or a ticket's code, means nothing in another session: each has a ballot in its own."""
    form = SessionForm(tablet.live.commission, title="Another day", entrance=entrance)
    other = await share(tablet.house.store, (await create_session(tablet.house.store, CLOCK, form)).id, on=True)
    there = Tablet(tablet.house, other, tablet.browser)
    first, second = await tablet.ask(), await there.ask()
    sent = {"person": new_id(), "cast": new_id()}
    assert (await tablet.vote(first, **sent)).status_code == 200
    if entrance == "tickets":
        [ticket] = await tickets.issue(tablet.house.store, CLOCK, other.id, "g2", 1)
        # What opens one session's door by its ticket is no person of the other.
        assert (await there.vote(second, **sent)).status_code == 422
        assert (await tablet.vote(first, person=ticket.code, ticket=ticket.code)).status_code == 200
        assert (await there.vote(second, ticket=ticket.code, group="g1")).status_code == 200
        assert (await tablet.counted(first), await there.counted(second)) == (2, 1)
    else:
        assert (await there.vote(second, **sent, group="g2")).status_code == 200
        # And a ballot for a question of the other session is nobody's.
        assert (await there.vote(first, **sent)).json()["error"]["code"] == "unknown_round"
        assert (await tablet.counted(first), await there.counted(second)) == (1, 1)
    async with tablet.house.store.read() as work:
        [ballot] = await work.rounds.ballots(second)
        assert ballot.group == "g2"


@pytest.mark.parametrize(
    ("method", "given", "choice"),
    [
        ("approval", {"choice": "r2"}, "r2"),
        ("ranked", {"rank-r1": "2", "rank-r2": "1"}, "r2>r1"),
        ("score", {"score-r1": "4", "score-r2": "2"}, "r1=4 r2=2"),
    ],
)
async def test_every_way_of_voting_works_on_it(tablet: Tablet, method: str, given: dict[str, str], choice: str) -> None:
    round_id = await tablet.ask(method)
    shown = await tablet.browser.get(tablet.page)
    assert all(f'name="{name}"' in shown.text for name in given)
    form = {"round": round_id, "group": "g1", **given}
    answer = await tablet.browser.post(f"{tablet.page}/vote", data=form, headers=JSON)
    assert (answer.status_code, answer.json()["choice"]) == (200, choice)


@pytest.mark.parametrize("tablet", ["tickets"], indirect=True)
async def test_guesses_from_the_same_network_keep_nobody_from_voting_on_with_their_ticket(tablet: Tablet) -> None:
    first, second = await tickets.issue(tablet.house.store, CLOCK, tablet.live.id, "g1", 2)
    assert (await tablet.vote(await tablet.ask(), ticket=first.code)).status_code == 200
    await facilitation.close_round(tablet.acts, tablet.live.id, await _on_screen(tablet))
    site = tablet.house.site
    tablet.house.app.state.site = replace(site, settings=replace(site.settings, wrong_tickets_per_address=5))
    async with tablet.house.browser() as guesser:
        for _ in range(5):
            await guesser.post(f"/s/{tablet.live.code}/join", data={"ticket": new_id()[:12]}, headers=JSON)
    round_id = await tablet.ask()
    assert (await tablet.vote(round_id, ticket=first.code)).status_code == 200
    assert (await tablet.vote(round_id, ticket=second.code)).status_code == 200
    assert await tablet.counted(round_id) == 2
    assert (await tablet.vote(round_id, ticket=new_id()[:12])).status_code == 429
    await tickets.revoke(tablet.house.store, CLOCK, tablet.live.id, first.ticket.number)
    assert (await tablet.vote(round_id, ticket=first.code)).status_code == 422


@pytest.mark.parametrize("tablet", ["open code", "tickets"], indirect=True)
async def test_whoever_knows_a_ticket_or_an_id_does_not_read_how_its_voter_voted(tablet: Tablet) -> None:
    person = new_id()
    if tablet.live.entrance == "tickets":
        [ticket] = await tickets.issue(tablet.house.store, CLOCK, tablet.live.id, "g1", 1)
        person = tickets.plain(ticket.code)
    assert (await tablet.vote(await tablet.ask(), person=person, ticket=person)).status_code == 200
    async with tablet.house.browser() as other:
        headers = {"Cookie": f"forum_device=tablet {tablet.live.id} {person}"}
        for path in ("/your-data/browser", f"/s/{tablet.live.code}/receipts"):
            assert "A nurse" not in (await other.get(path, headers=headers)).text, path
        copy = await other.get("/your-data/browser?copy=json", headers=headers)
        assert "ballot" not in copy.text
        assert not copy.headers["content-type"].startswith("application/json"), "nothing is held of this browser"


async def _on_screen(tablet: Tablet) -> str:
    async with tablet.house.store.read() as work:
        return (await work.sessions.get_session(tablet.live.id)).cue.round or ""


async def test_organisers_make_the_link_and_take_it_away(tablet: Tablet) -> None:
    path = f"/organise/sessions/{tablet.live.id}/tablet"
    async with tablet.house.signed_in("organiser") as organiser:
        shown = await organiser.get(path)
        assert tablet.page in shown.text
        assert (await organiser.post(path, data={"act": "make"})).status_code == 303
        assert (await tablet.browser.get(tablet.page)).status_code == 404
        assert tablet.page not in (await organiser.get(path)).text
        answer = await organiser.post(path, data={"act": "make"}, headers=JSON)
        assert (await tablet.browser.get(answer.json()["tablet"])).status_code == 200
        await organiser.post(path, data={"act": "stop"})
        assert (await tablet.browser.get(answer.json()["tablet"])).status_code == 404
        assert "Make a link for tablets" in words(await organiser.get(path))
        assert (await organiser.post(path, data={"act": "break"})).status_code == 404
        await facilitation.end(tablet.acts, tablet.live.id)
        assert (await organiser.post(path, data={"act": "make"})).status_code == 409
    assert (await tablet.browser.get("/tablet/")).status_code == 404
    assert (await tablet.browser.get(path)).status_code == 303


async def test_what_is_on_can_be_asked_where_sockets_are_blocked(tablet: Tablet) -> None:
    round_id = await tablet.ask()
    now = (await tablet.browser.get(f"{tablet.page}/now", headers=JSON)).json()
    assert now["round"]["id"] == round_id
    assert "Which group are you from?" in now["html"]
    assert now["yours"] == []
    # What is pushed to every tablet has nobody's id in it.
    assert re.search(r'name="person" value=""', now["html"])
    assert (await tablet.browser.get(f"{tablet.page}/now")).status_code == 303


@pytest.mark.parametrize("tablet", ["tickets"], indirect=True)
async def test_with_tickets_each_person_types_theirs_and_has_one_vote(tablet: Tablet) -> None:
    one, two = await tickets.issue(tablet.house.store, CLOCK, tablet.live.id, "g2", 2)
    first = await tablet.ask()
    assert "The code on your ticket" in words(await tablet.browser.get(tablet.page))
    assert (await tablet.vote(first, ticket=one.code)).status_code == 200
    assert (await tablet.vote(first, ticket=two.code, choice="r2")).status_code == 200
    # The same ticket again is the same person, who changes their mind.
    assert (await tablet.vote(first, ticket=tickets.printed(one.code).lower(), choice="r2")).status_code == 200
    assert await tablet.counted(first) == 2
    assert (await tablet.vote(first, ticket="")).status_code == 422
    assert (await tablet.vote(first, ticket="AAAA-AAAA-AAAA")).status_code == 422
    async with tablet.house.browser("192.0.2.9") as phone:
        refused = await phone.post(f"/s/{tablet.live.code}/join", data={"ticket": one.code})
        assert "in use on another device" in words(refused)
    await facilitation.close_round(tablet.acts, tablet.live.id, first)
    second = await tablet.ask()
    assert (await tablet.vote(second, ticket=one.code)).status_code == 200
    async with tablet.house.store.read() as work:
        ballots = await work.rounds.ballots(second)
    assert [b.group for b in ballots] == ["g2"]
