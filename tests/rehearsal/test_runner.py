"""Rehearsals against the real program, over real sockets."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import signal
import sqlite3
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest
from support.server_process import Serving, fingerprint, free_port, run_forum, started_fork

from forum.adapters.machine import keep_private
from forum.rehearsal.crowd_plan import RehearsalFailed
from forum.rehearsal.network import Pace, planned
from forum.rehearsal.report import Report, percentile
from forum.rehearsal.runner import rehearse
from forum.rehearsal.sample_day import invented
from forum.rehearsal.script import Act, Script, Section, Stops, Vote
from forum.rehearsal.server_process import SECOND, OwnServer, prepare
from forum.services import demonstration
from forum.settings import Settings
from forum.store import SqlStore, migrate, open_store

POLIS = Path(__file__).parents[1] / "data" / "polis" / "london.youth.policing"
FACTS = {"phones", "cast", "counted", "changed", "refused", "reconnected", "lost", "doubled", "rounds"}
FACTS |= {"ack_ms", "source_totals_wrong", "well", "refusals", "untold", "dropped", "said", "compared", "differing"}
QUICK = Pace(rate=60_000, delay=0.1)  # slow, and yet no test waits for it


@pytest.fixture
def own_servers_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets an OwnServer of this process fork a process that has imported Forum. Those of `forum rehearse` are begun as
    they are for users."""
    monkeypatch.setattr("forum.rehearsal.server_process.asyncio.create_subprocess_exec", started_fork)


@asynccontextmanager
async def own_data(folder: Path) -> AsyncIterator[tuple[SqlStore, str]]:
    """Opens the database of a rehearsal, and makes an organiser's token for it."""
    url = Settings.load({}, data=folder).database_url
    await migrate(url)
    keep_private([folder, folder / "forum.db"])
    store = await open_store(url)
    try:
        yield store, await prepare(store)
    finally:
        await store.close()


def quiet(what: str, done: int, total: int) -> None:
    """Shows no progress."""


def the_day(phones: int, seed: int = 1, *, papers: bool = True) -> Script:
    return invented(phones, seed, demonstration.lent(), papers=papers)


