"""A process killed (SIGKILL) at every write of the record: after a restart the log verifies, nothing stands there
twice, nothing that was acknowledged is missing, and no second root was signed.

Each life is a fork: it does what the last one was killed in, and is killed at its next moment.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from conftest import Database
from support.factories import CLOCK, a_cast, a_room
from support.faulty_store import WrappedStore
from support.voted_session import COMMISSIONER, required

from forum.adapters import machine
from forum.adapters.last_checkpoint import CheckpointFile
from forum.cli import change_key, signer_of
from forum.ports import Store, Work
from forum.record.verify.checkpoint import parse_checkpoint, parse_note
from forum.record.verify.encoding import parse_canonical
from forum.record.verify.entry_order import entry_problems
from forum.record.verify.key_entries import key_problems
from forum.record.verify.merkle_tree import leaf_hash, root
from forum.services import decision_form, decisions, record_check
from forum.services.checkpoints import Checkpoints
from forum.services.record_cache import kept
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.settings import Settings
from forum.store import SqlStore, open_store
from forum.voting.round import RoundState

PEOPLE = ("g1",) * 6 + ("g2",) * 5
FORM = "f" * 32
BEFORE, WITHIN, AFTER, FILE = "before a commit", "once the entry is written", "after a commit", "once the file is there"


def kill() -> None:
    """Ends this process at once, as a power cut does."""
    os.kill(os.getpid(), signal.SIGKILL)


class Doomed(WrappedStore):
    """Store in whose next unit the process is killed, at the moment that is given."""

    def __init__(self, store: SqlStore, moment: str) -> None:
        super().__init__(store)
        self._moment = moment
        if moment == WITHIN:
            sa.event.listen(store.writer.sync_engine, "after_cursor_execute", _kill_after_an_entry)

    @asynccontextmanager
    async def begin(self, *, first: bool = False) -> AsyncIterator[Work]:
        async with self.store.begin(first=first) as work:
            yield work
            if self._moment == BEFORE:
                kill()
        if self._moment == AFTER:
            kill()


def _kill_after_an_entry(_: Any, __: Any, statement: str, *more: Any) -> None:
    if statement.startswith("INSERT INTO entry"):
        kill()


class Life:
    """One process's life on the data of those before it. `journal` holds what each of them acknowledged."""

    def __init__(self, url: str, folder: Path) -> None:
        self.settings = Settings.load({}, data=folder, database_url=url)
        self.journal = folder / "journal"

    def acknowledge(self, **told: Any) -> None:
        """Writes down what was answered, as somebody outside would."""
        with self.journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")

    def told(self) -> dict[str, Any]:
        """Returns what was acknowledged, the last of each; `notes` are all checkpoints that left the house."""
        lines = [json.loads(line) for line in self.journal.read_text("utf-8").splitlines()]
        said: dict[str, Any] = {name: value for line in lines for name, value in line.items()}
        return said | {"notes": [line["note"] for line in lines if "note" in line]}

    async def begin(self) -> None:
        """Makes the room in which the vote is held."""
        store = await open_store(self.settings.database_url)
        await signer_of(store, self.settings)
        live, members = await a_room(store, PEOPLE, declared=True)
        outcome = await cues.ask_question(Desk(store, CLOCK), live.id, "Who should come?", ("A", "B"), none=True)
        self.acknowledge(session=live.id, round=required(outcome.round).id, people=list(members), done=[])
        await store.close()

    async def go_on(self, unfinished: str, step: str, moment: str) -> None:
        """Checks what is there, finishes a step, and takes another, in which it is killed at this moment."""
        store = await open_store(self.settings.database_url)
        await self.check(store, self.told())
        for name, doomed in ((unfinished, False), (step, True)):
            if doomed and moment == FILE:
                machine.sync_folder = lambda folder: kill()  # called once a file was replaced
            if name:
                told = self.told()
                await STEPS[name](self, Doomed(store, moment) if doomed else store, store, told)
                self.acknowledge(done=[*told["done"], name])
        await self.check(store, self.told())
        async for progress in record_check.check(await self.checkpoints(store, store)):
            assert not progress.findings
        await store.close()

    async def checkpoints(self, store: Store, of: Store) -> Checkpoints:
        """Returns what signs on `store`, with the key that `of` names."""
        return Checkpoints(store, await signer_of(of, self.settings), CheckpointFile(self.settings.data))

    async def check(self, store: SqlStore, told: dict[str, Any]) -> None:
        """Asserts that the record verifies, has everything once, and all that was acknowledged."""
        async with store.read() as work:
            stored = await work.record.entries()
            round_ = await work.rounds.get_round(told["round"])
            ballots = await work.rounds.ballots(round_.id)
        entries = [parse_canonical(one.body) for one in stored]
        assert [one.leaf_hash for one in stored] == [leaf_hash(one.body) for one in stored]
        assert entry_problems(entries)[0] == []
        assert max(Counter(entry["type"] for entry in entries).values()) == 1, "nothing stands there twice"
        there = {entry["type"] for entry in entries} | ({"cast"} if len(ballots) == len(PEOPLE) else set())
        missing = {of for step in told["done"] for of in LEAVES[step] if of not in there}
        assert not missing, "what was acknowledged is there"
        checkpoints = await self.checkpoints(store, store)
        assert list(key_problems(entries, checkpoints.signer.verifier_key)) == []
        leaves = [one.leaf_hash for one in stored]
        for note in told["notes"]:
            _, size, signed = parse_checkpoint(parse_note(note.encode()).text)
            assert signed == root(leaves[:size]), "no second root was signed"
        await checkpoints.check()


