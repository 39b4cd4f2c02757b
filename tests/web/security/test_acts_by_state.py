"""Every act x every state x everybody: taken by those and at those moments alone that acts_by_state.txt names.

The table says by hand which acts are taken in which state of a session or a story. Every POST of the routes table must
be in it, and every act of the families that share an address. Each is really sent, with a form that is right: what it
is refused for is the moment, or who sends it.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.act_forms import ABOUT_NEITHER, ALONE_THERE, FAMILIES, address
from support.app import a_house
from support.asgi_requests import Answer, ask, post
from support.factories import SetClock, new_id
from support.standing_states import (
    ALONE,
    IN_A_ROOM,
    OF_STORIES,
    ActIds,
    Town,
    a_standing_session,
    a_standing_story,
    a_town,
)

from forum.ports import Store, Work
from forum.services import permissions
from forum.services.stories import moderation
from forum.web.live import care, console, helpers, second_run
from forum.web.organise import programmes, rounds, sessions
from forum.web.routes import PAGES

TABLE = (Path(__file__).parent / "acts_by_state.txt").read_text("utf-8")
OF_SESSIONS = (*IN_A_ROOM, *ALONE)
NOBODY, PHONE, WRITER, NO_ROLE = "nobody", "phone", "writer", "no role"
PEOPLE = (NOBODY, PHONE, NO_ROLE, *permissions.ROLES)
# These say on a page of their own that it is done.
ANSWERED = ("/mail/confirm/{key}", "/mail/stop/{key}")
# What answers whoever may not.
REFUSED = (401, 403)


@dataclass(frozen=True)
class Row:
    """One row of the table: the act ("-" where its address has only one) and the states in which it is taken."""

    path: str
    act: str
    states: tuple[str, ...]
    taken: frozenset[str]

    @property
    def name(self) -> str:
        return f"{self.path} {self.act}"


def by_hand(table: str = TABLE) -> list[Row]:
    """Reads the rows of the table: under a line with the states as columns, an address, and below it its acts."""
    found: list[Row] = []
    states: tuple[str, ...] = ()
    path = ""
    for line in table.split("\n\n", 2)[2].splitlines():
        if line.startswith("states"):
            states = tuple(state.replace("+", " ") for state in line.split()[1:])
        elif line.startswith("/"):
            path = line.strip()
        elif line.strip():
            act, *marks = line.split()
            assert len(marks) == len(states), line
            assert set(marks) <= {"x", "."}, line
            taken = {state for state, mark in zip(states, marks, strict=True) if mark == "x"}
            found.append(Row(path, act.replace("+", " "), states, frozenset(taken)))
    return found


ROWS = by_hand()

# The acts that the program has at these addresses.
THE_PROGRAMS = {
    "/console/{session}/{act}": {
        *console.ACTS,
        *second_run.ACTS,
        *care.ACTS,
        console.NEXT,
        console.UNDO,
        console.LET_IN,
    },
    "/organise/asynchronous/{session}/{act}": {*rounds.ACTS, rounds.EXTEND},
    "/organise/sessions/{session}": set(sessions.ACTS),
    "/organise/sessions/{session}/programme": set(programmes.ACTS),
    "/moderate/{story}": set(moderation.ACTIONS),
    "/helper/{key}": {act for acts in helpers.ACTS.values() for act in acts},
}
# Nothing listens there: what is sent waits.
MAIL = {"smtp_url": "smtp+plain://127.0.0.1:9", "smtp_from": "forum@example.org", "public_url": "http://house.test"}
# Writes to the API carry out the same acts of services: tests/web/api/test_writing.py does each.
PERMISSION = {
    page.path: page.permission for page in PAGES if "POST" in page.methods and not page.path.startswith("/api/")
}
# Whose act it is where the page is public: a phone that joined, or whoever has the key in the address.
# Acts of several units of work, of which a later one needs what an earlier one kept; they leave the state as it is.
IN_SEVERAL = ("/tablet/{key}/vote", "/organise/asynchronous", "/organise/sessions/{session}/rehearsal")
JOINED = tuple(f"/{start}" for start in ("s/{code}/", "answer/{answer_code}/"))
UNJOINED = ("/s/{code}/join", "/s/{code}/practice", "/s/{code}/pledge", "/answer/{answer_code}/join")


def test_every_post_of_the_routes_table_is_in_this_one_and_every_act_of_a_family() -> None:
    """A new route, or a new act at an address that has several, fails here until somebody says when it is taken."""
    assert {row.path for row in ROWS} | set(ABOUT_NEITHER) == set(PERMISSION)
    assert not {row.path for row in ROWS} & set(ABOUT_NEITHER)
    for path, acts in THE_PROGRAMS.items():
        assert set(FAMILIES[path].acts) == acts, path
    said = {(row.path, row.act) for row in ROWS}
    assert len(said) == len(ROWS)
    assert said == {
        *((path, act) for path, family in FAMILIES.items() for act in family.acts),
        *((path, "-") for path in ALONE_THERE),
    }
    assert {row.states for row in ROWS} == {OF_SESSIONS, OF_STORIES}
    assert all(row.taken <= set(row.states) for row in ROWS)


class _Undone(Exception):
    pass


class Unkept:
    """Units of work that are carried out and then not kept, so that every act finds what the one before it found."""

    def __init__(self, store: Store) -> None:
        self._begin = store.begin
        self.keeping = True

    def begin(self, *, first: bool = False) -> AbstractAsyncContextManager[Work]:
        """Begins a unit of work in the place of the store's."""
        return self._begin(first=first) if self.keeping else self._unit()

    @asynccontextmanager
    async def _unit(self) -> AsyncIterator[Work]:
        with suppress(_Undone):
            async with self._begin() as work:
                yield work
                raise _Undone


