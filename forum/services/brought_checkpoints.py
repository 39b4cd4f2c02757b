"""A checkpoint that somebody brings, held against the record as it is here: is the record still the one that it was?"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from forum.record.signing_key import check_with
from forum.record.verify.checkpoint import key_id, parse_checkpoint, parse_note, public_key_raw
from forum.record.verify.verdict import RecordError
from forum.record.witnesses import Witness, cosignature_of
from forum.services.checkpoints import Checkpoints
from forum.services.record_cache import kept


class Stands(StrEnum):
    """Kinds of how a checkpoint stands to the record."""

    BEGINNING = "beginning"  # the first entries of the record are those that it was signed for
    ELSEWHERE = "elsewhere"  # another name: of another record, or signed with an older key
    FORGED = "forged"  # the record's name, and no signature by its key
    GIVEN_UP = "given up"  # an entry "record restored" says that it does not fit
    DIFFERS = "differs"  # signed, and the record has other entries
    LONGER = "longer"  # signed, and the record has fewer entries


class Brought(msgspec.Struct, frozen=True):
    """How a checkpoint stands to the record: its size, the record's now, and the names of the configured witnesses
    whose cosignatures on it hold."""

    stands: Stands
    size: int
    now: int
    cosigned_by: tuple[str, ...]


async def held_against_record(checkpoints: Checkpoints, witnesses: Sequence[Witness], note: bytes, now: str) -> Brought:
    """Returns how a signed checkpoint stands to the record; `now` is the time. Raises RecordError where it is none, and
    RecordDamaged, StoreUnavailable."""
    parsed = parse_note(note)
    origin, size, root = parse_checkpoint(parsed.text)
    async with checkpoints.store.read() as work:
        entries = await work.record.size()
        tree = await kept(checkpoints.store).tree_of(work, entries)
        contents = await kept(checkpoints.store).contents_of(work, entries)
        past = await work.checkpoints.of_size(size)
    fits = size <= entries and tree.root(size) == root
    given_up = (size, root.hex()) in contents.given_up
    # One that was signed here with the key of before is known, letter by letter.
    if origin != checkpoints.signer.name and not any(_text(one.note) == parsed.text for one in past):
        stands = Stands.ELSEWHERE
    elif origin == checkpoints.signer.name and not _signed(checkpoints, parsed.text, note):
        stands = Stands.FORGED
    elif fits:
        stands = Stands.BEGINNING
    elif given_up:
        stands = Stands.GIVEN_UP
    else:
        stands = Stands.LONGER if size > entries else Stands.DIFFERS
    return Brought(stands, size, entries, tuple(one.name for one in witnesses if _cosigned(one, note, now)))


def _text(note: str) -> bytes:
    return note.rpartition("\n\n")[0].encode() + b"\n"


def _signed(checkpoints: Checkpoints, text: bytes, note: bytes) -> bool:
    signer = checkpoints.signer
    ours = signer.name, key_id(signer.name, public_key_raw(signer.public_key_pem))
    holds = check_with(signer.public_key_pem)
    own = [signature for name, number, signature in parse_note(note).signatures if (name, number) == ours]
    return bool(own) and all(holds(text, signature) for signature in own)


def _cosigned(witness: Witness, note: bytes, now: str) -> bool:
    below = note.rpartition(b"\n\n")[2]
    try:
        cosignature_of(witness, note, below, now)
    except RecordError:
        return False
    return True