async def test_twenty_phones_play_a_day_and_every_screen_shows_the_truth() -> None:
    done = await asyncio.to_thread(run_forum, "rehearse", "--phones", "20", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts.keys() >= FACTS
    assert facts["ack_ms"].keys() == {"p50", "p95", "p99"}
    assert facts["phones"] == 20
    script = the_day(20)
    votes = [vote for act in script.acts for vote in act.votes]
    refused = Counter(vote.refused for vote in votes if vote.refused)
    assert facts["cast"] == len(votes)
    assert (facts["refusals"], facts["untold"]) == (dict(refused), [])
    assert facts["counted"] == len(votes) - refused.total()
    assert facts["changed"] == facts["counted"] - sum(len(act.last_votes()) for act in script.acts)
    assert (facts["dropped"], facts["reconnected"], facts["lost"], facts["doubled"]) == (0, 0, 0, 0)
    assert facts["screens"] == {"phone": 20, "projector": 2, "console": 2, "tablet": 1}
    assert facts["differing"] == []
    # closed and shown, and once after each step, twice while paused
    steps = sum(not isinstance(step, Act | Section) for step in script.steps)
    assert facts["compared"] == 25 * (2 * len(script.acts) + steps + 1)
    for row, act in zip(facts["rounds"], script.acts, strict=True):
        assert row["equal"]
        assert (row["question"], row["method"], row["kind"]) == (act.question, act.method, act.put)
        assert row["tally"] == row["expected"] == {label: act.expected()[id_] for id_, label in act.labels().items()}
        assert row["ballots"] == act.ballots().total()
        assert (row["compared"], row["differing"]) == (50, 0)
    assert (facts["rounds"][0]["papers"], facts["rounds"][0]["tablet"]) == (8, 3)
    [stops] = [step for step in script.steps if isinstance(step, Stops)]
    assert facts["said"]["stops"] == len(stops.presses)
    assert facts["said"]["stops taken"] == facts["said"]["promises"] == 1
    assert facts["said"]["reasons shown"] == facts["said"]["reasons after the result"] == 9


@pytest.mark.usefixtures("own_servers_fork")
async def test_a_day_on_a_bad_network_loses_nothing_and_stands_in_the_record(tmp_path: Path) -> None:
    script = the_day(30)
    network = replace(planned(script.acts, 30, drop=0.2, slow=0.1, seed=1), pace=QUICK)
    async with own_data(tmp_path) as (store, token), OwnServer(tmp_path) as server:
        second = await prepare(store, SECOND)
        report = await rehearse(
            script, server.base, token, record=True, progress=quiet, store=store, second=second, network=network
        )
    cut = [network.of(number) for number in range(len(script.acts))]
    late = sum(len(network.late(number)) for number in range(len(script.acts)))
    assert (report.lost, report.doubled, report.untold, report.differing) == (0, 0, [], [])
    assert report.well
    assert report.slow == 3
    assert report.dropped == report.reconnected == sum(map(len, cut)) > 40
    assert report.refusals["closed"] == late == 10
    assert report.resent >= report.arrived > 0
    for row, drops in zip(report.rounds, cut, strict=True):
        assert (row.dropped, row.late, row.equal) == (len(drops), 1, True)
    exported = await asyncio.to_thread(run_forum, "export", "--data", tmp_path, "--out", tmp_path / "export.zip")
    assert exported.returncode == 0, exported.stderr
    verified = await asyncio.to_thread(run_forum, "verify", tmp_path / "export.zip", "--json")
    assert verified.returncode == 0, verified.stdout
    with closing(sqlite3.connect(tmp_path / "forum.db")) as database:
        entries = [json.loads(body) for (body,) in database.execute("SELECT body FROM entry")]
    assert {entry["type"] for entry in entries} >= {"round revealed", "decision", "commitment"}
    assert all(entry["demonstration"] is True for entry in entries)


async def test_everybody_may_come_by_ticket_and_nothing_is_recorded_unasked(tmp_path: Path) -> None:
    options = ("--phones", "12", "--tickets", "--data", tmp_path / "kept")
    done = await asyncio.to_thread(run_forum, "rehearse", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All is well." in done.stdout
    with closing(sqlite3.connect(tmp_path / "kept" / "forum.db")) as database:
        assert database.execute("SELECT count(*) FROM entry").fetchone() == (0,)
        used = database.execute("SELECT count(*) FROM ticket WHERE used_at != ''").fetchone()
    tablet = sum(heap.count for act in the_day(12).acts for heap in act.tablet)
    assert used == (12 + tablet,)


def on_first_statements(file: Path) -> str:
    """Reads a file of the conversation, without what was voted on statements after the first dozen."""
    rows = list(csv.reader(file.read_text().splitlines()))
    if "comment-id" in rows[0]:
        at = rows[0].index("comment-id")
        rows = [row for n, row in enumerate(rows) if n == 0 or int(row[at]) <= 12]
    elif rows[0][0] == "participant":
        kept = [n for n, name in enumerate(rows[0]) if not name.isdigit() or int(name) <= 12]
        rows = [[row[n] for n in kept] for row in rows]
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()


async def test_a_real_conversation_is_kept_and_recorded(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "night.zip", "w") as archive:  # as Polis names its files today
        for file in POLIS.iterdir():
            name = file.name.replace("participants-", "participant-")
            archive.writestr(f"night/2026-03-02-0915-9xxwa9jpkm-{name}", on_first_statements(file))
    options = ("--polis", tmp_path / "night.zip", "--data", tmp_path / "kept", "--record", "--json")
    done = await asyncio.to_thread(run_forum, "rehearse", *options)
    assert done.returncode == 0, done.stderr
    assert "Replaying 2026-03-02-0915-9xxwa9jpkm-summary.csv, " in done.stderr
    facts = json.loads(done.stdout)
    assert (facts["phones"], facts["cast"], facts["counted"], facts["lost"], facts["doubled"]) == (26, 237, 237, 0, 0)
    assert all(row["equal"] for row in facts["rounds"])
    assert {tuple(row["tally"]) for row in facts["rounds"]} == {("agree", "disagree", "pass")}
    exported = await asyncio.to_thread(
        run_forum, "export", "--data", tmp_path / "kept", "--out", tmp_path / "export.zip"
    )
    assert exported.returncode == 0, exported.stderr
    verified = await asyncio.to_thread(run_forum, "verify", tmp_path / "export.zip", "--json")
    assert verified.returncode == 0, verified.stdout
    assert {check["verdict"] for check in json.loads(verified.stdout)["checks"]} == {"PASS"}


async def test_a_server_that_goes_and_comes_back_has_lost_nothing(tmp_path: Path) -> None:
    """It is killed twice in the middle of votes, and stopped once."""
    script = the_day(16, seed=3, papers=False)
    casts = sum(len(act.votes) for act in script.acts)
    hows = [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)]
    servers: list[Serving] = []
    kill = asyncio.Event()

    def progress(what: str, done: int, total: int) -> None:
        if what == "Phones vote" and done in {casts // 4, casts // 2, 3 * casts // 4}:
            kill.set()

    async def killer() -> None:
        for how, code in hows:
            await kill.wait()
            kill.clear()
            assert await asyncio.to_thread(servers[-1].stop, how) == (code, "")
            servers.append(await asyncio.to_thread(Serving, tmp_path, "--no-demo", port=servers[0].port))

    async with own_data(tmp_path) as (store, token):
        servers.append(Serving(tmp_path, "--no-demo"))
        killing = asyncio.create_task(killer())
        try:
            report = await rehearse(script, servers[0].base, token, record=False, progress=progress, store=store)
            await killing  # a check that failed in there is to be seen
        finally:
            killing.cancel()
            servers[-1].stop()
    assert len(servers) == 4
    assert report.reconnected > 0
    refused = sum(bool(vote.refused) for act in script.acts for vote in act.votes)
    assert (report.cast, report.counted, report.lost, report.doubled) == (casts, casts - refused, 0, 0)
    assert report.well


@pytest.mark.usefixtures("own_servers_fork")
async def test_its_own_server_is_started_again_when_it_dies(tmp_path: Path) -> None:
    act = Act("Who should come?", ("A nurse", "Nobody"), tuple(Vote(n, "r1") for n in range(10)))
    script = replace(ONE_ROUND, phones=(0, 1) * 5, steps=(act,))
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
    assert report.left_out == []
    assert last is not None
    with pytest.raises(ProcessLookupError):
        os.kill(last, 0)


async def meddled_with(folder: Path, meddle: Callable[[sqlite3.Connection], object], script: Script) -> Report:
    """Runs a rehearsal where somebody changes the database between the last acknowledgement and the close."""

    def progress(what: str, done: int, total: int) -> None:
        if what == "Phones vote" and done == total:
            with closing(sqlite3.connect(folder / "forum.db")) as database:
                meddle(database)
                database.commit()

    async with own_data(folder) as (store, token), OwnServer(folder) as server:
        return await rehearse(script, server.base, token, record=False, progress=progress, store=store, settle=1)


ONE_ROUND = Script(
    title="A test",
    question="Who?",
    groups=("Carers", "Nurses"),
    phones=(0, 0, 1, None),
    steps=(Act("Who should come?", ("A nurse", "Nobody"), tuple(Vote(n, "r1") for n in range(4))),),
)


@pytest.mark.usefixtures("own_servers_fork")
async def test_it_notices_a_lost_vote(tmp_path: Path) -> None:
    report = await meddled_with(
        tmp_path, lambda db: db.execute("DELETE FROM ballot WHERE ballot = (SELECT min(ballot) FROM ballot)"), ONE_ROUND
    )
    assert (report.lost, report.doubled, report.well) == (1, 0, False)
    assert report.rounds[0].tally == {"A nurse": 3, "Nobody": 0}
    assert not report.rounds[0].equal
    found = {(one["screen"], one["what"]) for one in report.differing}
    assert len({screen for screen, what in found if what == "vote"}) == 1
    assert report.rounds[0].differing == len(report.differing) > 0


@pytest.mark.usefixtures("own_servers_fork")
async def test_it_notices_a_vote_that_became_another(tmp_path: Path) -> None:
    changed = "UPDATE ballot SET choice = 'r2' WHERE ballot = (SELECT min(ballot) FROM ballot)"
    report = await meddled_with(tmp_path, lambda db: db.execute(changed), ONE_ROUND)
    assert (report.lost, report.doubled, report.well) == (1, 0, False)
    [closed, shown] = report.differing
    assert (closed["what"], closed["shows"], closed["should"]) == ("vote", "r1", "r2")
    assert shown == closed | {"when": "Who should come? (shown)"}


@pytest.mark.usefixtures("own_servers_fork")
async def test_it_notices_a_second_ballot_of_a_phone_that_nobody_cast(tmp_path: Path) -> None:
    def meddle(database: sqlite3.Connection) -> None:
        database.executescript("""
            CREATE TEMP TABLE person AS SELECT * FROM participant LIMIT 1;
            UPDATE person SET id = 'x', device = 'x';
            INSERT INTO participant SELECT * FROM person;
            CREATE TEMP TABLE another AS SELECT * FROM ballot LIMIT 1;
            UPDATE another SET participant = 'x', ballot = 'y';
            INSERT INTO ballot SELECT * FROM another;
        """)

    report = await meddled_with(tmp_path, meddle, ONE_ROUND)
    assert (report.lost, report.doubled, report.well) == (0, 1, False)


async def test_record_is_refused_for_data_that_no_rehearsal_made(tmp_path: Path) -> None:
    added = "user", "add", "ann", "--role", "organiser", "--password-stdin", "--data", tmp_path
    assert run_forum(*added, given="correct horse battery\n").returncode == 0
    token = run_forum("user", "token", "ann", "--data", tmp_path).stdout.strip()
    port = free_port()
    public = f"http://127.0.0.1:{port}/forum"
    with Serving(tmp_path, "--no-demo", port=port, settings={"FORUM_PUBLIC_URL": public}) as server:
        against = ("rehearse", "--phones", "3", "--url", public, "--json")
        refused = await asyncio.to_thread(run_forum, *against, "--token", token, "--record")
        assert refused.returncode == 2
        assert refused.stdout == ""
        assert "said no" in refused.stderr
        plain = await asyncio.to_thread(run_forum, *against, "--token", token)
        assert plain.returncode == 0, plain.stderr
        stranger = await asyncio.to_thread(run_forum, *against, "--token", "wrong")
        assert (stranger.returncode, stranger.stdout) == (2, "")
        assert "Traceback" not in stranger.stderr
        assert (await asyncio.to_thread(run_forum, *against)).returncode == 2  # no token at all
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
        refused = await asyncio.to_thread(run_forum, "rehearse", "--phones", "2", "--data", folder)
        assert refused.returncode == 2
        assert why in refused.stderr
        assert refused.stderr.count("\n") == 1
        assert fingerprint(folder) == before


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--url", "no address", "--token", "t"), "no server's address"),
        (("--url", "http://127.0.0.1:1/forum?x", "--token", "t"), "no server's address"),
        (("--url", "http://93.184.215.14", "--token", "t"), "--force"),
        (("--url", "http://127.0.0.1:1", "--data", "x"), "--url or --data"),
        (("--phones", "2", "--polis", "x"), "one audience"),
        (("--polis", "no-such-folder"), "no-such-folder"),
        (("--polis", "README.md"), "README.md is neither a folder nor a zip file"),
        (("--phones", "0"), "--phones"),
        (("--drop", "a fifth"), "a fifth is no share of the phones. Write it as 20% or 0.2."),
        (("--slow", "150%"), "150% is no share of the phones"),
    ],
)
def test_what_cannot_be_done_is_one_line(options: tuple[str, ...], why: str) -> None:
    done = run_forum("rehearse", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert why in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.usefixtures("own_servers_fork")
async def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "signing_key.pem").write_text("no key")
    with pytest.raises(RehearsalFailed, match="signing key"):
        await OwnServer(tmp_path).__aenter__()


def test_percentile_is_the_nearest_rank() -> None:
    assert [percentile([15, 20, 35, 40, 50], p) for p in (5, 30, 40, 50, 100)] == [15, 20, 20, 35, 50]
    assert percentile([], 95) == 0
