"""Rehearsals against the real program, over real sockets."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from serving import Serving, fingerprint, forum

from forum.audience import Act, Script, Vote, invented
from forum.ownserver import OwnServer, prepare
from forum.phones import RehearsalFailed
from forum.rehearsal import Report, percentile, rehearse
from forum.settings import Settings
from forum.store import SqlStore, migrate, open_store

POLIS = Path(__file__).parent / "data" / "polis" / "london.youth.policing"
FACTS = {"phones", "cast", "counted", "changed", "refused", "reconnected", "lost", "doubled", "rounds"}
FACTS |= {"ack_ms", "source_totals_wrong"}


@asynccontextmanager
async def own_data(folder: Path) -> AsyncIterator[tuple[SqlStore, str]]:
    """The database of a rehearsal, and an organiser's token for it."""
    url = Settings.load({}, data=folder).database_url
    await migrate(url)
    store = await open_store(url)
    try:
        yield store, await prepare(store)
    finally:
        await store.close()


def quiet(what: str, done: int, total: int) -> None:
    """Shows no progress."""


async def test_sixty_phones() -> None:
    done = await asyncio.to_thread(forum, "rehearse", "--phones", "60", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts.keys() >= FACTS
    assert facts["ack_ms"].keys() == {"p50", "p95", "p99"}
    assert facts["phones"] == 60
    script = invented(60)
    casts = sum(len(act.votes) for act in script.acts)
    assert (facts["cast"], facts["counted"]) == (casts, casts)
    assert facts["changed"] == casts - 60 * len(script.acts)
    assert (facts["refused"], facts["reconnected"], facts["lost"], facts["doubled"]) == (0, 0, 0, 0)
    for row, act in zip(facts["rounds"], script.acts, strict=True):
        assert row["equal"]
        assert row["question"] == act.question
        assert row["tally"] == row["expected"] == {label: act.expected()[id_] for id_, label in act.labels().items()}
        assert sum(row["tally"].values()) == 60


async def test_a_real_conversation_is_kept_and_recorded(tmp_path: Path) -> None:
    options = ("--polis", POLIS, "--data", tmp_path / "kept", "--record", "--json")
    done = await asyncio.to_thread(forum, "rehearse", *options)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["phones"], facts["cast"], facts["counted"], facts["lost"], facts["doubled"]) == (26, 640, 640, 0, 0)
    assert all(row["equal"] for row in facts["rounds"])
    assert {tuple(row["tally"]) for row in facts["rounds"]} == {("agree", "disagree", "pass")}
    exported = await asyncio.to_thread(forum, "export", "--data", tmp_path / "kept", "--out", tmp_path / "export.zip")
    assert exported.returncode == 0, exported.stderr
    verified = await asyncio.to_thread(forum, "verify", tmp_path / "export.zip", "--json")
    assert verified.returncode == 0, verified.stdout
    assert {check["verdict"] for check in json.loads(verified.stdout)["checks"]} == {"PASS"}


