"""Joining, voting by form and following by polling, without JavaScript and without websockets."""

from __future__ import annotations

import posixpath
import re
from collections.abc import AsyncIterator, Iterator, MutableMapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from conftest import Tables
from support.app import a_house, words
from support.factories import a_commission, a_session, new_id
from support.live_house import LiveHouse

from forum.live.connection import Connection
from forum.services.sessions import cues, facilitation
from forum.voting.ballot import Cast, CastOutcome
from forum.voting.reason import ReasonReading
from forum.web.live.sockets import TRY_LATER
from forum.web.templates import STATIC


@dataclass(frozen=True)
class Event(LiveHouse):
    """House with a live session in which questions are asked."""

    async def ask(self, question: str = "Who should come first?") -> str:
        """Asks and opens; returns the round."""
        asked = (await cues.ask_question(self.acts, self.live.id, question, ["A nurse", "The police"], none=True)).round
        assert asked is not None
        await facilitation.open_round(self.acts, self.live.id, asked.id)
        await self.house.site.rooms.changed(self.live.id)
        return asked.id

    async def choices(self, round_id: str) -> list[str]:
        async with self.house.store.read() as work:
            return sorted(b.choice for b in await work.rounds.ballots(round_id))


@pytest.fixture
async def event(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Event]:
    async with a_house(tmp_path, sqlite_template, wrong_codes_per_address=5, joins_per_session=20) as house:
        commission = a_commission()
        live = a_session(commission, code="482913")
        async with house.store.begin() as work:
            await work.commissions.add_commission(commission)
            await work.sessions.add_session(live)
        yield Event(house, live)


async def test_a_code_is_taken_however_it_is_typed(event: Event) -> None:
    async with event.house.browser() as browser:
        for typed in ("482913", "482 913", " 482-913 ", "４８２ ９１３", "٤٨٢٩١٣", "४८२-९१३", "\u200b482913\ufeff"):
            answer = await browser.post("/join", data={"code": typed})
            assert (answer.status_code, answer.headers["location"]) == (303, "/s/482913")


async def test_a_wrong_code_says_so_keeps_what_was_typed_and_has_its_limit(event: Event) -> None:
    async with event.house.browser() as browser:
        for _ in range(5):
            answer = await browser.post("/join", data={"code": "123 456"})
            assert answer.status_code == 422
            assert "no session with this code" in words(answer)
            assert 'value="123 456"' in answer.text
        refused = await browser.post("/join", data={"code": "123 457"})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 600
        assert "What is right works all the same" in words(refused)
        assert 'value="123 457"' in refused.text
        assert (await browser.post("/join", data={"code": "482913"})).status_code == 303
    async with event.house.browser("192.0.2.77") as elsewhere:
        assert (await elsewhere.post("/join", data={"code": "123456"})).status_code == 422


async def close_code(event: Event, code: str, cookie: str = "") -> int:
    """Returns the code with which a phone's websocket is closed, or 0 where it is let in."""
    headers = {"host": "house.test", "origin": "http://house.test", "cookie": cookie}
    scope = {
        "type": "websocket",
        "scheme": "ws",
        "path": f"/s/{code}/socket",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 40000),
        "server": ("house.test", 80),
        "subprotocols": [],
    }
    received: Iterator[MutableMapping[str, Any]] = iter(
        [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1001}]
    )
    codes: list[int] = []

    async def receive() -> MutableMapping[str, Any]:
        return next(received)

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "websocket.close":
            codes.append(message["code"])

    await event.house.app(scope, receive, send)
    return codes[0] if codes else 0


async def test_codes_cannot_be_tried_over_sockets_without_end(event: Event) -> None:
    assert await close_code(event, "482913") == 4403
    assert [await close_code(event, "123456") for _ in range(5)] == [4404] * 5
    assert [await close_code(event, code) for code in ("482913", "123456")] == [4403, 1011]


