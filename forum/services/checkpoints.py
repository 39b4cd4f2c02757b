"""Signs checkpoints of the record, and never two that contradict each other: one root for each size, for ever.

What was signed last is remembered twice, before it leaves the house: in the data folder, which an older copy of the
database does not bring back, and in the database, which several servers share. A record that has fewer entries than
either says, or another root over as many, is an older copy or was changed: nothing of it is signed, until an entry
"record restored" says openly that the log begins anew from there.

Witnesses (services/witnesses.py) remember it outside the house too. What they have cosigned is kept in a file of its
own; and one that has cosigned this record before and says that it knows more of it, or another, stops the signing as
those two do.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection

import msgspec
import structlog

from forum.errors import CheckpointRefused, RecordDamaged
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.record import CheckpointMemory, PastCheckpoint
from forum.record.signing_key import Signer, check_with
from forum.record.tree import Tree
from forum.record.verify.checkpoint import key_id, parse_checkpoint, parse_note, public_key_raw
from forum.record.verify.verdict import RecordError
from forum.services.record_cache import RESTORED, kept
from forum.services.record_entries import append_of_record

# The fact in which the database remembers the last checkpoint that was signed.
FACT = "last_checkpoint"
# The fact in which the database remembers which size (of the record as they know it) witnesses hold against it, by id.
CLAIMS = "witness_claims"

log = structlog.get_logger()


class Head(msgspec.Struct, frozen=True):
    """A checkpoint that was signed: its `size`, its `root` (32 bytes), and the signed note."""

    size: int
    root: bytes
    note: bytes


class Checkpoints:
    """The signed heads of one store's record. Without a `memory` the database alone remembers the last one.

    `cosigned` is the memory of the last one that a witness has cosigned, `witnesses` the ids of those that are asked.
    Without a `clock` nobody writes down when one was signed.
    """

    def __init__(
        self,
        store: Store,
        signer: Signer,
        memory: CheckpointMemory | None = None,
        *,
        cosigned: CheckpointMemory | None = None,
        witnesses: Collection[str] = (),
        clock: Clock | None = None,
    ) -> None:
        self.store = store
        self.signer = signer
        self._memory = memory
        self._cosigned = cosigned
        self._witnesses = witnesses
        self._clock = clock
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
                past = await work.checkpoints.of_size(size)
            beside = await self._beside(there)
            row = there
            await self._stand_with_witnesses(whole, now)
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
            if there is None or there.size < size or root.hex() not in {one.root for one in past}:
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
        await self._stand_with_witnesses(tree, now)

    async def with_cosignatures(self, note: bytes) -> bytes:
        """Returns a signed note with the lines of all who cosigned its checkpoint under it. Raises StoreUnavailable."""
        _, size, root = parse_checkpoint(parse_note(note).text)
        async with self.store.read() as work:
            past = await work.checkpoints.of_size(size)
        return b"".join([note, *(cosignatures_of(one) for one in past if one.root == root.hex())])

    async def remember_cosigned(self, note: bytes) -> None:
        """Keeps a cosigned checkpoint outside the database, unless a larger one is kept there. Raises OSError."""
        _, size, _ = parse_checkpoint(parse_note(note).text)
        if self._cosigned is None:
            return
        kept_there = await asyncio.to_thread(self._cosigned.read)
        there = None if kept_there is None else self._head(kept_there)
        if there is None or there.size < size:
            await asyncio.to_thread(self._cosigned.write, note)

    async def accept_restore(self, clock: Clock, unsigned: int | None = None) -> list[int]:
        """Gives up openly what was signed and does not fit the record as it is: appends an entry "record restored" for
        each such head, so that the log can go on. Returns their indexes, none where everything fits.

        `unsigned` is the number of entries that the record is known to have had, where those are lost and no checkpoint
        was signed for them: then the entry has no root.

        Raises RecordDamaged, StoreUnavailable, and CheckpointRefused where the new head cannot be remembered.
        """
        async with self._turn:
            beside, cosigned = await self._beside(), await self._cosigned_beside()
            async with self.store.begin() as work:
                now, tree = await self._tree(work)
                known = (beside, cosigned, await self._in_database(work))
                heads = {(head.size, head.root) for head in known if head is not None}
                claimed = (await self._claims(work)).values()
                unsigned = max((size for size in (unsigned, *claimed) if size is not None), default=None)
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
                await set_claim(work, None)
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

    async def _stand_with_witnesses(self, tree: Tree, now: int) -> None:
        """Raises CheckpointRefused where the record is not the one that a witness has cosigned."""
        await self._standing(tree, now, await self._cosigned_beside())
        if not self._witnesses:
            return
        async with self.store.read() as work:
            claims = await self._claims(work)
        if claims:
            witness, size = next(iter(claims.items()))
            raise CheckpointRefused(
                "The witness %(witness)s has cosigned %(known)s entries of this record, and they are not those that "
                "are here: this is an older copy of the database, or another. Nothing of it is signed. Whoever runs "
                "this Forum: put the newest backup back; or, if this is meant, run `forum record accept-restore`, "
                "which says so in the record; or, if the witness is wrong, take it out of FORUM_WITNESSES.",
                witness=witness.rpartition("+")[0],
                known=size,
            )

    async def _claims(self, work: Work) -> dict[str, int]:
        """Returns the sizes that witnesses who are asked hold against the record, by their ids."""
        said: dict[str, int] = json.loads(await work.facts.get_fact(CLAIMS) or "{}")
        return {witness: size for witness, size in said.items() if witness in self._witnesses}

    async def _cosigned_beside(self) -> Head | None:
        """Returns the last cosigned head that is kept outside the database; None, with a warning, where it is
        damaged."""
        try:
            note = None if self._cosigned is None else await asyncio.to_thread(self._cosigned.read)
        except OSError as error:
            raise _unkept(error) from error
        head = None if note is None else self._head(note)
        if note is not None and head is None:
            log.warning("the file with the last cosigned checkpoint is damaged")
        return head

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
            if there is None or there.size < head.size or not _fits(tree, now, there.size, there.root):
                await work.facts.set_fact(FACT, head.note.decode())
            at = "" if self._clock is None else self._clock.now()
            await work.checkpoints.keep(PastCheckpoint(head.size, head.root.hex(), head.note.decode(), at))


def cosignatures_of(one: PastCheckpoint) -> bytes:
    """Returns the lines of all who cosigned a checkpoint, as they stand under its note."""
    return "".join(f"{given.line}\n" for given in one.cosignatures).encode()


async def set_claim(work: Work, witness: str | None, size: int | None = None) -> None:
    """Sets the size of the record that a witness (its id) holds against it, or takes it back; None takes all back."""
    there = await work.facts.get_fact(CLAIMS) or "{}"
    said = {} if witness is None else {one: known for one, known in json.loads(there).items() if one != witness}
    if witness is not None and size is not None:
        said[witness] = size
    if (new := json.dumps(said)) != there:
        await work.facts.set_fact(CLAIMS, new)


def _fits(tree: Tree, now: int, size: int, root: bytes) -> bool:
    return size <= now and tree.root(size) == root


def _unkept(error: OSError) -> CheckpointRefused:
    return CheckpointRefused(
        "No checkpoint is signed, because it could not be kept in the data folder (%(why)s). Whoever runs this Forum: "
        "make room there, and see that Forum may write to it.",
        why=error.strerror or str(error),
    )
