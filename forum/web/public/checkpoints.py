"""The signed heads of the record: the one of now and all of the past, who cosigned them, and that one goes on from
another.
"""

from __future__ import annotations

import re

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from forum.errors import NotFound
from forum.ports.record import PastCheckpoint
from forum.record.tree import Tree
from forum.services.checkpoints import cosignatures_of
from forum.services.record_cache import consistency_of, kept
from forum.services.witnesses import Standing, Trouble, standings
from forum.web.i18n.gettext import gettext as _
from forum.web.responses import page
from forum.web.site import site_of

A_PAGE = 50
FRESH = {"Cache-Control": "no-cache"}
_DIGITS = re.compile(r"[0-9]{1,15}")


class _Card(msgspec.Struct, frozen=True):
    """A checkpoint in the list: `url` is its address in raw form, `given_up` tells that the record is not it any
    more, and each of `cosigned` is a witness's name with when it signed."""

    size: int
    root: str
    at: str
    url: str
    given_up: bool
    cosigned: tuple[tuple[str, str], ...]


class WitnessCard(msgspec.Struct, frozen=True):
    """A witness on the record's page: how it stands to the record, and why it has not cosigned it as it is, in words;
    "" for no reason known."""

    standing: Standing
    trouble: str


async def checkpoint(request: Request) -> Response:
    """Sends the signed head of the record as it is now (C2SP tlog-checkpoint), with the signatures of those who
    cosigned just that."""
    site = site_of(request)
    async with site.store.read() as work:
        size = await work.record.size()
        tree = await kept(site.store).tree_of(work, size)
    note = await site.checkpoints.sign(tree, size)
    return PlainTextResponse(await site.checkpoints.with_cosignatures(note), headers=FRESH)


async def past(request: Request) -> Response:
    """Shows every checkpoint that was signed, the largest first, and who cosigned it."""
    site = site_of(request)
    async with site.store.read() as work:
        count = await work.checkpoints.count()
        pages = max(1, -(-count // A_PAGE))
        number = min(page_number(request.query_params.get("page", "")), pages)
        shown = await work.checkpoints.newest((number - 1) * A_PAGE, A_PAGE)
        size = await work.record.size()
        tree = await kept(site.store).tree_of(work, size)
        told = await witness_cards(request)
    return await page(
        request,
        "public/record/checkpoints.html",
        cards=[_card(one, tree, size) for one in shown],
        witnesses=told,
        number=number,
        pages=pages,
    )


def _card(one: PastCheckpoint, tree: Tree, size: int) -> _Card:
    fits = one.size <= size and tree.root(one.size).hex() == one.root
    # Another may have been signed for this size since.
    url = f"/record/checkpoints/{one.size}" + ("" if fits else f"?root={one.root}")
    cosigned = tuple((given.witness.rpartition("+")[0], given.at) for given in one.cosignatures)
    return _Card(one.size, one.root, one.signed_at, url, not fits, cosigned)


async def past_one(request: Request) -> Response:
    """Sends a checkpoint of the past in raw form, with its cosignatures: by its size, or the largest that is cosigned.

    Where two were signed for one size, as one was given up, `?root=` (hex) names which; without it the one that the
    record still is.
    """
    named, root = request.path_params["size"], request.query_params.get("root", "")
    store = site_of(request).store
    async with store.read() as work:
        if named == "cosigned":
            last = await work.checkpoints.last_cosigned()
            found = [] if last is None else [last]
        else:
            found = await work.checkpoints.of_size(whole_number(named))
            if root:
                found = [one for one in found if one.root == root]
            elif len(found) > 1:
                size = await work.record.size()
                tree = await kept(store).tree_of(work, size)
                found.sort(key=lambda one: one.size > size or tree.root(one.size).hex() != one.root)
    if not found:
        raise NotFound("No checkpoint of this size was signed.")
    return PlainTextResponse(found[0].note.encode() + cosignatures_of(found[0]), headers=FRESH)


async def witness_cards(request: Request) -> list[WitnessCard]:
    """Returns how the configured witnesses stand to the record."""
    site = site_of(request)
    asked = site.witnesses.witnesses
    async with site.store.read() as work:
        told = await standings(work, asked, site.clock.now())
    words = {
        None: "",
        Trouble.SILENT: _("It does not answer."),
        Trouble.REFUSED: _("It refuses to sign."),
        Trouble.WRONG: _("What it answers is not valid."),
        Trouble.KNOWS_OTHERWISE: _("It says that it knows more of this record, or another one."),
    }
    troubles = [site.witnesses.trouble(witness) for witness in asked]
    return [WitnessCard(one, words[trouble]) for one, trouble in zip(told, troubles, strict=True)]


async def consistency(request: Request) -> Response:
    """Sends the proof that the record of `?from=` entries is the beginning of that of `?to=` (without it: all now).

    JSON: both sizes and roots, and the hashes of the proof (RFC 9162, 2.1.4), in hex.
    """
    site = site_of(request)
    old, given = whole_number(request.query_params.get("from", "")), request.query_params.get("to", "")
    async with site.store.read() as work:
        size = await work.record.size()
        new = whole_number(given) if given else size
        if not 0 < old <= new <= size:
            raise NotFound("The record has no entry with this number yet.")
        tree = await kept(site.store).tree_of(work, size)
    return JSONResponse(consistency_of(tree, old, new), headers=FRESH)


async def public_key(request: Request) -> Response:
    """Sends the public key that checks the checkpoint's signature."""
    pem = site_of(request).checkpoints.signer.public_key_pem
    return Response(pem, media_type="application/x-pem-file", headers=FRESH)


def whole_number(part: str) -> int:
    """Returns a number in a path; raises 404 for anything else. Its length is bounded, as int() refuses very long
    ones."""
    if not _DIGITS.fullmatch(part):
        raise HTTPException(404)
    return int(part)


def page_number(typed: str) -> int:
    """Returns the number of a page of a list, 1 for anything that is none."""
    return max(1, int(typed)) if typed.isascii() and typed.isdigit() and len(typed) < 8 else 1
