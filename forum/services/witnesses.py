"""Sends the record's checkpoints to witnesses outside (C2SP tlog-witness), and keeps what they cosign.

Each witness is asked by itself, beside everything else: whoever is slow, silent or wrong is asked again after a pause
that grows, and holds up nothing. A witness is believed about itself only: what it signs is verified, and where it says
that it knows more of the record, or another, that stops the signing of checkpoints only if it has cosigned this record
before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from forum.errors import CheckpointRefused, RecordDamaged
from forum.ports import Work
from forum.ports.clock import Clock
from forum.ports.record import Cosignature, WitnessAnswer, WitnessPost
from forum.record.verify.checkpoint import parse_checkpoint, parse_note
from forum.record.verify.encoding import parse_canonical
from forum.record.verify.verdict import RecordError
from forum.record.witnesses import Witness, cosignature_of, request_of, size_of
from forum.services.checkpoints import FACT, Checkpoints, set_claim
from forum.services.periodic import Periodic
from forum.services.record_cache import kept

EVERY = 30.0  # seconds between two looks whether there is something to cosign
_FIRST_PAUSE, _LONGEST_PAUSE = 60, 3600  # seconds after failures, doubled with each
_TRIES = 3  # requests to one witness in one look
_PATIENCE = timedelta(hours=1)  # after which an entry should be under a cosigned checkpoint
_OK, _CONFLICT, _UNPROCESSABLE = 200, 409, 422

log = structlog.get_logger()


class Trouble(StrEnum):
    """Kinds of why a witness has not cosigned the record as it is."""

    SILENT = "no answer"
    REFUSED = "refused"
    WRONG = "wrong answer"
    KNOWS_OTHERWISE = "knows otherwise"


@dataclass(frozen=True)
class Standing:
    """How a witness stands to the record: the last size it cosigned (0 for none) and when, and whether entries have
    waited too long for its next cosignature."""

    name: str
    size: int
    at: str
    overdue: bool


@dataclass
class _Asked:
    """State of asking one witness: how often it failed in a row and why, and from when on it is asked again."""

    failures: int = 0
    trouble: Trouble | None = None
    again: str = ""


class _Failed(Exception):
    """A witness gave no cosignature; the log says `why`."""

    def __init__(self, trouble: Trouble, why: str) -> None:
        super().__init__(why)
        self.trouble = trouble


class Witnesses:
    """The witnesses of one store's record, asked for as long as this server runs, and `may`: of several on one database
    one asks.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        clock: Clock,
        witnesses: Sequence[Witness],
        post: WitnessPost,
        may: Callable[[], bool] = lambda: True,
    ) -> None:
        self.witnesses = witnesses
        self._checkpoints = checkpoints
        self._clock = clock
        self._post = post
        self._asked = {one.id: _Asked() for one in witnesses}
        self._looks = Periodic(self.look, EVERY, _not_looked, may)
        self._requests: set[asyncio.Task[WitnessAnswer]] = set()

    def start(self) -> None:
        """Starts the task; without witnesses there is none."""
        if self.witnesses:
            self._looks.start()

    async def stop(self) -> None:
        """Ends the task; requests under way are given up."""
        self._looks.stopping = True
        for request in self._requests:
            request.cancel()
        await self._looks.stop()

    async def look(self) -> None:
        """Asks all that are due at once. Raises StoreUnavailable and RecordDamaged."""
        now = self._clock.now()
        due = [one for one in self.witnesses if self._asked[one.id].again <= now]
        for outcome in await asyncio.gather(*(self._ask(one) for one in due), return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    def trouble(self, witness: Witness) -> Trouble | None:
        """Returns why this witness has not cosigned the record as it is; None where nothing is known against it."""
        return self._asked[witness.id].trouble

    async def _ask(self, witness: Witness) -> None:
        asked = self._asked[witness.id]
        try:
            await self._cosigned(witness)
        except (_Failed, RecordError, CheckpointRefused) as error:
            trouble = error.trouble if isinstance(error, _Failed) else Trouble.WRONG
            if trouble != asked.trouble:
                log.warning("a witness did not cosign", witness=witness.name, trouble=trouble.value, why=str(error))
            asked.trouble = trouble
            asked.failures += 1
            asked.again = self._clock.later(seconds=min(_FIRST_PAUSE * 2 ** (asked.failures - 1), _LONGEST_PAUSE))
        else:
            self._asked[witness.id] = _Asked()

    async def _cosigned(self, witness: Witness) -> None:
        """Brings a witness up to the record as it is; returns once its cosignature is kept, or was there."""
        store = self._checkpoints.store
        async with store.read() as work:
            size = await work.record.size()
            tree = await kept(store).tree_of(work, size)
            past = await work.checkpoints.last_cosigned(witness.id)
            signed = await work.facts.get_fact(FACT)
        root = tree.root(size)
        if not size or (past is not None and (past.size, past.root) == (size, root.hex())):
            return
        try:
            note = await self._checkpoints.sign(tree, size)
        except CheckpointRefused:
            # One that left the house before may go again, so that a witness can take back what it said.
            if signed is None:
                raise
            note = signed.encode()
            _, size, root = parse_checkpoint(parse_note(note).text)
            if size > len(tree) or tree.root(size) != root:
                raise
        old = past.size if past is not None and past.size <= size else 0
        for _ in range(_TRIES):
            proof = tree.consistency_proof(old, size) if 0 < old < size else []
            answer = await self._posted(witness.url, request_of(old, proof, note))
            if answer.status == _OK:
                given = cosignature_of(witness, note, answer.body, self._clock.now())
                await self._keep(size, root, note, Cosignature(witness.id, given.at, given.line))
                return
            if answer.status == _UNPROCESSABLE and old:
                await self._known_otherwise(witness, old, known_before=past is not None)
            if answer.status != _CONFLICT:
                raise _Failed(Trouble.REFUSED, f"it answers {answer.status}")
            named = size_of(answer.body)
            if named > size or (named == size == old):
                await self._known_otherwise(witness, named, known_before=past is not None)
            if named == old:
                raise _Failed(Trouble.WRONG, f"it names the size {named}, and does not take a proof from there")
            old = named
        raise _Failed(Trouble.WRONG, f"it names another size at each of {_TRIES} tries")

    async def _posted(self, url: str, body: bytes) -> WitnessAnswer:
        """Posts a request, which the end of the server cuts short. Raises _Failed where there is no answer."""
        request = asyncio.create_task(self._post.add_checkpoint(url, body))
        self._requests.add(request)
        try:
            return await request
        except OSError as error:
            raise _Failed(Trouble.SILENT, str(error)) from error
        except asyncio.CancelledError:
            if not self._looks.stopping:
                raise
            raise _Failed(Trouble.SILENT, "the server stops") from None
        finally:
            self._requests.discard(request)

    async def _keep(self, size: int, root: bytes, note: bytes, given: Cosignature) -> None:
        """Keeps a cosignature in the database and outside it, and forgets what its witness held against the record."""
        async with self._checkpoints.store.begin() as work:
            await work.checkpoints.cosign(size, root.hex(), given)
            await set_claim(work, given.witness)
        try:
            await self._checkpoints.remember_cosigned(await self._checkpoints.with_cosignatures(note))
        except OSError as error:
            log.warning("a cosigned checkpoint could not be kept in the data folder", error=str(error))

    async def _known_otherwise(self, witness: Witness, size: int, *, known_before: bool) -> None:
        """Raises _Failed for a witness that has cosigned `size` entries which are not those of the record.

        Of one that has cosigned this record before it is written down first, and no checkpoint is signed any more;
        unless an entry "record restored" has given so many up openly.
        """
        store = self._checkpoints.store
        async with store.begin() as work:
            contents = await kept(store).contents_of(work, await work.record.size())
            if known_before and all(size > given_up for given_up, _ in contents.given_up):
                await set_claim(work, witness.id, size)
        raise _Failed(Trouble.KNOWS_OTHERWISE, f"it knows {size} entries of the record, and not those that are here")


async def standings(work: Work, witnesses: Sequence[Witness], now: str) -> list[Standing]:
    """Returns how each witness stands to the record, in the order in which they were configured."""
    latest = (datetime.fromisoformat(now) - _PATIENCE).strftime("%Y-%m-%dT%H:%M:%S")
    told = []
    for witness in witnesses:
        past = await work.checkpoints.last_cosigned(witness.id)
        size = 0 if past is None else past.size
        at = next((one.at for one in past.cosignatures if one.witness == witness.id), "") if past else ""
        # The first entry that it has not seen.
        unseen = [_at(stored.body) for stored in await work.record.unchecked(size, size + 1)]
        told.append(Standing(witness.name, size, at, any(came < latest for came in unseen)))
    return told


def _at(body: bytes) -> str:
    try:
        return str(parse_canonical(body)["at"])
    except (RecordError, KeyError, TypeError):
        return ""  # damaged: nobody can have cosigned it


def _not_looked(error: Exception) -> None:
    if isinstance(error, RecordDamaged):
        log.warning("the record is not sent to witnesses", error=str(error))
    else:
        log.error("the record was not sent to witnesses", exc_info=error)
