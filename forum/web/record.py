"""The public record: in plain words for people, as bytes and proofs for whoever checks it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from forum import publishing, tiles
from forum import record as log
from forum.errors import NotFound
from forum.ports import Store, StoredEntry, Work
from forum.signing import Signer
from forum.submissions import HELD
from forum.web import wording
from forum.web.pages import need, page, wants_json
from forum.web.site import site_of
from forum.web.words import gettext as _

A_PAGE = 50
_CHUNK = 500
_DIGITS = re.compile(r"[0-9]{1,15}")
_JSON_LINES = "application/x-ndjson"
_FRESH = {"Cache-Control": "no-cache"}


@dataclass
class _Contents:
    """Where what stands in the record, read once and then read on: entries are never changed, only added."""

    size: int = 0
    openings: dict[str, dict[str, Any]] = field(default_factory=dict)
    of: dict[str, list[int]] = field(default_factory=dict)

    async def read_on(self, work: Work) -> None:
        """Takes in what was appended since."""
        new = await work.record.entries(self.size)
        for stored in new:
            # Another request may have read the same entries while this one waited.
            if stored.index == self.size:
                self._take(stored)

    def _take(self, stored: StoredEntry) -> None:
        entry = json.loads(stored.body)
        if entry["type"] == "round opened":
            self.openings[entry["round"]] = entry
        session = entry.get("session")
        if entry["type"] == "decision":
            session = self.openings.get(entry["rounds"][0], {}).get("session")
        for key in filter(None, (entry["commission"], session)):
            self.of.setdefault(key, []).append(stored.index)
        self.size += 1


_contents: WeakKeyDictionary[Store, _Contents] = WeakKeyDictionary()


async def entries(request: Request) -> Response:
    """The record in plain words, newest first; `?commission=` or `?session=` shows only what belongs to one."""
    store = site_of(request).store
    of = {name: request.query_params.get(name, "") for name in ("commission", "session")}
    only = of["session"] or of["commission"]
    async with store.read() as work:
        size = await work.record.size()
        contents = await _read(store, work)
        about = await _about(work, of)
        # Another request may have read on further than this one's snapshot reaches.
        of_only = [index for index in contents.of.get(only, []) if index < size]
        indexes: Sequence[int] = of_only if only else range(size)
        pages = max(1, -(-len(indexes) // A_PAGE))
        number = min(_number(request.query_params.get("page", "")), pages)
        shown = indexes[::-1][(number - 1) * A_PAGE : number * A_PAGE]
        found = {e.index: e for e in await _entries(work, shown)}
        told = [await _told(work, contents, found[index]) for index in shown]
        titles = {c.id: c.title for c in await work.commissions.all()}
    query = "".join(f"{name}={value}&" for name, value in of.items() if value and only == value)
    return await page(
        request,
        "record/entries.html",
        told=told,
        titles=titles,
        about=about,
        size=size,
        number=number,
        pages=pages,
        url=f"/record?{query}page=",
    )


async def entry(request: Request) -> Response:
    """One entry: in plain words, its exact bytes, and the proof that it is in the record as signed now.

    `?as=tlog-proof` gives the proof alone as C2SP's `.tlog-proof`, which other people's tools read.
    """
    site = site_of(request)
    async with site.store.read() as work:
        stored = await _one(request, work)
        proof = await _proof(site.signer, work, stored)
        if request.query_params.get("as") == "tlog-proof":
            name = f'attachment; filename="entry-{stored.index}.tlog-proof"'
            return PlainTextResponse(proof.to_tlog_proof(), headers={**_FRESH, "Content-Disposition": name})
        if wants_json(request):
            return JSONResponse(proof.to_json(), headers=_FRESH)
        told, facts = await _told(work, await _read(site.store, work), stored)
        commission = await work.commissions.get(facts["commission"])
    return await page(
        request,
        "record/entry.html",
        index=stored.index,
        told=told,
        facts=facts,
        commission=commission,
        canonical=stored.body.decode(),
        proof=proof,
    )


async def checkpoint(request: Request) -> Response:
    """The signed head of the record as it is now (C2SP tlog-checkpoint)."""
    site = site_of(request)
    async with site.store.read() as work:
        hashes = await work.record.leaf_hashes()
    return PlainTextResponse(site.signer.checkpoint(len(hashes), log.root(hashes)), headers=_FRESH)


async def public_key(request: Request) -> Response:
    """The key with which the checkpoint's signature is checked."""
    pem = site_of(request).signer.public_key_pem
    return Response(pem, media_type="application/x-pem-file", headers=_FRESH)


async def entries_jsonl(request: Request) -> Response:
    """The whole record, one entry a line, in its exact bytes."""
    store = site_of(request).store
    async with store.read() as work:
        size = await work.record.size()
    headers = {**_FRESH, "Content-Disposition": 'attachment; filename="record.jsonl"'}
    return StreamingResponse(_lines(store, size), media_type=_JSON_LINES, headers=headers)


async def _lines(store: Store, size: int) -> AsyncIterator[bytes]:
    """The first `size` entries, a piece at a time: nothing is kept open while a slow reader takes them."""
    for start in range(0, size, _CHUNK):
        async with store.read() as work:
            found = await work.record.entries(start, min(start + _CHUNK, size))
        yield b"".join(stored.body + b"\n" for stored in found)