@dataclass
class Everybody:
    """The town, how each of PEOPLE is known, and what stands there in each state."""

    town: Town
    cookies: dict[str, str]
    units: Unkept
    standing: dict[tuple[str, bool], ActIds] = field(default_factory=dict)
    asked: int = 0

    async def there(self, state: str, row: Row) -> ActIds:
        """Makes the story or session of a state once, with papers or an appeal where the act confirms or answers
        one."""
        waiting = row.act in ("confirm", "discard", "uphold", "overturn")
        if (state, waiting) not in self.standing:
            self.units.keeping = True
            made = (
                await a_standing_story(self.town, state, appealed=waiting)
                if state in OF_STORIES
                else await a_standing_session(self.town, state, papers=waiting)
            )
            self.standing[state, waiting] = made
            self.units.keeping = False
        return self.standing[state, waiting]

    async def send(self, row: Row, there: ActIds, who: str, accept: str = "application/json") -> Answer:
        """Sends one act in one state, as one of PEOPLE; each from an address of its own, so that no limit on one is
        met."""
        self.asked += 1
        family = FAMILIES.get(row.path)
        fill = family.acts[row.act] if family else ALONE_THERE[row.path]
        form = {**fill(there)}
        if family and family.field:
            form[family.field] = row.act
        network = f"198.51.{self.asked // 250 % 250}.{self.asked % 250 + 1}"
        path = address(row.path, row.act, there)
        if row.path.endswith("/save"):
            edit = {"do": "set", "field": "setting", "text": "A flat", "seen": [there.seen]}
            body = json.dumps({"edits": [edit]}).encode()
            return await ask(self.town.house.app, "POST", path, body, [("Accept", "application/json")], network)
        # Who has voted cannot change their group: that is tried as somebody who has not.
        device = there.ids.get("silent" if row.path.endswith("/group") else "device", "")
        cookie = f"forum_device={device}" if who == PHONE else self.cookies.get(who, "")
        self.units.keeping = row.path in IN_SEVERAL
        try:
            return await post(self.town.house.app, path, form, cookie, network, accept)
        finally:
            self.units.keeping = False


