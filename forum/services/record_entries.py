"""Writes entries into the record, in the unit of work of the act that they tell of: both happen, or neither."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from forum.errors import RecordDamaged
from forum.ports import Work
from forum.ports.record import Disclosure, StoredEntry
from forum.record.verify import encoding
from forum.record.verify.disclosures import disclosure
from forum.record.verify.entry_order import Past
from forum.record.verify.entry_shapes import leaves_of, misfits_of
from forum.record.verify.kinds import TAKEN_BACK
from forum.record.verify.merkle_tree import leaf_hash
from forum.record.verify.verdict import RecordError, few
from forum.services import webhooks
from forum.voting.commission import Commission


class Words(msgspec.Struct, frozen=True):
    """Personal words among an entry's facts: the entry holds their digest, the words are stored beside it.

    A result is kept in this way too, as the JSON that it is: it is withdrawn where its vote is annulled.
    `salt` is that of words whose digest an earlier entry sealed (`digest_of`), "" for a fresh one.
    """

    name: str
    value: object
    salt: str = ""


def digest_of(words: Words) -> str:
    """Returns the digest of words with a salt: it tells nothing of them until they are disclosed."""
    return disclosure(words.salt, words.name, words.value)[0]


async def append(work: Work, commission: Commission, type_: str, at: str, facts: Mapping[str, object]) -> int:
    """Appends one entry and returns its index.

    `facts` may hold Words anywhere; each becomes {"sd": digest}, salted with 128 fresh random bits (RFC 9901). Raises
    IllegalMove where another process appended meanwhile: the caller then tries its whole unit of work again. Raises
    RecordError where the entry has not the fields of its type or does not follow from those before, since no export
    with it would pass its check. Where the clock was put back by more than CLOCK_ROOM, the entry gets the time of what
    it follows instead of `at`.
    """
    made_up = {"demonstration": True} if commission.demonstration or commission.rehearsal else {}
    return await _append(work, commission.id, type_, at, {**made_up, **facts})


async def append_of_record(work: Work, type_: str, at: str, facts: Mapping[str, object]) -> int:
    """Appends, as `append` does, one entry about the record itself; its commission is ""."""
    return await _append(work, "", type_, at, facts)


async def _append(work: Work, commission: str, type_: str, at: str, facts: Mapping[str, object]) -> int:
    disclosed: list[tuple[str, str]] = []
    body: dict[str, object] = {"type": str(type_), "at": at, "commission": commission}
    for name, value in facts.items():
        body[name] = _without_words(value, disclosed)
    problems = list(misfits_of(body))
    if not problems:
        past = await _past(work, body)
        body["at"] = past.no_earlier(body)
        problems = list(past.problems(body))
    if problems:
        raise RecordError(f"This entry ({body['type']}) cannot be in the record: {few(problems)}.")
    canonical = encoding.canonical(body)
    index = await work.record.append(await work.record.size(), commission, canonical, leaf_hash(canonical))
    await webhooks.put_out(work, body, index)
    await work.record.add_disclosures([Disclosure(digest, index, commission, encoded) for digest, encoded in disclosed])
    return index


async def _past(work: Work, body: Mapping[str, object]) -> Past:
    """Returns the past as far as this entry is held against it: the entries about the things and words it names."""
    named = list(leaves_of(body))
    before = await work.record.naming([value for kind, value, _ in named if kind.makes or kind.of])
    if back := [value for kind, value, _ in named if kind is TAKEN_BACK]:
        given = {words.entry for words in await work.record.disclosures(back)}
        # Also from a damaged record words can be taken back.
        told = await work.record.unchecked_at(given)
        before += told + await _about_annulled_rounds(work, told)
    # What a session was opened with may stand in no entry: only what contradicts an entry is refused.
    past = Past(whole=False)
    for _index, stored in sorted({stored.index: stored for stored in before}.items()):
        entry = json.loads(stored.body)
        if not any(misfits_of(entry)):
            past.add(stored.index, entry)
    return past


async def _about_annulled_rounds(work: Work, told: Sequence[StoredEntry]) -> list[StoredEntry]:
    """Returns the entries about the rounds, and the first votes before these, with which the words told in some entries
    may be withdrawn."""
    found: list[StoredEntry] = []
    rounds: set[str] = set()
    for stored in told:
        facts = list(leaves_of(json.loads(stored.body)))
        if any(kind.annulled for kind, _, _ in facts):
            rounds |= {value for kind, value, _ in facts if kind.of == "round"}
    for _ in range(2):
        found = await work.record.naming(rounds) if rounds else []
        rounds |= {first for stored in found if (first := json.loads(stored.body).get("second_of"))}
    return found


async def latest_about(work: Work, type_: str, round_id: str) -> dict[str, Any] | None:
    """Returns the latest entry of this type about a round; None for none. Raises RecordDamaged where one that names the
    round does not fit its hash."""
    found = None
    for stored in await work.record.naming([round_id]):
        if leaf_hash(stored.body) != stored.leaf_hash:
            raise RecordDamaged.at(stored.index)
        entry: dict[str, Any] = encoding.parse_canonical(stored.body)
        if (entry["type"], entry.get("round")) == (type_, round_id):
            found = entry
    return found


async def erase(work: Work, commission: Commission, at: str, digests: Sequence[str]) -> int | None:
    """Deletes the words behind these digests and appends the entry "erasure", which names the digests.

    Returns the index of the entry; None, with nothing appended, where none of the words was there any more.
    """
    withdrawn = await work.record.withdraw(digests, at)
    return await append(work, commission, "erasure", at, {"digests": withdrawn}) if withdrawn else None


def _without_words(value: object, disclosed: list[tuple[str, str]]) -> object:
    if isinstance(value, Words):
        digest, encoded = disclosure(
            value.salt or secrets.token_hex(16), value.name, _without_words(value.value, disclosed)
        )
        disclosed.append((digest, encoded))
        return {"sd": digest}
    if isinstance(value, Mapping):
        return {_plain(key): _without_words(item, disclosed) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_words(item, disclosed) for item in value]
    return _plain(value)


def _plain(value: object) -> object:
    """Returns a member of an enum as the text that it is: verify, which travels alone, knows plain text only."""
    return value.value if isinstance(value, StrEnum) else value