async def tile(request: Request) -> Response:
    """A tile of the record's tree (C2SP tlog-tiles): hashes, the same for ever once they are there."""
    number, width = tiles.place(request.path_params["number"])
    async with site_of(request).store.read() as work:
        hashes = await work.record.leaf_hashes()
    return _for_ever(tiles.tile(hashes, _whole(request.path_params["level"]), number, width))


async def bundle(request: Request) -> Response:
    """A bundle of up to 256 entries in their exact bytes (C2SP tlog-tiles)."""
    number, width = tiles.place(request.path_params["number"])
    start = number * tiles.WIDTH
    async with site_of(request).store.read() as work:
        if start + width > await work.record.size():
            raise NotFound("There is no such tile.")
        found = await work.record.entries(start, start + width)
    return _for_ever(tiles.bundle([stored.body for stored in found]))


def _for_ever(data: bytes) -> Response:
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(data, media_type="application/octet-stream", headers=headers)


async def ballots(request: Request) -> Response:
    """A round's opened ballots once its result was shown. Those of a rehearsal that is not recorded are only for
    whoever runs sessions."""
    async with site_of(request).store.read() as work:
        round_ = await work.rounds.get(request.path_params["round"])
        live = await work.sessions.get(round_.session)
        if not live.recorded:
            await need(request, "run sessions")
        opened = await publishing.opened_ballots(work, round_.id)
    lines = b"".join(log.canonical(line) + b"\n" for line in opened)
    # What only some may read is kept by no cache on the way.
    return Response(lines, media_type=_JSON_LINES, headers=_FRESH if live.recorded else None)


@dataclass(frozen=True)
class _Proof:
    """That an entry is in the record: its leaf hash, the path from it to the root, and the signed checkpoint."""

    stored: StoredEntry
    size: int
    root: bytes
    path: tuple[bytes, ...]
    checkpoint: str

    def to_json(self) -> dict[str, Any]:
        """For a machine: hashes in hex, the entry as the text of its exact bytes."""
        return {
            "index": self.stored.index,
            "entry": self.stored.body.decode(),
            "leaf_hash": self.stored.leaf_hash.hex(),
            "size": self.size,
            "root": self.root.hex(),
            "proof": [one.hex() for one in self.path],
            "checkpoint": self.checkpoint,
        }

    def to_tlog_proof(self) -> str:
        """As c2sp.org/tlog-proof writes it: index, the path in base64, an empty line, the checkpoint."""
        path = "".join(base64.b64encode(one).decode() + "\n" for one in self.path)
        return f"c2sp.org/tlog-proof@v1\nindex {self.stored.index}\n{path}\n{self.checkpoint}"


async def _proof(signer: Signer, work: Work, stored: StoredEntry) -> _Proof:
    hashes = await work.record.leaf_hashes()
    root = log.root(hashes)
    path = log.inclusion_proof(hashes, stored.index)
    return _Proof(stored, len(hashes), root, tuple(path), signer.checkpoint(len(hashes), root).decode())


async def _read(store: Store, work: Work) -> _Contents:
    contents = _contents.setdefault(store, _Contents())
    await contents.read_on(work)
    return contents


async def _about(work: Work, of: dict[str, str]) -> str:
    """What the list is narrowed to, in words; "" for the whole record.

    Raises NotFound for what is not there.
    """
    if of["session"]:
        return (await work.sessions.get(of["session"])).title
    return (await work.commissions.get(of["commission"])).title if of["commission"] else ""


async def _entries(work: Work, indexes: Sequence[int]) -> Iterable[StoredEntry]:
    if not indexes:
        return []
    if isinstance(indexes, range):
        return await work.record.entries(min(indexes), max(indexes) + 1)
    return [await work.record.entry(index) for index in indexes]


async def _one(request: Request, work: Work) -> StoredEntry:
    index = _whole(request.path_params["index"])
    if index >= await work.record.size():
        raise NotFound("The record has no entry with this number yet.")
    return await work.record.entry(index)


async def _told(work: Work, contents: _Contents, stored: StoredEntry) -> tuple[wording.Told, dict[str, Any]]:
    facts = json.loads(stored.body)
    openings = {r: contents.openings[r] for r in wording.rounds_of(facts) if r in contents.openings}
    digests = {d for part in (facts, *openings.values()) for d in log.digests_in(part)}
    words: dict[str, str | None] = {}
    if digests:
        for disclosure in await work.record.disclosures(sorted(digests)):
            opened = log.open_disclosure(disclosure.encoded)[2] if disclosure.encoded else None
            words[disclosure.digest] = opened
    if facts["type"] == "scenario published" and (await work.stories.get(facts["scenario"])).status == HELD:
        held = _("[held back by a moderator]")
        words |= {facts[part]["sd"]: held for part in ("title", "text")}
    return wording.told(facts, wording.Around(openings, words)), {**facts, "index": stored.index}


def _whole(part: str) -> int:
    """A number in a path, as Forum writes it. Python refuses, with an error, to read one of thousands of digits."""
    if not _DIGITS.fullmatch(part):
        raise HTTPException(404)
    return int(part)


def _number(typed: str) -> int:
    return max(1, int(typed)) if typed.isascii() and typed.isdigit() and len(typed) < 8 else 1
