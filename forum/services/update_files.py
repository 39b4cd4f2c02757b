"""Files beside updates of promises: checked as evidence is, published with the words, taken away by a moderator.

Files are kept in the database, as those of stories are. The record has what a file shows and its SHA-256 as words that
may be withdrawn: when a moderator takes the file away, both go with it, and an entry says so.
"""

from __future__ import annotations

import hashlib
import json

import msgspec

from forum.errors import BadInput, IllegalMove, NotAllowed, NotFound
from forum.ports import Store, Work
from forum.ports.accounts import Person
from forum.ports.clock import Clock
from forum.ports.stories import CheckFile
from forum.services import permissions, record_entries, scrub
from forum.services.record_entries import Words
from forum.stories.evidence_files import Checked
from forum.stories.visible_text import line, upright
from forum.voting.commitment import Commitment
from forum.voting.update_file import MOST_FILES, MOST_SHOWS, UpdateFile

_OTHER = "This file is not the one that was published, so it is not shown. `forum record check` says more."


class SentFile(msgspec.Struct, frozen=True):
    """A file as it may be published beside an update: what it shows in words, and itself as it was checked."""

    shows: str
    file: Checked


async def checked(check: CheckFile, shows: str, content: bytes) -> SentFile:
    """Checks a file, and redraws a picture. Raises BadInput(field="shows" or "file"), and TooMany where many wait."""
    shows = upright(line(shows))
    if not shows:
        raise BadInput("Say what the file shows. Those who cannot see it read this.", field="shows")
    if len(shows) > MOST_SHOWS:
        raise BadInput("Use at most %(most)s characters.", field="shows", most=MOST_SHOWS)
    return SentFile(shows, await check(content))


def described(standing: Commitment, update: str, sent: SentFile) -> UpdateFile:
    """Returns the file of a new update of a commitment. Raises IllegalMove where that has MOST_FILES."""
    if sum(1 for one in standing.updates if one.file) >= MOST_FILES:
        raise IllegalMove("There are %(most)s files beside this promise. Send the words alone.", most=MOST_FILES)
    content = sent.file.content
    return UpdateFile(
        update, standing.id, sent.shows, sent.file.media, len(content), hashlib.sha256(content).hexdigest()
    )


def is_the_same(file: UpdateFile | None, sent: SentFile | None) -> bool:
    """Tells whether a file that was sent is the one beside an update; none is one that was taken away, of which nothing
    is left to tell by."""
    if file is None or sent is None:
        return file is None and sent is None
    content = hashlib.sha256(sent.file.content).hexdigest()
    return not file.withdrawn_at and (file.shows, file.sha256) == (sent.shows, content)


def in_entry(file: UpdateFile) -> dict[str, object]:
    """Returns a file as the entry of its update has it."""
    return {
        "shows": Words("shows", file.shows),
        "media": file.media,
        "size": file.size,
        "sha256": Words("sha256", file.sha256),
    }


async def content_of(work: Work, file: UpdateFile) -> bytes:
    """Returns the bytes of a file that is shown. Raises NotFound where it was taken away, and where others stand in
    their place."""
    content = await work.decisions.file_content(file.id)
    if file.withdrawn_at:
        raise NotFound("A moderator took this file away.")
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise NotFound(_OTHER)
    return content


async def is_whole(work: Work, file: UpdateFile) -> bool:
    """Tells whether the bytes of a file are those that were published, none where it was taken away."""
    content = await work.decisions.file_content(file.id)
    return not content if file.withdrawn_at else hashlib.sha256(content).hexdigest() == file.sha256


async def commission_of(work: Work, update: str) -> str:
    """Returns the id of the commission in which an update has a file. Raises NotFound."""
    file = await work.decisions.update_file(update)
    commitment = await work.decisions.get_commitment(file.commitment)
    return (await work.decisions.get_decision(commitment.decision)).commission


async def withdraw(store: Store, clock: Clock, person: Person, update: str) -> None:
    """Takes the file of an update away, for a moderator, with what it shows; the words of the update stay. Does nothing
    where it is gone already. Raises NotFound and NotAllowed."""
    async with store.begin() as work:
        commission = await work.commissions.get_commission(await commission_of(work, update))
        if commission.id not in permissions.reach(person, "moderate stories"):
            raise NotAllowed("Only a moderator can take a file away.")
        file = await work.decisions.update_file(update, lock=True)
        if file.withdrawn_at:
            return
        at = clock.now()
        await work.decisions.withdraw_file(update, at)
        if digests := await _digests(work, update):
            await record_entries.erase(work, commission, at, digests)
        await scrub.to_do(work, at)
    await scrub.scrub(store)


async def _digests(work: Work, update: str) -> list[str]:
    """Returns the digests that the record has of an update's file; none for a rehearsal's."""
    for stored in await work.record.naming([update]):
        entry = json.loads(stored.body)
        if entry["type"] == "commitment update" and entry["update"] == update:
            return [entry["file"][name]["sd"] for name in ("shows", "sha256")]
    return []
