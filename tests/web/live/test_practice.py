"""The lobby's practice question: plainly practice, nowhere kept, and gone with the first cue."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx2
from support.app import House, words
from support.factories import CLOCK

from forum.services.sessions import cues
from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.sessions.desk import Desk
from forum.sessions.session import LiveSession


async def a_lobby(house: House, phone: httpx2.AsyncClient) -> LiveSession:
    commission = await house.commission()
    live = await create_session(house.store, CLOCK, SessionForm(commission.id, title="A day"))
    assert (await phone.post(f"/s/{live.code}/join", data={"group": "g1"})).status_code == 303
    return live


def rows(path: Path) -> dict[str, int]:
    """Counts the rows of each table."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}


async def test_a_practice_vote_is_marked_answered_and_kept_nowhere(house: House, tmp_path: Path) -> None:
    async with house.browser() as phone:
        live = await a_lobby(house, phone)
        before = rows(tmp_path / "forum.db")
        lobby = words(await phone.get(f"/s/{live.code}"))
        assert "Practice Try how voting works" in lobby
        assert "nobody sees your answer, and it is not kept" in lobby
        answer = await phone.post(f"/s/{live.code}/practice", data={"practice": "2"})
        assert answer.status_code == 303
        said = words(await phone.get(answer.headers["location"]))
        assert "only practice. Nobody keeps it, and it is in no result" in said
        assert rows(tmp_path / "forum.db") == before
        async with house.store.read() as work:
            assert await work.rounds.list_rounds(live.id) == []


async def test_a_practice_vote_for_nothing_is_told(house: House) -> None:
    async with house.browser() as phone:
        live = await a_lobby(house, phone)
        answer = await phone.post(f"/s/{live.code}/practice", data={})
        assert "Choose one of the answers first" in words(await phone.get(answer.headers["location"]))
        assert (await phone.post("/s/000000/practice", data={})).status_code == 404


async def test_with_the_first_cue_practice_is_over_for_good(house: House) -> None:
    async with house.browser() as phone:
        live = await a_lobby(house, phone)
        acts = Desk(house.store, CLOCK)
        await cues.ask_question(acts, live.id, "Who?", ["A nurse", "The police"], none=False)
        assert "Practice" not in words(await phone.get(f"/s/{live.code}"))
        assert "Practice" not in words(await phone.get(f"/projector/{live.projector}"))
