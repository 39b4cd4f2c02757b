"""Witnesses, asked over HTTP: what they cosign is kept and served, who is slow, silent or wrong is bounded and told,
and what they remember stops a second record from being signed.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs
from support.changed_rows import delete
from support.factories import CLOCK, SetClock, a_commission, append_entries
from support.record_keeper import SIGNER
from support.witness import WitnessServer, a_witness, answer

from forum.adapters.last_checkpoint import COSIGNED, CheckpointFile
from forum.adapters.witness_http import MOST_BYTES, WitnessHttp
from forum.errors import CheckpointRefused
from forum.ports import Store
from forum.ports.record import PastCheckpoint
from forum.record.audit import verify
from forum.record.verify.archive import unpack
from forum.record.verify.checkpoint import parse_note
from forum.record.verify.verdict import FAIL
from forum.record.witnesses import witnesses_of
from forum.services.checkpoints import Checkpoints
from forum.services.exports import export
from forum.services.record_cache import kept
from forum.services.witnesses import Standing, Trouble, Witnesses, standings
from forum.store import SqlStore
from forum.store.tables import checkpoint, entry, fact


@pytest.fixture
def clock() -> SetClock:
    return SetClock(CLOCK.now())


@pytest.fixture
async def witness(clock: SetClock) -> AsyncIterator[WitnessServer]:
    async with a_witness(int(clock.at.timestamp())) as witness:
        witness.knows(SIGNER.verifier_key)
        yield witness


class Log:
    """A record with its witnesses, as a server has them; begun again it knows what is on the disk."""

    def __init__(self, store: SqlStore, folder: Path, clock: SetClock, *witnesses: WitnessServer) -> None:
        self.store, self.folder, self.clock, self.servers = store, folder, clock, witnesses
        self.begin_again()

    def begin_again(self) -> None:
        """Starts the server's part anew, as after a restart; also with changed addresses."""
        self.witnesses = witnesses_of(" ".join(one.setting for one in self.servers))
        self.checkpoints = Checkpoints(
            self.store,
            SIGNER,
            CheckpointFile(self.folder),
            cosigned=CheckpointFile(self.folder, COSIGNED),
            witnesses=[one.id for one in self.witnesses],
            clock=self.clock,
        )
        self.asking = Witnesses(self.checkpoints, self.clock, self.witnesses, WitnessHttp(at_most=2.0))

    async def grow(self, count: int) -> None:
        """Adds entries."""
        async with self.store.begin() as work:
            await append_entries(work, a_commission(), count)

    async def sign(self) -> bytes:
        """Signs the record as it is."""
        async with self.store.read() as work:
            size = await work.record.size()
            tree = await kept(self.store).tree_of(work, size)
        return await self.checkpoints.sign(tree, size)

    async def newest(self) -> PastCheckpoint:
        """Reads the newest checkpoint that was signed."""
        async with self.store.read() as work:
            return (await work.checkpoints.newest(0, 1))[0]

    async def standing(self) -> list[Standing]:
        """Reads how the witnesses stand to the record."""
        async with self.store.read() as work:
            return await standings(work, self.witnesses, self.clock.now())

    async def cut_to(self, size: int) -> None:
        """Puts an older copy of the data back, database and folder, from before a witness had anything beyond it."""
        await delete(self.store, entry.c.position >= size, entry)
        async with self.store.writer.begin() as connection:
            await connection.execute(sa.delete(fact))
            await connection.execute(sa.delete(checkpoint).where(checkpoint.c.size > size))
        for name in ("last_checkpoint", COSIGNED):
            (self.folder / name).unlink(missing_ok=True)


@pytest.fixture
async def log(store: SqlStore, tmp_path: Path, clock: SetClock, witness: WitnessServer) -> Log:
    return Log(store, tmp_path, clock, witness)


@pytest.fixture
async def small_log(sqlite_store: SqlStore, tmp_path: Path, clock: SetClock, witness: WitnessServer) -> Log:
    return Log(sqlite_store, tmp_path, clock, witness)


