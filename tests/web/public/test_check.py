"""/check: what somebody brings is checked in a process of its own, within bounds, and told in plain words."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import uvicorn
from support.app import House, assert_faults_at, words
from support.factories import append_entries
from support.receipts import some_receipt
from support.record_keeper import SIGNER, a_keeper
from uvicorn.server import ServerState

from forum.adapters import check_process, fair_line, work_process
from forum.adapters.work_process import Aside
from forum.record import audit, export_zip
from forum.record.judgement import Judgement, Kind
from forum.record.verify.receipt import verify_receipt
from forum.services.exports import export
from forum.settings import Settings
from forum.web import forms
from forum.web.i18n.gettext import speaking
from forum.web.public import check
from forum.web.server.connections import Connections
from forum.web.server.protocol import BoundedHttp
from forum.web.words.checks import of_check

JSON = {"Accept": "application/json"}


@pytest.fixture
async def anybody(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with house.browser() as browser:
        yield browser


async def brought(anybody: httpx2.AsyncClient, file: bytes, accept: str = "text/html") -> httpx2.Response:
    return await anybody.post("/check", files={"file": ("x", file)}, headers={"Accept": accept})


async def test_an_export_of_this_server_holds_and_a_changed_one_does_not(
    house: House, anybody: httpx2.AsyncClient
) -> None:
    commission = await house.commission()
    async with house.store.begin() as work:
        await append_entries(work, commission, 3)
    packed = await export(house.site.checkpoints)
    shown = words(await brought(anybody, packed))
    for said in (
        "What follows for this export",
        "Nothing failed. It is of one piece",
        "The fingerprint is one of the record of this server, over its first",
        "The results are what the ballots add up to.",
        "with an open join code browsers are counted, not people",
    ):
        assert said in shown, shown[shown.index("What follows") :]
    assert "Do not rely on it" not in shown
    told = (
        await brought(anybody, packed.replace(b"moderation action", b"moderation acting"), "application/json")
    ).json()
    assert told["kind"] == "export"
    assert "FAIL" in {one["verdict"] for one in told["checks"]}
    assert told["record"] == {"stands": "beginning", "size": 3, "now": 3, "cosigned_by": []}


async def test_a_wrong_receipt_fails_and_is_told_to_be_of_another_record(
    anybody: httpx2.AsyncClient,
) -> None:
    receipt = some_receipt(a_keeper())
    shown = words(await brought(anybody, receipt.replace(b'"count": ', b'"count": 1')))
    assert "Do not rely on it:" in shown
    assert "The fingerprint is not of the record of this server" in shown
    assert "Should hold, and does not (" in shown


async def test_a_pasted_checkpoint_is_held_against_the_record_and_comes_back_where_it_is_none(
    house: House, anybody: httpx2.AsyncClient
) -> None:
    note = (await anybody.get("/record/checkpoint")).text
    shown = words(await anybody.post("/check", files={"text": (None, note.replace("\n", "\r\n"))}))
    assert "What follows for this checkpoint" in shown
    assert "over its first 0 entries" in shown
    wrong = await anybody.post("/check", data={"text": "what my <neighbour> gave me"})
    assert_faults_at(wrong, {"text"})
    assert "what my &lt;neighbour&gt; gave me" in wrong.text


async def test_nothing_an_empty_file_and_too_large_a_file_are_refused_before_anything_is_run(
    anybody: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(content: bytes) -> Judgement:
        raise AssertionError("nothing is to be checked")

    monkeypatch.setattr(check, "judged", never)
    monkeypatch.setattr(check, "MOST_BYTES", 1024 * 1024)
    assert_faults_at(await anybody.post("/check", data={"text": "  \n "}), {"file"})
    assert_faults_at(await brought(anybody, b""), {"file"})
    large = await brought(anybody, b"PK" + b"x" * (1024 * 1024 + 1))
    assert_faults_at(large, {"file"})
    assert "This file has 2 MB, and this page takes 1 at most." in words(large)


async def test_what_takes_too_long_is_ended_and_said(
    anybody: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_process, "SHORT_DEADLINE", 0.001)
    answer = await brought(anybody, b"hello")
    assert_faults_at(answer, {"file"})
    assert "This takes more time or memory than there is here." in words(answer)


@asynccontextmanager
async def over_http(house: House) -> AsyncIterator[Callable[[str], httpx2.AsyncClient]]:
    """Serves the house on a port of this machine, and yields what opens a browser at an address of 127.0.0.0/8."""
    config = uvicorn.Config(house.app, ws="websockets-sansio", lifespan="off", log_config=None)
    config.load()
    state, connections = ServerState(), Connections(Settings.load({}))
    server = await asyncio.get_running_loop().create_server(
        lambda: BoundedHttp(config=config, server_state=state, app_state={}, connections=connections), "127.0.0.1", 0
    )
    at = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    def browser(address: str) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            transport=httpx2.AsyncHTTPTransport(local_address=address),
            base_url=at,
            headers={"Origin": at},
            timeout=30,
        )

    try:
        yield browser
    finally:
        server.close()
        await asyncio.gather(*state.tasks)


async def test_five_networks_that_send_without_end_keep_neither_a_file_nor_a_receipt_of_others_waiting(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over HTTP, each from an address of its own, with files of which each takes its process for ever."""
    monkeypatch.setattr(check_process, "_long", Aside("tests.support.pausing_work"))
    monkeypatch.setattr(fair_line, "SLICE", 0.0)
    monkeypatch.setattr(work_process, "_LOOK", 0.01)
    endless = tmp_path / "endless"
    os.mkfifo(endless)
    floods = [f"127.0.0.{number}" for number in range(11, 16)]
    had: dict[str, list[httpx2.Response]] = {address: [] for address in floods}
    all_had, over = asyncio.Event(), asyncio.Event()

    def long(path: Path) -> bytes:
        return f"{path}\n".encode() + b" " * check_process.SHORT

    async with over_http(house) as browser, asyncio.timeout(60):

        async def flood(address: str) -> None:
            async with browser(address) as sends:
                while not over.is_set():
                    had[address].append(await brought(sends, long(endless)))
                    if all(any("takes long" in one.text for one in answers) for answers in had.values()):
                        all_had.set()

        flooding = [asyncio.create_task(flood(address)) for address in floods]
        await all_had.wait()
        # So that no piece of whoever comes now, on however slow a machine, takes as long as theirs did.
        line = check_process._long._lines[asyncio.get_running_loop()]
        for name in list(line._had):
            line._count((name,), 1000)
        async with browser("127.0.0.99") as anybody:
            answer = await brought(anybody, long(Path(os.devnull)), "application/json")
            assert (answer.status_code, answer.json().get("kind")) == (200, "checkpoint"), answer.text
            note = (await anybody.get("/record/checkpoint")).text
            assert (await anybody.post("/check", files={"text": (None, note)})).status_code == 200
        over.set()
        for task in flooding:
            task.cancel()
        await asyncio.gather(*flooding, return_exceptions=True)
    every = [answer for answers in had.values() for answer in answers]
    assert {answer.status_code for answer in every} == {429}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in every)
    assert any("in the line, and has its turn in about" in words(answer) for answer in every)


