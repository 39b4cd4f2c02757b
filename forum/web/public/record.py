"""The public record: in plain words for people, as bytes and proofs for programs that check it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from forum.errors import NotFound
from forum.ports import Store, Work
from forum.ports.record import StoredEntry
from forum.record import tiles
from forum.record.tree import Tree
from forum.record.verify.disclosures import digests_in, open_disclosure
from forum.services import exports
from forum.services.checkpoints import Checkpoints
from forum.services.record_cache import Contents, consistency_of, kept, same
from forum.stories.submission import StoryStatus
from forum.web.auth import need
from forum.web.i18n.gettext import gettext as _
from forum.web.responses import page, wants_json
from forum.web.site import site_of
from forum.web.words.entries import words_of
from forum.web.words.entry_words import EntryWords, References, rounds_of

A_PAGE = 50
_CHUNK = 500
_DIGITS = re.compile(r"[0-9]{1,15}")
_JSON_LINES = "application/x-ndjson"
_FRESH = {"Cache-Control": "no-cache"}


async def entries(request: Request) -> Response:
    """Shows the record in plain words, newest first; `?commission=` or `?session=` narrows it to one."""
    store = site_of(request).store
    of = {name: request.query_params.get(name, "") for name in ("commission", "session")}
    only = of["session"] or of["commission"]
    async with store.read() as work:
        size = await work.record.size()
        contents = await kept(store).contents_of(work, size)
        about = await _about(work, of)
        # Another request may have read further than this one's snapshot reaches.
        indexes: Sequence[int] = contents.of.get(only, []) if only else range(size)
        count = bisect_left(indexes, size)
        pages = max(1, -(-count // A_PAGE))
        number = min(_number(request.query_params.get("page", "")), pages)
        last = count - (number - 1) * A_PAGE
        shown = indexes[max(0, last - A_PAGE) : last][::-1]
        stored = same(await kept(store).tree_of(work, size), await work.record.entries_at(shown))
        shown_entries = await _in_words(work, contents, stored[::-1])
        titles = await work.commissions.titles({facts["commission"] for _words, facts in shown_entries})
    name = _("Entry %(number)s")
    cards = [
        _Card(
            facts["index"],
            name % {"number": facts["index"]},
            words.kind,
            words.sentence,
            facts["at"],
            titles.get(facts["commission"], ""),
            "demonstration" in facts,
        )
        for words, facts in shown_entries
    ]
    query = "".join(f"{name}={value}&" for name, value in of.items() if value and only == value)
    return await page(
        request,
        "public/record/entries.html",
        cards=cards,
        about=about,
        size=size,
        number=number,
        pages=pages,
        url=f"/record?{query}page=",
        checked=site_of(request).record_watch.last,
        verifier_key=site_of(request).checkpoints.signer.verifier_key,
    )


@dataclass(frozen=True)
class _Card:
    """An entry in the list: its index and name, its kind and sentence, its time, and its commission's title."""

    index: int
    name: str
    kind: str
    sentence: str
    at: str
    title: str
    made_up: bool


async def entry(request: Request) -> Response:
    """Shows one entry: in plain words, its exact bytes, and the proof that it is in the record as signed now.

    `?as=tlog-proof` sends the proof alone as C2SP's `.tlog-proof`, which other people's tools read.
    """
    site = site_of(request)
    async with site.store.read() as work:
        size = await work.record.size()
        stored = await _one(request, work, size)
        tree = await kept(site.store).tree_of(work, size)
        same(tree, [stored])
    proof = await _proof(site.checkpoints, tree, size, stored)
    if request.query_params.get("as") == "tlog-proof":
        name = f'attachment; filename="entry-{stored.index}.tlog-proof"'
        return PlainTextResponse(proof.to_tlog_proof(), headers={**_FRESH, "Content-Disposition": name})
    if wants_json(request):
        return JSONResponse(proof.to_json(), headers=_FRESH)
    async with site.store.read() as work:
        [(words, facts)] = await _in_words(work, await kept(site.store).contents_of(work, size), [stored])
        about = facts["commission"]
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


async def checkpoint(request: Request) -> Response:
    """Sends the signed head of the record as it is now (C2SP tlog-checkpoint)."""
    site = site_of(request)
    async with site.store.read() as work:
        size = await work.record.size()
        tree = await kept(site.store).tree_of(work, size)
    return PlainTextResponse(await site.checkpoints.sign(tree, size), headers=_FRESH)


async def consistency(request: Request) -> Response:
    """Sends the proof that the record of `?from=` entries is the beginning of that of `?to=` (without it: all now).

    JSON: both sizes and roots, and the hashes of the proof (RFC 9162, 2.1.4), in hex.
    """
    site = site_of(request)
    old, given = _whole(request.query_params.get("from", "")), request.query_params.get("to", "")
    async with site.store.read() as work:
        size = await work.record.size()
        new = _whole(given) if given else size
        if not 0 < old <= new <= size:
            raise NotFound("The record has no entry with this number yet.")
        tree = await kept(site.store).tree_of(work, size)
    return JSONResponse(consistency_of(tree, old, new), headers=_FRESH)


