"""The public record over the API, and what waits for the role of a token."""

from __future__ import annotations

import json

from starlette.requests import Request

from forum.services import your_work
from forum.services.record_cache import kept, same
from forum.web.api.cursors import cursor, place_in
from forum.web.api.schema import Duty, Entry, RecordHead, Work
from forum.web.api.shapes import Listing, NoQuery, Paged
from forum.web.auth import somebody
from forum.web.i18n.dates import today
from forum.web.site import base_url, site_of


async def head(request: Request, _asked: NoQuery) -> RecordHead:
    """Returns where the record stands, and where its parts are."""
    async with site_of(request).store.read() as work:
        size = await work.record.size()
    record = f"{base_url(request)}/record"
    return RecordHead(
        size=size,
        checkpoint=f"{record}/checkpoint",
        checkpoints=f"{record}/checkpoints",
        public_key=f"{record}/public-key.pem",
        entries=f"{record}/entries.jsonl",
        disclosures=f"{record}/disclosures.jsonl",
    )


async def entries(request: Request, asked: Paged) -> Listing[Entry]:
    """Lists the entries of the record, oldest first, each held against its hash."""
    store, start = site_of(request).store, place_in(asked.cursor)
    async with store.read() as work:
        size = await work.record.size()
        stop = min(start + asked.limit, size)
        found = await work.record.entries(start, stop) if start < stop else []
        stored = same(await kept(store).tree_of(work, size), found) if found else []
    items = []
    for one in stored:
        body = json.loads(one.body)
        items.append(
            Entry(
                index=one.index,
                type=body["type"],
                at=body["at"],
                commission=body.get("commission", ""),
                hash=one.leaf_hash.hex(),
                body=body,
                page=f"{base_url(request)}/record/{one.index}",
            )
        )
    return Listing(items=tuple(items), next=cursor(stop) if start < stop < size else None)


async def work(request: Request, _asked: NoQuery) -> Work:
    """Counts what waits for whoever has the token, by its role and commission."""
    person = await somebody(request)
    async with site_of(request).store.read() as reading:
        found = await your_work.counts(reading, person, today(site_of(request).clock.now()))
    duties = tuple(Duty(kind=str(duty), count=count, waits=duty in your_work.WAITING) for duty, count in found.items())
    return Work(waiting=your_work.waiting(found), duties=duties)