@pytest.fixture(scope="module")
async def everybody(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[Everybody]:
    folder = tmp_path_factory.mktemp("acts")
    async with a_house(folder, sqlite_template, SetClock(), background=True, **MAIL) as house:
        town = await a_town(house)
        cookies = {}
        for who in (NO_ROLE, *permissions.ROLES):
            person = await house.person(f"the-{who.replace(' ', '-')}", *({who} & set(permissions.ROLES)))
            cookies[who] = f"forum_session={await house.session_token(person)}"
        units = Unkept(house.store)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(house.store, "begin", units.begin)
            yield Everybody(town, cookies, units)
            units.keeping = True


def _right(row: Row) -> str:
    """Names the role that sends an act where it may be taken."""
    permission = PERMISSION[row.path]
    if permission != "public":
        return next(role for role in permissions.ROLES if permissions.may((role,), permission))
    return PHONE if row.path.startswith(JOINED) and row.path not in UNJOINED else NOBODY


def _others(row: Row) -> list[str]:
    """Lists everybody who may never do it; nobody where whoever has the code, or the key in the address, may."""
    permission = PERMISSION[row.path]
    if permission != "public":
        return [who for who in PEOPLE if not permissions.may((who,) if who in permissions.ROLES else (), permission)]
    return [who for who in PEOPLE if who != PHONE] if _right(row) == PHONE else []


def _taken(row: Row, answer: Answer) -> bool:
    """Tells whether an act was carried out: the browser is sent on, or a program is told what came of it; a form that
    is not taken comes back as a page."""
    told = answer.headers.get("content-type", "").startswith("application/json")
    return answer.status == 303 or (answer.status == 200 and (told or row.path in ANSWERED))


def _in(state: str) -> list[Row]:
    """Lists the rows that have this state."""
    return [row for row in ROWS if state in row.states]


@pytest.mark.parametrize("state", [*OF_SESSIONS, *OF_STORIES])
async def test_an_act_is_taken_when_it_should_be_and_at_no_other_moment(everybody: Everybody, state: str) -> None:
    wrong = []
    for row in _in(state):
        answer = await everybody.send(row, await everybody.there(state, row), _right(row))
        if answer.raised is not None or answer.status >= 500:
            wrong.append(f"{row.name}: {answer.status} {answer.raised!r}")
        elif _taken(row, answer) != (state in row.taken):
            wrong.append(f"{row.name}: {answer.status} {answer.code} {answer.body[:150]!r}")
    assert wrong == []


@pytest.mark.parametrize("state", [*ALONE, *OF_STORIES])
async def test_what_is_refused_is_told_on_a_page_too(everybody: Everybody, state: str) -> None:
    """Asks as a browser, since the page that tells a refusal may itself want what is not there."""
    wrong = []
    for row in _in(state):
        if state not in row.taken:
            answer = await everybody.send(row, await everybody.there(state, row), _right(row), "text/html")
            if answer.raised is not None or answer.status >= 500 or answer.status == 303:
                wrong.append(f"{row.name}: {answer.status} {answer.raised!r}")
    assert wrong == []


@pytest.mark.parametrize("state", [*OF_SESSIONS, *OF_STORIES])
async def test_nobody_else_can_do_it_in_any_state(everybody: Everybody, state: str) -> None:
    one_of_each = {row.path: row for row in reversed(_in(state))}
    wrong = []
    for row in one_of_each.values():
        for who in _others(row):
            answer = await everybody.send(row, await everybody.there(state, row), who)
            # A code of the other kind of session is nobody's code: 404.
            if answer.raised is not None or answer.status not in (*REFUSED, 404):
                wrong.append(f"{row.path} as {who}: {answer.status} {answer.raised!r}")
            if answer.status == 404 and PERMISSION[row.path] != "public":
                wrong.append(f"{row.path} as {who}: says that nothing is there")
    assert wrong == []


async def test_what_is_about_neither_fails_for_nobody(everybody: Everybody) -> None:
    wrong = []
    for path, form in ABOUT_NEITHER.items():
        for who in PEOPLE:
            cookie = everybody.cookies.get(who, "") if path not in ("/sign-out", "/account") else ""
            answer = await post(everybody.town.house.app, re.sub(r"\{\w+\}", new_id(), path), form, cookie)
            may = permissions.may((who,) if who in permissions.ROLES else (), PERMISSION[path])
            refused = answer.status in REFUSED and PERMISSION[path] != "public"
            if answer.raised is not None or answer.status >= 500 or (not may and not refused):
                wrong.append(f"{path} as {who}: {answer.status} {answer.raised!r}")
    assert wrong == []