async def public_key(request: Request) -> Response:
    """Sends the public key that checks the checkpoint's signature."""
    pem = site_of(request).checkpoints.signer.public_key_pem
    return Response(pem, media_type="application/x-pem-file", headers=_FRESH)


async def entries_jsonl(request: Request) -> Response:
    """Sends the whole record, one entry a line, in its exact bytes."""
    store = site_of(request).store
    async with store.read() as work:
        size = await work.record.size()
    headers = {**_FRESH, "Content-Disposition": 'attachment; filename="record.jsonl"'}
    lines = _lines(store, size)
    # Read before anything is sent, so that a damaged entry in it is answered as on every page.
    first = await anext(lines, b"")

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for piece in lines:
            yield piece

    return StreamingResponse(whole(), media_type=_JSON_LINES, headers=headers)


async def _lines(store: Store, size: int) -> AsyncIterator[bytes]:
    """Yields the first `size` entries in pieces, so that no transaction stays open for a slow reader."""
    for start in range(0, size, _CHUNK):
        async with store.read() as work:
            tree = await kept(store).tree_of(work, size)
            entries = same(tree, await work.record.entries(start, min(start + _CHUNK, size)))
        yield b"".join(stored.body + b"\n" for stored in entries)


async def tile(request: Request) -> Response:
    """Sends a tile of the record's tree (C2SP tlog-tiles): hashes, which never change once they are there."""
    number, width = tiles.place(request.path_params["number"])
    level, store = _whole(request.path_params["level"]), site_of(request).store
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
            await need(request, "run sessions")
        lines = await exports.opened_lines(work, round_.id)
    # No shared cache may keep what needs a permission.
    if not session.recorded:
        return Response(lines, media_type=_JSON_LINES)
    # Programs ask again and again: one that has this very file gets 304 in a few bytes.
    mark = f'"{hashlib.sha256(lines).hexdigest()[:32]}"'
    headers = {**_FRESH, "ETag": mark}
    if mark in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(lines, media_type=_JSON_LINES, headers=headers)


@dataclass(frozen=True)
class _Proof:
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


async def _proof(checkpoints: Checkpoints, tree: Tree, size: int, stored: StoredEntry) -> _Proof:
    root = tree.root(size)
    path = tree.inclusion_proof(stored.index, size)
    return _Proof(stored, size, root, tuple(path), (await checkpoints.sign(tree, size)).decode())


async def _about(work: Work, of: dict[str, str]) -> str:
    """Returns the title of the session or commission that the list is narrowed to; "" for the whole record.

    Raises NotFound for an unknown one.
    """
    if of["session"]:
        return (await work.sessions.get_session(of["session"])).title
    return (await work.commissions.get_commission(of["commission"])).title if of["commission"] else ""


async def _one(request: Request, work: Work, size: int) -> StoredEntry:
    index = _whole(request.path_params["index"])
    if index >= size:
        raise NotFound("The record has no entry with this number yet.")
    return await work.record.entry(index)


async def _in_words(
    work: Work, contents: Contents, stored: Sequence[StoredEntry]
) -> list[tuple[EntryWords, dict[str, Any]]]:
    """Returns each entry in words, with its facts. The words beside all of them are read together."""
    facts = [json.loads(entry.body) for entry in stored]
    openings = [{r: contents.openings[r] for r in rounds_of(f) if r in contents.openings} for f in facts]
    digests = [
        {d for part in (f, *opened.values()) for d in digests_in(part)}
        for f, opened in zip(facts, openings, strict=True)
    ]
    words: dict[str, str | None] = {}
    if wanted := sorted(set().union(*digests)):
        for disclosure in await work.record.disclosures(wanted):
            words[disclosure.digest] = open_disclosure(disclosure.encoded)[2] if disclosure.encoded else None
    published = {f["scenario"] for f in facts if f["type"] == "scenario published"}
    statuses = await work.stories.statuses(published) if published else {}
    in_words = []
    for entry, f, opened, own in zip(stored, facts, openings, digests, strict=True):
        known = {digest: words[digest] for digest in own if digest in words}
        if f["type"] == "scenario published" and statuses.get(f["scenario"]) == StoryStatus.HELD:
            held = _("[held back by a moderator]")
            known |= {f[part]["sd"]: held for part in ("title", "text")}
        in_words.append((words_of(f, References(opened, known)), {**f, "index": entry.index}))
    return in_words


def _whole(part: str) -> int:
    """Returns a number in a path; raises 404 for anything else. Its length is bounded, as int() refuses very long
    ones."""
    if not _DIGITS.fullmatch(part):
        raise HTTPException(404)
    return int(part)


def _number(typed: str) -> int:
    return max(1, int(typed)) if typed.isascii() and typed.isdigit() and len(typed) < 8 else 1
