"""Opened ballots and exports, made only from rounds whose result was shown."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from forum.errors import NotFound
from forum.ports import Store, Work
from forum.record import ballot_leaves, export_zip
from forum.record.receipts import BallotTree
from forum.record.verify.archive import unpack
from forum.record.verify.encoding import canonical, parse_canonical
from forum.record.verify.public_log import Log
from forum.record.verify.rounds import result_of
from forum.services.checkpoints import Checkpoints
from forum.services.record_cache import kept, same
from forum.services.stated_tables import stated
from forum.services.voting.close_rounds import counts_stand
from forum.voting.round import RoundRevealed, RoundState
from forum.voting.suppression import label_of, no_count, origin_of


async def opened_ballots(work: Work, round_id: str, *, however_few: bool = False) -> list[dict[str, Any]]:
    """Returns a round's ballots as `ballot_leaves` writes them, in the order of their leaf hashes.

    Raises NotFound for an unknown round, and equally for one whose result was not shown, is withdrawn, or gives no
    count but with `however_few`: for the tree over them, of which a receipt shows its owner hashes.
    """
    round_ = await work.rounds.get_round(round_id)
    session = await work.sessions.get_session(round_.session)
    if not round_.revealed_at or session.partition is None or round_id in session.held:
        raise NotFound("There are no opened ballots here.")
    commission = await work.commissions.get_commission(session.commission)
    ballots = await work.rounds.ballots(round_id)
    partition = session.partition.of_round(round_id)
    uncounted = None if however_few else no_count(partition, len(ballots), commission.threshold)
    # Where the counts stand in the record, nobody can withdraw them, and the ballots are checked with them.
    if (uncounted or round_.state == RoundState.ANNULLED) and not await counts_stand(work, round_id):
        if uncounted:
            raise NotFound(uncounted)
        raise NotFound("This vote was annulled, so its votes are not open any more.")
    terms = commission.threshold, round_.method, round_.leaf_edition
    label = label_of(partition, Counter(b.group for b in ballots), *terms)
    origin = origin_of(partition, [(b.group, b.paper) for b in ballots], *terms)
    return await asyncio.to_thread(ballot_leaves.open_all, ballots, label, origin)


# Number of rounds whose opened lines are kept in memory, under everything that they follow from.
MOST_KEPT = 16


async def opened_lines(work: Work, round_id: str) -> bytes:
    """Returns a round's opened ballots as canonical JSON, one a line; kept in memory while the round does not
    change.

    Raises NotFound as `opened_ballots` does.
    """

    async def lines() -> bytes:
        opened = await opened_ballots(work, round_id)
        return await asyncio.to_thread(lambda: b"".join(canonical(line) + b"\n" for line in opened))

    return await work.remembered.of(bytes, MOST_KEPT, await _follows_from(work, round_id), lines)


# The same of trees, whose memory is larger: of 3,000 ballots about 4 MB.
MOST_TREES = 4


async def ballot_tree(work: Work, round_id: str) -> BallotTree:
    """Returns the tree over a round's opened ballots, for receipts; kept in memory as `opened_lines` are.

    Raises NotFound as `opened_ballots` does.
    """

    async def tree() -> BallotTree:
        return await asyncio.to_thread(BallotTree, await opened_ballots(work, round_id, however_few=True))

    return await work.remembered.of(BallotTree, MOST_TREES, await _follows_from(work, round_id), tree)


async def _follows_from(work: Work, round_id: str) -> tuple[object, ...]:
    """Returns everything that a round's opened ballots follow from."""
    round_ = await work.rounds.get_round(round_id)
    session = await work.sessions.get_session(round_.session)
    commission = await work.commissions.get_commission(session.commission)
    voted = (await work.rounds.voted([round_id]))[round_id]
    return round_, session.partition, round_id in session.held, commission.threshold, voted


Progress: TypeAlias = Callable[[int, int], None]


def unheard(done: int, of: int) -> None:
    """Takes progress that nobody wants to hear of."""


async def read_log(
    store: Store, commission: str | None = None, *, ballots: bool = True, progress: Progress = unheard
) -> Log:
    """Returns what exports of one commission, or of all (None), are made of; without `ballots` none are opened.

    `progress` is told how many votes of how many have been opened, each time that it is one more.

    Raises NotFound for an unknown commission, RecordDamaged.
    """
    async with store.read() as work:
        if commission is not None:
            await work.commissions.get_commission(commission)
        stored = await work.record.entries()
        tree = await kept(store).tree_of(work, len(stored))
        entries = [parse_canonical(entry.body) for entry in same(tree, stored)]
        disclosures = await work.record.disclosures(commission=commission)
        words = {d.digest: d.encoded for d in disclosures if d.encoded is not None}
        shown = [
            entry["round"]
            for entry in entries
            if ballots and entry["type"] == RoundRevealed and commission in (None, entry["commission"])
            if (result_of(entry, words) or {}).get("counts")
        ]
        opened: list[dict[str, Any]] = []
        for number, round_id in enumerate(shown, 1):
            opened += await opened_ballots(work, round_id)
            progress(number, len(shown))
        log = Log(tuple(entries), words, tuple(opened), commission)
        return replace(log, stated=await stated(work, log))


async def export(
    checkpoints: Checkpoints, commission: str | None = None, licence: str = "", progress: Progress = unheard
) -> bytes:
    """Returns the export of one commission, or of all (None), as the bytes of a zip that names this licence.

    Raises NotFound, and where the record is not to be signed CheckpointRefused or RecordDamaged.
    """
    log = await read_log(checkpoints.store, commission, progress=progress)
    async with checkpoints.store.read() as work:
        tree = await kept(checkpoints.store).tree_of(work, len(log.entries))
    note = await checkpoints.with_cosignatures(await checkpoints.sign(tree, len(log.entries)))
    # In a thread: for a long record hashing and writing take a while, and would stop the event loop.
    return await asyncio.to_thread(export_zip.pack, log, checkpoints.signer, note, licence)


def summary(data: bytes) -> dict[str, int]:
    """Counts what an export holds: {"entries": ..., "ballots": ...}, the latter being opened ballots."""
    files, _ = unpack(data)
    return {"entries": files["record.jsonl"].count(b"\n"), "ballots": files["ballots.jsonl"].count(b"\n")}
