"""Every page in a language that nobody speaks: whatever shows in plain letters was not translated."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from support import pseudo_locale
from support.app import House, a_house, a_sent_story
from support.factories import CLOCK, a_cast, a_commission, a_session, new_id, store_declared_session
from support.voted_session import COMMISSIONER

from forum.services import permissions
from forum.services.decision_form import DecisionForm, Promise
from forum.services.decisions import decide
from forum.services.demonstration import STORIES, stories_in
from forum.services.keys import digest
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.services.sessions.room_view import console_view_of, room_view_of
from forum.services.stories.moderation import moderate
from forum.services.stories.submissions import submit
from forum.sessions.session import LiveSession, Participant
from forum.sessions.view import RoomView
from forum.stories import compose
from forum.voting.commission import Commission, DecisionPower, SupportLine
from forum.web.cookies import DEVICE
from forum.web.i18n.gettext import speaking
from forum.web.live.screens import screen_context
from forum.web.page_row import Page
from forum.web.problems import MEDIA as PROBLEM
from forum.web.routes import PAGES

# What people wrote is in another alphabet.
TELLING = a_sent_story(
    "Το τρίτο χτύπημα",
    happened="Είναι περασμένες δύο. Ένας γείτονας χτυπά.",
    scenes=("Το πλήρωμα στέκεται στο χολ.",),
    question="Τι μπορεί να κάνει το πλήρωμα;",
    responses=("Να καθίσει", "Να τηλεφωνήσει", "Να φύγει"),
    group="g1",
    content_notes=("βία",),
    may_perform=True,
    may_publish=True,
)
# What the program itself writes into a story: names of scenes, which links name too, and what comes after the vote.
# ("join" is the end of an address.)
WRITTEN: tuple[str, ...] = (
    compose.HAPPENED,
    "Scene 2",
    compose.NAMELESS,
    compose.QUESTION,
    compose.AFTER,
    "join",
)
WRITTEN += tuple(story.title for story, _twee in stories_in(STORIES))  # which can be copied
WRITTEN += (*compose.AFTER_TEXT.split("\n\n"), "What would be different now?...")  # and how a card begins
# Addresses whose answer is no page, or that end the visit.
NO_PAGES = ("/sign-out", "/record/checkpoint", "/record/public-key.pem", "/export", "/static")


@dataclass(frozen=True)
class Somewhere:
    """A house in which everything has happened, with an address for each kind of path and a browser for each role."""

    house: House
    live: LiveSession
    there: dict[str, str]
    browsers: dict[str, httpx2.AsyncClient]


@pytest.fixture(scope="module")
async def somewhere(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[Somewhere]:
    locales = pseudo_locale.write_catalogue(tmp_path_factory.mktemp("locales"))
    async with (
        a_house(tmp_path_factory.mktemp("words"), sqlite_template, locales=locales) as house,
        AsyncExitStack() as stack,
    ):
        commission = a_commission(
            title="Νυχτερινή φροντίδα",
            question="Ποιος έρχεται τη νύχτα;",
            power=DecisionPower("co-design", "Το συμβούλιο", "Ποιος έρχεται", "Τα χρήματα"),
            groups=("Νοσηλευτές", "Φροντιστές"),
            support=(SupportLine("Κάποιος", "116 123"),),
            threshold=2,
        )
        async with house.store.begin() as work:
            await work.commissions.add_commission(commission)
        story, key = await submit(house.store, CLOCK, commission.id, TELLING)
        waiting, _ = await submit(house.store, CLOCK, commission.id, TELLING)
        await moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
        live = a_session(commission, title="Μια μέρα", scenarios=(story.id,))
        people = [Participant(new_id(), live.id, group, CLOCK.now()) for group in ("g1", "g1", "g2", "g2", None)]
        await store_declared_session(house.store, commission, live, people)
        rounds = await voted(house, live, people)
        promises = (Promise("Διευθυντής", "Δύο νοσηλευτές", "2027-03-31"),)
        form = DecisionForm(rounds, "", "adopted", "r2", "Επειδή", "Δεν γίνεται αλλιώς", "Οι άλλοι", promises)
        decision = await decide(house.store, CLOCK, COMMISSIONER, form)
        there = {
            "commission": commission.id,
            "story": story.id,
            "key": key,
            "session": live.id,
            "code": live.code,
            "decision": decision.id,
            "round": rounds[0],
            "act": "open",
            "waiting": waiting.id,
        }
        browsers = {}
        for role in ("nobody", *permissions.ROLES):
            browsers[role] = await stack.enter_async_context(house.browser())
            browsers[role].headers["Accept-Language"] = f"{pseudo_locale.CODE}, en;q=0.5"
            if role != "nobody":
                person_with_role = await house.person(f"νοσηλευτής-{role.translate(pseudo_locale._ACCENTS)}", role)
                browsers[role].cookies.set("forum_session", await house.session_token(person_with_role))
        browsers["nobody"].cookies.set(DEVICE, people[0].id)
        yield Somewhere(house, live, there, browsers)


async def voted(house: House, live: LiveSession, people: list[Participant]) -> tuple[str, str]:
    """Runs two votes on one question, both shown; returns the rounds."""
    acts = Desk(house.store, CLOCK)
    first = (
        await cues.ask_question(acts, live.id, "Ποιος πρώτος;", ["Ένας νοσηλευτής", "Η αστυνομία"], none=True)
    ).round
    assert first is not None
    rounds = []
    for choices, again in (("r1", "r1", "r2", "r1", "none"), False), (("r2", "r1", "r1", "r1", "none"), True):
        round_ = (await cues.put_second_vote(acts, live.id, first.id)).round if again else first
        assert round_ is not None
        rounds.append(round_.id)
        await facilitation.open_round(acts, live.id, round_.id)
        async with house.store.begin() as work:
            pairs = zip(people, choices, strict=True)
            await work.rounds.cast([a_cast(round_.id, one.id, choice, "Γιατί") for one, choice in pairs])
        await facilitation.close_round(acts, live.id, round_.id)
        await facilitation.reveal_round(acts, live.id, round_.id)
    return rounds[0], rounds[1]


def address(page: Page, there: dict[str, str]) -> str:
    """Returns a real address for a row of the table; "" where this house has none."""
    path = page.path.replace("{index}", "1").replace("{story}", there["story"])
    for name, value in there.items():
        path = path.replace("{" + name + "}", value)
    return "" if "{" in path or (path.startswith(NO_PAGES) and path != "/record/checkpoints") else path


def role_for(page: Page) -> str:
    """Names a role that may ask for the page."""
    return (
        "nobody"
        if page.permission == "public"
        else next(r for r in permissions.ROLES if permissions.may((r,), page.permission))
    )


GET = [page for page in PAGES if "GET" in page.methods]
POST = [page for page in PAGES if "POST" in page.methods]


@pytest.mark.parametrize("row", GET, ids=lambda row: row.path)
async def test_no_page_shows_a_word_that_was_not_translated(somewhere: Somewhere, row: Page) -> None:
    where = address(row, somewhere.there)
    answer = await somewhere.browsers[role_for(row)].get(where or row.path)
    if "text/html" in answer.headers.get("content-type", ""):
        assert f'<html lang="{pseudo_locale.CODE}" dir="rtl">' in answer.text
        assert "\n".join(pseudo_locale.untranslated(answer.text, WRITTEN)) == ""
    else:
        assert "x" not in answer.text or row


@pytest.mark.parametrize("row", POST, ids=lambda row: row.path)
async def test_no_error_shows_a_word_that_was_not_translated(somewhere: Somewhere, row: Page) -> None:
    where = address(row, somewhere.there)
    if not where or row.path in {"/console/{session}/{act}", "/my-story/{key}/link"}:
        return
    answer = await somewhere.browsers[role_for(row)].post(where, data={"x": "x"})
    # Names of fields, and codes, are for programs.
    said = answer.json()["detail"] if answer.headers.get("content-type") == PROBLEM else answer.text
    if said:
        assert "\n".join(pseudo_locale.untranslated(said, WRITTEN)) == ""


@pytest.mark.parametrize("kind", ["phone", "projector", "console"])
async def test_no_live_screen_shows_a_word_that_was_not_translated(somewhere: Somewhere, kind: str) -> None:
    """Through every state of a session, drawn as rooms draw them."""
    house, acts = somewhere.house, Desk(somewhere.house.store, CLOCK)
    language = house.site.languages.find(pseudo_locale.CODE)
    assert language is not None
    live = a_session(await a_commission_of(house, somewhere), title="Μια μέρα", scenarios=somewhere.live.scenarios)
    people = [Participant(new_id(), live.id, group, CLOCK.now()) for group in ("g1", "g1", "g2", "g2", None)]
    async with house.store.begin() as work:
        await work.sessions.add_session(live)
        for person in people:
            await work.sessions.join(person, digest(person.id))
    found: list[str] = []

    async def look() -> None:
        async with house.store.read() as work:
            view: RoomView = await (console_view_of if kind == "console" else room_view_of)(
                work, await work.sessions.get_session(live.id)
            )
        with speaking(language):
            html = house.site.templates.get_template(f"live/screens/{kind}.html").render(
                **screen_context("http://127.0.0.1", view)
            )
        found.extend(pseudo_locale.untranslated(html, WRITTEN))

    await look()
    async with house.store.read() as work:
        [story] = (await room_view_of(work, live)).stories
    for scene in story.scenario.scenes:
        if not scene.decision:
            await cues.show_scene(acts, live.id, story.id, scene.name)
            await look()
            await cues.show_scene(acts, live.id, story.id, scene.name, replay=True)
            await look()
    decision = story.scenario.decisions[0]
    round_ = (await cues.put_question(acts, live.id, story.id, decision.name)).round
    assert round_ is not None
    await look()
    await facilitation.open_round(acts, live.id, round_.id)
    await look()
    await facilitation.pause(acts, live.id, paused=True)
    await look()
    await facilitation.pause(acts, live.id, paused=False)
    await facilitation.warn_of_close(acts, live.id, round_.id)
    async with house.store.begin() as work:
        await work.rounds.cast([a_cast(round_.id, person.id, "r1", "Γιατί") for person in people])
    await look()
    await facilitation.close_round(acts, live.id, round_.id)
    await look()
    await facilitation.reveal_round(acts, live.id, round_.id)
    await look()
    again = (await cues.put_second_vote(acts, live.id, round_.id)).round
    assert again is not None
    await facilitation.open_round(acts, live.id, again.id)
    await look()
    async with house.store.begin() as work:
        await work.rounds.cast([a_cast(again.id, person.id, "r2") for person in people])
    await facilitation.close_round(acts, live.id, again.id)
    await facilitation.reveal_round(acts, live.id, again.id)
    await look()
    await facilitation.annul_round(acts, live.id, again.id, "Λάθος")
    await look()
    await facilitation.end(acts, live.id)
    await look()
    assert "\n".join(found) == ""


async def a_commission_of(house: House, somewhere: Somewhere) -> Commission:
    """Reads the house's commission."""
    async with house.store.read() as work:
        return await work.commissions.get_commission(somewhere.there["commission"])
