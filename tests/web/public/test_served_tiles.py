"""Tiles read by a stranger over HTTP, who works all out: what was changed is found, or needs an older checkpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
from support.app import House
from support.changed_rows import change, unlock
from support.misfits import MISFITS, misfit
from support.record_keeper import SIGNER, Keeper
from support.tampered_cases import ORDERS
from support.tampering import Tampered, a_small_keeper

from forum.adapters.last_checkpoint import FILE
from forum.record import audit, comparison, export_zip
from forum.record.signing_key import check_with
from forum.record.verify.checkpoint import parse_checkpoint, parse_note
from forum.record.verify.encoding import canonical, parse_canonical
from forum.record.verify.entry_order import entry_problems
from forum.record.verify.merkle_tree import leaf_hash, root
from forum.record.verify.verdict import PASS
from forum.services import record_cache
from forum.services.checkpoints import FACT
from forum.store import SqlStore, tables

Bytes = Callable[[bytes], bytes]


async def serve(house: House, tampered: Tampered) -> None:
    """Makes these the entries that a house serves, as its operator could: all hashes fit, nothing is remembered."""
    bodies = [canonical(entry) for entry in tampered.entries]
    rows = [
        {"position": n, "commission": "", "body": body, "leaf_hash": leaf_hash(body)} for n, body in enumerate(bodies)
    ]
    assert isinstance(house.store, SqlStore)
    async with house.store.writer.begin() as connection:
        await unlock(connection)
        for table in (tables.entry, tables.checkpoint):
            await connection.execute(sa.delete(table))
        await connection.execute(sa.delete(tables.fact).where(tables.fact.c.name == FACT))
        await connection.execute(sa.insert(tables.entry), rows)
    (house.site.settings.data / FILE).unlink(missing_ok=True)
    record_cache._kept.pop(house.store, None)


async def read(house: House, browser: httpx2.AsyncClient, change: dict[str, Bytes] | None = None) -> list[bytes]:
    """Reads the whole record as a monitor does, and returns its leaf hashes.

    Raises ValueError with the places where anything does not fit, one a line. `change` is what somebody on the way does
    to the bytes of "checkpoint", "entries" or "hashes".
    """

    async def got(name: str, path: str) -> bytes:
        answer = await browser.get(path)
        if answer.status_code != 200:
            raise ValueError(f"{name}: answered {answer.status_code}")
        return (change or {}).get(name, bytes)(answer.content)

    note = parse_note(await got("checkpoint", "/record/checkpoint"))
    if not check_with(house.site.checkpoints.signer.public_key_pem)(note.text, note.signatures[0][2]):
        raise ValueError("checkpoint: not signed")
    _, size, signed = parse_checkpoint(note.text)
    bundle, bodies = await got("entries", f"/record/tile/entries/000.p/{size}"), list[bytes]()
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        bodies.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    leaves = [leaf_hash(body) for body in bodies]
    if b"".join(leaves) != await got("hashes", f"/record/tile/0/000.p/{size}"):
        raise ValueError("hashes: not those of the entries")
    if len(leaves) != size or root(leaves) != signed:
        raise ValueError("entries: they do not lead to the checkpoint")
    problems, _ = entry_problems([parse_canonical(body) for body in bodies])
    if problems:
        raise ValueError("\n".join(problems))
    return leaves


async def told(house: House, browser: httpx2.AsyncClient, tampered: Tampered) -> list[str]:
    """Serves these entries and reads them; returns what is said, a place each."""
    await serve(house, tampered)
    with pytest.raises(ValueError, match=r"^entry [0-9]+ ") as error:
        await read(house, browser)
    return str(error.value).splitlines()


ON_THE_WAY: dict[str, tuple[dict[str, Bytes], str]] = {
    "a word": ({"entries": lambda data: data.replace(b"adopted", b"rejects", 1)}, "hashes: not those"),
    "a word and its hash": (
        {
            "entries": lambda data: data[:-1] + b"]",
            "hashes": lambda data: data[:-32] + bytes(32),
        },
        "hashes: not those",
    ),
    "a hash": ({"hashes": lambda data: bytes(32) + data[32:]}, "hashes: not those"),
    "two hashes": ({"hashes": lambda data: data[32:64] + data[:32] + data[64:]}, "hashes: not those"),
    "the size": ({"checkpoint": lambda data: data.replace(b"\n", b"\n1", 1)}, "checkpoint: not signed"),
}


async def test_what_is_changed_on_the_way_is_found(house: House) -> None:
    await serve(house, Tampered())
    async with house.browser() as browser:
        assert len(await read(house, browser)) == len(Tampered().entries)
        for name, (changed, told) in ON_THE_WAY.items():
            with pytest.raises(ValueError, match=told):
                await read(house, browser, changed)
            assert name
        # And in the database of a server that has the right hashes: it serves nothing of it.
        assert isinstance(house.store, SqlStore)
        await change(house.store, tables.entry.c.position == 5, tables.entry, body=b"{}")
        record_cache._kept.pop(house.store, None)
        with pytest.raises(ValueError, match="answered 503"):
            await read(house, browser)


async def test_every_field_that_does_not_fit_is_found_in_tiles_that_the_operator_has_signed(house: House) -> None:
    """As many changed entries at once as there are types, since each is told at its own place."""
    waiting, tries = list(MISFITS), 0
    async with house.browser() as browser:
        while waiting:
            tampered, taken = Tampered(), dict[str, str]()
            for case in list(waiting):
                if case[0] not in taken:
                    taken[case[0]] = misfit(tampered, *case)
                    waiting.remove(case)
            said = await told(house, browser, tampered)
            for place in taken.values():
                assert any(one.startswith(place) for one in said), (place, said)
            tries += 1
    assert tries < len(MISFITS) / 3


async def test_every_entry_out_of_order_is_found_in_tiles_that_the_operator_has_signed(house: House) -> None:
    async with house.browser() as browser:
        for name, forge in ORDERS.items():
            tampered = Tampered()
            place = forge(tampered)
            said = await told(house, browser, tampered)
            assert any(one.startswith(place) for one in said), (name, place, said)


# What no rule can tell, where everything is made anew and signed: each needs a checkpoint from before.
UNSEEN: dict[str, Callable[[Any], object]] = {
    "a day": lambda t: t.set("commitment", "by", "2031-01-01"),
    "a title": lambda t: t.set("session opened", "title", "Another day"),
    "a time": lambda t: t.set("commitment", "at", t.entry("commitment")["at"].replace("000Z", "001Z")),
    "an act": lambda t: t.set("moderation action", "action", "held"),
    "the last ones": lambda t: t.entries.__delitem__(slice(-4, None)),
    "one in the middle": lambda t: t.entries.remove(t.entry("commitment", 1)),
}


async def test_what_no_rule_can_tell_is_found_with_an_older_checkpoint(house: House) -> None:
    await serve(house, Tampered())
    async with house.browser() as browser:
        kept = await read(house, browser)
        for name, forge in UNSEEN.items():
            tampered = Tampered()
            forge(tampered)
            await serve(house, tampered)
            leaves = await read(house, browser)
            assert root(leaves[: len(kept)]) != root(kept), name


class Forged(Keeper):
    """Record whose entries are changed as those of a Tampered are."""

    entry = Tampered.entry
    place = Tampered.place
    set = Tampered.set


@pytest.mark.parametrize("name", [name for name in UNSEEN if name != "the last ones"])
def test_an_export_made_anew_passes_and_an_older_one_tells_where_it_differs(name: str, tmp_path: Path) -> None:
    keeper = a_small_keeper()
    before, after = (tmp_path / f"{when}.zip" for when in ("before", "after"))
    before.write_bytes(export_zip.pack(keeper.log(), SIGNER))
    forged = Forged()
    forged.__dict__ = dict(keeper.__dict__) | {"entries": json.loads(json.dumps(keeper.entries))}
    UNSEEN[name](forged)
    differs = next(n for n, (a, b) in enumerate(zip(keeper.entries, forged.entries, strict=False)) if a != b)
    gone = {id_ for id_ in forged.disclosures if id_ not in json.dumps(forged.entries)}
    forged.disclosures = {id_: words for id_, words in forged.disclosures.items() if id_ not in gone}
    data = export_zip.pack(forged.log(), SIGNER)
    assert {check.verdict for check in audit.verify(data, SIGNER.public_key_pem)} == {PASS}
    after.write_bytes(data)
    assert comparison.compare(before, after).differs_at == differs