async def test_so_many_are_checked_an_hour_and_what_was_pasted_comes_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(content: bytes) -> Judgement:
        return Judgement(Kind.CHECKPOINT, (), b"")

    monkeypatch.setattr(check, "judged", nothing)
    monkeypatch.setattr(check, "_EACH_HOUR", 2)
    async with house.browser() as same:
        answers = [await same.post("/check", data={"text": f"note {n}"}) for n in range(6)]
        assert (answers[0].status_code, answers[-1].status_code) == (200, 429)
        assert "note 5</textarea>" in answers[-1].text


def test_every_check_that_there_is_has_plain_words(house: House) -> None:
    """Fails for a new check until web/words/checks.py says in a sentence what it looks at."""
    keeper, pem = a_keeper(), SIGNER.public_key_pem
    made = audit.verify(export_zip.pack(keeper.log(), SIGNER), pem) + verify_receipt(some_receipt(keeper))
    with speaking(house.site.languages.choose("en")):
        assert [one.name for one in made if not of_check(one.name)] == []


async def test_files_that_come_in_slowly_hold_so_much_and_then_others_wait(
    house: House, anybody: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "MOST_OF_ONE", 3_000_000)

    async def nothing(content: bytes) -> Judgement:
        return Judgement(Kind.CHECKPOINT, (), b"")

    monkeypatch.setattr(check, "judged", nothing)
    half, go_on = asyncio.Event(), asyncio.Event()
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="slow"\r\n\r\n'

    async def body() -> AsyncIterator[bytes]:
        yield head + b"x" * 2_000_000
        half.set()
        await go_on.wait()
        yield b"\r\n--b--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    slow = asyncio.create_task(anybody.post("/check", content=body(), headers=kind))
    await half.wait()
    async with house.browser() as same, house.browser("192.0.2.99") as elsewhere:
        assert (await brought(same, b"x" * 1_500_000)).status_code == 429
        assert (await brought(elsewhere, b"x" * 1_500_000)).status_code == 200
        go_on.set()
        assert (await slow).status_code == 200
        assert (await brought(same, b"x" * 1_500_000)).status_code == 200
    assert house.site.limits.receiving == {}
