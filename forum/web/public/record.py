"""An entry of the public record with its proof, in plain words for people and as bytes for programs; its files and
tiles."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from forum.errors import NotFound
from forum.ports import Store, Work
from forum.ports.record import StoredEntry
from forum.record import tiles
from forum.record.verify.disclosures import digests_in
from forum.record.verify.encoding import canonical
from forum.services import exports
from forum.services.record_cache import Contents, kept, same, subjects_of
from forum.web.auth import need
from forum.web.public.checkpoints import FRESH, whole_number
from forum.web.public.record_words import in_words
from forum.web.record_banner import unlike_record
from forum.web.responses import page, wants_json
from forum.web.site import site_of

_CHUNK = 500
_CHUNK_OF_WORDS = 20  # entries, of which one may bring the words of a whole story
_JSON_LINES = "application/x-ndjson"


async def entry(request: Request) -> Response:
    """Shows one entry: in plain words, its exact bytes, and the proof that it is in the record as signed now.

    `?as=tlog-proof` sends the proof alone as C2SP's `.tlog-proof`, which other people's tools read.
    """
    site, proof = site_of(request), await _proven(request)
    stored = proof.stored
    if request.query_params.get("as") == "tlog-proof":
        name = f'attachment; filename="entry-{stored.index}.tlog-proof"'
        return PlainTextResponse(proof.to_tlog_proof(), headers={**FRESH, "Content-Disposition": name})
    if wants_json(request):
        return await _as_json(request, proof)
    async with site.store.read() as work:
        [(words, facts)] = await in_words(
            work, await kept(site.store).contents_of(work, await work.record.size()), [stored]
        )
        about = facts["commission"]
        await _hold(request, work, facts, (words.sentence, words.details))
        commission = await work.commissions.get_commission(about) if about else None
    return await page(
        request,
        "public/record/entry.html",
        index=stored.index,
        entry=words,
        facts=facts,
        commission=commission,
        canonical=stored.body.decode(),
        proof=proof,
    )


async def entry_json(request: Request) -> Response:
    """Sends one entry for programs: its exact text, the words behind its digests that everybody may read, with their
    salts, and the proof that it is in the record as signed now."""
    return await _as_json(request, await _proven(request))


async def _as_json(request: Request, proof: _Proof) -> Response:
    store = site_of(request).store
    async with store.read() as work:
        facts = {**json.loads(proof.stored.body), "index": proof.stored.index}
        words = await _public_words(work, await kept(store).contents_of(work, await work.record.size()), [facts])
        unlike = await _hold(request, work, facts, words)
    more = {"does_not_agree_with_the_record": unlike} if unlike else {}
    return JSONResponse({**proof.to_json(), "disclosures": words, **more}, headers=FRESH)


async def entries_jsonl(request: Request) -> Response:
    """Sends the whole record, one entry a line, in its exact bytes."""
    return await _streamed(request, _lines, "record.jsonl")


async def disclosures_jsonl(request: Request) -> Response:
    """Sends the words of the whole record that everybody may read, with their salts: {"digest", "disclosure"} a line,
    as in exports."""
    return await _streamed(request, _lines_of_words, "disclosures.jsonl")


async def _streamed(request: Request, lines_of: Callable[[Store, int], AsyncGenerator[bytes]], name: str) -> Response:
    """Sends what `lines_of` yields of the whole record, as a file of this name."""
    store = site_of(request).store
    async with store.read() as work:
        size = await work.record.size()
    lines = lines_of(store, size)
    # Read before anything is sent, so that a damaged entry in it is answered as on every page.
    first = await anext(lines, b"")

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for piece in lines:
            yield piece

    headers = {**FRESH, "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(whole(), media_type=_JSON_LINES, headers=headers)


async def _lines_of_words(store: Store, size: int) -> AsyncGenerator[bytes]:
    """Yields the public words of the first `size` entries in pieces, as `_lines` does the entries."""
    for start in range(0, size, _CHUNK_OF_WORDS):
        async with store.read() as work:
            stored = await work.record.entries(start, min(start + _CHUNK_OF_WORDS, size))
            contents = await kept(store).contents_of(work, await work.record.size())
            told = await _public_words(work, contents, [json.loads(one.body) for one in stored])
        yield b"".join(canonical({"digest": digest, "disclosure": told[digest]}) + b"\n" for digest in told)


async def _public_words(work: Work, contents: Contents, facts: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Returns the disclosures behind these entries' digests, by digest, that everybody may read: none that was
    withdrawn, and not those of a story that a moderator holds back."""
    digests = {digest for one in facts for digest in digests_in(one)} - contents.held.grounds.keys()
    found = await work.record.disclosures(sorted(digests)) if digests else []
    return {one.digest: one.encoded for one in found if one.encoded is not None}