async def test_each_new_size_is_cosigned_kept_and_served(log: Log, witness: WitnessServer) -> None:
    for size, more in ((3, 3), (4, 1), (11, 7), (16, 5)):
        await log.grow(more)
        await log.asking.look()
        newest = await log.newest()
        assert newest.size == size == witness.heads[SIGNER.name][0]
        assert [one.witness.partition("+")[0] for one in newest.cosignatures] == [witness.name]
        served = await log.checkpoints.with_cosignatures(await log.sign())
        note = parse_note(served)
        assert served.endswith(witness.cosign(note.text))
        assert [name for name, _, _ in note.signatures] == [SIGNER.name, witness.name]
        assert CheckpointFile(log.folder, COSIGNED).read() == served
    assert witness.answers == [200] * 4, "each with the proof from what it had"
    async with log.store.read() as work:
        assert await work.checkpoints.count() == 4
        assert [one.size for one in await work.checkpoints.newest(1, 2)] == [11, 4]
        assert [(one.size, len(one.cosignatures)) for one in await work.checkpoints.of_size(3)] == [(3, 1)]
        assert await work.checkpoints.last_cosigned() == await log.newest()
    await log.asking.look()
    assert witness.answers == [200] * 4, "what is cosigned is not sent again"
    assert await log.standing() == [Standing(witness.name, 16, utc(witness.now), overdue=False)]
    checks = verify(await export(log.checkpoints))
    assert [one for one in checks if one.verdict == FAIL] == []


def utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


async def test_a_witness_that_knows_another_size_names_it_and_gets_the_proof_from_there(
    small_log: Log, witness: WitnessServer
) -> None:
    await small_log.grow(5)
    await small_log.asking.look()
    async with small_log.store.writer.begin() as connection:  # a database that has lost what was cosigned
        await connection.execute(sa.text("DELETE FROM cosignature"))
    await small_log.grow(4)
    await small_log.asking.look()
    assert witness.answers == [200, 409, 200]
    assert [body.partition(b"\n")[0] for body in witness.asked] == [b"old 0", b"old 0", b"old 5"]
    assert len((await small_log.newest()).cosignatures) == 1


async def test_any_number_of_witnesses_each_by_itself(sqlite_store: SqlStore, tmp_path: Path, clock: SetClock) -> None:
    now = int(clock.at.timestamp())
    async with (
        a_witness(now) as one,
        a_witness(now, "witness.example/w2") as other,
        a_witness(now, "stranger") as third,
    ):
        for known in (one, other):
            known.knows(SIGNER.verifier_key)
        log = Log(sqlite_store, tmp_path, clock, one, other, third)
        await log.grow(2)
        await log.asking.look()
        assert third.answers == [404]
        assert [log.asking.trouble(witness) for witness in log.witnesses] == [None, None, Trouble.REFUSED]
        given = (await log.newest()).cosignatures
        assert [name.witness.partition("+")[0] for name in given] == ["witness.example/w1", "witness.example/w2"]
        assert [said.size for said in await log.standing()] == [2, 2, 0]


async def wrong_key(witness: WitnessServer, body: bytes) -> bytes:
    async with a_witness(witness.now, "somebody.else") as other:
        line = other.cosign(body.partition(b"\n\n")[2].partition(b"\n\n")[0] + b"\n")
        return answer(200, "text/plain", line.replace(b"somebody.else", witness.name.encode()))


async def other_text(witness: WitnessServer, body: bytes) -> bytes:
    return answer(200, "text/plain", witness.cosign(SIGNER.name.encode() + b"\n1\nAAAA\n"))


async def from_the_future(witness: WitnessServer, body: bytes) -> bytes:
    ahead = WitnessServer(witness.now + 3700, witness.name, witness.key)
    return answer(200, "text/plain", ahead.cosign(body.partition(b"\n\n")[2].partition(b"\n\n")[0] + b"\n"))


async def wrong_id(witness: WitnessServer, body: bytes) -> bytes:
    line = witness.cosign(body.partition(b"\n\n")[2].partition(b"\n\n")[0] + b"\n")
    name, encoded = line.split()[1:]
    other = base64.b64encode(b"\0\0\0\0" + base64.b64decode(encoded)[4:])
    return answer(200, "text/plain", "— ".encode() + name + b" " + other + b"\n")


def said(status: int, body: bytes, kind: str = "text/x.tlog.size") -> Callable[..., Awaitable[bytes]]:
    async def lie(witness: WitnessServer, asked: bytes) -> bytes:
        return answer(status, kind, body)

    return lie


def bytes_of(sent: bytes) -> Callable[..., Awaitable[bytes]]:
    async def lie(witness: WitnessServer, asked: bytes) -> bytes:
        return sent

    return lie