async def test_a_server_that_stops_sends_phones_elsewhere_and_reads_nothing_for_them(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    await event.house.site.rooms.close()
    monkeypatch.setattr(event.house.site.rooms, "reads", None)
    assert await close_code(event, "482913") == TRY_LATER


async def test_whoever_has_the_right_code_comes_in_when_a_neighbour_tries_codes(event: Event) -> None:
    round_id = await event.ask()
    inside = await event.join()
    async with event.house.browser() as neighbour:
        for _ in range(6):
            answer = await neighbour.get("/s/123456")
        assert answer.status_code == 429
        assert (await neighbour.get(event.path)).status_code == 200
        assert (await neighbour.post(f"{event.path}/join", data={"group": "g1"})).status_code == 303
    assert (await inside.get(event.path)).status_code == 200
    answer = await inside.post(f"{event.path}/vote", data={"round": round_id, "choice": "r1"})
    assert answer.status_code == 303
    assert await close_code(event, event.live.code, f"forum_device={inside.cookies['forum_device']}") == 0
    # Nor is whoever is inside counted with those who prove nothing.
    assert (await inside.get("/s/123456")).status_code == 404


async def test_looking_at_the_join_page_tries_no_code(event: Event) -> None:
    async with event.house.browser() as browser:
        for _ in range(7):
            assert (await browser.head("/join")).status_code == 200
        assert (await browser.post("/join", data={"code": "482913"})).status_code == 303


async def test_joining_says_who_will_see_what_and_that_browsers_are_counted(event: Event) -> None:
    async with event.house.browser() as browser:
        page = await browser.get(event.path)
    said = words(page)
    assert said.count("without saying") == 1  # once, and nothing else says it too
    assert "Prefer not to say" not in said
    # Of who sees what one sentence stands open; the rest is folded.
    assert "Nobody sees your group beside your vote" in re.sub("<details.*?</details>", "", page.text, flags=re.DOTALL)
    assert "browser" in said
    assert "The joint board" in said
    assert "Carers" in said


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        (ReasonReading.KEPT, "The facilitator and those who decide read it, without your name or group."),
        (ReasonReading.READ_FIRST, "After the result it may be shown to everybody, without your name;"),
        (ReasonReading.DELAYED, "After the result everybody can read it, without your name;"),
    ],
)
async def test_joining_says_who_will_read_reasons_in_this_session(
    event: Event, reasons: ReasonReading, said: str
) -> None:
    async with event.house.store.begin() as work:
        await work.sessions.save_session(replace(await work.sessions.get_session(event.live.id), reasons=reasons))
    async with event.house.browser() as browser:
        assert said in words(await browser.get(event.path))


async def test_joining_needs_a_choice_and_an_existing_group(event: Event) -> None:
    async with event.house.browser() as browser:
        for form in ({}, {"group": "g99"}):
            answer = await browser.post(f"{event.path}/join", data=form)
            assert answer.status_code == 422
            assert "Choose a group" in words(answer)
    async with event.house.store.read() as work:
        assert await work.sessions.joined(event.live.id) == {}


async def test_the_same_browser_joins_once_and_keeps_its_group(event: Event) -> None:
    browser = await event.join("g1")
    await browser.post(f"{event.path}/join", data={"group": "g2"})
    async with event.house.store.read() as work:
        assert await work.sessions.joined(event.live.id) == {"g1": 1}


async def test_a_session_has_so_many_places_and_its_organiser_makes_more_by_one_press(event: Event) -> None:
    inside = await event.join()
    for n in range(19):
        await event.join(address=f"192.0.2.{n}")
    async with event.house.browser() as browser, event.house.signed_in("organiser") as organiser:
        await browser.get(event.path)
        console = f"/console/{event.live.id}"
        assert "Let more people in" not in words(await organiser.get(console))
        refused = await browser.post(f"{event.path}/join", data={"group": "g2"})
        assert refused.status_code == 429
        assert "All places in this session are taken" in words(refused)
        assert re.search('value="g2"[^>]* checked', refused.text)
        assert (await inside.post(f"{event.path}/join", data={"group": "g1"})).status_code == 303
        assert "Let more people in" in words(await organiser.get(console))
        assert (await organiser.post(f"{console}/let-in")).status_code == 303
        assert "Let more people in" not in words(await organiser.get(console))
        for _ in range(20):
            await event.join()
        assert (await browser.post(f"{event.path}/join", data={"group": "g2"})).status_code == 429