@pytest.mark.parametrize(
    ("how", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 0)], ids=["killed", "stopped"]
)
async def test_a_server_that_goes_and_comes_back_has_lost_nothing(
    tmp_path: Path, how: signal.Signals, code: int
) -> None:
    script = invented(40, seed=3)
    casts = sum(len(act.votes) for act in script.acts)
    servers: list[Serving] = []
    kill = asyncio.Event()

    def progress(what: str, done: int, total: int) -> None:
        if what == "Phones vote" and done in {casts // 4, casts // 2, 3 * casts // 4}:
            kill.set()

    async def killer() -> None:
        while True:
            await kill.wait()
            kill.clear()
            assert await asyncio.to_thread(servers[-1].stop, how) == (code, "")
            servers.append(await asyncio.to_thread(Serving, tmp_path, "--no-demo", port=servers[0].port))

    async with own_data(tmp_path) as (store, token):
        servers.append(Serving(tmp_path, "--no-demo"))
        killing = asyncio.create_task(killer())
        try:
            report = await rehearse(script, servers[0].base, token, record=False, progress=progress, store=store)
        finally:
            killing.cancel()
            servers[-1].stop()
            # a check that failed in there is to be seen
            await asyncio.gather(killing, return_exceptions=True)
    assert killing.cancelled()
    assert len(servers) == 4
    assert report.reconnected > 0
    assert (report.cast, report.counted, report.lost, report.doubled) == (casts, casts, 0, 0)
    assert report.well


async def test_its_own_server_is_started_again_when_it_dies(tmp_path: Path) -> None:
    script = invented(10, seed=5)
    async with own_data(tmp_path) as (store, token), OwnServer(tmp_path) as server:

        def progress(what: str, done: int, total: int) -> None:
            if what == "Phones vote" and done == total // 2:
                assert server.pid is not None
                os.kill(server.pid, signal.SIGKILL)

        report = await rehearse(script, server.base, token, record=False, progress=progress, store=store)
        last = server.pid
    assert server.restarts == 1
    assert report.well
    assert report.reconnected == 10
    assert last is not None
    with pytest.raises(ProcessLookupError):
        os.kill(last, 0)


async def meddled_with(folder: Path, meddle: Callable[[sqlite3.Connection], object], script: Script) -> Report:
    """A rehearsal where somebody changes the database between the last acknowledgement and the close."""

    def progress(what: str, done: int, total: int) -> None:
        if what == "Phones vote" and done == total:
            with closing(sqlite3.connect(folder / "forum.db")) as database:
                meddle(database)
                database.commit()

    async with own_data(folder) as (store, token), OwnServer(folder) as server:
        return await rehearse(script, server.base, token, record=False, progress=progress, store=store)


ONE_ROUND = Script(
    title="A test",
    question="Who?",
    groups=("Carers", "Nurses"),
    phones=(0, 0, 1, None),
    acts=(Act("Who should come?", ("A nurse", "Nobody"), tuple(Vote(n, "r1") for n in range(4))),),
)


async def test_it_notices_a_lost_vote(tmp_path: Path) -> None:
    report = await meddled_with(
        tmp_path, lambda db: db.execute("DELETE FROM ballot WHERE ballot = (SELECT min(ballot) FROM ballot)"), ONE_ROUND
    )
    assert (report.lost, report.doubled, report.well) == (1, 0, False)
    assert report.rounds[0].tally == {"A nurse": 3, "Nobody": 0}
    assert not report.rounds[0].equal


async def test_it_notices_a_vote_that_became_another(tmp_path: Path) -> None:
    changed = "UPDATE ballot SET choice = 'r2' WHERE ballot = (SELECT min(ballot) FROM ballot)"
    report = await meddled_with(tmp_path, lambda db: db.execute(changed), ONE_ROUND)
    assert (report.lost, report.doubled, report.well) == (1, 0, False)


async def test_record_is_refused_for_data_that_no_rehearsal_made(tmp_path: Path) -> None:
    added = "user", "add", "ann", "--role", "organiser", "--password-stdin", "--data", tmp_path
    assert forum(*added, given="correct horse battery\n").returncode == 0
    token = forum("user", "token", "ann", "--data", tmp_path).stdout.strip()
    with Serving(tmp_path, "--no-demo") as server:
        against = ("rehearse", "--phones", "3", "--url", server.base, "--json")
        refused = await asyncio.to_thread(forum, *against, "--token", token, "--record")
        assert refused.returncode == 2
        assert refused.stdout == ""
        assert "said no" in refused.stderr
        plain = await asyncio.to_thread(forum, *against, "--token", token)
        assert plain.returncode == 0, plain.stderr
        stranger = await asyncio.to_thread(forum, *against, "--token", "wrong")
        assert (stranger.returncode, stranger.stdout) == (2, "")
        assert "Traceback" not in stranger.stderr
        assert (await asyncio.to_thread(forum, *against)).returncode == 2  # no token at all
        server.stop()
    with closing(sqlite3.connect(tmp_path / "forum.db")) as database:
        assert database.execute("SELECT count(*) FROM entry").fetchone() == (0,)


async def test_only_a_rehearsals_data_is_used(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mum.txt").write_text("Dear mum")
    with Serving(tmp_path / "real", "--no-demo") as server:
        server.stop()
    for folder, why in ((tmp_path / "letters", "not empty"), (tmp_path / "real", "not made by a rehearsal")):
        before = fingerprint(folder)
        refused = await asyncio.to_thread(forum, "rehearse", "--phones", "2", "--data", folder)
        assert refused.returncode == 2
        assert why in refused.stderr
        assert refused.stderr.count("\n") == 1
        assert fingerprint(folder) == before


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--url", "no address", "--token", "t"), "no server's address"),
        (("--url", "http://93.184.215.14", "--token", "t"), "--force"),
        (("--url", "http://127.0.0.1:1", "--data", "x"), "--url or --data"),
        (("--phones", "2", "--polis", "x"), "one audience"),
        (("--polis", "no-such-folder"), "no-such-folder"),
        (("--phones", "0"), "--phones"),
    ],
)
def test_what_cannot_be_done_is_one_line(options: tuple[str, ...], why: str) -> None:
    done = forum("rehearse", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert why in done.stderr
    assert done.stderr.count("\n") == 1


async def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "signing_key.pem").write_text("no key")
    with pytest.raises(RehearsalFailed, match="signing key"):
        await OwnServer(tmp_path).__aenter__()


def test_percentile_is_the_nearest_rank() -> None:
    assert [percentile([15, 20, 35, 40, 50], p) for p in (5, 30, 40, 50, 100)] == [15, 20, 20, 35, 50]
    assert percentile([], 95) == 0
