"""Signs checkpoints of the record, and never two that contradict each other: one root for each size, for ever.

What was signed last is remembered twice, before it leaves the house: in the data folder, which an older copy of the
database does not bring back, and in the database, which several servers share. A record that has fewer entries than
either says, or another root over as many, is an older copy or was changed: nothing of it is signed, until an entry
"record restored" says openly that the log begins anew from there.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from forum.errors import CheckpointRefused, RecordDamaged
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.record import CheckpointMemory
from forum.record.signing_key import Signer, check_with
from forum.record.tree import Tree
from forum.record.verify.checkpoint import key_id, parse_checkpoint, parse_note, public_key_raw
from forum.record.verify.verdict import RecordError
from forum.services.record_cache import RESTORED, kept
from forum.services.record_entries import append_of_record

# The fact in which the database remembers the last checkpoint that was signed.
FACT = "last_checkpoint"

log = structlog.get_logger()


@dataclass(frozen=True)
class Head:
    """A checkpoint that was signed: its `size`, its `root` (32 bytes), and the signed note."""

    size: int
    root: bytes
    note: bytes


class Checkpoints:
    """The signed heads of one store's record. Without a `memory` the database alone remembers the last one."""

    def __init__(self, store: Store, signer: Signer, memory: CheckpointMemory | None = None) -> None:
        self.store = store
        self.signer = signer
        self._memory = memory
        self._last = b""
        self._turn = asyncio.Lock()

    async def sign(self, tree: Tree, size: int) -> bytes:
        """Returns the signed note for the first `size` entries of the record's `tree`, once it is remembered.

        Raises CheckpointRefused where it contradicts what was signed before, or cannot be remembered; StoreUnavailable;
        RecordDamaged.
        """
        root = tree.root(size)
        note = self.signer.checkpoint(size, root)
        if note == self._last:
            return note
        async with self._turn:
            async with self.store.read() as work:
                now, whole = await self._tree(work, tree)
                there = await self._in_database(work)
            beside = await self._beside(there)
            row = there
            beside = await self._standing(whole, now, beside)
            # Mostly both are one.
            there = (
                beside if beside and there and there.note == beside.note else await self._standing(whole, now, there)
            )
            if size > now or (whole is not tree and whole.root(size) != root):
                raise RecordDamaged("The record was changed while it was read. Try again in a moment.")
            new = Head(size, root, note)
            if beside is None or beside.size < size:
                await self._remember_beside(new)
            if there is None or there.size < size:
                await self._remember_in_database(new, row, whole)
            self._last = note
        return note

    async def check(self) -> None:
        """Raises CheckpointRefused where the record is not the one that was signed last, or that with more in it."""
        async with self.store.read() as work:
            now, tree = await self._tree(work)
            there = await self._in_database(work)
        for head in (there, await self._beside()):
            await self._standing(tree, now, head)

    async def accept_restore(self, clock: Clock, unsigned: int | None = None) -> list[int]:
        """Gives up openly what was signed and does not fit the record as it is: appends an entry "record restored" for
        each such head, so that the log can go on. Returns their indexes, none where everything fits.

        `unsigned` is the number of entries that the record is known to have had, where those are lost and no checkpoint
        was signed for them: then the entry has no root.

        Raises RecordDamaged, StoreUnavailable, and CheckpointRefused where the new head cannot be remembered.
        """
        async with self._turn:
            beside = await self._beside()
            async with self.store.begin() as work:
                now, tree = await self._tree(work)
                heads = {(h.size, h.root) for h in (beside, await self._in_database(work)) if h is not None}
                given_up = (await kept(self.store).contents_of(work, now)).given_up
                lost: list[tuple[int, str | None]] = [
                    (size, root.hex())
                    for size, root in sorted(heads)
                    if not _fits(tree, now, size, root) and (size, root.hex()) not in given_up
                ]
                if unsigned is not None and all(size < unsigned for size, _ in lost):
                    lost.append((unsigned, None))
                after = {"size": now, "root": tree.root(now).hex()}
                indexes = [
                    await append_of_record(
                        work, RESTORED, clock.now(), {"before": {"size": size, "root": root}, "after": after}
                    )
                    for size, root in lost
                ]
        async with self.store.read() as work:
            now, tree = await self._tree(work)
        await self.sign(tree, now)
        return indexes

    async def _tree(self, work: Work, known: Tree | None = None) -> tuple[int, Tree]:
        """Returns the record's size and a tree of all of it: the one that is `known` already, where it suffices."""
        now = await work.record.size()
        return now, known if known is not None and len(known) >= now else await kept(self.store).tree_of(work, now)

    async def _standing(self, tree: Tree, now: int, head: Head | None) -> Head | None:
        """Returns the head where the first entries of a record of `now` lead to it, and None where it was given up
        openly. Raises CheckpointRefused for any other."""
        if head is None or _fits(tree, now, head.size, head.root):
            return head
        async with self.store.read() as work:
            contents = await kept(self.store).contents_of(work, now)
        if (head.size, head.root.hex()) in contents.given_up:
            return None
        if head.size > now:
            raise CheckpointRefused(
                "A checkpoint of %(known)s entries was signed, and the record has %(now)s: this is an older copy of "
                "the database. Nothing of it is signed. Whoever runs this Forum: put the newest backup back; or, if "
                "this is meant, run `forum record accept-restore`, which says so in the record.",
                known=head.size,
                now=now,
            )
        raise CheckpointRefused(
            "The first %(known)s entries of the record are not those that a checkpoint was signed for. Nothing of it "
            "is signed. Whoever runs this Forum: put the right database back; or, if this is meant, run `forum record "
            "accept-restore`, which says so in the record.",
            known=head.size,
        )

    async def _in_database(self, work: Work) -> Head | None:
        """Returns the head that the database remembers; None, with a warning, where its row cannot be read."""
        note = await work.facts.get_fact(FACT)
        if note is None:
            return None
        head = self._head(note.encode())
        if head is None:
            log.warning("the database's row of the last signed checkpoint is damaged; the file beside the key decides")
        return head

    async def _beside(self, there: Head | None = None) -> Head | None:
        """Returns the head remembered outside the database; None, with a warning, where that is damaged, or gone while
        the database remembers one (`there`)."""
        if self._memory is None:
            return None
        try:
            note = await asyncio.to_thread(self._memory.read)
        except OSError as error:
            raise _unkept(error) from error
        if note is None:
            if there is not None:
                log.warning("no file beside the key says what was signed last; the database's row decides")
            return None
        head = self._head(note)
        if head is None:
            log.warning("the file with the last signed checkpoint is damaged; the database's row decides")
        return head

    def _head(self, note: bytes) -> Head | None:
        """Returns the head in a note, None for one that is damaged. One signed by another key is taken as it stands."""
        try:
            parsed = parse_note(note)
            _, size, root = parse_checkpoint(parsed.text)
        except RecordError:
            return None
        name, ours = self.signer.name, key_id(self.signer.name, public_key_raw(self.signer.public_key_pem))
        signed = check_with(self.signer.public_key_pem)
        for key_name, number, signature in parsed.signatures:
            if (key_name, number) == (name, ours) and not signed(parsed.text, signature):
                return None
        return Head(size, root, note)

    async def _remember_beside(self, head: Head) -> None:
        if self._memory is None:
            return
        try:
            await asyncio.to_thread(self._memory.write, head.note)
        except OSError as error:
            raise _unkept(error) from error

    async def _remember_in_database(self, head: Head, row: Head | None, tree: Tree) -> None:
        """Sets the database's row, unless another server has set it to more since it was `row`."""
        async with self.store.begin() as work:
            # Makes servers that sign at the same time wait for each other.
            now, tree = await self._tree(work, tree)
            there = await self._in_database(work)
            if there != row:
                there = await self._standing(tree, now, there)
            if there is None or there == row or there.size < head.size:
                await work.facts.set_fact(FACT, head.note.decode())


def _fits(tree: Tree, now: int, size: int, root: bytes) -> bool:
    return size <= now and tree.root(size) == root


def _unkept(error: OSError) -> CheckpointRefused:
    return CheckpointRefused(
        "No checkpoint is signed, because it could not be kept in the data folder (%(why)s). Whoever runs this Forum: "
        "make room there, and see that Forum may write to it.",
        why=error.strerror or str(error),
    )