async def test_joins_without_the_pages_cookie_take_half_of_the_places(event: Event) -> None:
    async with event.house.browser() as made_up:
        for n in range(12):
            made_up.cookies.clear()
            made_up.cookies.set("forum_device", f"made-up-{n}")
            joined = await made_up.post(f"{event.path}/join", data={"group": "g1"})
            assert joined.status_code == (303 if n < 10 else 429)
    await event.join()


async def test_the_press_that_lets_more_in_is_an_organisers(event: Event) -> None:
    async with event.house.signed_in("moderator") as moderator, event.house.signed_in("organiser") as organiser:
        assert (await moderator.post(f"/console/{event.live.id}/let-in")).status_code == 403
        assert (await organiser.post(f"/console/{new_id()}/let-in")).status_code == 404


async def test_a_vote_by_form_is_counted_and_may_be_changed(event: Event) -> None:
    round_id = await event.ask()
    browser = await event.join()
    for choice, label in (("r1", "A nurse"), ("r2", "The police"), ("none", "None of these")):
        answer = await browser.post(f"{event.path}/vote", data={"round": round_id, "choice": choice, "reason": ""})
        assert answer.status_code == 303
        page = await browser.get(answer.headers["location"])
        assert f"Counted: {label}" in words(page)
    assert await event.choices(round_id) == ["none"]


async def test_a_reload_of_the_vote_is_the_same_vote(event: Event) -> None:
    round_id = await event.ask()
    browser = await event.join()
    form = {"round": round_id, "choice": "r1", "reason": "", "cast": new_id()}
    for _ in range(3):
        assert (await browser.post(f"{event.path}/vote", data=form)).status_code == 303
    assert await event.choices(round_id) == ["r1"]


async def test_what_cannot_be_counted_says_why_and_keeps_what_was_typed(event: Event) -> None:
    round_id = await event.ask()
    browser = await event.join()
    vote = f"{event.path}/vote"
    nothing = await browser.post(vote, data={"round": round_id, "reason": "my half thought"})
    assert nothing.status_code == 409
    assert "Choose an answer first" in words(nothing)
    assert "my half thought" in nothing.text
    long = await browser.post(vote, data={"round": round_id, "choice": "r2", "reason": "x" * 501})
    assert long.status_code == 409
    assert "at most 500" in words(long)
    assert "x" * 501 in long.text
    condition = {"round": round_id, "choice": "r2", "reason": "y" * 500, "condition": "z" * 301}
    iffy = await browser.post(vote, data=condition)
    assert iffy.status_code == 409
    assert "The condition is too long. Use at most 300" in words(iffy)
    assert "z" * 301 in iffy.text
    assert "y" * 500 in iffy.text
    machine = await browser.post(vote, data=condition, headers={"Accept": "application/json"})
    assert (machine.status_code, machine.json()["error"]["code"]) == (409, "condition_too_long")
    strange = await browser.post(vote, data={"round": round_id, "choice": "r9"})
    assert strange.status_code == 409
    assert "not one of the answers" in words(strange)
    await facilitation.close_round(event.acts, event.live.id, round_id)
    await event.house.site.rooms.changed(event.live.id)
    late = await browser.post(vote, data={"round": round_id, "choice": "r1"})
    assert late.status_code == 409
    assert "has closed" in words(late)
    assert await event.choices(round_id) == []