async def _state(store: Store, told: dict[str, Any]) -> RoundState:
    async with store.read() as work:
        return (await work.rounds.get_round(told["round"])).state


async def _open(life: Life, store: Store, plain: Store, told: dict[str, Any]) -> None:
    if await _state(plain, told) == RoundState.DRAFT:
        await facilitation.open_round(Desk(store, CLOCK), told["session"], told["round"])


async def _cast(life: Life, store: Store, plain: Store, told: dict[str, Any]) -> None:
    async with plain.read() as work:
        cast = await work.rounds.ballots(told["round"])
    if not cast:
        async with store.begin() as work:
            outcomes = await work.rounds.cast([a_cast(told["round"], one, "r1") for one in told["people"]])
        assert not any(one.refusal for one in outcomes)


async def _close(life: Life, store: Store, plain: Store, told: dict[str, Any]) -> None:
    if await _state(plain, told) == RoundState.OPEN:
        await facilitation.close_round(Desk(store, CLOCK), told["session"], told["round"])


async def _reveal(life: Life, store: Store, plain: Store, told: dict[str, Any]) -> None:
    if await _state(plain, told) == RoundState.CLOSED:
        await facilitation.reveal_round(Desk(store, CLOCK), told["session"], told["round"])


async def _decide(life: Life, store: Store, plain: Store, told: dict[str, Any]) -> None:
    promise = decision_form.Promise("Head of nights", "Two nurses", "2027-03-31")
    terms: dict[str, Any] = {"outcome": "adopted", "response": "r1", "rationale": "It is near."}
    form = decision_form.DecisionForm((told["round"],), id=FORM, promises=(promise,), **terms)
    await decisions.decide(store, CLOCK, COMMISSIONER, form)


async def _sign(life: Life, store: Store, plain: Store, told: dict[str, Any]) -> None:
    async with plain.read() as work:
        size = await work.record.size()
        tree = await kept(plain).tree_of(work, size)
    note = await (await life.checkpoints(store, plain)).sign(tree, size)
    life.acknowledge(note=note.decode())


async def _change_key(life: Life, store: Store, plain: Store, told: dict[str, Any]) -> None:
    async with plain.read() as work:
        entries = [parse_canonical(one.body) for one in await work.record.entries()]
    if not any(entry["type"] == "key changed" for entry in entries):
        await change_key(store, life.settings)


STEPS: dict[str, Callable[[Life, Store, Store, dict[str, Any]], Awaitable[None]]] = {
    "open": _open,
    "sign the opening": _sign,
    "cast": _cast,
    "close": _close,
    "reveal": _reveal,
    "decide": _decide,
    "change the key": _change_key,
    "sign all": _sign,
}
# Entries that a step leaves.
LEAVES = {
    **{"open": ["session opened", "round opened"], "cast": ["cast"], "close": ["round closed"]},
    **{"reveal": ["round revealed"], "decide": ["decision", "commitment"], "change the key": ["key changed"]},
    **dict.fromkeys(("sign the opening", "sign all"), ()),
}
MOMENTS = {
    "cast": (BEFORE, AFTER),
    **dict.fromkeys(("sign the opening", "sign all"), (FILE, BEFORE, AFTER)),
}


def forked(life: Callable[[], Coroutine[Any, Any, None]], output: Path) -> int:
    """Runs a life in a fork of this process. Returns minus the signal that ended it, 0 for none, 1 for an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads of pytest's hold no lock of the fork's
        child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    gc.disable()
    try:
        asyncio.run(life())
        code = 0
    except BaseException as error:
        output.write_text(repr(error), "utf-8")
    finally:
        os._exit(code)


def test_wherever_a_process_is_killed_the_record_goes_on(database: Database, tmp_path: Path) -> None:
    life, output = Life(database.url, tmp_path), tmp_path / "error"
    assert forked(life.begin, output) == 0, output.read_text("utf-8")
    killed, unfinished = 0, ""
    for step in STEPS:
        moments = MOMENTS.get(step, (BEFORE, WITHIN, AFTER))
        # Each life costs a tenth of a second: on PostgreSQL one of each step is tried.
        for moment in moments if database.kind == "sqlite" else moments[1:2]:
            code = forked(partial(life.go_on, unfinished, step, moment), output)
            assert code == -signal.SIGKILL, output.read_text("utf-8") if output.exists() else (step, moment)
            killed, unfinished = killed + 1, ""
        unfinished = step
    assert forked(partial(life.go_on, unfinished, "", ""), output) == 0, output.read_text("utf-8")
    assert killed == (23 if database.kind == "sqlite" else len(STEPS))
    told = life.told()
    assert told["done"] == [*STEPS]
    assert len({parse_checkpoint(parse_note(note.encode()).text)[0] for note in told["notes"]}) == 2, "two keys signed"
