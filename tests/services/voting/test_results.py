"""Results for screens and pages: tallied once from committed ballots, kept while the round stays as it is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.factories import CLOCK, a_commission, a_room
from support.voted_session import FIRST, SECOND, a_vote

from forum.errors import IllegalMove
from forum.ports import Store
from forum.services import exports
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.services.voting import results
from forum.store import SqlStore, open_store
from forum.store.rounds import SqlRounds
from forum.voting.round import RoundState, Version


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collects the rounds whose ballots are read, or counted, from now on."""
    rounds: list[str] = []
    for name in ("ballots", "given", "choices_by"):
        plain = getattr(SqlRounds, name)

        async def counted(self: SqlRounds, round_id: str, plain: Any = plain) -> Any:
            rounds.append(round_id)
            return await plain(self, round_id)

        monkeypatch.setattr(SqlRounds, name, counted)
    return rounds


async def test_a_shown_result_is_tallied_once_and_is_the_one_that_is_recorded(
    sqlite_store: Store, read: list[str]
) -> None:
    voted = await a_vote(sqlite_store, FIRST, SECOND)
    async with sqlite_store.read() as work:
        rounds = [await work.rounds.get_round(one) for one in voted.rounds]
        tallied = [await results.result_of(work, one, 5) for one in rounds]
        read.clear()
        for _ in range(5):
            assert [await results.shown(work, one, a_commission(threshold=5)) for one in rounds] == tallied
        assert sorted(read) == sorted(one.id for one in (*rounds, *rounds)), "the second needs the first's too"


async def test_what_a_result_follows_from_makes_it_another_one(sqlite_store: Store, read: list[str]) -> None:
    voted = await a_vote(sqlite_store, FIRST, SECOND)
    async with sqlite_store.read() as work:
        first, second = [await work.rounds.get_round(one) for one in voted.rounds]
        with_shift = await results.shown(work, second, a_commission(threshold=5))
        assert with_shift.shift is not None
        assert await results.shown(work, first, a_commission(threshold=7)) == await results.result_of(work, first, 7)
    await facilitation.annul_round(voted.desk, voted.live.id, first.id, "It was put wrongly.")
    async with sqlite_store.read() as work:
        second = await work.rounds.get_round(second.id)
        assert (await results.shown(work, second, a_commission(threshold=5))).shift is None
        with pytest.raises(IllegalMove):
            await results.shown(work, await work.rounds.get_round(first.id), a_commission(threshold=5))


async def test_the_number_of_results_and_files_that_are_kept_is_bounded(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    voted = await a_vote(sqlite_store, FIRST)
    monkeypatch.setattr(results, "MOST_KEPT", 2)
    async with sqlite_store.read() as work:
        round_ = await work.rounds.get_round(voted.rounds[0])
        for threshold in range(5, 12):
            await results.shown(work, round_, a_commission(threshold=threshold))
            assert len(work.remembered) <= 2


async def test_no_result_is_shown_before_it_is_revealed(sqlite_store: Store) -> None:
    live, _ = await a_room(sqlite_store, ["g1"] * 6)
    asked = (await cues.ask_question(Desk(sqlite_store, CLOCK), live.id, "Who?", ["A", "B"], none=False)).round
    assert asked is not None
    async with sqlite_store.read() as work:
        with pytest.raises(IllegalMove):
            await results.shown(work, asked, a_commission(threshold=5))
        with pytest.raises(IllegalMove):
            await results.shown(work, replace(asked, state=RoundState.REVEALED), a_commission(threshold=5))


async def test_opened_ballots_are_written_out_once(sqlite_store: Store, read: list[str]) -> None:
    voted = await a_vote(sqlite_store, FIRST)
    read.clear()
    async with sqlite_store.read() as work:
        lines = [await exports.opened_lines(work, voted.rounds[0]) for _ in range(4)]
        assert len(read) == 1
        assert len(set(lines)) == 1
        assert lines[0].count(b"\n") == len(await exports.opened_ballots(work, voted.rounds[0])) == len(FIRST)


async def test_a_copy_of_the_data_with_other_ballots_has_other_results(sqlite_store: SqlStore, tmp_path: Path) -> None:
    voted = await a_vote(sqlite_store, FIRST)
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(str(sqlite_store.reader.url.database))) as now, closing(sqlite3.connect(copy)) as then:
        now.backup(then)
        then.execute("UPDATE ballot SET choice = 'r2'")
        then.commit()
    other = await open_store(f"sqlite+aiosqlite:///{copy}")
    twice = []
    for store in (sqlite_store, other):
        async with store.read() as work:
            twice.append(
                await results.shown(work, await work.rounds.get_round(voted.rounds[0]), a_commission(threshold=5))
            )
    await other.close()
    assert twice[0] != twice[1]


async def test_the_result_of_a_round_in_easy_words_is_kept_too(sqlite_store: Store, read: list[str]) -> None:
    voted = await a_vote(sqlite_store, FIRST)
    async with sqlite_store.read() as work:
        round_ = await work.rounds.get_round(voted.rounds[0])
        easy = replace(round_, versions=(Version("easy", "Who?", {"r1": "She"}),))
        read.clear()
        for _ in range(2):
            await results.shown(work, easy, a_commission(threshold=5))
    assert read == [round_.id]