async def test_the_longest_that_is_allowed_is_counted_and_no_id_is_longer_than_an_id(event: Event) -> None:
    """By form these bounds stand between what is sent and the database, and before them 16 KiB for the whole form."""
    round_id = await event.ask()
    browser = await event.join()
    longest = {"round": round_id, "choice": "r1", "reason": "y" * 500, "condition": "z" * 300}
    for cast, kept in ((new_id(), True), ("x" * 64, True), ("x" * 65, False), ("y" * 10_000, False)):
        machine = {"Accept": "application/json"}
        ack = await browser.post(f"{event.path}/vote", data=longest | {"cast": cast}, headers=machine)
        assert ack.status_code == 200, ack.text
        assert (ack.json()["cast"] == cast) == kept
        assert len(ack.json()["cast"]) <= 64
    async with event.house.store.read() as work:
        [ballot] = await work.rounds.ballots(round_id)
    assert (ballot.choice, ballot.reason, ballot.condition) == ("r1", "y" * 500, "z" * 300)


async def test_a_vote_that_cannot_be_stored_is_not_said_to_go_again_by_itself(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(cast: Cast) -> CastOutcome:
        return CastOutcome(cast, "not_stored")

    round_id = await event.ask()
    browser = await event.join()
    monkeypatch.setattr(event.house.site.rooms.intake, "cast_and_wait", full)
    vote = {"round": round_id, "choice": "r1"}
    answer = await browser.post(f"{event.path}/vote", data=vote)
    assert answer.status_code == 409
    assert "Wait a moment and send it again" in words(answer)
    assert "will try again" not in words(answer)
    machine = await browser.post(f"{event.path}/vote", data=vote, headers={"Accept": "application/json"})
    assert machine.json()["error"]["code"] == "not_stored"


async def test_a_ballot_for_another_session_is_not_counted_in_either(event: Event) -> None:
    other = a_session(a_commission(), code="111222")
    commission = a_commission(id=other.commission)
    async with event.house.store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.sessions.add_session(other)
    elsewhere = await Event(event.house, other).ask()
    browser = await event.join()
    answer = await browser.post(
        f"{event.path}/vote", data={"round": elsewhere, "choice": "r1"}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "unknown_round"
    assert await event.choices(elsewhere) == []


async def test_who_has_not_joined_cannot_vote(event: Event) -> None:
    round_id = await event.ask()
    async with event.house.browser() as browser:
        answer = await browser.post(f"{event.path}/vote", data={"round": round_id, "choice": "r1"})
        assert answer.status_code == 403
    assert await event.choices(round_id) == []


async def test_where_sockets_are_blocked_a_phone_posts_and_polls(event: Event) -> None:
    round_id = await event.ask()
    browser = await event.join()
    machine = {"Accept": "application/json"}
    form = {"round": round_id, "choice": "r1", "reason": "", "cast": "c1"}
    ack = (await browser.post(f"{event.path}/vote", data=form, headers=machine)).json()
    assert ack == {"t": "ack", "cast": "c1", "round": round_id, "choice": "r1", "changed": False}
    now = (await browser.get(f"{event.path}/now", headers=machine)).json()
    assert now["round"]["id"] == round_id
    assert now["yours"] == [{"round": round_id, "choice": "r1", "reason": "", "condition": ""}]
    assert "data-ballot" in now["html"]


async def test_a_phone_that_polls_is_told_what_has_changed_without_a_version(event: Event) -> None:
    """As where a moderator holds the story that is on. Its page says which state it shows, as its socket would."""
    await event.ask()
    browser = await event.join()
    await event.house.site.rooms.enter(event.live.id, Connection("projector"))
    page = (await browser.get(event.path)).text
    [mark], [history] = (re.findall(f'data-{name}="([0-9a-f]+)"', page) for name in ("shows", "history"))

    async def polled(mark: str) -> dict[str, Any]:
        query = f"mark={mark}&h={history}"
        answer = await browser.get(f"{event.path}/now?{query}", headers={"Accept": "application/json"})
        return dict(answer.json())

    assert "html" not in await polled(mark)
    async with event.house.store.begin() as work:
        session = await work.sessions.get_session(event.live.id)
        await work.commissions.save_commission(replace(await work.commissions.of_session(session), demonstration=True))
    await event.house.site.rooms.changed(event.live.id)
    now = await polled(mark)
    assert (now["v"], "Demonstration" in now["html"]) == (session.version, True)
    assert f'data-shows="{now["mark"]}"' in (await browser.get(event.path)).text
    assert "html" not in await polled(now["mark"])


async def test_nothing_of_an_unrevealed_round_is_on_any_page(event: Event) -> None:
    round_id = await event.ask()
    voters = [await event.join(group) for group in ("g1", "g2", "g3")]
    for browser in voters:
        form = {"round": round_id, "choice": "r2", "reason": "a secret reason"}
        await browser.post(f"{event.path}/vote", data=form)
    await facilitation.close_round(event.acts, event.live.id, round_id)
    await event.house.site.rooms.changed(event.live.id)
    watching = await event.join()
    for path in (
        event.path,
        f"{event.path}/now",
        f"/projector/{event.live.projector}",
        "/record",
        "/record/entries.jsonl",
        f"/rounds/{round_id}/ballots.jsonl",
        f"/commissions/{event.live.commission}",
        "/",
    ):
        answer = await watching.get(path, headers={"Accept": "application/json"} if path.endswith("now") else {})
        assert "a secret reason" not in answer.text
        assert "100%" not in answer.text
        assert '"r2":3' not in answer.text.replace(" ", "")
    assert (await watching.get(f"/rounds/{round_id}/ballots.jsonl")).status_code == 404


async def test_hostile_words_of_the_facilitator_are_only_words(event: Event) -> None:
    await event.ask("<script>alert(1)</script> & who?")
    browser = await event.join()
    for path in (event.path, f"/projector/{event.live.projector}"):
        text = (await browser.get(path)).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)" in text


async def test_after_the_end_nobody_joins_and_everybody_reads_so(event: Event) -> None:
    inside = await event.join()
    await facilitation.end(event.acts, event.live.id)
    assert "This session has ended" in words(await inside.get(event.path))
    async with event.house.browser() as late:
        assert (await late.post(f"{event.path}/join", data={"group": "g1"})).status_code == 403


async def test_stepping_out_shows_the_organisers_support_lines(event: Event) -> None:
    async with event.house.browser() as browser:
        said = words(await browser.get(f"{event.path}/step-out"))
    assert "Samaritans" in said
    assert "116 123" in said


async def test_the_audiences_page_is_small(event: Event, tables: Tables) -> None:
    """At most 40 kB in all over the wire: the page and all it loads, as they are sent."""
    await event.ask()
    browser = await event.join()
    page = await browser.get(event.path)
    sent = {"the page": len(page.content)}
    wanted = re.findall(r'(?:href|src)="/static/([^"]+)', page.text)
    while wanted:
        address = wanted.pop().replace("&amp;", "&")
        name = address.partition("?")[0]
        if name in sent:
            continue
        async with browser.stream("GET", f"/static/{address}", headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.status_code == 200
            sent[name] = sum([len(chunk) async for chunk in answer.aiter_raw()])
        imports = re.findall(r'^import .* from "(\.[^"]+)"', (STATIC / name).read_text(), re.MULTILINE)
        wanted += [posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) for path in imports]
    assert {"live/phone.js", "live/room-connection.js", "live/display-settings.js", "forum.css"} <= set(sent)
    lines = [f"{size:>7,} {name}" for name, size in sent.items()]
    tables.add("the phone's page and all it loads, bytes over the wire", [*lines, f"{sum(sent.values()):>7,} in all"])
    assert sum(sent.values()) <= 40_000