async def _lines(store: Store, size: int) -> AsyncGenerator[bytes]:
    """Yields the first `size` entries in pieces, so that no transaction stays open for a slow reader."""
    for start in range(0, size, _CHUNK):
        async with store.read() as work:
            tree = await kept(store).tree_of(work, size)
            entries = same(tree, await work.record.entries(start, min(start + _CHUNK, size)))
        yield b"".join(stored.body + b"\n" for stored in entries)


async def tile(request: Request) -> Response:
    """Sends a tile of the record's tree (C2SP tlog-tiles): hashes, which never change once they are there."""
    number, width = tiles.place(request.path_params["number"])
    level, store = whole_number(request.path_params["level"]), site_of(request).store
    async with store.read() as work:
        size = await work.record.size()
        # Checked before anything is read: most addresses asked by mistake are beyond the record.
        tiles.check(size, level, number, width)
        tree = await kept(store).tree_of(work, size)
    return _for_ever(tiles.tile(tree, level, number, width))


async def bundle(request: Request) -> Response:
    """Sends a bundle of up to 256 entries in their exact bytes (C2SP tlog-tiles)."""
    number, width = tiles.place(request.path_params["number"])
    start = number * tiles.WIDTH
    store = site_of(request).store
    async with store.read() as work:
        size = await work.record.size()
        if start + width > size:
            raise NotFound("There is no such tile.")
        tree = await kept(store).tree_of(work, size)
        entries = same(tree, await work.record.entries(start, start + width))
    return _for_ever(tiles.bundle([stored.body for stored in entries]))


def _for_ever(data: bytes) -> Response:
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(data, media_type="application/octet-stream", headers=headers)


async def ballots(request: Request) -> Response:
    """Sends a round's opened ballots once its result was shown.

    Those of a rehearsal that is not recorded need the permission "run sessions".
    """
    async with site_of(request).store.read() as work:
        round_ = await work.rounds.get_round(request.path_params["round"])
        session = await work.sessions.get_session(round_.session)
        if not session.recorded:
            await need(request, "run sessions", session.commission)
        lines = await exports.opened_lines(work, round_.id)
    # No shared cache may keep what needs a permission.
    if not session.recorded:
        return Response(lines, media_type=_JSON_LINES)
    # Programs ask again and again: one that has this very file gets 304 in a few bytes.
    mark = f'"{hashlib.sha256(lines).hexdigest()[:32]}"'
    headers = {**FRESH, "ETag": mark}
    if mark in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(lines, media_type=_JSON_LINES, headers=headers)


class _Proof(msgspec.Struct, frozen=True):
    """Proof that an entry is in the record: its leaf hash, the path from it to the root, and the signed checkpoint."""

    stored: StoredEntry
    size: int
    root: bytes
    path: tuple[bytes, ...]
    checkpoint: str

    def to_json(self) -> dict[str, Any]:
        """Returns the proof as JSON for programs: hashes in hex, the entry as the text of its exact bytes."""
        return {
            "index": self.stored.index,
            "entry": self.stored.body.decode(),
            "leaf_hash": self.stored.leaf_hash.hex(),
            "size": self.size,
            "root": self.root.hex(),
            "proof": [node.hex() for node in self.path],
            "checkpoint": self.checkpoint,
        }

    def to_tlog_proof(self) -> str:
        """Returns the proof as c2sp.org/tlog-proof: index, the path in base64, an empty line, the checkpoint."""
        path = "".join(base64.b64encode(node).decode() + "\n" for node in self.path)
        return f"c2sp.org/tlog-proof@v1\nindex {self.stored.index}\n{path}\n{self.checkpoint}"


async def _proven(request: Request) -> _Proof:
    """Returns the entry that an address names, with the proof that it is in the record as signed now."""
    site = site_of(request)
    async with site.store.read() as work:
        size = await work.record.size()
        stored = await _one(request, work, size)
        tree = await kept(site.store).tree_of(work, size)
        same(tree, [stored])
    path = tree.inclusion_proof(stored.index, size)
    note = await site.checkpoints.sign(tree, size)
    return _Proof(stored, size, tree.root(size), tuple(path), note.decode())


async def _hold(request: Request, work: Work, facts: dict[str, Any], shown: object) -> list[dict[str, Any]]:
    """Holds what an entry tells of against it, `shown` being its words; returns what does not agree, for programs."""
    told = await unlike_record(request, work, dict.fromkeys(subjects_of(facts), shown), facts["index"])
    return [{"what": one.what, "entry": one.entry} for one in told]


async def _one(request: Request, work: Work, size: int) -> StoredEntry:
    index = whole_number(request.path_params["index"])
    if index >= size:
        raise NotFound("The record has no entry with this number yet.")
    return await work.record.entry(index)