HUGE = b"HTTP/1.1 200 So\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * (4 * MOST_BYTES)
AWAY = b"HTTP/1.1 307 So\r\nLocation: http://127.0.0.1:1/elsewhere\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("lie", "trouble"),
    [
        (wrong_key, Trouble.WRONG),
        (other_text, Trouble.WRONG),
        (from_the_future, Trouble.WRONG),
        (wrong_id, Trouble.WRONG),
        (said(200, b""), Trouble.WRONG),
        (said(200, b"\xff\x00 whatever\n"), Trouble.WRONG),
        (said(200, "— witness.example/w1 AAAA\n".encode()), Trouble.WRONG),
        (said(409, b"0\n"), Trouble.WRONG),
        (said(409, b"1\n"), Trouble.WRONG),
        (said(409, b"007\n"), Trouble.WRONG),
        (said(409, b"9" * 15 + b"\n"), Trouble.KNOWS_OTHERWISE),
        (said(409, b"9" * 5000 + b"\n"), Trouble.WRONG),
        (said(422, b""), Trouble.REFUSED),
        (said(500, b"sorry"), Trouble.REFUSED),
        (bytes_of(AWAY), Trouble.REFUSED),
        (bytes_of(HUGE), Trouble.SILENT),
        (bytes_of(b"HTTP/1.1 200 So\r\nX: " + b"y" * 200_000), Trouble.SILENT),
        (bytes_of(b"SSH-2.0-garbage\r\n"), Trouble.SILENT),
        (bytes_of(b""), Trouble.SILENT),
    ],
)
async def test_a_lying_witness_is_bounded_and_told_and_others_and_signing_go_on(
    sqlite_store: SqlStore,
    tmp_path: Path,
    clock: SetClock,
    witness: WitnessServer,
    lie: Callable[[WitnessServer, bytes], Awaitable[bytes]],
    trouble: Trouble,
) -> None:
    async def told(body: bytes) -> bytes:
        return await lie(witness, body)

    witness.lie = told
    async with a_witness(witness.now, "honest.example") as honest:
        honest.knows(SIGNER.verifier_key)
        log = Log(sqlite_store, tmp_path, clock, witness, honest)
        await log.grow(2)
        with capture_logs() as logs:
            await log.asking.look()
        assert [(one["log_level"], one["witness"], one["trouble"]) for one in logs] == [
            ("warning", witness.name, trouble.value)
        ]
        assert [log.asking.trouble(one) for one in log.witnesses] == [trouble, None]
        assert [one.witness.partition("+")[0] for one in (await log.newest()).cosignatures] == ["honest.example"]
        assert len(witness.asked) <= 3
        await log.grow(1)
        await log.sign()


async def test_a_witness_that_says_nothing_is_asked_after_ever_longer_pauses_and_told_once(
    small_log: Log, witness: WitnessServer, clock: SetClock
) -> None:
    witness.lie = lambda body: bytes_of(b"")(witness, body)
    await small_log.grow(1)
    with capture_logs() as logs:
        for asked, minutes in enumerate((1, 2, 4, 8, 16, 32, 60, 60, 60)):
            await small_log.asking.look()
            assert len(witness.asked) == asked + 1
            clock.move(minutes=minutes, seconds=-1)
            await small_log.asking.look()
            assert len(witness.asked) == asked + 1, "it is too early"
            clock.move(seconds=1)
    assert [one["trouble"] for one in logs] == [Trouble.SILENT.value]


async def test_a_witness_that_does_not_answer_is_given_up_and_the_end_waits_for_nobody(
    small_log: Log, witness: WitnessServer, clock: SetClock
) -> None:
    for_ever, reached = asyncio.Event(), asyncio.Event()

    async def silence(body: bytes) -> bytes:
        reached.set()
        await for_ever.wait()
        return b""

    witness.lie = silence
    await small_log.grow(1)
    small_log.asking = Witnesses(small_log.checkpoints, clock, small_log.witnesses, WitnessHttp(at_most=0.05))
    await small_log.asking.look()
    assert small_log.asking.trouble(small_log.witnesses[0]) == Trouble.SILENT
    reached.clear()
    small_log.asking = Witnesses(small_log.checkpoints, clock, small_log.witnesses, WitnessHttp(at_most=600))
    small_log.asking.start()
    await reached.wait()
    await small_log.asking.stop()
    for_ever.set()


async def test_a_witness_that_has_been_silent_for_an_hour_is_overdue(
    small_log: Log, witness: WitnessServer, clock: SetClock
) -> None:
    await small_log.grow(2)
    await small_log.asking.look()
    clock.move(hours=5)
    assert [one.overdue for one in await small_log.standing()] == [False], "there is nothing new to cosign"
    await small_log.grow(1)
    clock.move(hours=-5, minutes=59)
    assert [one.overdue for one in await small_log.standing()] == [False]
    clock.move(minutes=2)
    [standing] = await small_log.standing()
    assert (standing.overdue, standing.size, standing.at) == (True, 2, utc(witness.now))


