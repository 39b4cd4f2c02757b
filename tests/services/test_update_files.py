"""Files beside updates of promises: published with the words, in the record as digests, taken away by a moderator."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import Any

import pytest
from support.changed_rows import change
from support.decided import ANSWERS, MODERATOR
from support.factories import CLOCK, new_id
from support.record_keeper import SIGNER
from support.voted_session import COMMISSIONER, a_vote, required

from forum.errors import BadInput, IllegalMove, NotAllowed, NotFound, SentBefore
from forum.ports import Store
from forum.record import audit
from forum.record.verify.archive import unpack
from forum.record.verify.verdict import FAIL
from forum.services import commitments, decisions, exports, record_check, update_files
from forum.services.checkpoints import Checkpoints
from forum.services.commitments import UpdateForm
from forum.services.decision_form import DecisionForm, Promise
from forum.services.update_files import SentFile
from forum.store import SqlStore, tables
from forum.stories.evidence_files import PDF, Checked
from forum.voting.update_file import MOST_FILES, MOST_SHOWS, UpdateFile

SHOWS, CONTENT = "The rota at the door", b"%PDF-1.7 the rota %%EOF"
SENT = SentFile(SHOWS, Checked(PDF, CONTENT))


async def promised(store: Store, **changes: Any) -> str:
    """Decides, with one promise; returns its id."""
    voted = await a_vote(store, **changes)
    promise = Promise("Head of nights", "Two nurses on every night", "2099-06-30")
    form = DecisionForm(voted.rounds, "", "adopted", "r1", "Near.", answers=ANSWERS, promises=(promise,))
    return (await decisions.decide(store, CLOCK, COMMISSIONER, form)).commitments[0].id


async def told(store: Store, promise: str, file: SentFile | None = SENT, after: str = "") -> str:
    """Tells news of a promise; returns the id of the update."""
    form = UpdateForm(new_id(), after, "partly", "One is here.")
    return (await commitments.update(store, CLOCK, COMMISSIONER, promise, form, file)).id


async def sound(store: Store) -> dict[str, bytes]:
    """Checks the database, and an export of it by both verifiers; returns the files of the export."""
    checkpoints = Checkpoints(store, SIGNER)
    async for progress in record_check.check(checkpoints):
        assert progress.findings == []
    packed = await exports.export(checkpoints)
    assert [check for check in audit.verify(packed) if check.verdict == FAIL] == []
    return unpack(packed)[0]


def rows(files: dict[str, bytes]) -> list[tuple[str, str]]:
    read = csv.DictReader(io.StringIO(files["updates.csv"].decode("utf-8-sig")))
    return [(row["file"], row["file_digest"]) for row in read]


async def file_of(store: Store, update: str) -> tuple[UpdateFile, bytes]:
    async with store.read() as work:
        file = await work.decisions.update_file(update)
        return file, await update_files.content_of(work, file)


async def test_it_stands_beside_the_words_and_a_moderator_takes_it_away_for_good(sqlite_store: Store) -> None:
    promise = await promised(sqlite_store, declared=True)
    update = await told(sqlite_store, promise)
    digest = hashlib.sha256(CONTENT).hexdigest()
    file, content = await file_of(sqlite_store, update)
    assert (file.shows, file.size, file.sha256, content) == (SHOWS, len(CONTENT), digest, CONTENT)
    async with sqlite_store.read() as work:
        [said] = (await work.decisions.get_commitment(promise)).updates
        assert said.file == file
    assert rows(await sound(sqlite_store)) == [(SHOWS, digest)]
    with pytest.raises(NotAllowed):
        await update_files.withdraw(sqlite_store, CLOCK, COMMISSIONER, update)
    for _time in range(2):
        await update_files.withdraw(sqlite_store, CLOCK, MODERATOR, update)
    with pytest.raises(NotFound, match="took this file away"):
        await file_of(sqlite_store, update)
    files = await sound(sqlite_store)
    assert rows(files) == [("(withdrawn)", "(withdrawn)")]
    assert not [name for name, data in files.items() if SHOWS.encode() in data or digest.encode() in data]
    async with sqlite_store.read() as work:
        assert await work.decisions.file_content(update) == b""
        [said] = (await work.decisions.get_commitment(promise)).updates
        assert said.said == "One is here."
        assert required(said.file).withdrawn_at


async def test_a_form_sent_twice_has_one_file_and_a_promise_only_so_many(sqlite_store: Store) -> None:
    promise = await promised(sqlite_store, declared=True)
    form = UpdateForm(new_id(), "", "partly", "One is here.")
    for _time in range(2):
        made = await commitments.update(sqlite_store, CLOCK, COMMISSIONER, promise, form, SENT)
    async with sqlite_store.begin() as work:
        for number in range(MOST_FILES - 1):
            update = await commitments.add(
                work, CLOCK, promise, UpdateForm(new_id(), made.id, "partly", f"{number}"), made.given_by, SENT
            )
            made = update
    with pytest.raises(IllegalMove, match="files beside this promise"):
        await told(sqlite_store, promise, after=made.id)
    assert await told(sqlite_store, promise, None, after=made.id)
    assert len(rows(await sound(sqlite_store))) == MOST_FILES + 1


async def test_a_form_that_comes_again_after_its_file_was_taken_away_is_told_that_nothing_is_kept(
    sqlite_store: Store,
) -> None:
    promise = await promised(sqlite_store, declared=True)
    form = UpdateForm(new_id(), "", "partly", "One is here.")
    made = await commitments.update(sqlite_store, CLOCK, COMMISSIONER, promise, form, SENT)
    await update_files.withdraw(sqlite_store, CLOCK, MODERATOR, made.id)
    other = SentFile(SHOWS, Checked(PDF, b"%PDF-1.7 with no names in it %%EOF"))
    for sent in (other, SENT, None):
        with pytest.raises(SentBefore, match="Send it once more"):
            await commitments.update(sqlite_store, CLOCK, COMMISSIONER, promise, form, sent)
    again = await commitments.update(sqlite_store, CLOCK, COMMISSIONER, promise, form, SENT, of_words=True)
    assert again.id == made.id, "a program's id says that it is the same file"


async def test_what_is_no_file_that_may_be_shown_is_refused_at_its_field() -> None:
    async def check(content: bytes) -> Checked:
        return Checked(PDF, content)

    for shows in (" ", "x" * (MOST_SHOWS + 1)):
        with pytest.raises(BadInput) as wrong:
            await update_files.checked(check, shows, CONTENT)
        assert wrong.value.field == "shows"
    assert (await update_files.checked(check, f" {SHOWS}\n", CONTENT)) == SENT


async def test_in_a_rehearsal_it_is_shown_and_taken_away_without_the_record(sqlite_store: Store) -> None:
    promise = await promised(sqlite_store, recorded=False, rehearsal=True)
    update = await told(sqlite_store, promise)
    assert (await file_of(sqlite_store, update))[1] == CONTENT
    await update_files.withdraw(sqlite_store, CLOCK, MODERATOR, update)
    async with sqlite_store.read() as work:
        assert await work.record.size() == 0
        assert await work.decisions.file_content(update) == b""


async def test_another_file_in_its_place_is_told_and_not_shown(sqlite_store: Store) -> None:
    update = await told(sqlite_store, await promised(sqlite_store, declared=True))
    assert isinstance(sqlite_store, SqlStore)
    of = tables.update_file.c.id == update
    changes: list[tuple[dict[str, object], tuple[str, str]]] = [
        ({"content": b"%PDF-1.7 another %%EOF"}, ("update_file", "content")),
        ({"content": CONTENT, "shows": "Another rota"}, ("commitment_update", "file.shows")),
    ]
    for values, place in changes:
        await change(sqlite_store, of, tables.update_file, **values)
        checkpoints = Checkpoints(sqlite_store, SIGNER)
        found = [one async for progress in record_check.check(checkpoints) for one in progress.findings]
        assert {(one.table, one.column) for one in found} == {place}
        if "shows" not in values:
            with pytest.raises(NotFound, match="not the one that was published"):
                await file_of(sqlite_store, update)