async def test_what_a_witness_remembers_stops_an_older_copy_until_it_is_given_up_openly(
    small_log: Log, witness: WitnessServer, clock: SetClock
) -> None:
    await small_log.grow(2)
    await small_log.asking.look()
    await small_log.grow(3)
    await small_log.asking.look()
    await small_log.cut_to(2)  # the whole machine, from its backup
    small_log.begin_again()
    await small_log.sign()
    await small_log.asking.look()
    assert small_log.asking.trouble(small_log.witnesses[0]) is None, "nothing is new: it is not asked"
    await small_log.grow(1)
    with capture_logs() as logs:
        await small_log.asking.look()
    assert [one["trouble"] for one in logs] == [Trouble.KNOWS_OTHERWISE.value]
    await small_log.grow(1)
    refused = rf"The witness {witness.name} has cosigned 5 entries .* take it out of FORUM_WITNESSES"
    for _ in range(2):
        with pytest.raises(CheckpointRefused, match=refused):
            await small_log.sign()
        with pytest.raises(CheckpointRefused, match=refused):
            await export(small_log.checkpoints)
        small_log.begin_again()  # remembered, also where the witness is not to be reached
    with pytest.raises(CheckpointRefused, match=refused):
        await small_log.checkpoints.check()
    asked = len(witness.asked)
    await small_log.asking.look()
    assert {parse_note(body.partition(b"\n\n")[2]).text.split(b"\n")[1] for body in witness.asked[asked:]} == {b"3"}
    assert await small_log.checkpoints.accept_restore(clock) == [4]
    small_log.begin_again()
    await small_log.sign()
    await small_log.asking.look()
    await small_log.sign()  # it holds on to what it knows, and that was given up
    assert small_log.asking.trouble(small_log.witnesses[0]) == Trouble.KNOWS_OTHERWISE


async def test_another_record_as_long_as_the_cosigned_one_is_refused_too(
    small_log: Log, witness: WitnessServer, clock: SetClock
) -> None:
    await small_log.grow(2)
    await small_log.asking.look()
    await small_log.grow(3)
    await small_log.asking.look()
    await small_log.cut_to(2)
    await small_log.grow(7)  # longer, and another
    small_log.begin_again()
    await small_log.asking.look()
    assert witness.answers[-1] == 422
    with pytest.raises(CheckpointRefused, match="has cosigned 5 entries"):
        await grown(small_log)
    # A witness that is not asked any more has nothing to say.
    small_log.servers = ()
    small_log.begin_again()
    await small_log.sign()


async def grown(log: Log) -> bytes:
    await log.grow(1)
    return await log.sign()


async def test_a_witness_that_was_wrong_takes_it_back_by_cosigning(
    small_log: Log, witness: WitnessServer, clock: SetClock
) -> None:
    await small_log.grow(2)
    await small_log.asking.look()
    witness.lie = lambda body: said(409, b"77\n")(witness, body)
    await small_log.grow(1)
    await small_log.asking.look()
    with pytest.raises(CheckpointRefused, match="has cosigned 77 entries"):
        await grown(small_log)
    witness.lie = None
    clock.move(hours=2)
    await small_log.asking.look()
    await small_log.sign()
    await small_log.asking.look()
    assert witness.heads[SIGNER.name][0] == 4


async def test_the_cosigned_file_alone_stops_an_older_copy(small_log: Log) -> None:
    await small_log.grow(4)
    await small_log.asking.look()
    note = CheckpointFile(small_log.folder, COSIGNED).read()
    await small_log.cut_to(2)
    assert note is not None
    CheckpointFile(small_log.folder, COSIGNED).write(note)
    small_log.begin_again()
    with pytest.raises(CheckpointRefused, match="A checkpoint of 4 entries was signed, and the record has 2"):
        await small_log.sign()
    assert await small_log.checkpoints.accept_restore(CLOCK) == [2]
    await small_log.sign()


async def test_past_checkpoints_are_kept_with_when_they_were_signed(small_log: Log, clock: SetClock) -> None:
    times = []
    for more in (2, 1, 1):
        await small_log.grow(more)
        times.append(clock.now())
        await small_log.sign()
        clock.move(minutes=1)
    async with small_log.store.read() as work:
        assert await work.checkpoints.count() == 3
        kept_ones = await work.checkpoints.newest(0, 2) + await work.checkpoints.newest(2, 2)
        assert [one.size for one in await work.checkpoints.of_size(3)] == [3]
        assert await work.checkpoints.of_size(1) == []
        assert await work.checkpoints.last_cosigned() is None
    assert [(one.size, one.signed_at) for one in kept_ones] == list(zip((4, 3, 2), reversed(times), strict=True))
    files, _ = unpack(await export(small_log.checkpoints))
    assert files["checkpoint"].decode() == kept_ones[0].note


async def test_nobody_is_asked_where_there_are_no_witnesses(
    sqlite_store: Store, tmp_path: Path, clock: SetClock
) -> None:
    asking = Witnesses(Checkpoints(sqlite_store, SIGNER), clock, (), WitnessHttp())
    asking.start()
    await asking.look()
    await asking.stop()
